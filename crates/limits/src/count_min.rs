//! Counts per key for more keys than there is memory: the count-min sketch.
//!
//! Source: Cormode and Muthukrishnan, *An Improved Data Stream Summary: The Count-Min Sketch and its Applications*
//! (J. Algorithms 55, 2005); conservative update from Estan and Varghese, *New Directions in Traffic Measurement and
//! Accounting* (SIGCOMM 2002). Old counts fade by halving everything when the total reaches a bound.

/// Most cells of a sketch, 4 bytes each: 16 MiB.
pub const CELLS_MAX: usize = 1 << 22;

/// Most rows: beyond it another row buys nothing.
const DEPTH_MAX: usize = 8;

/// How a [`CountMin`] is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CountMinSettings {
    /// Cells per row; rounded up to a power of two, at least 16.
    pub width: usize,
    /// Rows, 1..=8.
    pub depth: usize,
    /// All counters are halved when the sum of what was added would pass this; one addition counts at most this much.
    pub total_max: u64,
    /// The name under which it is reported.
    pub name: &'static str,
}

/// A count-min sketch with conservative update; its size is fixed when it is made.
///
/// An estimate is never below the true count since the last halving (older counts fade by half, rounded down), and
/// above it by more than `e / width × total` with a probability of at most `e^-depth` for keys chosen without knowing the
/// hash key (the paper's theorem 1; conservative update only makes it better). Width 4096 and depth 4: 1.8 % of keys are
/// over by more than 0.066 % of the total.
#[derive(Clone, Debug)]
pub struct CountMin {
    cells: Box<[u32]>,
    width: usize,
    total: u64,
    settings: CountMinSettings,
}

impl CountMin {
    /// An empty sketch. Settings out of range are brought into it.
    pub fn new(settings: CountMinSettings) -> Self {
        let depth = settings.depth.clamp(1, DEPTH_MAX);
        let width = settings.width.clamp(16, CELLS_MAX / DEPTH_MAX).next_power_of_two();
        let settings =
            CountMinSettings { depth, total_max: settings.total_max.clamp(1, u64::MAX / 2), ..settings };
        CountMin { cells: vec![0; width * depth].into(), width, total: 0, settings }
    }

    /// The name it was given.
    pub fn name(&self) -> &'static str {
        self.settings.name
    }

    /// Adds `n` to the count of `hash` and returns its new estimate. Only cells below the new estimate are raised.
    pub fn add(&mut self, hash: u64, n: u32) -> u32 {
        let n = n.min(u32::try_from(self.settings.total_max).unwrap_or(u32::MAX));
        self.fade_until_fits(n);
        self.total += u64::from(n);
        let estimate = self.estimate(hash).saturating_add(n);
        for at in self.places(hash) {
            self.cells[at] = self.cells[at].max(estimate);
        }
        estimate
    }

    /// The estimated count of `hash`.
    pub fn estimate(&self, hash: u64) -> u32 {
        self.places(hash).map(|at| self.cells[at]).min().unwrap_or(0)
    }

    /// The sum of all counts, faded like them.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Bytes allocated.
    pub fn bytes(&self) -> usize {
        size_of_val(&*self.cells)
    }

    /// Halves until `n` more fit. Touches every cell, once per `total_max / 2` of weight at most.
    fn fade_until_fits(&mut self, n: u32) {
        let fits = |halvings: &u32| (self.total >> halvings) + u64::from(n) <= self.settings.total_max;
        let halvings = (0..u64::BITS - 1).find(fits).unwrap_or(u64::BITS - 1);
        if halvings > 0 {
            self.cells.iter_mut().for_each(|cell| *cell = cell.checked_shr(halvings).unwrap_or(0));
            self.total >>= halvings;
        }
    }

    /// One place per row: two halves of the hash combined as in Kirsch and Mitzenmacher, *Less Hashing, Same
    /// Performance* (2006). The step is odd, so rows differ.
    fn places(&self, hash: u64) -> impl Iterator<Item = usize> + use<> {
        let (width, depth) = (self.width, self.settings.depth);
        let (start, step) = (hash as u32 as usize, (hash >> 32) as usize | 1);
        (0..depth).map(move |row| {
            let mixed = start.wrapping_add(step.wrapping_mul(row));
            row * width + (mixed & (width - 1))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    fn hash(n: u64) -> u64 {
        let n = (n + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        n ^ (n >> 31)
    }

    fn sketch(width: usize, depth: usize, total_max: u64) -> CountMin {
        CountMin::new(CountMinSettings { width, depth, total_max, name: "test" })
    }

    #[test]
    fn the_error_is_as_documented() {
        let mut sketch = sketch(1024, 4, u64::MAX);
        for n in 0..50_000 {
            sketch.add(hash(n % 10_000), 1);
        }
        let bound = std::f64::consts::E / 1024.0 * sketch.total() as f64;
        let over = (0..10_000).filter(|n| f64::from(sketch.estimate(hash(*n)) - 5) > bound).count();
        assert!(over as f64 <= 10_000.0 * (-4.0f64).exp(), "{over} of 10,000 are over by more than {bound}");
    }

    #[test]
    fn old_counts_fade_and_the_total_stays_bounded() {
        let mut sketch = sketch(256, 4, 1_000);
        sketch.add(hash(1), 600);
        (0..5_000).for_each(|n| {
            sketch.add(hash(2 + n % 5), 1);
            assert!(sketch.total() <= 1_000);
        });
        assert!(sketch.estimate(hash(1)) < 10, "{}", sketch.estimate(hash(1)));
    }

    #[test]
    fn a_flood_of_keys_takes_no_memory() {
        let mut sketch = sketch(1000, 99, 100_000);
        let bytes = sketch.bytes();
        assert_eq!(bytes, 1024 * 8 * 4);
        for n in 0..100_000 {
            sketch.add(hash(n), 1_000);
        }
        assert_eq!(sketch.bytes(), bytes);
        sketch.add(hash(0), u32::MAX);
        assert!(sketch.total() <= 100_000);
        assert!(
            super::CountMin::new(CountMinSettings { width: usize::MAX, ..sketch.settings }).cells.len()
                <= CELLS_MAX
        );
    }

    proptest! {
        #[test]
        fn never_below_the_truth(adds in prop::collection::vec((0u64..50, 1u32..100), 0..300)) {
            let (mut sketch, mut truth) = (sketch(16, 3, u64::MAX), HashMap::<u64, u32>::new());
            for (n, weight) in adds {
                *truth.entry(n).or_default() += weight;
                prop_assert_eq!(sketch.add(hash(n), weight), sketch.estimate(hash(n)));
            }
            for (n, count) in &truth {
                prop_assert!(sketch.estimate(hash(*n)) >= *count);
            }
            prop_assert_eq!(sketch.total(), truth.values().map(|count| u64::from(*count)).sum::<u64>());
        }
    }
}
