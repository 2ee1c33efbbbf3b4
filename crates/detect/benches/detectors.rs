//! What each detector costs, by name: on a browser's page request with every header (nothing to find, the common case)
//! and on the request of its own table on which it first fires. Each is asked through an engine that holds it alone;
//! what the engine itself costs is the line `none`, and `all` is the whole list.

use std::hint::black_box;
use std::path::PathBuf;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use palisade_detect::{Detector, Engine, EngineSettings, HashSeed, Observe, SiteProfile, detectors};
use palisade_domain::{Fact, RequestFacts, Vantage};
use palisade_testkit::{CaseTable, Mix, OwnedRequest};

fn engine(keep: impl Fn(&str) -> bool) -> Engine {
    let site = SiteProfile {
        robots: Some(palisade_crawl::robots::Robots::parse(b"User-agent: *\nDisallow: /private/\n")),
        honeypot_fields: vec!["website".to_owned()],
        trap_paths: vec!["/trap/".to_owned()],
        login_paths: Vec::new(),
        script_token: Some("palisade_token".to_owned()),
    };
    let settings = EngineSettings { site, ..EngineSettings::new(HashSeed([1, 2])) };
    let kept: Vec<Box<dyn Detector>> =
        detectors::all().into_iter().filter(|detector| keep(detector.card().name)).collect();
    Engine::with_detectors(settings, kept)
}

/// A page request of the mix, by a browser that was there before.
fn page(mix: &Mix) -> RequestFacts<'_> {
    let is_page = |facts: &RequestFacts<'_>| {
        facts.method == Fact::Known("GET")
            && facts.target.known().is_some_and(|target| !target.contains("/static/"))
    };
    (0..).map(|n| mix.facts(n)).find(is_page).expect("a quarter of the mix are pages")
}

/// Lives the first true case of `name` until its detector fires; that request.
fn true_case(engine: &Engine, name: &str) -> Option<OwnedRequest> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("testdata/{name}.json"));
    let table = CaseTable::read(&std::fs::read_to_string(path).ok()?).ok()?;
    table.positives.first()?.expand().into_iter().find(|request| {
        let headers = request.header_refs();
        let facts = request.facts(&headers);
        let seen = engine.assess(&facts, Observe::Note);
        engine.finish(seen.ticket, &request.response(), facts.time);
        !seen.assessment.explanation.is_empty()
    })
}

fn bench(criterion: &mut Criterion) {
    let mix = Mix::new(Vantage::GatewayTls);
    let page = page(&mix);
    let mut measure = |name: &str, engine: &Engine, case: &str, facts: &RequestFacts<'_>| {
        criterion.bench_function(&format!("detector/{name}/{case}"), |bencher| {
            bencher.iter(|| engine.assess(black_box(facts), Observe::Peek));
        });
    };
    for (name, engine) in [("none", engine(|_| false)), ("all", engine(|_| true))] {
        engine.assess(&page, Observe::Note);
        measure(name, &engine, "page", &page);
    }
    for name in detectors::names() {
        let engine = engine(|kept| kept == name);
        engine.assess(&page, Observe::Note);
        measure(name, &engine, "page", &page);
        if let Some(request) = true_case(&engine, name) {
            let headers = request.header_refs();
            measure(name, &engine, "true", &request.facts(&headers));
        }
    }
}

criterion_group! {
    name = benches;
    // Some ninety benches: short ones, so that all of them take half a minute.
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_millis(200));
    targets = bench
}
criterion_main!(benches);
