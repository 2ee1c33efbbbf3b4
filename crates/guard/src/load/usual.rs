//! What a usual minute of a site looks like: an average that is quick at first and slow later.

/// Minutes after which the average moves no more slowly: an hour.
const MINUTES_MAX: f32 = 60.0;
/// What a minute that was not calm teaches, against a calm one. A flood must not become the usual while it lasts; a site
/// that has grown for good must, within a few minutes after a start and within hours later.
const UNCALM_WEIGHT: f32 = 0.1;

/// How many minutes what was usual before a restart weighs, at most: it is the first guess of what is usual now.
const RECALLED_MINUTES_MAX: f32 = 15.0;

/// Average requests and addresses a minute.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Usual {
    requests: f32,
    clients: f32,
    /// How many minutes it has seen, 0.0..=[`MINUTES_MAX`].
    minutes: f32,
}

impl Usual {
    /// Requests in a usual minute; 0.0 where none has been seen.
    pub(super) fn per_minute(self) -> f32 {
        self.requests
    }

    /// Addresses in a usual minute.
    pub(super) fn clients(self) -> f32 {
        self.clients
    }

    /// Requests, addresses and minutes seen, for keeping.
    pub(super) fn parts(self) -> [f32; 3] {
        [self.requests, self.clients, self.minutes]
    }

    /// What [`Usual::parts`] gave before a restart; `None` where it cannot have.
    pub(crate) fn recalled([requests, clients, minutes]: [f32; 3]) -> Option<Self> {
        // Nobody counts more in a minute.
        let is_count = |n: f32| (0.0..=u32::MAX as f32).contains(&n);
        let fits = is_count(requests) && is_count(clients) && (0.0..=MINUTES_MAX).contains(&minutes);
        fits.then_some(Usual { requests, clients, minutes: minutes.min(RECALLED_MINUTES_MAX) })
    }

    /// Learns from one minute.
    pub(super) fn learn(&mut self, requests: u32, clients: u32, was_calm: bool) {
        let weight = if was_calm { 1.0 } else { UNCALM_WEIGHT };
        self.minutes = (self.minutes + weight).min(MINUTES_MAX);
        let share = weight / self.minutes.max(1.0);
        self.requests += (requests as f32 - self.requests) * share;
        self.clients += (clients as f32 - self.clients) * share;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quick_at_first_and_slow_later() {
        let mut usual = Usual::default();
        usual.learn(600, 60, true);
        assert_eq!(usual.per_minute(), 600.0);
        (0..100).for_each(|_| usual.learn(600, 60, true));
        usual.learn(60_000, 60, false);
        assert!(usual.per_minute() < 720.0, "{}", usual.per_minute());
    }

    #[test]
    fn what_was_usual_is_recalled_as_a_first_guess() {
        let mut usual = Usual::default();
        (0..600).for_each(|_| usual.learn(9_000, 600, true));
        let mut recalled = Usual::recalled(usual.parts()).unwrap();
        assert_eq!((recalled.per_minute(), recalled.clients()), (9_000.0, 600.0));
        (0..60).for_each(|_| recalled.learn(300, 20, true));
        assert!(recalled.per_minute() < 2_500.0, "{}", recalled.per_minute());
        for parts in [[f32::NAN, 1.0, 1.0], [-1.0, 1.0, 1.0], [1.0, f32::INFINITY, 1.0], [1.0, 1.0, 61.0]] {
            assert_eq!(Usual::recalled(parts), None, "{parts:?}");
        }
    }

    #[test]
    fn what_lasts_becomes_usual() {
        let minutes_until_third = |mut usual: Usual| {
            (0..)
                .take_while(|_| {
                    usual.learn(9_000, 60, false);
                    usual.per_minute() < 3_000.0
                })
                .count()
        };
        assert!(minutes_until_third(Usual::default()) < 6);
        let mut old = Usual::default();
        (0..600).for_each(|_| old.learn(100, 60, true));
        assert!((120..360).contains(&minutes_until_third(old)));
    }
}
