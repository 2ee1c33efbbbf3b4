//! Trees over bins: grown by what every row pulls towards, for boosting and for forests.
//!
//! A row pulls with a gradient and a curvature; the value of a node is where all of its rows come to rest. What is unseen goes
//! its own way at each split, and a split may do nothing but set it apart. Where more of a feature has one meaning no split
//! runs against it (Chen and Guestrin 2016, and the constraints of XGBoost).

use palisade_model::Tree;

use super::additive::Direction;
use super::bins::{Bins, UNSEEN};
use super::rows::{Rows, direction_of};
use crate::random::Random;

/// Rows in bins, column by column; columns that tell nothing are left out.
pub(super) struct Binned {
    columns: Vec<Column>,
}

struct Column {
    column: usize,
    bins: Bins,
    direction: Direction,
    /// Of each row.
    of_row: Vec<u8>,
}

/// What a row pulls with.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pull {
    pub(super) gradient: f64,
    pub(super) curvature: f64,
    /// Clients.
    pub(super) weight: f64,
}

/// How a tree grows.
#[derive(Clone, Debug)]
pub(super) struct Growth {
    /// Most splits one after the other, up to [`palisade_model::bounds::DEPTH_MAX`].
    pub(super) depth_max: usize,
    /// Least weight of a node, clients.
    pub(super) leaf_min: f64,
    /// Curvature that pulls every value towards nothing.
    pub(super) ridge: f64,
    /// How many columns a split looks at.
    pub(super) tries: usize,
    /// What every value is multiplied by.
    pub(super) scale: f64,
}

impl Binned {
    /// The columns of `rows` in at most `bins_max` bins.
    pub(super) fn new(rows: &Rows<'_>, directions: &[Direction], bins_max: usize) -> Binned {
        let column = |&column: &usize| {
            let bins = Bins::of(rows.values(column), bins_max);
            let of_row: Vec<u8> = rows.values(column).map(|value| bins.bin(value)).collect();
            let tells = of_row.iter().any(|bin| *bin != of_row[0]);
            tells.then_some(Column { column, bins, direction: direction_of(directions, column), of_row })
        };
        Binned { columns: rows.columns.iter().filter_map(column).collect() }
    }

    /// How many columns tell something.
    pub(super) fn columns(&self) -> usize {
        self.columns.len()
    }

    /// A tree for `rows`, each of which pulls as its entry in `pulls` says, over the columns whose places are in `columns`.
    pub(super) fn grow(
        &self,
        pulls: &[Pull],
        rows: &mut [u32],
        columns: &[usize],
        growth: &Growth,
        random: &mut Random,
    ) -> Tree {
        let mut grower =
            Grower { binned: self, pulls, growth, random, columns: columns.to_vec(), tree: Tree::default() };
        grower.node(rows, 0, (f64::NEG_INFINITY, f64::INFINITY));
        grower.tree
    }
}

impl Binned {
    /// Adds to `sums`, by row, the leaf of `tree` that each row comes to. The tree was grown over these bins.
    pub(super) fn add(&self, tree: &Tree, sums: &mut [f32]) {
        let split = |at: usize| {
            let column =
                self.columns.iter().find(|column| column.column == usize::from(tree.features[at]))?;
            Some((column, column.bins.edges.partition_point(|edge| *edge <= tree.edges[at])))
        };
        let splits: Vec<_> = (0..tree.features.len()).map_while(split).collect();
        for (row, sum) in sums.iter_mut().enumerate() {
            let mut way = if splits.is_empty() { -1 } else { 0 };
            while let Ok(at) = usize::try_from(way) {
                let (column, first_above) = splits[at];
                let above = match column.of_row[row] {
                    UNSEEN => tree.unseen_above[at],
                    bin => usize::from(bin) >= first_above,
                };
                way = if above { tree.above[at] } else { tree.below[at] };
            }
            *sum += tree.leaves[usize::from(way.unsigned_abs()) - 1];
        }
    }
}

impl Pull {
    fn plus(self, other: Pull) -> Pull {
        Pull {
            gradient: self.gradient + other.gradient,
            curvature: self.curvature + other.curvature,
            weight: self.weight + other.weight,
        }
    }

    fn minus(self, other: Pull) -> Pull {
        Pull {
            gradient: self.gradient - other.gradient,
            curvature: self.curvature - other.curvature,
            weight: self.weight - other.weight,
        }
    }
}

struct Grower<'g> {
    binned: &'g Binned,
    pulls: &'g [Pull],
    growth: &'g Growth,
    random: &'g mut Random,
    columns: Vec<usize>,
    tree: Tree,
}

/// A way to divide a node.
#[derive(Clone, Copy)]
struct Division {
    gain: f64,
    /// Place of the column.
    column: usize,
    /// The first bin above; 0 where only the unseen are below.
    bin: usize,
    unseen_above: bool,
    /// The values of both sides.
    values: [f64; 2],
}

