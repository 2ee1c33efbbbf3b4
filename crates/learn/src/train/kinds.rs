//! The kinds, one list: how each is trained, and what comes out of it.

use palisade_model::{Form, Kind, Seen, Sum};

use super::additive::{self, Additive, AdditiveSettings, Direction};
use super::boosted::{self, BoostedSettings};
use super::forest::{self, ForestSettings};
use super::isolation::{self, IsolationSettings};
use super::linear::{self, LinearSettings};
use super::markov::{self, MarkovSettings};
use super::neural::{self, NeuralSettings};
use super::rows::Rows;
use crate::dataset::Dataset;

/// How to train a model of some kind.
#[derive(Clone, Debug, PartialEq)]
pub enum KindSettings {
    /// The default.
    Additive(AdditiveSettings),
    /// Logistic regression.
    Linear(LinearSettings),
    /// Boosted trees.
    Boosted(BoostedSettings),
    /// A random forest.
    Forest(ForestSettings),
    /// An isolation forest.
    Isolation(IsolationSettings),
    /// A neural net.
    Neural(NeuralSettings),
    /// Markov chains.
    Markov(MarkovSettings),
}

/// A model before it is calibrated.
#[derive(Clone, Debug)]
pub enum Learned {
    /// Of shapes, as they were found.
    Additive(Additive),
    /// Of another kind, ready for its file.
    Formed(Formed),
}

/// What a view of another kind than the additive one says, and the sum that serving computes from it.
#[derive(Clone, Debug)]
pub struct Formed {
    /// Log-odds that every client begins with.
    pub intercept: f32,
    /// How it computes.
    pub form: Form,
    sum: Sum,
}

impl KindSettings {
    /// The default settings of a kind.
    pub fn of(kind: Kind) -> KindSettings {
        match kind {
            Kind::Additive => KindSettings::Additive(AdditiveSettings::default()),
            Kind::Linear => KindSettings::Linear(LinearSettings::default()),
            Kind::Boosted => KindSettings::Boosted(BoostedSettings::default()),
            Kind::Forest => KindSettings::Forest(ForestSettings::default()),
            Kind::Isolation => KindSettings::Isolation(IsolationSettings::default()),
            Kind::Neural => KindSettings::Neural(NeuralSettings::default()),
            Kind::Markov => KindSettings::Markov(MarkovSettings::default()),
        }
    }

    /// Which kind they train.
    pub fn kind(&self) -> Kind {
        match self {
            KindSettings::Additive(_) => Kind::Additive,
            KindSettings::Linear(_) => Kind::Linear,
            KindSettings::Boosted(_) => Kind::Boosted,
            KindSettings::Forest(_) => Kind::Forest,
            KindSettings::Isolation(_) => Kind::Isolation,
            KindSettings::Neural(_) => Kind::Neural,
            KindSettings::Markov(_) => Kind::Markov,
        }
    }

    /// What everything random follows from.
    pub fn seed(&self) -> u64 {
        match self {
            KindSettings::Additive(settings) => settings.seed,
            KindSettings::Linear(settings) => settings.seed,
            KindSettings::Boosted(settings) => settings.seed,
            KindSettings::Forest(settings) => settings.seed,
            KindSettings::Isolation(settings) => settings.seed,
            KindSettings::Neural(settings) => settings.seed,
            KindSettings::Markov(settings) => settings.seed,
        }
    }

    /// The same with another seed.
    #[must_use]
    pub fn seeded(mut self, seed: u64) -> KindSettings {
        match &mut self {
            KindSettings::Additive(settings) => settings.seed = seed,
            KindSettings::Linear(settings) => settings.seed = seed,
            KindSettings::Boosted(settings) => settings.seed = seed,
            KindSettings::Forest(settings) => settings.seed = seed,
            KindSettings::Isolation(settings) => settings.seed = seed,
            KindSettings::Neural(settings) => settings.seed = seed,
            KindSettings::Markov(settings) => settings.seed = seed,
        }
        self
    }

    /// Name and value of each setting but the seed, for the model's file.
    pub fn described(&self) -> Vec<(&'static str, String)> {
        match self {
            KindSettings::Additive(settings) => additive_described(settings),
            KindSettings::Linear(LinearSettings { ridge, steps, seed: _ }) => {
                vec![("ridge", ridge.to_string()), ("steps", steps.to_string())]
            }
            KindSettings::Boosted(settings) => boosted_described(settings),
            KindSettings::Forest(ForestSettings { trees, depth_max, bins, leaf_min, seed: _ }) => vec![
                ("trees", trees.to_string()),
                ("depth_max", depth_max.to_string()),
                ("bins", bins.to_string()),
                ("leaf_min", leaf_min.to_string()),
            ],
            KindSettings::Isolation(IsolationSettings { trees, sample, seed: _ }) => {
                vec![("trees", trees.to_string()), ("sample", sample.to_string())]
            }
            KindSettings::Neural(settings) => neural_described(settings),
            KindSettings::Markov(MarkovSettings { order, steps_full, groups_min, step_max, seed: _ }) => {
                vec![
                    ("order", order.to_string()),
                    ("steps_full", steps_full.to_string()),
                    ("groups_min", groups_min.to_string()),
                    ("step_max", step_max.to_string()),
                ]
            }
        }
    }

