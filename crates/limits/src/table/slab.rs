//! Entries side by side in chunks: the place an index points into, and the face of the clock.
//!
//! Dense (a removed entry's place is taken by the last one), so there is no free list and no empty slot.

/// Entries of a chunk: one word of use bits.
pub(super) const CHUNK: usize = u32::BITS as usize;

#[derive(Debug)]
struct Chunk<V> {
    /// One bit per entry: used since the hand last passed.
    used: u32,
    entries: Vec<(u64, V)>,
}

/// At most `entries_max` entries, grown a chunk at a time.
#[derive(Debug)]
pub(super) struct Slab<V> {
    chunks: Vec<Chunk<V>>,
    len: usize,
    entries_max: usize,
    hand: usize,
}

impl<V> Slab<V> {
    pub(super) fn new(entries_max: usize) -> Self {
        Slab { chunks: Vec::new(), len: 0, entries_max, hand: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn is_full(&self) -> bool {
        self.len == self.entries_max
    }

    pub(super) fn get(&self, at: usize) -> &(u64, V) {
        &self.chunks[at / CHUNK].entries[at % CHUNK]
    }

    /// The entry, marked as used.
    pub(super) fn touch(&mut self, at: usize) -> &mut V {
        let chunk = &mut self.chunks[at / CHUNK];
        chunk.used |= 1 << (at % CHUNK);
        &mut chunk.entries[at % CHUNK].1
    }

    /// Appends an entry, not yet used. The slab must not be full.
    pub(super) fn push(&mut self, key: u64, value: V) -> &mut V {
        debug_assert!(!self.is_full());
        if self.len.is_multiple_of(CHUNK) {
            let capacity = CHUNK.min(self.entries_max - self.len);
            self.chunks.push(Chunk { used: 0, entries: Vec::with_capacity(capacity) });
        }
        let (chunk, at) = (&mut self.chunks[self.len / CHUNK], self.len % CHUNK);
        self.len += 1;
        chunk.used &= !(1 << at);
        chunk.entries.push((key, value));
        &mut chunk.entries[at].1
    }

    /// Puts a new entry, not yet used, in the place of the old one at `at`.
    pub(super) fn replace(&mut self, at: usize, key: u64, value: V) -> &mut V {
        let chunk = &mut self.chunks[at / CHUNK];
        chunk.used &= !(1 << (at % CHUNK));
        chunk.entries[at % CHUNK] = (key, value);
        &mut chunk.entries[at % CHUNK].1
    }

    /// Takes an entry out; the last entry takes its place and keeps its use bit.
    pub(super) fn swap_remove(&mut self, at: usize) -> Option<(u64, V)> {
        let last_used = self.chunks.last()?.used >> ((self.len - 1) % CHUNK) & 1;
        let last = self.chunks.last_mut()?.entries.pop()?;
        self.len -= 1;
        if self.len.is_multiple_of(CHUNK) {
            self.chunks.pop();
        }
        if at == self.len {
            return Some(last);
        }
        let chunk = &mut self.chunks[at / CHUNK];
        chunk.used = chunk.used & !(1 << (at % CHUNK)) | last_used << (at % CHUNK);
        Some(std::mem::replace(&mut chunk.entries[at % CHUNK], last))
    }

    /// The entry to drop next: the first not used since the hand last passed it. Used ones get their second
    /// chance. A whole chunk in use is passed in one step, so a turn costs `len / 32` steps at worst.
    pub(super) fn victim(&mut self) -> usize {
        debug_assert!(self.len > 0);
        loop {
            if self.hand >= self.len {
                self.hand = 0;
            }
            let (at, first) = (self.hand / CHUNK, self.hand % CHUNK);
            let filled = CHUNK.min(self.len - at * CHUNK);
            let used = &mut self.chunks[at].used;
            let skip = (!(*used >> first)).trailing_zeros() as usize;
            let end = filled.min(first + skip);
            *used &= !(mask(end) & !mask(first));
            if end < filled {
                self.hand = at * CHUNK + end + 1;
                return at * CHUNK + end;
            }
            self.hand = (at + 1) * CHUNK;
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &(u64, V)> {
        self.chunks.iter().flat_map(|chunk| &chunk.entries)
    }

    pub(super) fn bytes(&self) -> usize {
        let entries: usize = self.chunks.iter().map(|chunk| chunk.entries.capacity()).sum();
        entries * size_of::<(u64, V)>() + self.chunks.capacity() * size_of::<Chunk<V>>()
    }
}

/// The low `bits` bits set, 0..=32.
fn mask(bits: usize) -> u32 {
    u32::MAX.checked_shr((CHUNK - bits) as u32).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(n: u64) -> Slab<u64> {
        let mut slab = Slab::new(n as usize);
        (0..n).for_each(|key| {
            slab.push(key, key);
        });
        slab
    }

    #[test]
    fn the_hand_takes_the_unused_in_turn() {
        let mut slab = filled(70);
        assert_eq!((0..4).map(|_| slab.victim()).collect::<Vec<_>>(), [0, 1, 2, 3]);
        (4..66).for_each(|at| {
            slab.touch(at);
        });
        assert_eq!([slab.victim(), slab.victim()], [66, 67]);
        assert_eq!([slab.victim(), slab.victim()], [68, 69], "a second chance was used up on the way");
        assert_eq!(slab.victim(), 0);
    }

    #[test]
    fn all_used_costs_one_turn() {
        let mut slab = filled(100);
        (0..100).for_each(|at| {
            slab.touch(at);
        });
        assert_eq!(slab.victim(), 0);
        assert_eq!(slab.victim(), 1);
    }

    #[test]
    fn the_last_fills_the_hole_and_stays_used() {
        let mut slab = filled(33);
        slab.touch(32);
        assert_eq!(slab.swap_remove(5), Some((5, 5)));
        assert_eq!(slab.get(5), &(32, 32));
        assert_eq!(slab.len(), 32);
        assert_eq!(slab.chunks.len(), 1);
        slab.hand = 5;
        assert_eq!(slab.victim(), 6);
    }

    #[test]
    fn masks_cover_both_ends() {
        assert_eq!([mask(0), mask(1), mask(32)], [0, 1, u32::MAX]);
    }
}
