//! Numbers that look random and are the same in every run.

/// SplitMix64 (Steele, Lea, Flood 2014).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Random(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    /// Below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).unwrap()
    }

    /// Once in `times`.
    pub(crate) fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    pub(crate) fn pick<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }

    pub(crate) fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(count + 8);
        while bytes.len() < count {
            bytes.extend(self.next().to_le_bytes());
        }
        bytes.truncate(count);
        bytes
    }

    /// One of the words of `all`.
    pub(crate) fn word<'a>(&mut self, all: &'a str) -> &'a str {
        self.part(all, ' ')
    }

    /// One of the parts of `all`.
    pub(crate) fn part<'a>(&mut self, all: &'a str, between: char) -> &'a str {
        let at = self.below(all.split(between).count());
        all.split(between).nth(at).unwrap()
    }

    /// Between 1 and `most` parts of `all`, joined.
    pub(crate) fn text(&mut self, all: &str, between: char, most: usize) -> Vec<u8> {
        (0..=self.below(most)).flat_map(|_| self.part(all, between).bytes()).collect()
    }
}
