//! Solving as a browser does it, candidate after candidate: for tests, for measurements and for programs that are welcome
//! to pay.

use super::Puzzles;
use super::function::{Function, Target};

/// The solutions of `puzzles` of the ticket with this `id`, in their order; `None` where one has none: then the puzzles
/// are not of this ticket.
pub fn solve(puzzles: &Puzzles, id: u128) -> Option<Vec<u32>> {
    let mut function = Function::new(puzzles.params.kind, &id.to_be_bytes());
    let range = puzzles.params.range();
    let solution = |(target, index): (&Target, u32)| {
        (0..range).find(|candidate| function.at(index, *candidate) == *target)
    };
    puzzles.targets.iter().zip(0..).map(solution).collect()
}
