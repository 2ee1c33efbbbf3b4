//! What a check complains about.

use std::fmt;

/// One complaint, printed as `file:line: what: what to do`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    /// Path from the repository root.
    pub(crate) file: String,
    /// Line from 1; 0 where the whole file is meant.
    pub(crate) line: usize,
    /// What is wrong.
    pub(crate) what: String,
    /// What mends it.
    pub(crate) fix: String,
}

impl Finding {
    /// A complaint about `line` of `file`.
    pub(crate) fn new(
        file: impl Into<String>,
        line: usize,
        what: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Finding { file: file.into(), line, what: what.into(), fix: fix.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.file)?;
        if self.line > 0 {
            write!(f, "{}:", self.line)?;
        }
        write!(f, " {}: {}", self.what, self.fix)
    }
}

/// Prints all findings, or one good line, and turns them into the chore's outcome.
pub(crate) fn conclude(mut findings: Vec<Finding>, fine: &str) -> anyhow::Result<()> {
    findings.sort();
    findings.dedup();
    for finding in &findings {
        println!("{finding}");
    }
    if findings.is_empty() {
        println!("{fine}");
        return Ok(());
    }
    anyhow::bail!("{} to mend", findings.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_read_as_places_one_can_jump_to() {
        assert_eq!(
            Finding::new("a/b.rs", 7, "too long", "split it").to_string(),
            "a/b.rs:7: too long: split it"
        );
        assert_eq!(Finding::new("a", 0, "missing", "write it").to_string(), "a: missing: write it");
        assert!(conclude(Vec::new(), "fine").is_ok());
    }
}
