//! A model of another make in the scorer's terms: its probability on the plain logistic scale, explained by one line.

use std::fmt;
use std::sync::Arc;

use palisade_domain::LogOdds;
use palisade_model::{Contributions, Foreign};

use super::{Opinion, left_to_tables, on_scale, probability, with_tables};
use crate::schema::{self, FeatureVector};
use crate::scorer::{Findings, PRIOR};

/// A foreign model, made ready.
#[derive(Clone)]
pub(super) struct Outside {
    model: Arc<dyn Foreign>,
    /// What it says where nothing was seen.
    base: LogOdds,
    /// Evidence that it does not take, where it stands in the tables' place.
    left_to_tables: Box<[usize]>,
}

impl Outside {
    pub(super) fn new(model: Arc<dyn Foreign>) -> Self {
        let base = model.probability(FeatureVector::unseen().values()).map_or(PRIOR, log_odds);
        let left_to_tables = left_to_tables(model.contribution_max(), model.features());
        Outside { model, base, left_to_tables }
    }

    pub(super) fn wants(&self, feature: u16) -> bool {
        self.model.features().contains(&feature)
    }

    pub(super) fn no_opinions(&self) -> u64 {
        self.model.no_opinions()
    }

    /// `vector` as the model is shown it: evidence weighed as the operator wishes, since nobody can weigh what it made of it
    /// afterwards; and, where proven sessions share the network, without the features that rest on that network alone.
    pub(super) fn shown(
        &self,
        vector: &FeatureVector,
        findings: &Findings,
        of_shared_network: Option<&[usize]>,
    ) -> FeatureVector {
        let mut shown = *vector;
        for finding in findings {
            shown.weigh(usize::from(finding.feature()), finding.counts());
        }
        of_shared_network.into_iter().flatten().for_each(|at| shown.forget(*at));
        shown
    }

    /// What it says of `shown`, with what it leaves to the tables of `vector`; `None` where it has no opinion.
    pub(super) fn raw(
        &self,
        shown: &FeatureVector,
        vector: &FeatureVector,
        contributions: &mut Contributions,
    ) -> Option<LogOdds> {
        let said = log_odds(self.model.probability(shown.values())?);
        contributions.reset(schema::features().len());
        contributions.set_whole(said - self.base);
        Some(with_tables(said, &self.left_to_tables, vector, contributions))
    }

    pub(super) fn said(&self, raw: LogOdds) -> Opinion {
        let probability = probability(raw);
        let (log_odds, bound) = (log_odds(probability), self.model.contribution_max());
        Opinion { log_odds, base: self.base, probability, bound }
    }
}

/// On the scale of the score, where a probability of a half is 50.
fn log_odds(probability: f32) -> LogOdds {
    on_scale(probability * 100.0)
}

impl fmt::Debug for Outside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.model.fmt(f)
    }
}
