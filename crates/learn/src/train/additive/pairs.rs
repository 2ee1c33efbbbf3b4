//! Which two features say more together than apart, and what (FAST; Lou, Caruana, Gehrke, Hooker 2013).
//!
//! Every two columns are laid over what the shapes leave unexplained, in coarse cells; those where four quadrants explain most of it
//! become pairs.

use super::bag::Pull;
use super::table::{Column, Table};
use super::{AdditiveSettings, Direction};

/// Two columns in coarse cells.
pub(super) struct Grid {
    /// Which columns of the table.
    pub(super) columns_of: [usize; 2],
    pub(super) edges: [Vec<f32>; 2],
    pub(super) directions: [Direction; 2],
    /// The cell of each row, row by row of the grid; the last for what is unseen in either.
    pub(super) of_row: Vec<u8>,
}

/// A column's bins, joined to a few.
struct Coarse {
    edges: Vec<f32>,
    /// Of each bin; the unseen one is `edges.len() + 1`.
    of_bin: Vec<u8>,
}

impl Coarse {
    fn of(column: &Column, weights: &[f32], bins_max: usize) -> Coarse {
        let mut mass = vec![0.0_f64; column.unseen() + 1];
        column
            .of_row
            .iter()
            .zip(weights)
            .for_each(|(bin, weight)| mass[usize::from(*bin)] += f64::from(*weight));
        let seen: f64 = mass[..column.unseen()].iter().sum();
        let (mut edges, mut of_bin, mut below) = (Vec::new(), vec![0], mass[0]);
        for (edge, own) in column.bins.edges.iter().zip(&mass[1..]) {
            // A new one as soon as those before have their share.
            let share = seen * (edges.len() + 1) as f64 / bins_max as f64;
            if below >= share && edges.len() + 1 < bins_max {
                edges.push(*edge);
            }
            of_bin.push(edges.len() as u8);
            below += own;
        }
        of_bin.push(edges.len() as u8 + 1);
        Coarse { edges, of_bin }
    }

    fn len(&self) -> usize {
        self.edges.len() + 1
    }
}

impl Grid {
    pub(super) fn columns(&self) -> usize {
        self.edges[1].len() + 1
    }

    /// How many cells there are, that of the unseen not counted.
    pub(super) fn cells(&self) -> usize {
        (self.edges[0].len() + 1) * self.columns()
    }

    fn new(table: &Table, coarse: &[Coarse], columns_of: [usize; 2]) -> Grid {
        let [first, second] = columns_of;
        let (rows, columns) = (coarse[first].len(), coarse[second].len());
        let cell = |(row, column): (&u8, &u8)| {
            let row = usize::from(coarse[first].of_bin[usize::from(*row)]);
            let column = usize::from(coarse[second].of_bin[usize::from(*column)]);
            if row >= rows || column >= columns {
                (rows * columns) as u8
            } else {
                (row * columns + column) as u8
            }
        };
        Grid {
            columns_of,
            edges: [coarse[first].edges.clone(), coarse[second].edges.clone()],
            directions: columns_of.map(|at| table.columns[at].direction),
            of_row: table.columns[first].of_row.iter().zip(&table.columns[second].of_row).map(cell).collect(),
        }
    }

    /// The cells of the best tree of two levels: one cut across, then one in each half along the other axis.
    pub(super) fn regions(&self, pulls: &[Pull], settings: &AdditiveSettings) -> Vec<Vec<usize>> {
        let columns = self.columns();
        let rows = pulls.len() / columns;
        let by_rows = |row: usize, column: usize| row * columns + column;
        let by_columns = |column: usize, row: usize| row * columns + column;
        let one = best_tree(pulls, (rows, columns), by_rows, settings);
        let other = best_tree(pulls, (columns, rows), by_columns, settings);
        if one.0 >= other.0 { one.1 } else { other.1 }
    }
}

/// The gain of the best tree that cuts the outer axis first, and its cells.
fn best_tree(
    pulls: &[Pull],
    (outer, inner): (usize, usize),
    cell: impl Fn(usize, usize) -> usize,
    settings: &AdditiveSettings,
) -> (f64, Vec<Vec<usize>>) {
    // Sums of whole lines up to each, so that a half is a difference.
    let mut sums = vec![vec![Pull::default(); inner]; outer + 1];
    for line in 0..outer {
        for at in 0..inner {
            sums[line + 1][at] = sums[line][at].with(pulls[cell(line, at)]);
        }
    }
    let half = |from: usize, to: usize| -> (f64, usize) {
        let pull = |at: usize| sums[to][at].without(sums[from][at]);
        let whole = (0..inner).fold(Pull::default(), |all, at| all.with(pull(at)));
        let mut best = (whole.gain(settings), inner);
        let mut left = Pull::default();
        for cut in 1..inner {
            left = left.with(pull(cut - 1));
            let found = left.gain(settings) + whole.without(left).gain(settings);
            if found > best.0 {
                best = (found, cut);
            }
        }
        best
    };
    let mut best = (f64::NEG_INFINITY, outer, 0, 0);
    for cut in 1..outer {
        let (above, below) = (half(0, cut), half(cut, outer));
        if above.0 + below.0 > best.0 {
            best = (above.0 + below.0, cut, above.1, below.1);
        }
    }
    let (gain, cut, above, below) = best;
    if gain == f64::NEG_INFINITY {
        return (gain, vec![(0..pulls.len()).collect()]);
    }
    let part = |lines: std::ops::Range<usize>, at: std::ops::Range<usize>| -> Vec<usize> {
        lines.flat_map(|line| at.clone().map(move |at| (line, at))).map(|(line, at)| cell(line, at)).collect()
    };
    let parts = [
        part(0..cut, 0..above),
        part(0..cut, above..inner),
        part(cut..outer, 0..below),
        part(cut..outer, below..inner),
    ];
    (gain, parts.into_iter().filter(|part| !part.is_empty()).collect())
}

