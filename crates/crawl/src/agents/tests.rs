use super::*;
use proptest::prelude::*;

#[track_caller]
fn check(ua: &str, class: Option<IdentityClass>, name: Option<&str>) {
    let claim = Agents::builtin().claim(ua);
    assert_eq!((claim.class, claim.name), (class, name), "{ua}");
}

#[test]
fn browsers_say_nothing() {
    for ua in [
        "",
        "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0",
        "Links (2.28; Linux 6.18 x86_64; GNU C 12.2; dump)",
        "Lynx/2.9.0dev.12 libwww-FM/2.14 SSL-MM/1.4.1 GNUTLS/3.7.8",
        "w3m/0.5.3+git20230121",
        "NetSurf/3.10 (Linux)",
        "Dillo/3.0.5",
        "Mozilla/5.0 (X11; Linux x86_64) KIO/5.103 konqueror/22.12.3",
    ] {
        check(ua, None, None);
    }
}

#[test]
fn the_more_specific_name_wins() {
    check("curl/8.5.0", Some(IdentityClass::Tool), Some("curl"));
    check("SemrushBot/7 python-requests/2.31", Some(IdentityClass::Tool), Some("SemrushBot"));
    check("AdsBot-Google-Mobile", Some(IdentityClass::Search), Some("AdsBot-Google-Mobile"));
}

proptest! {
    #[test]
    fn any_text_is_claimed_without_panic(ua in "\\PC{0,1500}") {
        thread_local!(static AGENTS: Agents = Agents::builtin());
        AGENTS.with(|agents| {
            let claim = agents.claim(&ua);
            assert_eq!(claim.class.is_some(), claim.by != ClaimedBy::None);
        });
    }
}
