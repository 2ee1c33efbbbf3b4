use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;

use super::*;
use crate::ticket::{Purpose, Ticket};

const DAY_MS: i64 = 86_400_000;

fn secrets() -> Secrets {
    Secrets::derive(&[1; 32])
}

fn pass() -> Pass {
    Pass {
        tenant: TenantId(3),
        site: SiteId(4),
        id: 0xfeed,
        issued: Timestamp::from_secs(1_000_000),
        expires: Timestamp::from_secs(1_086_400),
        kind: PassKind::Work,
        epoch: 2,
        bindings: Bindings { network: Some(10), agent: Some(20), stack: Some(30) },
    }
}

fn check(pass: &Pass, change: impl FnOnce(&mut Shown<'_>)) -> Result<(), PassFault> {
    let bindings = self::pass().bindings;
    let now = self::pass().issued.plus_millis(DAY_MS / 2);
    let mut shown = Shown { tenant: TenantId(3), site: SiteId(4), bindings: &bindings, now, epoch: 2 };
    change(&mut shown);
    pass.check(&shown)
}

#[test]
fn a_pass_holds_where_and_for_whom_it_was_given() {
    let pass = Pass::read(&pass().text(&secrets()), &secrets()).unwrap();
    assert_eq!(pass, self::pass());
    assert_eq!(check(&pass, |_| ()), Ok(()));
    assert_eq!(check(&pass, |shown| shown.tenant = TenantId(4)), Err(PassFault::Foreign));
    assert_eq!(check(&pass, |shown| shown.site = SiteId(3)), Err(PassFault::Foreign));
    assert_eq!(check(&pass, |shown| shown.epoch = 1), Err(PassFault::Epoch));
    assert_eq!(check(&pass, |shown| shown.epoch = 3), Err(PassFault::Epoch));
}

#[test]
fn a_pass_holds_from_its_issue_to_its_end() {
    let pass = pass();
    let at = |now: Timestamp| check(&pass, |shown| shown.now = now);
    assert_eq!(at(pass.issued), Ok(()));
    assert_eq!(at(pass.issued.plus_millis(-CLOCK_SKEW_MS)), Ok(()), "clocks differ by as much");
    assert_eq!(at(pass.issued.plus_millis(-CLOCK_SKEW_MS - 1)), Err(PassFault::Expired));
    assert_eq!(at(pass.expires.plus_millis(-1)), Ok(()));
    assert_eq!(at(pass.expires), Err(PassFault::Expired));
    for odd in [i64::MIN, -1, 0, i64::MAX] {
        assert_eq!(at(Timestamp(odd)), Err(PassFault::Expired));
    }
}

#[test]
fn all_combinations_of_bindings() {
    let pass = pass();
    for bits in 0u32..8 {
        let kept = |bit: u32| bits & bit != 0;
        let other = Bindings {
            network: Some(if kept(1) { 10 } else { 11 }),
            agent: Some(if kept(2) { 20 } else { 21 }),
            stack: if kept(4) { Some(30) } else { None },
        };
        let expected = if bits.count_ones() >= 2 { Ok(()) } else { Err(PassFault::Bindings) };
        let pass = Pass::read(&pass.text(&secrets()), &secrets()).unwrap();
        assert_eq!(pass.check(&Shown { bindings: &other, ..shown(&pass) }), expected, "{bits:03b}");
    }
}

fn shown(pass: &Pass) -> Shown<'_> {
    let Pass { tenant, site, bindings, epoch, issued, .. } = pass;
    Shown { tenant: *tenant, site: *site, bindings, now: *issued, epoch: *epoch }
}

#[test]
fn one_bit_anywhere_makes_it_worthless() {
    let text = pass().text(&secrets());
    let bytes = URL_SAFE_NO_PAD.decode(&text).unwrap();
    for bit in 0..bytes.len() * 8 {
        let mut changed = bytes.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        let changed = URL_SAFE_NO_PAD.encode(changed);
        assert_eq!(Pass::read(&changed, &secrets()), Err(PassFault::Forged), "bit {bit}");
    }
    for bit in 0..text.len() * 8 {
        let mut changed = text.clone().into_bytes();
        changed[bit / 8] ^= 1 << (bit % 8);
        let read = std::str::from_utf8(&changed).map(|text| Pass::read(text, &secrets()));
        assert!(!matches!(read, Ok(Ok(_))), "bit {bit} of the text");
    }
}

#[test]
fn a_part_of_it_is_worthless_and_so_is_more_of_it() {
    let text = pass().text(&secrets());
    for len in 0..text.len() {
        assert_eq!(Pass::read(&text[..len], &secrets()), Err(PassFault::Forged), "{len}");
        assert_eq!(Pass::read(&text[len + 1..], &secrets()), Err(PassFault::Forged), "from {len}");
    }
    for more in ["A", "=", "==", ".", " ", "\0", "AAAA"] {
        assert_eq!(Pass::read(&format!("{text}{more}"), &secrets()), Err(PassFault::Forged), "{more:?}");
    }
}

