//! What the guard adds to a verdict: request and response of DESIGN section 8's mix through the guard, beside the judge
//! alone. And a Web Bot Auth signature that was seen before; budget: 1 µs (issue 3).

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use palisade_detect::{Engine, EngineSettings, HashSeed, Observe};
use palisade_domain::{
    ClientKey, Fact, HeaderCase, HeaderList, HeaderOrder, RequestFacts, Signature, Timestamp, Vantage,
};
use palisade_guard::peer::{Forwarding, TrustedProxies};
use palisade_guard::signatures::{Checked, OriginKeys, Signatures, Verifier};
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

/// A bot's headers as it signs them.
const SIGNED: [(&str, &str); 8] = [
    ("host", "shop.example"),
    ("user-agent", "Mozilla/5.0 (compatible; ExampleBot/1.0; +https://bot.example/about)"),
    ("accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"),
    ("accept-encoding", "gzip, br"),
    ("from", "bot@bot.example"),
    ("signature-agent", "agent2=\"https://bot.example\""),
    (
        "signature-input",
        "sig2=(\"@authority\" \"signature-agent\";key=\"agent2\");created=1735689600;\
         keyid=\"poqkLGiymh_W0uP6PZFw-dvez3QJT5SolqXBCW38r0U\";alg=\"ed25519\";expires=1735693200;\
         nonce=\"gHA6jYGYAL8WU2XbV0gFJgGZ1MHzWj1MCyoi5fyhrVdwXTUqcx2D8IlSXI8pMAqmqTV3lUvUWQe/KfU9KsQ3Bw==\";\
         tag=\"web-bot-auth\"",
    ),
    (
        "signature",
        "sig2=:jdq0SqOwHdyHr9+r5jw3iYZH6aNGKijYp/EstF4RQTQdi5N5YYKrD+mCT1HA1nZDsi6nJKuHxUi/5Syp3rLWBA==:",
    ),
];

/// Believes everybody whose keys are there.
struct Believer;

impl Verifier for Believer {
    fn check(
        &self,
        facts: &RequestFacts<'_>,
        keys: &dyn Fn(&str) -> Option<std::sync::Arc<OriginKeys>>,
    ) -> Checked {
        let origin = "https://bot.example";
        match keys(origin) {
            Some(_) => Checked::Verified { origin: origin.into(), until: facts.time.plus_millis(60_000) },
            None => Checked::KeysWanted(origin.to_owned()),
        }
    }
}

fn seen_signature(criterion: &mut Criterion) {
    let signatures = Signatures::new(SEED);
    signatures.plug(Box::new(Believer));
    let now = Timestamp::from_secs(1_735_690_000);
    signatures.put_keys("https://bot.example", Vec::new(), now.plus_millis(60_000));
    let client = ClientKey::Ip("192.0.2.7".parse().expect("an address"));
    let mut facts = RequestFacts::bare(client, now, Vantage::GatewayTls);
    let (order, case) = (HeaderOrder::Wire, HeaderCase::Wire);
    facts.method = Fact::Known("GET");
    facts.host = Fact::Known("shop.example");
    facts.target = Fact::Known("/products/7/oak-table");
    facts.headers = Fact::Known(HeaderList { entries: &SIGNED, order, case });
    let verified = Fact::Known(Signature::Verified("https://bot.example"));
    assert_eq!(signatures.look(&facts).fact(), verified);
    criterion.bench_function("signature/verified, seen before", |bencher| {
        bencher.iter(|| signatures.look(black_box(&facts)));
    });
    let unsigned = HeaderList { entries: &SIGNED[..5], order, case };
    facts.headers = Fact::Known(unsigned);
    criterion.bench_function("signature/none", |bencher| bencher.iter(|| signatures.look(black_box(&facts))));
}

criterion_group!(benches, bench, seen_signature);
criterion_main!(benches);
