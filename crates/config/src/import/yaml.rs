//! `config.yaml`: tables of plain values and lists. Anchors, aliases and tags are refused, so nothing multiplies.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, StrInput};

use super::given::{Fault, Foreign, Given};
use crate::bounds::{IMPORT_DEPTH_MAX, IMPORT_NAMES_MAX, IMPORT_VALUE_BYTES_MAX, LIST_ITEMS_MAX};

/// All values, named with dots: `detection.block_threshold`.
///
/// # Errors
/// The first thing that is no YAML, or beyond tables, lists and plain values.
pub(super) fn parse(text: &str) -> Result<Vec<Given>, Vec<Fault>> {
    let mut reader = Reader {
        events: Parser::new_from_str(text),
        open: Vec::new(),
        given: Vec::new(),
        lines: HashMap::new(),
    };
    reader.document().map_err(|fault| vec![fault])?;
    Ok(reader.given)
}

/// True where `line` looks like one of such a file.
pub(super) fn is_entry(line: &str) -> bool {
    let line = line.trim();
    let key = line.split_once(':').filter(|(_, rest)| rest.is_empty() || rest.starts_with([' ', '\t']));
    key.is_some_and(|(key, _)| !key.is_empty() && !key.contains(['=', '{', '(']))
}

/// A table or list that is still open.
enum Open {
    Table { prefix: String, key: Option<(String, usize)> },
    List { name: String, line: usize, items: Vec<String> },
}

struct Reader<'a> {
    events: Parser<'a, StrInput<'a>>,
    open: Vec<Open>,
    given: Vec<Given>,
    lines: HashMap<String, usize>,
}

impl Reader<'_> {
    fn document(&mut self) -> Result<(), Fault> {
        let mut documents = 0;
        while let Some(event) = self.events.next_event() {
            let (event, span) = event.map_err(|error| {
                Fault::of_line(error.marker().line(), format!("not YAML: {}", one_line(error.info())))
            })?;
            let line = span.start.line();
            documents += usize::from(matches!(event, Event::DocumentStart(_)));
            if documents > 1 {
                return Err(Fault::of_line(line, "a second document (---) is not read"));
            }
            plain(&event, line)?;
            self.event(event, line)?;
            if self.open.len() > IMPORT_DEPTH_MAX {
                return Err(Fault::of_line(line, format!("nested deeper than {IMPORT_DEPTH_MAX}")));
            }
        }
        Ok(())
    }

    fn event(&mut self, event: Event<'_>, line: usize) -> Result<(), Fault> {
        match event {
            Event::Scalar(text, style, ..) => self.scalar(&text, style, line),
            Event::SequenceStart(..) => {
                let (name, line) = self.name_of_opened(line)?;
                self.open.push(Open::List { name, line, items: Vec::new() });
                Ok(())
            }
            Event::MappingStart(..) => {
                let is_root = self.open.is_empty();
                let prefix = if is_root { String::new() } else { self.name_of_opened(line)?.0 };
                self.open.push(Open::Table { prefix, key: None });
                Ok(())
            }
            Event::MappingEnd | Event::SequenceEnd => match self.open.pop() {
                Some(Open::List { name, line, items }) => self.give(name, Foreign::List(items), line),
                _ => Ok(()),
            },
            _ => Ok(()),
        }
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, line: usize) -> Result<(), Fault> {
        if text.len() > IMPORT_VALUE_BYTES_MAX {
            let problem = format!("a value longer than {IMPORT_VALUE_BYTES_MAX} bytes");
            return Err(Fault::of_line(line, problem));
        }
        match self.open.last_mut() {
            None if text.is_empty() => Ok(()),
            None => Err(Fault::of_line(line, "is no table of settings")),
            Some(Open::List { items, .. }) if items.len() < LIST_ITEMS_MAX => {
                items.push(text.to_owned());
                Ok(())
            }
            Some(Open::List { .. }) => Err(Fault::of_line(line, format!("more than {LIST_ITEMS_MAX} items"))),
            Some(Open::Table { prefix, key: key @ None }) => {
                let name = if prefix.is_empty() { text.to_owned() } else { format!("{prefix}.{text}") };
                if name.len() > IMPORT_VALUE_BYTES_MAX {
                    return Err(Fault::of_line(line, "a name too long to be one"));
                }
                if let Some(earlier) = self.lines.insert(name.clone(), line) {
                    let problem = format!("is set on line {earlier} already; drop one");
                    return Err(Fault::of_name(line, &name, problem));
                }
                *key = Some((name, line));
                Ok(())
            }
            Some(Open::Table { key, .. }) => {
                let Some((name, line)) = key.take() else { return Ok(()) };
                let value = match text {
                    "" => Foreign::Nothing,
                    "~" | "null" | "Null" | "NULL" if style == ScalarStyle::Plain => Foreign::Nothing,
                    _ => Foreign::Text(text.to_owned()),
                };
                self.give(name, value, line)
            }
        }
    }

    /// The name and line of the table or list that begins.
    fn name_of_opened(&mut self, line: usize) -> Result<(String, usize), Fault> {
        match self.open.last_mut() {
            Some(Open::Table { key, .. }) => key
                .take()
                .ok_or_else(|| Fault::of_line(line, "a name that is itself a table or list is not read")),
            Some(Open::List { .. }) => Err(Fault::of_line(line, "a list of tables or lists is not read")),
            None => Err(Fault::of_line(line, "is no table of settings")),
        }
    }

    fn give(&mut self, name: String, value: Foreign, line: usize) -> Result<(), Fault> {
        if self.given.len() >= IMPORT_NAMES_MAX {
            return Err(Fault::of_line(line, format!("more than {IMPORT_NAMES_MAX} names")));
        }
        self.given.push(Given { name, value, line });
        Ok(())
    }
}

