//! What challenges cost the server beside their work: a pass with every request that shows one (budget 2 µs, DESIGN
//! section 8), a ticket issued and read, a claim, a body of 64 KiB sealed and opened, the ladder asked.

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use palisade_challenge::claims::{Claim, Claims, Kind};
use palisade_challenge::ladder::{Asked, Ladder, Load, Pressure, Try};
use palisade_challenge::noscript::{self, Offer};
use palisade_challenge::pass::{self, Shown};
use palisade_challenge::sealed::{self, BODY_BYTES_MAX, SealedRequest};
use palisade_challenge::ticket::Purpose;
use palisade_challenge::work::WorkParams;
use palisade_challenge::{Bindings, Code, Pass, Secrets, Ticket};
use palisade_domain::{PassKind, Scheme, SiteId, TenantId, Timestamp};

const SITE: (TenantId, SiteId) = (TenantId(1), SiteId(2));
const BINDINGS: Bindings =
    Bindings { network: Some(0x4000_0000_00cb_0071), agent: Some(0x12), stack: Some(0xfeed_beef) };

fn now() -> Timestamp {
    Timestamp::from_secs(1_900_000_000)
}

fn ticket(id: u128) -> Ticket {
    Ticket {
        tenant: SITE.0,
        site: SITE.1,
        id,
        issued: now(),
        expires: now().plus_millis(600_000),
        purpose: Purpose::Pass,
        work: Some(WorkParams::HASH),
        tries: 1,
        score: 77,
        bindings: BINDINGS,
    }
}

fn passes(criterion: &mut Criterion) {
    let secrets = Secrets::derive(&[7; 32]);
    let pass = Pass {
        tenant: SITE.0,
        site: SITE.1,
        id: 0x0123_4567_89ab_cdef_0123_4567_89ab_cdef,
        issued: now(),
        expires: now().plus_millis(86_400_000),
        kind: PassKind::Work,
        epoch: 1,
        bindings: BINDINGS,
    };
    let cookies = format!("theme=dark; session=0f8e7d6c5b4a; __Host-palisade_pass={}", pass.text(&secrets));
    let shown = Shown { tenant: SITE.0, site: SITE.1, bindings: &BINDINGS, now: now(), epoch: 1 };
    criterion.bench_function("pass/check", |bencher| {
        bencher.iter(|| {
            let text = pass::in_cookies(black_box(&cookies)).expect("it is there");
            Pass::read(text, &secrets).and_then(|pass| pass.check(&shown)).expect("it holds");
        });
    });
    let forged = cookies.replace("palisade_pass=A", "palisade_pass=B");
    criterion.bench_function("pass/forged", |bencher| {
        bencher.iter(|| pass::in_cookies(black_box(&forged)).map(|text| Pass::read(text, &secrets).is_err()));
    });
    criterion.bench_function("pass/give", |bencher| bencher.iter(|| black_box(&pass).text(&secrets)));
}

fn tickets(criterion: &mut Criterion) {
    let secrets = Secrets::derive(&[7; 32]);
    let text = ticket(1).text(&secrets);
    criterion.bench_function("ticket/issue", |bencher| bencher.iter(|| ticket(black_box(1)).text(&secrets)));
    criterion.bench_function("ticket/read", |bencher| {
        bencher.iter(|| {
            let ticket = Ticket::read(black_box(&text), &secrets).expect("it is one");
            ticket.check(SITE.0, SITE.1, Purpose::Pass, now())
        });
    });
    let claims = Claims::default();
    let (mut id, mut secs) = (0u128, 0i64);
    criterion.bench_function("ticket/claim", |bencher| {
        bencher.iter(|| {
            // Spread over shards, and over time as 1,000 a second: the table stays at its usual size.
            id = id.wrapping_add(0x9e37_79b9_7f4a_7c15);
            secs += i64::from((id as u16).is_multiple_of(1_000));
            let now = now().plus_millis(secs * 1_000);
            claims.claim(SITE.0, Kind::Ticket, id, now, now.plus_millis(600_000), now) == Claim::Won
        });
    });
}

fn bodies(criterion: &mut Criterion) {
    let secrets = Secrets::derive(&[7; 32]);
    let cookie = sealed::cookie_value(None, 5);
    let request = SealedRequest {
        tenant: SITE.0,
        site: SITE.1,
        id: 9,
        issued: now(),
        expires: now().plus_millis(600_000),
        host: "shop.example".to_owned(),
        method: "POST".to_owned(),
        target: "/cart".to_owned(),
        content_type: Some("application/x-www-form-urlencoded".to_owned()),
        origin: Some("https://shop.example".to_owned()),
        sec_fetch_site: Some("same-origin".to_owned()),
        body: vec![b'a'; BODY_BYTES_MAX],
    };
    let text = request.seal(&secrets, &cookie, [3; 12]).expect("it is not too large");
    let shown = sealed::Shown {
        tenant: SITE.0,
        site: SITE.1,
        host: "shop.example",
        cookie: Some(&cookie),
        now: now(),
    };
    let mut group = criterion.benchmark_group("sealed");
    group.throughput(Throughput::Bytes(BODY_BYTES_MAX as u64));
    group.bench_function("seal", |bencher| {
        bencher.iter(|| black_box(&request).seal(&secrets, &cookie, [3; 12]));
    });
    group.bench_function("open", |bencher| {
        bencher.iter(|| SealedRequest::open(black_box(&text), &secrets, &shown).expect("it opens"));
    });
    let forged = format!("{}A", &text[..text.len() - 1]);
    group.bench_function("forged", |bencher| {
        bencher.iter(|| SealedRequest::open(black_box(&forged), &secrets, &shown).err());
    });
    group.finish();
}

fn ladders(criterion: &mut Criterion) {
    let secrets = Secrets::derive(&[7; 32]);
    let (ladder, pressure) = (Ladder::default(), Pressure::new(&secrets));
    let held = Try::first(SITE.0, SITE.1, 4, now()).failed(Code::WrongWork, now());
    let cookies = format!("palisade_try={}", held.text(&secrets));
    let mut network = 0u64;
    criterion.bench_function("ladder/plan", |bencher| {
        bencher.iter(|| {
            network = network.wrapping_add(1) % 10_000;
            let held =
                Try::read(black_box(&cookies), Scheme::Http, &secrets, SITE, now()).expect("it is ours");
            ladder.plan(&Asked {
                purpose: Purpose::Pass,
                score: 80,
                load: Load::Busy,
                pressure: pressure.issued(SITE.0, network, now()),
                tries: held.count,
                code: held.code,
            })
        });
    });
    let waits = ladder
        .plan(&Asked {
            purpose: Purpose::Pass,
            score: 70,
            load: Load::Calm,
            pressure: 0,
            tries: 0,
            code: None,
        })
        .no_script
        .expect("the ladder has it");
    criterion.bench_function("noscript/offer", |bencher| {
        bencher.iter(|| Offer::new(&ticket(1), black_box("/shop?a=1"), true, waits, &secrets));
    });
    criterion.bench_function("noscript/sheet", |bencher| {
        let first = || Offer::new(&ticket(1), "/", true, waits, &secrets).chain.expect("there is one").sheet;
        bencher.iter_batched(first, |text| noscript::sheet(&text, &secrets, now()), BatchSize::SmallInput);
    });
}

criterion_group!(benches, passes, tickets, bodies, ladders);
criterion_main!(benches);
