//! A question of siteverify: any content type, query and body are read or refused; what is read as a form reads the same as
//! JSON; every answer is JSON with a status that its flavour may have, and without a secret of ours nothing is a yes.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use palisade_challenge::Secrets;
use palisade_challenge::claims::Claims;
use palisade_challenge::site_key::SiteKey;
use palisade_challenge::siteverify::{Asked, Desk, Flavour, answer};
use palisade_challenge::token::Tokens;
use palisade_domain::{TenantId, Timestamp};

static TOKENS: LazyLock<Tokens> = LazyLock::new(|| {
    let tokens = Tokens::default();
    let hosts = ["shop.example".to_owned()];
    tokens.set_automatic(vec![SiteKey::automatic(&Secrets::derive(&[7; 32]), TenantId(0), &hosts)]);
    tokens
});
static CLAIMS: LazyLock<Claims> = LazyLock::new(Claims::default);

const NOW: Timestamp = Timestamp(1_772_323_200_000_000);
const KINDS: [Option<&str>; 5] = [
    None,
    Some("application/x-www-form-urlencoded"),
    Some("application/json"),
    Some("multipart/form-data; boundary=a"),
    Some("text/plain"),
];

fuzz_target!(|data: &[u8]| {
    let Some((way, data)) = data.split_first() else { return };
    let kind = KINDS[usize::from(*way) % KINDS.len()];
    // The first line may be a query.
    let at = data.iter().position(|byte| *byte == b'\n').filter(|_| way & 0x80 != 0);
    let (query, body) =
        at.map_or((None, data), |at| (std::str::from_utf8(&data[..at]).ok(), &data[at + 1..]));
    let asked = Asked::read(kind, query, body);
    if let Ok(asked) = &asked {
        let mut fields = serde_json::Map::new();
        fields.insert("secret".into(), asked.secret.clone().into());
        fields.insert("response".into(), asked.response.clone().into());
        fields.insert("sitekey".into(), asked.site_key.clone().into());
        fields.insert("idempotency_key".into(), asked.idempotency_key.clone().into());
        let json = serde_json::to_vec(&fields).expect("texts are JSON");
        // Escaping may make it longer than a question may be.
        if let Ok(again) = Asked::read(Some("application/json"), None, &json) {
            assert!(again == *asked);
        }
    }
    for flavour in [Flavour::Own, Flavour::Turnstile, Flavour::Recaptcha] {
        for testing in [false, true] {
            let desk = Desk { tokens: &TOKENS, claims: &CLAIMS, testing, asks_work: false, score_min: 0.0 };
            let answer = answer(flavour, &asked, &desk, None, NOW);
            let body: serde_json::Value = serde_json::from_str(&answer.body).expect("an answer is JSON");
            assert!(answer.status == 200 || (answer.status == 400 && flavour != Flavour::Recaptcha));
            assert_eq!(body["success"] == true, answer.fault.is_none());
            assert!(
                body["success"] == true
                    || body["error-codes"].as_array().is_some_and(|codes| !codes.is_empty())
            );
            assert!(testing || body["success"] == false, "there is no key that could have signed");
        }
    }
});
