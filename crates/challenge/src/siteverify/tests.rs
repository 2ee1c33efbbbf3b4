//! Siteverify as a whole: each flavour's answers, and everything that a token can be besides good.

use palisade_domain::{PassKind, TenantId, Timestamp};
use serde_json::{Value, json};

use super::*;
use crate::challenges::SITEVERIFY_SCORE_MIN;
use crate::secrets::Secrets;
use crate::site_key::{HeldSecret, Hostnames, SiteSecret, automatic_key, automatic_secret};
use crate::token::tests::{ring, sign, statement};
use crate::token::{Algorithm, Keyring};

const ONE: TenantId = TenantId(1);
const TWO: TenantId = TenantId(2);
/// A second after the statement.
const NOW: Timestamp = Timestamp(1_772_323_201_000_000);

struct Bench {
    tokens: Tokens,
    claims: Claims,
    secrets: Secrets,
    testing: bool,
}

impl Bench {
    fn new() -> Self {
        let secrets = Secrets::derive(&[7; 32]);
        let tokens = Tokens::default();
        tokens.replace_keyring(ring(Algorithm::EdDsa));
        tokens.set_automatic(
            [ONE, TWO]
                .map(|tenant| SiteKey::automatic(&secrets, tenant, &["shop.example".to_owned()]))
                .to_vec(),
        );
        tokens.set_named(vec![SiteKey {
            tenant: ONE,
            id: Some(1),
            key: "pal_site_named".into(),
            hostnames: Hostnames::new(["named.example"]),
            secrets: vec![HeldSecret { hash: SiteSecret::from_random([9; 32]).hash(), until: None }],
        }]);
        Bench { tokens, claims: Claims::default(), secrets, testing: false }
    }

    fn statement(&self, id: u128) -> Statement {
        Statement { site_key: automatic_key(&self.secrets, ONE), id, ..statement() }
    }

    fn token(&self, id: u128) -> String {
        sign(&self.tokens.keyring(), &self.statement(id))
    }

    fn secret(&self, tenant: TenantId) -> String {
        automatic_secret(&self.secrets, tenant).text().to_owned()
    }

    fn answer(&self, flavour: Flavour, asked: Asked, now: Timestamp) -> Answer {
        let desk = Desk {
            tokens: &self.tokens,
            claims: &self.claims,
            testing: self.testing,
            asks_work: false,
            score_min: 0.0,
        };
        answer(flavour, &Ok(asked), &desk, None, now)
    }

    fn ask(&self, flavour: Flavour, response: &str) -> Value {
        let asked = Asked { secret: self.secret(ONE), response: response.to_owned(), ..Asked::default() };
        read(&self.answer(flavour, asked, NOW))
    }

    /// The codes of our own flavour.
    fn codes(&self, response: &str) -> Value {
        let answer = self.ask(Flavour::Own, response);
        assert_eq!(answer["success"], false, "{answer}");
        answer["error-codes"].clone()
    }
}

fn read(answer: &Answer) -> Value {
    serde_json::from_str(&answer.body).unwrap()
}

#[test]
fn each_flavour_answers_in_its_own_form() {
    let bench = Bench::new();
    let check = |flavour, id, good: Value, spent: Value| {
        let token = bench.token(id);
        assert_eq!(bench.ask(flavour, &token), good);
        assert_eq!(bench.ask(flavour, &token), spent);
    };
    check(
        Flavour::Own,
        1,
        json!({
            "success": true, "error-codes": [], "challenge_ts": "2026-03-01T00:00:00.123Z", "hostname": "shop.example",
            "score": 0.8731, "action": "login", "kind": "work", "interaction_id": statement().interaction_id,
        }),
        json!({"success": false, "error-codes": ["timeout-or-duplicate", "already-seen-response"]}),
    );
    check(
        Flavour::Turnstile,
        2,
        json!({
            "success": true, "error-codes": [], "challenge_ts": "2026-03-01T00:00:00.123Z", "hostname": "shop.example",
            "score": 0.8731, "action": "login", "cdata": "",
        }),
        json!({"success": false, "error-codes": ["timeout-or-duplicate"], "messages": []}),
    );
    check(
        Flavour::Recaptcha,
        3,
        json!({
            "success": true, "challenge_ts": "2026-03-01T00:00:00Z", "hostname": "shop.example", "score": 0.8731,
            "action": "login",
        }),
        json!({"success": false, "error-codes": ["timeout-or-duplicate"]}),
    );
}

