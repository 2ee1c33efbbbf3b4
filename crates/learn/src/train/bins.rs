//! Numbers into bins: at most so many of each column, with about as much weight in each.

/// The bins of one column.
#[derive(Clone, Debug, PartialEq)]
pub struct Bins {
    /// Where a bin ends and the next begins, ascending: a value is in the bin whose number is how many edges are at most it.
    pub edges: Vec<f32>,
}

/// The bin of what is unseen.
pub const UNSEEN: u8 = u8::MAX;

impl Bins {
    /// Bins of `values`, at most `bins_max` (2..=255) of them; NaN is left out.
    pub fn of(values: impl Iterator<Item = f32>, bins_max: usize) -> Bins {
        let mut sorted: Vec<f32> = values.filter(|value| !value.is_nan()).collect();
        sorted.sort_unstable_by(f32::total_cmp);
        let bins = bins_max.clamp(2, usize::from(UNSEEN));
        let mut edges: Vec<f32> = Vec::new();
        for bin in 1..bins {
            let Some(&value) = sorted.get(sorted.len() * bin / bins) else { break };
            // Half-way to the value before it: what comes later may lie between.
            let before = sorted[..sorted.partition_point(|other| *other < value)].last();
            let Some(&before) = before else { continue };
            let edge = before + (value - before) / 2.0;
            let edge = if edge > before { edge } else { value };
            if edge.is_finite() && edges.last().is_none_or(|last| edge > *last) {
                edges.push(edge);
            }
        }
        Bins { edges }
    }

    /// How many bins there are, that of the unseen not counted.
    pub fn len(&self) -> usize {
        self.edges.len() + 1
    }

    /// True where everything falls into one bin.
    pub fn is_empty(&self) -> bool {
        self.edges.is_empty()
    }

    /// The bin of `value`.
    pub fn bin(&self, value: f32) -> u8 {
        if value.is_nan() {
            return UNSEEN;
        }
        self.edges.partition_point(|edge| *edge <= value) as u8
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_value_has_its_bin() {
        let bins = Bins::of([0.0, 0.0, 0.0, 1.0, 1.0, 2.0].into_iter(), 32);
        assert_eq!(bins.edges, [0.5, 1.5]);
        assert_eq!(
            [-9.0, 0.0, 0.5, 1.0, 1.5, 9.0, f32::NAN].map(|value| bins.bin(value)),
            [0, 0, 1, 1, 2, 2, UNSEEN]
        );
    }

    #[test]
    fn constant_and_empty_columns_have_one_bin() {
        for values in [vec![], vec![3.0; 100], vec![f32::NAN; 5]] {
            let bins = Bins::of(values.into_iter(), 32);
            assert!(bins.is_empty() && bins.len() == 1 && bins.bin(7.0) == 0);
        }
    }

    proptest! {
        #[test]
        fn any_values_have_bins_in_their_order(values in prop::collection::vec(any::<f32>(), 0..300), max in 0_usize..300) {
            let bins = Bins::of(values.iter().copied(), max);
            prop_assert!(bins.edges.windows(2).all(|pair| pair[0] < pair[1]));
            prop_assert!(bins.len() <= 255);
            for pair in values.windows(2) {
                if pair[0] <= pair[1] {
                    prop_assert!(bins.bin(pair[0]) <= bins.bin(pair[1]));
                }
            }
        }
    }
}
