//! Proof of work: many small puzzles whose worst case is known before they are solved.
//!
//! The server chooses the solution of every puzzle within a range, publishes what it hashes to, and keeps nothing: the
//! solutions follow from a key of ours and the ticket's id. So a browser never searches beyond the range, a progress bar
//! tells the truth, and checking is choosing again, without a single hash of the searched function.
//!
//! The time of `n` puzzles is the sum of `n` times that are spread evenly between nothing and the worst case: the more
//! puzzles, the closer all visitors come to the same time (`docs/proof-of-work.md` has the numbers).

mod function;
mod params;
mod solve;
mod wire;

pub use function::{Function, MEMORY_BYTES, SEED_BYTES, TARGET_BYTES, Target};
pub use params::{WorkKind, WorkParams};
pub use solve::solve;

use ring::hmac;

use crate::code::Code;
use crate::secrets::Secrets;

/// Solutions that one mac chooses: 256 bits in words of 32.
const CHOSEN_AT_ONCE: usize = 8;

/// The puzzles of one ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Puzzles {
    /// How much.
    pub params: WorkParams,
    /// The first 8 bytes of the function's value at each puzzle's solution.
    pub targets: Vec<Target>,
}

/// The puzzles that follow from `params` and the ticket's `id`.
///
/// Costs one evaluation of the function a puzzle: about 0.1 µs each for [`WorkKind::Hash`], and 128 KiB of memory and
/// some 0.1 ms each for [`WorkKind::Memory`], which belongs off a thread that serves connections.
pub fn issue(params: WorkParams, id: u128, secrets: &Secrets) -> Puzzles {
    let mut function = Function::new(params.kind, &id.to_be_bytes());
    let targets = chosen(params, id, secrets).zip(0..).map(|(c, index)| function.at(index, c)).collect();
    Puzzles { params, targets }
}

/// Are these the solutions, in the order of the puzzles?
///
/// Takes as long for a wrong first solution as for a wrong last one.
///
/// # Errors
/// [`Code::MalformedWork`] for another number of them or one out of range, [`Code::WrongWork`] where one is wrong.
pub fn check(params: WorkParams, id: u128, secrets: &Secrets, solutions: &[u32]) -> Result<(), Code> {
    let range = params.range();
    if solutions.len() != usize::from(params.puzzles) || solutions.iter().any(|solution| *solution >= range) {
        return Err(Code::MalformedWork);
    }
    let difference =
        chosen(params, id, secrets).zip(solutions).fold(0, |bits, (chosen, given)| bits | (chosen ^ given));
    if std::hint::black_box(difference) == 0 { Ok(()) } else { Err(Code::WrongWork) }
}

/// The solutions: words of a pseudo-random function of id and params, each cut to the range (a power of two, so every
/// solution is equally likely).
fn chosen(params: WorkParams, id: u128, secrets: &Secrets) -> impl Iterator<Item = u32> {
    let mask = params.range() - 1;
    // Always 20 bytes in this order: no other list of fields has them.
    let mut message = [0; 20];
    message[..16].copy_from_slice(&id.to_be_bytes());
    message[16..19].copy_from_slice(&params.to_bytes());
    let puzzles = usize::from(params.puzzles);
    (0..puzzles.div_ceil(CHOSEN_AT_ONCE))
        .flat_map(move |block| {
            message[19] = block as u8;
            let tag = hmac::sign(&secrets.work, &message);
            let mut words = [0; CHOSEN_AT_ONCE];
            for (word, bytes) in words.iter_mut().zip(tag.as_ref().as_chunks().0) {
                *word = u32::from_be_bytes(*bytes) & mask;
            }
            words
        })
        .take(puzzles)
}

#[cfg(test)]
mod tests;
