//! Which texts of a body may be a secret: by their own name, by one around it, by a name that stands beside them as a
//! text, or by what they hold.
//!
//! Names are compared as an application would read them, every layer of escaping removed. In doubt a text is a secret:
//! of an attack in it the matched part stays all the same. Not here: what is written of a text that is one.

use memchr::memmem;
use palisade_detect::detectors::payload::Attack;
use palisade_domain::{BodyKind, BodyPrefix};
use serde::de::IgnoredAny;

use super::body::{NAME_BYTES_MAX, is_name, parameter, string_len};

/// Parts of names of fields whose values are secrets, in small letters. One too many is no harm: of such a field less
/// of an attack stays.
const SECRET_PARTS: [&str; 23] = [
    "pass",
    "pwd",
    "pw",
    "secret",
    "private",
    "token",
    "cred",
    "otp",
    "mfa",
    "2fa",
    "pin",
    "cvv",
    "cvc",
    "csc",
    "card",
    "iban",
    "account",
    "ssn",
    "session",
    "csrf",
    "xsrf",
    "jwt",
    "signature",
];

/// Names that say nothing of what they hold: another field does, and it may lie beyond the end of what was read.
const NAMELESS: [&[u8]; 5] = [b"value", b"val", b"v", b"content", b"data"];

/// Layers of escaping that are taken off a name; what is then left makes it a doubtful one.
const ROUNDS_MAX: usize = 4;

/// Longest text, as sent, that may be the name of another field's value: `\u0070` is one letter.
const LABEL_BYTES_MAX: usize = 6 * NAME_BYTES_MAX;

/// What is known of the texts of one body.
pub(super) struct Secrecy<'a> {
    attacks: &'a [Attack<'a>],
    /// Texts under ordinary names only, in their order.
    ordinary: Vec<&'a [u8]>,
    /// Texts that name a secret: how many, and the last of them.
    labels: usize,
    label: &'a [u8],
    /// Whether any name was met that is not an ordinary one.
    has_secret_name: bool,
}

