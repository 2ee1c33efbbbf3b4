//! Weights times distances from the mean.

use super::deviations;
use crate::form::{Linear, Term};

/// The terms of a linear view.
#[derive(Clone, Debug)]
pub(super) struct Distances(Box<[Term]>);

impl Distances {
    /// Of terms that were checked.
    pub(super) fn new(linear: &Linear) -> Distances {
        Distances(linear.terms.clone().into())
    }

    /// Feature and log-odds of each term, in order.
    #[inline]
    pub(super) fn each(&self, features: &[f32], mut each: impl FnMut(u16, f32)) {
        for term in &self.0 {
            let away = deviations(features, term.feature, term.mean, term.scale);
            each(term.feature, away.map_or(term.unseen, |away| away * term.weight));
        }
    }
}
