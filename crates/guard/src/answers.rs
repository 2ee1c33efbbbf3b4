//! What providers said of responses, counted; and one that does not know us, noted where the operator looks.

use std::sync::atomic::{AtomicU64, Ordering};

use palisade_domain::Timestamp;
use palisade_intel::providers::{Ask, Failure, Outcome, PROVIDERS, Provider, Said, Verdict, Verifier};

use crate::Guard;
use crate::health::PROVIDER;

/// The names of verdicts, as metrics show them.
pub const VERDICTS: [&str; 3] = ["human", "no", "unavailable"];

/// Counts since the start, for every provider there is. Nothing here can grow.
#[derive(Debug, Default)]
pub struct ProviderAnswers([[AtomicU64; VERDICTS.len()]; PROVIDERS.len()]);

impl ProviderAnswers {
    fn note(&self, provider: &Provider, verdict: Verdict) {
        let verdict = match verdict {
            Verdict::Human => 0,
            Verdict::No(_) => 1,
            Verdict::Unavailable(_) => 2,
        };
        let at = PROVIDERS.iter().position(|known| known.name == provider.name);
        if let Some(at) = at {
            self.0[at][verdict].fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The counts of `provider`, in the order of [`VERDICTS`].
    pub fn of(&self, provider: &Provider) -> [u64; VERDICTS.len()] {
        let at = PROVIDERS.iter().position(|known| known.name == provider.name);
        at.map_or([0; VERDICTS.len()], |at| self.0[at].each_ref().map(|count| count.load(Ordering::Relaxed)))
    }
}

impl Guard {
    /// What `provider` makes of a response, counted. Takes no longer than its timeout.
    pub async fn ask_provider(&self, provider: &Verifier, ask: &Ask<'_>, now: Timestamp) -> Outcome {
        let outcome = provider.verify(ask, now.millis().max(0).unsigned_abs()).await;
        self.answers.note(provider.provider(), outcome.verdict);
        match outcome.verdict {
            Verdict::Unavailable(Failure::Misconfigured) => {
                self.health.fail(PROVIDER, advice(provider.provider(), &outcome), now);
            }
            // Only a yes shows that it knows us: some look at the response first, and a stranger chooses that.
            Verdict::Human => self.health.recover(PROVIDER),
            Verdict::No(_) | Verdict::Unavailable(_) => {}
        }
        outcome
    }
}

/// Of the provider's words only those we know are repeated.
fn advice(provider: &Provider, outcome: &Outcome) -> String {
    let name = provider.name;
    let said = outcome.provider_codes.iter().find(|code| provider.said(code) == Said::Misconfigured);
    let said = said.map_or("a wrong secret", String::as_str);
    format!(
        "{name} does not take challenge.secret (it says: {said}), so it vouches for nobody: forms pass or not as their \
         on_failure says; put the secret of this site's widget from the console of {name} into challenge.secret and reload"
    )
}

#[cfg(test)]
mod tests {
    use palisade_intel::providers::{Refusal, named};

    use super::*;

    #[test]
    fn every_provider_has_counts_of_its_own() {
        let answers = ProviderAnswers::default();
        for provider in PROVIDERS {
            answers.note(provider, Verdict::Human);
        }
        let turnstile = named("turnstile").unwrap();
        answers.note(turnstile, Verdict::No(Refusal::Busy));
        answers.note(turnstile, Verdict::Unavailable(Failure::Resting));
        answers.note(turnstile, Verdict::Unavailable(Failure::Misconfigured));
        assert_eq!(answers.of(turnstile), [1, 1, 2]);
        assert_eq!(answers.of(named("hcaptcha").unwrap()), [1, 0, 0]);
    }
}
