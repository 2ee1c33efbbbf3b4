//! How the evidence adds up.

use std::fmt;

use crate::{Detail, Identity, LogOdds, SignalId};

/// How likely a bot, 0 (a person, surely) to 100 (a bot, surely).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Score(u8);

/// The number is not in 0..=100.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScoreOutOfRange(pub u8);

impl fmt::Display for ScoreOutOfRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is not in 0..=100", self.0)
    }
}

impl std::error::Error for ScoreOutOfRange {}

impl Score {
    /// The score `value`.
    ///
    /// # Errors
    /// Where `value` is above 100.
    pub fn new(value: u8) -> Result<Self, ScoreOutOfRange> {
        if value <= 100 { Ok(Score(value)) } else { Err(ScoreOutOfRange(value)) }
    }

    /// `value` rounded to the nearest score, ends clamped; NaN is 0.
    pub fn rounded(value: f32) -> Self {
        Score(value.round().clamp(0.0, 100.0) as u8)
    }

    /// The number, 0..=100.
    pub fn value(self) -> u8 {
        self.0
    }
}

/// The share of detectors, by weight, that could see what they need from this vantage: 0.0..=1.0.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Coverage(pub f32);

/// One line of an explanation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SignalPoints {
    /// Which signal.
    pub id: SignalId,
    /// Score points it is worth; rounded so that base and all points add up to the score exactly.
    pub points: i16,
    /// Log-odds that counted, after weight and group cap.
    pub evidence: LogOdds,
    /// Why.
    pub detail: Detail,
    /// True where its detector is on dry run here: shown, worth nothing.
    pub dry_run: bool,
}

/// The lines of an explanation, strongest first.
pub type Explanation = arrayvec::ArrayVec<SignalPoints, { crate::Signal::PER_REQUEST_MAX }>;

/// What a model says of one request by itself, unbounded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ModelOpinion {
    /// 0.0..=100.0 bot.
    pub score: f32,
    /// How likely a program sent the request, 0.0..=1.0, as calibrated.
    pub probability: f32,
}

/// What we think of one request, before policy.
#[derive(Clone, Debug, PartialEq)]
pub struct Assessment {
    /// 0..=100 bot.
    pub score: Score,
    /// What a request without any signal scores.
    pub base: Score,
    /// Sum of prior and evidence in log-odds, before calibration.
    pub log_odds: LogOdds,
    /// What the model says by itself, where there is one that judges this vantage.
    pub model: Option<ModelOpinion>,
    /// Who it is.
    pub identity: Identity,
    /// The signals with their points.
    pub explanation: Explanation,
    /// How much could be seen.
    pub coverage: Coverage,
    /// Page requests of this client in the last minute; what rate caps are held against.
    pub pages_per_minute: f32,
}

impl Assessment {
    /// The line of signal `id`, where it counted.
    pub fn signal(&self, id: SignalId) -> Option<&SignalPoints> {
        self.explanation.iter().find(|line| !line.dry_run && line.id == id)
    }

    /// Base plus all points; equals the score.
    pub fn points_total(&self) -> i32 {
        i32::from(self.base.value()) + self.explanation.iter().map(|line| i32::from(line.points)).sum::<i32>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_stay_in_range() {
        assert_eq!(Score::new(101), Err(ScoreOutOfRange(101)));
        assert_eq!(Score::rounded(f32::NAN), Score(0));
        assert_eq!(Score::rounded(1e9), Score(100));
        assert_eq!(Score::rounded(49.5), Score(50));
    }
}
