//! Parts between boundaries.

use memchr::memmem::{self, Finder};

use super::{Given, PARTS_MAX};

/// A boundary is no longer (RFC 2046, section 5.1.1).
const BOUNDARY_BYTES_MAX: usize = 70;
/// The head of a part that holds a field's name is no longer.
const HEAD_BYTES_MAX: usize = 4_096;

/// `parameters` are those of the content type.
pub(super) fn read(parameters: &str, prefix: &[u8], given: &mut Given) {
    let Some(boundary) = parameter(parameters, "boundary") else { return };
    if boundary.is_empty() || boundary.len() > BOUNDARY_BYTES_MAX {
        return;
    }
    let delimiter = format!("\r\n--{boundary}");
    let finder = Finder::new(delimiter.as_bytes());
    // The first needs no line before it.
    let mut rest = match prefix.strip_prefix(&delimiter.as_bytes()[2..]) {
        Some(rest) => rest,
        None => match finder.find(prefix) {
            Some(at) => &prefix[at + delimiter.len()..],
            None => return,
        },
    };
    for _ in 0..PARTS_MAX {
        // A part without the delimiter behind it is cut off, or the epilogue.
        let Some(end) = finder.find(rest) else { return };
        field(&rest[..end], given);
        rest = &rest[end + delimiter.len()..];
    }
}

/// A part: the rest of the delimiter's line, its head, an empty line, its content.
fn field(part: &[u8], given: &mut Given) {
    let Some(line_end) = memmem::find(part, b"\r\n") else { return };
    // Only spaces may stand behind a boundary; two dashes end the whole.
    if !part[..line_end].iter().all(|byte| matches!(byte, b' ' | b'\t')) {
        return;
    }
    let part = &part[line_end..];
    let searched = &part[..part.len().min(HEAD_BYTES_MAX)];
    let Some(head_end) = memmem::find(searched, b"\r\n\r\n") else { return };
    let Ok(head) = std::str::from_utf8(&part[..head_end]) else { return };
    let Some(name) = name(head) else { return };
    let Some(at) = given.wants(name.as_bytes()) else { return };
    if let Ok(value) = std::str::from_utf8(&part[head_end + 4..]) {
        given.put(at, value.to_owned());
    }
}

/// The name of a field that is no file.
fn name(head: &str) -> Option<String> {
    let line = head.split("\r\n").find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.trim().eq_ignore_ascii_case("content-disposition").then_some(value)
    })?;
    let (kind, parameters) = line.split_once(';')?;
    let is_field = kind.trim().eq_ignore_ascii_case("form-data")
        && parameter(parameters, "filename").is_none()
        && parameter(parameters, "filename*").is_none();
    is_field.then(|| parameter(parameters, "name")).flatten()
}

/// The value of parameter `name` among `a=b; c="d"`.
fn parameter(parameters: &str, name: &str) -> Option<String> {
    let mut rest = parameters;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ';']);
        let (own, after) = rest.split_once('=')?;
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => unquoted(quoted)?,
            None => {
                let (value, after) = after.split_once(';').unwrap_or((after, ""));
                (value.trim().to_owned(), after)
            }
        };
        if own.trim().eq_ignore_ascii_case(name) {
            return Some(value);
        }
        rest = after;
    }
}

/// What stands before the closing quote, and what follows it.
fn unquoted(quoted: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((value, &quoted[at + 1..])),
            '\\' => value.push(characters.next()?.1),
            character => value.push(character),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(parameters: &str, body: &str) -> Option<String> {
        let mut given = Given::default();
        read(parameters, body.as_bytes(), &mut given);
        given.get("cf-turnstile-response").map(str::to_owned)
    }

    #[test]
    fn parts_are_read() {
        let check = |body: &str, expect: Option<&str>| {
            let body = body.replace('\n', "\r\n");
            assert_eq!(found(" boundary=----x", &body).as_deref(), expect, "{body}");
        };
        let disposition = "Content-Disposition: form-data; name=\"cf-turnstile-response\"";
        let whole = format!("------x\n{disposition}\n\n0.tok\n------x--\n");
        check(&whole, Some("0.tok"));
        check(&format!("preamble\n{whole}epilogue"), Some("0.tok"));
        check(&format!("------x\nContent-Disposition: form-data; name=\"a\"\n\n1\n{whole}"), Some("0.tok"));
        check(&format!("------x\ncontent-type: text/plain\n{disposition}\n\n0.tok\n------x"), Some("0.tok"));
        check(&format!("------x  \n{disposition}\n\n0.tok\n------x"), Some("0.tok"));
        check(&format!("------x\n{disposition}\n\ntwo\nlines\n------x--"), Some("two\r\nlines"));
        check(&format!("------x\n{disposition}\n\ncut"), None);
        check(&format!("------x\n{disposition}\n\ncut\n-----"), None);
        check(&format!("------x--\n{disposition}\n\nafter the end\n------x"), None);
        check(&format!("------x\n{disposition}; filename=\"a.txt\"\n\na file\n------x"), None);
        check(
            "------x\nContent-Disposition: form-data; name=cf-turnstile-response\n\nbare\n------x",
            Some("bare"),
        );
        check("------x\nContent-Disposition: attachment; name=cf-turnstile-response\n\nno\n------x", None);
        check(
            "------x\nContent-Disposition: form-data; x=\"; name=\\\"a\\\"\"; name=\"cf-turnstile-response\"\n\nt\n------x",
            Some("t"),
        );
        check(&format!("------x\n{}{disposition}\n\nt\n------x", "X: 1\n".repeat(2_000)), None);
    }

    #[test]
    fn boundaries_are_read() {
        let body = "--a b\r\nContent-Disposition: form-data; name=cf-turnstile-response\r\n\r\nt\r\n--a b--";
        assert_eq!(found("charset=utf-8; Boundary=\"a b\"", body).as_deref(), Some("t"));
        assert_eq!(found("", body), None);
        assert_eq!(found("boundary=", body), None);
        assert_eq!(found("boundary=\"a b", body), None);
        assert_eq!(found(&format!("boundary={}", "a".repeat(71)), body), None);
    }
}
