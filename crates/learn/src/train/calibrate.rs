//! From log-odds to probabilities that hold, and to the points of the scale that mean a rate of false positives.

/// A line from log-odds to log-odds (Platt 1999).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line {
    /// How steep it is, above 0.0.
    pub slope: f64,
    /// What it adds.
    pub offset: f64,
}

impl Line {
    /// Changes nothing.
    pub const NONE: Line = Line { slope: 1.0, offset: 0.0 };

    /// The value of the line.
    pub fn at(self, log_odds: f64) -> f64 {
        self.slope * log_odds + self.offset
    }

    /// The line under which `scores` (log-odds, is it a bot, weight) are most probable, by Newton's method, with a pull of one client
    /// towards [`Line::NONE`]. That line itself where there is only one class or nothing converges.
    pub fn fitted(scores: &[(f32, bool, f32)]) -> Line {
        let has = |class: bool| scores.iter().any(|score| score.1 == class);
        if !has(true) || !has(false) {
            return Line::NONE;
        }
        let mut line = Line::NONE;
        for _ in 0..100 {
            // Gradient and curvature, with the pull.
            let (mut g, mut h) = ([1.0 - line.slope, -line.offset], [1.0, 0.0, 1.0]);
            for (log_odds, is_bot, weight) in scores {
                let (x, w) = (f64::from(*log_odds), f64::from(*weight));
                let chance = 1.0 / (1.0 + (-line.at(x)).exp());
                let error = w * (f64::from(u8::from(*is_bot)) - chance);
                let curve = w * chance * (1.0 - chance);
                g = [g[0] + error * x, g[1] + error];
                h = [h[0] + curve * x * x, h[1] + curve * x, h[2] + curve];
            }
            let determinant = h[0] * h[2] - h[1] * h[1];
            let step = [(h[2] * g[0] - h[1] * g[1]) / determinant, (h[0] * g[1] - h[1] * g[0]) / determinant];
            if !step[0].is_finite() || !step[1].is_finite() {
                return Line::NONE;
            }
            // Never further than two at once: far out the curve is flat.
            let shorter = (2.0 / (step[0].abs() + step[1].abs())).min(1.0);
            line = Line { slope: line.slope + step[0] * shorter, offset: line.offset + step[1] * shorter };
            if step[0].abs() + step[1].abs() < 1e-9 {
                break;
            }
        }
        // A model that is worse than chance is not turned around.
        if line.slope > 0.0 && line.slope.is_finite() && line.offset.is_finite() { line } else { Line::NONE }
    }
}

/// A point of the scale.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Anchor {
    /// From which log-odds on.
    pub log_odds: f64,
    /// The share of people it is meant to hit.
    pub fpr: f64,
    /// True where there are fewer than 3/FPR people behind it.
    pub provisional: bool,
}

/// The shares of people at which monitor, challenge and block begin (DESIGN section 4).
pub const ANCHORS: [f64; 3] = [0.05, 0.005, 0.001];

/// Distance of anchors that nobody tells apart, log-odds.
const APART: f64 = 0.5;

/// Weights add up to whole people but for rounding.
const ROUNDING: f64 = 1e-3;

