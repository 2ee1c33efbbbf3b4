//! One of the models that are averaged: shapes first, then pairs on what the shapes leave.

use super::AdditiveSettings;
use super::hold::{hold, hold_grid};
use super::pairs::Grid;
use super::table::{Column, Table};
use crate::train::numeric::{chance, exp};

/// As many bins as a row can name.
const BINS: usize = 1 << u8::BITS;

/// Rows of a block: their numbers stay in the nearest memory while they are moved and pulled.
const BLOCK_ROWS: usize = 1_024;

/// One model of several: for each column what each bin adds, the unseen one last; for each grid likewise.
pub(super) struct Bag {
    pub(super) intercept: f32,
    pub(super) shapes: Vec<Vec<f32>>,
    pub(super) pairs: Vec<Vec<f32>>,
}

/// A bag under way.
pub(super) struct Boosting<'t> {
    table: &'t Table,
    settings: &'t AdditiveSettings,
    /// Weights for learning; 0.0 for the rows that tell when to stop.
    weights: Vec<f32>,
    /// Weights for stopping; 0.0 for the others.
    held: Vec<f32>,
    margins: Vec<f32>,
    gradients: Vec<f32>,
    curvatures: Vec<f32>,
    bag: Bag,
}

/// What pulls at one bin.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pull {
    pub(super) gradient: f64,
    pub(super) curvature: f64,
    pub(super) weight: f64,
}

impl Pull {
    pub(super) fn with(self, other: Pull) -> Pull {
        Pull {
            gradient: self.gradient + other.gradient,
            curvature: self.curvature + other.curvature,
            weight: self.weight + other.weight,
        }
    }

    pub(super) fn without(self, other: Pull) -> Pull {
        Pull {
            gradient: self.gradient - other.gradient,
            curvature: self.curvature - other.curvature,
            weight: self.weight - other.weight,
        }
    }

    pub(super) fn total(pulls: &[Pull]) -> Pull {
        pulls.iter().fold(Pull::default(), |all, one| all.with(*one))
    }

    /// What a leaf of it gains.
    pub(super) fn gain(self, settings: &AdditiveSettings) -> f64 {
        if self.weight < f64::from(settings.leaf_min) {
            f64::NEG_INFINITY
        } else {
            self.gain_of_any(settings)
        }
    }

    pub(super) fn gain_of_any(self, settings: &AdditiveSettings) -> f64 {
        self.gradient * self.gradient / (self.curvature + f64::from(settings.ridge))
    }

    /// A small step towards what is still wrong.
    pub(super) fn step(self, settings: &AdditiveSettings) -> f32 {
        let rate = f64::from(settings.rate);
        (rate * self.gradient / (self.curvature + f64::from(settings.ridge))) as f32
    }
}

