//! From log-odds to the score: 50, 70 and 90 stand where a measured share of people would be hit.

use serde::{Deserialize, Serialize};

use crate::line;

/// Where the score crosses into a band.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Anchor {
    /// Calibrated log-odds at which the band begins, within ±1,000.
    pub log_odds: f32,
    /// The share of people who are at or above it, 0.0..=1.0, as it was aimed at.
    pub fpr: f64,
    /// Too few people stood behind the measurement for it to be final.
    pub provisional: bool,
}

/// The points through which log-odds become a score: strictly ascending from floor to ceiling.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Anchors {
    /// Calibrated log-odds of score 0, and of all below.
    pub floor: f32,
    /// Score 50.
    pub monitor: Anchor,
    /// Score 70.
    pub challenge: Anchor,
    /// Score 90.
    pub block: Anchor,
    /// Calibrated log-odds of score 100, and of all above.
    pub ceiling: f32,
}

impl Anchors {
    /// The score of calibrated log-odds, 0.0..=100.0. Straight between the anchors, never falls while `log_odds`
    /// grows; no number is 0.0. Allocates nothing.
    pub fn score(&self, log_odds: f32) -> f32 {
        let [mut from, rest @ ..] = self.points();
        if log_odds.is_nan() || log_odds <= from.0 {
            return from.1;
        }
        for to in rest {
            if log_odds < to.0 {
                return line::between(log_odds, from, to);
            }
            from = to;
        }
        from.1
    }

    /// Log-odds and score of each point.
    pub(crate) fn points(&self) -> [(f32, f32); 5] {
        [
            (self.floor, 0.0),
            (self.monitor.log_odds, 50.0),
            (self.challenge.log_odds, 70.0),
            (self.block.log_odds, 90.0),
            (self.ceiling, 100.0),
        ]
    }
}

#[cfg(test)]
mod tests {
    use crate::testing;

    #[test]
    fn through_every_anchor() {
        let anchors = testing::anchors();
        let check = |log_odds, expect| assert_eq!(anchors.score(log_odds), expect, "at {log_odds}");
        check(f32::NEG_INFINITY, 0.0);
        check(f32::NAN, 0.0);
        for (log_odds, score) in anchors.points() {
            check(log_odds, score);
        }
        check((anchors.floor + anchors.monitor.log_odds) / 2.0, 25.0);
        check(f32::INFINITY, 100.0);
    }
}
