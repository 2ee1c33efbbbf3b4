//! What can be wrong with a condition.

use super::names::{FUNCTIONS, NAMES};

/// A condition that is refused: what, and where.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{fault} (at byte {offset} of the condition)")]
pub struct ConditionError {
    /// Where in the condition's text, in bytes from its start; at a character boundary.
    pub offset: usize,
    /// What is wrong.
    pub fault: Fault,
}

/// What is wrong with a condition.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Fault {
    /// Longer than is read.
    #[error("the condition has {bytes} bytes, {max} are the most")]
    TooLong {
        /// Its length.
        bytes: usize,
        /// The bound.
        max: usize,
    },
    /// Brackets or operators within each other, deeper than is read.
    #[error("the condition is nested deeper than {max} levels; make several rules of it")]
    TooDeep {
        /// The bound.
        max: usize,
    },
    /// More parts than one condition may have.
    #[error("the condition has more than {max} parts; make several rules of it")]
    TooLarge {
        /// The bound.
        max: usize,
    },
    /// More rules than one policy may have.
    #[error("{max} rules are the most")]
    TooManyRules {
        /// The bound.
        max: usize,
    },
    /// No CEL at all.
    #[error("{0}")]
    Syntax(String),
    /// A name that is none of ours.
    #[error("there is no `{name}`{}", or_names(*nearest))]
    UnknownName {
        /// As written.
        name: String,
        /// The known name it is closest to.
        nearest: Option<&'static str>,
    },
    /// A function that is none of ours.
    #[error("there is no function `{name}`{}", or_functions(*nearest))]
    UnknownFunction {
        /// As written.
        name: String,
        /// The known function it is closest to.
        nearest: Option<&'static str>,
    },
    /// A word that this fact never has.
    #[error("`{fact}` is never \"{word}\"{}", did_you_mean(*nearest))]
    UnknownWord {
        /// Which fact.
        fact: &'static str,
        /// As written.
        word: String,
        /// The known word it is closest to.
        nearest: Option<&'static str>,
    },
    /// Another type is wanted here.
    #[error("{wanted} is wanted here, this is {found}")]
    WrongType {
        /// What is wanted.
        wanted: &'static str,
        /// What stands there.
        found: &'static str,
    },
    /// CEL, but not offered here.
    #[error("{what} cannot be used in a condition; {instead}")]
    NotOffered {
        /// What.
        what: &'static str,
        /// What to write instead.
        instead: &'static str,
    },
    /// A pattern that is none, or too large.
    #[error("the pattern is refused: {0}")]
    Pattern(String),
    /// A text that is no network.
    #[error("\"{0}\" is no address or network such as \"192.0.2.0/24\"")]
    Network(String),
}

fn did_you_mean(nearest: Option<&'static str>) -> String {
    nearest.map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}

fn or_names(nearest: Option<&'static str>) -> String {
    match nearest {
        Some(_) => did_you_mean(nearest),
        None => format!("; there are {}; texts stand in quotes", NAMES.map(|(name, _)| name).join(", ")),
    }
}

fn or_functions(nearest: Option<&'static str>) -> String {
    match nearest {
        Some(_) => did_you_mean(nearest),
        None => format!("; there are {}", FUNCTIONS.join(", ")),
    }
}
