//! A net while it learns: full layers, each brought to mean 0 and spread 1 over a batch (Ioffe and Szegedy 2015), bent, and thinned
//! out at random (Srivastava et al. 2014); steps by Adam (Kingma and Ba 2015).
//!
//! Plain loops in one order: the same numbers on every machine, and for however many threads.

use palisade_model::Layer;

use crate::random::Random;

/// Added to a variance before it divides.
const EPSILON: f32 = 1e-3;

/// What a batch leaves of the running means.
const MOMENTUM: f32 = 0.9;

/// Sums that are kept beside each other: one alone would wait for every addition.
const LANES: usize = 8;

/// One layer.
#[derive(Clone, Debug)]
struct Dense {
    inputs: usize,
    outputs: usize,
    /// Input by input.
    weights: Learned,
    biases: Learned,
    /// None for the last layer.
    norm: Option<Norm>,
}

/// Brings each output to mean 0 and spread 1, then to what is learned.
#[derive(Clone, Debug)]
struct Norm {
    scales: Learned,
    means: Vec<f32>,
    variances: Vec<f32>,
}

/// Numbers that are learned, with what Adam remembers of their gradients.
#[derive(Clone, Debug)]
struct Learned {
    values: Vec<f32>,
    gradients: Vec<f32>,
    first: Vec<f32>,
    second: Vec<f32>,
}

/// What a layer did with one batch, for the way back.
#[derive(Debug, Default)]
struct Seen {
    inputs: Vec<f32>,
    /// Mean 0, spread 1.
    normal: Vec<f32>,
    spreads: Vec<f32>,
    /// By how much each output was multiplied when it was bent and thinned out.
    kept: Vec<f32>,
}

/// A net of one output.
#[derive(Clone, Debug)]
pub(super) struct Net {
    layers: Vec<Dense>,
    steps: i32,
}

impl Net {
    /// Weights at random, as wide as what comes in asks for (He et al. 2015).
    pub(super) fn new(inputs: usize, hidden: &[usize], random: &mut Random) -> Net {
        let mut before = inputs;
        let mut layer = |outputs: usize, is_last: bool| {
            let spread = (if is_last { 1.0 } else { 2.0 } / before.max(1) as f32).sqrt();
            let weights = (0..before * outputs).map(|_| spread * normal(random)).collect();
            let norm = Norm {
                scales: Learned::new(vec![1.0; outputs]),
                means: vec![0.0; outputs],
                variances: vec![1.0; outputs],
            };
            let dense = Dense {
                inputs: before,
                outputs,
                weights: Learned::new(weights),
                biases: Learned::new(vec![0.0; outputs]),
                norm: (!is_last).then_some(norm),
            };
            before = outputs;
            dense
        };
        let mut layers: Vec<Dense> = hidden.iter().map(|outputs| layer(*outputs, false)).collect();
        layers.push(layer(1, true));
        Net { layers, steps: 0 }
    }

    /// The outputs of rows, one after the other in `inputs`, as serving computes them.
    pub(super) fn outputs(&self, inputs: &[f32], rows: usize) -> Vec<f32> {
        let folded = self.folded();
        let mut values = inputs.to_vec();
        for (at, layer) in folded.iter().enumerate() {
            let width = layer.biases.len();
            let mut given = layer.biases.repeat(rows);
            multiply(&values, &layer.weights, &mut given, width);
            if at + 1 < folded.len() {
                given.iter_mut().for_each(|value| *value = value.max(0.0));
            }
            values = given;
        }
        values
    }

