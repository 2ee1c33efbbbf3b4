//! Which well-known browser a request claims to come from, for detectors that know what that browser sends.
//!
//! Nothing is claimed by programs that say who they are, by web views and apps, by QtWebEngine (an old Chromium whose
//! headers the embedding program moves about) and by small browsers: too little is known of them to hold it against
//! anybody.

use palisade_domain::{Fact, HttpVersion, RequestFacts, Scheme, Vantage};
use palisade_fingerprint::user_agent::{Engine, Family, Os};

use crate::Scene;
use crate::gather::Kind;

/// A browser whose habits are known, with its major version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Browser {
    /// Chrome and what is built on Chromium; the version is Chromium's.
    Chromium(u16),
    /// Firefox on its own engine.
    Firefox(u16),
    /// Safari on Apple's systems; WebKit elsewhere (GNOME Web, Midori) keeps other habits.
    Safari(u16),
}

/// The browser claimed by the sender of `scene`, where its habits are known.
pub(super) fn browser(scene: &Scene<'_>) -> Option<Browser> {
    let agent = scene.gathered.user_agent.as_ref().filter(|_| scene.gathered.claim.class.is_none())?;
    match (agent.family, agent.engine) {
        (
            Family::Chrome | Family::Edge | Family::Opera | Family::Samsung | Family::ChromiumOther,
            Engine::Blink(major),
        ) => major.map(Browser::Chromium),
        (Family::Firefox, Engine::Gecko(_)) => agent.major.map(Browser::Firefox),
        (Family::Safari, Engine::WebKit(_)) if matches!(agent.os, Os::MacOs | Os::Ios) => {
            agent.major.map(Browser::Safari)
        }
        _ => None,
    }
}

/// True where a browser would be opening a page: a GET for one, and no sign that a script or a page part asks.
/// Over clear HTTP there is no `Sec-Fetch-Dest`; then a request that comes from a page (`Referer`, `Origin`) and does
/// not ask for HTML may be anything.
pub(super) fn opens_page(scene: &Scene<'_>) -> bool {
    const FROM_A_PAGE: [&str; 4] = ["referer", "origin", "range", "x-requested-with"];
    let asks_html = || scene.header("accept").known().is_some_and(|accept| accept.contains("text/html"));
    let from_a_page = || FROM_A_PAGE.iter().any(|name| scene.header(name).is_known());
    scene.gathered.kind == Kind::Navigation
        && scene.facts.method == Fact::Known("GET")
        && scene.header("upgrade").is_absent()
        && (scene.header("sec-fetch-dest").is_known() || asks_html() || !from_a_page())
}

/// True for what the page itself, or the browser on its behalf, asks for: everything but upgrades to other protocols,
/// reports the browser sends by itself, and files that programs fetch on their own account.
pub(super) fn asks_for_page_or_part(scene: &Scene<'_>) -> bool {
    let is_report = || {
        scene.header("content-type").known().is_some_and(|kind| {
            kind.contains("report") || kind.contains("dns-message") || kind.contains("ocsp")
        })
    };
    scene.gathered.kind != Kind::Machine && scene.header("upgrade").is_absent() && !is_report()
}

/// What stands before and after the first `name` in `text`, whose first byte seldom occurs: looking for that is cheaper
/// than preparing a search.
pub(super) fn around<'a>(text: &'a str, name: &str) -> Option<(&'a str, &'a str)> {
    let first = *name.as_bytes().first()?;
    memchr::memchr_iter(first, text.as_bytes())
        .find_map(|at| Some((text.get(..at)?, text.get(at..)?.strip_prefix(name)?)))
}

/// An address at its first `://`. The two schemes that all have are not searched for.
pub(super) fn split_scheme(url: &str) -> Option<(&str, &str)> {
    let known = |scheme: &'static str, start| url.strip_prefix(start).map(|rest| (scheme, rest));
    known("https", "https://").or_else(|| known("http", "http://")).or_else(|| url.split_once("://"))
}

/// True where the client is known to have come over TLS.
pub(super) fn is_encrypted(facts: &RequestFacts<'_>) -> bool {
    facts.scheme == Fact::Known(Scheme::Https)
}

/// True where the client is known to speak to us in the clear: our own listener, nothing in between, and a host that a
/// browser does not trust as it would trust localhost (W3C Secure Contexts, section 3.1).
pub(super) fn is_clear(facts: &RequestFacts<'_>) -> bool {
    facts.vantage == Vantage::GatewayClear
        && facts.scheme == Fact::Known(Scheme::Http)
        && facts.host.known().is_some_and(|host| !is_trustworthy(host))
        && !was_forwarded(facts)
}

/// Hosts that browsers trust without TLS: this machine, and onion services, which are encrypted anyway. Any IPv6 literal
/// counts: nobody's site has one for a name.
fn is_trustworthy(host: &str) -> bool {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let under = |domain: &str| name.ends_with(domain);
    name == "localhost"
        || under(".localhost")
        || under(".onion")
        || name.starts_with("127.")
        || name.starts_with('[')
}