impl<'t> Boosting<'t> {
    /// Begins with what the evidence says.
    pub(super) fn new(
        table: &'t Table,
        settings: &'t AdditiveSettings,
        is_held: impl Fn(usize) -> bool,
    ) -> Boosting<'t> {
        let rows = table.targets.len();
        let part = |held: bool| {
            (0..rows).map(|row| if is_held(row) == held { table.weights[row] } else { 0.0 }).collect()
        };
        let shapes: Vec<Vec<f32>> = table.columns.iter().map(|column| column.prior.clone()).collect();
        let begins_informed = table.columns.iter().any(|column| column.is_evidence);
        let intercept = if begins_informed { palisade_detect::scorer::PRIOR } else { 0.0 };
        let mut boosting = Boosting {
            table,
            settings,
            weights: part(false),
            held: part(true),
            margins: vec![intercept; rows],
            gradients: vec![0.0; rows],
            curvatures: vec![0.0; rows],
            bag: Bag { intercept, shapes, pairs: Vec::new() },
        };
        for (column, shape) in table.columns.iter().zip(&boosting.bag.shapes) {
            for (margin, bin) in boosting.margins.iter_mut().zip(&column.of_row) {
                *margin += shape[usize::from(*bin)];
            }
        }
        boosting.pull(|_, _| {});
        boosting
    }

    /// Shapes, one small step of each in turn, until the rows that are held get no better.
    pub(super) fn shapes(&mut self) {
        let masses: Vec<Vec<f64>> =
            self.table.columns.iter().map(|column| self.mass(&column.of_row, column.unseen() + 1)).collect();
        let rounds = self.settings.rounds;
        self.rounds(rounds, |boosting| {
            boosting.step_intercept();
            for (at, column) in boosting.table.columns.iter().enumerate() {
                boosting.step_shape(at, column, &masses[at]);
            }
        });
    }

    /// Pairs likewise, on what the shapes leave.
    pub(super) fn pairs(&mut self, grids: &[Grid]) {
        self.bag.pairs = grids.iter().map(|grid| vec![0.0; grid.cells() + 1]).collect();
        let masses: Vec<Vec<f64>> =
            grids.iter().map(|grid| self.mass(&grid.of_row, grid.cells() + 1)).collect();
        let rounds = self.settings.rounds;
        self.rounds(rounds, |boosting| {
            boosting.step_intercept();
            for (at, grid) in grids.iter().enumerate() {
                boosting.step_pair(at, grid, &masses[at]);
            }
        });
    }

    pub(super) fn finished(self) -> Bag {
        self.bag
    }

    /// Gradient, curvature and weight of each row, those of held rows being 0.0.
    pub(super) fn pulls(&self) -> [&[f32]; 3] {
        [&self.gradients, &self.curvatures, &self.weights]
    }

    fn rounds(&mut self, rounds: usize, mut round: impl FnMut(&mut Self)) {
        let is_held = self.held.iter().any(|weight| *weight > 0.0);
        let kept = |bag: &Bag| (bag.intercept, bag.shapes.clone(), bag.pairs.clone());
        let mut best = (self.held_loss(), kept(&self.bag));
        let mut without_gain = 0;
        for _ in 0..rounds {
            round(self);
            if !is_held {
                continue;
            }
            let now = self.held_loss();
            if now < best.0 - 1e-5 {
                best = (now, kept(&self.bag));
                without_gain = 0;
            } else {
                without_gain += 1;
                if without_gain >= self.settings.patience {
                    break;
                }
            }
        }
        if is_held {
            let (intercept, shapes, pairs) = best.1;
            (self.bag.intercept, self.bag.shapes, self.bag.pairs) = (intercept, shapes, pairs);
        }
    }

    /// Where the intercept would rather be: half of Newton's way.
    fn step_intercept(&mut self) {
        let sum = |values: &[f32]| values.iter().map(|value| f64::from(*value)).sum::<f64>();
        let step =
            (0.5 * sum(&self.gradients) / (sum(&self.curvatures) + f64::from(self.settings.ridge))) as f32;
        self.bag.intercept += step;
        self.pull(|_, margins| margins.iter_mut().for_each(|margin| *margin += step));
    }

    fn step_shape(&mut self, at: usize, column: &Column, mass: &[f64]) {
        let pulls = self.sums(&column.of_row, mass);
        let unseen = column.unseen();
        let mut steps = vec![0.0_f32; unseen + 1];
        for (start, end) in leaves(&pulls[..unseen], self.settings) {
            steps[start..end].fill(Pull::total(&pulls[start..end]).step(self.settings));
        }
        steps[unseen] = pulls[unseen].step(self.settings);
        let shape = &mut self.bag.shapes[at];
        let before = shape.clone();
        shape.iter_mut().zip(&steps).for_each(|(weight, step)| *weight += step);
        hold(&mut shape[..unseen], &mass[..unseen], column.direction);
        if column.is_evidence {
            // Nothing found says nothing, and nothing found never speaks for a person.
            let none = shape[0];
            shape.iter_mut().for_each(|weight| *weight = (*weight - none).max(0.0));
            shape[unseen] = 0.0;
        }
        let moved: Vec<f32> = shape.iter().zip(&before).map(|(after, before)| after - before).collect();
        self.move_by(&column.of_row, &moved);
    }

    fn step_pair(&mut self, at: usize, grid: &Grid, mass: &[f64]) {
        let pulls = self.sums(&grid.of_row, mass);
        let cells = grid.cells();
        let pair = &mut self.bag.pairs[at];
        let before = pair.clone();
        for region in grid.regions(&pulls[..cells], self.settings) {
            let step =
                Pull::total(&region.iter().map(|cell| pulls[*cell]).collect::<Vec<_>>()).step(self.settings);
            region.iter().for_each(|cell| pair[*cell] += step);
        }
        pair[cells] += pulls[cells].step(self.settings);
        hold_grid(&mut pair[..cells], grid.columns(), &mass[..cells], grid.directions);
        let moved: Vec<f32> = pair.iter().zip(&before).map(|(after, before)| after - before).collect();
        self.move_by(&grid.of_row, &moved);
    }

    fn sums(&self, of_row: &[u8], mass: &[f64]) -> Vec<Pull> {
        // As many as a bin can name, so that no row asks whether its bin is there.
        let mut sums = [[0.0_f64; 2]; BINS];
        for ((bin, gradient), curvature) in of_row.iter().zip(&self.gradients).zip(&self.curvatures) {
            let sum = &mut sums[usize::from(*bin)];
            *sum = [sum[0] + f64::from(*gradient), sum[1] + f64::from(*curvature)];
        }
        let pull = |([gradient, curvature], weight): ([f64; 2], f64)| Pull { gradient, curvature, weight };
        sums.into_iter().zip(mass.iter().copied()).map(pull).collect()
    }

    fn mass(&self, of_row: &[u8], bins: usize) -> Vec<f64> {
        let mut mass = vec![0.0; bins];
        of_row
            .iter()
            .zip(&self.weights)
            .for_each(|(bin, weight)| mass[usize::from(*bin)] += f64::from(*weight));
        mass
    }

    fn move_by(&mut self, of_row: &[u8], moved: &[f32]) {
        if moved.iter().all(|step| *step == 0.0) {
            return;
        }
        let mut of_bin = [0.0_f32; BINS];
        of_bin.iter_mut().zip(moved).for_each(|(of_bin, moved)| *of_bin = *moved);
        self.pull(|from, margins| {
            let bins = &of_row[from..from + margins.len()];
            margins.iter_mut().zip(bins).for_each(|(margin, bin)| *margin += of_bin[usize::from(*bin)]);
        });
    }

    /// Gradient and curvature of the logistic loss at every row, a block after the other; `moves` may change the margins of a block
    /// before, those from the row that it is given.
    fn pull(&mut self, moves: impl Fn(usize, &mut [f32])) {
        let margins = self.margins.chunks_mut(BLOCK_ROWS);
        let to = self.gradients.chunks_mut(BLOCK_ROWS).zip(self.curvatures.chunks_mut(BLOCK_ROWS));
        let of = self.table.targets.chunks(BLOCK_ROWS).zip(self.weights.chunks(BLOCK_ROWS));
        for (at, ((margins, (gradients, curvatures)), (targets, weights))) in
            margins.zip(to).zip(of).enumerate()
        {
            moves(at * BLOCK_ROWS, margins);
            let rows = margins.iter().zip(targets).zip(weights);
            for ((to, curvature), ((margin, target), weight)) in
                gradients.iter_mut().zip(curvatures).zip(rows)
            {
                let chance = chance(*margin);
                *to = weight * (target - chance);
                *curvature = weight * (chance * (1.0 - chance)).max(1e-6);
            }
        }
    }

    /// Mean logistic loss of the rows that are held.
    fn held_loss(&self) -> f64 {
        let (mut sum, mut weights) = (0.0, 0.0);
        for ((margin, target), weight) in self.margins.iter().zip(&self.table.targets).zip(&self.held) {
            if *weight > 0.0 {
                let margin = if *target > 0.5 { *margin } else { -*margin };
                let one = f64::from((-margin).max(0.0)) + f64::from(exp(-margin.abs())).ln_1p();
                sum += one * f64::from(*weight);
                weights += f64::from(*weight);
            }
        }
        if weights > 0.0 { sum / weights } else { 0.0 }
    }
}

/// The best tree with up to three leaves over neighbouring bins: where each leaf begins and ends.
fn leaves(pulls: &[Pull], settings: &AdditiveSettings) -> Vec<(usize, usize)> {
    let split = |start: usize, end: usize| {
        let whole = Pull::total(&pulls[start..end]);
        let mut left = Pull::default();
        let mut best = (0.0, None);
        for at in start + 1..end {
            left = left.with(pulls[at - 1]);
            let found =
                left.gain(settings) + whole.without(left).gain(settings) - whole.gain_of_any(settings);
            if found > best.0 {
                best = (found, Some(at));
            }
        }
        best
    };
    let whole = (0, pulls.len());
    let Some(first) = split(whole.0, whole.1).1 else { return vec![whole] };
    let (left, right) = (split(whole.0, first), split(first, whole.1));
    match (left, right) {
        ((gain, Some(at)), (other, _)) if gain >= other => vec![(0, at), (at, first), (first, whole.1)],
        (_, (_, Some(at))) => vec![(0, first), (first, at), (at, whole.1)],
        _ => vec![(0, first), (first, whole.1)],
    }
}