    /// One step on a batch: the outputs' mistakes (chance less truth, by weight) come from `mistakes`.
    pub(super) fn step(
        &mut self,
        inputs: Vec<f32>,
        rows: usize,
        dropout: f32,
        rate: f32,
        random: &mut Random,
        mistakes: impl Fn(usize, f32) -> f32,
    ) {
        let mut values = inputs;
        let mut seen = Vec::with_capacity(self.layers.len());
        for layer in &mut self.layers {
            let (given, kept) = layer.forward(values, rows, dropout, random);
            values = given;
            seen.push(kept);
        }
        let mut changes: Vec<f32> =
            values.iter().enumerate().map(|(row, value)| mistakes(row, *value)).collect();
        for (layer, seen) in self.layers.iter_mut().zip(seen).rev() {
            changes = layer.backward(&seen, changes, rows);
        }
        self.steps += 1;
        for layer in &mut self.layers {
            layer.weights.step(rate, self.steps);
            layer.biases.step(rate, self.steps);
            if let Some(norm) = &mut layer.norm {
                norm.scales.step(rate, self.steps);
            }
        }
    }

    /// As serving has it: means and spreads are part of weights and biases.
    pub(super) fn folded(&self) -> Vec<Layer> {
        self.layers.iter().map(Dense::folded).collect()
    }
}

impl Dense {
    fn forward(
        &mut self,
        inputs: Vec<f32>,
        rows: usize,
        dropout: f32,
        random: &mut Random,
    ) -> (Vec<f32>, Seen) {
        let width = self.outputs;
        let Some(norm) = &mut self.norm else {
            let mut given = self.biases.values.repeat(rows);
            multiply(&inputs, &self.weights.values, &mut given, width);
            return (given, Seen { inputs, ..Seen::default() });
        };
        let mut given = vec![0.0; rows * width];
        multiply(&inputs, &self.weights.values, &mut given, width);
        let spreads = norm.normalise(&mut given, rows);
        let normal = given.clone();
        let mut kept = vec![0.0; given.len()];
        for (row, kept) in given.chunks_mut(width).zip(kept.chunks_mut(width)) {
            for (at, (value, kept)) in row.iter_mut().zip(kept).enumerate() {
                *value = *value * norm.scales.values[at] + self.biases.values[at];
                // Drawn for every output, bent away or not: what is drawn does not hang on rounding.
                let stays = dropout <= 0.0 || random.below(1 << 24) as f32 >= dropout * (1 << 24) as f32;
                *kept = if stays && *value > 0.0 { 1.0 / (1.0 - dropout) } else { 0.0 };
                *value *= *kept;
            }
        }
        (given, Seen { inputs, normal, spreads, kept })
    }

    /// Notes the gradients, and gives the changes of the inputs.
    fn backward(&mut self, seen: &Seen, mut changes: Vec<f32>, rows: usize) -> Vec<f32> {
        let width = self.outputs;
        if !seen.kept.is_empty() {
            changes.iter_mut().zip(&seen.kept).for_each(|(change, kept)| *change *= kept);
        }
        for row in changes.chunks(width) {
            self.biases.gradients.iter_mut().zip(row).for_each(|(sum, change)| *sum += change);
        }
        if let Some(norm) = &mut self.norm {
            norm.backward(seen, &mut changes, rows);
        }
        let mut back = vec![0.0; rows * self.inputs];
        for (row, changes) in changes.chunks(width).enumerate() {
            let inputs = &seen.inputs[row * self.inputs..(row + 1) * self.inputs];
            let back = &mut back[row * self.inputs..(row + 1) * self.inputs];
            for (at, (input, back)) in inputs.iter().zip(back).enumerate() {
                let range = at * width..(at + 1) * width;
                *back = product(&self.weights.values[range.clone()], changes);
                if *input != 0.0 {
                    let sums = &mut self.weights.gradients[range];
                    sums.iter_mut().zip(changes).for_each(|(sum, change)| *sum += input * change);
                }
            }
        }
        back
    }

    fn folded(&self) -> Layer {
        let (mut weights, mut biases) = (self.weights.values.clone(), self.biases.values.clone());
        if let Some(norm) = &self.norm {
            let factors: Vec<f32> = norm
                .scales
                .values
                .iter()
                .zip(&norm.variances)
                .map(|(scale, variance)| scale / (variance + EPSILON).sqrt())
                .collect();
            for row in weights.chunks_mut(self.outputs) {
                row.iter_mut().zip(&factors).for_each(|(weight, factor)| *weight *= factor);
            }
            for ((bias, mean), factor) in biases.iter_mut().zip(&norm.means).zip(&factors) {
                *bias -= mean * factor;
            }
        }
        Layer { weights, biases }
    }
}

