use super::*;
use proptest::prelude::*;

#[track_caller]
fn check(ua: &str, family: Family, major: Option<u16>, engine: Engine, os: Os, mobile: bool) {
    let read = parse(ua);
    assert_eq!(
        (read.family, read.major, read.engine, read.os, read.mobile),
        (family, major, engine, os, mobile),
        "{ua}"
    );
}

const WEBKIT: &str = "AppleWebKit/537.36 (KHTML, like Gecko)";

#[test]
fn the_big_browsers() {
    let windows =
        format!("Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/153.0.0.0 Safari/537.36");
    let blink = Engine::Blink(Some(153));
    check(&windows, Family::Chrome, Some(153), blink, Os::Windows, false);
    check(&format!("{windows} Edg/152.0.0.0"), Family::Edge, Some(152), blink, Os::Windows, false);
    check(&format!("{windows} OPR/134.0.0.0"), Family::Opera, Some(134), blink, Os::Windows, false);
    check(&format!("{windows} Vivaldi/7.1"), Family::ChromiumOther, Some(7), blink, Os::Windows, false);
    check(
        "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0",
        Family::Firefox,
        Some(153),
        Engine::Gecko(Some(153)),
        Os::Linux,
        false,
    );
    check(
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.6 Safari/605.1.15",
        Family::Safari,
        Some(26),
        Engine::WebKit(Some(605)),
        Os::MacOs,
        false,
    );
    check(
        "Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko",
        Family::InternetExplorer,
        Some(11),
        Engine::Trident(Some(11)),
        Os::Windows,
        false,
    );
}

#[test]
fn phones_and_what_lives_in_apps() {
    check(
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/150.0.0.0 Mobile/15E148 Safari/604.1",
        Family::Chrome,
        Some(150),
        Engine::WebKit(Some(605)),
        Os::Ios,
        true,
    );
    check(
        &format!(
            "Mozilla/5.0 (Linux; Android 10; K) {WEBKIT} SamsungBrowser/27.0 Chrome/125.0.0.0 Mobile Safari/537.36"
        ),
        Family::Samsung,
        Some(27),
        Engine::Blink(Some(125)),
        Os::Android,
        true,
    );
    check(
        &format!(
            "Mozilla/5.0 (Linux; Android 14; Pixel 6 Build/A; wv) {WEBKIT} Version/4.0 Chrome/115.0.1.1 Mobile Safari/537.36"
        ),
        Family::WebView,
        Some(115),
        Engine::Blink(Some(115)),
        Os::Android,
        true,
    );
    check(
        "Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0",
        Family::Firefox,
        Some(140),
        Engine::Gecko(Some(140)),
        Os::Android,
        true,
    );
    check("Shop/1.2 CFNetwork/1.0 Darwin/20", Family::App, Some(1), Engine::None, Os::Apple, false);
    check(
        "Dalvik/2.1.0 (Linux; U; Android 5.1.1; AFTT Build/LVY48F)",
        Family::App,
        Some(2),
        Engine::None,
        Os::Android,
        false,
    );
}

#[test]
fn small_browsers_and_programs() {
    let qt = format!(
        "Mozilla/5.0 (X11; Linux x86_64) {WEBKIT} QtWebEngine/5.15.8 Chrome/87.0.4280.144 Safari/537.36"
    );
    check(&qt, Family::QtWebEngine, Some(5), Engine::Blink(Some(87)), Os::Linux, false);
    for (ua, family) in [
        ("Links (2.28; Linux 6.18 x86_64; GNU C 12.2; dump)", Family::TextBrowser),
        ("Lynx/2.9.0dev.12 libwww-FM/2.14 SSL-MM/1.4.1 GNUTLS/3.7.8", Family::TextBrowser),
        ("w3m/0.5.3+git20230121", Family::TextBrowser),
        ("NetSurf/3.10 (Linux)", Family::OtherBrowser),
        ("Dillo/3.0.5", Family::OtherBrowser),
        ("Mozilla/5.0 (X11; Linux x86_64) KIO/5.103 konqueror/22.12.3", Family::OtherBrowser),
        ("curl/8.5.0", Family::Program),
        ("Mozilla/5.0", Family::None),
        ("", Family::None),
    ] {
        assert_eq!(parse(ua).family, family, "{ua}");
    }
    let headless = format!("Mozilla/5.0 (X11; Linux x86_64) {WEBKIT} HeadlessChrome/156.0.0.0 Safari/537.36");
    assert_eq!(parse(&headless).family, Family::HeadlessChrome);
}

#[test]
fn the_key_ignores_versions() {
    let key = |ua: &str| parse(ua).family_key();
    let firefox = |n: u32| format!("Mozilla/5.0 (X11; Linux x86_64; rv:{n}.0) Gecko/20100101 Firefox/{n}.0");
    assert_eq!(key(&firefox(1)), key(&firefox(153)));
    assert_ne!(key(&firefox(1)), key("curl/8"));
}

proptest! {
    #[test]
    fn any_text_is_read(text in "\\PC{0,1200}") {
        let read = parse(&text);
        prop_assert!(read.product.len() <= BYTES_MAX);
        prop_assert!(read.family_key() < 4096);
    }

    #[test]
    fn tails_beyond_the_bound_change_nothing(tail in "[ -~]{0,100}") {
        let head = format!("curl/8.5.0 ({})", "x".repeat(BYTES_MAX));
        let long = format!("{head}{tail}");
        prop_assert_eq!(parse(&head), parse(&long));
    }
}