/// Refuses what lets a file mean more than it shows: anchors, aliases and tags.
fn plain(event: &Event<'_>, line: usize) -> Result<(), Fault> {
    let (anchored, tagged) = match event {
        Event::Alias(_) => (true, false),
        Event::Scalar(_, _, anchor, tag)
        | Event::SequenceStart(anchor, tag)
        | Event::MappingStart(anchor, tag) => (*anchor > 0, tag.is_some()),
        _ => (false, false),
    };
    match (anchored, tagged) {
        (true, _) => {
            Err(Fault::of_line(line, "anchors (&) and aliases (*) are not read; write the value itself"))
        }
        (_, true) => Err(Fault::of_line(line, "tags (!) are not read; write a plain value")),
        _ => Ok(()),
    }
}

/// What the parser says, without what a file could smuggle into it.
fn one_line(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(120).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_become_dotted_names() {
        let text = "# note\ndetection:\n  block_threshold: 95 # lenient\n  name: 'a: b'\nlist:\n- a\n- \"b\"\nempty:\nflow: {x: [1, 2], y: null}\n";
        let found = parse(text).unwrap();
        let check = |at: usize, name: &str, value: Foreign, line: usize| {
            assert_eq!(found[at], Given { name: name.into(), value, line });
        };
        check(0, "detection.block_threshold", Foreign::Text("95".into()), 3);
        check(1, "detection.name", Foreign::Text("a: b".into()), 4);
        check(2, "list", Foreign::List(vec!["a".into(), "b".into()]), 5);
        check(3, "empty", Foreign::Nothing, 8);
        check(4, "flow.x", Foreign::List(vec!["1".into(), "2".into()]), 9);
        check(5, "flow.y", Foreign::Nothing, 9);
    }

    #[test]
    fn faults_have_lines() {
        let check = |text: &str, line: usize, part: &str| {
            let fault = &parse(text).unwrap_err()[0];
            assert!(fault.line == line && fault.problem.contains(part), "{text}: {fault:?}");
        };
        check("a: 1\na: 2\n", 2, "on line 1");
        check("a: &x [1]\nb: *x\n", 1, "anchors");
        check("a: 1\nb: *x\n", 2, "not YAML");
        check("a: !!python/object:os.system x\n", 1, "tags");
        check("a: 1\n---\nb: 2\n", 2, "second document");
        check("a: \"x\n", 1, "not YAML");
        check("- a\n", 1, "no table");
        check("just text\n", 1, "no table");
        check("a: [[1]]\n", 1, "list of tables");
        check("? [a]\n: 1\n", 1, "itself a table");
        check(&format!("a: {}", "{a: ".repeat(200)), 1, "");
    }

    #[test]
    fn deep_and_wide_files_end_soon() {
        for text in ["{".repeat(200_000), "a: [".to_owned() + &"a,".repeat(100_000), "- ".repeat(100_000)] {
            assert!(parse(&text).is_err());
        }
    }
}
