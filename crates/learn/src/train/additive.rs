//! The additive model: one shape for each feature, found by boosting in turns (Lou, Caruana, Gehrke 2012; Nori et al. 2019).
//!
//! In each round every feature gives its shape a small step towards what is still wrong: the best of all trees with up to three
//! leaves over its bins, in the second order of the logistic loss. Going through the features in turns, slowly, shares what two of
//! them know between both. Where more of a feature has one meaning its shape is held to that after every step (pool adjacent
//! violators). Several such models on different groups are averaged, and each stops when the groups it does not see get no better.

use super::bins::{Bins, UNSEEN};
use crate::dataset::Dataset;
use crate::random::Random;

pub use palisade_detect::schema::Direction;

/// How to train.
#[derive(Clone, Debug, PartialEq)]
pub struct AdditiveSettings {
    /// Most bins of a feature, 2..=255.
    pub bins: usize,
    /// Most rounds.
    pub rounds: usize,
    /// Size of a step, above 0.0 and at most 1.0.
    pub rate: f32,
    /// Weight that pulls every step towards nothing, clients.
    pub ridge: f32,
    /// Least weight of a leaf, clients.
    pub leaf_min: f32,
    /// How many models are averaged.
    pub bags: usize,
    /// Rounds without getting better until a bag stops.
    pub patience: usize,
    /// What everything random follows from.
    pub seed: u64,
}

impl Default for AdditiveSettings {
    fn default() -> Self {
        AdditiveSettings {
            bins: 32,
            rounds: 400,
            rate: 0.05,
            ridge: 2.0,
            leaf_min: 5.0,
            bags: 8,
            patience: 30,
            seed: 1,
        }
    }
}

/// The shape of one feature.
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    /// Which column.
    pub column: usize,
    /// Its bins.
    pub bins: Bins,
    /// What each bin adds, log-odds; as many as there are bins.
    pub weights: Vec<f32>,
    /// What it adds where it is unseen, log-odds.
    pub unseen: f32,
    /// What more of it means.
    pub direction: Direction,
}

/// An additive model before it is calibrated.
#[derive(Clone, Debug, PartialEq)]
pub struct Additive {
    /// What every client begins with, log-odds.
    pub intercept: f32,
    /// Features that add something, by column.
    pub shapes: Vec<Shape>,
}

impl Shape {
    /// What a value adds.
    pub fn adds(&self, value: f32) -> f32 {
        match self.bins.bin(value) {
            UNSEEN => self.unseen,
            bin => self.weights[usize::from(bin)],
        }
    }
}

impl Additive {
    /// Log-odds of a bot, not calibrated.
    pub fn log_odds(&self, row: &[f32]) -> f32 {
        self.intercept + self.shapes.iter().map(|shape| shape.adds(row[shape.column])).sum::<f32>()
    }

    /// The same model with shapes that begin at nothing: what the least bin adds goes into the intercept. So every contribution
    /// speaks for a bot, and none is a reward.
    #[must_use]
    pub fn raised(mut self) -> Additive {
        for shape in &mut self.shapes {
            let least = shape.weights.iter().copied().fold(shape.unseen, f32::min);
            shape.weights.iter_mut().for_each(|weight| *weight -= least);
            shape.unseen -= least;
            self.intercept += least;
        }
        self
    }
}

/// Trains on the rows of `data` for which `takes` is true, with the columns in `columns`. `directions` has one for each column of
/// the data.
pub fn train(
    data: &Dataset,
    columns: &[usize],
    directions: &[Direction],
    settings: &AdditiveSettings,
    takes: impl Fn(usize) -> bool,
) -> Additive {
    let rows: Vec<usize> = (0..data.rows.len()).filter(|row| takes(*row)).collect();
    let table = Table::new(data, &rows, columns, directions, settings.bins);
    let mut random = Random::new(settings.seed);
    let mut groups: Vec<u32> = table.groups.clone();
    groups.sort_unstable();
    groups.dedup();
    let bags: Vec<Bag> = (0..settings.bags.max(1))
        .map(|_| {
            // A seventh of the groups tells when to stop.
            random.shuffle(&mut groups);
            let held: std::collections::HashSet<u32> =
                groups.iter().copied().take(if settings.bags > 1 { groups.len() / 7 } else { 0 }).collect();
            Bag::boosted(&table, settings, |row| held.contains(&table.groups[row]))
        })
        .collect();
    averaged(&table, &bags)
}

