use super::*;
use proptest::prelude::*;

thread_local!(static AGENTS: Agents = Agents::builtin());

fn claim(ua: &str) -> Claim {
    AGENTS.with(|agents| agents.claim(ua))
}

/// Recorded clients and documented crawlers, one a line: class, name, user agent.
#[test]
fn known_clients_are_named() {
    let lines = include_str!("../../testdata/claims.tsv").lines().filter(|line| !line.starts_with('#'));
    for line in lines {
        let [class, name, ua] = line.splitn(3, '\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let got = claim(ua);
        let got = (got.class.map_or("-", IdentityClass::name), got.name.unwrap_or("-"));
        assert_eq!(got, (class, name), "{ua}");
    }
}

#[test]
fn the_more_specific_name_wins() {
    let check = |ua, name| assert_eq!(claim(ua).name, Some(name), "{ua}");
    check("SemrushBot/7 python-requests/2.31", "SemrushBot");
    check("AdsBot-Google-Mobile", "AdsBot-Google-Mobile");
    check("Mozilla/5.0 HeadlessChrome/150 Safari/537.36 SomeoneElse Pingdom", "Pingdom");
}

#[test]
fn whom_it_resembles_is_not_who_it_is() {
    let feedly = claim("Feedly/1.0 (+http://www.feedly.com/fetcher.html; like FeedFetcher-Google)");
    assert_eq!((feedly.name, feedly.operator), (Some("Feedly"), None));
    assert_eq!(claim("TelegramBot (like TwitterBot)").operator, OperatorId::from_key("telegram"));
}

#[test]
fn an_app_on_a_phone_is_a_persons() {
    for ua in [
        "Reeder/1020.09.00 CFNetwork/596.2.3 Darwin/12.2.0",
        "Shop/9 (Linux; Android 14) okhttp/4.12.0",
        "Mozilla/5.0 (Linux; Android 8.0.0; Curl Nikto) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/86.0.4240.99 Mobile Safari/537.36",
    ] {
        assert_eq!(claim(ua), Claim::default(), "{ua}");
    }
    assert_eq!(claim("okhttp/4.12.0").class, Some(IdentityClass::Library));
}

#[test]
fn scanners_that_say_so_are_marked() {
    for ua in
        ["sqlmap/1.7.2#stable (https://sqlmap.org)", "Mozilla/5.0 zgrab/0.x", "Mozilla/5.00 (Nikto/2.1.6)"]
    {
        assert!(claim(ua).scanner, "{ua}");
    }
    assert!(!claim("curl/8.5.0").scanner);
}

#[test]
fn classes_of_unnamed_clients() {
    let class = |ua: &str| claim(ua).class_or(&palisade_fingerprint::user_agent::parse(ua));
    assert_eq!(class("w3m/0.5.3+git20230121"), IdentityClass::Browser);
    assert_eq!(class("Dalvik/2.1.0 (Linux; U; Android 5.1.1; AFTT Build/LVY48F)"), IdentityClass::Browser);
    assert_eq!(class(""), IdentityClass::Unknown);
}

#[test]
fn the_automaton_stays_small() {
    let bytes = AGENTS.with(Agents::memory_bytes);
    assert!(bytes < 16 << 20, "{bytes}");
}

proptest! {
    #[test]
    fn any_text_is_claimed_without_panic(ua in "\\PC{0,1500}") {
        let claim = claim(&ua);
        prop_assert_eq!(claim.class.is_some(), claim.by != ClaimedBy::None);
        prop_assert_eq!(claim.name.is_some(), claim.class.is_some());
    }

    /// Pieces that real user agents are made of, in any order: the grammar is walked deeper than by random text.
    #[test]
    fn any_mixture_is_claimed_without_panic(parts in prop::collection::vec(
        prop::sample::select(vec!["Mozilla/5.0 ", "(", ")", "compatible; ", "Android 9; ", " Build/", "KHTML, like Gecko", "Googlebot",
            "http", "://", "@", "a.b", "bot", "é", "Chrome/1 ", ";", "U;", "rv:1", "like ", "MSIE "]), 0..60)) {
        let ua = parts.concat();
        prop_assert_eq!(claim(&ua), claim(&ua));
    }
}
