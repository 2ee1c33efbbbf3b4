//! Between two trainings the bins of the live additive model may follow new labels, a little: off by default.
//!
//! Each label moves the bins that its client fell into by a small step towards what was said. All steps of one update together move a
//! bin by [`OnlineSettings::step_max`] at most, never below nothing and never against its direction. An update counts only where the
//! frozen set says that it did no harm.

use std::collections::BTreeMap;

use palisade_model::{Contributions, Direction, Model, ModelFile, Shape};

use crate::dataset::Dataset;
use crate::evaluation::Scored;
use crate::evaluation::{EvaluateOptions, evaluate};
use crate::traffic::{self, CHALLENGE};

/// How far labels may move a model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OnlineSettings {
    /// The step of one label that is wholly wrong, log-odds over all of its bins.
    pub rate: f32,
    /// Most that a bin moves in one update, log-odds.
    pub step_max: f32,
}

impl Default for OnlineSettings {
    fn default() -> Self {
        OnlineSettings { rate: 0.2, step_max: 0.1 }
    }
}

/// Most that the AUC on the frozen set may fall by an update.
const AUC_LOSS_MAX: f64 = 0.001;

/// Fewest people, and programs, of the frozen set by which an update is judged. A new model needs more: it may be anything, an update
/// is bounded.
pub const FROZEN_MIN: usize = 10;

/// Updates one after the other, then a whole training is due: so all of them together cost a point of AUC and a log-odds a bin at most.
pub const UPDATES_MAX: u32 = 10;

/// Under which of its settings a model's file says how often it was updated.
const UPDATES: &str = "online_updates";

/// Why an update was not taken.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum OnlineRefusal {
    /// It is no model any more.
    #[error("the updated model is none: {0}")]
    Model(#[from] palisade_model::ModelError),
    /// It was worse.
    #[error(
        "the update is worse on the frozen set: AUC {after:.4} after {before:.4}, people challenged {hit_after} after {hit_before}"
    )]
    Worse {
        /// AUC before.
        before: f64,
        /// AUC after.
        after: f64,
        /// People challenged before.
        hit_before: usize,
        /// People challenged after.
        hit_after: usize,
    },
    /// It has moved far enough.
    #[error(
        "it has followed labels {UPDATES_MAX} times since it was trained; `palisade train --from-store` makes a new one"
    )]
    Moved,
    /// There is too little to tell.
    #[error(
        "the frozen set has {people} people and {programs} programs; {FROZEN_MIN} of each are needed to tell whether an update does harm"
    )]
    TooFew {
        /// People of the frozen set that the model judges.
        people: usize,
        /// Programs.
        programs: usize,
    },
}

/// `model` after the clients of `data`, each after its last request and weighed by its rows' weight. The same data give the same
/// model.
pub fn updated(model: &Model, data: &Dataset, settings: OnlineSettings) -> ModelFile {
    let mut file = model.file().clone();
    // View and shape to the sums of steps of its bins, the unseen one last.
    let mut steps: BTreeMap<(usize, usize), Vec<f32>> = BTreeMap::new();
    let mut contributions = Contributions::new();
    for at in (0..data.rows.len()).filter(|at| data.rows[*at].is_last) {
        let row = &data.rows[at];
        let vantage = row.vantage.name();
        let Some(place) = file.views.iter().position(|view| view.vantages.iter().any(|name| name == vantage))
        else {
            continue;
        };
        let log_odds = model.views()[place].score_into(data.row(at), &mut contributions).log_odds;
        let chance = 1.0 / (1.0 + (-log_odds).exp());
        let wrong = f32::from(u8::from(row.is_bot)) - chance;
        let shapes = &file.views[place].shapes;
        let step = settings.rate * row.weight.clamp(0.0, 1.0) * wrong / shapes.len().max(1) as f32;
        for (number, shape) in shapes.iter().enumerate() {
            let value = data.row(at).get(usize::from(shape.feature)).copied().unwrap_or(f32::NAN);
            let bins = steps.entry((place, number)).or_insert_with(|| vec![0.0; shape.weights.len() + 1]);
            bins[bin(shape, value)] += step;
        }
    }
    for ((view, shape), steps) in steps {
        move_bins(&mut file.views[view].shapes[shape], &steps, settings.step_max);
    }
    file
}

