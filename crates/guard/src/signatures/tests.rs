use std::sync::atomic::AtomicU32;

use palisade_domain::address::documentation_ip;
use palisade_domain::{ClientKey, HeaderCase, HeaderOrder, Vantage};

use super::*;

const BOT: &str = "https://bot.example";
const END: Timestamp = Timestamp(1_000_000_000);

/// Believes a signature that says `good` as soon as the keys are there; counts how often it is asked.
struct Word(Arc<AtomicU32>);

impl Verifier for Word {
    fn check(&self, facts: &RequestFacts<'_>, keys: &dyn Fn(&str) -> Option<Arc<OriginKeys>>) -> Checked {
        self.0.fetch_add(1, Ordering::Relaxed);
        let Some(origin) = facts.header("signature-agent").known() else { return Checked::Unverified };
        match (keys(origin), facts.header("signature").known()) {
            (None, _) => Checked::KeysWanted(origin.to_owned()),
            (Some(_), Some("good")) => Checked::Verified { origin: origin.into(), until: END },
            (Some(_), _) => Checked::Invalid,
        }
    }
}

struct Book {
    signatures: Signatures,
    asked: Arc<AtomicU32>,
}

fn book() -> Book {
    let (signatures, asked) = (Signatures::new(HashSeed([1, 2])), Arc::default());
    signatures.plug(Box::new(Word(Arc::clone(&asked))));
    Book { signatures, asked }
}

impl Book {
    fn look(&self, target: &str, extra: &[(&str, &str)], secs: i64) -> Known {
        let (order, case) = (HeaderOrder::Wire, HeaderCase::Wire);
        let time = Timestamp::from_secs(secs);
        let mut facts = RequestFacts::bare(ClientKey::Ip(documentation_ip(1)), time, Vantage::GatewayClear);
        facts.target = Fact::Known(target);
        facts.headers = Fact::Known(HeaderList { entries: extra, order, case });
        self.signatures.look(&facts)
    }

    fn asked(&self) -> u32 {
        self.asked.load(Ordering::Relaxed)
    }
}

const SIGNED: [(&str, &str); 4] = [
    ("Signature-Agent", BOT),
    ("Signature-Input", "sig=(\"@authority\" \"x-covered\")"),
    ("Signature", "good"),
    ("X-Covered", "1"),
];

fn with(name: &str, value: &'static str) -> Vec<(&'static str, &'static str)> {
    SIGNED.iter().map(|(held, old)| (*held, if *held == name { value } else { *old })).collect()
}

fn key() -> Key {
    let jwk = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    Key::from_jwk(jwk).unwrap()
}

#[test]
fn a_result_is_found_again_until_something_covered_changes() {
    let book = book();
    assert_eq!(book.look("/", &SIGNED, 1), Known::Unverified(Some(BOT.into())));
    book.signatures.put_keys(BOT, vec![key()], END);
    assert_eq!(book.look("/", &SIGNED, 1), Known::Verified(BOT.into()));
    let asked = book.asked();
    assert_eq!(book.look("/", &SIGNED, 2).fact(), Fact::Known(Signature::Verified(BOT)));
    assert_eq!(book.asked(), asked, "from the cache");
    let mut more = SIGNED.to_vec();
    more.push(("X-Other", "2"));
    book.look("/", &more, 2);
    assert_eq!(book.asked(), asked, "what is not covered may differ");
    book.look("/other", &SIGNED, 2);
    book.look("/", &with("X-Covered", "2"), 2);
    assert_eq!(book.asked(), asked + 2);
    assert_eq!(book.look("/", &with("Signature", "bad"), 2), Known::Invalid);
    assert_eq!(
        book.look("/", &SIGNED, 1_000),
        Known::Unverified(Some(BOT.into())),
        "keys and signature are over"
    );
}

#[test]
fn new_keys_are_a_new_check() {
    let book = book();
    book.signatures.put_keys(BOT, vec![key()], END);
    book.look("/", &SIGNED, 1);
    let asked = book.asked();
    book.signatures.put_keys(BOT, vec![key()], END);
    book.look("/", &SIGNED, 1);
    assert_eq!(book.asked(), asked, "the same keys again");
    book.signatures.put_keys(BOT, vec![key(), key()], END);
    book.look("/", &SIGNED, 1);
    assert_eq!(book.asked(), asked + 1);
}

#[test]
fn without_signature_or_verifier_nothing_is_asked() {
    let book = book();
    assert_eq!(book.look("/", &[], 1).fact(), Fact::Absent);
    assert_eq!(book.look("/", &[("Signature", "good")], 1).fact(), Fact::Absent);
    let bare = RequestFacts::bare(ClientKey::Ip(documentation_ip(1)), END, Vantage::Log);
    assert_eq!(book.signatures.look(&bare).fact(), Fact::Unseen);
    let many = format!("sig=({})", "\"a\" ".repeat(40));
    assert_eq!(book.look("/", &[("Signature-Input", &many)], 1), Known::Unverified(None));
    assert_eq!(book.asked(), 0);
    let book = Book { signatures: Signatures::new(HashSeed([1, 2])), ..book };
    assert_eq!(book.look("/", &SIGNED, 1), Known::Unverified(None));
}

#[test]
fn an_origin_is_asked_for_once_a_minute() {
    let signatures = Signatures::new(HashSeed([1, 2]));
    let at = Timestamp::from_secs;
    assert!(signatures.ask(BOT, at(0)));
    assert!(!signatures.ask(BOT, at(59)));
    assert!(signatures.ask("https://other.example", at(59)));
    assert!(signatures.ask(BOT, at(60)));
    assert!(signatures.ask(BOT, at(-9_999)), "a clock that goes back silences nothing");
}

#[test]
fn floods_of_origins_and_signatures_stay_within_their_bounds() {
    let book = book();
    book.signatures.put_keys(BOT, vec![key(); 99], END);
    assert_eq!(book.signatures.keys_of(BOT, END.plus_millis(-1)).map(|keys| keys.keys.len()), Some(16));
    book.look("/", &SIGNED, 1);
    for n in 0..ORIGINS_MAX + 50 {
        book.signatures.put_keys(&format!("https://{n}.example"), vec![], END);
    }
    assert_eq!(book.signatures.origins().len(), ORIGINS_MAX);
    assert!(book.signatures.keys_of(BOT, END.plus_millis(-1)).is_some(), "who proved something stays");
    for n in 0..RESULTS_MAX + 5_000 {
        book.look(&format!("/{n}"), &SIGNED, 2);
        book.signatures.ask(&n.to_string(), END);
    }
    assert!(book.signatures.results.len() <= RESULTS_MAX && book.signatures.asked.len() <= ASKED_MAX);
}

#[test]
fn a_remembered_result_allocates_nothing() {
    let book = book();
    book.signatures.put_keys(BOT, vec![key()], END);
    book.look("/", &SIGNED, 1);
    let made = allocation_counter::measure(|| drop(book.look("/", &SIGNED, 1)));
    assert_eq!(made.count_total, 0);
}