/// Rows in bins, column by column.
struct Table {
    columns: Vec<Column>,
    targets: Vec<f32>,
    weights: Vec<f32>,
    groups: Vec<u32>,
}

struct Column {
    column: usize,
    bins: Bins,
    direction: Direction,
    /// Of each row.
    of_row: Vec<u8>,
}

impl Table {
    fn new(
        data: &Dataset,
        rows: &[usize],
        columns: &[usize],
        directions: &[Direction],
        bins_max: usize,
    ) -> Table {
        let column = |&column: &usize| {
            let values = || rows.iter().map(|row| data.row(*row)[column]);
            let bins = Bins::of(values(), bins_max);
            let of_row: Vec<u8> = values().map(|value| bins.bin(value)).collect();
            let tells = of_row.iter().any(|bin| *bin != of_row[0]);
            let direction = directions.get(column).copied().unwrap_or(Direction::Free);
            tells.then_some(Column { column, bins, direction, of_row })
        };
        // As many programs as people, by weight: how many there were says something about who recorded.
        let mut sums = [0.0_f64; 2];
        for row in rows {
            let row = &data.rows[*row];
            sums[usize::from(row.is_bot)] += f64::from(row.weight);
        }
        let mean = (sums[0] + sums[1]) / 2.0;
        let scale = sums.map(|sum| if sum > 0.0 { (mean / sum) as f32 } else { 1.0 });
        Table {
            columns: columns.iter().filter_map(column).collect(),
            targets: rows.iter().map(|row| f32::from(u8::from(data.rows[*row].is_bot))).collect(),
            weights: rows
                .iter()
                .map(|row| data.rows[*row].weight * scale[usize::from(data.rows[*row].is_bot)])
                .collect(),
            groups: rows.iter().map(|row| data.rows[*row].group).collect(),
        }
    }
}

/// One model of several: for each column what each bin adds, the unseen one last.
struct Bag {
    intercept: f32,
    shapes: Vec<Vec<f32>>,
}

impl Bag {
    fn boosted(table: &Table, settings: &AdditiveSettings, is_held: impl Fn(usize) -> bool) -> Bag {
        let held: Vec<bool> = (0..table.targets.len()).map(is_held).collect();
        let shapes: Vec<Vec<f32>> =
            table.columns.iter().map(|column| vec![0.0; column.bins.len() + 1]).collect();
        let mut bag = Bag { intercept: 0.0, shapes };
        let mut margins = vec![0.0_f32; table.targets.len()];
        let mut best: (f64, Vec<Vec<f32>>) = (loss(table, &margins, &held, true), bag.shapes.clone());
        let mut without_gain = 0;
        for _ in 0..settings.rounds {
            for (at, column) in table.columns.iter().enumerate() {
                bag.step(at, column, table, settings, &held, &mut margins);
            }
            let now = loss(table, &margins, &held, true);
            if !now.is_finite() || held.iter().all(|held| !held) {
                continue;
            }
            if now < best.0 - 1e-5 {
                best = (now, bag.shapes.clone());
                without_gain = 0;
            } else {
                without_gain += 1;
                if without_gain >= settings.patience {
                    break;
                }
            }
        }
        if held.iter().any(|held| *held) {
            bag.shapes = best.1;
        }
        bag
    }

