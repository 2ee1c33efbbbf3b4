//! Where in a JSON body an error is: line, column and the path of the field.

use std::fmt::Write as _;

/// A place in a JSON text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The path: `headers[2][0]`; none at the top.
    pub field: Option<String>,
    /// From 1.
    pub line: Option<usize>,
    /// From 1, in bytes.
    pub column: Option<usize>,
}

/// Longest part of a foreign name that is repeated.
const NAME_BYTES_MAX: usize = 64;

enum Step {
    Object(Option<String>),
    Array(usize),
}

impl Place {
    /// Where `error` stands in `text`. One pass, as far as the error.
    pub fn of(error: &serde_json::Error, text: &str) -> Self {
        let (line, column) = (error.line(), error.column());
        if line == 0 {
            return Place::default();
        }
        let start = text.split_inclusive('\n').take(line - 1).map(str::len).sum::<usize>();
        let end = start.saturating_add(column).min(text.len());
        Place { field: path(&text.as_bytes()[..end]), line: Some(line), column: Some(column.max(1)) }
    }
}

/// The path of the value that `bytes` ends in. serde_json has read it as JSON up to there, so that depth is bounded.
fn path(bytes: &[u8]) -> Option<String> {
    let mut steps: Vec<Step> = Vec::new();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'{' => steps.push(Step::Object(None)),
            b'[' => steps.push(Step::Array(0)),
            // The bracket that ends the text is where something was missing inside.
            b'}' | b']' if at < bytes.len() => drop(steps.pop()),
            b',' => match steps.last_mut() {
                Some(Step::Array(index)) => *index += 1,
                Some(Step::Object(key)) if at < bytes.len() => *key = None,
                _ => {}
            },
            b'"' => {
                let start = at;
                while let Some(&inner) = bytes.get(at).filter(|inner| **inner != b'"') {
                    at += if inner == b'\\' { 2 } else { 1 };
                }
                if let Some(Step::Object(key @ None)) = steps.last_mut() {
                    let end = at.min(bytes.len()).min(start + NAME_BYTES_MAX);
                    *key = Some(String::from_utf8_lossy(&bytes[start.min(end)..end]).into_owned());
                }
                at += 1;
            }
            _ => {}
        }
    }
    let mut text = String::new();
    for step in &steps {
        match step {
            Step::Object(Some(key)) if text.is_empty() => text.push_str(key),
            Step::Object(Some(key)) => drop(write!(text, ".{key}")),
            Step::Object(None) => {}
            Step::Array(index) => drop(write!(text, "[{index}]")),
        }
    }
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[allow(dead_code, reason = "only its errors are looked at")]
    struct Form {
        ip: Option<String>,
        pairs: Option<Vec<(String, String)>>,
        inner: Option<Box<Form>>,
    }

    fn check(text: &str, field: Option<&str>, line: usize) {
        let error = serde_json::from_str::<Form>(text).unwrap_err();
        let place = Place::of(&error, text);
        assert_eq!((place.field.as_deref(), place.line), (field, Some(line)), "{text}: {error}");
    }

    #[test]
    fn a_wrong_value_is_found() {
        check(r#"{"ip":5}"#, Some("ip"), 1);
        check("{\n  \"ip\": [1]}", Some("ip"), 2);
        check(r#"{"pairs":[["a","b"],["c",{}]]}"#, Some("pairs[1][1]"), 1);
        check(r#"{"inner":{"ip":"x","pairs":"no"}}"#, Some("inner.pairs"), 1);
        check(r#"{"ip":"a\"b","inner":true,"x":1}"#, Some("inner"), 1);
        check("nothing", None, 1);
    }

    proptest! {
        #[test]
        fn any_text_has_a_place(text in ".{0,200}") {
            if let Err(error) = serde_json::from_str::<Form>(&text) {
                let _ = Place::of(&error, &text);
            }
        }
    }
}
