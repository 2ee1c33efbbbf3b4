//! A pass in a `Cookie` header: what nobody signed is none. Signed, any fields are read or refused, and what is read is
//! written in the same way again: a pass has one spelling. The same fields signed for a ticket are no pass.
#![no_main]

mod signing;

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use palisade_challenge::pass::{self, PassFault, Shown};
use palisade_challenge::{Bindings, Pass, Secrets, Ticket};
use palisade_domain::{PassKind, SiteId, TenantId, Timestamp};
use ring::hmac;

static SECRETS: LazyLock<Secrets> = LazyLock::new(signing::secrets);
static KEY: LazyLock<hmac::Key> = LazyLock::new(|| {
    let key = signing::key("pass");
    signing::fields(&ours().text(&SECRETS), &key, "pass");
    key
});

fn ours() -> Pass {
    Pass {
        tenant: TenantId(1),
        site: SiteId(2),
        id: 3,
        issued: Timestamp::from_secs(1_900_000_000),
        expires: Timestamp::from_secs(1_900_086_400),
        kind: PassKind::Work,
        epoch: 1,
        bindings: Bindings { network: Some(4), agent: Some(5), stack: None },
    }
}

fuzz_target!(|data: &[u8]| {
    let Some((way, data)) = data.split_first() else { return };
    if way % 2 == 0 {
        let cookies = String::from_utf8_lossy(data);
        // Only the product itself could have written one; the corpus holds none.
        let held = pass::in_cookies(&cookies).map(|text| Pass::read(text, &SECRETS));
        assert!(!matches!(held, Some(Ok(_))), "{cookies:?}");
        return;
    }
    let text = signing::sign(data, &KEY, "pass");
    let other = signing::sign(data, &KEY, "ticket");
    assert_eq!(Pass::read(&other, &SECRETS), Err(PassFault::Forged));
    assert!(Ticket::read(&text, &SECRETS).is_err());
    let Ok(pass) = Pass::read(&text, &SECRETS) else { return };
    assert_eq!(pass.text(&SECRETS), text, "one pass, two spellings");
    let cookies = format!("a=b; {}={text}", pass::COOKIE);
    assert_eq!(pass::in_cookies(&cookies), Some(text.as_str()));
    for now in [i64::MIN, 0, pass.issued.0, pass.expires.0, i64::MAX].map(Timestamp) {
        let shown =
            Shown { tenant: pass.tenant, site: pass.site, bindings: &pass.bindings, now, epoch: pass.epoch };
        if pass.check(&shown).is_ok() {
            assert!(now < pass.expires);
            assert_eq!(pass.check(&Shown { site: SiteId(!pass.site.0), ..shown }), Err(PassFault::Foreign));
            assert_eq!(pass.check(&Shown { epoch: !pass.epoch, ..shown }), Err(PassFault::Epoch));
            assert_eq!(
                pass.check(&Shown { bindings: &Bindings::default(), ..shown }),
                Err(PassFault::Bindings)
            );
        }
    }
});
