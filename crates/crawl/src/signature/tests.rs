use palisade_domain::{HeaderCase, HeaderOrder};
use proptest::prelude::*;
use serde_json::Value;

use super::keys::Key;
use super::*;

const V1: &str = include_str!("../../testdata/web-bot-auth/web_bot_auth_architecture_v1.json");
const V2: &str = include_str!("../../testdata/web-bot-auth/web_bot_auth_architecture_v2.json");
const AGENTS: &str = include_str!("../../testdata/web-bot-auth/web_bot_auth_signature_agent_v1.json");
const THUMBPRINTS: &str = include_str!("../../testdata/web-bot-auth/jwk_thumbprints.json");

/// Names and values.
type Headers = Vec<(String, String)>;

/// A request of the vectors, and when it is judged.
struct Vector {
    key: Key,
    headers: Headers,
    now: Timestamp,
    has_agent: bool,
}

fn vectors() -> Vec<Vector> {
    let all = [V1, V2].map(|text| serde_json::from_str::<Vec<Value>>(text).unwrap());
    all.into_iter().flatten().map(|vector| read_vector(&vector)).collect()
}

fn read_vector(vector: &Value) -> Vector {
    let text = |name: &str| vector[name].as_str().map(str::to_owned);
    let mut headers = vec![
        ("Signature".to_owned(), text("signature").unwrap()),
        ("Signature-Input".to_owned(), text("signature_input").unwrap()),
    ];
    let agent = text("signature_agent");
    let has_agent = agent.is_some();
    headers.extend(agent.map(|agent| ("Signature-Agent".to_owned(), agent)));
    let mut jwk = vector["key"].clone();
    jwk.as_object_mut().unwrap().remove("kid");
    let key = Key::from_jwk(&jwk.to_string()).unwrap();
    let now = Timestamp::from_millis(vector["created_ms"].as_i64().unwrap() + 1_000);
    Vector { key, headers, now, has_agent }
}

fn examined<R>(headers: &[(String, String)], now: Timestamp, f: impl FnOnce(Examined) -> R) -> R {
    let entries: Vec<(&str, &str)> = headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let list = HeaderList { entries: &entries, order: HeaderOrder::Wire, case: HeaderCase::Wire };
    f(examine(&request(list, "Example.com:443"), now))
}

fn request<'a>(headers: HeaderList<'a>, authority: &'a str) -> SignedRequest<'a> {
    SignedRequest { method: "GET", scheme: "https", authority, target: "/path/to/resource", headers }
}

#[test]
fn published_signatures_are_verified() {
    let all = vectors();
    assert_eq!(all.len(), 8);
    for (at, vector) in all.iter().enumerate() {
        examined(&vector.headers, vector.now, |examined| {
            let Examined::Claim(claim) = examined else { panic!("{at}: {examined:?}") };
            assert!(claim.verify(&vector.key, vector.now), "{at}");
            let origin = claim.agent.as_ref().map(|agent| agent.origin.as_str());
            assert_eq!(origin, vector.has_agent.then_some("https://signature-agent.test"), "{at}");
        });
    }
}

#[test]
fn one_changed_byte_breaks_it() {
    for vector in vectors() {
        let entries: Vec<(&str, &str)> =
            vector.headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let list = HeaderList { entries: &entries, order: HeaderOrder::Wire, case: HeaderCase::Wire };
        let Examined::Claim(claim) = examine(&request(list, "evil.example"), vector.now) else { panic!() };
        assert!(!claim.verify(&vector.key, vector.now), "another authority");
        let mut headers = vector.headers.clone();
        headers[1].1 = headers[1].1.replace("nonce=\"", "nonce=\"A");
        examined(&headers, vector.now, |examined| {
            let Examined::Claim(claim) = examined else { panic!("{examined:?}") };
            assert!(!claim.verify(&vector.key, vector.now), "another nonce");
        });
    }
}