#[test]
fn two_passes_spliced_are_none() {
    let one = URL_SAFE_NO_PAD.decode(pass().text(&secrets())).unwrap();
    let other = Pass { tenant: TenantId(9), site: SiteId(9), id: 0xbeef, ..pass() };
    let other = URL_SAFE_NO_PAD.decode(other.text(&secrets())).unwrap();
    for at in 1..one.len() {
        let spliced = [&one[..at], &other[at.min(other.len())..]].concat();
        assert!(
            spliced == other || Pass::read(&URL_SAFE_NO_PAD.encode(&spliced), &secrets()).is_err(),
            "{at}"
        );
    }
}

#[test]
fn what_was_signed_for_something_else_is_no_pass() {
    let ticket = Ticket {
        tenant: TenantId(3),
        site: SiteId(4),
        id: 1,
        issued: Timestamp::from_secs(1),
        expires: Timestamp::from_secs(2),
        purpose: Purpose::Pass,
        work: None,
        tries: 0,
        score: 0,
        bindings: pass().bindings,
    };
    let secrets = secrets();
    assert_eq!(Pass::read(&ticket.text(&secrets), &secrets), Err(PassFault::Forged));
    assert!(Ticket::read(&pass().text(&secrets), &secrets).is_err());
    // Not even under the same key: the purpose is part of what is signed.
    let mut fields = Fields::default();
    fields.put_number(VERSION);
    let text = fields.signed(&secrets.pass, "ticket");
    assert!(Signed::open(&text, &secrets.pass, PURPOSE).is_none());
    assert_eq!(Pass::read(&pass().text(&secrets), &Secrets::derive(&[2; 32])), Err(PassFault::Forged));
}

#[test]
fn a_right_mac_over_wrong_fields_is_no_pass() {
    let secrets = secrets();
    let signed = |fill: &dyn Fn(&mut Fields)| {
        let mut fields = Fields::default();
        fill(&mut fields);
        Pass::read(&fields.signed(&secrets.pass, PURPOSE), &secrets)
    };
    assert!(signed(&|_| ()).is_err());
    let whole = URL_SAFE_NO_PAD.decode(pass().text(&secrets)).unwrap();
    let whole = &whole[..whole.len() - crate::canonical::MAC_BYTES];
    let mut reader = Reader(whole);
    let list: Vec<&[u8]> = std::iter::from_fn(|| reader.take()).collect();
    let of = |list: &[&[u8]]| {
        signed(&|fields| {
            for field in list {
                fields.put(field);
            }
        })
    };
    assert_eq!(of(&list), Ok(pass()));
    assert!(of(&[&list[..], &[b"more"]].concat()).is_err());
    for at in 0..list.len() {
        assert!(of(&[&list[..at], &list[at + 1..]].concat()).is_err(), "without field {at}");
        for odd in [&[0u8][..], &[0, 1, 0], &[255; 9], &[255; 40]] {
            let mut changed = list.clone();
            changed[at] = odd;
            assert!(of(&changed).is_err(), "field {at}: {odd:?}");
        }
    }
}

#[test]
fn the_cookie_is_found_among_others() {
    let found = |cookies| in_cookies(cookies);
    assert_eq!(found("palisade_pass=abc"), Some("abc"));
    assert_eq!(found("a=b; palisade_pass=abc ;c=d"), Some("abc"));
    assert_eq!(found("palisade_pass=clear; __Host-palisade_pass=tls"), Some("tls"));
    assert_eq!(found("xpalisade_pass=1; palisade_pass_x=2; Palisade_pass=3"), None);
    for nothing in ["", ";", "=", ";;=;", "palisade_pass", "palisade_pass ; x"] {
        assert_eq!(found(nothing), None, "{nothing:?}");
    }
    assert_eq!(cookie("a==b=c", "a"), Some("=b=c"));
}

proptest! {
    #[test]
    fn what_was_written_is_read(
        (tenant, site, epoch) in any::<(u32, u32, u32)>(),
        id in any::<u128>(),
        (issued, life) in (0i64..1 << 38, 0i64..1 << 38),
        kind in prop::sample::select(&PassKind::ALL[..]),
        (network, agent, stack) in any::<(Option<u64>, Option<u16>, Option<u32>)>(),
    ) {
        let pass = Pass {
            tenant: TenantId(tenant),
            site: SiteId(site),
            id,
            issued: Timestamp::from_secs(issued),
            expires: Timestamp::from_secs(issued + life),
            kind,
            epoch,
            bindings: Bindings { network, agent, stack },
        };
        let text = pass.text(&secrets());
        prop_assert!(text.len() <= 160, "a cookie of {} bytes", text.len());
        prop_assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
        prop_assert_eq!(Pass::read(&text, &secrets()), Ok(pass));
    }

    #[test]
    fn any_cookie_header_is_read(cookies in "\\PC{0,300}") {
        let _ = in_cookies(&cookies).map(|text| Pass::read(text, &secrets()).unwrap_err());
    }
}

/// Passes outlive a release: another text here takes everybody's pass away, and wants another [`VERSION`].
#[test]
fn the_text_of_a_pass_stays_what_it_is() {
    let text = "AAEBAAEDAAEEABAAAAAAAAAAAAAAAAAAAP7tAAMPQkAAAxCTwAABAgABAgAIAAAAAAAAAAoAAgAUAAQAAAAev4V7Zcdnl0CJXoZxOF-7VA";
    assert_eq!(pass().text(&secrets()), text);
    assert_eq!(Pass::read(text, &secrets()), Ok(pass()));
}
