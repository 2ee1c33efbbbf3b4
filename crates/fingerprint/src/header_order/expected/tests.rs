use palisade_domain::HeaderCase;
use proptest::prelude::*;

use super::*;

fn list<R>(names: &str, f: impl FnOnce(&HeaderList<'_>) -> R) -> R {
    let entries: Vec<_> =
        names.split_whitespace().map(|word| word.split_once('=').unwrap_or((word, ""))).collect();
    f(&HeaderList { entries: &entries, order: HeaderOrder::Wire, case: HeaderCase::Wire })
}

fn pair(names: &str, version: HttpVersion, engine: Engine) -> Option<(&'static str, &'static str)> {
    list(names, |list| conflicts(list, version, engine)).map(|conflict| conflict.pair)
}

const CHROME_1: &str = "Host Connection Upgrade-Insecure-Requests User-Agent Accept Referer Accept-Encoding Accept-Language Cookie";
const CHROME_2: &str = "sec-ch-ua sec-ch-ua-mobile sec-ch-ua-platform upgrade-insecure-requests user-agent accept \
    sec-fetch-site sec-fetch-mode=navigate sec-fetch-user sec-fetch-dest=document accept-encoding accept-language priority";
const FIREFOX_1: &str = "Host User-Agent Accept Accept-Language Accept-Encoding Connection Referer Cookie Upgrade-Insecure-Requests Priority";
const FIREFOX_2: &str = "user-agent accept accept-language accept-encoding referer cookie upgrade-insecure-requests \
    sec-fetch-dest=document sec-fetch-mode=navigate sec-fetch-site sec-fetch-user priority te";

#[test]
fn browsers_agree_with_themselves() {
    use HttpVersion::{Http2, Http11};
    for (names, version, engine) in [
        (CHROME_1, Http11, Engine::Blink),
        (CHROME_1, Http11, Engine::QtWebEngine),
        (CHROME_2, Http2, Engine::Blink),
        (FIREFOX_1, Http11, Engine::Gecko),
        (FIREFOX_2, Http2, Engine::Gecko),
    ] {
        assert_eq!(pair(names, version, engine), None, "{engine:?}");
    }
}

#[test]
fn and_not_with_each_other() {
    use HttpVersion::{Http2, Http11};
    assert_eq!(pair(FIREFOX_1, Http11, Engine::Blink), Some(("accept", "connection")));
    assert!(pair(FIREFOX_2, Http2, Engine::Blink).is_some());
    assert!(pair(CHROME_1, Http11, Engine::Gecko).is_some());
    assert!(pair(CHROME_2, Http2, Engine::Gecko).is_some());
}

/// Orders of Chromium between the recorded versions, as its source and public captures have them.
#[test]
fn older_chromium_is_believed() {
    let xhr = "sec-ch-ua accept x-requested-with sec-ch-ua-mobile user-agent sec-ch-ua-platform sec-fetch-site \
        sec-fetch-mode=cors sec-fetch-dest=empty referer accept-encoding accept-language cookie";
    assert_eq!(pair(xhr, HttpVersion::Http2, Engine::Blink), None);
    let post = "content-length cache-control sec-ch-ua sec-ch-ua-mobile sec-ch-ua-platform upgrade-insecure-requests origin \
        content-type user-agent accept sec-fetch-site sec-fetch-mode=navigate sec-fetch-user sec-fetch-dest=document \
        referer accept-encoding accept-language cookie";
    assert_eq!(pair(post, HttpVersion::Http2, Engine::Blink), None);
    let clear =
        "Host Connection Accept X-Requested-With User-Agent Referer Accept-Encoding Accept-Language Cookie";
    assert_eq!(pair(clear, HttpVersion::Http11, Engine::Blink), None);
}

/// Firefox since 90, where the recordings of 153 have it otherwise.
#[test]
fn older_firefox_is_believed() {
    let xhr = "Host User-Agent Accept Accept-Language Accept-Encoding Referer Content-Type X-Requested-With Content-Length \
        Origin DNT Connection Cookie Sec-Fetch-Dest=empty Sec-Fetch-Mode=cors Sec-Fetch-Site";
    assert_eq!(pair(xhr, HttpVersion::Http11, Engine::Gecko), None);
}

#[test]
fn libraries_under_a_browsers_name_are_not() {
    let check = |names, engine| assert!(pair(names, HttpVersion::Http11, engine).is_some(), "{names}");
    check("Host User-Agent Accept-Encoding Accept Connection", Engine::Blink);
    check("Host User-Agent Accept-Encoding Accept Connection", Engine::Gecko);
    check("Accept Accept-Encoding User-Agent Host Connection", Engine::Blink);
    let alphabet = "accept accept-encoding accept-language cookie sec-fetch-dest=document sec-fetch-mode=navigate user-agent";
    assert!(pair(alphabet, HttpVersion::Http2, Engine::Blink).is_some());
}

#[test]
fn nothing_is_held_against_what_is_not_known() {
    let reversed = "User-Agent Connection Host";
    for engine in [Engine::WebKit, Engine::Other] {
        assert_eq!(pair(reversed, HttpVersion::Http11, engine), None);
        assert_eq!(engine.known_from(), None);
    }
    for version in [HttpVersion::Http10, HttpVersion::Http3, HttpVersion::Other] {
        assert_eq!(pair(reversed, version, Engine::Blink), None);
    }
    assert!(pair(reversed, HttpVersion::Http11, Engine::Blink).is_some());
    assert_eq!(pair("Via User-Agent Connection Host", HttpVersion::Http11, Engine::Blink), None);
    assert_eq!(pair("User-Agent Connection Host Upgrade", HttpVersion::Http11, Engine::Blink), None);
    let lost =
        HeaderList { entries: &[("TE", ""), ("Host", "")], order: HeaderOrder::Lost, case: HeaderCase::Wire };
    assert_eq!(conflicts(&lost, HttpVersion::Http11, Engine::Gecko), None);
}

#[test]
fn a_bad_line_is_named() {
    let good = "# comment\n\nblink\t1\tany\thost\taccept\t3\n";
    assert!(Expected::parse(good).is_ok());
    for bad in [
        "blink",
        "opera\t1\tany\thost\taccept\t3",
        "blink\t3\tany\thost\taccept\t3",
        "blink\t1\tany\thost\tx-a\t3",
    ] {
        assert_eq!(Expected::parse(&format!("{good}{bad}")).err(), Some(BadTable { line: 4 }), "{bad}");
    }
}

#[test]
fn no_rule_contradicts_another() {
    for followers in &SHIPPED.tables {
        for (first, after) in followers.iter().enumerate() {
            for second in (0..Name::COUNT).filter(|second| after >> second & 1 == 1) {
                assert_eq!(followers[second] >> first & 1, 0);
            }
        }
    }
}

proptest! {
    /// A header that is missing never makes a conflict.
    #[test]
    fn leaving_headers_out_is_no_conflict(keep in any::<u32>(), browser in 0usize..4) {
        let (names, version, engine) = [
            (CHROME_1, HttpVersion::Http11, Engine::Blink),
            (CHROME_2, HttpVersion::Http2, Engine::Blink),
            (FIREFOX_1, HttpVersion::Http11, Engine::Gecko),
            (FIREFOX_2, HttpVersion::Http2, Engine::Gecko),
        ][browser];
        let is_kind = |name: &str| name.starts_with("sec-fetch") || name.eq_ignore_ascii_case("upgrade-insecure-requests");
        let part: Vec<_> = names.split_whitespace().enumerate()
            .filter(|(at, name)| keep >> at & 1 == 1 || is_kind(name)).map(|(_, name)| name).collect();
        prop_assert_eq!(pair(&part.join(" "), version, engine), None);
    }

    /// Headers nobody knows change nothing.
    #[test]
    fn unknown_headers_change_nothing(at in 0usize..9, name in "x-[a-z]{1,5}") {
        let mut names: Vec<_> = CHROME_1.split_whitespace().collect();
        names.insert(at, &name);
        prop_assert_eq!(pair(&names.join(" "), HttpVersion::Http11, Engine::Blink), None);
    }
}
