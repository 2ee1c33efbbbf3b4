//! `BOT_CONFIG = { … }`: a dictionary literal in a Python file. Nothing is run.

use std::collections::HashMap;

use super::given::{Fault, Foreign, Given};
use crate::bounds::{IMPORT_NAMES_MAX, IMPORT_VALUE_BYTES_MAX};

/// What the dictionary is called.
const NAME: &str = "BOT_CONFIG";

/// True where a line of `text` begins the dictionary.
pub(super) fn has_dictionary(text: &str) -> bool {
    start(text).is_some()
}

/// The entries, in file order.
///
/// # Errors
/// The first place where the literal is none.
pub(super) fn parse(text: &str) -> Result<Vec<Given>, Vec<Fault>> {
    let Some((line, body)) = start(text) else {
        return Err(vec![Fault::of_line(0, format!("has no {NAME} = {{ … }}"))]);
    };
    let mut reader = Reader { rest: body, line, opened: line };
    reader.entries().map_err(|fault| vec![fault])
}

/// The line of the opening brace, and what stands after it.
fn start(text: &str) -> Option<(usize, &str)> {
    let mut offset = 0;
    for (at, line) in text.split_inclusive('\n').enumerate() {
        if let Some(after) = line.strip_prefix(NAME)
            && after.starts_with([' ', '\t', '=', ':'])
            && let Some(brace) = line.find('{')
            && line[..brace].trim_end().ends_with('=')
        {
            return Some((at + 1, &text[offset + brace + 1..]));
        }
        offset += line.len();
    }
    None
}

struct Reader<'a> {
    rest: &'a str,
    line: usize,
    opened: usize,
}

impl<'a> Reader<'a> {
    fn entries(&mut self) -> Result<Vec<Given>, Fault> {
        let mut given: Vec<Given> = Vec::new();
        let mut lines: HashMap<String, usize> = HashMap::new();
        loop {
            self.skip_blank();
            let line = self.line;
            match self.next() {
                Some('}') => return Ok(given),
                Some(quote @ ('\'' | '"')) => {
                    let name = self.string(quote)?;
                    self.skip_blank();
                    if self.next() != Some(':') {
                        return Err(Fault::of_name(self.line, &name, "has no : and value"));
                    }
                    let value = self.value()?;
                    if let Some(earlier) = lines.insert(name.clone(), line) {
                        let problem = format!("is set on line {earlier} already; drop one");
                        return Err(Fault::of_name(line, &name, problem));
                    }
                    if given.len() >= IMPORT_NAMES_MAX {
                        return Err(Fault::of_line(line, format!("more than {IMPORT_NAMES_MAX} names")));
                    }
                    given.push(Given { name, value, line });
                }
                Some(_) => return Err(Fault::of_line(line, "a name in quotes is expected here")),
                None => return Err(self.unclosed()),
            }
        }
    }

    /// A value, and the comma after it.
    fn value(&mut self) -> Result<Foreign, Fault> {
        self.skip_blank();
        if let Some(quote @ ('\'' | '"')) = self.peek() {
            // Three quotes begin a text of several lines, and two texts beside each other are one: left to Python.
            let before = (self.rest, self.line);
            self.next();
            let text = self.string(quote)?;
            self.skip_blank();
            if matches!(self.peek(), Some(',' | '}')) {
                self.comma();
                return Ok(if text.is_empty() { Foreign::Nothing } else { Foreign::Text(text) });
            }
            (self.rest, self.line) = before;
        }
        let raw = self.expression()?;
        self.comma();
        let number = raw.replace('_', "");
        Ok(match raw {
            "None" => Foreign::Nothing,
            "True" | "False" => Foreign::Text(raw.to_ascii_lowercase()),
            _ if number.parse::<f64>().is_ok_and(f64::is_finite) => Foreign::Text(number),
            _ => Foreign::Computed,
        })
    }

