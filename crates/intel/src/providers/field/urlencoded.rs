//! `name=value&…`. A reader of its own: of a foreign form only the start is known, so whatever it cannot read it leaves out and
//! goes on, where `challenge::siteverify` refuses the call and `visitor` reads whole forms of our own.

use std::borrow::Cow;

use percent_encoding::percent_decode;

use super::{Given, NAME_BYTES_MAX, PARTS_MAX};

pub(super) fn read(prefix: &[u8], whole: bool, given: &mut Given) {
    // What follows the last `&` may go on.
    let known = match whole {
        true => prefix,
        false => &prefix[..memchr::memrchr(b'&', prefix).unwrap_or(0)],
    };
    for pair in known.split(|byte| *byte == b'&').take(PARTS_MAX) {
        let (name, value) = match memchr::memchr(b'=', pair) {
            Some(at) => (&pair[..at], &pair[at + 1..]),
            None => (pair, &[][..]),
        };
        if name.len() > NAME_BYTES_MAX * 3 {
            continue;
        }
        let Some(at) = given.wants(&decoded(name)) else { continue };
        if let Ok(value) = String::from_utf8(decoded(value).into_owned()) {
            given.put(at, value);
        }
    }
}

fn decoded(text: &[u8]) -> Cow<'_, [u8]> {
    match memchr::memchr2(b'%', b'+', text) {
        None => Cow::Borrowed(text),
        Some(_) => {
            let spaced: Vec<u8> = text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
            Cow::Owned(percent_decode(&spaced).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_read() {
        let check = |body: &str, whole, expect: Option<&str>| {
            let mut given = Given::default();
            read(body.as_bytes(), whole, &mut given);
            assert_eq!(given.get("h-captcha-response"), expect, "{body} {whole}");
        };
        check("h-captcha-response=P1_x.y", true, Some("P1_x.y"));
        check("a=1&h-captcha-response=P1&b=2", true, Some("P1"));
        check("h%2Dcaptcha%2dresponse=a+b%20c%2B", true, Some("a b c+"));
        check("h-captcha-response=&h-captcha-response=second", true, Some("second"));
        check("h-captcha-response=first&h-captcha-response=second", true, Some("first"));
        check("h-captcha-response", true, None);
        check("h-captcha-response=%ff", true, None);
        check("h-captcha-response=%", true, Some("%"));
        check("xh-captcha-response=a", true, None);
        check("h-captcha-response=a", false, None);
        check("h-captcha-response=a&", false, Some("a"));
        check("a=1&h-captcha-response=a&b", false, Some("a"));
        check("", true, None);
        check(&format!("{}h-captcha-response=a", "x=1&".repeat(PARTS_MAX)), true, None);
        check(&format!("{}h-captcha-response=a", "x=1&".repeat(PARTS_MAX - 1)), true, Some("a"));
    }
}
