//! What a provider is.

use std::time::Duration;

/// One provider: where it is asked, and how its words are to be read.
#[derive(Debug)]
pub struct Provider {
    /// What settings call it.
    pub name: &'static str,
    /// Where it is asked; `None` where only settings can say.
    pub url: Option<&'static str>,
    /// Form fields in which its widget's response comes, best first.
    pub fields: &'static [&'static str],
    /// No response of its is longer, in bytes.
    pub response_bytes_max: usize,
    /// How old a challenge may be: the life of a response, and the time to solve what is shown.
    pub age_max: Duration,
    /// When a question may be asked again.
    pub retry: Retry,
    /// Whether its answers have a score.
    pub tells_score: TellsScore,
    /// Its score, turned so that 1.0 is a person.
    pub human_score: fn(f64) -> f64,
    /// Whether its answers name the action of the page.
    pub tells_action: TellsAction,
    /// Whether it takes the site key with the question (`sitekey`).
    pub takes_site_key: bool,
    /// Its documented error codes. One that is not listed is a plain no.
    pub codes: &'static [(&'static str, Said)],
}

/// When a question may be asked again: a response is good for one question only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// Where the first never left: no connection stood.
    Unsent,
    /// Also where it left: the provider answers a repeated `idempotency_key` as it did the first time.
    WithKey,
}

/// Whether answers have a score.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TellsScore {
    /// A score, if any, means nothing.
    Never,
    /// It counts where there is one.
    Sometimes,
    /// An answer without one is not what was asked for.
    Always,
}

/// Whether answers name the page's action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TellsAction {
    /// None does: an expected action is not checked.
    Never,
    /// Those with a score do.
    WithScore,
    /// All do, where the page gave one: an expected action that is missing is a wrong one.
    Always,
}

/// What an error code means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// The response is none of the provider's.
    Invalid,
    /// It was good once: asked about before, or its time is over.
    Spent,
    /// A plain no.
    Refused,
    /// Our secret or our question is wrong, which no visitor can bring about.
    Misconfigured,
    /// The provider's own trouble.
    TryAgain,
}

impl Provider {
    /// What error code `word` means.
    pub fn said(&self, word: &str) -> Said {
        self.codes.iter().find(|(code, _)| *code == word).map_or(Said::Refused, |(_, said)| *said)
    }
}

/// Of scores that are a person's at 1.0 already.
pub(super) fn as_told(score: f64) -> f64 {
    score
}
