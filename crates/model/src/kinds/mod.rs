//! The sum of a view, one file for each way to compute it. No allocation, the same result on every machine.
//!
//! Features and steps come as they are; what is no number, or beyond the end, was unseen. Whatever a sum is made of, base and
//! contributions add up to it, up to rounding.

mod linear;
mod neural;
mod sequence;
mod trees;

use crate::bounds::{DEVIATIONS_MAX, FEATURES_MAX, LOG_ODDS_MAX};
use crate::check;
use crate::contributions::Contributions;
use crate::error::ModelError;
use crate::file::ViewFile;
use crate::form::Form;
use crate::sequence::Seen;
use crate::terms::Terms;

/// A sum made ready: what a view says before it is calibrated.
#[derive(Clone, Debug)]
pub struct Sum {
    features: usize,
    intercept: f32,
    by: By,
}

#[derive(Clone, Debug)]
enum By {
    Terms(Terms),
    Linear(linear::Distances),
    Trees(trees::Paths),
    Neural(Box<neural::Net>),
    Sequence(sequence::Chain),
}

impl Sum {
    /// Of a form other than the additive one, over a schema of so many features, all of which it may use.
    ///
    /// # Errors
    /// Whatever [`crate::Model::new`] would refuse of the form.
    pub fn new(intercept: f32, form: &Form, features: usize) -> Result<Sum, ModelError> {
        check::count("features", features, 0, FEATURES_MAX, "features")?;
        let all: Vec<u16> = (0..features as u16).collect();
        check::form::form("form", form, &all)?;
        Ok(Sum { features, intercept, by: By::of(form).unwrap_or_else(|| By::Terms(Terms::new(&[], &[]))) })
    }

    /// Of a view that was checked.
    pub(crate) fn of(view: &ViewFile, features: usize) -> Sum {
        let by = By::of(&view.form).unwrap_or_else(|| By::Terms(Terms::new(&view.shapes, &view.pairs)));
        Sum { features, intercept: view.intercept, by }
    }

    /// What it says where nothing speaks: of an additive model, weights of nothing; of trees, the means of their
    /// roots; of sequences, no step; of the others, features at their means.
    pub fn base(&self) -> f32 {
        held(match &self.by {
            By::Terms(_) | By::Linear(_) | By::Sequence(_) => self.intercept,
            By::Trees(paths) => self.intercept + paths.base(),
            By::Neural(net) => self.intercept + net.base(),
        })
    }

    /// The sum, log-odds within ±1,000 unless the form is additive or linear; always finite. Allocates nothing.
    pub fn raw<'a>(&self, seen: impl Into<Seen<'a>>) -> f32 {
        let Seen { numbers: features, steps } = seen.into();
        let mut raw = self.intercept;
        match &self.by {
            By::Terms(terms) => {
                terms.each_shape(features, |_, log_odds| raw += log_odds);
                terms.each_pair(features, |_, log_odds| raw += log_odds);
                raw
            }
            By::Linear(distances) => {
                distances.each(features, |_, log_odds| raw += log_odds);
                raw
            }
            By::Trees(paths) => held(raw + paths.sum(features)),
            By::Neural(net) => held(raw + net.output(features)),
            By::Sequence(chain) => held(raw + chain.sum(steps)),
        }
    }

    /// The same sum, and in `contributions`, which is overwritten, what each feature and the steps added to [`Sum::base`].
    pub fn raw_into<'a>(&self, seen: impl Into<Seen<'a>>, contributions: &mut Contributions) -> f32 {
        let Seen { numbers: features, steps } = seen.into();
        contributions.reset(self.features);
        // Summed in the order of the file, not over the contributions: rounding keeps the order of two sums then.
        let mut raw = self.intercept;
        match &self.by {
            By::Terms(terms) => {
                terms.each_shape(features, |feature, log_odds| {
                    contributions.add(feature, log_odds);
                    raw += log_odds;
                });
                terms.each_pair(features, |[first, second], log_odds| {
                    contributions.add(first, log_odds * 0.5);
                    contributions.add(second, log_odds * 0.5);
                    raw += log_odds;
                });
                raw
            }
            By::Linear(distances) => {
                distances.each(features, |feature, log_odds| {
                    contributions.add(feature, log_odds);
                    raw += log_odds;
                });
                raw
            }
            By::Trees(paths) => held(raw + paths.sum_into(features, contributions)),
            By::Neural(net) => held(raw + net.output_into(features, contributions)),
            By::Sequence(chain) => {
                raw = held(raw + chain.sum(steps));
                contributions.set_sequence(raw - self.base());
                raw
            }
        }
    }
}

impl By {
    /// None where the form is additive.
    fn of(form: &Form) -> Option<By> {
        match form {
            Form::Additive => None,
            Form::Linear(linear) => Some(By::Linear(linear::Distances::new(linear))),
            Form::Trees(trees) => Some(By::Trees(trees::Paths::new(trees))),
            Form::Neural(neural) => Some(By::Neural(Box::new(neural::Net::new(neural)))),
            Form::Sequence(sequence) => Some(By::Sequence(sequence::Chain::new(sequence))),
        }
    }
}

/// Within what a calibration knows.
fn held(log_odds: f32) -> f32 {
    log_odds.clamp(-LOG_ODDS_MAX, LOG_ODDS_MAX)
}

/// Standard deviations from the mean, held within the bound; none where the feature is no number.
fn deviations(features: &[f32], feature: u16, mean: f32, scale: f32) -> Option<f32> {
    let value = features.get(usize::from(feature)).copied().filter(|value| !value.is_nan())?;
    Some(((value - mean) / scale).clamp(-DEVIATIONS_MAX, DEVIATIONS_MAX))
}

#[cfg(test)]
mod tests;
