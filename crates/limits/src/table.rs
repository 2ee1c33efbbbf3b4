//! A table that never holds more than so many entries: the least valuable goes when a new one needs its place.
//!
//! It owns who stays: each shard runs CLOCK (Corbató, *A Paging Experiment with the Multics System*, 1968), which
//! is least-recently-used to within one turn of the hand at one bit per entry. A flood of keys seen once pushes out
//! itself, not the entries that come back. It does not expire by time: an entry nobody needs costs nothing until its place is wanted.

mod shard;
mod slab;

use std::sync::{Mutex, MutexGuard, PoisonError};

use shard::Shard;

/// Most shards (locks) of a table; a power of two.
pub const SHARDS_MAX: usize = 64;
/// Entries that are allocated together.
pub const CHUNK_ENTRIES: usize = slab::CHUNK;

/// Fewer entries than this are not worth a lock of their own.
const SHARD_ENTRIES_MIN: usize = 64;

const _: () = assert!(SHARDS_MAX.is_power_of_two());

/// How a [`BoundedTable`] is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BoundedTableSettings {
    /// Most entries, 1..=2^32; 0 is taken as 1.
    pub entries_max: usize,
    /// The name under which size and evictions are reported.
    pub name: &'static str,
}

/// At most `entries_max` values of `V` under 64-bit keys, shared between threads without a global lock.
///
/// * Keys are the caller's keyed hashes and are used as they are; two things with one hash are one entry.
/// * `entries_max` is divided evenly between the shards, so single evictions may begin a little before the table
///   is full (about 4 standard deviations of a shard's load: 10 % at 100,000 entries, 3 % at a million).
/// * Memory grows with use. At most 24 bytes per entry come on top of `size_of::<V>()` in a full table.
/// * `update`, `read` and `remove` hold one shard's lock while the closure runs: keep it short, and do not
///   call the same table from inside it.
#[derive(Debug)]
pub struct BoundedTable<V> {
    shards: Box<[Padded<V>]>,
    name: &'static str,
    entries_max: usize,
}

/// On its own cache line, so that two workers on neighbouring shards do not slow each other.
#[derive(Debug)]
#[repr(align(64))]
struct Padded<V>(Mutex<Shard<V>>);

impl<V> BoundedTable<V> {
    /// An empty table; allocates its shards' heads and nothing else.
    pub fn new(settings: BoundedTableSettings) -> Self {
        let entries_max = settings.entries_max.clamp(1, u32::MAX as usize);
        let shards = (entries_max / SHARD_ENTRIES_MIN).clamp(1, SHARDS_MAX);
        let shards = if shards.is_power_of_two() { shards } else { shards.next_power_of_two() / 2 };
        let (each, rest) = (entries_max / shards, entries_max % shards);
        let shards = (0..shards).map(|at| Padded(Mutex::new(Shard::new(each + usize::from(at < rest)))));
        BoundedTable { shards: shards.collect(), name: settings.name, entries_max }
    }

    /// The name it was given.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Most entries it will ever hold.
    pub fn entries_max(&self) -> usize {
        self.entries_max
    }

    /// Runs `f` on the entry of `key`, which `make` makes where there is none (`fresh` is then true). Counts as a use.
    pub fn update<R>(&self, key: u64, make: impl FnOnce() -> V, f: impl FnOnce(&mut V, bool) -> R) -> R {
        let mut shard = self.shard(key);
        let (value, fresh) = shard.find_or_insert(key, make);
        f(value, fresh)
    }

    /// Runs `f` on the entry of `key`, where there is one. Does not count as a use: looking keeps nothing alive.
    pub fn read<R>(&self, key: u64, f: impl FnOnce(&V) -> R) -> Option<R> {
        self.shard(key).get(key).map(f)
    }

    /// Takes the entry of `key` out.
    pub fn remove(&self, key: u64) -> Option<V> {
        self.shard(key).remove(key)
    }

    /// Entries held now. Shards are counted one after the other: under traffic it is a moment's figure.
    pub fn len(&self) -> usize {
        self.each_shard().map(|shard| shard.len()).sum()
    }

    /// True where nothing is held.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Entries dropped so far to make place for others.
    pub fn evicted(&self) -> u64 {
        self.each_shard().map(|shard| shard.evicted()).sum()
    }

    /// Visits all entries, shard by shard, in an order that depends only on the calls made before. Each shard is
    /// locked while it is visited; entries that come or go meanwhile in other shards may or may not be seen.
    pub fn for_each(&self, mut f: impl FnMut(u64, &V)) {
        for shard in self.each_shard() {
            shard.iter().for_each(|(key, value)| f(*key, value));
        }
    }

    /// Bytes allocated for entries and index, without what the values themselves own elsewhere.
    pub fn bytes(&self) -> usize {
        size_of_val(&*self.shards) + self.each_shard().map(|shard| shard.bytes()).sum::<usize>()
    }

    /// The index inside a shard takes the top 7 and the low bits of a key; the shard takes bits in between.
    fn shard(&self, key: u64) -> MutexGuard<'_, Shard<V>> {
        lock(&self.shards[(key >> 40) as usize & (self.shards.len() - 1)])
    }

    fn each_shard(&self) -> impl Iterator<Item = MutexGuard<'_, Shard<V>>> {
        self.shards.iter().map(lock)
    }
}

/// A shard whose caller panicked is whole: a closure runs only after the shard's own work is done.
fn lock<V>(shard: &Padded<V>) -> MutexGuard<'_, Shard<V>> {
    shard.0.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