#[test]
fn what_cannot_be_right_says_why() {
    let vector = &vectors()[7];
    let check = |change: &dyn Fn(&mut Headers), now: Timestamp, expect: Option<Fault>| {
        let mut headers = vector.headers.clone();
        change(&mut headers);
        examined(&headers, now, |examined| {
            let found = match examined {
                Examined::Invalid(fault) => Some(fault),
                Examined::Absent => None,
                Examined::Claim(claim) => panic!("{claim:?}"),
            };
            assert_eq!(found, expect);
        });
    };
    let input = |from: &'static str, to: &'static str| {
        move |headers: &mut Headers| {
            assert!(headers[1].1.contains(from), "{from} in {}", headers[1].1);
            headers[1].1 = headers[1].1.replace(from, to);
        }
    };
    let now = vector.now;
    check(&|_| {}, Timestamp::from_secs(now.secs() - 600), Some(Fault::Early));
    check(&|_| {}, Timestamp::from_secs(9_000_000_000), Some(Fault::Late));
    check(&input("tag=\"web-bot-auth\"", "tag=\"other\""), now, None);
    check(&input(";created=", ";made="), now, Some(Fault::Parameter));
    check(&input("keyid=", "key="), now, Some(Fault::Parameter));
    check(&input("\"@authority\"", "\"@method\""), now, Some(Fault::Host));
    check(&input("\"signature-agent\";key=\"agent2\"", "\"@path\""), now, Some(Fault::Agent));
    check(&input("\"@authority\"", "\"@authority\" \"@authority\""), now, Some(Fault::Component));
    check(&input("\"@authority\"", "\"@authority\" \"x-absent\""), now, Some(Fault::Component));
    check(&input("\"@authority\"", "\"@authority\" \"@status\""), now, Some(Fault::Component));
    check(&input("(", "(("), now, Some(Fault::Syntax));
    check(&|headers| headers[0].1 = "sig9=:AAAA:".to_owned(), now, Some(Fault::Syntax));
    check(&|headers| headers[2].1 = "agent2=\"http://plain.example\"".to_owned(), now, Some(Fault::Agent));
    check(&|headers| headers[2].1 = "agent2=\"https://a.example/path\"".to_owned(), now, Some(Fault::Agent));
    check(&|headers| headers[1].1.push_str(&"a".repeat(HEADER_BYTES_MAX)), now, Some(Fault::Syntax));
    check(&|headers| drop(headers.remove(1)), now, None);
}

#[test]
fn members_of_a_header_as_long_as_a_head_are_not_read() {
    let vector = &vectors()[7];
    let check = |length: usize, expect: bool| {
        let mut headers = vector.headers.clone();
        headers[1].1 = headers[1].1.replace("\"@authority\"", "\"@authority\" \"x-big\";key=\"a\"");
        headers.push(("X-Big".to_owned(), format!("a={}", "x".repeat(length - 2))));
        examined(&headers, vector.now, |examined| {
            assert_eq!(matches!(examined, Examined::Claim(_)), expect, "{examined:?}");
        });
    };
    check(HEADER_BYTES_MAX, true);
    check(HEADER_BYTES_MAX + 1, false);
}

