//! Tickets that are still open, by the minute in which they end; those whose minute is over were left.

use palisade_domain::Timestamp;

/// Minutes ahead in which open tickets end; a ticket lives ten.
pub(crate) const MINUTES_MAX: usize = 16;

const MINUTE_MS: i64 = 60_000;

/// Counts of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Open {
    /// The first minute that is not over, since 1970.
    first: i64,
    /// How many are open, by the minute of their end modulo [`MINUTES_MAX`].
    ends: [u64; MINUTES_MAX],
    /// How many ended without an answer.
    left: u64,
}

impl Open {
    /// One that ends at `expires`.
    pub(crate) fn add(&mut self, expires: Timestamp, now: Timestamp) {
        self.roll(now);
        if let Some(count) = self.ending(expires) {
            *count = count.saturating_add(1);
        }
    }

    /// One that ends at `expires` was answered. One that is not known changes nothing.
    pub(crate) fn take(&mut self, expires: Timestamp, now: Timestamp) {
        self.roll(now);
        if let Some(count) = self.ending(expires) {
            *count = count.saturating_sub(1);
        }
    }

    /// How many ended without an answer.
    pub(crate) fn left(&mut self, now: Timestamp) -> u64 {
        self.roll(now);
        self.left
    }

    /// The count of the minute of `expires`; `None` where that is over, or too far ahead.
    fn ending(&mut self, expires: Timestamp) -> Option<&mut u64> {
        let minute = expires.millis().div_euclid(MINUTE_MS);
        let ahead = usize::try_from(minute.checked_sub(self.first)?).ok()?;
        (ahead < MINUTES_MAX).then(|| &mut self.ends[place(minute)])
    }

    /// What is in minutes before that of `now` is over. A clock that goes back opens nothing again.
    fn roll(&mut self, now: Timestamp) {
        let minute = now.millis().div_euclid(MINUTE_MS);
        let over = minute.saturating_sub(self.first).clamp(0, MINUTES_MAX as i64);
        for ended in self.first..self.first.saturating_add(over) {
            self.left = self.left.saturating_add(std::mem::take(&mut self.ends[place(ended)]));
        }
        self.first = self.first.max(minute);
    }
}

fn place(minute: i64) -> usize {
    usize::try_from(minute.rem_euclid(MINUTES_MAX as i64)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TICKET_S: i64 = 600;

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_secs(1_795_132_800 + secs)
    }

    #[test]
    fn one_is_left_when_the_minute_of_its_end_is_over() {
        let mut open = Open::default();
        open.add(at(TICKET_S + 30), at(30));
        for (now, left) in [(30, 0), (TICKET_S + 59, 0), (TICKET_S + 60, 1), (9_000, 1), (10, 1)] {
            assert_eq!(open.left(at(now)), left, "{now}");
        }
    }

    #[test]
    fn one_that_was_answered_is_not() {
        let mut open = Open::default();
        for issued in [0, 61, 122] {
            open.add(at(issued + TICKET_S), at(issued));
        }
        open.take(at(61 + TICKET_S), at(300));
        open.take(at(61 + TICKET_S), at(301));
        assert_eq!(open.left(at(122 + TICKET_S + 60)), 2, "a second answer takes no other ticket's place");
    }

    #[test]
    fn times_that_cannot_be_change_nothing() {
        let mut open = Open::default();
        open.add(at(0), at(3_600));
        open.add(Timestamp(i64::MAX), at(3_600));
        open.take(Timestamp(i64::MIN), at(3_600));
        open.add(at(86_400), at(3_600));
        assert_eq!(open.left(Timestamp(i64::MAX)), 0);
        assert_eq!(open.left(Timestamp(i64::MIN)), 0);
    }

    proptest! {
        /// However answers and pauses fall, what is left is what was issued and not answered.
        #[test]
        fn what_is_left_is_what_was_not_answered(steps in prop::collection::vec((0_i64..400, any::<bool>(), 0_i64..TICKET_S), 0..200)) {
            let mut events = Vec::new();
            let mut now = 0;
            for (pause, answered, after) in &steps {
                now += pause;
                let expires = now + TICKET_S;
                events.push((now, expires, true));
                if *answered {
                    events.push((now + after, expires, false));
                }
            }
            // At one moment a ticket is issued before it is answered.
            events.sort_by_key(|(now, _, issued)| (*now, !issued));
            let mut open = Open::default();
            for (now, expires, issued) in events {
                if issued { open.add(at(expires), at(now)) } else { open.take(at(expires), at(now)) }
            }
            let expected = steps.iter().filter(|(_, answered, _)| !answered).count() as u64;
            prop_assert_eq!(open.left(at(now + TICKET_S + 60)), expected);
        }
    }
}