impl Grower<'_> {
    /// Grows a node whose value lies between `bounds`, and says which way leads to it.
    fn node(&mut self, rows: &mut [u32], depth: usize, bounds: (f64, f64)) -> i16 {
        let whole = rows.iter().fold(Pull::default(), |sum, row| sum.plus(self.pulls[*row as usize]));
        let value = self.value(whole, bounds);
        let best = if depth < self.growth.depth_max && whole.weight >= 2.0 * self.growth.leaf_min {
            self.best(rows, whole, bounds)
        } else {
            None
        };
        let scaled = (value * self.growth.scale) as f32;
        let Some(best) = best else {
            self.tree.leaves.push(scaled);
            return -(self.tree.leaves.len() as i16);
        };
        let column = &self.binned.columns[best.column];
        let at = self.tree.features.len();
        self.tree.features.push(column.column as u16);
        let edge = best.bin.checked_sub(1).map_or(f32::MIN, |edge| column.bins.edges[edge]);
        self.tree.edges.push(edge);
        self.tree.unseen_above.push(best.unseen_above);
        self.tree.means.push(scaled);
        self.tree.below.push(0);
        self.tree.above.push(0);
        let is_above = |row: u32| match column.of_row[row as usize] {
            UNSEEN => best.unseen_above,
            bin => usize::from(bin) >= best.bin,
        };
        let divide = partition(rows, is_above);
        let middle = (best.values[0] + best.values[1]) / 2.0;
        let [below, above] = match column.direction {
            Direction::Rising if best.bin > 0 => [(bounds.0, middle), (middle, bounds.1)],
            Direction::Falling if best.bin > 0 => [(middle, bounds.1), (bounds.0, middle)],
            _ => [bounds; 2],
        };
        let (rows_below, rows_above) = rows.split_at_mut(divide);
        let way = self.node(rows_below, depth + 1, below);
        self.tree.below[at] = way;
        let way = self.node(rows_above, depth + 1, above);
        self.tree.above[at] = way;
        at as i16
    }

    /// The best of all divisions of some columns, where any is better than none.
    fn best(&mut self, rows: &[u32], whole: Pull, bounds: (f64, f64)) -> Option<Division> {
        let tries = self.growth.tries.clamp(1, self.columns.len().max(1));
        if tries < self.columns.len() {
            // The first places of a shuffle.
            for at in 0..tries {
                let other = at + self.random.below(self.columns.len() - at);
                self.columns.swap(at, other);
            }
        }
        let pulls: Vec<Pull> = rows.iter().map(|row| self.pulls[*row as usize]).collect();
        let mut best: Option<Division> = None;
        let mut sums = Vec::new();
        for &column in self.columns.iter().take(tries) {
            let found = self.division(column, rows, &pulls, whole, bounds, &mut sums);
            if let Some(found) = found.filter(|found| best.is_none_or(|best| found.gain > best.gain)) {
                best = Some(found);
            }
        }
        best
    }

    /// The best division by one column.
    fn division(
        &self,
        place: usize,
        rows: &[u32],
        pulls: &[Pull],
        whole: Pull,
        bounds: (f64, f64),
        sums: &mut Vec<Pull>,
    ) -> Option<Division> {
        let column = &self.binned.columns[place];
        let bins = column.bins.len();
        sums.clear();
        sums.resize(bins + 1, Pull::default());
        for (row, pull) in rows.iter().zip(pulls) {
            let bin = column.of_row[*row as usize];
            let sum = &mut sums[if bin == UNSEEN { bins } else { usize::from(bin) }];
            *sum = sum.plus(*pull);
        }
        let unseen = sums[bins];
        let before = self.worth(whole, self.value(whole, bounds));
        let mut best: Option<Division> = None;
        let mut offer = |bin: usize, below: Pull, unseen_above: bool| {
            let above = whole.minus(below);
            let least = self.growth.leaf_min.max(1e-9);
            if below.weight < least || above.weight < least {
                return;
            }
            let values = [self.value(below, bounds), self.value(above, bounds)];
            let turned = match column.direction {
                Direction::Rising => values[0] > values[1],
                Direction::Falling => values[0] < values[1],
                Direction::Free => false,
            };
            if turned && bin > 0 {
                return;
            }
            let gain = self.worth(below, values[0]) + self.worth(above, values[1]) - before;
            if gain > best.map_or(GAIN_MIN, |best| best.gain) {
                best = Some(Division { gain, column: place, bin, unseen_above, values });
            }
        };
        if unseen.weight > 0.0 {
            offer(0, unseen, false);
        }
        let mut below = Pull::default();
        for bin in 1..bins {
            below = below.plus(sums[bin - 1]);
            if unseen.weight > 0.0 {
                offer(bin, below.plus(unseen), false);
                offer(bin, below, true);
            } else {
                // Nobody knows: where most of the others went.
                offer(bin, below, below.weight * 2.0 < whole.weight);
            }
        }
        best
    }

    fn value(&self, pull: Pull, bounds: (f64, f64)) -> f64 {
        let curvature = (pull.curvature + self.growth.ridge).max(1e-9);
        (pull.gradient / curvature).max(bounds.0).min(bounds.1)
    }

    /// What `value` gains, in the second order of the loss.
    fn worth(&self, pull: Pull, value: f64) -> f64 {
        pull.gradient * value - 0.5 * (pull.curvature + self.growth.ridge) * value * value
    }
}

/// A gain below this is rounding.
const GAIN_MIN: f64 = 1e-7;

/// Puts what goes above behind the rest, and says where it begins. Both keep their order, so that sums stay the same.
fn partition(rows: &mut [u32], is_above: impl Fn(u32) -> bool) -> usize {
    let mut behind = Vec::new();
    let mut at = 0;
    for from in 0..rows.len() {
        if is_above(rows[from]) {
            behind.push(rows[from]);
        } else {
            rows[at] = rows[from];
            at += 1;
        }
    }
    rows[at..].copy_from_slice(&behind);
    at
}

#[cfg(test)]
mod tests;
