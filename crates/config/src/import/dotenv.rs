//! `.env` files: `NAME=value` lines as shells and Compose read them, without running anything.

use std::collections::HashMap;

use super::given::{Fault, Foreign, Given};
use crate::bounds::{IMPORT_NAMES_MAX, IMPORT_VALUE_BYTES_MAX};

/// All assignments, in file order.
///
/// # Errors
/// Every line that is no assignment, and every name that is set twice to different values.
pub(super) fn parse(text: &str) -> Result<Vec<Given>, Vec<Fault>> {
    let mut file = File::default();
    for (at, line) in text.lines().enumerate() {
        if file.given.len() >= IMPORT_NAMES_MAX {
            file.faults.push(Fault::of_line(at + 1, format!("more than {IMPORT_NAMES_MAX} names")));
            break;
        }
        file.line(at + 1, line.trim_matches([' ', '\t', '\r']));
    }
    if file.faults.is_empty() { Ok(file.given) } else { Err(file.faults) }
}

/// True where `line` looks like one of such a file.
pub(super) fn is_assignment(line: &str) -> bool {
    split(line).is_some()
}

#[derive(Default)]
struct File {
    given: Vec<Given>,
    at: HashMap<String, usize>,
    faults: Vec<Fault>,
}

impl File {
    fn line(&mut self, number: usize, line: &str) {
        if line.is_empty() || line.starts_with('#') {
            return;
        }
        let Some((name, rest)) = split(line) else {
            self.faults.push(Fault::of_line(number, "is no NAME=value"));
            return;
        };
        match self.value(rest) {
            Ok(value) => self.add(Given { name: name.to_owned(), value, line: number }),
            Err(problem) => self.faults.push(Fault::of_name(number, name, problem)),
        }
    }

    fn add(&mut self, given: Given) {
        match self.at.get(&given.name).map(|at| &self.given[*at]) {
            None => {
                self.at.insert(given.name.clone(), self.given.len());
                self.given.push(given);
            }
            // Said twice the same way is said once.
            Some(earlier) if earlier.value == given.value => {}
            Some(earlier) => {
                let problem = format!("is set differently on line {}; drop one", earlier.line);
                self.faults.push(Fault::of_name(given.line, &given.name, problem));
            }
        }
    }

    fn value(&self, rest: &str) -> Result<Foreign, String> {
        if let Some(inner) = rest.strip_prefix('\'') {
            let (text, after) = inner.split_once('\'').ok_or("the quote ' is not closed on this line")?;
            only_comment(after)?;
            return bounded(text.to_owned());
        }
        if let Some(inner) = rest.strip_prefix('"') {
            let (text, after) = closing_quote(inner).ok_or("the quote \" is not closed on this line")?;
            only_comment(after)?;
            return self.expand(text, Escapes::Read);
        }
        // A # begins a comment where blank stands before it: colours and fragments keep theirs.
        let cut = rest
            .char_indices()
            .find(|(at, c)| *c == '#' && rest[..*at].chars().next_back().is_none_or(char::is_whitespace));
        self.expand(rest[..cut.map_or(rest.len(), |(at, _)| at)].trim_end(), Escapes::Keep)
    }

    /// `text` with its variables. `${NAME}` must be set above; `$NAME` that is not stays as it is, as hashes of
    /// passwords need it.
    fn expand(&self, text: &str, escapes: Escapes) -> Result<Foreign, String> {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find(['$', '\\']) {
            out.push_str(&rest[..at]);
            let special = &rest[at..];
            if special.starts_with('\\') {
                rest = backslash(special, escapes, &mut out);
            } else if let Some(inner) = special.strip_prefix("${") {
                let (body, after) = inner.split_once('}').ok_or("${ has no }")?;
                let (name, fallback) = match body.find([':', '-']) {
                    Some(cut) => (&body[..cut], Some(body[cut..].trim_start_matches([':', '-']))),
                    None => (body, None),
                };
                match self.text_of(name).or(fallback) {
                    Some(value) => out.push_str(value),
                    None => return Ok(Foreign::Unresolved(crate::value::escape(name))),
                }
                rest = after;
            } else {
                let name_len = special[1..].find(|c| !is_name_char(c)).unwrap_or(special.len() - 1);
                let (whole, after) = special.split_at(1 + name_len);
                out.push_str(self.text_of(&whole[1..]).unwrap_or(whole));
                rest = after;
            }
            if out.len() > IMPORT_VALUE_BYTES_MAX {
                break;
            }
        }
        out.push_str(rest);
        bounded(out)
    }

