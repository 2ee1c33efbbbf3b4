//! A neural net: full layers, each normed over a batch, bent and thinned out; by default 64-32-16-1 over the features.
//!
//! Values go in as standard deviations from their mean, 0 where they are unseen. A part of the groups is held out and says when
//! to stop; the best weights seen until then are kept.
//!
//! Written here rather than taken from burn 0.22 because that crate's processor backend draws from one generator for the whole
//! process: two trainings at once, as cross-validation has them, took numbers from each other, and no two runs gave the same net.
//! Its matrix kernels also differ from processor to processor; and it takes four minutes and 190 crates to build.

mod net;

use palisade_model::bounds::{LAYERS_MAX, LOG_ODDS_MAX, WIDTH_MAX};
use palisade_model::{Form, Input, Neural};

use super::rows::Rows;
use super::standard::Standard;
use crate::random::Random;
use net::Net;

/// How to train.
#[derive(Clone, Debug, PartialEq)]
pub struct NeuralSettings {
    /// Outputs of each layer but the last, which has one; at most 5 layers of 1..=512.
    pub layers: Vec<usize>,
    /// Most times that all rows are seen.
    pub epochs: usize,
    /// Most rows of a step; fewer where there are few rows.
    pub batch: usize,
    /// Size of a step, above 0.0.
    pub rate: f32,
    /// Share of outputs that are left out of a step, 0.0..1.0.
    pub dropout: f32,
    /// Epochs without getting better until it stops.
    pub patience: usize,
    /// What everything random follows from.
    pub seed: u64,
}

impl Default for NeuralSettings {
    fn default() -> Self {
        NeuralSettings {
            layers: vec![64, 32, 16],
            epochs: 100,
            batch: 256,
            rate: 2e-3,
            dropout: 0.3,
            patience: 12,
            seed: 1,
        }
    }
}

/// Layers that no net has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "layers `{found}`: give the outputs of at most {} layers, each 1 to {WIDTH_MAX}, such as 64,32,16; the last with its one output is added",
    LAYERS_MAX - 1
)]
pub struct LayersError {
    /// What was given.
    found: String,
}

impl NeuralSettings {
    /// The layers of a text such as `64,32,16`.
    ///
    /// # Errors
    /// Where it is none, or a layer is too wide, or there are too many.
    pub fn layers_of(text: &str) -> Result<Vec<usize>, LayersError> {
        let wrong = || LayersError { found: text.chars().take(60).collect() };
        let layers: Result<Vec<usize>, _> =
            text.split(',').map(|part| part.trim().parse::<usize>()).collect();
        let layers = layers.map_err(|_| wrong())?;
        let fits = layers.len() < LAYERS_MAX && layers.iter().all(|layer| (1..=WIDTH_MAX).contains(layer));
        if fits { Ok(layers) } else { Err(wrong()) }
    }
}

/// One group of so many says when to stop.
const HELD_OUT: usize = 7;

/// Steps that an epoch of few rows has.
const STEPS_MIN: usize = 16;

/// Trains on `rows`.
pub(super) fn train(rows: &Rows<'_>, settings: &NeuralSettings) -> (f32, Form) {
    let standards: Vec<(usize, Standard)> =
        rows.columns.iter().map(|column| (*column, Standard::of(rows, *column))).collect();
    let standards: Vec<_> = standards.into_iter().filter(|(_, standard)| standard.varies).collect();
    let width = standards.len();
    let mut inputs = vec![0.0; rows.len() * width];
    for (at, (column, standard)) in standards.iter().enumerate() {
        for (row, value) in rows.values(*column).enumerate() {
            inputs[row * width + at] = standard.deviations(value).unwrap_or(0.0);
        }
    }
    let hidden: Vec<usize> =
        settings.layers.iter().take(LAYERS_MAX - 1).map(|outputs| *outputs.clamp(&1, &WIDTH_MAX)).collect();
    let net = learned(rows, &inputs, width, &hidden, settings);
    let mut layers = net.folded();
    for number in layers.iter_mut().flat_map(|layer| layer.weights.iter_mut().chain(&mut layer.biases)) {
        // What never varied has a spread of nothing; what is no number says nothing.
        *number = if number.is_nan() { 0.0 } else { number.clamp(-LOG_ODDS_MAX, LOG_ODDS_MAX) };
    }
    let input = |(column, standard): &(usize, Standard)| Input {
        feature: *column as u16,
        mean: standard.mean,
        scale: standard.scale,
    };
    (0.0, Form::Neural(Neural { inputs: standards.iter().map(input).collect(), layers }))
}