/// True where something between client and us handled the request, or may have: it says so in a header, or it speaks
/// as proxies do when nobody configured them (HTTP/1.0, or a connection closed at once; HTTP/2's small letters behind a
/// `Host` of its own). One forgotten setting in front of us must not make a bot of every visitor.
pub(super) fn was_forwarded(facts: &RequestFacts<'_>) -> bool {
    let closes = |value: &str| value.eq_ignore_ascii_case("close");
    let Fact::Known(list) = facts.headers else { return false };
    facts.version == Fact::Known(HttpVersion::Http10)
        || list.entries.iter().any(|(name, value)| {
            is_forwarding_sign(name)
                || (name.len() == 10 && name.eq_ignore_ascii_case("connection") && closes(value))
        })
        || ends_tls_quietly(facts)
}

/// Headers that only something between client and us adds. By length first: this runs over every header of nearly every
/// request.
fn is_forwarding_sign(name: &str) -> bool {
    let is = |sign: &str| name.eq_ignore_ascii_case(sign);
    match name.len() {
        3 => is("via"),
        8 => is("cdn-loop"),
        9 => is("forwarded") || is("x-real-ip") || is("client-ip"),
        14 => is("true-client-ip"),
        15 => is("x-forwarded-for") || is("x-amzn-trace-id"),
        16 => is("cf-connecting-ip"),
        17 => is("x-forwarded-proto"),
        _ => false,
    }
}

/// Names in small letters, as a browser sends them over HTTP/2, but for `Host`, in the clear, with what browsers send over
/// TLS only: nginx and others that end TLS in front of us and keep their connections to us open.
fn ends_tls_quietly(facts: &RequestFacts<'_>) -> bool {
    let Fact::Known(list) = facts.headers else { return false };
    let written = |name: &str| list.entries.iter().any(|(written, _)| *written == name);
    facts.scheme == Fact::Known(Scheme::Http)
        && facts.header("connection").is_absent()
        && written("Host")
        && written("user-agent")
        && written("sec-fetch-mode")
        && written("accept-language")
}

/// True at our own listeners where nothing stands between client and us: what we see is what it wrote.
pub(super) fn is_direct(facts: &RequestFacts<'_>) -> bool {
    matches!(facts.vantage, Vantage::GatewayTls | Vantage::GatewayClear) && !was_forwarded(facts)
}

#[cfg(test)]
mod tests {
    use palisade_domain::{ClientKey, HeaderCase, HeaderList, HeaderOrder, Timestamp};

    use super::*;

    fn check(headers: &[(&str, &str)], forwarded: bool) {
        let mut facts =
            RequestFacts::bare(ClientKey::Opaque("c"), Timestamp::default(), Vantage::GatewayClear);
        facts.scheme = Fact::Known(Scheme::Http);
        facts.version = Fact::Known(HttpVersion::Http11);
        facts.headers =
            Fact::Known(HeaderList { entries: headers, order: HeaderOrder::Wire, case: HeaderCase::Wire });
        assert_eq!(was_forwarded(&facts), forwarded, "{headers:?}");
    }

    #[test]
    fn a_proxy_shows_its_hand() {
        check(&[("Host", "a"), ("Connection", "keep-alive"), ("User-Agent", "x")], false);
        check(&[("Host", "a"), ("Via", "1.1 cache")], true);
        check(&[("Host", "a"), ("x-forwarded-for", "192.0.2.1")], true);
        check(&[("Host", "a"), ("Connection", "Close")], true);
        let quiet = [("user-agent", "x"), ("sec-fetch-mode", "navigate"), ("accept-language", "en")];
        check(&[&[("Host", "a")], &quiet[..]].concat(), true);
        check(&[&[("Host", "a"), ("Connection", "Upgrade, HTTP2-Settings")], &quiet[..]].concat(), false);
    }

    #[test]
    fn texts_are_divided_at_the_first_mention() {
        assert_eq!(around("MoM Mozilla M", "Mozilla"), Some(("MoM ", " M")));
        assert_eq!(around("Chrom Chromium;v=1 Chromium", "Chromium"), Some(("Chrom ", ";v=1 Chromium")));
        assert_eq!((around("Chrom", "Chromium"), around("é", ""), around("", "x")), (None, None, None));
        for url in ["https://a/b", "http://a://b", "ftp://x", "https:/a", "a?u=http://b", "", "HTTPS://a"] {
            assert_eq!(split_scheme(url), url.split_once("://"), "{url}");
        }
    }

    #[test]
    fn some_hosts_are_trusted_without_tls() {
        for host in ["localhost", "localhost:3000", "app.localhost", "127.0.0.1:80", "[::1]:80", "abc.onion"]
        {
            assert!(is_trustworthy(host), "{host}");
        }
        for host in ["shop.example", "shop.example:8080", "192.0.2.1", "localhost.example"] {
            assert!(!is_trustworthy(host), "{host}");
        }
    }
}
