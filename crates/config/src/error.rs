//! What is wrong with a configuration: all of it at once, each with its place.

use std::fmt;

use crate::Origin;
use crate::bounds::ERRORS_MAX;

/// One unknown key or bad value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// Where the value (or the unknown key) stands.
    pub origin: Origin,
    /// The full key, such as `policy.bands.block`; empty where the file is not TOML.
    pub key: String,
    /// What is wrong with it.
    pub problem: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.key.as_str() {
            "" => write!(f, "{}: {}", self.origin, self.problem),
            key => write!(f, "{}: {key}: {}", self.origin, self.problem),
        }
    }
}

/// Everything that is wrong, in file order, then environment, then flags. Never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigErrors(Vec<ConfigError>);

impl ConfigErrors {
    /// Sorts `errors`; `None` where there are none.
    pub(crate) fn new(mut errors: Vec<ConfigError>) -> Option<Self> {
        errors.sort_by_key(|error| error.origin.rank());
        (!errors.is_empty()).then_some(ConfigErrors(errors))
    }

    /// The errors in order.
    pub fn iter(&self) -> impl Iterator<Item = &ConfigError> {
        self.0.iter()
    }
}

impl fmt::Display for ConfigErrors {
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

impl std::error::Error for ConfigErrors {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endless_errors_are_counted() {
        let error = ConfigError { origin: Origin::Flag("--api"), key: "a".into(), problem: "b".into() };
        let errors = ConfigErrors::new(vec![error; ERRORS_MAX + 7]).unwrap();
        let text = errors.to_string();
        assert_eq!(text.lines().count(), ERRORS_MAX + 1);
        assert!(text.starts_with("--api: a: b\n") && text.ends_with("\nand 7 more"));
        assert_eq!(ConfigErrors::new(Vec::new()), None);
    }
}
