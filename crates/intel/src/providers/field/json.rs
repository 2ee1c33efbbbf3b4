//! The strings at the top of an object. Nothing below it is built, so depth costs nothing.

use super::{Given, NAME_BYTES_MAX, PARTS_MAX};

pub(super) fn read(prefix: &[u8], given: &mut Given) {
    // Where the text ends or is no JSON, what was found before stands.
    let _ = members(prefix, given);
}

/// `None` where the text breaks off.
fn members(text: &[u8], given: &mut Given) -> Option<()> {
    let mut text = Text { rest: text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text) };
    text.skip(b'{')?;
    for _ in 0..PARTS_MAX {
        let name = text.string()?;
        text.skip(b':')?;
        let wanted = named(name).and_then(|name| given.wants(name.as_bytes()));
        if text.peek()? == b'"' {
            let value = text.string()?;
            if let (Some(at), Some(value)) = (wanted, unescaped(value)) {
                given.put(at, value);
            }
        } else {
            text.value()?;
        }
        text.skip(b',')?;
    }
    None
}

/// A name that may be one of ours; every character of it may be escaped.
fn named(quoted: &[u8]) -> Option<String> {
    (quoted.len() <= NAME_BYTES_MAX * 6 + 2).then(|| unescaped(quoted)).flatten()
}

fn unescaped(quoted: &[u8]) -> Option<String> {
    serde_json::from_slice(quoted).ok()
}

struct Text<'a> {
    rest: &'a [u8],
}

impl<'a> Text<'a> {
    /// The next byte that is no space.
    fn peek(&mut self) -> Option<u8> {
        self.rest = self.rest.trim_ascii_start();
        self.rest.first().copied()
    }

    /// Goes over `byte`, if that is next.
    fn skip(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.rest = &self.rest[1..])
    }

    /// A string with its quotes, as it stands.
    fn string(&mut self) -> Option<&'a [u8]> {
        if self.peek()? != b'"' {
            return None;
        }
        let mut at = 1;
        loop {
            at += memchr::memchr2(b'"', b'\\', self.rest.get(at..)?)?;
            if self.rest[at] == b'"' {
                let (string, rest) = self.rest.split_at(at + 1);
                self.rest = rest;
                return Some(string);
            }
            at += 2;
        }
    }

    /// Goes over a number, word, list or object.
    fn value(&mut self) -> Option<()> {
        let mut depth = 0_usize;
        loop {
            match self.peek()? {
                b'"' => {
                    self.string()?;
                }
                b'{' | b'[' => {
                    depth += 1;
                    self.rest = &self.rest[1..];
                }
                b'}' | b']' => {
                    // The end of the object itself.
                    depth = depth.checked_sub(1)?;
                    self.rest = &self.rest[1..];
                }
                b',' if depth == 0 => return Some(()),
                _ => self.rest = &self.rest[1..],
            }
            if depth == 0 && self.peek()? == b',' {
                return Some(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_read() {
        let check = |body: &str, expect: Option<&str>| {
            let mut given = Given::default();
            read(body.as_bytes(), &mut given);
            assert_eq!(given.get("captcha_token"), expect, "{body}");
        };
        check(r#"{"captcha_token":"t"}"#, Some("t"));
        check("\u{feff} { \"captcha_token\" : \"t\" }", Some("t"));
        check(r#"{"a":1,"b":[1,{"captcha_token":"no"}],"c":{"d":"}"},"captcha_token":"t"}"#, Some("t"));
        check(r#"{"a":"\"captcha_token\":\"no\"","captcha_token":"a\"bé\n"}"#, Some("a\"bé\n"));
        check(r#"{"captcha_toke\u006e":"t"}"#, Some("t"));
        check(r#"{"captcha_token":"","captcha_token":"t"}"#, Some("t"));
        check(r#"{"captcha_token":null,"x":true,"y":-1e9,"captcha_token":"t"}"#, Some("t"));
        check(r#"{"captcha_token":"cut"#, None);
        check(r#"{"captcha_token":"cut\"#, None);
        check(r#"{"captcha_token":"whole""#, Some("whole"));
        check(r#"{"captcha_token":7}"#, None);
        check(r#"{"captcha_token":["t"]}"#, None);
        check(r#"{"captcha_token":{"x":"t"}}"#, None);
        check(r#"{"data":{"captcha_token":"t"}}"#, None);
        check(r#"[{"captcha_token":"t"}]"#, None);
        check(r#""captcha_token":"t""#, None);
        check(r#"{"captcha_token":"\ud800"}"#, None);
        check(&format!("{{{}\"captcha_token\":\"t\"}}", "\"x\":1,".repeat(PARTS_MAX)), None);
        check(
            &format!(r#"{{"x":{}{},"captcha_token":"t"}}"#, "[".repeat(50_000), "]".repeat(50_000)),
            Some("t"),
        );
        check("", None);
    }
}
