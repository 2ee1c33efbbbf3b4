//! A net as scoring reads it: weights input by input, so that a layer is added up for eight outputs at a time.
//!
//! Contributions are those of DeepLIFT's rescale rule (Shrikumar, Greenside, Kundaje 2017): gradient times input where
//! nothing bends, and along each bend the share of what came out over what went in, against features at their means.

use super::deviations;
use crate::bounds::{FEATURES_MAX, LAYERS_MAX, WIDTH_MAX};
use crate::contributions::Contributions;
use crate::form::{Input, Neural};

/// Outputs that are added up at once.
const LANES: usize = 8;

/// A change too small to be divided by.
const CHANGE_MIN: f32 = 1e-6;

/// A net made ready.
#[derive(Clone, Debug)]
pub(super) struct Net {
    inputs: Box<[Input]>,
    layers: Box<[Dense]>,
    /// What each layer gives before it is bent, features at their means.
    rest: Box<[[f32; WIDTH_MAX]]>,
    base: f32,
}

/// One layer, its outputs filled up to whole lanes with nothing.
#[derive(Clone, Debug)]
struct Dense {
    outputs: usize,
    /// Row by row, one for each input.
    weights: Box<[[f32; LANES]]>,
    biases: Box<[[f32; LANES]]>,
}

impl Net {
    /// Of a net that was checked.
    pub(super) fn new(neural: &Neural) -> Net {
        let layers = neural.layers.iter().map(|layer| Dense::new(&layer.weights, &layer.biases)).collect();
        let mut net = Net { inputs: neural.inputs.clone().into(), layers, rest: Box::default(), base: 0.0 };
        let mut rest = vec![[0.0; WIDTH_MAX]; net.layers.len()];
        net.base = net.forward(&[0.0; FEATURES_MAX], |at, given| rest[at] = *given);
        net.rest = rest.into();
        net
    }

    /// The output where every feature is at its mean.
    pub(super) fn base(&self) -> f32 {
        self.base
    }

    /// The output.
    pub(super) fn output(&self, features: &[f32]) -> f32 {
        self.forward(&self.standard(features), |_, _| ())
    }

    /// The same, and what each feature changed.
    pub(super) fn output_into(&self, features: &[f32], contributions: &mut Contributions) -> f32 {
        let standard = self.standard(features);
        let mut given = [[0.0; WIDTH_MAX]; LAYERS_MAX];
        let output = self.forward(&standard, |at, values| given[at] = *values);
        // What one more of each value of a layer changes in the end, from the last layer to the inputs.
        let mut changes = [0.0; WIDTH_MAX];
        changes[0] = 1.0;
        for (at, layer) in self.layers.iter().enumerate().rev() {
            if at + 1 < self.layers.len() {
                for ((change, given), rest) in changes.iter_mut().zip(&given[at]).zip(&self.rest[at]) {
                    *change *= bend(*given, *rest);
                }
            }
            changes = layer.back(&changes);
        }
        for ((input, value), change) in self.inputs.iter().zip(&standard).zip(&changes) {
            contributions.add(input.feature, value * change);
        }
        output
    }

    /// Inputs by their own number.
    fn standard(&self, features: &[f32]) -> [f32; FEATURES_MAX] {
        let mut standard = [0.0; FEATURES_MAX];
        for (value, input) in standard.iter_mut().zip(&self.inputs) {
            *value = deviations(features, input.feature, input.mean, input.scale).unwrap_or(0.0);
        }
        standard
    }

    /// The output, and for `each` layer what it gives before it is bent.
    #[inline]
    fn forward(&self, inputs: &[f32; FEATURES_MAX], mut each: impl FnMut(usize, &[f32; WIDTH_MAX])) -> f32 {
        let (mut values, mut count) = (*inputs, self.inputs.len());
        let mut given = [0.0; WIDTH_MAX];
        for (at, layer) in self.layers.iter().enumerate() {
            layer.forward(&values[..count], &mut given);
            each(at, &given);
            count = layer.outputs;
            for (value, given) in values[..count].iter_mut().zip(&given) {
                *value = given.max(0.0);
            }
        }
        given[0]
    }
}

const _: () = assert!(FEATURES_MAX == WIDTH_MAX, "inputs and what a layer gives share their place");

/// What comes out over what goes in, against rest; the slope where nearly nothing changes.
fn bend(given: f32, rest: f32) -> f32 {
    let change = given - rest;
    if change.abs() < CHANGE_MIN {
        return f32::from(u8::from(given > 0.0));
    }
    (given.max(0.0) - rest.max(0.0)) / change
}

impl Dense {
    fn new(weights: &[f32], biases: &[f32]) -> Dense {
        let outputs = biases.len();
        Dense {
            outputs,
            weights: weights.chunks(outputs).flat_map(lanes).collect(),
            biases: lanes(biases).collect(),
        }
    }

    /// Biases and weighted inputs, into the first of `given`.
    #[inline]
    fn forward(&self, inputs: &[f32], given: &mut [f32; WIDTH_MAX]) {
        let width = self.biases.len();
        let (given, _) = given.as_chunks_mut::<LANES>();
        let given = &mut given[..width];
        given.copy_from_slice(&self.biases);
        for (input, weights) in inputs.iter().zip(self.weights.chunks_exact(width)) {
            // Half of what a layer gives is nothing.
            if *input == 0.0 {
                continue;
            }
            for (sums, weights) in given.iter_mut().zip(weights) {
                for (sum, weight) in sums.iter_mut().zip(weights) {
                    *sum += input * weight;
                }
            }
        }
    }

    /// What one more of each input changes, given that of each output.
    fn back(&self, changes: &[f32; WIDTH_MAX]) -> [f32; WIDTH_MAX] {
        let width = self.biases.len();
        let (changes, _) = changes.as_chunks::<LANES>();
        let mut back = [0.0; WIDTH_MAX];
        for (back, weights) in back.iter_mut().zip(self.weights.chunks_exact(width)) {
            let mut sums = [0.0; LANES];
            for (weights, changes) in weights.iter().zip(changes) {
                for ((sum, weight), change) in sums.iter_mut().zip(weights).zip(changes) {
                    *sum += weight * change;
                }
            }
            *back = sums.iter().sum();
        }
        back
    }
}

fn lanes(values: &[f32]) -> impl Iterator<Item = [f32; LANES]> {
    values.chunks(LANES).map(|chunk| {
        let mut lanes = [0.0; LANES];
        lanes[..chunk.len()].copy_from_slice(chunk);
        lanes
    })
}
