//! Sealed requests and the steps without script. What nobody sealed or signed stays shut. What was, opens to what it was
//! and to nothing when one byte of it is another; any bytes sealed with the right key are read or refused, and what is read is
//! sealed in the same way again. Any fields signed as a step are a step or none; a chain leads to its end and counts up.
#![no_main]

mod signing;

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use libfuzzer_sys::fuzz_target;
use palisade_challenge::noscript::{self, Offer, SHEETS, Waits};
use palisade_challenge::sealed::{BODY_BYTES_MAX, SealedRequest, Shown, cookie_value};
use palisade_challenge::ticket::Purpose;
use palisade_challenge::{Bindings, Code, Secrets, Ticket};
use palisade_domain::{SiteId, TenantId, Timestamp};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::hmac;

static SECRETS: LazyLock<Secrets> = LazyLock::new(signing::secrets);
static COOKIE: LazyLock<String> = LazyLock::new(|| cookie_value(None, 1));
static SEAL: LazyLock<hmac::Key> = LazyLock::new(|| signing::key("seal"));
static STEP: LazyLock<hmac::Key> = LazyLock::new(|| {
    let key = signing::key("step");
    let offer = Offer::new(&ticket(), "/", false, Waits { refresh_ms: 0, form_ms: 0 }, &SECRETS);
    signing::fields(&offer.form, &key, "step form");
    key
});

const NOW: Timestamp = Timestamp(1_900_000_000_000_000);
const NONCE: [u8; 12] = [9; 12];
const ID: u128 = 3;

fuzz_target!(|data: &[u8]| {
    let Some((way, data)) = data.split_first() else { return };
    match way % 4 {
        0 => strange(&String::from_utf8_lossy(data)),
        1 => built(data),
        2 => plain(data),
        _ => step(data),
    }
});

fn shown<'a>(host: &'a str) -> Shown<'a> {
    Shown { tenant: TenantId(1), site: SiteId(2), host, cookie: Some(&COOKIE), now: NOW }
}

fn strange(text: &str) {
    assert!(SealedRequest::open(text, &SECRETS, &shown("")).is_err());
    assert_eq!(noscript::sheet(text, &SECRETS, NOW), Err(Code::InvalidStep));
    let last = noscript::Shown { step: text, target: "/", cookies: text, tried: true, now: NOW };
    assert_eq!(noscript::finish(&last, &ticket(), &SECRETS), Err(Code::InvalidStep));
    // With a right end, whatever the cookies say, a chain nobody followed is not complete.
    let offer = Offer::new(&ticket(), text, true, Waits { refresh_ms: 0, form_ms: 0 }, &SECRETS);
    let chain = offer.chain.expect("it was asked for");
    let last = noscript::Shown { step: &chain.end, target: text, cookies: text, tried: true, now: NOW };
    assert!(noscript::finish(&last, &ticket(), &SECRETS).is_err());
    let form = noscript::Shown { step: &offer.form, ..last };
    assert_eq!(noscript::finish(&form, &ticket(), &SECRETS), Ok(()));
}

/// A request made of the input: lines, then the body.
fn built(data: &[u8]) {
    let mut lines = data.splitn(7, |byte| *byte == b'\n');
    let mut bytes = || lines.next().unwrap_or_default();
    let at = bytes();
    let mut next = || String::from_utf8_lossy(bytes()).into_owned();
    let request = SealedRequest {
        tenant: TenantId(1),
        site: SiteId(2),
        id: ID,
        issued: NOW,
        expires: NOW.plus_millis(1),
        host: next(),
        method: next(),
        target: next(),
        content_type: Some(next()),
        origin: Some(next()).filter(|origin| !origin.is_empty()),
        sec_fetch_site: None,
        body: bytes().to_vec(),
    };
    let Ok(text) = request.seal(&SECRETS, &COOKIE, NONCE) else {
        assert!(data.len() > 16 << 10, "what is small is sealed");
        return;
    };
    assert!(request.body.len() <= BODY_BYTES_MAX);
    let opened =
        SealedRequest::open(&text, &SECRETS, &shown(&request.host)).expect("it opens where it was sealed");
    assert!(opened == request);
    let mut changed = URL_SAFE_NO_PAD.decode(&text).expect("base64url");
    let at =
        at.iter().fold(0, |at: usize, byte| at.wrapping_mul(256) + usize::from(*byte)) % (changed.len() * 8);
    changed[at / 8] ^= 1 << (at % 8);
    let changed = URL_SAFE_NO_PAD.encode(changed);
    assert_eq!(SealedRequest::open(&changed, &SECRETS, &shown(&request.host)), Err(Code::InvalidSeal));
    let other = Shown { cookie: Some("another"), ..shown(&request.host) };
    assert_eq!(SealedRequest::open(&text, &SECRETS, &other), Err(Code::OtherVisitor));
}

