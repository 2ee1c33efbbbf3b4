//! Numbers that follow from a seed: which pages, how fast, from which address.

/// `SplitMix64` (Steele, Lea, Flood 2014): small, and good enough for choosing pages.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The numbers of `seed` and `words`; other words, other numbers.
    pub fn of(seed: u64, words: &str) -> Random {
        let mix = |state: u64, byte: u8| (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        Random(words.bytes().fold(seed ^ 0xcbf2_9ce4_8422_2325, mix))
    }

    /// Any number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number in `0..end`; 0 where `end` is 0.
    pub fn below(&mut self, end: u64) -> u64 {
        if end == 0 { 0 } else { self.number() % end }
    }

    /// A number in `from..=to`.
    pub fn within(&mut self, from: u64, to: u64) -> u64 {
        from + self.below(to.saturating_sub(from) + 1)
    }

    /// One of `all`, which must not be empty.
    pub fn pick<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len() as u64) as usize]
    }

    /// True once in `times`.
    pub fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_follow_from_seed_and_words() {
        let first = |seed, words| Random::of(seed, words).number();
        assert_eq!(first(1, "curl"), first(1, "curl"));
        assert_ne!(first(1, "curl"), first(2, "curl"));
        assert_ne!(first(1, "curl"), first(1, "wget"));
    }

    #[test]
    fn numbers_stay_within_their_ends() {
        let mut random = Random::of(3, "ends");
        assert!((0..1_000).all(|_| (4..=9).contains(&random.within(4, 9))));
        assert_eq!((random.below(0), random.within(7, 7), random.within(7, 2)), (0, 7, 7));
        assert!([1, 2, 3].contains(&random.pick(&[1, 2, 3])));
    }
}
