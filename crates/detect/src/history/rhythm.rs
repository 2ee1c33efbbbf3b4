//! How a stream of requests is spaced, in five words of memory: the whole past of a client, where the ring of pages holds its end.

/// Gaps after which older ones fade.
const GAPS_WEIGHED: f32 = 256.0;

/// The spacing of one kind of requests.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rhythm {
    /// Requests so far, at most 65,535.
    pub count: u16,
    /// When the newest came, in milliseconds since the client was first seen.
    pub last_at_ms: u32,
    /// Mean of the natural logarithm of one plus a gap in milliseconds.
    pub mean: f32,
    /// Mean square deviation from it.
    pub variance: f32,
    /// Longest gap in milliseconds.
    pub longest_ms: u32,
}

impl Rhythm {
    /// Adds a request at `at_ms` milliseconds since the client was first seen; earlier than the newest counts as at once.
    pub fn note(&mut self, at_ms: u32) {
        if self.count > 0 {
            // Whole seconds: logs know no more, and what is learned from them must mean the same here.
            let gap_ms = at_ms.saturating_sub(self.last_at_ms) / 1_000 * 1_000;
            let log = (gap_ms as f32).ln_1p();
            // Welford's recurrence, with weights that stop falling.
            let weight = 1.0 / f32::from(self.count).min(GAPS_WEIGHED);
            let off = log - self.mean;
            self.mean += weight * off;
            self.variance = (1.0 - weight) * (self.variance + weight * off * off);
            self.longest_ms = self.longest_ms.max(gap_ms);
        }
        self.count = self.count.saturating_add(1);
        self.last_at_ms = self.last_at_ms.max(at_ms);
    }

    /// Gaps so far.
    pub fn gaps(&self) -> u16 {
        self.count.saturating_sub(1)
    }

    /// The times begin anew; what was learned of the gaps stays.
    pub fn restart(&mut self) {
        self.last_at_ms = 0;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(times: &[u32]) -> Rhythm {
        let mut rhythm = Rhythm::default();
        times.iter().for_each(|at_ms| rhythm.note(*at_ms));
        rhythm
    }

    #[test]
    fn mean_and_deviation_are_those_of_the_gaps() {
        let rhythm = of(&[100, 1_100, 1_110, 61_110]);
        // Of whole seconds.
        let logs = [1_000_f32, 0.0, 60_000.0].map(f32::ln_1p);
        let mean = logs.iter().sum::<f32>() / 3.0;
        let variance = logs.iter().map(|log| (log - mean).powi(2)).sum::<f32>() / 3.0;
        assert!((rhythm.mean - mean).abs() < 1e-4 && (rhythm.variance - variance).abs() < 1e-3, "{rhythm:?}");
        assert_eq!((rhythm.count, rhythm.gaps(), rhythm.longest_ms), (4, 3, 60_000));
    }

    #[test]
    fn one_request_has_no_gap() {
        assert_eq!(of(&[5]), Rhythm { count: 1, last_at_ms: 5, ..Rhythm::default() });
        assert_eq!(of(&[]).gaps(), 0);
    }

    #[test]
    fn an_even_stream_deviates_by_nothing() {
        let even: Vec<u32> = (0..2_000).map(|at| at * 3_500).collect();
        let rhythm = of(&even);
        assert!(rhythm.variance < 1e-3 && (rhythm.mean - 3_001_f32.ln()).abs() < 1e-3, "{rhythm:?}");
    }

    proptest! {
        #[test]
        fn any_times_give_numbers(times in prop::collection::vec(any::<u32>(), 0..300)) {
            let rhythm = of(&times);
            prop_assert!(rhythm.mean.is_finite() && rhythm.mean >= 0.0);
            prop_assert!(rhythm.variance.is_finite() && rhythm.variance >= 0.0);
        }
    }
}
