use proptest::prelude::*;

use super::*;
use crate::bindings::Bindings;
use crate::ticket::Purpose;
use palisade_domain::{SiteId, TenantId};

const WAITS: Waits = Waits { refresh_ms: 3_000, form_ms: 5_000 };
const TARGET: &str = "/shop?a=1&b=2";

fn secrets() -> Secrets {
    Secrets::derive(&[1; 32])
}

fn ticket(id: u128) -> Ticket {
    Ticket {
        tenant: TenantId(1),
        site: SiteId(2),
        id,
        issued: at(0),
        expires: at(600_000),
        purpose: Purpose::Pass,
        work: None,
        tries: 0,
        score: 75,
        bindings: Bindings::default(),
    }
}

/// `ms` after the page.
fn at(ms: i64) -> Timestamp {
    Timestamp::from_millis(1_000_000_000 + ms)
}

fn offer(id: u128) -> Offer {
    Offer::new(&ticket(id), TARGET, true, WAITS, &secrets())
}

/// Follows the style sheets of a page, each asked for at one of `times_ms`; the cookie header after that.
fn follow(id: u128, times_ms: &[i64]) -> String {
    let mut next = offer(id).chain.map(|chain| chain.sheet);
    let mut cookie = String::new();
    for ms in times_ms {
        let sheet = sheet(&next.unwrap(), &secrets(), at(*ms)).unwrap();
        assert_eq!(sheet.cookie_path, format!("{id:032x}"));
        cookie = sheet.cookie;
        next = sheet.next;
    }
    format!("a=b; {COOKIE}={cookie}")
}

fn shown<'a>(step: &'a str, cookies: &'a str, ms: i64) -> Shown<'a> {
    Shown { step, target: TARGET, cookies, tried: true, now: at(ms) }
}

fn end(id: u128, cookies: &str, ms: i64) -> Result<(), Code> {
    finish(&shown(&offer(id).chain.unwrap().end, cookies, ms), &ticket(id), &secrets())
}

fn press(id: u128, ms: i64) -> Result<(), Code> {
    finish(&shown(&offer(id).form, "", ms), &ticket(id), &secrets())
}

#[test]
fn the_chain_is_followed_to_its_end() {
    assert_eq!(end(7, &follow(7, &[10, 20, 30]), 3_000), Ok(()));
    assert_eq!(end(7, &follow(7, &[10, 20, 30]), 500_000), Ok(()));
    assert_eq!(end(7, &follow(7, &[2_000, 4_000, 6_000]), 6_500), Ok(()), "a slow line");
    let Offer { chain, form_wait_secs, .. } = offer(7);
    assert_eq!((chain.unwrap().refresh_secs, form_wait_secs), (3, 5));
}

#[test]
fn a_chain_without_its_last_step_is_incomplete() {
    assert_eq!(end(7, "", 3_000), Err(Code::StepsIncomplete));
    assert_eq!(end(7, "a=b", 3_000), Err(Code::StepsIncomplete));
    assert_eq!(end(7, &follow(7, &[10]), 3_000), Err(Code::StepsIncomplete));
    assert_eq!(end(7, &follow(7, &[10, 20]), 3_000), Err(Code::StepsIncomplete));
    assert_eq!(end(7, &format!("{COOKIE}=x"), 3_000), Err(Code::InvalidStep));
    assert_eq!(end(7, &follow(8, &[10, 20, 30]), 3_000), Err(Code::InvalidStep), "another tab's");
}

#[test]
fn the_addresses_of_a_chain_stand_only_in_its_sheets() {
    let first = offer(7).chain.unwrap().sheet;
    let second = sheet(&first, &secrets(), at(1)).unwrap();
    let third = sheet(&second.next.clone().unwrap(), &secrets(), at(2)).unwrap();
    let last = sheet(&third.next.unwrap(), &secrets(), at(3)).unwrap();
    assert_eq!(last.next, None);
    assert_eq!(last.cookie_max_age_secs, 599);
    // A cookie is no address, and an address is no cookie.
    let as_address = format!("{}/{}", last.cookie_path, last.cookie);
    assert_eq!(sheet(&as_address, &secrets(), at(3)), Err(Code::InvalidStep));
    let as_cookie = format!("{COOKIE}={}", second.next.unwrap().split_once('/').unwrap().1);
    assert_eq!(end(7, &as_cookie, 3_000), Err(Code::InvalidStep));
    assert_eq!(sheet(&first, &secrets(), at(600_000)), Err(Code::ExpiredTicket));
}