impl<'a> Secrecy<'a> {
    /// `attacks` are those of this body, in its order.
    pub(super) fn of(body: &BodyPrefix<'a>, attacks: &'a [Attack<'a>]) -> Self {
        let mut all =
            Secrecy { attacks, ordinary: Vec::new(), labels: 0, label: b"", has_secret_name: false };
        match body.kind {
            BodyKind::Form => all.form(body),
            BodyKind::Multipart => all.multipart(body),
            BodyKind::Json => all.json(body),
            BodyKind::Text => {}
        }
        all
    }

    /// True where nothing says that `text`, a text of this body with a name, might be a secret.
    pub(super) fn is_ordinary(&self, text: &[u8]) -> bool {
        let others = self.labels - usize::from(std::ptr::eq(self.label, text));
        let found = self.ordinary.binary_search_by_key(&text.as_ptr(), |one| one.as_ptr());
        others == 0 && found.is_ok_and(|at| std::ptr::eq(self.ordinary[at], text)) && !holds_secret(text)
    }

    /// True where nothing in the body says secret, `text` neither, whatever it is called.
    pub(super) fn is_harmless(&self, text: &[u8]) -> bool {
        !self.has_secret_name && self.labels == 0 && !is_secret(&decoded(text))
    }

    fn name(&mut self, name: &[u8], complete: bool) -> bool {
        let is_ordinary = is_ordinary_name(name, complete);
        self.has_secret_name |= !is_ordinary;
        is_ordinary
    }

    fn text(&mut self, text: &'a [u8], is_ordinary: bool) {
        let is_label = text.len() <= LABEL_BYTES_MAX && {
            let read = decoded(text.trim_ascii());
            read.len() <= NAME_BYTES_MAX
                && is_secret(&read)
                && (!self.is_attack(text) || begins_secret(&read))
        };
        if is_label {
            self.labels += 1;
            self.label = text;
        }
        if is_ordinary && !text.is_empty() {
            self.ordinary.push(text);
        }
    }

    fn is_attack(&self, text: &[u8]) -> bool {
        self.attacks.binary_search_by_key(&text.as_ptr(), |attack| attack.text.as_ptr()).is_ok()
    }

    fn form(&mut self, body: &BodyPrefix<'a>) {
        for pair in body.bytes.split(|b| *b == b'&') {
            let at = memchr::memchr(b'=', pair);
            let (name, value) = at.map_or((&b""[..], pair), |at| (&pair[..at], &pair[at + 1..]));
            let is_ordinary = self.name(name, body.complete);
            self.text(value, at.is_some() && is_ordinary);
        }
    }

    fn multipart(&mut self, body: &BodyPrefix<'a>) {
        let line = &body.bytes[..memchr::memchr(b'\n', body.bytes).unwrap_or(0)];
        let boundary = line.trim_ascii();
        if !boundary.starts_with(b"--") {
            return;
        }
        let mut rest = &body.bytes[line.len()..];
        while !rest.is_empty() {
            let end = memmem::find(rest, boundary).unwrap_or(rest.len());
            self.part(&rest[..end], body.complete);
            rest = rest.get(end + boundary.len()..).unwrap_or(&[]);
        }
    }

    fn part(&mut self, part: &'a [u8], complete: bool) {
        let gap = memmem::find(part, b"\r\n\r\n").map(|at| (at, 4));
        let Some((at, gap)) = gap.or_else(|| memmem::find(part, b"\n\n").map(|at| (at, 2))) else { return };
        let (head, value) = (&part[..at], part[at + gap..].trim_ascii_end());
        let name = parameter(head, b" name=\"").unwrap_or(b"");
        let file = parameter(head, b"filename=\"");
        // A head may name its part a second time, and servers differ in which of them they take.
        let said = file.map_or_else(
            || head.to_vec(),
            |file| {
                let from = file.as_ptr().addr() - head.as_ptr().addr();
                [&head[..from], &head[from + file.len()..]].concat()
            },
        );
        let is_ordinary = self.name(name, complete) & !is_secret(&decoded(&said));
        self.has_secret_name |= !is_ordinary;
        if let Some(file) = file {
            self.text(file.trim_ascii_end(), is_ordinary);
        }
        self.text(value, is_ordinary);
    }

    /// What is no JSON has no names that one could rely on; torn JSON has.
    fn json(&mut self, body: &BodyPrefix<'a>) {
        let is_json =
            serde_json::from_slice::<IgnoredAny>(body.bytes).map_or_else(|err| err.is_eof(), |_| true);
        self.has_secret_name |= !is_json;
        // How deep the name lies that makes everything within its value a secret.
        let (mut depth, mut secret_at) = (0usize, None::<usize>);
        let mut rest = body.bytes;
        while let Some((&first, after)) = rest.split_first() {
            rest = after;
            match first {
                b'{' | b'[' => depth += 1,
                b'}' | b']' => {
                    depth = depth.saturating_sub(1);
                    secret_at = secret_at.filter(|at| *at <= depth);
                }
                b',' => secret_at = secret_at.filter(|at| *at < depth),
                b'"' => {
                    let len = string_len(after);
                    let text = &after[..len];
                    rest = after.get(len + 1..).unwrap_or(&[]);
                    if rest.trim_ascii_start().starts_with(b":") {
                        let hides = !self.name(text, body.complete) && secret_at.is_none();
                        secret_at = if hides { Some(depth) } else { secret_at };
                    } else {
                        self.text(text, is_json && secret_at.is_none());
                    }
                }
                _ => {}
            }
        }
    }
}

/// True for names that are names however they are read, and say nothing secret.
fn is_ordinary_name(name: &[u8], complete: bool) -> bool {
    let read = decoded(name);
    let is_plain = is_name(name) && is_name(&read) && !read.contains(&b'%');
    let last = innermost(&read);
    let says_nothing = !complete && NAMELESS.iter().any(|other| other.eq_ignore_ascii_case(last));
    is_plain && !says_nothing && !is_secret(&read)
}

/// `value` of `fields[0][value]` and of `fields.0.value`.
fn innermost(name: &[u8]) -> &[u8] {
    let name = name.strip_suffix(b"]").unwrap_or(name);
    name.rsplit(|b| b"[.".contains(b)).next().unwrap_or(name)
}

/// True for what says secret: a name, or a text that might be one.
fn is_secret(name: &[u8]) -> bool {
    let small = name.to_ascii_lowercase();
    let is_word = |word: &[u8]| {
        let word = word.strip_suffix(b"s").unwrap_or(word);
        let is_auth = memmem::find(word, b"auth").is_some() && !word.ends_with(b"author");
        is_auth || word.ends_with(b"key")
    };
    SECRET_PARTS.iter().any(|part| memmem::find(&small, part.as_bytes()).is_some())
        || small.split(|b| !b.is_ascii_alphabetic()).any(is_word)
        || has_hump(name)
}

/// Of an attack only the first word names anything: `/etc/passwd` is no name of what stands in the next field.
fn begins_secret(text: &[u8]) -> bool {
    let is_part = |b: &u8| b.is_ascii_alphanumeric() || b"_-".contains(b);
    is_secret(&text[..text.iter().position(|b| !is_part(b)).unwrap_or(text.len())])
}

/// `keyValue`: a key that is a word only by the capital after it.
fn has_hump(name: &[u8]) -> bool {
    memmem::find_iter(name, b"ey").any(|at| {
        let is_key = at > 0 && b"kK".contains(&name[at - 1]);
        is_key && name.get(at + 2).is_some_and(u8::is_ascii_uppercase)
    })
}

/// True where a text holds fields of its own (JSON, a form, XML, `password: ...`) and one of them says secret.
fn holds_secret(text: &[u8]) -> bool {
    let read = decoded(text);
    let ends_name = |(_, b): &(usize, &u8)| b":=>\"".contains(b);
    read.iter().enumerate().filter(ends_name).any(|(at, by)| {
        let is_gap = |b: &u8| b.is_ascii_whitespace() || b"\"'\\`".contains(b);
        let is_part = |b: &u8| b.is_ascii_alphanumeric() || b"_-.[]$".contains(b);
        let before = &read[..at];
        let end = match by {
            // Already the end, so that rows of quotes are not walked again and again.
            b'"' => at,
            _ => before.iter().rposition(|b| !is_gap(b)).map_or(0, |last| last + 1),
        };
        let start = read[..end].iter().rposition(|b| !is_part(b)).map_or(0, |last| last + 1);
        is_secret(&read[start..end])
    })
}

/// `text` as an application may read it. What no name is written with comes out as a byte that no name has.
fn decoded(text: &[u8]) -> Vec<u8> {
    let mut text: Vec<u8> = text.iter().map(|b| if *b == b'+' { b' ' } else { *b }).collect();
    for _ in 0..ROUNDS_MAX {
        let mut out = Vec::with_capacity(text.len());
        let mut rest = &text[..];
        while let Some(&first) = rest.first() {
            let (byte, used) = escape(rest).unwrap_or((first, 1));
            out.push(byte);
            rest = &rest[used..];
        }
        if out.len() == text.len() {
            break;
        }
        text = out;
    }
    text
}

/// The escape `text` begins with: its byte and its length.
fn escape(text: &[u8]) -> Option<(u8, usize)> {
    let wide = |digits: &[u8]| hex(digits).map(|code| u8::try_from(code).unwrap_or(u8::MAX));
    match text {
        [b'%' | b'\\', b'u' | b'U', digits @ ..] if digits.len() >= 4 => Some((wide(&digits[..4])?, 6)),
        [b'%', digits @ ..] if digits.len() >= 2 => Some((wide(&digits[..2])?, 3)),
        [b'\\', b'x', digits @ ..] if digits.len() >= 2 => Some((wide(&digits[..2])?, 4)),
        [b'\\', b'n' | b't' | b'r', ..] => Some((b' ', 2)),
        [b'\\', byte, ..] => Some((*byte, 2)),
        _ => None,
    }
}

fn hex(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |sum, digit| Some(sum * 16 + char::from(*digit).to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: BodyKind, complete: bool, body: &str, expect: &[&str]) {
        let all = Secrecy::of(&BodyPrefix { kind, bytes: body.as_bytes(), complete }, &[]);
        let found = all.ordinary.iter().filter(|text| all.is_ordinary(text));
        let found: Vec<_> = found.map(|text| std::str::from_utf8(text).unwrap()).collect();
        assert_eq!(found, expect, "{body}");
    }

    #[test]
    fn names_say_what_is_secret() {
        for name in [
            "password",
            "user[pwd]",
            "newPassword",
            "X-Card-No",
            "cvv2",
            "otp_code",
            "passphrase",
            "IBAN",
            "auth",
            "OAuth",
            "authorization",
            "auth_code",
            "private",
            "privateKey",
            "key",
            "KEYS",
            "api_key",
            "apikey",
            "accessKey",
            "access-key-id",
            "key2",
            "keyValue",
            "pw",
            "pw2",
            "credentials",
            "creds",
        ] {
            assert!(is_secret(name.as_bytes()), "{name}");
            assert!(!is_ordinary_name(name.as_bytes(), true), "{name}");
        }
        for name in [
            "q",
            "name",
            "comment",
            "email",
            "search",
            "keyword",
            "file",
            "author",
            "post_authors",
            "keyboard",
        ] {
            assert!(!is_secret(name.as_bytes()), "{name}");
            assert!(is_ordinary_name(name.as_bytes(), true), "{name}");
        }
    }

    #[test]
    fn names_are_read_before_they_are_compared() {
        for name in [
            "p%61ssword",
            "p%2561ssword",
            "p%25252561ssword",
            "p%u0061ssword",
            "p\\u0061ssword",
            "p\\x61ssword",
            "%ef%bd%90assword",
            "p%C2%ADassword",
            "p%2525252525252561ssword",
            "k%65y",
            "%70%77",
            "a b",
        ] {
            assert!(!is_ordinary_name(name.as_bytes(), true), "{name}");
        }
        assert!(is_ordinary_name(b"user%5Bname%5D", true));
    }

    #[test]
    fn secrecy_is_inherited_in_json_and_ends_with_its_value() {
        let json = |body, expect: &[&str]| check(BodyKind::Json, true, body, expect);
        json(r#"{"a":"1","password":{"new":"2","b":["3",{"c":"4"}]},"d":"5"}"#, &["1", "5"]);
        json(r#"{"password":["1","2"],"a":["3","4"]}"#, &["3", "4"]);
        json(r#"{"a":{"password":"1"},"b":"2"}"#, &["2"]);
        json(r#"{"a":{"password":"1","b":"2"},"c":"3"}"#, &["2", "3"]);
        json("{\"a\":\"1\",\"password\"  \n\t          :\"2\"}", &["1"]);
        json(r#"{"p\u0061ssword":{"a":"1"},"b":"2"}"#, &["2"]);
        json(r#"{"a":"1","b":"2"#, &["1", "2"]);
        json(r#"{"a":"1"],"b":"2"}"#, &[]);
        json(r#"{'password':"1","b":"2"}"#, &[]);
    }

    #[test]
    fn a_text_that_names_a_secret_makes_all_others_secret() {
        check(BodyKind::Json, true, r#"[{"name":"password","value":"1"}]"#, &["password"]);
        check(BodyKind::Json, true, r#"[{"value":"1","name":"p\u0061ssword"}]"#, &["p\\u0061ssword"]);
        check(BodyKind::Form, true, "f[0][n]=API%20key&f[0][v]=1", &["API%20key"]);
        check(BodyKind::Form, true, "a=my+pin&b=my+pin", &[]);
        check(BodyKind::Form, true, "value=1&b=2", &["1", "2"]);
        check(BodyKind::Form, false, "f[0][value]=1&Val=2&b=3", &["3"]);
    }

    #[test]
    fn a_text_with_fields_of_its_own_is_as_secret_as_they_are() {
        check(BodyKind::Form, true, "a={\"b\":\"1\"}&c=x: 1", &["{\"b\":\"1\"}", "x: 1"]);
        let long = "z".repeat(LABEL_BYTES_MAX);
        for held in [
            "{\"password\" : \"1\"}",
            "%7B%22pw%22%3A1",
            "<api_key>1",
            "b=1%26pin%3D2",
            "[\"pin\",1]",
            "{\\\"key\\\":1}",
        ] {
            check(BodyKind::Form, true, &format!("a={long}{held}&b=1"), &["1"]);
        }
    }

    #[test]
    fn a_part_is_called_whatever_its_head_says() {
        let body = |names: &str| format!("--X\r\nContent-Disposition: form-data;{names}\r\n\r\n1\r\n--X--");
        let check = |names, expect: &[&str]| check(BodyKind::Multipart, true, &body(names), expect);
        check(" name=\"a\"", &["1"]);
        check(" name=\"p%61ssword\"", &[]);
        check(" name=\"a\"; name=\"password\"", &[]);
        check(" name=\"a\"; filename=\"f.png\"", &["f.png", "1"]);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_told_apart(bytes: Vec<u8>) {
            for kind in [BodyKind::Form, BodyKind::Multipart, BodyKind::Json, BodyKind::Text] {
                let all = Secrecy::of(&BodyPrefix { kind, bytes: &bytes, complete: false }, &[]);
                let starts: Vec<_> = all.ordinary.iter().map(|text| text.as_ptr()).collect();
                proptest::prop_assert!(starts.is_sorted());
            }
        }
    }
}
