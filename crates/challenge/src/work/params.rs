//! How much work a ticket asks for.

/// Which function is searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WorkKind {
    /// SHA-256: cheap for everybody, and for a graphics card most of all.
    Hash,
    /// A walk through memory that special hardware does little faster: asked for only after the cheap one.
    Memory,
}

impl WorkKind {
    /// Its name on the wire, in metrics and in documents.
    pub fn name(self) -> &'static str {
        match self {
            WorkKind::Hash => "hash",
            WorkKind::Memory => "memory",
        }
    }
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

impl WorkParams {
    /// The cheap work by default: a million hashes on average, two at worst.
    pub const HASH: WorkParams = WorkParams { kind: WorkKind::Hash, puzzles: 16, range_log2: 17 };

    /// The hard work by default: 16,384 walks on average, twice as many at worst.
    pub const MEMORY: WorkParams = WorkParams { kind: WorkKind::Memory, puzzles: 8, range_log2: 12 };

    /// Solutions are below this.
    pub fn range(self) -> u32 {
        1 << self.range_log2.min(24)
    }

    /// Evaluations until every puzzle is solved, at worst; on average half as many.
    pub fn worst(self) -> u64 {
        u64::from(self.puzzles) * u64::from(self.range())
    }

    /// Twice the work as often as `doublings` says, or half of it where that is negative; stays within what a ticket
    /// can carry. Only the range changes: the spread of the time and the server's cost stay what they are.
    #[must_use]
    pub fn doubled(self, doublings: i8) -> Self {
        WorkParams { range_log2: self.range_log2.saturating_add_signed(doublings).clamp(4, 24), ..self }
    }

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
        ((1..=64).contains(&puzzles) && (4..=24).contains(&range_log2)).then_some(WorkParams {
            kind,
            puzzles,
            range_log2,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_ticket_carries_is_read_back() {
        for params in [WorkParams::HASH, WorkParams::MEMORY] {
            assert_eq!(WorkParams::from_bytes(params.to_bytes()), Some(params));
        }
        for bytes in [[0, 16, 17], [3, 16, 17], [1, 0, 17], [1, 65, 17], [1, 16, 3], [2, 16, 25]] {
            assert_eq!(WorkParams::from_bytes(bytes), None, "{bytes:?}");
        }
    }

    #[test]
    fn doubling_stays_within_what_a_ticket_carries() {
        let check = |doublings, expect| {
            let params = WorkParams::HASH.doubled(doublings);
            assert_eq!(params.range_log2, expect, "{doublings}");
            assert_eq!(WorkParams::from_bytes(params.to_bytes()), Some(params));
        };
        check(0, 17);
        check(1, 18);
        check(-2, 15);
        check(i8::MAX, 24);
        check(i8::MIN, 4);
        assert_eq!(WorkParams::HASH.worst(), 1 << 21);
        assert_eq!(WorkParams::HASH.doubled(1).worst(), 1 << 22);
    }

    /// What the interface promises without looking at the fields: no shift runs over.
    #[test]
    fn params_nobody_can_issue_do_not_panic() {
        assert_eq!(WorkParams { range_log2: 255, ..WorkParams::HASH }.range(), 1 << 24);
    }
}
