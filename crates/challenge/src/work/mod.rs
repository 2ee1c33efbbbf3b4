//! Proof of work: many small puzzles whose worst case is known before they are solved.
//!
//! The server chooses the solution of every puzzle within a range, publishes what it hashes to, and keeps nothing: the
//! solutions follow from a key of ours and the ticket's id. So a browser never searches beyond the range, a progress bar
//! tells the truth, and checking is choosing again.

use crate::code::Code;
use crate::secrets::Secrets;

/// Which function is searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WorkKind {
    /// SHA-256: cheap for everybody, and for a graphics card most of all.
    Hash,
    /// A walk through memory that a graphics card does no faster: asked for only after the cheap one.
    Memory,
}

/// How much work a ticket asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct WorkParams {
    /// Which function.
    pub kind: WorkKind,
    /// How many puzzles, 1..=64.
    pub puzzles: u8,
    /// Every solution is below 2^range_log2, 4..=24.
    pub range_log2: u8,
}

/// The puzzles of one ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Puzzles {
    /// How much.
    pub params: WorkParams,
    /// The first 8 bytes of the function's value at each puzzle's solution.
    pub targets: Vec<[u8; 8]>,
}

impl WorkParams {
    /// In a ticket.
    pub fn to_bytes(self) -> [u8; 3] {
        [self.kind as u8 + 1, self.puzzles, self.range_log2]
    }

    /// Reads what [`WorkParams::to_bytes`] wrote.
    pub fn from_bytes(bytes: [u8; 3]) -> Option<Self> {
        let kind = match bytes[0] {
            1 => WorkKind::Hash,
            2 => WorkKind::Memory,
            _ => return None,
        };
        let [_, puzzles, range_log2] = bytes;
        ((1..=64).contains(&puzzles) && (4..=24).contains(&range_log2))
            .then_some(WorkParams { kind, puzzles, range_log2 })
    }
}

/// The puzzles that follow from `params` and the ticket's `id`.
pub fn issue(params: WorkParams, id: u128, secrets: &Secrets) -> Puzzles {
    let _ = (id, secrets);
    Puzzles { params, targets: vec![[0; 8]; usize::from(params.puzzles)] }
}

/// Are these the solutions, in the order of the puzzles?
///
/// # Errors
/// [`Code::MalformedWork`] for another number of them or one out of range, [`Code::WrongWork`] where one is wrong.
pub fn check(params: WorkParams, id: u128, secrets: &Secrets, solutions: &[u32]) -> Result<(), Code> {
    let _ = (params, id, secrets, solutions);
    Err(Code::WrongWork)
}