/// The net that does best on what is held out.
fn learned(
    rows: &Rows<'_>,
    inputs: &[f32],
    width: usize,
    hidden: &[usize],
    settings: &NeuralSettings,
) -> Net {
    let mut random = Random::new(settings.seed);
    let mut net = Net::new(width, hidden, &mut random);
    let held = rows.held_out(HELD_OUT, &mut random);
    let (tests, mut taken): (Vec<usize>, Vec<usize>) = (0..rows.len()).partition(|row| held[*row]);
    if taken.len() < 2 || width == 0 {
        return net;
    }
    let row = |row: usize| &inputs[row * width..(row + 1) * width];
    let tested: Vec<f32> = tests.iter().flat_map(|at| row(*at)).copied().collect();
    let mean = taken.iter().map(|row| rows.weights[*row]).sum::<f32>() / taken.len() as f32;
    let batch = (taken.len() / STEPS_MIN).clamp(2, settings.batch.max(2));
    let dropout = settings.dropout.clamp(0.0, 0.9);
    let mut best = (f64::INFINITY, net.clone());
    let mut without_gain = 0;
    for _ in 0..settings.epochs {
        random.shuffle(&mut taken);
        // The last few rows of an epoch are left out where they make no whole batch: their mean would say little.
        for step in taken.chunks_exact(batch) {
            let values: Vec<f32> = step.iter().flat_map(|at| row(*at)).copied().collect();
            net.step(values, batch, dropout, settings.rate, &mut random, |at, output| {
                let chance = 1.0 / (1.0 + (-output).exp());
                let weight = rows.weights[step[at]] / mean.max(f32::MIN_POSITIVE);
                weight * (chance - rows.target(step[at])) / batch as f32
            });
        }
        let now = loss(rows, &tests, &net.outputs(&tested, tests.len()));
        if tests.is_empty() {
            continue;
        }
        if now < best.0 - 1e-5 {
            best = (now, net.clone());
            without_gain = 0;
        } else {
            without_gain += 1;
            if without_gain >= settings.patience {
                break;
            }
        }
    }
    if best.0.is_finite() { best.1 } else { net }
}

/// Mean logistic loss of some rows, by weight.
fn loss(rows: &Rows<'_>, tests: &[usize], outputs: &[f32]) -> f64 {
    let (mut sum, mut weight) = (0.0, 0.0);
    for (row, output) in tests.iter().zip(outputs) {
        let margin = f64::from(if rows.is_bot[*row] { *output } else { -*output });
        let one = if margin > 0.0 { (-margin).exp().ln_1p() } else { -margin + margin.exp().ln_1p() };
        sum += one * f64::from(rows.weights[*row]);
        weight += f64::from(rows.weights[*row]);
    }
    sum / weight
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_are_read_or_refused_with_an_example() {
        assert_eq!(NeuralSettings::layers_of("64, 32,16"), Ok(vec![64, 32, 16]));
        assert_eq!(NeuralSettings::layers_of("1"), Ok(vec![1]));
        for wrong in ["", "64,", "0", "513", "a", "-1", "1,1,1,1,1,1", "99999999999999999999999"] {
            let error = NeuralSettings::layers_of(wrong).unwrap_err().to_string();
            assert!(
                error.starts_with(&format!("layers `{wrong}`: give the outputs of at most 5")),
                "{error}"
            );
        }
    }
}
