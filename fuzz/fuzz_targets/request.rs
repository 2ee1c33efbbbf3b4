//! A hostile request through every detector: judging it is total, repeatable, and its points add up.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palisade_detect::{Engine, EngineSettings, HashSeed, Observe, SiteProfile};
use palisade_domain::{
    BodyKind, BodyPrefix, ClientKey, Fact, HeaderCase, HeaderList, HeaderOrder, HttpVersion, RequestFacts,
    Scheme, Timestamp, Vantage,
};

/// Splits the input at line feeds: target, user agent, referrer, another header's value, then the body.
fn facts<'a>(parts: &[&'a str], headers: &'a [(&'a str, &'a str)], body: &'a [u8]) -> RequestFacts<'a> {
    let client = ClientKey::Opaque("fuzz");
    let mut facts = RequestFacts::bare(client, Timestamp::from_secs(1_795_132_800), Vantage::GatewayTls);
    facts.method = Fact::Known("POST");
    facts.target = Fact::Known(parts[0]);
    facts.user_agent = Fact::Known(parts[1]);
    facts.referrer = Fact::Known(parts[2]);
    facts.version = Fact::Known(HttpVersion::Http11);
    facts.scheme = Fact::Known(Scheme::Https);
    let (order, case) = (HeaderOrder::Wire, HeaderCase::Wire);
    facts.headers = Fact::Known(HeaderList { entries: headers, order, case });
    let kind = [BodyKind::Form, BodyKind::Multipart, BodyKind::Json, BodyKind::Text][body.len() % 4];
    let bytes = &body[..body.len().min(BodyPrefix::BYTES_MAX)];
    facts.body = Fact::Known(BodyPrefix { kind, bytes, complete: true });
    facts
}

fn engine() -> Engine {
    let site = SiteProfile { honeypot_fields: vec!["website".to_owned()], ..SiteProfile::default() };
    Engine::new(EngineSettings { site, ..EngineSettings::new(HashSeed([1, 2])) })
}

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let mut parts: Vec<&str> = text.splitn(5, '\n').collect();
    parts.resize(5, "");
    let headers =
        [("Host", "shop.example"), ("User-Agent", parts[1]), ("Referer", parts[2]), ("X-Other", parts[3])];
    let facts = facts(&parts, &headers, parts[4].as_bytes());
    let assessment = engine().assess(&facts, Observe::Note).assessment;
    assert_eq!(assessment.points_total(), i32::from(assessment.score.value()));
    assert_eq!(assessment, engine().assess(&facts, Observe::Note).assessment);
});
