//! Conditions of the operator's own rules: CEL syntax, our own typed predicates.
//!
//! Crate `cel` reads the text; its evaluator is never used: it allocates, and compiles a pattern anew for each request.
//! What it read is checked against the names and types of [`names`] and becomes a tree of tests over borrowed facts:
//! constants folded, patterns compiled once and held to a size, networks as sorted ranges. Evaluation allocates
//! nothing, cannot fail and takes time linear in the request.
//!
//! A fact that is absent or unseen makes the comparison it stands in false; it is never an error. So `!(a == "x")` holds
//! for a request without `a`, and `a != "x"` does not.

mod check;
mod error;
mod eval;
mod fold;
mod keys;
pub mod names;
mod never;
mod parse;
pub(crate) mod path;
mod test;

pub use check::PATTERN_BYTES_MAX;
pub use error::{ConditionError, Fault};
pub use eval::View;
pub use parse::{CONDITION_BYTES_MAX, CONDITION_DEPTH_MAX, CONDITION_PARTS_MAX};

pub(crate) use keys::{Keys, class_bit};
pub(crate) use never::{Never, Situation};
use test::Test;

/// A condition, ready to be asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    test: Test,
}

impl Condition {
    /// Reads, checks and compiles `text`.
    ///
    /// # Errors
    /// With the first thing that is wrong, and where.
    pub fn compile(text: &str) -> Result<Self, ConditionError> {
        parse::parse(text, |parsed| Ok(Condition { test: check::check(parsed)? }))
    }

    /// Whether it holds for what `view` shows.
    pub fn holds(&self, view: &View<'_>) -> bool {
        self.test.holds(view)
    }

    /// True or false where that is so for every request.
    pub fn constant(&self) -> Option<bool> {
        self.test.constant()
    }

    /// Why it holds for no request at all; `None` where it may hold for one.
    pub(crate) fn never(&self) -> Option<Never> {
        never::never(&self.test)
    }

    /// Which fact, in backticks, it wants to be what it is in broken requests only.
    pub(crate) fn unsound(&self) -> Option<&'static str> {
        never::unsound(&self.test)
    }

    /// A request for which it holds; `None` where it plainly never does.
    pub(crate) fn situation(&self) -> Option<Situation<'_>> {
        Situation::of(&self.test)
    }

    pub(crate) fn keys(&self) -> Keys {
        keys::keys(&self.test)
    }
}

#[cfg(test)]
mod tests;