/// The anchors for `people` who were not trained on: the log-odds of each, and how sure it is that it is one, 0.0..=1.0. Where the share is
/// less than one of them, the anchor lies above everybody of whom it is sure, and at least where a program is as much more probable as
/// the share is small. With fewer than three in the share behind it an anchor is provisional.
pub fn anchors(people: &[(f64, f64)]) -> [Anchor; 3] {
    let mut highest_first: Vec<(f64, f64)> =
        people.iter().copied().filter(|(log_odds, _)| log_odds.is_finite()).collect();
    highest_first.sort_unstable_by(|one, other| other.0.total_cmp(&one.0));
    let count: f64 = highest_first.iter().map(|(_, weight)| weight).sum();
    let mut below = f64::NEG_INFINITY;
    ANCHORS.map(|fpr| {
        let provisional = count + ROUNDING < 3.0 / fpr;
        let even = ((1.0 - fpr) / fpr).ln();
        let allowed = count * fpr + ROUNDING;
        let found = match highest_first.first() {
            Some(&(highest, _)) => {
                let mut above = 0.0;
                let is_spared = |(_, weight): &&(f64, f64)| {
                    above += weight;
                    above > allowed
                };
                // As many people as the share allows lie at or above it.
                let spared = highest_first.iter().find(is_spared).map_or(highest, |(log_odds, _)| *log_odds);
                let least = if allowed < 1.0 { even - 1.0 } else { f64::NEG_INFINITY };
                spared.next_up().max(least)
            }
            None => even,
        };
        let log_odds = found.max(below + APART);
        below = log_odds;
        Anchor { log_odds, fpr, provisional }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    /// Scores whose true chance is that of `slope * x + offset`.
    fn scores(slope: f64, offset: f64, count: usize) -> Vec<(f32, bool, f32)> {
        let mut random = Random::new(9);
        (0..count)
            .map(|_| {
                let x = random.below(1_000) as f64 / 100.0 - 5.0;
                let chance = 1.0 / (1.0 + (-(slope * x + offset)).exp());
                (x as f32, (random.below(1_000_000) as f64) < chance * 1e6, 1.0)
            })
            .collect()
    }

    #[test]
    fn the_line_is_found() {
        for (slope, offset) in [(1.0, 0.0), (0.5, 1.0), (2.0, -1.0)] {
            let line = Line::fitted(&scores(slope, offset, 20_000));
            assert!((line.slope - slope).abs() < 0.1 && (line.offset - offset).abs() < 0.1, "{line:?}");
        }
    }

    #[test]
    fn what_cannot_be_fitted_is_left_alone() {
        assert_eq!(Line::fitted(&[]), Line::NONE);
        assert_eq!(Line::fitted(&[(1.0, true, 1.0), (2.0, true, 1.0)]), Line::NONE);
        let backwards: Vec<_> = scores(1.0, 0.0, 2_000).into_iter().map(|(x, bot, w)| (x, !bot, w)).collect();
        assert_eq!(Line::fitted(&backwards), Line::NONE);
        let apart: Vec<_> = (0..40).map(|at| (at as f32 - 20.0, at >= 20, 1.0)).collect();
        let line = Line::fitted(&apart);
        assert!(line.slope.is_finite() && line.slope < 10.0, "{line:?}");
    }

    #[test]
    fn anchors_hit_the_share_they_are_named_by() {
        let people: Vec<(f64, f64)> = (0..10_000).map(|at| (f64::from(at) / 1_000.0, 1.0)).collect();
        for anchor in anchors(&people) {
            let hit = people.iter().filter(|(log_odds, _)| *log_odds >= anchor.log_odds).count() as f64;
            assert!(!anchor.provisional && hit / 10_000.0 <= anchor.fpr, "{anchor:?} hits {hit}");
        }
        let monitor = anchors(&people)[0];
        let hit = people.iter().filter(|(log_odds, _)| *log_odds >= monitor.log_odds).count();
        assert_eq!(hit, 500, "as many as it may");
    }

    #[test]
    fn who_is_hardly_known_for_a_person_hardly_moves_a_band() {
        let people: Vec<(f64, f64)> = (0..1_000).map(|at| (f64::from(at) / 1_000.0, 1.0)).collect();
        // A fifth as many, far above, of whom one in ten may be one.
        let weak =
            |weight: f64| people.iter().copied().chain((0..200).map(move |at| (5.0 + f64::from(at), weight)));
        let [alone, ..] = anchors(&people);
        let [surely, ..] = anchors(&weak(1.0).collect::<Vec<_>>());
        let [hardly, ..] = anchors(&weak(0.1).collect::<Vec<_>>());
        assert!(surely.log_odds > 100.0, "{surely:?}");
        assert!((alone.log_odds..1.0).contains(&hardly.log_odds), "{hardly:?} after {alone:?}");
        let nobody: Vec<(f64, f64)> = people.iter().map(|(log_odds, _)| (*log_odds, 0.01)).collect();
        assert!(
            anchors(&nobody).iter().all(|anchor| anchor.provisional),
            "a thousand of whom ten are people"
        );
    }

    #[test]
    fn one_who_is_hardly_known_for_a_person_stands_above_no_band() {
        let people: Vec<(f64, f64)> = (0..800).map(|at| (f64::from(at) / 800.0, 1.0)).collect();
        let with = |weight: f64| {
            anchors(&[people.as_slice(), &[(12.0, weight)]].concat()).map(|anchor| anchor.log_odds)
        };
        assert!(with(0.1).iter().all(|log_odds| *log_odds < 12.0), "{:?}", with(0.1));
        let [monitor, challenge, block] = with(1.0);
        assert!(
            monitor < 12.0 && challenge < 12.0 && block > 12.0,
            "eight in a thousand, and the eighth of them"
        );
    }

    #[test]
    fn few_people_make_provisional_anchors_above_all_of_them() {
        let people = [(-3.0, 1.0), (-1.0, 1.0), (2.5, 1.0)];
        let found = anchors(&people);
        assert!(found.iter().all(|anchor| anchor.provisional && anchor.log_odds > 2.5));
        assert!(found.windows(2).all(|pair| pair[0].log_odds < pair[1].log_odds));
        assert!(anchors(&[]).iter().all(|anchor| anchor.provisional && anchor.log_odds.is_finite()));
    }
}
