use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};

use proptest::prelude::*;

use super::*;

/// A fixed bijective mixer (SplitMix64): stands for the caller's keyed hash, so tests repeat.
fn key(n: u64) -> u64 {
    let n = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ (n >> 31)
}

fn table<V>(entries_max: usize) -> BoundedTable<V> {
    BoundedTable::new(BoundedTableSettings { entries_max, name: "test" })
}

fn content(table: &BoundedTable<u64>) -> Vec<(u64, u64)> {
    let mut all = Vec::new();
    table.for_each(|key, value| all.push((key, *value)));
    all
}

#[test]
fn an_entry_is_made_once_and_found_again() {
    let table = table::<u64>(1000);
    assert!(table.update(key(1), || 7, |value, fresh| fresh && *value == 7));
    assert!(table.update(key(1), || 8, |value, fresh| !fresh && *value == 7));
    assert_eq!(table.read(key(1), |value| *value), Some(7));
    assert_eq!(table.read(key(2), |value| *value), None);
    assert_eq!((table.len(), table.evicted()), (1, 0));
    assert_eq!(table.remove(key(1)), Some(7));
    assert_eq!(table.remove(key(1)), None);
    assert!(table.is_empty());
}

#[test]
fn one_entry_is_the_least() {
    let table = table::<u64>(0);
    (0..100).for_each(|n| table.update(key(n), || n, |_, _| ()));
    assert_eq!((table.len(), table.evicted(), table.entries_max()), (1, 99, 1));
    assert_eq!(table.read(key(99), |value| *value), Some(99));
}

#[test]
fn a_flood_stays_bounded_and_is_counted() {
    const MAX: usize = 10_000;
    let table = table::<u64>(MAX);
    for n in 0..10 * MAX as u64 {
        assert!(table.update(key(n), || n, |_, fresh| fresh));
    }
    assert_eq!(table.len(), MAX);
    assert_eq!(table.evicted(), 9 * MAX as u64);
    assert_eq!(content(&table).len(), MAX);
}

#[test]
fn those_who_come_back_outlive_a_flood() {
    const MAX: usize = 6_400;
    let table = table::<u64>(MAX);
    let regulars = 0..1_000u64;
    regulars.clone().for_each(|n| table.update(key(n), || n, |_, _| ()));
    for n in 0..20 * MAX as u64 {
        table.update(key(1_000_000 + n), || 0, |_, _| ());
        if n % 4 == 0 {
            table.update(key(n / 4 % 1_000), || 0, |_, _| ());
        }
    }
    let alive = regulars.filter(|n| table.read(key(*n), |_| ()).is_some()).count();
    assert_eq!(alive, 1_000);
}

#[test]
fn memory_grows_with_use_and_is_small() {
    type Value = [u64; 8];
    for entries_max in [4_096, 10_000, 14_300, 14_350, 16_384, 25_000] {
        let table = table::<Value>(entries_max);
        assert!(table.bytes() < 64 * 192, "{} bytes at rest", table.bytes());
        (0..2 * entries_max as u64).for_each(|n| table.update(key(n), || [0; 8], |_, _| ()));
        let each = table.bytes() as f64 / table.len() as f64 - size_of::<Value>() as f64;
        assert!(each <= 24.0, "{each} bytes beyond the value with {entries_max}");
        (0..6 * entries_max as u64).for_each(|n| table.update(key(n), || [0; 8], |_, _| ()));
        let later = table.bytes() as f64 / table.len() as f64 - size_of::<Value>() as f64;
        assert!(later <= 24.0, "{later} bytes beyond the value after churn with {entries_max}");
    }
}

#[test]
fn threads_lose_no_update() {
    const KEYS: u64 = 500;
    let (table, made) = (table::<u64>(10_000), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for offset in 0..4 {
            let (table, made) = (&table, &made);
            scope.spawn(move || {
                for n in 0..20 * KEYS {
                    let make = || {
                        made.fetch_add(1, Ordering::Relaxed);
                        0
                    };
                    table.update(key((n * 7 + offset) % KEYS), make, |value, _| *value += 1);
                }
            });
        }
    });
    assert_eq!(content(&table).iter().map(|(_, value)| value).sum::<u64>(), 4 * 20 * KEYS);
    assert_eq!((table.len() as u64, made.into_inner()), (KEYS, KEYS));
}

