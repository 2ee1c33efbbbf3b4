//! A net as scoring reads it: weights input by input, so that a layer is added up for eight outputs at a time.
//!
//! Contributions are those of DeepLIFT's rescale rule (Shrikumar, Greenside, Kundaje 2017): gradient times input where
//! nothing bends, and along each bend the share of what came out over what went in, against features at their means.

use super::deviations;
use crate::bounds::{FEATURES_MAX, LAYERS_MAX, WIDTH_MAX};
use crate::contributions::Contributions;
use crate::form::{Input, Neural};

/// Outputs that lie side by side.
const LANES: usize = 8;

/// Places for the values of a layer where all layers are that narrow; most nets are, and clearing places takes time.
const NARROW: usize = 128;

/// A change too small to be divided by.
const CHANGE_MIN: f32 = 1e-6;

/// A net made ready.
#[derive(Clone, Debug)]
pub(super) struct Net {
    inputs: Box<[Input]>,
    layers: Box<[Dense]>,
    /// What each layer gives before it is bent, features at their means.
    rest: Box<[Box<[f32]>]>,
    base: f32,
    is_narrow: bool,
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
        let layers: Box<[Dense]> =
            neural.layers.iter().map(|layer| Dense::new(&layer.weights, &layer.biases)).collect();
        let widths = layers.iter().map(|layer| layer.biases.len() * LANES);
        let is_narrow = widths.chain([neural.inputs.len()]).all(|width| width <= NARROW);
        let mut net =
            Net { inputs: neural.inputs.clone().into(), layers, rest: Box::default(), base: 0.0, is_narrow };
        let mut rest = Vec::new();
        net.base = net.forward::<WIDTH_MAX>([0.0; WIDTH_MAX], |_, given| rest.push(given.into()));
        net.rest = rest.into();
        net
    }

    /// The output where every feature is at its mean.
    pub(super) fn base(&self) -> f32 {
        self.base
    }

    /// The output.
    pub(super) fn output(&self, features: &[f32]) -> f32 {
        if self.is_narrow {
            self.forward::<NARROW>(self.standard(features), |_, _| ())
        } else {
            self.forward::<WIDTH_MAX>(self.standard(features), |_, _| ())
        }
    }

    /// The same, and what each feature changed.
    pub(super) fn output_into(&self, features: &[f32], contributions: &mut Contributions) -> f32 {
        if self.is_narrow {
            self.explained::<NARROW>(features, contributions)
        } else {
            self.explained::<WIDTH_MAX>(features, contributions)
        }
    }

    fn explained<const WIDTH: usize>(&self, features: &[f32], contributions: &mut Contributions) -> f32 {
        let standard = self.standard::<WIDTH>(features);
        let mut given = [[0.0; WIDTH]; LAYERS_MAX];
        let output = self.forward(standard, |at, values| given[at][..values.len()].copy_from_slice(values));
        // What one more of each value of a layer changes in the end, from the last layer to the inputs.
        let mut changes = [0.0; WIDTH];
        changes[0] = 1.0;
        let mut inputs = self.layers.iter().map(|layer| layer.outputs).rev().skip(1);
        for (at, layer) in self.layers.iter().enumerate().rev() {
            if at + 1 < self.layers.len() {
                for ((change, given), rest) in changes.iter_mut().zip(&given[at]).zip(&self.rest[at]) {
                    *change *= bend(*given, *rest);
                }
            }
            layer.back(&mut changes, inputs.next().unwrap_or(self.inputs.len()));
        }
        for ((input, value), change) in self.inputs.iter().zip(&standard).zip(&changes) {
            contributions.add(input.feature, value * change);
        }
        output
    }

    /// Inputs by their own number.
    fn standard<const WIDTH: usize>(&self, features: &[f32]) -> [f32; WIDTH] {
        let mut standard = [0.0; WIDTH];
        for (value, input) in standard.iter_mut().zip(&self.inputs) {
            *value = deviations(features, input.feature, input.mean, input.scale).unwrap_or(0.0);
        }
        standard
    }

    /// The output, and for `each` layer what it gives before it is bent.
    #[inline]
    fn forward<const WIDTH: usize>(
        &self,
        mut values: [f32; WIDTH],
        mut each: impl FnMut(usize, &[f32]),
    ) -> f32 {
        let mut count = self.inputs.len();
        let mut given = [0.0; WIDTH];
        for (at, layer) in self.layers.iter().enumerate() {
            layer.forward(&values[..count], &mut given);
            count = layer.outputs;
            each(at, &given[..count]);
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
    fn forward<const WIDTH: usize>(&self, inputs: &[f32], given: &mut [f32; WIDTH]) {
        // Half of what a layer gives is nothing; which half nobody knows before, so they are told apart without a branch.
        let (mut active, mut count) = ([0_u16; WIDTH], 0);
        for (at, input) in inputs.iter().enumerate() {
            active[count] = at as u16;
            count += usize::from(*input != 0.0);
        }
        let active = &active[..count];
        let width = self.biases.len();
        let (given, _) = given.as_chunks_mut::<LANES>();
        let mut first = 0;
        while first < width {
            let given = &mut given[first..width];
            first += match width - first {
                4.. => self.block::<4>(inputs, active, first, given),
                2.. => self.block::<2>(inputs, active, first, given),
                _ => self.block::<1>(inputs, active, first, given),
            };
        }
    }

    /// So many lanes of outputs from `first` on, which stay in registers while the inputs are gone through. Returns how many.
    #[inline]
    fn block<const N: usize>(
        &self,
        inputs: &[f32],
        active: &[u16],
        first: usize,
        given: &mut [[f32; LANES]],
    ) -> usize {
        let width = self.biases.len();
        let mut sums = [[0.0; LANES]; N];
        sums.copy_from_slice(&self.biases[first..first + N]);
        for at in active.iter().map(|at| usize::from(*at)) {
            let (input, row) = (inputs[at], at * width + first);
            for (sums, weights) in sums.iter_mut().zip(&self.weights[row..row + N]) {
                for (sum, weight) in sums.iter_mut().zip(weights) {
                    *sum += input * weight;
                }
            }
        }
        given[..N].copy_from_slice(&sums);
        N
    }

    /// From what one more of each output changes to what one more of each of so many inputs does.
    fn back<const WIDTH: usize>(&self, changes: &mut [f32; WIDTH], inputs: usize) {
        let width = self.biases.len();
        changes[self.outputs..width * LANES].fill(0.0);
        let mut back = [0.0; WIDTH];
        let (lanes, _) = changes.as_chunks::<LANES>();
        for (back, weights) in back[..inputs].iter_mut().zip(self.weights.chunks_exact(width)) {
            let mut sums = [0.0; LANES];
            for (weights, changes) in weights.iter().zip(lanes) {
                for ((sum, weight), change) in sums.iter_mut().zip(weights).zip(changes) {
                    *sum += weight * change;
                }
            }
            *back = sums.iter().sum();
        }
        *changes = back;
    }
}

fn lanes(values: &[f32]) -> impl Iterator<Item = [f32; LANES]> {
    values.chunks(LANES).map(|chunk| {
        let mut lanes = [0.0; LANES];
        lanes[..chunk.len()].copy_from_slice(chunk);
        lanes
    })
}
