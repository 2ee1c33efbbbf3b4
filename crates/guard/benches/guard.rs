//! What the guard adds to a verdict: request and response of DESIGN section 8's mix through the guard, beside the judge alone.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use palisade_detect::{Engine, EngineSettings, HashSeed, Observe};
use palisade_domain::Vantage;
use palisade_guard::peer::{Forwarding, TrustedProxies};
use palisade_guard::{Guard, GuardSettings, Site, Sites};
use palisade_policy::{Judge, Policy};
use palisade_testkit::Mix;
use palisade_testkit::mix::CLIENTS;

const SEED: HashSeed = HashSeed([1, 2]);
const WARM_UP: u64 = 5 * CLIENTS;

fn judge() -> Judge {
    Judge::new(Engine::new(EngineSettings::new(SEED)), Policy::default())
}

fn bench(criterion: &mut Criterion) {
    let mix = Mix::new(Vantage::GatewayTls);
    let alone = judge();
    let mut n = 0;
    let mut judged = || {
        n += 1;
        let facts = mix.facts(n);
        let judged = alone.request(black_box(&facts), Observe::Note);
        alone.response(judged.ticket, &mix.response(), facts.time);
    };
    (0..WARM_UP).for_each(|_| judged());
    criterion.bench_function("judge alone", |bencher| bencher.iter(&mut judged));

    for (name, event_sample) in [("guard", 0.01), ("guard, everything recorded", 1.0)] {
        let site = Site {
            hosts: vec!["*".to_owned()],
            tenant: Default::default(),
            upstreams: vec![],
            seed_routes: false,
        };
        let settings = GuardSettings { seed: SEED, event_sample, first_id: 0 };
        let (guard, mut backlog) = Guard::new(judge(), Sites::new(vec![site]), settings);
        let mut n = 0;
        let mut ruled = || {
            n += 1;
            let facts = mix.facts(n);
            let ruling = guard.request(black_box(&facts), Observe::Note, None);
            guard.response(ruling, &mix.response(), facts.time);
            // What a worker does elsewhere; the queue must not fill.
            let _ = backlog.events.try_recv();
        };
        (0..WARM_UP).for_each(|_| ruled());
        criterion.bench_function(name, |bencher| bencher.iter(&mut ruled));
    }

    let proxies = TrustedProxies::default();
    let peer = "127.0.0.1".parse().expect("an address");
    let list =
        Forwarding { x_forwarded_for: Some("6.6.6.6, 203.0.113.7:80, 127.0.0.1"), ..Forwarding::default() };
    criterion.bench_function("arrival", |bencher| bencher.iter(|| proxies.resolve(peer, black_box(&list))));
}

criterion_group!(benches, bench);
criterion_main!(benches);
