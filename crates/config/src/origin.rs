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
    /// The place of byte `offset` of the text `value` that stands here, where it stands as it is: not with escapes in it.
    pub fn within(&self, value: &str, offset: usize) -> Option<Origin> {
        let Origin::File { file, offset: start } = self else { return None };
        let written = file.text().get(*start..)?;
        // Longer openings first; white space around a value may have been taken off it.
        let inside = ["\"\"\"", "'''", "\"", "'"].iter().find_map(|quote| written.strip_prefix(quote))?;
        let inside = inside.trim_start();
        let found = inside.starts_with(value) && value.is_char_boundary(offset);
        let start = file.text().len() - inside.len();
        found.then(|| Origin::File { file: Arc::clone(file), offset: start + offset })
    }

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
    fn places_within_a_text_are_found_where_it_stands_as_it_is() {
        let check = |text: &str, value: &str, offset, expect: Option<&str>| {
            let file = Arc::new(SourceFile::new("p.toml", text));
            let place = Origin::File { file, offset: 4 }.within(value, offset);
            assert_eq!(place.map(|place| place.to_string()).as_deref(), expect, "{text}");
        };
        check("a = \"bcd\"\n", "bcd", 1, Some("p.toml:1:7"));
        check("a = 'bcd'\n", "bcd", 3, Some("p.toml:1:9"));
        check("a = '''bcd'''\n", "bcd", 0, Some("p.toml:1:8"));
        check("a = '''\nb ||\n  cd'''\n", "b ||\n  cd", 7, Some("p.toml:3:3"));
        check("a = \"  bcd \"\n", "bcd", 2, Some("p.toml:1:10"));
        check("a = \"b\\\"d\"\n", "b\"d", 2, None);
        check("a = \"é\"\n", "é", 1, None);
        check("a = 5\n", "5", 0, None);
        check("a =", "", 0, None);
        assert_eq!(Origin::Environment("X".into()).within("bcd", 1), None);
    }

    #[test]
    fn long_lines_cost_nothing() {
        let file = SourceFile::new("p.toml", "é".repeat(100_000));
        assert_eq!(file.position(150_001), (1, 150_002));
    }
}