/// Any bytes, sealed with the key of [`ID`]; the corpus has the hash of [`COOKIE`] where it belongs.
fn plain(data: &[u8]) {
    let mut all = vec![1];
    all.extend_from_slice(&ID.to_be_bytes());
    all.extend_from_slice(&NONCE);
    let head = all.clone();
    all.extend_from_slice(data);
    let key = hmac::sign(&SEAL, &ID.to_be_bytes());
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key.as_ref()).expect("32 bytes"));
    let tag = key
        .seal_in_place_separate_tag(
            Nonce::assume_unique_for_key(NONCE),
            Aad::from(&head),
            &mut all[head.len()..],
        )
        .expect("it is short");
    all.extend_from_slice(tag.as_ref());
    let text = URL_SAFE_NO_PAD.encode(all);
    match SealedRequest::open(&text, &SECRETS, &shown("a.example")) {
        Ok(request) => {
            assert!(request.host.eq_ignore_ascii_case("a.example") && NOW < request.expires);
            if request.body.len() <= BODY_BYTES_MAX {
                let again = request.seal(&SECRETS, &COOKIE, NONCE);
                assert_eq!(again.ok(), Some(text), "one request, two spellings");
            }
        }
        Err(Code::TooLarge) => assert!(data.len() > BODY_BYTES_MAX),
        Err(code) => assert!(!matches!(code, Code::CookiesOff), "a cookie was shown"),
    }
}

/// Any fields, signed as a style sheet to be asked for, and as the cookie of one.
fn step(fields: &[u8]) {
    let signed = signing::sign(fields, &STEP, "step sheet");
    let folder = format!("{ID:032x}");
    let mut text = format!("{folder}/{signed}");
    let mut followed = 0;
    while let Ok(sheet) = noscript::sheet(&text, &SECRETS, NOW) {
        assert_eq!(sheet.cookie_path, folder);
        followed += 1;
        assert!(followed <= SHEETS);
        match sheet.next {
            Some(next) => text = next,
            None => {
                let cookies = format!("{}={}", noscript::COOKIE, sheet.cookie);
                let offer = Offer::new(&ticket(), "/", true, Waits { refresh_ms: 0, form_ms: 0 }, &SECRETS);
                let step = offer.chain.expect("it was asked for").end;
                let last =
                    noscript::Shown { step: &step, target: "/", cookies: &cookies, tried: true, now: NOW };
                assert_eq!(noscript::finish(&last, &ticket(), &SECRETS), Err(Code::TooFast));
                let later = noscript::Shown { now: NOW.plus_millis(noscript::SETTLE_MS), ..last };
                assert_eq!(noscript::finish(&later, &ticket(), &SECRETS), Ok(()));
                break;
            }
        }
    }
    let form = signing::sign(fields, &STEP, "step form");
    let last = noscript::Shown { step: &form, target: "/", cookies: "", tried: true, now: NOW };
    let _ = noscript::finish(&last, &ticket(), &SECRETS);
    assert!(noscript::finish(&noscript::Shown { tried: false, ..last }, &ticket(), &SECRETS).is_err());
}

fn ticket() -> Ticket {
    Ticket {
        tenant: TenantId(1),
        site: SiteId(2),
        id: ID,
        issued: NOW,
        expires: NOW.plus_millis(600_000),
        purpose: Purpose::Pass,
        work: None,
        tries: 0,
        score: 70,
        bindings: Bindings::default(),
    }
}