#[test]
fn an_agent_put_beside_the_signed_one_is_not_believed() {
    let vector = &vectors()[7];
    let mut headers = vector.headers.clone();
    assert_eq!(headers[2].1, r#"agent2="https://signature-agent.test""#);
    for added in [r#", sig2="https://evil.test""#, r#", sig3="https://evil.test""#] {
        headers[2].1 = format!("{}{added}", vector.headers[2].1);
        examined(&headers, vector.now, |examined| {
            assert!(matches!(examined, Examined::Invalid(Fault::Agent)), "{added}: {examined:?}");
        });
    }
}

#[test]
fn a_key_of_another_kind_or_time_proves_nothing() {
    let all = vectors();
    examined(&all[7].headers, all[7].now, |examined| {
        let Examined::Claim(claim) = examined else { panic!() };
        assert!(!claim.verify(&all[0].key, all[7].now), "an RSA key");
    });
    let jwk = r#"{"kty":"OKP","crv":"Ed25519","x":"JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs","exp":10}"#;
    let is_in_force =
        |exp: &str| Key::from_jwk(&jwk.replace("10}", exp)).unwrap().is_in_force(Timestamp::from_secs(1_000));
    assert!(!is_in_force("10}"));
    assert!(is_in_force("9223372036854775807}"));
    assert!(!is_in_force("-9223372036854775808}"));
}

#[test]
fn thumbprints_are_as_published() {
    for vector in serde_json::from_str::<Vec<Value>>(THUMBPRINTS).unwrap() {
        let mut jwk: Value = serde_json::from_str(vector["jwk"].as_str().unwrap()).unwrap();
        jwk.as_object_mut().unwrap().remove("kid");
        let key = Key::from_jwk(&jwk.to_string()).unwrap();
        assert_eq!(Some(key.thumbprint()), vector["thumbprint"].as_str());
    }
}

#[test]
fn agents_are_read_in_every_form() {
    for vector in serde_json::from_str::<Vec<Value>>(AGENTS).unwrap() {
        let (value, entry) = (vector["header"].as_str().unwrap(), &vector["entries"][0]);
        let entries = [("Signature-Agent", value)];
        let list = HeaderList { entries: &entries, order: HeaderOrder::Wire, case: HeaderCase::Wire };
        let found = agent::of(&request(list, "a"), entry["label"].as_str().unwrap());
        let (found, _) = found.unwrap().unwrap();
        let kind = match entry["type"].as_str().unwrap() {
            "directory" => Kind::Directory,
            "jwks_uri" => Kind::KeySet,
            _ => Kind::Card,
        };
        assert_eq!((found.kind, Some(found.origin.as_str())), (kind, entry["uri"].as_str()));
        if kind != Kind::Card {
            assert_eq!(AgentUrl::of_identity(&found.origin), Some(found));
        }
    }
    let directory = |text| AgentUrl::parse(text, Kind::Directory).map(|agent| agent.origin);
    for (text, origin) in [
        ("HTTPS://Bot.Example:443/", "https://bot.example"),
        ("https://bot.example:08443", "https://bot.example:8443"),
        ("https://[2001:DB8::1]:443", "https://[2001:db8::1]"),
    ] {
        assert_eq!(directory(text).as_deref(), Some(origin));
    }
    let key_set = AgentUrl::parse("https://Pages.example/eve/keys.json?v=2", Kind::KeySet).unwrap();
    assert_eq!(key_set.origin, "https://pages.example/eve/keys.json");
    for bad in ["https://", "https://user@a", "https://a b", "http://a", "https://a/#x", "https://a?x", ""] {
        assert_eq!(directory(bad), None, "{bad}");
    }
    for authority in
        [":443", "a:443:443", "a:", "a:b", "a:70000", "a:+1", "[::1", "[a]", "[::1]a", "a]", "::1"]
    {
        assert!(AgentUrl::parse(&format!("https://{authority}"), Kind::Directory).is_none(), "{authority}");
    }
}

#[test]
fn bad_directories_are_refused() {
    let check = |json: &str, expect: DirectoryError| {
        let found = Directory::read(json.as_bytes()).unwrap_err();
        assert_eq!(std::mem::discriminant(&found), std::mem::discriminant(&expect), "{json}: {found}");
    };
    let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    let key = format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{x}"}}"#);
    assert_eq!(
        Directory::read(format!(r#"{{"keys":[{key}, {{"kty":"oct"}}]}}"#).as_bytes()).unwrap().len(),
        1
    );
    check("[]", DirectoryError::Json(String::new()));
    check(r#"{"keys":[]}"#, DirectoryError::NoKey);
    check(r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"AAAA"}]}"#, DirectoryError::NoKey);
    check(
        &format!(r#"{{"keys":[{}]}}"#, vec![key.as_str(); KEYS_ABOVE].join(",")),
        DirectoryError::TooManyKeys(0),
    );
    check(&" ".repeat(keys::DIRECTORY_BYTES_MAX + 1), DirectoryError::TooLong);
    let named = key.replace('}', r#","kid":"mine"}"#);
    check(&format!(r#"{{"keys":[{named}]}}"#), DirectoryError::WrongId(String::new()));
    let test =
        r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs"}]}"#;
    check(test, DirectoryError::TestKey);
}

const KEYS_ABOVE: usize = keys::KEYS_MAX + 1;

proptest! {
    #[test]
    fn any_headers_are_judged(input in "\\PC{0,60}", signature in "\\PC{0,60}", agent in "\\PC{0,60}") {
        let headers = [("Signature-Input", input), ("Signature", signature), ("Signature-Agent", agent)]
            .map(|(name, value)| (name.to_owned(), value));
        examined(&headers, Timestamp::from_secs(1_735_689_601), |_| ());
    }

    #[test]
    fn any_directory_is_judged(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Directory::read(&bytes);
    }
}
