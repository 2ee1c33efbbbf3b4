//! The bounded table under the traffic it is made for: known keys in random order, and a flood of new ones.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use palisade_limits::{BoundedTable, BoundedTableSettings};

const KNOWN: u64 = 100_000;

/// A client history has about this size.
type Value = [u64; 64];

fn key(n: u64) -> u64 {
    let n = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ (n >> 31)
}

fn touch(table: &BoundedTable<Value>, key: u64) {
    table.update(key, || [0; 64], |value, _| value[key as usize % 64] += 1);
}

fn table(c: &mut Criterion) {
    let table = BoundedTable::<Value>::new(BoundedTableSettings { entries_max: 200_000, name: "bench" });
    (0..KNOWN).for_each(|n| touch(&table, key(n)));
    let mut group = c.benchmark_group("table");
    group.throughput(Throughput::Elements(1));
    let mut at = 0u64;
    group.bench_function("update, 100,000 known keys in random order", |b| {
        b.iter(|| {
            at = at.wrapping_add(1);
            touch(&table, black_box(key(key(at) % KNOWN)));
        });
    });
    let full = BoundedTable::<Value>::new(BoundedTableSettings { entries_max: 50_000, name: "bench" });
    let mut at = 0u64;
    group.bench_function("update, each key new, table full", |b| {
        b.iter(|| {
            at = at.wrapping_add(1);
            touch(&full, black_box(key(at)));
        });
    });
    group.finish();
}

criterion_group!(benches, table);
criterion_main!(benches);