    /// One small step of one feature.
    fn step(
        &mut self,
        at: usize,
        column: &Column,
        table: &Table,
        settings: &AdditiveSettings,
        held: &[bool],
        margins: &mut [f32],
    ) {
        let bins = column.bins.len();
        let mut sums = vec![(0.0_f64, 0.0_f64, 0.0_f64); bins + 1];
        let slot = |bin: u8| if bin == UNSEEN { bins } else { usize::from(bin) };
        for (row, bin) in column.of_row.iter().enumerate() {
            if held[row] {
                continue;
            }
            let chance = 1.0 / (1.0 + (-margins[row]).exp());
            let weight = table.weights[row];
            let sum = &mut sums[slot(*bin)];
            sum.0 += f64::from(weight * (table.targets[row] - chance));
            sum.1 += f64::from(weight * (chance * (1.0 - chance)).max(1e-6));
            sum.2 += f64::from(weight);
        }
        let shape = &mut self.shapes[at];
        let before = shape.clone();
        let rate = f64::from(settings.rate);
        let ridge = f64::from(settings.ridge);
        for (start, end) in leaves(&sums[..bins], settings) {
            let (gradient, curvature, _) = total(&sums[start..end]);
            let step = rate * gradient / (curvature + ridge);
            shape[start..end].iter_mut().for_each(|weight| *weight += step as f32);
        }
        let (gradient, curvature, _) = sums[bins];
        shape[bins] += (rate * gradient / (curvature + ridge)) as f32;
        let mass: Vec<f64> = sums[..bins].iter().map(|sum| sum.2).collect();
        hold(&mut shape[..bins], &mass, column.direction);
        for (row, bin) in column.of_row.iter().enumerate() {
            let slot = slot(*bin);
            margins[row] += shape[slot] - before[slot];
        }
    }
}

fn total(sums: &[(f64, f64, f64)]) -> (f64, f64, f64) {
    sums.iter().fold((0.0, 0.0, 0.0), |all, one| (all.0 + one.0, all.1 + one.1, all.2 + one.2))
}

/// The best tree with up to three leaves over neighbouring bins: where each leaf begins and ends.
fn leaves(sums: &[(f64, f64, f64)], settings: &AdditiveSettings) -> Vec<(usize, usize)> {
    let ridge = f64::from(settings.ridge);
    let least = f64::from(settings.leaf_min);
    let gain = |(gradient, curvature, weight): (f64, f64, f64)| {
        if weight < least { f64::NEG_INFINITY } else { gradient * gradient / (curvature + ridge) }
    };
    let split = |start: usize, end: usize| {
        let whole = total(&sums[start..end]);
        let mut left = (0.0, 0.0, 0.0);
        let mut best = (0.0, None);
        for at in start + 1..end {
            left = total(&[left, sums[at - 1]]);
            let right = (whole.0 - left.0, whole.1 - left.1, whole.2 - left.2);
            let found = gain(left) + gain(right) - whole.0 * whole.0 / (whole.1 + ridge);
            if found > best.0 {
                best = (found, Some(at));
            }
        }
        best
    };
    let whole = (0, sums.len());
    let Some(first) = split(whole.0, whole.1).1 else { return vec![whole] };
    let (left, right) = (split(whole.0, first), split(first, whole.1));
    match (left, right) {
        ((gain, Some(at)), (other, _)) if gain >= other => vec![(0, at), (at, first), (first, whole.1)],
        (_, (_, Some(at))) => vec![(0, first), (first, at), (at, whole.1)],
        _ => vec![(0, first), (first, whole.1)],
    }
}

/// Pool adjacent violators (Ayer et al. 1955): the nearest shape that never turns against `direction`.
fn hold(shape: &mut [f32], mass: &[f64], direction: Direction) {
    let sign = match direction {
        Direction::Free => return,
        Direction::Rising => 1.0,
        Direction::Falling => -1.0,
    };
    let mut pools: Vec<(f64, f64, usize)> = Vec::with_capacity(shape.len());
    for (value, mass) in shape.iter().zip(mass) {
        pools.push((f64::from(*value) * sign, mass.max(1e-9), 1));
        while let [.., before, last] = &pools[..] {
            if before.0 <= last.0 {
                break;
            }
            let mass = before.1 + last.1;
            let merged = ((before.0 * before.1 + last.0 * last.1) / mass, mass, before.2 + last.2);
            pools.truncate(pools.len() - 2);
            pools.push(merged);
        }
    }
    let values = pools.into_iter().flat_map(|(value, _, count)| std::iter::repeat_n(value, count));
    for (weight, value) in shape.iter_mut().zip(values) {
        *weight = (value * sign) as f32;
    }
}

