//! Rows of the table of names and the rules by which a pattern fits.

use palisade_domain::IdentityClass;

use crate::proof::OperatorId;

/// One named program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agent {
    /// The text to look for; case does not count.
    pub literal: &'static str,
    /// Where it has to stand.
    pub place: Place,
    /// The name shown.
    pub name: &'static str,
    /// Its class, one of the nine program classes.
    pub class: IdentityClass,
    /// Who could prove the claim.
    pub operator: Option<OperatorId>,
    /// A scanner for weaknesses.
    pub scanner: bool,
    /// Any other name in the user agent wins over this one.
    pub weak: bool,
    /// Counts only where no phone, television or app platform is named: there the same name is an app of a person.
    pub desk: bool,
}

/// Where a literal has to stand to count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Only where a name is given: at the start, or behind `compatible;`.
    pub at_start: bool,
    /// Only at the end.
    pub at_end: bool,
    /// May begin inside a word.
    pub open_left: bool,
    /// May end inside a word.
    pub open_right: bool,
}

/// A line of the table that cannot be read. Its number counts from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AgentTableError {
    /// The line.
    pub line: usize,
    /// The column that is wrong: `pattern`, `class`, `operator` or `flags`.
    pub column: &'static str,
}

impl std::fmt::Display for AgentTableError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}: bad {}", self.line, self.column)
    }
}

impl std::error::Error for AgentTableError {}

impl Agent {
    /// Would this row alone name `ua`? Slow; for building and measuring tables.
    pub fn names(&self, ua: &str) -> bool {
        let (lower, literal) = (ua.to_ascii_lowercase(), self.literal.to_ascii_lowercase());
        lower.match_indices(&literal).any(|(start, found)| self.fits(ua, start, start + found.len()))
    }

    /// Does the literal found at `start..end` of `ua` stand where it has to? `like Name` names somebody else.
    pub(crate) fn fits(&self, ua: &str, start: usize, end: usize) -> bool {
        let bytes = ua.as_bytes();
        let before = start.checked_sub(1).and_then(|at| bytes.get(at));
        let after = bytes.get(end);
        let first = bytes.get(start).is_some_and(u8::is_ascii_alphanumeric);
        let last = bytes.get(end.wrapping_sub(1)).is_some_and(u8::is_ascii_alphabetic);
        (self.place.open_left || !first || !before.is_some_and(u8::is_ascii_alphanumeric))
            && (self.place.open_right || !last || !after.is_some_and(u8::is_ascii_alphabetic))
            && !ua[..start].ends_with("like ")
            && (!self.place.at_start || is_name_position(&ua[..start]))
            && (!self.place.at_end || end == bytes.len())
    }

    /// More specific is higher: strong before weak, a program's own name before its library's, long before short.
    pub(crate) fn rank(&self) -> (bool, bool, usize) {
        (!self.weak, self.class != IdentityClass::Library, self.literal.len())
    }
}

/// True where a client gives its name: at the very start, or behind `compatible;`.
fn is_name_position(before: &str) -> bool {
    before.is_empty() || before.trim_end().ends_with("compatible;")
}

/// The table that ships with this build.
pub fn builtin() -> Vec<Agent> {
    read(include_str!("../../data/agents.tsv")).expect("a test reads the shipped table")
}

/// Reads tab-separated lines `pattern name class operator flags …`; empty lines and `#` lines are skipped, columns
/// beyond the fifth are ignored.
///
/// # Errors
/// The first line with an empty pattern, an unknown class, operator or flag.
pub fn read(text: &'static str) -> Result<Vec<Agent>, AgentTableError> {
    text.lines()
        .enumerate()
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        .map(|(at, line)| read_line(line).map_err(|column| AgentTableError { line: at + 1, column }))
        .collect()
}

fn read_line(line: &'static str) -> Result<Agent, &'static str> {
    let mut columns = line.split('\t');
    let mut column = || columns.next().unwrap_or("-");
    let (place, literal) = read_pattern(column());
    let name = column();
    let class = column().parse().ok().filter(|class: &IdentityClass| class.is_program()).ok_or("class")?;
    let operator = match column() {
        "-" => None,
        key => Some(OperatorId::from_key(key).ok_or("operator")?),
    };
    let (mut scanner, mut weak, mut desk) = (false, false, false);
    for flag in column().split(',') {
        match flag {
            "scanner" => scanner = true,
            "weak" => weak = true,
            "desk" => desk = true,
            "-" => {}
            _ => return Err("flags"),
        }
    }
    if literal.is_empty() {
        return Err("pattern");
    }
    Ok(Agent { literal, place, name, class, operator, scanner, weak, desk })
}

/// `^` and `$` anchor, `*` at an end lets the word go on.
fn read_pattern(pattern: &str) -> (Place, &str) {
    let mut place = Place::default();
    let mut rest = pattern;
    if let Some(inner) = rest.strip_prefix('^') {
        (place.at_start, rest) = (true, inner);
    } else if let Some(inner) = rest.strip_prefix('*') {
        (place.open_left, rest) = (true, inner);
    }
    if let Some(inner) = rest.strip_suffix('$') {
        (place.at_end, rest) = (true, inner);
    } else if let Some(inner) = rest.strip_suffix('*') {
        (place.open_right, rest) = (true, inner);
    }
    (place, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_table_is_read() {
        let agents = builtin();
        assert!(agents.len() > 1_000, "{}", agents.len());
        assert!(agents.iter().all(|agent| !agent.name.is_empty() && agent.name.len() <= 60));
    }

    #[test]
    fn bad_lines_are_named() {
        let check = |text, expect: Option<(usize, &'static str)>| {
            let got = read(text).err().map(|error| (error.line, error.column));
            assert_eq!(got, expect, "{text}");
        };
        check("# note\n\nx\tX\ttool\t-\t-", None);
        check("x\tX\ttool", None);
        check("x\tX\tbrowser\t-\t-", Some((1, "class")));
        check("x\tX\ttool\tnobody\t-", Some((1, "operator")));
        check("#\nx\tX\ttool\t-\tloud", Some((2, "flags")));
        check("^\tX\ttool\t-\t-", Some((1, "pattern")));
    }

    #[test]
    fn places_are_kept() {
        let check = |pattern: &'static str, ua: &str, expect: bool| {
            let (place, literal) = read_pattern(pattern);
            let agent = Agent {
                literal,
                place,
                name: "x",
                class: IdentityClass::Tool,
                operator: None,
                scanner: false,
                weak: false,
                desk: false,
            };
            let start = ua.find(literal).unwrap();
            assert_eq!(agent.fits(ua, start, start + literal.len()), expect, "{pattern} in {ua}");
        };
        check("node", "node", true);
        check("node", "nodes", false);
        check("node", "my-node/1", true);
        check("node", "node20", true);
        check("*node", "xnode", true);
        check("node*", "nodes", true);
        check("^node$", "node", true);
        check("^node$", "node-fetch", false);
        check("^node", "a node", false);
        check("^bird", "Mozilla/5.0 (compatible; bird/1)", true);
    }
}
