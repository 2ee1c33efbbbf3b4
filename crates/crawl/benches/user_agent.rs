//! What it costs to ask who a client says it is. Budget: 1 µs median per user agent (issue 2).
#![allow(missing_docs, reason = "criterion's macros make public functions")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use palisade_crawl::agents::Agents;
use palisade_fingerprint::user_agent;

/// Ordinary traffic: desktop, phones, in-app, crawlers, tools.
const MIX: [&str; 10] = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/153.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/153.0.0.0 Safari/537.36 Edg/153.0.0.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.6 Safari/605.1.15",
    "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0",
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/153.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 14; Pixel 6 Build/A; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/150.0.1.1 Mobile Safari/537.36 Shop/9.1",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; NobodyListedMe/1.0; +https://nobody.example/)",
    "curl/8.5.0",
];

fn claims(c: &mut Criterion) {
    let agents = Agents::builtin();
    let mut group = c.benchmark_group("user_agent");
    group.throughput(Throughput::Elements(MIX.len() as u64));
    group.bench_function("claim", |b| {
        b.iter(|| MIX.iter().filter(|ua| agents.claim(black_box(ua)).class.is_some()).count());
    });
    group.bench_function("parse", |b| {
        b.iter(|| MIX.iter().map(|ua| user_agent::parse(black_box(ua)).family_key()).max());
    });
    let longest = "Mozilla/5.0 (compatible; ".repeat(200);
    group.throughput(Throughput::Elements(1));
    group.bench_function("claim, longest", |b| b.iter(|| agents.claim(black_box(&longest)).class));
    group.finish();
    c.bench_function("user_agent/build the table", |b| b.iter(Agents::builtin));
}

criterion_group!(benches, claims);
criterion_main!(benches);