/// The model of [`updated`], where the frozen set says that it does no harm.
///
/// # Errors
/// Where it does, or nobody can tell.
pub fn guarded(
    model: &Model,
    data: &Dataset,
    frozen: &Dataset,
    settings: OnlineSettings,
) -> Result<Model, OnlineRefusal> {
    let updates = updates(model);
    if updates >= UPDATES_MAX {
        return Err(OnlineRefusal::Moved);
    }
    let mut file = updated(model, data, settings);
    if file == *model.file() {
        return Ok(model.clone());
    }
    file.trained.settings.insert(UPDATES.to_owned(), (updates + 1).to_string());
    let after = traffic::expected(|expect| Model::new(file, expect))?;
    let auc = |rows: &[Scored]| {
        evaluate(rows, &EvaluateOptions { resamples: 0, ..EvaluateOptions::default() }).ok()?.auc
    };
    let hit = |rows: &[Scored]| rows.iter().filter(|row| !row.is_bot && row.score >= CHALLENGE).count();
    let (old, new) = (traffic::score(model, frozen), traffic::score(&after, frozen));
    let programs = old.iter().filter(|row| row.is_bot).count();
    let people = old.len() - programs;
    let (Some(auc_before), Some(auc_after), true) =
        (auc(&old), auc(&new), people.min(programs) >= FROZEN_MIN)
    else {
        return Err(OnlineRefusal::TooFew { people, programs });
    };
    let (hit_before, hit_after) = (hit(&old), hit(&new));
    match auc_after >= auc_before - AUC_LOSS_MAX && hit_after <= hit_before {
        true => Ok(after),
        false => Err(OnlineRefusal::Worse { before: auc_before, after: auc_after, hit_before, hit_after }),
    }
}

/// How often `model` has followed labels since it was trained.
fn updates(model: &Model) -> u32 {
    model.file().trained.settings.get(UPDATES).and_then(|count| count.parse().ok()).unwrap_or(0)
}

/// The bin of a value; that after the last is the unseen one.
fn bin(shape: &Shape, value: f32) -> usize {
    match value.is_nan() {
        true => shape.weights.len(),
        false => shape.edges.partition_point(|edge| *edge <= value),
    }
}