#[test]
fn every_bad_token_has_a_code_of_its_own() {
    let bench = Bench::new();
    let invalid = |exact: &str| json!(["invalid-input-response", exact]);
    let ring = bench.tokens.keyring();
    let good = bench.token(1);
    let with = |statement: Statement| sign(&ring, &statement);
    let parts: Vec<&str> = good.split('.').collect();
    let spliced = format!("{}.{}.{}", parts[0], parts[1], bench.token(2).split('.').nth(2).unwrap());
    let none = format!("eyJhbGciOiJub25lIn0.{}.", parts[1]);
    assert_eq!(bench.codes(&good[..good.len() - 9]), invalid("malformed-token"), "truncated");
    assert_eq!(bench.codes(&spliced), invalid("bad-signature"), "spliced");
    assert_eq!(bench.codes(&none), invalid("algorithm-none"));
    assert_eq!(bench.codes("x"), invalid("malformed-token"));
    assert_eq!(bench.codes(&"x".repeat(5_000)), invalid("token-too-long"));
    assert_eq!(
        bench.codes(test_key::TURNSTILE_TOKEN),
        invalid("malformed-token"),
        "test tokens are for test secrets"
    );
    let two = Statement { site_key: automatic_key(&bench.secrets, TWO), ..bench.statement(3) };
    assert_eq!(bench.codes(&with(two)), invalid("foreign-site-key"), "wrong tenant");
    let named = Statement { site_key: "pal_site_named".into(), ..bench.statement(4) };
    assert_eq!(bench.codes(&with(named)), invalid("foreign-site-key"), "another site of the same tenant");
    let gone = Statement { site_key: "pal_site_gone".into(), ..bench.statement(5) };
    assert_eq!(bench.codes(&with(gone)), invalid("unknown-site-key"));
    let elsewhere = Statement { hostname: "evil.example".into(), ..bench.statement(6) };
    assert_eq!(bench.codes(&with(elsewhere)), invalid("hostname-not-allowed"));
    let fast = Statement {
        issued: NOW.plus_millis(600_000),
        expires: NOW.plus_millis(900_000),
        ..bench.statement(7)
    };
    assert_eq!(bench.codes(&with(fast)), invalid("token-from-the-future"), "a clock ten minutes fast");
    let slow = Statement {
        issued: NOW.plus_millis(-600_000),
        expires: NOW.plus_millis(-300_000),
        ..bench.statement(8)
    };
    assert_eq!(bench.codes(&with(slow)), json!(["timeout-or-duplicate", "expired-input-response"]));
    assert!(bench.claims.is_empty(), "nothing of this uses anything up");

    bench.tokens.replace_keyring(Keyring::new(Algorithm::EdDsa));
    assert_eq!(bench.codes(&good), invalid("unknown-key"), "a key that is no more");
}

#[test]
fn who_asks_must_show_a_secret() {
    let bench = Bench::new();
    let check = |secret: &str, response: &str, codes: Value| {
        for flavour in [Flavour::Own, Flavour::Turnstile, Flavour::Recaptcha] {
            let asked = Asked { secret: secret.into(), response: response.into(), ..Asked::default() };
            let answer = bench.answer(flavour, asked, NOW);
            assert_eq!((answer.status, &read(&answer)["error-codes"]), (200, &codes), "{secret} {response}");
        }
    };
    let (secret, token) = (bench.secret(ONE), bench.token(1));
    check("", "", json!(["missing-input-secret", "missing-input-response"]));
    check("", &token, json!(["missing-input-secret"]));
    check(&secret, "", json!(["missing-input-response"]));
    check("wrong", &token, json!(["invalid-input-secret"]));
    check(&automatic_key(&bench.secrets, ONE), &token, json!(["invalid-input-secret"]));
    check("1x0000000000000000000000000000000AA", &token, json!(["invalid-input-secret"]));
}

