//! Has traffic changed since a model was trained? Shares of requests in fixed bins, then and now, and the population stability
//! index between them: 0.1 is some change, [`ALERT_PSI`] one that asks for a new training.
//!
//! What was usual stands in the model file, among its metrics under [`KEY`]; what is now is counted in a fixed number of atomics,
//! one request of [`ONE_IN`].

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::model::Model;

/// Where the reference stands among the metrics of a model file.
pub const KEY: &str = "reference";
/// From here on traffic has changed so much that the model may be wrong about it.
pub const ALERT_PSI: f64 = 0.25;
/// Fewest requests that were counted before anything is said.
pub const COUNTED_MIN: u64 = 500;
/// One request of so many is counted.
pub const ONE_IN: u64 = 16;
/// Bins of a score.
pub const SCORE_BINS: usize = 10;
/// Most bins of a feature, that of the unseen included.
pub const BINS_MAX: usize = 12;
/// Least share that a bin counts as: an empty one must not outweigh all others.
const SHARE_MIN: f64 = 1e-3;

/// What was usual when a view was trained.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reference {
    /// Which view.
    pub view: String,
    /// Shares of requests by score, ten points each.
    pub score: Vec<f32>,
    /// Each feature that the view uses.
    pub features: Vec<FeatureShares>,
}

/// What was usual of one feature.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeatureShares {
    /// Its position in the schema.
    pub feature: u16,
    /// Where a bin ends and the next begins, ascending.
    pub edges: Vec<f32>,
    /// Shares of requests: those of the bins, then that of the unseen.
    pub shares: Vec<f32>,
}

impl FeatureShares {
    fn is_sound(&self, features: usize) -> bool {
        let bins = self.edges.len() + 2;
        usize::from(self.feature) < features
            && bins <= BINS_MAX
            && self.shares.len() == bins
            && self.edges.iter().all(|edge| edge.is_finite())
            && self.edges.windows(2).all(|pair| pair[0] < pair[1])
            && are_shares(&self.shares)
    }

    fn bin(&self, value: f32) -> usize {
        match value.is_nan() {
            true => self.edges.len() + 1,
            false => self.edges.partition_point(|edge| *edge <= value),
        }
    }
}

fn are_shares(shares: &[f32]) -> bool {
    shares.iter().all(|share| (0.0..=1.0).contains(share))
}

/// `references` as a value for the metrics of a model file.
pub fn to_value(references: &[Reference]) -> Value {
    serde_json::to_value(references).unwrap_or(Value::Null)
}

/// The references among `metrics` that fit a schema of so many features; those that do not are left out.
pub fn from_metrics(metrics: &Map<String, Value>, features: usize) -> Vec<Reference> {
    let read = metrics.get(KEY).and_then(|value| Vec::<Reference>::deserialize(value).ok());
    let is_sound = |reference: &Reference| {
        reference.score.len() == SCORE_BINS
            && are_shares(&reference.score)
            && reference.features.iter().all(|shares| shares.is_sound(features))
    };
    read.unwrap_or_default().into_iter().filter(is_sound).collect()
}

/// The population stability index between shares and counts of the same bins, 0.0 and up; 0.0 where nothing was counted.
pub fn psi(shares: &[f32], counts: &[u64]) -> f64 {
    let total: u64 = counts.iter().sum();
    if total == 0 {
        return 0.0;
    }
    let one = |(share, count): (&f32, &u64)| {
        let (then, now) = (f64::from(*share).max(SHARE_MIN), (*count as f64 / total as f64).max(SHARE_MIN));
        (now - then) * (now / then).ln()
    };
    shares.iter().zip(counts).map(one).sum()
}

/// Counts live requests beside what was usual. Shared between threads, fixed in size, without locks.
#[derive(Debug)]
pub struct Drift {
    views: Vec<Counted>,
    names: Vec<String>,
    turn: AtomicU64,
}

#[derive(Debug)]
struct Counted {
    reference: Reference,
    vantages: Vec<String>,
    score: Vec<AtomicU32>,
    features: Vec<Vec<AtomicU32>>,
}

/// What has changed in one view.
#[derive(Clone, Debug, PartialEq)]
pub struct ViewDrift {
    /// Which view.
    pub view: String,
    /// Requests that were counted.
    pub counted: u64,
    /// PSI of the score.
    pub score: f64,
    /// PSI of each feature, by name.
    pub features: Vec<(String, f64)>,
}

impl Drift {
    /// Counters for `model`; `None` where its file says nothing of what was usual.
    pub fn of(model: &Model) -> Option<Drift> {
        let file = model.file();
        let zeros = |count: usize| (0..count).map(|_| AtomicU32::new(0)).collect::<Vec<_>>();
        let views: Vec<Counted> = from_metrics(&file.metrics, file.schema.features.len())
            .into_iter()
            .filter_map(|reference| {
                let view = file.views.iter().find(|view| view.name == reference.view)?;
                let features = reference.features.iter().map(|shares| zeros(shares.shares.len())).collect();
                Some(Counted {
                    vantages: view.vantages.clone(),
                    score: zeros(SCORE_BINS),
                    features,
                    reference,
                })
            })
            .collect();
        let names = file.schema.features.clone();
        (!views.is_empty()).then(|| Drift { views, names, turn: AtomicU64::new(0) })
    }

