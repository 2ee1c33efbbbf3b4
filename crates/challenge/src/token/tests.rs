//! Tokens as a whole: written and read, and everything that must not be read.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use palisade_domain::{PassKind, Timestamp};
use proptest::prelude::*;
use ring::rand::SystemRandom;
use serde_json::{Value, json};

use super::bounds::TOKEN_BYTES_MAX;
use super::*;

const RSA: &[u8] = include_bytes!("../../testdata/token/rsa.pk8");
const ED25519: &[u8] = include_bytes!("../../testdata/token/ed25519.pk8");
const RSA_PEM: &str = include_str!("../../testdata/token/rsa.pub.pem");
const GOLDEN: [(Algorithm, &str); 2] = [
    (Algorithm::Rs256, include_str!("../../testdata/token/golden-rs256.jwt")),
    (Algorithm::EdDsa, include_str!("../../testdata/token/golden-eddsa.jwt")),
];

fn key(algorithm: Algorithm) -> SigningKey {
    let der = if algorithm == Algorithm::Rs256 { RSA } else { ED25519 };
    SigningKey::from_pkcs8(algorithm, der).unwrap()
}

/// Both keys of the test data.
pub(crate) fn ring(algorithm: Algorithm) -> Keyring {
    Keyring::new(algorithm).with(key(Algorithm::Rs256)).with(key(Algorithm::EdDsa))
}

/// That of the golden tokens, 2026-03-01T00:00:00.123Z.
pub(crate) fn statement() -> Statement {
    Statement {
        site_key: "pal_site_AAAAAAAAAAAAAAAAAAAAAA".into(),
        issued: Timestamp::from_millis(1_772_323_200_123),
        expires: Timestamp::from_secs(1_772_323_500),
        id: 0x0123_4567_89ab_cdef_0123_4567_89ab_cdef,
        action: "login".into(),
        hostname: "shop.example".into(),
        score: 0.8731,
        interaction_id: "3f1c2b7e-0000-4000-8000-000000000001".into(),
        kind: PassKind::Work,
        cdata: String::new(),
    }
}

const NOW: Timestamp = Timestamp(1_772_323_260_000_000);

pub(crate) fn sign(ring: &Keyring, statement: &Statement) -> String {
    ring.sign(statement, &SystemRandom::new()).unwrap()
}

#[test]
fn what_another_implementation_signed_is_what_we_write_and_read() {
    for (algorithm, golden) in GOLDEN {
        let golden = golden.trim_end();
        let ring = ring(algorithm);
        assert_eq!(sign(&ring, &statement()), golden, "{algorithm:?}");
        assert_eq!(ring.verify(golden, NOW), Ok(statement()), "{algorithm:?}");
    }
    assert_eq!(ring(Algorithm::Rs256).pem().as_deref(), Some(RSA_PEM));
}

#[test]
fn a_ring_reads_both_algorithms_and_older_keys_for_their_time() {
    let both = ring(Algorithm::EdDsa);
    let old = sign(&ring(Algorithm::Rs256), &statement());
    assert!(both.verify(&old, NOW).is_ok());
    let jwks: Value = serde_json::from_str(&both.jwks()).unwrap();
    let kinds: Vec<&str> =
        jwks["keys"].as_array().unwrap().iter().filter_map(|key| key["kty"].as_str()).collect();
    assert_eq!(kinds, ["RSA", "OKP"]);
    assert!(!both.jwks().contains("\"d\""), "nothing private");

    let until = NOW.plus_millis(1_000);
    let retired = |until| {
        let older = Older { key: key(Algorithm::Rs256).public().clone(), until };
        Keyring::new(Algorithm::EdDsa).with(key(Algorithm::EdDsa)).with_older(vec![older])
    };
    assert!(retired(until).verify(&old, NOW).is_ok());
    assert_eq!(retired(NOW).verify(&old, NOW), Err(TokenFault::RetiredKey));
    assert!(retired(until).jwks().contains("RSA") && retired(until).pem().is_none());
    let without = Keyring::new(Algorithm::EdDsa).with(key(Algorithm::EdDsa));
    assert_eq!(without.verify(&old, NOW), Err(TokenFault::UnknownKey));
}

