//! What every kind but the additive one learns from: the rows that are taken, and how much each weighs.

use std::collections::HashSet;

use palisade_model::Step;
use palisade_model::bounds::FEATURES_MAX;

use super::additive::Direction;
use crate::dataset::Dataset;
use crate::random::Random;

/// Rows of a data set, with a say in what is learned that does not depend on how many programs were recorded.
pub(super) struct Rows<'d> {
    data: &'d Dataset,
    /// Which rows, ascending.
    rows: Vec<usize>,
    /// The columns that may be used.
    pub(super) columns: Vec<usize>,
    /// By row: is it a program?
    pub(super) is_bot: Vec<bool>,
    /// By row, clients; as many programs as people in all.
    pub(super) weights: Vec<f32>,
    /// By row.
    pub(super) groups: Vec<u32>,
}

impl<'d> Rows<'d> {
    /// The rows for which `takes` is true, with as many of `columns` as a model may have.
    pub(super) fn new(data: &'d Dataset, columns: &[usize], takes: impl Fn(usize) -> bool) -> Rows<'d> {
        let rows: Vec<usize> = (0..data.rows.len()).filter(|row| takes(*row)).collect();
        let mut sums = [0.0_f64; 2];
        for row in rows.iter().map(|row| &data.rows[*row]) {
            sums[usize::from(row.is_bot)] += f64::from(row.weight);
        }
        // How many there were of each says something about who recorded.
        let mean = (sums[0] + sums[1]) / 2.0;
        let scale = sums.map(|sum| if sum > 0.0 { (mean / sum) as f32 } else { 1.0 });
        let weight = |row: &usize| data.rows[*row].weight * scale[usize::from(data.rows[*row].is_bot)];
        Rows {
            data,
            columns: columns.iter().copied().filter(|column| *column < FEATURES_MAX).collect(),
            is_bot: rows.iter().map(|row| data.rows[*row].is_bot).collect(),
            weights: rows.iter().map(weight).collect(),
            groups: rows.iter().map(|row| data.rows[*row].group).collect(),
            rows,
        }
    }

    /// How many rows there are.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The values of `column`, by row; NaN is unseen.
    pub(super) fn values(&self, column: usize) -> impl Iterator<Item = f32> {
        self.rows.iter().map(move |row| self.data.row(*row)[column])
    }

    /// The last steps of the client of `row`, oldest first.
    pub(super) fn steps(&self, row: usize) -> &[Step] {
        &self.data.rows[self.rows[row]].steps
    }

    /// 1 for a program, 0 for a person.
    pub(super) fn target(&self, row: usize) -> f32 {
        f32::from(u8::from(self.is_bot[row]))
    }

    /// The groups there are, ascending.
    pub(super) fn distinct_groups(&self) -> Vec<u32> {
        let mut groups = self.groups.clone();
        groups.sort_unstable();
        groups.dedup();
        groups
    }

    /// A part of the groups, one of so many, chosen by `random`: for each row whether its group is in it.
    pub(super) fn held_out(&self, one_of: usize, random: &mut Random) -> Vec<bool> {
        let mut groups = self.distinct_groups();
        random.shuffle(&mut groups);
        let held: HashSet<u32> = groups.iter().copied().take(groups.len() / one_of.max(1)).collect();
        self.groups.iter().map(|group| held.contains(group)).collect()
    }
}

/// The direction of `column`, free where none is given.
pub(super) fn direction_of(directions: &[Direction], column: usize) -> Direction {
    directions.get(column).copied().unwrap_or(Direction::Free)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::testing::made_up;

    #[test]
    fn both_classes_weigh_the_same_however_many_there_are() {
        let data = made_up(90, 3, 1);
        let rows = Rows::new(&data, &[0, 2, 9_999], |row| row % 2 == 0 || row % 3 == 0);
        assert_eq!((rows.len(), &rows.columns[..]), (60, &[0, 2][..]));
        let sum = |is_bot: bool| -> f32 {
            (0..rows.len()).filter(|row| rows.is_bot[*row] == is_bot).map(|row| rows.weights[row]).sum()
        };
        assert!((sum(true) - sum(false)).abs() < 1e-3 && (sum(true) - 30.0).abs() < 1e-3);
        assert_eq!(rows.values(2).next(), Some(data.row(0)[2]));
        assert_eq!(
            (rows.target(0), rows.target(rows.len() - 1)),
            (0.0, f32::from(u8::from(data.rows[88].is_bot)))
        );
    }

    #[test]
    fn a_group_is_held_out_whole() {
        let mut data = made_up(60, 2, 1);
        data.rows.iter_mut().for_each(|row| row.group /= 3);
        let rows = Rows::new(&data, &[0, 1], |_| true);
        let held = rows.held_out(5, &mut Random::new(1));
        assert_eq!(held.iter().filter(|held| **held).count(), 12);
        assert!(held.chunks(3).all(|group| group.iter().all(|held| *held == group[0])));
        assert_ne!(held, rows.held_out(5, &mut Random::new(2)));
    }
}
