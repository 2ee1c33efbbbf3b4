//! Paths as servers understand them: two spellings of one path are one path to a rule (RFC 3986 section 6.2.2).

/// Bytes of a path that are spelled plainly without the heap.
pub(crate) const STACK_BYTES: usize = 1_024;

/// True where `path` may have a plainer spelling; nearly none has.
pub(crate) fn is_spelled(path: &str) -> bool {
    let doubtful = |pair: &[u8]| matches!(pair, b"//" | b"/.");
    path.starts_with('/') && (path.contains('%') || path.as_bytes().windows(2).any(doubtful))
}

/// `path`, which begins with `/`, with unreserved characters decoded, doubled slashes taken as one and dot segments
/// removed. What has another meaning encoded (`%2F`, `%3F`) stays encoded. Linear; written into `out`, which is at least
/// as long.
pub(crate) fn plain<'o>(path: &str, out: &'o mut [u8]) -> Option<&'o str> {
    let mut rest = path.as_bytes().strip_prefix(b"/")?;
    *out.first_mut()? = b'/';
    // `segment` is where the present one begins, behind its slash.
    let (mut segment, mut len) = (1, 1);
    loop {
        let next = match rest {
            [] => None,
            [b'%', high, low, ..] if unreserved(*high, *low).is_some() => {
                rest = &rest[2..];
                unreserved(*high, *low)
            }
            [byte, ..] => Some(*byte),
        };
        rest = rest.get(1..).unwrap_or_default();
        let Some(byte) = next.filter(|byte| *byte != b'/') else {
            match &out[segment..len] {
                b"" | b"." => len = segment,
                b".." => {
                    let before = out[..segment - 1].iter().rposition(|byte| *byte == b'/');
                    len = before.map_or(1, |at| at + 1);
                }
                _ if next.is_some() => {
                    *out.get_mut(len)? = b'/';
                    len += 1;
                }
                _ => {}
            }
            segment = len;
            if next.is_none() {
                return std::str::from_utf8(&out[..len]).ok();
            }
            continue;
        };
        *out.get_mut(len)? = byte;
        len += 1;
    }
}

/// The character of an escape that means the same without it (RFC 3986 section 2.3).
fn unreserved(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let byte = digit(high)? << 4 | digit(low)?;
    (byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)).then_some(byte)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn two_spellings_of_a_path_are_one() {
        let check = |path: &str, expect: &str| {
            let mut out = vec![0; path.len()];
            let found = if is_spelled(path) { plain(path, &mut out) } else { Some(path) };
            assert_eq!(found, Some(expect), "{path}");
        };
        for path in
            ["/admin", "/%61dmin", "//admin", "/./admin", "/x/../admin", "/%2e%2E/a/%2e./admin", "/../admin"]
        {
            check(path, "/admin");
        }
        for same in [
            "/",
            "/a/",
            "/a.b/.well-known/x",
            "/a%2Fb",
            "/a%3fb%zz%",
            "*",
            "http://a//b",
            "/caf%C3%A9",
            "/é%",
        ] {
            check(same, same);
        }
        check("/a/.", "/a/");
        check("/a/b/..", "/a/");
        check("/..", "/");
        check("//", "/");
        check("/%2561", "/%2561");
    }

    proptest! {
        #[test]
        fn plain_paths_stay_plain(path in "/[a./%0-9e-]{0,40}") {
            let mut out = vec![0; path.len()];
            // A `%` of its own may make an escape with what follows it only in the path that was sent.
            let once = plain(&path, &mut out).unwrap();
            prop_assert!(once.starts_with('/') && !once.contains("//") && !once.contains("/../"), "{}", once);
        }
    }
}