    /// True where the columns are what is learned from; a model of sequences learns from steps alone.
    pub fn reads_columns(&self) -> bool {
        !matches!(self, KindSettings::Markov(_))
    }

    /// Trains on the rows of `data` for which `takes` is true, with the columns in `columns`. `directions` has one for each
    /// column of the data; additive models and trees are held to them.
    pub fn train(
        &self,
        data: &Dataset,
        columns: &[usize],
        directions: &[Direction],
        takes: impl Fn(usize) -> bool,
    ) -> Learned {
        if let KindSettings::Additive(settings) = self {
            return Learned::Additive(additive::train(data, columns, directions, settings, takes));
        }
        let rows = Rows::new(data, columns, takes);
        let (intercept, form) = match self {
            KindSettings::Additive(_) => (0.0, Form::Additive),
            KindSettings::Linear(settings) => linear::train(&rows, settings),
            KindSettings::Boosted(settings) => boosted::train(&rows, directions, settings),
            KindSettings::Forest(settings) => forest::train(&rows, directions, settings),
            KindSettings::Isolation(settings) => isolation::train(&rows, settings),
            KindSettings::Neural(settings) => neural::train(&rows, settings),
            KindSettings::Markov(settings) => markov::train(&rows, settings),
        };
        let features = data.columns.len().min(palisade_model::bounds::FEATURES_MAX);
        let sum = Sum::new(intercept, &form, features)
            .expect("each kind keeps the rules of a model, which tests hold");
        Learned::Formed(Formed { intercept, form, sum })
    }
}

/// As before there were other kinds.
impl From<&AdditiveSettings> for KindSettings {
    fn from(settings: &AdditiveSettings) -> KindSettings {
        KindSettings::Additive(settings.clone())
    }
}

impl From<&KindSettings> for KindSettings {
    fn from(settings: &KindSettings) -> KindSettings {
        settings.clone()
    }
}

impl Learned {
    /// Log-odds of a bot, not calibrated: those that serving computes.
    pub fn log_odds<'a>(&self, row: impl Into<Seen<'a>>) -> f32 {
        match self {
            Learned::Additive(additive) => additive.log_odds(row.into().numbers),
            Learned::Formed(formed) => formed.sum.raw(row),
        }
    }
}

fn additive_described(settings: &AdditiveSettings) -> Vec<(&'static str, String)> {
    let AdditiveSettings {
        bins,
        rounds,
        rate,
        ridge,
        leaf_min,
        bags,
        patience,
        pairs,
        pair_bins,
        evidence: _,
        seed: _,
    } = settings;
    vec![
        ("pairs", pairs.to_string()),
        ("pair_bins", pair_bins.to_string()),
        ("bins", bins.to_string()),
        ("rounds", rounds.to_string()),
        ("rate", rate.to_string()),
        ("ridge", ridge.to_string()),
        ("leaf_min", leaf_min.to_string()),
        ("bags", bags.to_string()),
        ("patience", patience.to_string()),
    ]
}

fn boosted_described(settings: &BoostedSettings) -> Vec<(&'static str, String)> {
    let BoostedSettings {
        trees,
        depth_max,
        bins,
        rate,
        ridge,
        leaf_min,
        groups_share,
        features_share,
        seed: _,
    } = settings;
    vec![
        ("trees", trees.to_string()),
        ("depth_max", depth_max.to_string()),
        ("bins", bins.to_string()),
        ("rate", rate.to_string()),
        ("ridge", ridge.to_string()),
        ("leaf_min", leaf_min.to_string()),
        ("groups_share", groups_share.to_string()),
        ("features_share", features_share.to_string()),
    ]
}

fn neural_described(settings: &NeuralSettings) -> Vec<(&'static str, String)> {
    let NeuralSettings { layers, epochs, batch, rate, dropout, patience, seed: _ } = settings;
    let layers: Vec<String> = layers.iter().map(usize::to_string).collect();
    vec![
        ("layers", layers.join(",")),
        ("epochs", epochs.to_string()),
        ("batch", batch.to_string()),
        ("rate", rate.to_string()),
        ("dropout", dropout.to_string()),
        ("patience", patience.to_string()),
    ]
}

#[cfg(test)]
mod tests;
