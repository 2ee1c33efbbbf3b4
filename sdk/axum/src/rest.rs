//! Leaving a Palisade alone that does not answer, so that nobody waits for it in vain. Pure: the time is an argument.

use std::time::Duration;

/// So many questions in a row without an answer, and nobody is asked for [`REST`].
const FAILURES_MAX: u32 = 5;
/// How long nobody is asked; then one question tries again.
const REST: Duration = Duration::from_secs(5);

#[derive(Debug, Default)]
pub(crate) struct Rest {
    failures: u32,
    until: Option<Duration>,
}

impl Rest {
    /// `now` is the time since any one moment.
    pub(crate) fn may_ask(&mut self, now: Duration) -> bool {
        match self.until {
            None => true,
            Some(until) if now < until => false,
            // One tries; all others go on waiting.
            Some(_) => {
                self.until = Some(now + REST);
                true
            }
        }
    }

    pub(crate) fn note(&mut self, is_answered: bool, now: Duration) {
        if is_answered {
            *self = Rest::default();
            return;
        }
        self.failures = self.failures.saturating_add(1);
        if self.failures >= FAILURES_MAX {
            self.until = Some(now + REST);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_some_failures_one_question_tries_now_and_then() {
        let mut rest = Rest::default();
        let at = Duration::from_secs;
        for _ in 0..FAILURES_MAX {
            assert!(rest.may_ask(at(100)));
            rest.note(false, at(100));
        }
        assert!(!rest.may_ask(at(104)));
        assert!(rest.may_ask(at(105)));
        assert!(!rest.may_ask(at(106)), "one tries");
        assert!(rest.may_ask(at(110)), "it never came back");
        rest.note(true, at(111));
        assert!(rest.may_ask(at(111)));
        rest.note(false, at(112));
        assert!(rest.may_ask(at(112)), "what was before is forgotten");
    }
}
