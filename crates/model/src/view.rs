//! The scoring of one view.

use crate::calibration::Calibration;
use crate::contributions::Contributions;
use crate::file::ViewFile;
use crate::score::Anchors;
use crate::terms::Terms;

/// A view, checked and made ready.
#[derive(Clone, Debug)]
pub struct View {
    name: Box<str>,
    vantages: Box<[String]>,
    features: usize,
    intercept: f32,
    terms: Terms,
    calibration: Calibration,
    anchors: Anchors,
}

/// What a view says of one request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scored {
    /// Intercept and contributions, summed.
    pub raw: f32,
    /// Calibrated log-odds.
    pub log_odds: f32,
    /// 0.0..=100.0.
    pub score: f32,
}

impl View {
    /// Of a view that was checked, in a schema of so many features.
    pub(crate) fn new(view: &ViewFile, features: usize) -> View {
        View {
            name: view.name.as_str().into(),
            vantages: view.vantages.clone().into(),
            features,
            intercept: view.intercept,
            terms: Terms::new(&view.shapes, &view.pairs),
            calibration: view.calibration.clone(),
            anchors: view.anchors,
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The vantages it judges; at least one.
    pub fn vantages(&self) -> &[String] {
        &self.vantages
    }

    /// Where the bands begin.
    pub fn anchors(&self) -> &Anchors {
        &self.anchors
    }

    /// Scores one request.
    ///
    /// `features` are values by position in the schema; one that is no number, or beyond the end of the slice, was
    /// unseen. Whatever the view may not use is not looked at. `contributions` is overwritten: its sum and the
    /// intercept are [`Scored::raw`], up to rounding. Any values are taken. Allocates nothing.
    pub fn score_into(&self, features: &[f32], contributions: &mut Contributions) -> Scored {
        contributions.reset(self.features);
        // Summed in the order of the file, not over the contributions: rounding keeps the order of two sums then.
        let mut raw = self.intercept;
        self.terms.each_shape(features, |feature, log_odds| {
            contributions.add(feature, log_odds);
            raw += log_odds;
        });
        self.terms.each_pair(features, |[first, second], log_odds| {
            contributions.add(first, log_odds * 0.5);
            contributions.add(second, log_odds * 0.5);
            raw += log_odds;
        });
        self.scored(raw)
    }

    /// What it says where no weight speaks: the intercept alone.
    pub fn base(&self) -> Scored {
        self.scored(self.intercept)
    }

    /// Calibrated log-odds and score of a sum.
    fn scored(&self, raw: f32) -> Scored {
        let log_odds = self.calibration.apply(raw);
        Scored { raw, log_odds, score: self.anchors.score(log_odds) }
    }
}

#[cfg(test)]
mod tests;