#[test]
fn without_its_key_nothing_is_signed() {
    let ring = Keyring::new(Algorithm::Rs256).with(key(Algorithm::EdDsa));
    assert!(!ring.is_ready() && ring.pem().is_none());
    assert_eq!(ring.sign(&statement(), &SystemRandom::new()), Err(SignFault::NotReady));
}

#[test]
fn its_time_is_from_a_minute_before_it_was_made_to_its_end() {
    let ring = ring(Algorithm::EdDsa);
    let token = sign(&ring, &statement());
    let check = |ms: i64, expect: Result<(), TokenFault>| {
        let at = statement().issued.plus_millis(ms);
        assert_eq!(ring.verify(&token, at).map(drop), expect, "{ms} ms after");
    };
    check(0, Ok(()));
    check(-60_000, Ok(()));
    check(-60_001, Err(TokenFault::TokenFromTheFuture));
    check(-600_000, Err(TokenFault::TokenFromTheFuture));
    check(299_876, Ok(()));
    check(299_877, Err(TokenFault::ExpiredToken));
    check(600_000, Err(TokenFault::ExpiredToken));
}

fn encode(part: &str) -> String {
    URL_SAFE_NO_PAD.encode(part)
}

/// `header` and `payload`, truly signed by the Ed25519 key.
fn signed(header: &str, payload: &str) -> String {
    let message = format!("{}.{}", encode(header), encode(payload));
    let signature = key(Algorithm::EdDsa).sign(message.as_bytes(), &SystemRandom::new()).unwrap();
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn header(alg: &str) -> String {
    format!(r#"{{"alg":"{alg}","typ":"JWT","kid":"{}"}}"#, key(Algorithm::EdDsa).public().kid())
}

fn payload() -> Value {
    let token = sign(&ring(Algorithm::EdDsa), &statement());
    let part = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

#[test]
fn headers_that_we_would_not_write_are_refused() {
    let payload = payload().to_string();
    let kid = key(Algorithm::EdDsa).public().kid().to_owned();
    let rsa = key(Algorithm::Rs256).public().kid().to_owned();
    let check = |header: &str, expect: TokenFault| {
        let verdict = ring(Algorithm::EdDsa).verify(&signed(header, &payload), NOW);
        assert_eq!(verdict, Err(expect), "{header}");
    };
    assert!(ring(Algorithm::EdDsa).verify(&signed(&header("EdDSA"), &payload), NOW).is_ok());
    for none in ["none", "None", "NONE", "nOnE"] {
        check(&header(none), TokenFault::AlgorithmNone);
        check(&format!(r#"{{"alg":"{none}"}}"#), TokenFault::AlgorithmNone);
    }
    for other in ["RS256", "HS256", "ES256", "eddsa", "EdDSA ", ""] {
        check(&header(other), TokenFault::WrongAlgorithm);
    }
    // The classic: a public key of RSA taken for a secret of HMAC.
    check(&format!(r#"{{"alg":"HS256","kid":"{rsa}"}}"#), TokenFault::WrongAlgorithm);
    check(&format!(r#"{{"alg":"RS256","kid":"{rsa}"}}"#), TokenFault::BadSignature);
    check(r#"{"alg":"EdDSA"}"#, TokenFault::UnknownKey);
    check(r#"{"alg":"EdDSA","kid":"../../dev/null"}"#, TokenFault::UnknownKey);
    check(&format!(r#"{{"alg":"EdDSA","kid":"{kid}","crit":["exp"]}}"#), TokenFault::UnknownCritical);
    for member in
        [r#""jku":"https://evil.example""#, r#""jwk":{}"#, r#""x5u":"a""#, r#""b64":false"#, r#""zip":"DEF""#]
    {
        check(&format!(r#"{{"alg":"EdDSA","kid":"{kid}",{member}}}"#), TokenFault::MalformedToken);
    }
    check(&format!(r#"{{"alg":"EdDSA","alg":"none","kid":"{kid}"}}"#), TokenFault::MalformedToken);
    check(&format!(r#"{{"alg":"EdDSA","kid":"{kid}","typ":"at+jwt"}}"#), TokenFault::MalformedToken);
    check(&format!(r#"{{"alg":1,"kid":"{kid}"}}"#), TokenFault::MalformedToken);
    check("{}", TokenFault::MalformedToken);
    check("", TokenFault::MalformedToken);
    check(&"[".repeat(900), TokenFault::MalformedToken);
}

#[test]
fn claims_that_we_would_not_write_are_refused() {
    let check = |name: &str, value: Value, expect: TokenFault| {
        let mut payload = payload();
        payload[name] = value;
        if payload[name].is_null() {
            payload.as_object_mut().unwrap().remove(name);
        }
        let verdict = ring(Algorithm::EdDsa).verify(&signed(&header("EdDSA"), &payload.to_string()), NOW);
        assert_eq!(verdict, Err(expect), "{payload}");
    };
    check("iss", json!("somebody"), TokenFault::WrongIssuer);
    for name in
        ["iss", "aud", "iat", "iat_ms", "exp", "jti", "action", "hostname", "score", "interaction_id", "kind"]
    {
        check(name, json!(null), TokenFault::BadClaims);
        check(name, json!([1]), TokenFault::BadClaims);
    }
    check("jti", json!("0123456789ABCDEF0123456789abcdef"), TokenFault::BadClaims);
    check("jti", json!("+123456789abcdef0123456789abcdef"), TokenFault::BadClaims);
    check("jti", json!("1"), TokenFault::BadClaims);
    check("iat", json!(1.5), TokenFault::BadClaims);
    check("iat", json!(-1), TokenFault::BadClaims);
    check("exp", json!(i64::MAX), TokenFault::BadClaims);
    check("exp", json!("1772323500"), TokenFault::BadClaims);
    check("iat_ms", json!(1_000), TokenFault::BadClaims);
    check("score", json!(1.01), TokenFault::BadClaims);
    check("score", json!(-0.1), TokenFault::BadClaims);
    check("kind", json!("magic"), TokenFault::BadClaims);
    check("nbf", json!(0), TokenFault::BadClaims);
    let twice = payload().to_string().replacen('{', r#"{"aud":"another","#, 1);
    let verdict = ring(Algorithm::EdDsa).verify(&signed(&header("EdDSA"), &twice), NOW);
    assert_eq!(verdict, Err(TokenFault::BadClaims), "a claim that is there twice");
}

#[test]
fn torn_and_joined_tokens_are_refused() {
    for algorithm in Algorithm::ALL {
        let ring = ring(algorithm);
        let token = sign(&ring, &statement());
        let other = sign(&ring, &Statement { id: 1, score: 1.0, ..statement() });
        for cut in 0..token.len() {
            assert!(ring.verify(&token[..cut], NOW).is_err(), "{cut} characters of it");
        }
        let parts: Vec<&str> = token.split('.').collect();
        let others: Vec<&str> = other.split('.').collect();
        let spliced = format!("{}.{}.{}", parts[0], others[1], parts[2]);
        assert_eq!(ring.verify(&spliced, NOW), Err(TokenFault::BadSignature));
        let foreign = sign(&Keyring::new(Algorithm::EdDsa).with(stranger()), &statement());
        assert_eq!(ring.verify(&foreign, NOW), Err(TokenFault::UnknownKey));
        let forged = format!("{}.{}.{}", parts[0], parts[1], foreign.split('.').nth(2).unwrap());
        assert_eq!(ring.verify(&forged, NOW), Err(TokenFault::BadSignature));
        for bad in [
            format!("{}.{}.", parts[0], parts[1]),
            format!(".{}.{}", parts[1], parts[2]),
            format!("{token}."),
            format!("{token}.{}", parts[2]),
            format!("{token}="),
            format!(" {token}"),
            format!("{token}\n"),
            token.replace('_', "/").replace('-', "+") + "/",
        ] {
            assert!(ring.verify(&bad, NOW).is_err(), "{bad}");
        }
        assert_eq!(ring.verify(&"a".repeat(TOKEN_BYTES_MAX + 1), NOW), Err(TokenFault::TokenTooLong));
    }
}

fn stranger() -> SigningKey {
    let der = SigningKey::generate_ed25519(&SystemRandom::new()).unwrap();
    SigningKey::from_pkcs8(Algorithm::EdDsa, &der).unwrap()
}

#[test]
fn the_last_character_of_a_signature_has_one_spelling() {
    let ring = ring(Algorithm::EdDsa);
    let token = sign(&ring, &statement());
    // 64 bytes are 85 characters and two bits of the last: fifteen others would say the same to a lax reader.
    let (rest, last) = token.split_at(token.len() - 1);
    for char in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".chars() {
        let verdict = ring.verify(&format!("{rest}{char}"), NOW);
        assert_eq!(verdict.is_ok(), last == char.to_string(), "{char}");
    }
}

#[test]
fn texts_are_cut_and_the_longest_token_is_within_the_bound() {
    let long = "\u{1}\"\\é".repeat(900);
    let statement = Statement {
        action: long.clone(),
        hostname: long.clone(),
        interaction_id: long.clone(),
        cdata: long,
        score: f64::NAN,
        kind: PassKind::Behaviour,
        ..statement()
    };
    let ring = ring(Algorithm::Rs256);
    let token = sign(&ring, &statement);
    assert!(token.len() <= TOKEN_BYTES_MAX, "{}", token.len());
    let back = ring.verify(&token, NOW).unwrap();
    assert_eq!((back.action.as_str(), back.score), ("é".repeat(32).as_str(), 0.0));
    assert_eq!((back.hostname.len(), back.interaction_id.len(), back.cdata.len()), (252, 64, 254));
}

proptest! {
    #[test]
    fn any_text_is_refused_without_a_panic(text in "[A-Za-z0-9_.=-]{0,200}|.{0,60}") {
        prop_assert!(ring(Algorithm::EdDsa).verify(&text, NOW).is_err());
    }

    #[test]
    fn any_header_and_payload_are_refused_or_ours(header in ".{0,80}", payload in ".{0,200}") {
        prop_assert!(ring(Algorithm::EdDsa).verify(&signed(&header, &payload), NOW).is_err());
    }

    #[test]
    fn statements_round_trip(
        ms in 0_i64..1 << 40, life in 1_i64..100_000, id in any::<u128>(), score in 0.0_f64..=1.0,
        action in "[a-z/_ é]{0,20}", cdata in "[ -~&&[^\"\\\\]]{0,40}", kind in 0_usize..6,
    ) {
        let issued = Timestamp::from_millis(ms);
        let said = Statement {
            issued,
            expires: Timestamp::from_secs(issued.secs() + life),
            id,
            score,
            action,
            cdata,
            kind: PassKind::ALL[kind],
            ..statement()
        };
        let ring = ring(Algorithm::EdDsa);
        let token = sign(&ring, &said);
        let back = ring.verify(&token, issued).unwrap();
        prop_assert!((back.score - score).abs() <= 0.000_05);
        prop_assert_eq!(Statement { score, ..back.clone() }, said);
        prop_assert_eq!(sign(&ring, &back), token, "one spelling");
    }

    #[test]
    fn one_changed_byte_is_refused(at in 0_usize..600, to in any::<u8>()) {
        let ring = ring(Algorithm::EdDsa);
        let mut bytes = sign(&ring, &statement()).into_bytes();
        let at = at % bytes.len();
        prop_assume!(bytes[at] != to);
        bytes[at] = to;
        if let Ok(text) = std::str::from_utf8(&bytes) {
            prop_assert!(ring.verify(text, NOW).is_err());
        }
    }
}
