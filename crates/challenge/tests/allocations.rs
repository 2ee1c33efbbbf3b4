//! A pass comes with every request of whoever holds one: checking it allocates nothing, right or wrong, however long.
//!
//! A binary of its own, because counting takes the place of the whole process's allocator.

use palisade_challenge::ladder::Try;
use palisade_challenge::pass::{self, PassFault, Shown};
use palisade_challenge::ticket::Purpose;
use palisade_challenge::work::WorkParams;
use palisade_challenge::{Bindings, Pass, Secrets, Ticket};
use palisade_domain::{PassKind, Scheme, SiteId, TenantId, Timestamp};

const SITE: (TenantId, SiteId) = (TenantId(1), SiteId(2));
const BINDINGS: Bindings = Bindings { network: Some(1), agent: Some(2), stack: Some(3) };

fn now() -> Timestamp {
    Timestamp::from_secs(1_900_000_000)
}

fn allocations(f: impl FnOnce()) -> u64 {
    allocation_counter::measure(f).count_total
}

fn pass() -> Pass {
    Pass {
        tenant: SITE.0,
        site: SITE.1,
        id: 5,
        issued: now(),
        expires: now().plus_millis(1_000),
        kind: PassKind::Work,
        epoch: 1,
        bindings: BINDINGS,
    }
}

#[test]
fn checking_a_pass_allocates_nothing() {
    let secrets = Secrets::derive(&[7; 32]);
    let shown = Shown { tenant: SITE.0, site: SITE.1, bindings: &BINDINGS, now: now(), epoch: 1 };
    let check = |cookies: &str| {
        let text = pass::in_cookies(cookies).ok_or(PassFault::Forged)?;
        Pass::read(text, &secrets).and_then(|pass| pass.check(&shown))
    };
    let good = format!("a=b; palisade_pass={}", pass().text(&secrets));
    let foreign = format!("palisade_pass={}", Pass { site: SiteId(3), ..pass() }.text(&secrets));
    let long = format!("palisade_pass={}", "A".repeat(60_000));
    for (cookies, expected) in [
        (good.as_str(), Ok(())),
        (&foreign, Err(PassFault::Foreign)),
        (&long, Err(PassFault::Forged)),
        (&good[..good.len() - 1], Err(PassFault::Forged)),
        ("", Err(PassFault::Forged)),
    ] {
        assert_eq!(allocations(|| assert_eq!(check(cookies), expected)), 0, "{expected:?}");
    }
}

#[test]
fn reading_a_ticket_and_tries_allocates_nothing() {
    let secrets = Secrets::derive(&[7; 32]);
    let ticket = Ticket {
        tenant: SITE.0,
        site: SITE.1,
        id: 5,
        issued: now(),
        expires: now().plus_millis(600_000),
        purpose: Purpose::Pass,
        work: Some(WorkParams::HASH),
        tries: 0,
        score: 70,
        bindings: BINDINGS,
    };
    let text = ticket.text(&secrets);
    let cookies = format!("palisade_try={}", Try::first(SITE.0, SITE.1, 5, now()).text(&secrets));
    let counted = allocations(|| {
        assert_eq!(Ticket::read(&text, &secrets), Ok(ticket));
        assert!(Ticket::read(&text[1..], &secrets).is_err());
        assert!(Try::read(&cookies, Scheme::Http, &secrets, SITE, now()).is_some());
    });
    assert_eq!(counted, 0);
}