    /// Everything to the comma or brace that ends the value.
    fn expression(&mut self) -> Result<&'a str, Fault> {
        let from = self.rest;
        let mut depth = 0usize;
        let mut length = None;
        loop {
            let at = from.len() - self.rest.len();
            match self.peek() {
                Some(',' | '}') if depth == 0 => {
                    return Ok(from[..length.unwrap_or(at)].trim());
                }
                Some('#') => {
                    length.get_or_insert(at);
                    self.skip_blank();
                    continue;
                }
                Some('(' | '[' | '{') => depth += 1,
                Some(')' | ']' | '}') => depth = depth.saturating_sub(1),
                Some(quote @ ('\'' | '"')) => {
                    self.next();
                    self.string(quote)?;
                    continue;
                }
                Some(_) => {}
                None => return Err(self.unclosed()),
            }
            self.next();
        }
    }

    /// The rest of a text that began with `quote`.
    fn string(&mut self, quote: char) -> Result<String, Fault> {
        let opened = self.line;
        let mut text = String::new();
        loop {
            match self.next() {
                Some(c) if c == quote => return Ok(text),
                Some('\\') => match self.next() {
                    Some('n') => text.push('\n'),
                    Some('t') => text.push('\t'),
                    Some(c @ ('\\' | '\'' | '"')) => text.push(c),
                    Some(c) => text.extend(['\\', c]),
                    None => return Err(Fault::of_line(opened, format!("the quote {quote} is not closed"))),
                },
                Some('\n') | None => {
                    return Err(Fault::of_line(
                        opened,
                        format!("the quote {quote} is not closed on this line"),
                    ));
                }
                Some(c) => text.push(c),
            }
            if text.len() > IMPORT_VALUE_BYTES_MAX {
                let problem = format!("a value longer than {IMPORT_VALUE_BYTES_MAX} bytes");
                return Err(Fault::of_line(opened, problem));
            }
        }
    }

    fn unclosed(&self) -> Fault {
        Fault::of_line(self.opened, format!("the {{ of {NAME} is not closed"))
    }

    fn comma(&mut self) {
        if self.peek() == Some(',') {
            self.next();
        }
    }

    fn skip_blank(&mut self) {
        while let Some(c) = self.peek() {
            if c == '#' {
                self.rest = &self.rest[self.rest.find('\n').unwrap_or(self.rest.len())..];
            } else if c.is_whitespace() {
                self.next();
            } else {
                return;
            }
        }
    }

    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let c = chars.next()?;
        self.rest = chars.as_str();
        self.line += usize::from(c == '\n');
        Some(c)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_read_and_expressions_left() {
        let text = "import os\n\nBOT_CONFIG = {\n    'A': True,  # yes, {really}\n    \"B\": 0.5,\n    'C': None, 'D': 'it\\'s',\n    'E': os.environ.get('X', \"}\"),\n    'F': 1_000,\n    'G': '''x''',\n    'H': [1, 2],\n    'I': ''\n}\nBOT_CONFIG['A'] = 1\n";
        let found: Vec<_> = parse(text).unwrap();
        let check = |at: usize, name: &str, value: Foreign, line: usize| {
            assert_eq!(found[at], Given { name: name.into(), value, line });
        };
        let text = |text: &str| Foreign::Text(text.into());
        check(0, "A", text("true"), 4);
        check(1, "B", text("0.5"), 5);
        check(2, "C", Foreign::Nothing, 6);
        check(3, "D", text("it's"), 6);
        check(4, "E", Foreign::Computed, 7);
        check(5, "F", text("1000"), 8);
        check(6, "G", Foreign::Computed, 9);
        check(7, "H", Foreign::Computed, 10);
        check(8, "I", Foreign::Nothing, 11);
        assert_eq!(found.len(), 9);
        assert_eq!(parse("BOT_CONFIG: dict = {}").unwrap(), []);
    }

    #[test]
    fn faults_have_lines() {
        let check = |text: &str, line: usize, part: &str| {
            let fault = &parse(text).unwrap_err()[0];
            assert!(fault.line == line && fault.problem.contains(part), "{text}: {fault:?}");
        };
        check("x = 1", 0, "has no BOT_CONFIG");
        check("\nBOT_CONFIG = {\n'A': 'x\n}", 3, "not closed on this line");
        check("BOT_CONFIG = {\n'A': 1,\n", 1, "not closed");
        check("BOT_CONFIG = {\n'A': 1,\n'A': 2}", 3, "on line 2");
        check("BOT_CONFIG = {\nA: 1}", 2, "in quotes");
        check("BOT_CONFIG = {\n'A' 1}", 2, "no :");
        check("BOT_CONFIG = {'A': f(", 1, "not closed");
        check(&format!("BOT_CONFIG = {{'A': '{}'}}", "x".repeat(100_000)), 1, "longer");
    }
}
