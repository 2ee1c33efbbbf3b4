//! Where a value came from.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// A configuration file that was read.
#[derive(Clone, PartialEq, Eq)]
pub struct SourceFile {
    name: PathBuf,
    text: String,
    line_starts: Vec<usize>,
}

impl SourceFile {
    /// The file called `name` (as errors will show it) with its text.
    pub fn new(name: impl Into<PathBuf>, text: impl Into<String>) -> Self {
        let text = text.into();
        let line_starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        SourceFile { name: name.into(), text, line_starts }
    }

    /// Its text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Line and column of byte `offset`, counted from 1, the column in characters. Far out in absurdly long lines the
    /// column counts bytes, so that a position never costs more than a glance.
    fn position(&self, offset: usize) -> (usize, usize) {
        const COUNTED_BYTES_MAX: usize = 1_000;
        let offset = offset.min(self.text.len());
        let line = self.line_starts.partition_point(|&start| start <= offset);
        let start = self.line_starts[line - 1];
        let before = self.text.get(start..offset);
        let column = match before {
            Some(before) if before.len() <= COUNTED_BYTES_MAX => before.chars().count(),
            _ => offset - start,
        };
        (line, column + 1)
    }
}

impl fmt::Debug for SourceFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SourceFile({})", self.name.display())
    }
}

/// Where a value came from. Ordered as errors are shown: file order, then environment, then flags.
#[derive(Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nobody set it.
    Default,
    /// A place in the file.
    File {
        /// Which file.
        file: Arc<SourceFile>,
        /// Byte offset of the value.
        offset: usize,
    },
    /// An environment variable.
    Environment(String),
    /// A command line flag.
    Flag(&'static str),
}

impl Origin {
    /// The line in the file, from 1.
    pub(crate) fn line(&self) -> Option<usize> {
        match self {
            Origin::File { file, offset } => Some(file.position(*offset).0),
            _ => None,
        }
    }

    /// The order in which errors are shown.
    pub(crate) fn rank(&self) -> (u8, usize) {
        match self {
            Origin::Default => (0, 0),
            Origin::File { offset, .. } => (1, *offset),
            Origin::Environment(_) => (2, 0),
            Origin::Flag(_) => (3, 0),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Default => f.write_str("default"),
            Origin::File { file, offset } => {
                let (line, column) = file.position(*offset);
                write!(f, "{}:{line}:{column}", file.name.display())
            }
            Origin::Environment(name) => f.write_str(name),
            Origin::Flag(name) => f.write_str(name),
        }
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Origin({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_from_one_in_characters() {
        let file = Arc::new(SourceFile::new("p.toml", "a = 1\né = \"ü\" # x\n"));
        let check = |offset, expect: &str| {
            assert_eq!(Origin::File { file: Arc::clone(&file), offset }.to_string(), expect);
        };
        check(0, "p.toml:1:1");
        check(4, "p.toml:1:5");
        check(6, "p.toml:2:1");
        check(11, "p.toml:2:5");
        check(999, "p.toml:3:1");
    }

    #[test]
    fn long_lines_cost_nothing() {
        let file = SourceFile::new("p.toml", "é".repeat(100_000));
        assert_eq!(file.position(150_001), (1, 150_002));
    }
}
