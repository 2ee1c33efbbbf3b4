//! What proof of work costs the server, of one core: issuing, checking, both with the ticket that carries them, and one
//! evaluation of each function as the solver's unit. What it costs the solver is measured by `e2e/examples/work_bench.rs`.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use palisade_challenge::ticket::Purpose;
use palisade_challenge::work::{Function, SEED_BYTES, WorkKind, WorkParams, check, issue, solve};
use palisade_challenge::{Bindings, Secrets, Ticket};
use palisade_domain::{SiteId, TenantId, Timestamp};

fn server(c: &mut Criterion) {
    let secrets = Secrets::derive(&[7; 32]);
    for params in [WorkParams::HASH, WorkParams::MEMORY] {
        let name = params.kind.name();
        let mut id = 0_u128;
        let mut next = move || {
            id += 1;
            id
        };
        c.bench_function(&format!("work/{name}/issue"), |b| b.iter(|| issue(params, next(), &secrets)));
        // As many as there are puzzles and within the range: checked to the end, and wrong.
        let wrong = vec![1; usize::from(params.puzzles)];
        c.bench_function(&format!("work/{name}/check"), |b| {
            b.iter(|| check(params, next(), &secrets, black_box(&wrong)).is_ok());
        });
        c.bench_function(&format!("work/{name}/issue and check, with the ticket"), |b| {
            b.iter(|| {
                let id = next() << 64 | 0x5555;
                let text = ticket(params, id).text(&secrets);
                black_box(issue(params, id, &secrets).to_json(id).to_string());
                let back = Ticket::read(black_box(&text), &secrets).expect("just written");
                check(params, back.id, &secrets, black_box(&wrong)).is_ok()
            });
        });
    }
}

fn ticket(work: WorkParams, id: u128) -> Ticket {
    let issued = Timestamp::from_millis(1_763_000_000_000);
    Ticket {
        tenant: TenantId(1),
        site: SiteId(1),
        id,
        issued,
        expires: issued.plus_millis(600_000),
        purpose: Purpose::Pass,
        work: Some(work),
        tries: 0,
        score: 60,
        bindings: Bindings { network: Some(1 << 40), agent: Some(77), stack: Some(0x1234_5678) },
    }
}

fn solver(c: &mut Criterion) {
    for kind in [WorkKind::Hash, WorkKind::Memory] {
        let mut function = Function::new(kind, &[3; SEED_BYTES]);
        let mut candidate = 0_u32;
        c.bench_function(&format!("work/{}/one evaluation", kind.name()), |b| {
            b.iter(|| {
                candidate = candidate.wrapping_add(1);
                function.at(0, candidate)
            });
        });
    }
    let secrets = Secrets::derive(&[7; 32]);
    let small = WorkParams { range_log2: 8, ..WorkParams::HASH };
    let issued = issue(small, 5, &secrets);
    c.bench_function("work/hash/16 puzzles of 256 solved", |b| b.iter(|| solve(&issued, 5)));
}

criterion_group!(benches, server, solver);
criterion_main!(benches);
