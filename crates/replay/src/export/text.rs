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
        self.text.push_str(&value.to_string());
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
    let start = out.len();
    let mut cut = false;
    out.push('"');
    for c in value.chars() {
        if out.len() - start >= bytes_max {
            cut = true;
            break;
        }
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if u32::from(c) < 0x20 || c == '\u{7f}' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    cut
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