/// Whoever looks at `success` only is not told yes for a program that says so, nor for a recording that cost nothing.
#[test]
fn what_success_alone_says() {
    let bench = Bench::new();
    let mut id = 0;
    let mut check = |flavour, score, kind, action: &str, expect| {
        id += 1;
        let statement = Statement { score, kind, action: action.to_owned(), ..bench.statement(id) };
        let asked = Asked {
            secret: bench.secret(ONE),
            response: sign(&bench.tokens.keyring(), &statement),
            ..Asked::default()
        };
        let desk = Desk {
            tokens: &bench.tokens,
            claims: &bench.claims,
            testing: false,
            asks_work: true,
            score_min: SITEVERIFY_SCORE_MIN,
        };
        let said = read(&answer(flavour, &Ok(asked), &desk, None, NOW));
        assert_eq!(said["success"], expect, "{score} {kind:?}: {said}");
    };
    for flavour in [Flavour::Own, Flavour::Turnstile, Flavour::Recaptcha] {
        for (score, kind, expect) in [
            (0.01, PassKind::Work, false),
            (0.01, PassKind::HardWork, false),
            (0.05, PassKind::Work, false),
            (0.13, PassKind::Work, true),
            (0.9, PassKind::Work, true),
            (0.6, PassKind::Behaviour, false),
        ] {
            check(flavour, score, kind, "", expect);
        }
    }
    // The third version's callers look at the score.
    check(Flavour::Recaptcha, 0.01, PassKind::Work, "login", true);
}

#[test]
fn a_question_that_cannot_be_read_is_a_bad_request() {
    let bench = Bench::new();
    let desk = Desk {
        tokens: &bench.tokens,
        claims: &bench.claims,
        testing: false,
        asks_work: false,
        score_min: 0.0,
    };
    let status = |flavour| {
        let answer = answer(flavour, &Err(Malformed::Unreadable), &desk, None, NOW);
        assert_eq!(read(&answer)["error-codes"][0], "bad-request");
        answer.status
    };
    assert_eq!([Flavour::Own, Flavour::Turnstile, Flavour::Recaptcha].map(status), [400, 400, 200]);
}

#[test]
fn the_named_site_key_must_be_that_of_the_secret_and_the_token() {
    let bench = Bench::new();
    let check = |secret: String, holder, site_key: Option<&str>, id, expect: Option<Value>| {
        let asked = Asked {
            secret,
            response: bench.token(id),
            site_key: site_key.map(str::to_owned),
            ..Asked::default()
        };
        let desk = Desk {
            tokens: &bench.tokens,
            claims: &bench.claims,
            testing: false,
            asks_work: false,
            score_min: 0.0,
        };
        let answer = read(&answer(Flavour::Own, &Ok(asked), &desk, holder, NOW));
        let codes = (answer["success"] == false).then(|| answer["error-codes"][1].clone());
        assert_eq!(codes, expect, "{answer}");
    };
    let key = automatic_key(&bench.secrets, ONE);
    check(bench.secret(ONE), None, Some(&key), 1, None);
    check(bench.secret(ONE), None, Some("pal_site_named"), 2, Some(json!("sitekey-secret-mismatch")));
    // An API key speaks for all sites of its tenant.
    check("pal_key".into(), Some(ONE), None, 3, None);
    check("pal_key".into(), Some(ONE), Some(&key), 4, None);
    check("pal_key".into(), Some(ONE), Some("pal_site_named"), 5, Some(json!("foreign-site-key")));
    check("pal_key".into(), Some(TWO), None, 6, Some(json!("foreign-site-key")));
}

#[test]
fn a_verdict_is_repeated_under_its_idempotency_key() {
    let bench = Bench::new();
    let ask = |key: Option<&str>, id, now| {
        let asked = Asked {
            secret: bench.secret(ONE),
            response: bench.token(id),
            idempotency_key: key.map(str::to_owned),
            ..Asked::default()
        };
        read(&bench.answer(Flavour::Turnstile, asked, now))["success"] == true
    };
    let later = NOW.plus_millis(298_000);
    assert!(ask(Some("a"), 1, NOW) && ask(Some("a"), 1, NOW) && ask(Some("a"), 1, later));
    assert!(!ask(Some("b"), 1, NOW), "another key is another question");
    assert!(!ask(None, 1, NOW));
    assert!(ask(Some("a"), 2, NOW), "the same key with another token too");
    assert!(
        ask(None, 3, NOW) && !ask(Some("c"), 3, NOW) && !ask(Some("c"), 3, later),
        "a no is repeated as well"
    );
    assert!(ask(Some("a"), 1, NOW.plus_millis(299_999)), "even where the token is over meanwhile");
    assert!(!ask(Some("a"), 1, NOW.plus_millis(300_000)));
}

