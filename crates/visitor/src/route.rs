//! Visitor-facing paths below the prefix, `/.palisade/` unless set otherwise.

use std::borrow::Cow;

use palisade_domain::RequestId;

use crate::{Notice, Reply, Wants, page, words};

/// The prefix unless set otherwise.
pub const PREFIX: &str = "/.palisade/";

/// The answer to a request for `path` where it lies below `prefix`; `None` for everything else, which is the site's.
pub fn route(prefix: &str, method: &str, path: &str, wants: &Wants<'_>, id: RequestId) -> Option<Reply> {
    let rest = path.strip_prefix(prefix)?;
    let reads = matches!(method, "GET" | "HEAD");
    let mut parts = rest.split('/');
    Some(match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some("about"), None, None, None) if reads => about(wants),
        (Some("refused"), Some(action), Some(number), None) => refused(action, number, wants, id),
        _ => Reply::notice(Notice::NotFound, wants, id),
    })
}

/// The page of a refusal that somebody else carries out: nginx, which hears no more than "no" and asks here for the words.
/// Whoever types such an address reads the same page and learns nothing.
fn refused(action: &str, number: &str, wants: &Wants<'_>, id: RequestId) -> Reply {
    let notice = match action {
        "throttle" | "tarpit" => Notice::SlowDown,
        "charge" => Notice::Payment,
        "automated" => Notice::Automated,
        "block" | "challenge" => Notice::Refused,
        _ => Notice::NotFound,
    };
    Reply::notice(notice, wants, number.parse().unwrap_or(id))
}

/// What stands behind this address, for people who ask.
fn about(wants: &Wants<'_>) -> Reply {
    let words = words::of(wants.language(&words::TAGS));
    let body = page::render(words, words.about, None);
    let headers = vec![
        ("content-type", "text/html; charset=utf-8".to_owned()),
        ("content-language", words.tag.to_owned()),
        ("content-security-policy", page::CONTENT_SECURITY_POLICY.to_owned()),
        ("cache-control", "private, max-age=3600".to_owned()),
        ("vary", "accept-language".to_owned()),
        ("x-content-type-options", "nosniff".to_owned()),
    ];
    let body = if wants.head_only { Cow::Borrowed(&b""[..]) } else { Cow::Owned(body.into_bytes()) };
    Reply { status: 200, headers, body, pace: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(method: &str, path: &str) -> Option<u16> {
        route(PREFIX, method, path, &Wants::default(), RequestId(1)).map(|reply| reply.status)
    }

    #[test]
    fn only_our_own_paths_are_answered() {
        assert_eq!(status("GET", "/"), None);
        assert_eq!(status("GET", "/.palisad"), None);
        assert_eq!(status("GET", "/.palisade/about"), Some(200));
        assert_eq!(status("POST", "/.palisade/about"), Some(404));
        assert_eq!(status("GET", "/.palisade/../etc"), Some(404));
        assert_eq!(status("GET", "/.palisade/"), Some(404));
        assert_eq!(status("GET", "/.palisade/refused/block/0000000000009"), Some(403));
        assert_eq!(status("POST", "/.palisade/refused/throttle/0000000000009"), Some(429));
        assert_eq!(status("GET", "/.palisade/refused/charge/x"), Some(402));
        assert_eq!(status("GET", "/.palisade/refused/else/0000000000009"), Some(404));
        assert_eq!(status("GET", "/.palisade/refused/block/0000000000009/more"), Some(404));
    }

    #[test]
    fn a_refusal_keeps_its_number() {
        let wants = Wants { accept: Some("text/html"), ..Wants::default() };
        let reply =
            route(PREFIX, "GET", "/.palisade/refused/block/000000000001Z", &wants, RequestId(1)).unwrap();
        assert!(String::from_utf8_lossy(&reply.body).contains("000000000001Z"));
    }
}
