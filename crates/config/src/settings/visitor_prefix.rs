//! `[server] visitor_prefix`: where pages and scripts for visitors lie.

use std::fmt;
use std::str::FromStr;

use crate::value::quote_text;

/// Longest path: it stands before every address in a page.
const BYTES_MAX: usize = 64;

/// First segments that are taken: the site's own by standard, and those of the API and the widget, which have other paths below.
const TAKEN: [&str; 10] =
    [".well-known", "1", "api", "auth", "captcha", "captcha.js", "jobs", "list", "reputation", "v1"];

/// Segments of the vendors' own paths, by which `shims.js` tells whose page it is on.
const VENDORS: [&str; 3] = ["hcaptcha", "recaptcha", "turnstile"];

/// What the paths of pages and scripts for visitors begin with.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum VisitorPrefix {
    /// This path: begins and ends with `/`.
    Path(String),
    /// One that the first start draws, and the data folder keeps.
    Random,
}

impl Default for VisitorPrefix {
    fn default() -> Self {
        VisitorPrefix::Path("/.palisade/".to_owned())
    }
}

impl fmt::Display for VisitorPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            VisitorPrefix::Path(path) => f.write_str(path),
            VisitorPrefix::Random => f.write_str("random"),
        }
    }
}

impl FromStr for VisitorPrefix {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "random" {
            return Ok(VisitorPrefix::Random);
        }
        let (quoted, inner) = (quote_text(text), text.trim_matches('/'));
        if inner.is_empty() {
            return Err(format!("{quoted} would be the whole site; write \"/.palisade/\" or \"random\""));
        }
        let path = format!("/{inner}/");
        if path.len() > BYTES_MAX {
            return Err(format!("{quoted} is longer than {BYTES_MAX} bytes"));
        }
        if let Some(fault) = inner.split('/').find_map(fault) {
            return Err(format!("{quoted} {fault}"));
        }
        let first = inner.split('/').next().filter(|first| TAKEN.contains(first));
        let vendors = inner.split('/').find(|segment| VENDORS.contains(segment));
        if let Some(taken) = first.or(vendors) {
            return Err(format!("{quoted} cannot be ours: /{taken}/ has a meaning already"));
        }
        match path == text {
            true => Ok(VisitorPrefix::Path(path)),
            false => Err(format!("{quoted} does not begin and end with one /; write \"{path}\"")),
        }
    }
}

/// What is wrong with one segment of a path.
fn fault(segment: &str) -> Option<&'static str> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"._~-".contains(&byte);
    match segment {
        "" => Some("has an empty segment"),
        "." | ".." => Some("has a segment . or .., which browsers take out"),
        segment if segment.bytes().all(fits) => None,
        _ => Some("has other characters than A-Z, a-z, 0-9 and . _ ~ - between its slashes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_the_word_random_are_taken() {
        let check = |text: &str| assert_eq!(text.parse::<VisitorPrefix>().unwrap().to_string(), text);
        check("/.palisade/");
        check("/x-7f3a/");
        check("/a/B~c/9_/");
        check("/shop/api/");
        check("random");
        check(&format!("/{}/", "a".repeat(62)));
        assert_eq!("random".parse(), Ok(VisitorPrefix::Random));
        assert_eq!("/.palisade/".parse(), Ok(VisitorPrefix::default()));
    }

    #[test]
    fn what_is_refused_is_told_why() {
        let check = |text: &str, expect: &str| {
            let problem = text.parse::<VisitorPrefix>().unwrap_err();
            assert!(problem.contains(expect), "{text}: {problem}");
        };
        for whole in ["", "/", "//"] {
            check(whole, "would be the whole site; write \"/.palisade/\" or \"random\"");
        }
        for unended in ["/x", "x/", "x", "//x/", "/x//"] {
            check(unended, "does not begin and end with one /; write \"/x/\"");
        }
        check("/a//b/", "has an empty segment");
        check("/a/../b/", "has a segment . or ..");
        check("/./", "has a segment . or ..");
        for odd in ["/a b/", "/a%20/", "/a?b/", "/ä/", "/a\r\n/", "https://x/"] {
            check(odd, "has other characters than A-Z, a-z, 0-9 and . _ ~ -");
        }
        check(&format!("/{}/", "a".repeat(63)), "is longer than 64 bytes");
        for taken in
            ["/.well-known/", "/.well-known/x/", "/captcha.js/", "/captcha/", "/api/", "/api", "/auth/x/"]
        {
            check(taken, "cannot be ours: /");
        }
        check("/x/turnstile/", "cannot be ours: /turnstile/ has a meaning already");
    }
}