impl Norm {
    /// Brings every output to mean 0 and spread 1 over the rows, and gives the spreads.
    fn normalise(&mut self, values: &mut [f32], rows: usize) -> Vec<f32> {
        let width = self.means.len();
        let count = rows.max(1) as f32;
        let mut sums = vec![0.0; width];
        values.chunks(width).for_each(|row| sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += value));
        let means: Vec<f32> = sums.iter().map(|sum| sum / count).collect();
        let mut squares = vec![0.0; width];
        for row in values.chunks_mut(width) {
            for ((value, mean), square) in row.iter_mut().zip(&means).zip(&mut squares) {
                *value -= mean;
                *square += *value * *value;
            }
        }
        let variances: Vec<f32> = squares.iter().map(|square| square / count).collect();
        let spreads: Vec<f32> = variances.iter().map(|variance| (variance + EPSILON).sqrt()).collect();
        for row in values.chunks_mut(width) {
            row.iter_mut().zip(&spreads).for_each(|(value, spread)| *value /= spread);
        }
        let remember = |all: &mut [f32], now: &[f32]| {
            all.iter_mut().zip(now).for_each(|(all, now)| *all = MOMENTUM * *all + (1.0 - MOMENTUM) * now);
        };
        remember(&mut self.means, &means);
        remember(&mut self.variances, &variances);
        spreads
    }

    /// From changes of what came out to changes of what went in.
    fn backward(&mut self, seen: &Seen, changes: &mut [f32], rows: usize) {
        let width = self.means.len();
        let count = rows.max(1) as f32;
        let (mut sums, mut products) = (vec![0.0; width], vec![0.0; width]);
        for (row, normal) in changes.chunks(width).zip(seen.normal.chunks(width)) {
            for (at, (change, normal)) in row.iter().zip(normal).enumerate() {
                sums[at] += change;
                products[at] += change * normal;
            }
        }
        self.scales.gradients.iter_mut().zip(&products).for_each(|(sum, product)| *sum += product);
        for (row, normal) in changes.chunks_mut(width).zip(seen.normal.chunks(width)) {
            for (at, (change, normal)) in row.iter_mut().zip(normal).enumerate() {
                let rest = *change - (sums[at] + normal * products[at]) / count;
                *change = rest * self.scales.values[at] / seen.spreads[at];
            }
        }
    }
}

impl Learned {
    fn new(values: Vec<f32>) -> Learned {
        let nothing = vec![0.0; values.len()];
        Learned { values, gradients: nothing.clone(), first: nothing.clone(), second: nothing }
    }

    /// One step of Adam, step number `at` from 1; the gradients begin anew.
    fn step(&mut self, rate: f32, at: i32) {
        const FIRST: f32 = 0.9;
        const SECOND: f32 = 0.999;
        let (begun, settled) = (1.0 - FIRST.powi(at), 1.0 - SECOND.powi(at));
        let all = self.values.iter_mut().zip(&mut self.gradients).zip(&mut self.first).zip(&mut self.second);
        for (((value, gradient), first), second) in all {
            *first = FIRST * *first + (1.0 - FIRST) * *gradient;
            *second = SECOND * *second + (1.0 - SECOND) * *gradient * *gradient;
            *value -= rate * (*first / begun) / ((*second / settled).sqrt() + 1e-8);
            *gradient = 0.0;
        }
    }
}