    /// Notes a request that was seen from `vantage`, with its numbers and its score, 0.0..=100.0. Most calls only count on.
    pub fn note(&self, vantage: &str, values: &[f32], score: f32) {
        if !self.turn.fetch_add(1, Ordering::Relaxed).is_multiple_of(ONE_IN) {
            return;
        }
        let Some(view) = self.views.iter().find(|view| view.vantages.iter().any(|name| name == vantage))
        else {
            return;
        };
        let score = if score.is_finite() { score.clamp(0.0, 100.0) } else { 0.0 };
        add(&view.score[((score / 10.0) as usize).min(SCORE_BINS - 1)]);
        for (shares, counts) in view.reference.features.iter().zip(&view.features) {
            let value = values.get(usize::from(shares.feature)).copied().unwrap_or(f32::NAN);
            add(&counts[shares.bin(value)]);
        }
    }

    /// What has changed, of each view of which enough was counted.
    pub fn report(&self) -> Vec<ViewDrift> {
        let read = |counts: &[AtomicU32]| -> Vec<u64> {
            counts.iter().map(|count| u64::from(count.load(Ordering::Relaxed))).collect()
        };
        let one = |view: &Counted| {
            let score = read(&view.score);
            let counted = score.iter().sum();
            (counted >= COUNTED_MIN).then(|| ViewDrift {
                view: view.reference.view.clone(),
                counted,
                score: psi(&view.reference.score, &score),
                features: view
                    .reference
                    .features
                    .iter()
                    .zip(&view.features)
                    .map(|(shares, counts)| {
                        (self.names[usize::from(shares.feature)].clone(), psi(&shares.shares, &read(counts)))
                    })
                    .collect(),
            })
        };
        self.views.iter().filter_map(one).collect()
    }

    /// Begins to count anew.
    pub fn forget(&self) {
        for view in &self.views {
            view.score
                .iter()
                .chain(view.features.iter().flatten())
                .for_each(|count| count.store(0, Ordering::Relaxed));
        }
    }
}

/// At the end of its range a counter stays.
fn add(count: &AtomicU32) {
    let _ = count.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |count| count.checked_add(1));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing;

    /// Of the view `log`: half of all requests below 10, half from there on, none unseen.
    fn reference() -> Reference {
        let mut score = vec![0.0; SCORE_BINS];
        score[1] = 1.0;
        let feature = FeatureShares { feature: 0, edges: vec![10.0], shares: vec![0.5, 0.5, 0.0] };
        Reference { view: "log".to_owned(), score, features: vec![feature] }
    }

    fn drift() -> Drift {
        let mut file = testing::file();
        file.metrics.insert(KEY.to_owned(), to_value(&[reference()]));
        let model = Model::new(file, &testing::EXPECT).unwrap();
        let again = Model::read(&model.to_bytes(), &testing::EXPECT).unwrap();
        Drift::of(&again).unwrap()
    }

    fn note(drift: &Drift, count: u64, value: f32, score: f32) {
        (0..count * ONE_IN).for_each(|_| drift.note("log", &[value, 0.0, 0.0, 0.0], score));
    }

    #[test]
    fn the_usual_is_no_drift_and_the_unusual_is() {
        let drift = drift();
        note(&drift, 200, 5.0, 15.0);
        assert!(drift.report().is_empty(), "too few to say anything");
        note(&drift, 200, 5.0, 15.0);
        note(&drift, 400, 20.0, 15.0);
        let found = &drift.report()[0];
        assert_eq!((found.view.as_str(), found.counted), ("log", 800));
        assert!(found.score < 0.01 && found.features[0].1 < 0.01, "{found:?}");
        note(&drift, 4_000, f32::NAN, 95.0);
        let found = &drift.report()[0];
        assert!(found.score > ALERT_PSI && found.features[0].1 > ALERT_PSI, "{found:?}");
        drift.forget();
        assert!(drift.report().is_empty());
    }

    #[test]
    fn the_index_is_the_published_one() {
        // (0.5-0.25) ln 2 + (0.5-0.75) ln(2/3)
        let expect = 0.25 * 2.0_f64.ln() - 0.25 * (2.0_f64 / 3.0).ln();
        assert!((psi(&[0.25, 0.75], &[50, 50]) - expect).abs() < 1e-9);
        assert_eq!(psi(&[0.5, 0.5], &[0, 0]), 0.0);
    }

    #[test]
    fn references_that_do_not_fit_are_left_out() {
        let read = |change: &dyn Fn(&mut Reference)| {
            let mut reference = reference();
            change(&mut reference);
            from_metrics(&Map::from_iter([(KEY.to_owned(), to_value(&[reference]))]), 4).len()
        };
        assert_eq!(read(&|_| {}), 1);
        assert_eq!(read(&|reference| reference.score.truncate(3)), 0);
        assert_eq!(read(&|reference| reference.features[0].feature = 4), 0);
        assert_eq!(read(&|reference| reference.features[0].edges = vec![3.0, 3.0]), 0);
        assert_eq!(read(&|reference| reference.features[0].shares[0] = -1.0), 0);
        assert_eq!(from_metrics(&Map::from_iter([(KEY.to_owned(), 7.into())]), 4), []);
        assert!(Drift::of(&testing::model()).is_none(), "a file that says nothing of it");
    }

    proptest! {
        #[test]
        fn any_request_is_counted_somewhere(value in any::<f32>(), score in any::<f32>(), counts in prop::collection::vec(0_u64..1_000, 3)) {
            let drift = drift();
            note(&drift, 2, value, score);
            drift.note("no vantage", &[], score);
            prop_assert!(psi(&[0.2, 0.3, 0.5], &counts) >= 0.0);
        }
    }
}