#[test]
fn who_comes_too_soon_may_come_again() {
    let cookies = follow(7, &[10, 20, 30]);
    assert_eq!(end(7, &cookies, 2_899), Err(Code::TooFast));
    assert_eq!(end(7, &cookies, 2_900), Ok(()), "a clock may run a little ahead");
    assert_eq!(end(7, &follow(7, &[10, 20, 2_990]), 3_000), Err(Code::TooFast), "right after the last sheet");
    assert_eq!(press(7, 4_899), Err(Code::TooFast));
    assert_eq!(press(7, 4_900), Ok(()));
    assert_eq!(press(7, -600_000), Err(Code::TooFast), "ten minutes off");
}

#[test]
fn without_the_cookie_of_tries_nothing_counts() {
    let (form, chain, cookies) = (offer(7).form, offer(7).chain.unwrap().end, follow(7, &[1, 2, 3]));
    for step in [&form, &chain] {
        let shown = Shown { tried: false, ..shown(step, &cookies, 9_000) };
        assert_eq!(finish(&shown, &ticket(7), &secrets()), Err(Code::CookiesOff));
    }
}

#[test]
fn steps_belong_to_one_ticket_and_one_target() {
    let Offer { form, chain, .. } = offer(7);
    for step in [form, chain.unwrap().end] {
        let cookies = follow(7, &[1, 2, 3]);
        let shown = shown(&step, &cookies, 9_000);
        assert_eq!(finish(&shown, &ticket(7), &secrets()), Ok(()));
        assert_eq!(finish(&shown, &ticket(8), &secrets()), Err(Code::InvalidStep));
        assert_eq!(finish(&shown, &ticket(7), &Secrets::derive(&[2; 32])), Err(Code::InvalidStep));
        let elsewhere = Shown { target: "https://evil.example/", ..shown };
        assert_eq!(finish(&elsewhere, &ticket(7), &secrets()), Err(Code::InvalidStep));
    }
}

#[test]
fn changed_or_cut_it_is_no_step() {
    let Offer { form, chain, .. } = offer(7);
    let Chain { sheet: first, end, .. } = chain.unwrap();
    let cookies = follow(7, &[1, 2, 3]);
    for text in [&form, &end, &first] {
        for at_byte in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[at_byte] = if changed[at_byte] == b'A' { b'B' } else { b'A' };
            for text in [std::str::from_utf8(&changed).unwrap(), &text[..at_byte], &text[at_byte + 1..]] {
                let shown = shown(text, &cookies, 9_000);
                assert_eq!(finish(&shown, &ticket(7), &secrets()), Err(Code::InvalidStep), "{text}");
                assert_eq!(sheet(text, &secrets(), at(9_000)), Err(Code::InvalidStep), "{text}");
            }
        }
    }
    // The form's text is no end of a chain, though one folder more would make it look like one.
    let dressed = format!("{}/{form}", folder(7));
    assert_eq!(finish(&shown(&dressed, &cookies, 9_000), &ticket(7), &secrets()), Err(Code::InvalidStep));
    let (_, bare) = end.split_once('/').unwrap();
    assert_eq!(finish(&shown(bare, &cookies, 9_000), &ticket(7), &secrets()), Err(Code::InvalidStep));
}

#[test]
fn who_loads_styles_is_offered_the_chain() {
    let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    assert!(loads_styles(Some(firefox)));
    for text in
        ["w3m/0.5.3+git20230121", "Lynx/2.9.0 libwww-FM/2.14", "Links (2.29; Linux)", "curl/8.5.0", ""]
    {
        assert!(!loads_styles(Some(text)), "{text}");
    }
    assert!(!loads_styles(None));
    let offer = Offer::new(&ticket(7), TARGET, false, WAITS, &secrets());
    assert_eq!(offer.chain, None);
    assert_eq!(finish(&shown(&offer.form, "", 5_000), &ticket(7), &secrets()), Ok(()));
}

proptest! {
    #[test]
    fn a_chain_holds_exactly_when_its_times_do(
        gaps in prop::array::uniform3(0i64..3_000),
        wait in 0i64..8_000,
    ) {
        let times = [gaps[0], gaps[0] + gaps[1], gaps.iter().sum()];
        let last = times[2] + wait;
        let from = (times[2] + SETTLE_MS).max(3_000) - EARLY_MS;
        let expected = if last >= from { Ok(()) } else { Err(Code::TooFast) };
        prop_assert_eq!(end(7, &follow(7, &times), last), expected);
    }

    #[test]
    fn any_text_is_no_step(text in "\\PC{0,200}", cookies in "(palisade_step=)?\\PC{0,200}") {
        prop_assert_eq!(sheet(&text, &secrets(), at(0)), Err(Code::InvalidStep));
        prop_assert_eq!(finish(&shown(&text, &cookies, 9_000), &ticket(7), &secrets()), Err(Code::InvalidStep));
        prop_assert!(end(7, &cookies, 9_000).is_err());
    }
}