/// Adds to `given`, rows of `width`, the rows of `inputs` times `weights`.
fn multiply(inputs: &[f32], weights: &[f32], given: &mut [f32], width: usize) {
    let per_row = weights.len() / width.max(1);
    for (inputs, given) in inputs.chunks(per_row.max(1)).zip(given.chunks_mut(width)) {
        for (input, weights) in inputs.iter().zip(weights.chunks(width)) {
            if *input != 0.0 {
                given.iter_mut().zip(weights).for_each(|(sum, weight)| *sum += input * weight);
            }
        }
    }
}

fn product(one: &[f32], other: &[f32]) -> f32 {
    let mut sums = [0.0; LANES];
    for (one, other) in one.chunks(LANES).zip(other.chunks(LANES)) {
        for (sum, (one, other)) in sums.iter_mut().zip(one.iter().zip(other)) {
            *sum += one * other;
        }
    }
    sums.iter().sum()
}

/// Mean 0, spread 1, as the sum of twelve even numbers.
fn normal(random: &mut Random) -> f32 {
    (0..12).map(|_| random.below(1 << 24) as f32 / (1 << 24) as f32).sum::<f32>() - 6.0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sum of squares of what the net gives for a batch, in training form, without what is at random.
    fn loss(net: &Net, inputs: &[f32], rows: usize) -> f64 {
        let mut net = net.clone();
        let mut values = inputs.to_vec();
        for layer in &mut net.layers {
            values = layer.forward(values, rows, 0.0, &mut Random::new(1)).0;
        }
        values.iter().map(|value| f64::from(*value) * f64::from(*value) / 2.0).sum()
    }

    #[test]
    fn gradients_are_those_of_small_steps() {
        let mut random = Random::new(5);
        let mut net = Net::new(3, &[4, 2], &mut random);
        let inputs: Vec<f32> = (0..24).map(|_| normal(&mut random)).collect();
        let mut values = inputs.clone();
        let mut seen = Vec::new();
        for layer in &mut net.layers {
            let (given, kept) = layer.forward(values, 8, 0.0, &mut random);
            values = given;
            seen.push(kept);
        }
        let mut changes = values;
        for (layer, seen) in net.layers.iter_mut().zip(seen).rev() {
            changes = layer.backward(&seen, changes, 8);
        }
        for layer in 0..3 {
            for at in 0..net.layers[layer].weights.values.len() {
                let found = f64::from(net.layers[layer].weights.gradients[at]);
                let moved = |by: f32| {
                    let mut net = net.clone();
                    net.layers[layer].weights.values[at] += by;
                    loss(&net, &inputs, 8)
                };
                let expect = (moved(1e-3) - moved(-1e-3)) / 2e-3;
                assert!(
                    (found - expect).abs() < 0.02 + 0.03 * expect.abs(),
                    "{layer} {at}: {found}, {expect}"
                );
            }
        }
        // And of an input, through everything.
        let moved = |by: f32| {
            let mut inputs = inputs.clone();
            inputs[4] += by;
            loss(&net, &inputs, 8)
        };
        let expect = (moved(1e-3) - moved(-1e-3)) / 2e-3;
        assert!(
            (f64::from(changes[4]) - expect).abs() < 0.02 + 0.03 * expect.abs(),
            "{} {expect}",
            changes[4]
        );
    }

    #[test]
    fn what_is_folded_gives_the_same() {
        let mut random = Random::new(2);
        let mut net = Net::new(2, &[5], &mut random);
        let inputs: Vec<f32> = (0..64).map(|_| normal(&mut random) * 3.0 + 1.0).collect();
        for _ in 0..200 {
            net.step(inputs.clone(), 32, 0.0, 1e-3, &mut random, |_, value| value / 32.0);
        }
        // Running means have come to those of the one batch there is.
        let mut trained = net.clone();
        let mut values = inputs.clone();
        for layer in &mut trained.layers {
            values = layer.forward(values, 32, 0.0, &mut random).0;
        }
        let served = net.outputs(&inputs, 32);
        assert!(
            values.iter().zip(&served).all(|(one, other)| (one - other).abs() < 0.05),
            "{values:?} {served:?}"
        );
    }
}
