//! What log shippers put before a line: syslog, containers, Kubernetes. It is removed, not read: the access line
//! has its own time.

use super::clock;
use super::text::word;

/// Longest prefix that is looked for, in bytes.
const PREFIX_BYTES_MAX: usize = 256;

/// The line without the prefix of RFC 3164 (`Feb  6 12:14:14 host haproxy[1]: `), RFC 5424
/// (`<13>1 2025-11-05T20:47:03Z host nginx - - - `), the same with an ISO time, or a container runtime
/// (`2025-12-31T17:37:40.49+01:00 stdout F `). Other lines are returned as they are.
pub(super) fn strip(line: &str) -> &str {
    let line = line.trim_start_matches(['\u{feff}', ' ']);
    if line.starts_with(['{', '[']) {
        return line;
    }
    let (rest, is_rfc5424) = without_priority(line);
    let bytes = rest.as_bytes();
    if bytes.len() > 20 && bytes[4] == b'-' && bytes[10] == b'T' {
        return after_iso(rest, is_rfc5424).unwrap_or(line);
    }
    if bytes.len() > 16 && bytes[3] == b' ' && bytes[9] == b':' && bytes[12] == b':' && bytes[15] == b' ' {
        return after_tag(&rest[char_boundary(rest, 16)..]).unwrap_or(line);
    }
    line
}

/// Removes `<165>`, and the version of RFC 5424 after it.
fn without_priority(line: &str) -> (&str, bool) {
    let Some((priority, rest)) = line.strip_prefix('<').and_then(|rest| rest.split_once('>')) else {
        return (line, false);
    };
    if priority.len() > 3 || !priority.bytes().all(|b| b.is_ascii_digit()) {
        return (line, false);
    }
    match rest.strip_prefix("1 ") {
        Some(rest) => (rest, true),
        None => (rest, false),
    }
}

fn after_iso(line: &str, is_rfc5424: bool) -> Option<&str> {
    let (time, rest) = word(line);
    clock::iso(time)?;
    if let Some(json) = rest.strip_prefix("stdout F ").or_else(|| rest.strip_prefix("stderr F ")) {
        return Some(json);
    }
    if is_rfc5424 {
        let after_fields = (0..4).fold(rest, |rest, _| word(rest).1);
        return Some(after_fields.strip_prefix("- ").unwrap_or(after_fields));
    }
    after_tag(rest)
}

/// `host tag[pid]: message`, or `host  {json}`.
fn after_tag(rest: &str) -> Option<&str> {
    let (_, message) = word(rest);
    if message.starts_with('{') {
        return Some(message);
    }
    let head = &message[..char_boundary(message, PREFIX_BYTES_MAX)];
    let (tag, _) = head.split_once(": ")?;
    (!tag.contains([' ', '"'])).then(|| message[tag.len() + 2..].trim_start())
}

/// The nearest character boundary at or before `at`.
fn char_boundary(text: &str, at: usize) -> usize {
    text.floor_char_boundary(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_are_removed() {
        let check = |prefix: &str, message: &str| {
            assert_eq!(strip(&format!("{prefix}{message}")), message, "{prefix}");
        };
        let message = r#"192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" 200 1"#;
        check("Feb  6 12:14:14 localhost haproxy[14389]: ", message);
        check("<190>Feb 16 12:14:14 web nginx: ", message);
        check("<13>1 2025-11-05T20:47:03.000000+00:00 web nginx - - - ", message);
        check("2025-11-05T20:47:03.1+00:00 web nginx[12]: ", message);
        check("2025-12-31T17:37:40.493035218+01:00 stdout F ", "{\"a\":1}");
        check("2021-11-12T16:59:46.613304+00:00 192.0.2.9  ", "{ \"a\": 1 }");
        check("", message);
        check("", "www.example 192.0.2.1 - - [x]");
        check("", "Feb  6 12:14:14 localhost");
        check("", "<x>y");
    }
}
