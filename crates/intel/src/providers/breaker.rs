//! Leaving a provider alone that fails, so that nobody waits for it in vain. Pure: the time is an argument.
//!
//! ```text
//!            failures ≥ limit, and at least as many as answers
//!   closed ────────────────────────────────────────────────────► open
//!      ▲                                                        │    ▲
//!      │ it answers            one question after each pause    ▼    │ it fails
//!      └─────────────────────────────────────────────────────  probe ┘
//! ```

use palisade_limits::SlidingWindow;

/// Failures are counted over so long.
pub const WINDOW_MS: u64 = 30_000;

/// When it opens, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BreakerSettings {
    /// So many failures within [`WINDOW_MS`] open it, where no more questions than that were answered.
    pub failures: u32,
    /// How long nobody is asked before one question probes, in milliseconds.
    pub pause_ms: u64,
}

impl Default for BreakerSettings {
    fn default() -> Self {
        BreakerSettings { failures: 5, pause_ms: 10_000 }
    }
}

/// The breaker of one provider. `now_ms` is of any one clock; one that jumps costs a pause at most.
#[derive(Clone, Copy, Debug)]
pub struct Breaker {
    settings: BreakerSettings,
    failures: SlidingWindow<WINDOW_MS>,
    answers: SlidingWindow<WINDOW_MS>,
    /// Since when it is open, or when it was last probed.
    open_since_ms: Option<u64>,
}

impl Breaker {
    /// A closed one.
    pub fn new(settings: BreakerSettings) -> Self {
        Breaker {
            settings,
            failures: SlidingWindow::default(),
            answers: SlidingWindow::default(),
            open_since_ms: None,
        }
    }

    /// May a question be asked now? While it is open, one may after each pause: should its asker never come back, the
    /// next one is a pause away.
    pub fn may_ask(&mut self, now_ms: u64) -> bool {
        let Some(since_ms) = self.open_since_ms else {
            return true;
        };
        let since_ms = since_ms.min(now_ms);
        let is_over = now_ms - since_ms >= self.settings.pause_ms;
        self.open_since_ms = Some(if is_over { now_ms } else { since_ms });
        is_over
    }

    /// A question was answered, yes or no.
    pub fn answered(&mut self, now_ms: u64) {
        if self.open_since_ms.take().is_some() {
            self.failures = SlidingWindow::default();
            self.answers = SlidingWindow::default();
        }
        self.answers.add(now_ms, 1);
    }

    /// A question was not answered.
    pub fn failed(&mut self, now_ms: u64) {
        self.failures.add(now_ms, 1);
        let failures = self.failures.count(now_ms);
        // Rounded: the window's estimate is a fraction.
        let many = failures.round() >= self.settings.failures as f32;
        if self.open_since_ms.is_some() || (many && failures >= self.answers.count(now_ms)) {
            self.open_since_ms = Some(now_ms);
        }
    }

    /// Is it open?
    pub fn is_open(&self) -> bool {
        self.open_since_ms.is_some()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SETTINGS: BreakerSettings = BreakerSettings { failures: 3, pause_ms: 1_000 };

    fn opened_at(now_ms: u64) -> Breaker {
        let mut breaker = Breaker::new(SETTINGS);
        for _ in 0..3 {
            assert!(breaker.may_ask(now_ms));
            breaker.failed(now_ms);
        }
        breaker
    }

    #[test]
    fn it_opens_after_so_many_failures_and_probes_after_a_pause() {
        let mut breaker = opened_at(60_000);
        assert!(breaker.is_open());
        assert!(!breaker.may_ask(60_999));
        assert!(breaker.may_ask(61_000));
        assert!(!breaker.may_ask(61_001), "one probes");
        breaker.failed(61_500);
        assert!(!breaker.may_ask(62_499), "its failure starts a new pause");
        assert!(breaker.may_ask(62_500));
        breaker.answered(62_600);
        assert!(!breaker.is_open() && breaker.may_ask(62_600));
        // What was before is forgotten.
        breaker.failed(62_700);
        breaker.failed(62_700);
        assert!(!breaker.is_open());
    }

    #[test]
    fn a_probe_that_never_comes_back_costs_a_pause() {
        let mut breaker = opened_at(60_000);
        assert!(breaker.may_ask(61_000));
        assert!(!breaker.may_ask(61_999));
        assert!(breaker.may_ask(62_000));
    }

    #[test]
    fn a_few_failures_among_many_answers_do_not_open_it() {
        let mut breaker = Breaker::new(SETTINGS);
        for n in 0..100 {
            breaker.answered(60_000);
            if n % 10 == 0 {
                breaker.failed(60_000);
            }
        }
        assert!(!breaker.is_open());
    }

    #[test]
    fn old_failures_do_not_count() {
        let mut breaker = Breaker::new(SETTINGS);
        for n in 0..10 {
            breaker.failed(60_000 + n * 40_000);
            assert!(!breaker.is_open(), "{n}");
        }
    }

    #[test]
    fn a_clock_that_goes_back_costs_a_pause() {
        let mut breaker = opened_at(10_000_000);
        assert!(!breaker.may_ask(500));
        assert!(breaker.may_ask(1_500));
    }

    proptest! {
        /// Whatever happened, whoever waits a pause may ask.
        #[test]
        fn it_never_stays_open(steps in proptest::collection::vec((0_u8..3, 0_u64..100_000), 0..100)) {
            let mut breaker = Breaker::new(SETTINGS);
            let mut now_ms = 0;
            for (step, at_ms) in steps {
                now_ms = at_ms;
                match step {
                    0 => { breaker.may_ask(at_ms); }
                    1 => breaker.answered(at_ms),
                    _ => breaker.failed(at_ms),
                }
            }
            breaker.may_ask(now_ms);
            prop_assert!(breaker.may_ask(now_ms + SETTINGS.pause_ms));
        }
    }
}