/// Mean logistic loss of the rows that are held, or of the others.
fn loss(table: &Table, margins: &[f32], held: &[bool], of_held: bool) -> f64 {
    let (mut sum, mut weight) = (0.0, 0.0);
    for (row, margin) in margins.iter().enumerate().filter(|(row, _)| held[*row] == of_held) {
        let margin = f64::from(if table.targets[row] > 0.5 { *margin } else { -*margin });
        let one = if margin > 0.0 { (-margin).exp().ln_1p() } else { -margin + margin.exp().ln_1p() };
        sum += one * f64::from(table.weights[row]);
        weight += f64::from(table.weights[row]);
    }
    sum / weight
}

fn averaged(table: &Table, bags: &[Bag]) -> Additive {
    let count = bags.len() as f32;
    let shape = |(at, column): (usize, &Column)| {
        let mean = |bin: usize| bags.iter().map(|bag| bag.shapes[at][bin]).sum::<f32>() / count;
        let weights: Vec<f32> = (0..column.bins.len()).map(mean).collect();
        let unseen = mean(column.bins.len());
        let adds = weights.iter().any(|weight| *weight != 0.0) || unseen != 0.0;
        adds.then(|| Shape {
            column: column.column,
            bins: column.bins.clone(),
            weights,
            unseen,
            direction: column.direction,
        })
    };
    Additive {
        intercept: bags.iter().map(|bag| bag.intercept).sum::<f32>() / count,
        shapes: table.columns.iter().enumerate().filter_map(shape).collect(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::dataset::testing::made_up;

    fn auc(model: &Additive, data: &Dataset) -> f64 {
        let scores: Vec<(f32, bool)> =
            (0..data.rows.len()).map(|row| (model.log_odds(data.row(row)), data.rows[row].is_bot)).collect();
        let (mut won, mut pairs) = (0.0, 0.0);
        for (bot, _) in scores.iter().filter(|score| score.1) {
            for (person, _) in scores.iter().filter(|score| !score.1) {
                won += if bot > person {
                    1.0
                } else if bot == person {
                    0.5
                } else {
                    0.0
                };
                pairs += 1.0;
            }
        }
        won / pairs
    }

    fn trained(data: &Dataset, directions: &[Direction], settings: &AdditiveSettings) -> Additive {
        let columns: Vec<usize> = (0..data.columns.len()).collect();
        train(data, &columns, directions, settings, |_| true)
    }

    #[test]
    fn it_learns_what_is_there_and_says_which_feature_it_was() {
        let (data, fresh) = (made_up(600, 6, 3), made_up(601, 6, 3));
        let model = trained(&data, &[], &AdditiveSettings::default());
        // The best that can be known of two normal columns, 1.5 and 1.0 apart: about 0.90.
        let found = auc(&model, &fresh);
        assert!((0.86..0.93).contains(&found), "{found}");
        let spread = |column: usize| {
            let shape = model.shapes.iter().find(|shape| shape.column == column);
            shape.map_or(0.0, |shape| {
                let most = shape.weights.iter().copied().fold(f32::MIN, f32::max);
                most - shape.weights.iter().copied().fold(f32::MAX, f32::min)
            })
        };
        let spreads: Vec<f32> = (0..6).map(spread).collect();
        assert!(
            spreads[0] > 3.0
                && spreads[1] > 2.0
                && spreads[2..].iter().all(|noise| *noise < spreads[1] / 1.5),
            "{spreads:?}"
        );
    }

    #[test]
    fn labels_that_mean_nothing_teach_nothing() {
        let mut data = made_up(400, 6, 3);
        let mut labels: Vec<bool> = data.rows.iter().map(|row| row.is_bot).collect();
        Random::new(5).shuffle(&mut labels);
        data.rows.iter_mut().zip(&labels).for_each(|(row, label)| row.is_bot = *label);
        let model = trained(&data, &[], &AdditiveSettings::default());
        let found = auc(&model, &made_up(401, 6, 3));
        assert!((0.3..0.7).contains(&found), "{found}");
    }

    #[test]
    fn a_shape_keeps_its_direction() {
        let data = made_up(300, 3, 1);
        let directions = [Direction::Rising, Direction::Rising, Direction::Falling];
        let model = trained(&data, &directions, &AdditiveSettings::default());
        for shape in &model.shapes {
            let rises = shape.weights.windows(2).all(|pair| pair[0] <= pair[1] + 1e-5);
            let falls = shape.weights.windows(2).all(|pair| pair[0] >= pair[1] - 1e-5);
            assert!(if shape.direction == Direction::Falling { falls } else { rises }, "{shape:?}");
        }
        // The second column speaks the other way: held to rising it has nothing to say.
        let second = model.shapes.iter().find(|shape| shape.column == 1);
        assert!(second.is_none_or(|shape| shape.weights.iter().all(|weight| weight.abs() < 0.2)));
    }

    #[test]
    fn the_seed_decides_and_nothing_else() {
        let data = made_up(120, 4, 2);
        let settings = AdditiveSettings { rounds: 40, ..AdditiveSettings::default() };
        assert_eq!(trained(&data, &[], &settings), trained(&data, &[], &settings));
        let other = AdditiveSettings { seed: 2, ..settings.clone() };
        assert_ne!(trained(&data, &[], &settings), trained(&data, &[], &other));
    }

    #[test]
    fn raised_it_says_the_same_and_rewards_nothing() {
        let data = made_up(200, 4, 2);
        let model = trained(&data, &[], &AdditiveSettings { rounds: 60, ..AdditiveSettings::default() });
        let raised = model.clone().raised();
        for row in 0..data.rows.len() {
            assert!((model.log_odds(data.row(row)) - raised.log_odds(data.row(row))).abs() < 1e-4);
        }
        assert!(
            raised
                .shapes
                .iter()
                .all(|shape| shape.unseen >= 0.0 && shape.weights.iter().all(|weight| *weight >= 0.0))
        );
    }

    #[test]
    fn odd_data_sets_give_a_model_all_the_same() {
        let settings = AdditiveSettings { rounds: 20, ..AdditiveSettings::default() };
        let one_class = |is_bot| {
            let mut data = made_up(40, 3, 1);
            data.rows.iter_mut().for_each(|row| row.is_bot = is_bot);
            data
        };
        let mut constant = made_up(40, 3, 1);
        constant.values.fill(1.0);
        let mut unseen = made_up(40, 3, 1);
        unseen.values.fill(f32::NAN);
        let mut wild = made_up(40, 3, 1);
        wild.values.iter_mut().step_by(3).for_each(|value| *value = f32::INFINITY);
        let empty = Dataset { columns: vec!["f0".to_owned()], ..Dataset::default() };
        for data in [one_class(true), one_class(false), constant, unseen, wild, empty] {
            let model = trained(&data, &[], &settings);
            assert!(model.intercept.is_finite());
            for row in 0..data.rows.len() {
                assert!(model.log_odds(data.row(row)).is_finite());
            }
        }
    }

    proptest! {
        #[test]
        fn held_shapes_are_monotone_and_keep_their_mean(
            shape in prop::collection::vec(-5.0_f32..5.0, 1..40),
            masses in prop::collection::vec(0.1_f64..10.0, 40),
        ) {
            let mut held = shape.clone();
            let mass = &masses[..shape.len()];
            hold(&mut held, mass, Direction::Rising);
            prop_assert!(held.windows(2).all(|pair| pair[0] <= pair[1] + 1e-5));
            let mean = |values: &[f32]| values.iter().zip(mass).map(|(value, mass)| f64::from(*value) * mass).sum::<f64>();
            prop_assert!((mean(&held) - mean(&shape)).abs() < 1e-3 * mass.iter().sum::<f64>());
        }
    }
}
