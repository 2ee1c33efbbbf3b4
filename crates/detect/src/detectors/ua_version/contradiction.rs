//! Parts of one user agent that never occur together.

use palisade_domain::{Detail, LogOdds, Value};
use palisade_fingerprint::user_agent::{Engine, Family, Os, UserAgent, major};

use crate::detectors::claimed::around;

/// What contradicts what, and how surely.
type Found = Option<(Detail, LogOdds)>;

/// The first contradiction within `text`, which reads as `agent`.
pub(super) fn find(text: &str, agent: &UserAgent<'_>) -> Found {
    mangled(text)
        .or_else(|| windows(text, agent))
        .or_else(|| macos(text, agent))
        .or_else(|| firefox(text, agent))
        .or_else(|| chromium(text, agent))
}

/// What a script's author copied along.
fn mangled(text: &str) -> Found {
    let quoted = text.starts_with(['"', '\'']) && text[1..].starts_with("Mozilla/");
    quoted.then(|| (Detail::plain("the user agent stands in quotation marks"), 4.2))
}

/// Windows NT went from 6.3 to 10.0, and has stayed there.
fn windows(text: &str, agent: &UserAgent<'_>) -> Found {
    const VERSIONS: [&str; 15] = [
        "3.1", "3.5", "3.51", "4", "4.0", "4.00", "5.0", "5.01", "5.1", "5.2", "6.0", "6.1", "6.2", "6.3",
        "6.4",
    ];
    if agent.os != Os::Windows {
        return None;
    }
    let version = number_after(text, "Windows NT ")?;
    let known = version.is_empty() || major(version) == Some(10) || VERSIONS.contains(&version);
    (!known).then(|| (Detail::one("there is no Windows NT {a}", Value::text(version)), 4.0))
}

/// Browsers report macOS 10.15.7 ever since macOS 11 broke pages that read the number.
fn macos(text: &str, agent: &UserAgent<'_>) -> Found {
    if agent.os != Os::MacOs {
        return None;
    }
    let version = number_after(text, "Intel Mac OS X ")?;
    let thawed = major(version)? >= 12;
    let freezes = match (agent.family, agent.engine) {
        (Family::Chrome | Family::Edge | Family::Opera, Engine::Blink(Some(chromium))) => chromium >= 100,
        (Family::Firefox, Engine::Gecko(_)) => agent.major? >= 100,
        (Family::Safari, Engine::WebKit(_)) => agent.major? >= 15,
        _ => false,
    };
    (thawed && freezes).then(|| {
        let detail =
            Detail::two("{a} does not say macOS {b}", Value::text(agent.product), Value::text(version));
        (detail, 2.8)
    })
}

/// `rv:` is the version, but 109.0 in 110 to 119; `Gecko/` is 20100101 on desktops and the version on Android.
fn firefox(text: &str, agent: &UserAgent<'_>) -> Found {
    if agent.product != "Firefox" {
        return None;
    }
    let (Engine::Gecko(rv), Some(version @ 5..)) = (agent.engine, agent.major) else { return None };
    let frozen = (110..=119).contains(&version) && rv == Some(109);
    if rv.is_some_and(|rv| rv != version) && !frozen {
        let rv = Value::Number(f32::from(rv.unwrap_or_default()));
        return Some((Detail::two("Firefox {a} says rv:{b}", Value::Number(f32::from(version)), rv), 4.0));
    }
    let gecko = number_after(text, "Gecko/")?;
    let dated = gecko.len() == 8 && gecko != "20100101";
    dated.then(|| (Detail::one("Gecko/{a} went out with Firefox 3", Value::text(gecko)), 3.5))
}

fn chromium(text: &str, agent: &UserAgent<'_>) -> Found {
    let Engine::Blink(Some(version)) = agent.engine else { return None };
    if matches!(agent.family, Family::WebView | Family::QtWebEngine | Family::HeadlessChrome) {
        return None;
    }
    android(text, agent, version)
        .or_else(|| webkit(text, agent, version))
        .or_else(|| edge(agent, version))
        .or_else(|| unreduced(text, agent, version))
        .or_else(|| windows_left_behind(text, agent, version))
}

/// Chrome 81 was the last on Android 4.
fn android(text: &str, agent: &UserAgent<'_>, version: u16) -> Found {
    if agent.os != Os::Android {
        return None;
    }
    let android = major(number_after(text, "Android ")?)?;
    let impossible = android <= 4 && version >= 90;
    impossible.then(|| {
        let (chrome, android) = (Value::Number(f32::from(version)), Value::Number(f32::from(android)));
        (Detail::two("Chrome {a} does not run on Android {b}", chrome, android), 4.0)
    })
}

/// Chromium has said AppleWebKit/537.36 since version 28. Makers of cheap phones write what they like.
fn webkit(text: &str, agent: &UserAgent<'_>, version: u16) -> Found {
    let desktop = matches!(agent.os, Os::Windows | Os::MacOs | Os::Linux);
    let webkit = number_after(text, "AppleWebKit/")?;
    (desktop && version >= 30 && webkit != "537.36").then(|| {
        let chrome = Value::Number(f32::from(version));
        (Detail::two("Chrome {a} does not say AppleWebKit/{b}", chrome, Value::text(webkit)), 2.8)
    })
}

