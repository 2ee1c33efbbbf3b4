//! One shard: an index from key to place, and the places.

use hashbrown::HashTable;

use super::slab::Slab;

/// The part of a table that lies under one lock.
#[derive(Debug)]
pub(super) struct Shard<V> {
    /// Places in `slab`, hashed by their entry's key.
    index: HashTable<u32>,
    slab: Slab<V>,
    evicted: u64,
}

impl<V> Shard<V> {
    pub(super) fn new(entries_max: usize) -> Self {
        Shard { index: HashTable::new(), slab: Slab::new(entries_max), evicted: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.slab.len()
    }

    pub(super) fn evicted(&self) -> u64 {
        self.evicted
    }

    pub(super) fn get(&self, key: u64) -> Option<&V> {
        self.place(key).map(|at| &self.slab.get(at).1)
    }

    /// The entry of `key` and whether it was made now.
    pub(super) fn find_or_insert(&mut self, key: u64, make: impl FnOnce() -> V) -> (&mut V, bool) {
        if let Some(at) = self.place(key) {
            return (self.slab.touch(at), false);
        }
        let value = make();
        self.make_room_in_index();
        let slab = &mut self.slab;
        if !slab.is_full() {
            let at = slab.len() as u32;
            self.index.insert_unique(key, at, |&other| slab.get(other as usize).0);
            return (self.slab.push(key, value), true);
        }
        let at = slab.victim();
        let old = slab.get(at).0;
        forget(&mut self.index, old, at);
        self.index.insert_unique(key, at as u32, |&other| slab.get(other as usize).0);
        self.evicted += 1;
        (self.slab.replace(at, key, value), true)
    }

    pub(super) fn remove(&mut self, key: u64) -> Option<V> {
        let at = self.place(key)?;
        forget(&mut self.index, key, at);
        let last = self.slab.len() - 1;
        let moved = self.slab.get(last).0;
        if let Some(place) = self.index.find_mut(moved, |&place| place as usize == last) {
            *place = at as u32;
        }
        self.slab.swap_remove(at).map(|(_, value)| value)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &(u64, V)> {
        self.slab.iter()
    }

    pub(super) fn bytes(&self) -> usize {
        self.slab.bytes() + self.index.allocation_size()
    }

    fn place(&self, key: u64) -> Option<usize> {
        self.index.find(key, |&at| self.slab.get(at as usize).0 == key).map(|&at| at as usize)
    }

    /// Leaves at least one free place in the index. Evictions leave tombstones; swept out in place here while the
    /// index is at most 8/9 full, because hashbrown alone would answer them by doubling, and a full table would
    /// then cost twice the index that it needs. One sweep of n entries follows n/8 insertions at least.
    fn make_room_in_index(&mut self) {
        let (index, slab) = (&mut self.index, &self.slab);
        if index.capacity() > index.len() {
            return;
        }
        let room = index.num_buckets() / 8 * 7;
        let wanted = index.len() + index.len() / 8 + 1;
        let key_of = |&at: &u32| slab.get(at as usize).0;
        if wanted > room {
            index.reserve(index.len() / 8 + 1, key_of);
            return;
        }
        index.clear();
        for at in 0..slab.len() as u32 {
            index.insert_unique(key_of(&at), at, key_of);
        }
    }
}

fn forget(index: &mut HashTable<u32>, key: u64, at: usize) {
    if let Ok(found) = index.find_entry(key, |&place| place as usize == at) {
        found.remove();
    } else {
        debug_assert!(false, "each entry is in the index");
    }
}
