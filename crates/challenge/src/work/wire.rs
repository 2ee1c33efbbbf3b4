//! Puzzles as a browser gets them.

use serde_json::{Value, json};

use super::{Puzzles, Target};

impl Puzzles {
    /// `{"kind", "seed", "range", "targets"}`: the seed is the ticket's `id` in 32 hexadecimal digits, each target has 16,
    /// solutions are asked for below `range`.
    pub fn to_json(&self, id: u128) -> Value {
        json!({
            "kind": self.params.kind.name(),
            "seed": format!("{id:032x}"),
            "range": self.params.range(),
            "targets": self.targets.iter().map(hex).collect::<Vec<_>>(),
        })
    }
}

fn hex(target: &Target) -> String {
    format!("{:016x}", u64::from_be_bytes(*target))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::work::WorkParams;

    #[test]
    fn a_browser_gets_kind_seed_range_and_targets() {
        let params = WorkParams { puzzles: 2, ..WorkParams::HASH };
        let puzzles = Puzzles { params, targets: vec![[0, 1, 2, 3, 4, 5, 6, 0xFF], [0xAB; 8]] };
        let expect = json!({
            "kind": "hash",
            "seed": "0000000000000000000000000000002a",
            "range": 131_072,
            "targets": ["00010203040506ff", "abababababababab"],
        });
        assert_eq!(puzzles.to_json(42), expect);
    }
}
