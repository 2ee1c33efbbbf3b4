//! Events in the last so many milliseconds, from two counters.
//!
//! Source: the two-bucket approximation of Cloudflare's rate limiting (*How we built rate limiting capable of scaling
//! to millions of domains*, 2017): last window's count, weighted by the part of it that still lies inside, plus this one's.

/// A sliding window of `WINDOW_MS` milliseconds, 16 bytes.
///
/// The estimate assumes that events of the window before were spread evenly: it is off by at most that window's count
/// times min(p, 1 − p), p the part of the current window that has passed, when they all came at one end. It is exact
/// for a steady rate, and for any traffic whenever p = 0 or the window before was empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SlidingWindow<const WINDOW_MS: u64> {
    window: u64,
    current: u32,
    previous: u32,
}

impl<const WINDOW_MS: u64> SlidingWindow<WINDOW_MS> {
    /// A window of no length would hold nothing.
    const CHECK: () = assert!(WINDOW_MS > 0);

    /// Counts `n` events at `now_ms`. A time before the current window counts as within it.
    pub fn add(&mut self, now_ms: u64, n: u32) {
        self.turn(now_ms);
        self.current = self.current.saturating_add(n);
    }

    /// Estimated events in the `WINDOW_MS` before `now_ms`, never negative.
    pub fn count(&self, now_ms: u64) -> f32 {
        let mut now = *self;
        now.turn(now_ms);
        let passed_ms = now_ms.saturating_sub(now.window.saturating_mul(WINDOW_MS)).min(WINDOW_MS);
        let left = 1.0 - passed_ms as f32 / WINDOW_MS as f32;
        now.previous as f32 * left + now.current as f32
    }

    /// Number of the current window, its count and that of the window before, for a snapshot.
    pub fn to_parts(self) -> (u64, u32, u32) {
        (self.window, self.current, self.previous)
    }

    /// What [`SlidingWindow::to_parts`] gave; any numbers are valid.
    pub fn from_parts(window: u64, current: u32, previous: u32) -> Self {
        SlidingWindow { window, current, previous }
    }

    fn turn(&mut self, now_ms: u64) {
        let () = Self::CHECK;
        let window = now_ms / WINDOW_MS;
        match window.saturating_sub(self.window) {
            0 => return,
            1 => self.previous = self.current,
            _ => self.previous = 0,
        }
        self.current = 0;
        self.window = window;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Second = SlidingWindow<1_000>;

    #[test]
    fn the_last_window_fades() {
        let mut window = Second::default();
        window.add(500, 10);
        assert_eq!(window.count(999), 10.0);
        assert_eq!(window.count(1_000), 10.0);
        assert_eq!(window.count(1_750), 2.5);
        assert_eq!(window.count(2_000), 0.0);
        assert_eq!(window.count(u64::MAX), 0.0);
    }

    #[test]
    fn a_steady_rate_is_exact() {
        let mut window = Second::default();
        (0..500).for_each(|n| window.add(n * 10, 1));
        assert!((window.count(4_990) - 101.0).abs() < 0.01, "{}", window.count(4_990));
    }

    #[test]
    fn a_clock_going_back_is_harmless() {
        let mut window = Second::default();
        window.add(5_000, 1);
        window.add(1_000, 1);
        assert_eq!(window.count(5_000), 2.0);
        assert_eq!(window.count(0), 2.0);
    }

    proptest! {
        #[test]
        fn the_error_is_as_documented(mut times in prop::collection::vec(0u64..5_000, 0..100), after in 0u64..1_500) {
            times.sort_unstable();
            let mut window = Second::default();
            times.iter().for_each(|at| window.add(*at, 1));
            let now_ms = times.last().copied().unwrap_or(0) + after;
            let start = now_ms / 1_000 * 1_000;
            let truth = times.iter().filter(|at| now_ms < **at + 1_000).count() as f32;
            let before = times.iter().filter(|at| (start..start + 1_000).contains(&(**at + 1_000))).count();
            let count = window.count(now_ms);
            prop_assert!(count >= 0.0);
            let passed = (now_ms - start) as f32 / 1_000.0;
            prop_assert!((count - truth).abs() <= before as f32 * passed.max(1.0 - passed) + 0.01);
            let (number, current, previous) = window.to_parts();
            prop_assert_eq!(SlidingWindow::from_parts(number, current, previous), window);
        }
    }
}