#[test]
fn a_panicking_caller_leaves_the_table_whole() {
    let table = table::<u64>(10);
    let failed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        table.update(key(1), || 1, |_, _| panic!("caller"))
    }));
    assert!(failed.is_err());
    assert_eq!(table.read(key(1), |value| *value), Some(1));
}

#[derive(Clone, Debug)]
enum Call {
    Update(u64),
    Read(u64),
    Remove(u64),
}

fn calls() -> impl Strategy<Value = Vec<Call>> {
    let call = prop_oneof![
        4 => (0u64..400).prop_map(Call::Update),
        1 => (0u64..400).prop_map(Call::Read),
        1 => (0u64..400).prop_map(Call::Remove),
    ];
    prop::collection::vec(call, 0..800)
}

fn run(table: &BoundedTable<u64>, calls: &[Call]) {
    for call in calls {
        match call {
            Call::Update(n) => table.update(key(*n), || 0, |value, _| *value += 1),
            Call::Read(n) => drop(table.read(key(*n), |value| *value)),
            Call::Remove(n) => drop(table.remove(key(*n))),
        }
    }
}

proptest! {
    /// With room for all, it is a map.
    #[test]
    fn with_room_it_is_a_map(calls in calls()) {
        let (table, mut model) = (table::<u64>(5_000), HashMap::<u64, u64>::new());
        for call in &calls {
            match call {
                Call::Update(n) => {
                    let fresh = !model.contains_key(n);
                    let value = model.entry(*n).and_modify(|value| *value += 1).or_insert(1);
                    let got = table.update(key(*n), || 0, |value, fresh| { *value += 1; (*value, fresh) });
                    prop_assert_eq!(got, (*value, fresh));
                }
                Call::Read(n) => prop_assert_eq!(table.read(key(*n), |v| *v), model.get(n).copied()),
                Call::Remove(n) => prop_assert_eq!(table.remove(key(*n)), model.remove(n)),
            }
        }
        prop_assert_eq!(table.len(), model.len());
        prop_assert_eq!(table.evicted(), 0);
        let expect: HashSet<_> = model.iter().map(|(n, value)| (key(*n), *value)).collect();
        prop_assert_eq!(content(&table).into_iter().collect::<HashSet<_>>(), expect);
    }

    /// Without room it stays bounded, keeps the newest, holds no key twice, and every entry is accounted for.
    #[test]
    fn without_room_it_is_bounded(calls in calls(), entries_max in 1usize..200) {
        let table = table::<u64>(entries_max);
        let (mut made, mut removed) = (0u64, 0u64);
        for call in &calls {
            match call {
                Call::Update(n) => {
                    made += table.update(key(*n), || *n, |_, fresh| u64::from(fresh));
                    prop_assert_eq!(table.read(key(*n), |value| *value), Some(*n));
                }
                Call::Read(n) => drop(table.read(key(*n), |_| ())),
                Call::Remove(n) => removed += u64::from(table.remove(key(*n)).is_some()),
            }
            prop_assert!(table.len() <= entries_max);
        }
        prop_assert_eq!(made, table.len() as u64 + table.evicted() + removed);
        let held = content(&table);
        prop_assert_eq!(held.iter().map(|(key, _)| key).collect::<HashSet<_>>().len(), table.len());
        for (at, n) in held {
            prop_assert_eq!(at, key(n));
            prop_assert_eq!(table.read(at, |value| *value), Some(n));
        }
    }

    #[test]
    fn the_same_calls_leave_the_same_table(calls in calls(), entries_max in 1usize..300) {
        let (one, two) = (table::<u64>(entries_max), table::<u64>(entries_max));
        run(&one, &calls);
        run(&two, &calls);
        prop_assert_eq!(content(&one), content(&two));
        prop_assert_eq!(one.evicted(), two.evicted());
    }

    /// Keys that are no hashes at all (all in one shard, or one bucket) cost speed, never correctness.
    #[test]
    fn bad_keys_stay_correct(keys in prop::collection::vec(0u64..64, 0..500), shift in 0u32..58) {
        let table = table::<u64>(50);
        for key in keys.iter().map(|key| key << shift) {
            table.update(key, || key, |_, _| ());
            prop_assert_eq!(table.read(key, |value| *value), Some(key));
        }
        prop_assert!(table.len() <= 50);
    }
}