/// The `settings.pairs` pairs of columns that explain most of what is left.
pub(super) fn chosen(
    table: &Table,
    [gradients, curvatures, weights]: &[Vec<f32>; 3],
    settings: &AdditiveSettings,
) -> Vec<Grid> {
    if settings.pairs == 0 {
        return Vec::new();
    }
    let coarse: Vec<Coarse> = table
        .columns
        .iter()
        .map(|column| Coarse::of(column, weights, settings.pair_bins.clamp(2, 15)))
        .collect();
    // What detectors found is left to the shapes: evidence that depends on something else is hard to explain.
    let able: Vec<usize> = (0..table.columns.len())
        .filter(|at| !table.columns[*at].is_evidence && coarse[*at].len() > 1)
        .collect();
    let mut found: Vec<(f64, [usize; 2])> = Vec::new();
    for (at, &first) in able.iter().enumerate() {
        for &second in &able[at + 1..] {
            let grid = Grid::new(table, &coarse, [first, second]);
            let mut pulls = vec![Pull::default(); grid.cells() + 1];
            for (row, cell) in grid.of_row.iter().enumerate() {
                let pull = &mut pulls[usize::from(*cell)];
                pull.gradient += f64::from(gradients[row]);
                pull.curvature += f64::from(curvatures[row]);
                pull.weight += f64::from(weights[row]);
            }
            let gain = quadrants(&pulls[..grid.cells()], grid.columns(), settings);
            if gain > 0.0 {
                found.push((gain, [first, second]));
            }
        }
    }
    found.sort_by(|(one, at), (other, to)| other.total_cmp(one).then(at.cmp(to)));
    found.truncate(settings.pairs);
    found.into_iter().map(|(_, both)| Grid::new(table, &coarse, both)).collect()
}

/// What the best two cuts, one of each axis, gain over the best cut of one axis alone.
fn quadrants(pulls: &[Pull], columns: usize, settings: &AdditiveSettings) -> f64 {
    let rows = pulls.len() / columns;
    // Sums of everything above and to the left.
    let mut sums = vec![vec![Pull::default(); columns + 1]; rows + 1];
    for row in 0..rows {
        for column in 0..columns {
            sums[row + 1][column + 1] = sums[row][column + 1]
                .with(sums[row + 1][column])
                .without(sums[row][column])
                .with(pulls[row * columns + column]);
        }
    }
    let whole = sums[rows][columns];
    let (mut alone, mut together) = (whole.gain_of_any(settings), f64::NEG_INFINITY);
    let halves = sums[1..rows].iter().map(|line| line[columns]).chain(sums[rows][1..columns].iter().copied());
    for half in halves {
        alone = alone.max(half.gain(settings) + whole.without(half).gain(settings));
    }
    for row in 1..rows {
        for column in 1..columns {
            let (first, above, left) = (sums[row][column], sums[row][columns], sums[rows][column]);
            let four = [
                first,
                above.without(first),
                left.without(first),
                whole.without(above).without(left).with(first),
            ];
            together = together.max(four.iter().map(|part| part.gain(settings)).sum());
        }
    }
    together - alone
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::testing::made_up;
    use crate::train::additive::train;

    /// Clients whose label is whether their first two numbers have the same sign: neither tells anything alone.
    fn crossed(clients: u32) -> crate::dataset::Dataset {
        let mut data = made_up(clients, 4, 1);
        for row in 0..data.rows.len() {
            let values = &mut data.values[row * 4..row * 4 + 4];
            let is_bot = data.rows[row].is_bot;
            values[0] -= if is_bot { 1.5 } else { 0.0 };
            values[1] = values[1].abs() * if is_bot == (values[0] > 0.0) { 1.0 } else { -1.0 };
        }
        data
    }

    #[test]
    fn what_only_two_features_tell_together_is_found() {
        let (data, fresh) = (crossed(800), crossed(801));
        let settings = AdditiveSettings::default();
        let with = train(&data, &[0, 1, 2, 3], &[], &settings, |_| true);
        assert_eq!(with.pairs[0].columns, [0, 1]);
        let right = |model: &crate::train::Additive| {
            let hit = |row: &usize| (model.log_odds(fresh.row(*row)) > 0.0) == fresh.rows[*row].is_bot;
            (0..fresh.rows.len()).filter(hit).count() as f64 / fresh.rows.len() as f64
        };
        assert!(right(&with) > 0.9, "{}", right(&with));
        let without = AdditiveSettings { pairs: 0, ..settings };
        let without = train(&data, &[0, 1, 2, 3], &[], &without, |_| true);
        assert!(without.pairs.is_empty() && right(&without) < 0.65, "{}", right(&without));
    }

    #[test]
    fn coarse_bins_cover_every_bin_in_order() {
        let data = made_up(300, 1, 1);
        let rows: Vec<usize> = (0..300).collect();
        let settings = AdditiveSettings::default();
        let table = Table::new(&data, &rows, &[0], &[], &settings);
        let coarse = Coarse::of(&table.columns[0], &table.weights, 8);
        assert_eq!(coarse.len(), 8);
        assert_eq!(coarse.of_bin.len(), table.columns[0].unseen() + 1);
        assert!(coarse.of_bin.windows(2).all(|two| two[1] == two[0] || two[1] == two[0] + 1));
        assert_eq!(coarse.of_bin.last(), Some(&8));
    }
}