    fn text_of(&self, name: &str) -> Option<&str> {
        match self.at.get(name).map(|at| &self.given[*at].value)? {
            Foreign::Text(text) => Some(text),
            Foreign::Nothing => Some(""),
            _ => None,
        }
    }
}

#[derive(Clone, Copy)]
enum Escapes {
    Read,
    Keep,
}

/// Reads one backslash; gives what comes after.
fn backslash<'a>(special: &'a str, escapes: Escapes, out: &mut String) -> &'a str {
    let mut after = special[1..].chars();
    let read = match (escapes, after.next()) {
        (Escapes::Read, Some('n')) => Some('\n'),
        (Escapes::Read, Some('t')) => Some('\t'),
        (Escapes::Read, Some(c @ ('\\' | '"' | '$'))) => Some(c),
        _ => None,
    };
    match read {
        Some(c) => {
            out.push(c);
            after.as_str()
        }
        None => {
            out.push('\\');
            &special[1..]
        }
    }
}

fn bounded(text: String) -> Result<Foreign, String> {
    match text.len() {
        0 => Ok(Foreign::Nothing),
        len if len > IMPORT_VALUE_BYTES_MAX => {
            Err(format!("its value is longer than {IMPORT_VALUE_BYTES_MAX} bytes"))
        }
        _ => Ok(Foreign::Text(text)),
    }
}

/// The name, and what stands after `=`.
fn split(line: &str) -> Option<(&str, &str)> {
    let line = line.trim();
    let line = line.strip_prefix("export ").map_or(line, str::trim_start);
    let (name, rest) = line.split_once('=')?;
    let name = name.trim_end();
    let named =
        name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && name.chars().all(is_name_char);
    named.then_some((name, rest.trim_start()))
}

fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// What stands before the next quote that no backslash hides, and after it.
fn closing_quote(inner: &str) -> Option<(&str, &str)> {
    let mut hidden = false;
    for (at, c) in inner.char_indices() {
        match c {
            '"' if !hidden => return Some((&inner[..at], &inner[at + 1..])),
            _ => hidden = c == '\\' && !hidden,
        }
    }
    None
}

fn only_comment(after: &str) -> Result<(), String> {
    let after = after.trim();
    match after.is_empty() || after.starts_with('#') {
        true => Ok(()),
        false => Err("something stands after the closing quote".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> Vec<(String, Foreign)> {
        parse(text).unwrap().into_iter().map(|given| (given.name, given.value)).collect()
    }

    fn last(text: &str) -> Foreign {
        values(text).pop().unwrap().1
    }

    #[test]
    fn values_are_read_as_shells_read_them() {
        let check = |text: &str, expect: &str| assert_eq!(last(text), Foreign::Text(expect.into()), "{text}");
        check("A=b", "b");
        check("export A = b c ", "b c");
        check("\tA=b # note\r", "b");
        assert_eq!(last("A=#fff"), Foreign::Nothing);
        check("A=x#fff", "x#fff");
        check("A='$B #x' # note", "$B #x");
        check(r#"A="a\"b\n\\ # x""#, "a\"b\n\\ # x");
        check(r"A=C:\new", r"C:\new");
        check("A=1\nB=${A}2", "12");
        check("A=1\nB=\"$A-${A}\"", "1-1");
        check("B=${A:-dflt}", "dflt");
        check("B=$2b$12$KIXe", "$2b$12$KIXe");
    }

    #[test]
    fn faults_have_lines() {
        let check = |text: &str, line: usize, part: &str| {
            let faults = parse(text).unwrap_err();
            assert!(faults[0].line == line && faults[0].problem.contains(part), "{text}: {faults:?}");
        };
        check("A=1\nB", 2, "no NAME=value");
        check("\n\n1A=1", 3, "no NAME=value");
        check("A=\"x", 1, "not closed");
        check("A='x\n'", 1, "not closed");
        check("A='x'y", 1, "after the closing quote");
        check("A=${B", 1, "no }");
        check("A=1\n#\nA=2", 3, "on line 1");
        check(&format!("A={}", "x".repeat(100_000)), 1, "longer");
    }

    #[test]
    fn variables_do_not_multiply_without_end() {
        let mut text = "A0=xxxxxxxxxx\n".to_owned();
        for at in 1..64 {
            text.push_str(&format!("A{at}=$A{0}$A{0}$A{0}\n", at - 1));
        }
        assert!(parse(&text).unwrap_err()[0].problem.contains("longer"));
        assert_eq!(last("A=${NOWHERE}"), Foreign::Unresolved("NOWHERE".into()));
        assert_eq!(values("A=1\nA=1").len(), 1);
        assert_eq!(last("A=''"), Foreign::Nothing);
    }
}
