//! What a foreign file says, and what is wrong with it.

use std::fmt;

use crate::bounds::ERRORS_MAX;

/// A value as it stands there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Foreign {
    /// Text, without the quotes it had.
    Text(String),
    /// A list of texts.
    List(Vec<String>),
    /// Nothing: an empty value, `null`, `None`.
    Nothing,
    /// An expression that only its program can work out.
    Computed,
    /// Text that names a variable the file does not set.
    Unresolved(String),
}

/// A name with its value and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Given {
    /// The name, with dots where tables are nested.
    pub(super) name: String,
    /// Its value.
    pub(super) value: Foreign,
    /// The line, from 1.
    pub(super) line: usize,
}

/// What is wrong with a line, before it is known whose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// The line, from 1; 0 for the whole file.
    pub(super) line: usize,
    /// The name it sets; empty where there is none.
    pub(super) name: String,
    /// What is wrong.
    pub(super) problem: String,
}

impl Fault {
    /// `problem` of line `line`.
    pub(super) fn of_line(line: usize, problem: impl Into<String>) -> Self {
        Fault { line, name: String::new(), problem: problem.into() }
    }

    /// `problem` of `name` on `line`.
    pub(super) fn of_name(line: usize, name: &str, problem: impl Into<String>) -> Self {
        Fault { line, name: crate::value::escape(name), problem: problem.into() }
    }
}

/// One thing that is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportError {
    /// The file, as it was called.
    pub file: String,
    /// The line, from 1; 0 where it is about the whole file.
    pub line: usize,
    /// The name that is set there; empty where there is none.
    pub name: String,
    /// What is wrong. Values of secrets never stand in it.
    pub problem: String,
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.file)?;
        if self.line > 0 {
            write!(f, "{}:", self.line)?;
        }
        if !self.name.is_empty() {
            write!(f, " {}:", self.name)?;
        }
        write!(f, " {}", self.problem)
    }
}

/// Everything that is wrong, in the order of the files and their lines. Never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportErrors(pub(super) Vec<ImportError>);

impl ImportErrors {
    /// The errors in order.
    pub fn iter(&self) -> impl Iterator<Item = &ImportError> {
        self.0.iter()
    }
}

impl fmt::Display for ImportErrors {
    /// One error a line, without a final line end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, error) in self.0.iter().take(ERRORS_MAX).enumerate() {
            write!(f, "{}{error}", if at == 0 { "" } else { "\n" })?;
        }
        match self.0.len().checked_sub(ERRORS_MAX) {
            Some(more @ 1..) => write!(f, "\nand {more} more"),
            _ => Ok(()),
        }
    }
}

impl std::error::Error for ImportErrors {}