#[test]
fn of_a_thousand_at_once_exactly_one_wins() {
    let bench = Bench::new();
    let token = bench.token(1);
    let wins = |keys: bool| {
        std::thread::scope(|scope| {
            let task = |at: usize| {
                let (bench, token) = (&bench, &token);
                move || {
                    let once = |n: usize| Asked {
                        secret: bench.secret(ONE),
                        response: token.clone(),
                        idempotency_key: keys.then(|| format!("{at}-{n}")),
                        ..Asked::default()
                    };
                    let won = |n: &usize| read(&bench.answer(Flavour::Own, once(*n), NOW))["success"] == true;
                    (0..125).filter(won).count()
                }
            };
            let running: Vec<_> = (0..8).map(|at| scope.spawn(task(at))).collect();
            running.into_iter().map(|thread| thread.join().unwrap()).sum::<usize>()
        })
    };
    assert_eq!(wins(false), 1);
    assert_eq!(wins(true), 0);
}

#[test]
fn what_was_used_stays_used_over_a_restart() {
    let mut bench = Bench::new();
    let token = bench.token(1);
    assert_eq!(bench.ask(Flavour::Own, &token)["success"], true);
    bench.claims = Claims::from_bytes(&bench.claims.to_bytes()).unwrap();
    assert_eq!(bench.codes(&token), json!(["timeout-or-duplicate", "already-seen-response"]));
    // A start whose predecessor did not save: what was made before is refused, what is made after is taken.
    bench.claims = Claims::since(statement().issued);
    assert_eq!(bench.codes(&token), json!(["timeout-or-duplicate", "token-before-restart"]));
    assert_eq!(bench.codes(&bench.token(2)), json!(["timeout-or-duplicate", "token-before-restart"]));
    let after = Statement { issued: statement().issued.plus_millis(1), ..bench.statement(3) };
    assert_eq!(bench.ask(Flavour::Own, &sign(&bench.tokens.keyring(), &after))["success"], true);
}

#[test]
fn test_keys_are_taken_while_testing_only() {
    let mut bench = Bench::new();
    let secrets = [
        ("1x0000000000000000000000000000000AA", "XXXX.DUMMY.TOKEN.XXXX", json!(true)),
        ("2x0000000000000000000000000000000AA", "XXXX.DUMMY.TOKEN.XXXX", json!("invalid-input-response")),
        ("3x0000000000000000000000000000000AA", "XXXX.DUMMY.TOKEN.XXXX", json!("timeout-or-duplicate")),
        ("1x0000000000000000000000000000000AA", "", json!("missing-input-response")),
        ("6LeIxAcTAAAAAGG-vFI1TnRWxMZNFuojJ4WifJWe", "anything", json!(true)),
        ("0x0000000000000000000000000000000000000000", "10000000-aaaa-bbbb-cccc-000000000001", json!(true)),
        ("0x0000000000000000000000000000000000000000", "20000000-aaaa-bbbb-cccc-000000000002", json!(true)),
        ("0x0000000000000000000000000000000000000000", "anything", json!("invalid-input-response")),
    ];
    for testing in [true, false] {
        bench.testing = testing;
        for (secret, response, expect) in &secrets {
            let asked = Asked { secret: (*secret).into(), response: (*response).into(), ..Asked::default() };
            let answer = read(&bench.answer(Flavour::Turnstile, asked, NOW));
            let says = if answer["success"] == true { json!(true) } else { answer["error-codes"][0].clone() };
            match testing {
                true => assert_eq!(&says, expect, "{secret} {response}: {answer}"),
                false => assert_ne!(says, json!(true), "{secret} {response}: {answer}"),
            }
        }
    }
    bench.testing = true;
    assert_eq!(
        bench.codes(test_key::TURNSTILE_TOKEN)[0],
        "invalid-input-response",
        "real secrets take no test token"
    );
    assert_eq!(bench.ask(Flavour::Own, &bench.token(1))["success"], true, "and go on taking real ones");
    assert_eq!(
        test_key::widget("1x00000000000000000000AA"),
        Some(test_key::TestWidget::Token(test_key::TURNSTILE_TOKEN))
    );
    assert_eq!(test_key::widget("2x00000000000000000000AB"), Some(test_key::TestWidget::Blocked));
    assert_eq!(test_key::widget("pal_site_x"), None);
}
