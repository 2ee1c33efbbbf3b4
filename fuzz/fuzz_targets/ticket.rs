//! Tickets, the cookie of tries, and saved claims. What nobody signed is refused; signed, any fields are read or refused,
//! and what is read is written in the same way again. What a ticket asks for is work that can be issued and is bounded. Claims that
//! are read back are all there, and none of them can be won.
#![no_main]

mod signing;

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use palisade_challenge::claims::{Claim, Claims, Kind};
use palisade_challenge::ladder::{Asked, HASHES_MAX, Ladder, Load, Try, cookie_name};
use palisade_challenge::ticket::Purpose;
use palisade_challenge::{Bindings, Code, Pass, Secrets, Ticket};
use palisade_domain::{Scheme, SiteId, TenantId, Timestamp};
use ring::hmac;

static SECRETS: LazyLock<Secrets> = LazyLock::new(signing::secrets);
static TICKET: LazyLock<hmac::Key> = LazyLock::new(|| {
    let ours = Ticket {
        tenant: TenantId(1),
        site: SiteId(2),
        id: 3,
        issued: NOW,
        expires: NOW.plus_millis(600_000),
        purpose: Purpose::Pass,
        work: None,
        tries: 0,
        score: 0,
        bindings: Bindings::default(),
    };
    let key = signing::key("ticket");
    signing::fields(&ours.text(&SECRETS), &key, "ticket");
    key
});
static STEP: LazyLock<hmac::Key> = LazyLock::new(|| {
    let key = signing::key("step");
    signing::fields(&Try::first(TenantId(1), SiteId(2), 3, NOW).text(&SECRETS), &key, "tries");
    key
});

const NOW: Timestamp = Timestamp(1_900_000_000_000_000);

fuzz_target!(|data: &[u8]| {
    let Some((way, data)) = data.split_first() else { return };
    match way % 4 {
        0 => {
            let text = String::from_utf8_lossy(data);
            assert_eq!(Ticket::read(&text, &SECRETS), Err(Code::InvalidTicket));
            let site = (TenantId(1), SiteId(2));
            assert_eq!(Try::read(&text, Scheme::Http, &SECRETS, site, NOW), None);
        }
        1 => ticket(data),
        2 => tries(data),
        _ => claims(data),
    }
});

fn ticket(fields: &[u8]) {
    let text = signing::sign(fields, &TICKET, "ticket");
    assert!(Pass::read(&text, &SECRETS).is_err());
    let Ok(ticket) = Ticket::read(&text, &SECRETS) else { return };
    assert_eq!(ticket.text(&SECRETS), text, "one ticket, two spellings");
    if let Some(work) = ticket.work {
        assert!((1..=64).contains(&work.puzzles) && (4..=24).contains(&work.range_log2));
    }
    for now in [i64::MIN, 0, ticket.issued.0, ticket.expires.0, i64::MAX].map(Timestamp) {
        let check = |site, purpose| ticket.check(ticket.tenant, site, purpose, now);
        assert_eq!(check(SiteId(!ticket.site.0), ticket.purpose), Err(Code::ForeignTicket));
        if check(ticket.site, ticket.purpose).is_ok() {
            assert!(now < ticket.expires);
        }
    }
}

fn tries(fields: &[u8]) {
    let text = signing::sign(fields, &STEP, "tries");
    let cookies = format!("{}={text}", cookie_name(Scheme::Https));
    // The site it names is its own matter: the sites of the corpus are tried.
    let read = |site| Try::read(&cookies, Scheme::Https, &SECRETS, site, NOW);
    let Some(held) = read((TenantId(1), SiteId(2))) else { return };
    assert_eq!(read((TenantId(2), SiteId(1))), None);
    let again = format!("{}={}", cookie_name(Scheme::Https), held.text(&SECRETS));
    assert_eq!(Try::read(&again, Scheme::Https, &SECRETS, (held.tenant, held.site), NOW), Some(held));
    for next in [held.again(NOW, 4), held.failed(Code::TooFast, NOW), held.answered(NOW)] {
        assert!(next.count >= held.count && next.id == held.id && next.first == held.first);
    }
    let asked = Asked {
        purpose: Purpose::Pass,
        score: held.count,
        load: Load::Flood,
        pressure: u32::MAX,
        tries: held.count,
        code: held.code,
    };
    let plan = Ladder::default().plan(&asked);
    assert_eq!(plan.kind.is_none(), held.count >= 6);
    assert!(plan.work.is_none_or(|work| u64::from(work.puzzles) << work.range_log2 <= HASHES_MAX));
}

fn claims(bytes: &[u8]) {
    // The first line is ours, else nearly nothing would come past it.
    let mut saved = Claims::default().to_bytes();
    saved.truncate(saved.len() - 16);
    saved.extend_from_slice(bytes);
    let Some(claims) = Claims::from_bytes(&saved) else { return };
    let written = claims.to_bytes();
    assert!(written.len() <= saved.len(), "twice the same is once");
    let again = Claims::from_bytes(&written).expect("what was written is read");
    assert_eq!((again.len(), again.to_bytes().len()), (claims.len(), written.len()));
    // What they hold: second of expiry, tenant, kind, id.
    let held = bytes.get(16..).unwrap_or_default().as_chunks::<29>().0;
    for record in held.iter().take(64) {
        let word =
            |at: usize| u32::from_be_bytes([record[at], record[at + 1], record[at + 2], record[at + 3]]);
        let second = i64::from(word(0)) << 32 | i64::from(word(4));
        let id = (0..4).fold(0, |id: u128, n| id << 32 | u128::from(word(13 + 4 * n)));
        let kind = [Kind::Ticket, Kind::Token, Kind::Seal].into_iter().find(|kind| *kind as u8 == record[12]);
        // Beyond these a time has no microseconds.
        if !(1..1 << 40).contains(&second) {
            continue;
        }
        let expires = Timestamp::from_secs(second - 1);
        let kind = kind.expect("others are not read");
        let claim = claims.claim(TenantId(word(8)), kind, id, Timestamp(i64::MAX), expires, Timestamp(0));
        assert_ne!(claim, Claim::Won, "it was claimed before");
    }
}
