//! The scoring of one view.

use crate::calibration::Calibration;
use crate::contributions::Contributions;
use crate::file::ViewFile;
use crate::kinds::Sum;
use crate::score::Anchors;
use crate::sequence::Seen;

/// A view, checked and made ready.
#[derive(Clone, Debug)]
pub struct View {
    name: Box<str>,
    vantages: Box<[String]>,
    sum: Sum,
    calibration: Calibration,
    anchors: Anchors,
}

/// What a view says of one request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scored {
    /// Base and contributions, summed.
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
            sum: Sum::of(view, features),
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
    /// `seen` are values by position in the schema, with the client's last steps or without. A value that is no number, or
    /// beyond the end of the slice, was unseen. Whatever the view may not use is not looked at. `contributions` is
    /// overwritten: [`Contributions::total`] and that of [`View::base`] are [`Scored::raw`], up to rounding. Any values are
    /// taken. Allocates nothing.
    pub fn score_into<'a>(&self, seen: impl Into<Seen<'a>>, contributions: &mut Contributions) -> Scored {
        self.scored(self.sum.raw_into(seen, contributions))
    }

    /// As [`View::score_into`], without the reasons, which most requests' judges never ask for.
    pub fn score<'a>(&self, seen: impl Into<Seen<'a>>) -> Scored {
        self.scored(self.raw(seen))
    }

    /// [`Scored::raw`] of [`View::score`].
    pub fn raw<'a>(&self, seen: impl Into<Seen<'a>>) -> f32 {
        self.sum.raw(seen)
    }

    /// [`Scored::raw`] of [`View::score_into`].
    pub fn raw_into<'a>(&self, seen: impl Into<Seen<'a>>, contributions: &mut Contributions) -> f32 {
        self.sum.raw_into(seen, contributions)
    }

    /// The calibrated log-odds of [`View::score`].
    pub fn log_odds<'a>(&self, seen: impl Into<Seen<'a>>) -> f32 {
        self.calibration.apply(self.sum.raw(seen))
    }

    /// What it says where nothing speaks: see [`Sum::base`].
    pub fn base(&self) -> Scored {
        self.scored(self.sum.base())
    }

    /// Calibrated log-odds and score of a sum.
    pub fn scored(&self, raw: f32) -> Scored {
        let log_odds = self.calibration.apply(raw);
        Scored { raw, log_odds, score: self.anchors.score(log_odds) }
    }
}

#[cfg(test)]
mod tests;
