//! What a usual minute of a site looks like: an average that is quick at first and slow later.

/// Minutes after which the average moves no more slowly: an hour.
const MINUTES_MAX: f32 = 60.0;
/// What a minute that was not calm teaches, against a calm one. A flood must not become the usual while it lasts; a site
/// that has grown for good must, within a few minutes after a start and within hours later.
const UNCALM_WEIGHT: f32 = 0.1;

/// Average requests and addresses a minute.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Usual {
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
