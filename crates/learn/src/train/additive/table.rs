//! Rows in bins, column by column.

use super::{AdditiveSettings, Direction};
use crate::dataset::Dataset;
use crate::train::bins::{Bins, UNSEEN};

/// Rows in bins, with what is to be learned of each.
pub(super) struct Table {
    pub(super) columns: Vec<Column>,
    pub(super) targets: Vec<f32>,
    pub(super) weights: Vec<f32>,
    pub(super) groups: Vec<u32>,
}

/// One column of the data, in bins.
pub(super) struct Column {
    pub(super) column: usize,
    pub(super) bins: Bins,
    pub(super) direction: Direction,
    /// Of each row; [`Column::unseen`] where it has no number.
    pub(super) of_row: Vec<u8>,
    /// What each bin adds before anything is learned, the unseen one last.
    pub(super) prior: Vec<f32>,
    /// True where its values are evidence already.
    pub(super) is_evidence: bool,
}

impl Column {
    /// The place of what is unseen, after all bins.
    pub(super) fn unseen(&self) -> usize {
        self.bins.len()
    }
}

/// Where bins of evidence end, log-odds: all that a detector can say, seen in training or not.
fn evidence_edges() -> Vec<f32> {
    std::iter::once(0.001).chain((1..=18).map(|half| half as f32 / 2.0)).collect()
}

impl Table {
    pub(super) fn new(
        data: &Dataset,
        rows: &[usize],
        columns: &[usize],
        directions: &[Direction],
        settings: &AdditiveSettings,
    ) -> Table {
        let column = |&column: &usize| {
            let direction = directions.get(column).copied().unwrap_or(Direction::Free);
            let values = rows.iter().map(|row| data.row(*row)[column]);
            if settings.evidence.contains(&column) {
                return Some(evidence(column, values));
            }
            // One bin is that of the unseen.
            let bins = Bins::of(values.clone(), settings.bins.clamp(2, 254));
            let unseen = bins.len() as u8;
            let of_row: Vec<u8> = values
                .map(|value| match bins.bin(value) {
                    UNSEEN => unseen,
                    bin => bin,
                })
                .collect();
            let tells = of_row.iter().any(|bin| *bin != of_row[0]);
            let prior = vec![0.0; bins.len() + 1];
            tells.then_some(Column { column, bins, direction, of_row, prior, is_evidence: false })
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

/// A detector's evidence begins as what it says; one that could not look found nothing.
fn evidence(column: usize, values: impl Iterator<Item = f32>) -> Column {
    let bins = Bins { edges: evidence_edges() };
    let of_row = values.map(|value| bins.bin(if value.is_nan() { 0.0 } else { value })).collect();
    let says = |bin: usize| match bin {
        0 => 0.0,
        // The middle of the bin; the last has no end.
        bin => (bins.edges[bin - 1] + bins.edges.get(bin).copied().unwrap_or(bins.edges[bin - 1])) / 2.0,
    };
    let mut prior: Vec<f32> = (0..bins.len()).map(says).collect();
    prior.push(0.0);
    Column { column, bins, direction: Direction::Rising, of_row, prior, is_evidence: true }
}
