//! The values a body holds, one by one: forms, multipart forms, JSON strings, text.

use memchr::memmem;
use palisade_domain::{BodyKind, BodyPrefix};

use super::text::Spelling;

/// Values looked at per body; a form of people has a few dozen.
pub(super) const VALUES_MAX: usize = 256;

/// Calls `visit` with name, value and spelling of each value.
pub(super) fn values<'a>(body: &BodyPrefix<'a>, mut visit: impl FnMut(&'a [u8], &'a [u8], Spelling)) {
    match body.kind {
        BodyKind::Form => {
            pairs(body.bytes).take(VALUES_MAX).for_each(|(name, value)| visit(name, value, Spelling::Form));
        }
        BodyKind::Multipart => {
            parts(body.bytes).take(VALUES_MAX).for_each(|(name, value)| visit(name, value, Spelling::Plain));
        }
        BodyKind::Json => {
            let mut field: &[u8] = b"";
            for (text, is_name) in strings(body.bytes).take(VALUES_MAX) {
                visit(if is_name { b"" } else { field }, text, Spelling::Json);
                field = if is_name { text } else { field };
            }
        }
        BodyKind::Text => visit(b"", body.bytes, Spelling::Plain),
    }
}

/// `name=value` pairs as sent.
pub(in crate::detectors) fn pairs(text: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    text.split(|b| *b == b'&').filter(|pair| !pair.is_empty()).map(|pair| match memchr::memchr(b'=', pair) {
        Some(at) => (&pair[..at], &pair[at + 1..]),
        None => (pair, pair),
    })
}

/// Name and value of each part of a multipart body (RFC 7578). Of a file its name is the value: contents are data.
pub(in crate::detectors) fn parts(body: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let line = &body[..memchr::memchr(b'\n', body).unwrap_or(0)];
    let boundary = line.trim_ascii();
    let mut rest = if boundary.starts_with(b"--") { &body[line.len()..] } else { &[] };
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = memmem::find(rest, boundary).unwrap_or(rest.len());
        let part = &rest[..end];
        rest = rest.get(end + boundary.len()..).unwrap_or(&[]);
        Some(part)
    })
    .filter_map(part)
}

fn part(part: &[u8]) -> Option<(&[u8], &[u8])> {
    let (at, gap) =
        memmem::find(part, b"\r\n\r\n").map(|at| (at, 4)).or(memmem::find(part, b"\n\n").map(|at| (at, 2)))?;
    let (head, value) = (&part[..at], &part[at + gap..]);
    let name = parameter(head, b" name=\"").unwrap_or(b"");
    let value = parameter(head, b"filename=\"").unwrap_or(value);
    Some((name, value.trim_ascii_end()))
}

fn parameter<'a>(head: &'a [u8], opening: &[u8]) -> Option<&'a [u8]> {
    let at = memmem::find(head, opening)? + opening.len();
    let len = memchr::memchr(b'"', &head[at..])?;
    Some(&head[at..at + len])
}

/// The string literals of a JSON text, escapes still in place, and whether each is a name.
fn strings(text: &[u8]) -> impl Iterator<Item = (&[u8], bool)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let open = memchr::memchr(b'"', rest)?;
        let inner = &rest[open + 1..];
        let mut escaped = false;
        let len = inner.iter().position(|&b| {
            let closes = b == b'"' && !escaped;
            escaped = b == b'\\' && !escaped;
            closes
        });
        let len = len.unwrap_or(inner.len());
        rest = inner.get(len + 1..).unwrap_or(&[]);
        let gap = rest.iter().take_while(|b| b.is_ascii_whitespace()).count();
        Some((&inner[..len], rest.get(gap) == Some(&b':')))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: BodyKind, body: &str, expect: &[(&str, &str)]) {
        let body = BodyPrefix { kind, bytes: body.as_bytes(), complete: true };
        let mut found = Vec::new();
        values(&body, |name, value, _| {
            found.push((
                String::from_utf8_lossy(name).into_owned(),
                String::from_utf8_lossy(value).into_owned(),
            ));
        });
        let found: Vec<_> = found.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(found, expect);
    }

    #[test]
    fn every_kind_gives_its_values() {
        check(BodyKind::Form, "a=1&b=x%20y&&c", &[("a", "1"), ("b", "x%20y"), ("c", "c")]);
        check(BodyKind::Json, r#"{"a":"b\"c","d":["e"#, &[("", "a"), ("a", "b\\\"c"), ("", "d"), ("d", "e")]);
        check(BodyKind::Json, "{\"a\" \n\t            :\"b\"}", &[("", "a"), ("a", "b")]);
        check(BodyKind::Text, "hello", &[("", "hello")]);
        let multipart = "--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nvalue\r\n--XX\r\nContent-Disposition: \
                         form-data; name=\"f\"; filename=\"../x.php\"\r\nContent-Type: image/png\r\n\r\nPNG\r\n--XX--\r\n";
        check(BodyKind::Multipart, multipart, &[("a", "value"), ("f", "../x.php")]);
        check(BodyKind::Multipart, "no boundary", &[]);
    }

    proptest::proptest! {
        #[test]
        fn any_body_ends(bytes: Vec<u8>) {
            for kind in [BodyKind::Form, BodyKind::Json, BodyKind::Multipart, BodyKind::Text] {
                values(&BodyPrefix { kind, bytes: &bytes, complete: false }, |_, _, _| {});
            }
        }
    }
}