/// Moves each bin by its step, within the bound; then none may stand against the direction: who would, goes less far.
fn move_bins(shape: &mut Shape, steps: &[f32], step_max: f32) {
    let moved = |weight: f32, step: f32| {
        let step = if step.is_finite() { step.clamp(-step_max, step_max) } else { 0.0 };
        (weight + step).max(0.0)
    };
    let wanted: Vec<f32> =
        shape.weights.iter().zip(steps).map(|(weight, step)| moved(*weight, *step)).collect();
    // Between the highest that lies below and the lowest above: both orders keep every bin within its bound of where it was.
    let running = |values: &mut dyn Iterator<Item = f32>| {
        values
            .scan(0.0_f32, |most, value| {
                *most = most.max(value);
                Some(*most)
            })
            .collect::<Vec<f32>>()
    };
    shape.weights = match shape.direction {
        Direction::Free => wanted,
        Direction::Rising => running(&mut wanted.into_iter()),
        Direction::Falling => running(&mut wanted.into_iter().rev()).into_iter().rev().collect(),
    };
    shape.unseen = moved(shape.unseen, steps.last().copied().unwrap_or(0.0));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::traffic::testing::{data, settings};

    /// The opposite of the truth, said of clients of whom nobody had spoken.
    fn turned(clients: u32) -> Dataset {
        let mut data = data(clients);
        data.rows.iter_mut().for_each(|row| row.is_bot = !row.is_bot);
        data
    }

    #[test]
    fn an_update_that_the_frozen_set_speaks_against_is_refused() {
        let model = traffic::train(&data(300), &settings()).unwrap().model;
        let frozen = data(200);
        let followed = guarded(&model, &data(120), &frozen, OnlineSettings::default()).unwrap();
        assert_ne!(followed, model, "labels that fit move it");
        // So far and so fast that it would matter.
        let wild = OnlineSettings { rate: 50.0, step_max: 3.0 };
        let refused = guarded(&model, &turned(120), &frozen, wild).unwrap_err();
        let OnlineRefusal::Worse { before, after, .. } = &refused else { panic!("{refused}") };
        assert!(after < before && refused.to_string().contains("worse on the frozen set"), "{refused}");
        assert_eq!(updates(&followed), 1);
        let mut moved = model.file().clone();
        moved.trained.settings.insert(UPDATES.to_owned(), UPDATES_MAX.to_string());
        let moved = traffic::expected(|expect| Model::new(moved, expect)).unwrap();
        let refused = guarded(&moved, &data(120), &frozen, OnlineSettings::default()).unwrap_err();
        assert_eq!(refused, OnlineRefusal::Moved);
        for (count, people, programs) in [(0, 0, 0), (18, 9, 9)] {
            let few = frozen.only(|row| row.client < count);
            assert_eq!(
                guarded(&model, &data(120), &few, OnlineSettings::default()),
                Err(OnlineRefusal::TooFew { people, programs })
            );
        }
    }

    #[test]
    fn lies_within_the_bound_move_each_bin_by_a_tenth_at_most() {
        let model = traffic::train(&data(300), &settings()).unwrap().model;
        let usual = OnlineSettings::default();
        let file = updated(&model, &turned(300), OnlineSettings { rate: 50.0, ..usual });
        let bins = |file: &ModelFile| -> Vec<f32> {
            let shapes = file.views.iter().flat_map(|view| &view.shapes);
            shapes.flat_map(|shape| shape.weights.iter().copied().chain([shape.unseen])).collect()
        };
        let moved: Vec<f32> = bins(model.file())
            .iter()
            .zip(bins(&file))
            .map(|(before, after)| (after - before).abs())
            .collect();
        assert!(moved.iter().any(|step| *step > 0.09), "{moved:?}");
        assert!(moved.iter().all(|step| *step <= usual.step_max + 1e-5), "{moved:?}");
    }

    fn shape(weights: Vec<f32>, direction: Direction) -> Shape {
        let edges = (1..weights.len()).map(|at| at as f32).collect();
        Shape { feature: 0, edges, weights, unseen: 0.2, direction }
    }

    #[test]
    fn bins_move_a_little_and_never_below_nothing() {
        let mut free = shape(vec![0.05, 1.0, 2.0], Direction::Free);
        move_bins(&mut free, &[-9.0, 9.0, 0.03, f32::NAN], 0.1);
        assert_eq!(free.weights, [0.0, 1.1, 2.03]);
        assert_eq!(free.unseen, 0.2);
    }

    #[test]
    fn a_value_finds_its_bin() {
        let shape = shape(vec![0.0; 3], Direction::Free);
        assert_eq!([0.5, 1.0, 1.5, 9.0, f32::NAN].map(|value| bin(&shape, value)), [0, 1, 1, 2, 3]);
    }

    proptest! {
        #[test]
        fn directions_hold_and_steps_are_bounded(
            mut weights in prop::collection::vec(0.0_f32..5.0, 1..20),
            steps in prop::collection::vec(-1.0_f32..1.0, 21),
            is_rising in any::<bool>(),
        ) {
            weights.sort_by(f32::total_cmp);
            let direction = if is_rising { Direction::Rising } else { Direction::Falling };
            if !is_rising {
                weights.reverse();
            }
            let mut moved = shape(weights.clone(), direction);
            let steps = [&steps[..weights.len()], &[0.0]].concat();
            move_bins(&mut moved, &steps, 0.1);
            let ordered = moved.weights.windows(2).all(|pair| if is_rising { pair[0] <= pair[1] } else { pair[0] >= pair[1] });
            prop_assert!(ordered && moved.weights.iter().all(|weight| *weight >= 0.0));
            for (before, after) in weights.iter().zip(&moved.weights) {
                prop_assert!((before - after).abs() <= 0.1 + 1e-5, "{} {}", before, after);
            }
        }
    }
}
