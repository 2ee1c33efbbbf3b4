//! The detectors on what a client claims and whether its headers agree, one by one: on a browser's page request (nothing
//! to find, the common case) and on a library under a browser's user agent.

use std::collections::BTreeMap;
use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use palisade_detect::{Detector, Engine, EngineSettings, HashSeed, Observe, SiteProfile, detectors};
use palisade_domain::{
    ClientKey, Fact, HeaderCase, HeaderList, HeaderOrder, HttpVersion, RequestFacts, Scheme, Timestamp,
    Vantage,
};

/// The detectors of this bench, by name.
const NAMES: [&str; 17] = [
    "ua_missing",
    "ua_program",
    "ua_scanner",
    "ua_automation",
    "ua_version",
    "client_hints",
    "fetch_metadata",
    "secure_only_headers",
    "accept_header",
    "accept_language",
    "accept_encoding",
    "upgrade_insecure",
    "connection_header",
    "header_order",
    "header_case",
    "library_headers",
    "referrer_form",
];

const AGENT: &str =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36";

const BROWSER: [(&str, &str); 16] = [
    ("Host", "shop.example"),
    ("Connection", "keep-alive"),
    ("sec-ch-ua", "\"Not:A-Brand\";v=\"8\", \"Chromium\";v=\"156\""),
    ("sec-ch-ua-mobile", "?0"),
    ("sec-ch-ua-platform", "\"Linux\""),
    ("Upgrade-Insecure-Requests", "1"),
    ("User-Agent", AGENT),
    (
        "Accept",
        "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8",
    ),
    ("Sec-Fetch-Site", "same-origin"),
    ("Sec-Fetch-Mode", "navigate"),
    ("Sec-Fetch-User", "?1"),
    ("Sec-Fetch-Dest", "document"),
    ("Referer", "https://shop.example/"),
    ("Accept-Encoding", "gzip, deflate, br, zstd"),
    ("Accept-Language", "en-US,en;q=0.9"),
    ("Cookie", "sid=1"),
];

const LIBRARY: [(&str, &str); 5] = [
    ("Host", "shop.example"),
    ("User-Agent", AGENT),
    ("Accept-Encoding", "gzip, deflate"),
    ("Accept", "*/*"),
    ("Connection", "keep-alive"),
];

fn facts<'a>(headers: &'a [(&'a str, &'a str)]) -> RequestFacts<'a> {
    let mut facts =
        RequestFacts::bare(ClientKey::Opaque("c"), Timestamp::from_secs(1_795_132_800), Vantage::GatewayTls);
    facts.method = Fact::Known("GET");
    facts.target = Fact::Known("/page1?n=2");
    facts.host = Fact::Known("shop.example");
    facts.version = Fact::Known(HttpVersion::Http11);
    facts.scheme = Fact::Known(Scheme::Https);
    facts.user_agent = Fact::Known(AGENT);
    facts.referrer = Fact::Known("https://shop.example/");
    facts.headers =
        Fact::Known(HeaderList { entries: headers, order: HeaderOrder::Wire, case: HeaderCase::Wire });
    facts
}

fn engine(keep: impl Fn(&str) -> bool) -> Engine {
    let settings =
        EngineSettings { seed: HashSeed([1, 2]), detectors: BTreeMap::new(), site: SiteProfile::default() };
    let chosen: Vec<Box<dyn Detector>> =
        detectors::all().into_iter().filter(|detector| keep(detector.card().name)).collect();
    Engine::with_detectors(settings, chosen)
}

/// A detector is asked through the engine, whose own cost is the line `none`.
fn bench(criterion: &mut Criterion) {
    let (browser, library) = (facts(&BROWSER), facts(&LIBRARY));
    let mut measure = |name: &str, engine: &Engine| {
        for (who, facts) in [("browser", &browser), ("library", &library)] {
            criterion.bench_function(&format!("claims/{name}/{who}"), |bencher| {
                bencher.iter(|| engine.assess(black_box(facts), Observe::Peek));
            });
        }
    };
    measure("none", &engine(|_| false));
    for wanted in NAMES {
        measure(wanted, &engine(|name| name == wanted));
    }
    measure("all", &engine(|name| NAMES.contains(&name)));
}

criterion_group!(benches, bench);
criterion_main!(benches);
