//! JSON written piece by piece into one line.

use palisade_domain::Fact;

/// An object under way.
#[derive(Clone, Debug)]
pub(super) struct Object {
    text: String,
}

impl Object {
    pub(super) fn new() -> Self {
        Object { text: String::from("{") }
    }

    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    /// Takes back what was written after the first `len` bytes.
    pub(super) fn truncate(&mut self, len: usize) {
        self.text.truncate(len);
    }

    pub(super) fn close(mut self) -> String {
        self.text.push('}');
        self.text
    }

    fn key(&mut self, key: &str) {
        if self.text.len() > 1 {
            self.text.push(',');
        }
        self.text.push('"');
        self.text.push_str(key);
        self.text.push_str("\":");
    }

    /// A value that is JSON already: a number, `true`.
    pub(super) fn raw(&mut self, key: &str, value: impl std::fmt::Display) {
        self.key(key);
        push_display(&mut self.text, value);
    }

    pub(super) fn string(&mut self, key: &str, value: &str) {
        self.key(key);
        quote(&mut self.text, value, usize::MAX);
    }

    /// Nothing where it is unseen, null where it is absent. Returns true where more than `bytes_max` were to be
    /// written, and cuts the text there.
    pub(super) fn fact(&mut self, key: &str, fact: Fact<&str>, bytes_max: usize) -> bool {
        match fact {
            Fact::Unseen => false,
            Fact::Absent => {
                self.raw(key, "null");
                false
            }
            Fact::Known(value) => {
                self.key(key);
                quote(&mut self.text, value, bytes_max)
            }
        }
    }

    pub(super) fn number(&mut self, key: &str, fact: Fact<u64>) {
        match fact {
            Fact::Unseen => {}
            Fact::Absent => self.raw(key, "null"),
            Fact::Known(value) => self.raw(key, value),
        }
    }

    pub(super) fn flag(&mut self, key: &str, fact: Fact<bool>) {
        match fact {
            Fact::Unseen => {}
            Fact::Absent => self.raw(key, "null"),
            Fact::Known(value) => self.raw(key, value),
        }
    }

    /// A list, each of whose elements `write` appends as JSON.
    pub(super) fn list<T>(
        &mut self,
        key: &str,
        all: impl IntoIterator<Item = T>,
        write: impl Fn(&mut String, T),
    ) {
        self.key(key);
        self.text.push('[');
        for (at, one) in all.into_iter().enumerate() {
            if at > 0 {
                self.text.push(',');
            }
            write(&mut self.text, one);
        }
        self.text.push(']');
    }
}

/// Appends `value` as a JSON string of at most about `bytes_max` bytes; true where it had to be cut.
pub(super) fn quote(out: &mut String, value: &str, bytes_max: usize) -> bool {
    let end = out.len().saturating_add(bytes_max);
    let mut rest = value;
    out.push('"');
    while !rest.is_empty() && out.len() < end {
        // All that JSON escapes is ASCII, so that a character is never cut in two here.
        let is_special = |b: u8| b < 0x20 || matches!(b, b'"' | b'\\' | 0x7f);
        let plain = rest.bytes().position(is_special).unwrap_or(rest.len());
        let kept = if plain > end - out.len() { rest.floor_char_boundary(end - out.len()) } else { plain };
        out.push_str(&rest[..kept]);
        rest = &rest[kept..];
        if kept < plain {
            break;
        }
        if let (Some(special), true) = (rest.bytes().next(), out.len() < end) {
            escape(out, special);
            rest = &rest[1..];
        }
    }
    out.push('"');
    !rest.is_empty()
}

fn escape(out: &mut String, special: u8) {
    match special {
        b'"' => out.push_str("\\\""),
        b'\\' => out.push_str("\\\\"),
        b'\n' => out.push_str("\\n"),
        b'\r' => out.push_str("\\r"),
        b'\t' => out.push_str("\\t"),
        other => push_display(out, format_args!("\\u{other:04x}")),
    }
}

/// Appends what `value` displays, without a string of its own.
pub(super) fn push_display(out: &mut String, value: impl std::fmt::Display) {
    use std::fmt::Write as _;
    // Writing into a string cannot fail; a value that refuses to be displayed leaves what it has written.
    let _ = write!(out, "{value}");
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn any_text_reads_back(text: String) {
            let mut out = String::new();
            proptest::prop_assert!(!quote(&mut out, &text, usize::MAX));
            proptest::prop_assert_eq!(serde_json::from_str::<String>(&out).unwrap(), text);
        }

        #[test]
        fn what_is_cut_is_whole_json(text: String, max in 0usize..40) {
            let mut out = String::new();
            let cut = quote(&mut out, &text, max);
            let back = serde_json::from_str::<String>(&out).unwrap();
            proptest::prop_assert!(text.starts_with(&back) && (cut || back == text));
            proptest::prop_assert!(out.len() <= max + 8);
        }
    }
}
