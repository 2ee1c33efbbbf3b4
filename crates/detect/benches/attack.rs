//! The detectors on attacks and traps, each alone, on an ordinary page, a form of one KiB, an attack and
//! a body of nothing but openings of templates. The figure of
//! `none` is the engine itself; what a detector costs is the difference.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use palisade_detect::{Engine, EngineSettings, HashSeed, Observe, SiteProfile, detectors};
use palisade_domain::{BodyKind, BodyPrefix, ClientKey, Fact, HttpVersion, RequestFacts, Timestamp, Vantage};

/// The detectors of this bench, by name.
const NAMES: [&str; 8] = [
    "payload",
    "scanner_path",
    "malformed_request",
    "unusual_method",
    "robots_disallowed",
    "trap_path",
    "honeypot_field",
    "script_token",
];

const AGENT: &str =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36";

fn site() -> SiteProfile {
    SiteProfile {
        honeypot_fields: vec!["website".to_owned()],
        trap_paths: vec!["/trap/".to_owned()],
        script_token: Some("palisade_token".to_owned()),
        ..SiteProfile::default()
    }
}

fn engine(name: &str) -> Engine {
    let settings = EngineSettings { site: site(), ..EngineSettings::new(HashSeed([1, 2])) };
    let own = detectors::all().into_iter().filter(|detector| detector.card().name == name);
    Engine::with_detectors(settings, own.collect())
}

fn request<'a>(target: &'a str, body: Option<&'a [u8]>) -> RequestFacts<'a> {
    let client = "192.0.2.7".parse().expect("an address");
    let mut facts = RequestFacts::bare(ClientKey::Ip(client), Timestamp::from_secs(1), Vantage::GatewayClear);
    facts.method = Fact::Known(if body.is_some() { "POST" } else { "GET" });
    facts.target = Fact::Known(target);
    facts.version = Fact::Known(HttpVersion::Http11);
    facts.user_agent = Fact::Known(AGENT);
    facts.referrer = Fact::Known("https://shop.example/articles");
    facts.body = Fact::seen(body.map(|bytes| BodyPrefix { kind: BodyKind::Form, bytes, complete: true }));
    facts
}

fn bench(criterion: &mut Criterion) {
    let form = format!("name=Anne&text={}&palisade_token=x", "all+is+well+".repeat(82));
    let attack = "/item.php?id=7%27%20UNION%20SELECT%201,2,password%20FROM%20users--%20";
    // Opening after opening, closed nowhere: the worst that screening for templates can be given.
    let openings = format!("text={}", "{{%{${<%=".repeat(1800));
    let requests = [
        ("page", request("/articles/2026/hello-world?page=2&sort=new", None)),
        ("form", request("/contact", Some(form.as_bytes()))),
        ("attack", request(attack, None)),
        ("openings", request("/contact", Some(openings.as_bytes()))),
    ];
    for name in NAMES.iter().chain(&["none"]) {
        let engine = engine(name);
        for (kind, facts) in &requests {
            criterion.bench_function(&format!("{name}/{kind}"), |bencher| {
                bencher.iter(|| engine.assess(black_box(facts), Observe::Peek));
            });
        }
    }
}

criterion_group! {
    name = attack;
    config = Criterion::default().sample_size(20).measurement_time(std::time::Duration::from_millis(400))
        .warm_up_time(std::time::Duration::from_millis(200));
    targets = bench
}
criterion_main!(attack);
