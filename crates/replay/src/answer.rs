//! The answer to `POST /check`, as SURFACE fixes it: one writer for the API and for `palisade assess`.

use palisade_domain::Score;
use palisade_policy::judge::Judged;
use serde::Serialize;

use crate::summary::ExplanationLine;
use crate::tally;

/// Which action words the caller wants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ActionWords {
    /// `ALLOW MONITOR CHALLENGE BLOCK`.
    #[default]
    Four,
    /// The finer ones, in lower case.
    All,
}

/// The answer, in the order of its fields.
#[derive(Clone, Debug, Serialize)]
pub struct CheckAnswer {
    is_bot: bool,
    score: u8,
    ml_score: Option<f32>,
    ml_probability: Option<f32>,
    action: &'static str,
    enforce: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    captcha_token: Option<String>,
    features: [f32; 7],
    /// What a model is given; without one, the same numbers.
    feature_vector: [f32; 7],
    signals: Vec<ExplanationLine>,
    base: u8,
    identity: IdentityAnswer,
    rule: &'static str,
    coverage: f32,
    request_id: String,
}

#[derive(Clone, Debug, Serialize)]
struct IdentityAnswer {
    class: &'static str,
    claimed: Option<&'static str>,
    status: &'static str,
}

impl CheckAnswer {
    /// The answer for `judged`; `challenge_at` is where the challenge band begins.
    pub fn new(judged: &Judged, challenge_at: Score, words: ActionWords, request_id: String) -> Self {
        let (assessment, decision) = (&judged.verdict.assessment, &judged.verdict.decision);
        let identity = assessment.identity;
        let features = judged.features.0.map(rounded);
        CheckAnswer {
            is_bot: judged.verdict.is_bot(challenge_at),
            score: assessment.score.value(),
            ml_score: assessment.model.map(|model| rounded(model.score)),
            ml_probability: assessment.model.map(|model| rounded(model.probability)),
            action: match words {
                ActionWords::Four => decision.action.seed_name(),
                ActionWords::All => decision.action.name(),
            },
            enforce: decision.enforced.name(),
            captcha_token: None,
            features,
            feature_vector: features,
            signals: tally::lines(&judged.verdict),
            base: assessment.base.value(),
            identity: IdentityAnswer {
                class: identity.class.name(),
                claimed: identity.claimed,
                status: identity.status.name(),
            },
            rule: decision.rule,
            coverage: rounded(assessment.coverage.0),
            request_id,
        }
    }
}

impl CheckAnswer {
    /// With the challenge that the caller may give its visitor.
    #[must_use]
    pub fn with_captcha_token(self, captcha_token: Option<String>) -> Self {
        CheckAnswer { captcha_token, ..self }
    }
}

/// Three decimals say enough.
fn rounded(value: f32) -> f32 {
    (value * 1_000.0).round() / 1_000.0
}