/// Edge carries Chromium's major since it is built on it.
fn edge(agent: &UserAgent<'_>, version: u16) -> Found {
    let own = agent.major.filter(|_| agent.family == Family::Edge && agent.product.starts_with("Edg"))?;
    (own >= 79 && own != version).then(|| {
        let (own, chrome) = (Value::Number(f32::from(own)), Value::Number(f32::from(version)));
        (Detail::two("Edge {a} is not built on Chrome {b}", own, chrome), 3.2)
    })
}

/// Chrome has ended its version in `.0.0.0` since 107 on desktops. Forks keep the old form, so it weighs little.
fn unreduced(text: &str, agent: &UserAgent<'_>, version: u16) -> Found {
    let desktop = matches!(agent.os, Os::Windows | Os::MacOs | Os::Linux) && agent.product == "Chrome";
    let rest = number_after(text, "Chrome/").and_then(|number| number.split_once('.'))?.1;
    (desktop && version >= 112 && !rest.starts_with("0.0")).then(|| {
        (Detail::one("Chrome {a} does not tell its minor version", Value::Number(f32::from(version))), 1.5)
    })
}

/// Chrome 109 was the last on Windows 7 and 8; forks go on.
fn windows_left_behind(text: &str, agent: &UserAgent<'_>, version: u16) -> Found {
    if agent.os != Os::Windows {
        return None;
    }
    let windows = number_after(text, "Windows NT ")?;
    (version >= 112 && (windows.starts_with("5.") || windows.starts_with("6."))).then(|| {
        let chrome = Value::Number(f32::from(version));
        (Detail::two("Chrome {a} does not run on Windows NT {b}", chrome, Value::text(windows)), 1.5)
    })
}

/// The digits, dots and underscores behind the first `name` in `text`.
fn number_after<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = around(text, name)?;
    let end = rest.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '_')).unwrap_or(rest.len());
    Some(&rest[..end])
}

#[cfg(test)]
mod tests {
    use palisade_fingerprint::user_agent::parse;
    use proptest::prelude::*;

    use super::*;

    fn check(ua: &str, expect: Option<&str>) {
        let found = find(ua, &parse(ua)).map(|(detail, _)| detail.to_string());
        assert_eq!(found.as_deref(), expect, "{ua}");
    }

    #[test]
    fn real_browsers_do_not_contradict_themselves() {
        for ua in [
            "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0",
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:109.0) Gecko/20100101 Firefox/115.0",
            "Mozilla/5.0 (Windows NT 6.1; WOW64; rv:52.0) Gecko/20100101 Firefox/52.0",
            "Mozilla/5.0 (Windows; U; Windows NT 5.1; en-US; rv:1.9.2.3) Gecko/20100401 Firefox/3.6.3",
            "Mozilla/5.0 (Android 14; Mobile; rv:132.0) Gecko/132.0 Firefox/132.0",
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 11_2_3) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/89.0.4389.90 Safari/537.36",
            "Mozilla/5.0 (Linux; Android 4.4.2; GT-I9505) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/81.0.4044.138 Mobile Safari/537.36",
            "Mozilla/5.0 (Linux; Android 13; SM-S901B; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/120.0.6099.144 Mobile Safari/537.36",
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1",
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/126.0.6478.54 Mobile/15E148 Safari/604.1",
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) QtWebEngine/5.15.13 Chrome/87.0.4280.144 Safari/537.36",
            "Mozilla/5.0 (compatible; MSIE 9.0; Windows NT 6.1; Trident/5.0)",
            "Dillo/3.0.5",
        ] {
            check(ua, None);
        }
    }

    #[test]
    fn nonsense_is_named() {
        check("'Mozilla/5.0 (X11)'", Some("the user agent stands in quotation marks"));
        check(
            "Mozilla/5.0 (X11; Linux x86_64; rv:22.0) Gecko/20100101 Firefox/120.0",
            Some("Firefox 120 says rv:22"),
        );
        check(
            "Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20180101 Firefox/120.0",
            Some("Gecko/20180101 went out with Firefox 3"),
        );
        check(
            "Mozilla/5.0 (Windows NT 12.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36",
            Some("there is no Windows NT 12.0"),
        );
        check(
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 13_1) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36",
            Some("Chrome does not say macOS 13_1"),
        );
        check(
            "Mozilla/5.0 (Linux; Android 4.4; Nexus 5) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Mobile Safari/537.36",
            Some("Chrome 120 does not run on Android 4"),
        );
        check(
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/605.1.15 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/605.1.15",
            Some("Chrome 120 does not say AppleWebKit/605.1.15"),
        );
        check(
            "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36 Edg/90.0.0.0",
            Some("Edge 90 is not built on Chrome 120"),
        );
    }

    proptest! {
        #[test]
        fn any_text_is_read_to_its_end(ua in "(Mozilla/5.0|Android |Windows NT |Chrome/|Edg/|rv:|Gecko/|\"|é|[0-9. _();]){0,20}") {
            let _ = find(&ua, &parse(&ua));
        }
    }
}
