//! Solving as a browser does it, candidate after candidate: for tests, for measurements and for programs that are welcome
//! to pay.

use super::Puzzles;
use super::function::{Function, Target};

/// What a search of one puzzle found, and what it cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Searched {
    /// The solution.
    pub solution: u32,
    /// Candidates looked at.
    pub evaluations: u32,
}

/// Looks for the candidate below `range` at which puzzle `index` of `function` has the value `target`; `None` where no
/// candidate has it.
pub fn search(function: &mut Function, index: u32, target: Target, range: u32) -> Option<Searched> {
    let solution = (0..range).find(|candidate| function.at(index, *candidate) == target)?;
    Some(Searched { solution, evaluations: solution + 1 })
}

/// The solutions of `puzzles` of the ticket with this `id`, in their order; `None` where one has none: then the puzzles
/// are not of this ticket.
pub fn solve(puzzles: &Puzzles, id: u128) -> Option<Vec<u32>> {
    let mut function = Function::new(puzzles.params.kind, &id.to_be_bytes());
    let range = puzzles.params.range();
    let solution =
        |(target, index): (&Target, u32)| Some(search(&mut function, index, *target, range)?.solution);
    puzzles.targets.iter().zip(0..).map(solution).collect()
}
