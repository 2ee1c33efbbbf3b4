//! What is usual while a model is trained: shares of requests by feature and by score, which [`palisade_model::drift`] later holds
//! live traffic against.
//!
//! Known from labelled clients only. A row stands for the requests since the row before it, so that shares are of requests, as they
//! are counted live.

use palisade_model::drift::{BINS_MAX, FeatureShares, Reference, SCORE_BINS};
use palisade_model::{Contributions, Model, View, ViewFile};

use crate::dataset::Dataset;
use crate::train::bins::Bins;

/// The reference of each view of `model` for which `data` has rows from its vantages.
pub fn usual(model: &Model, data: &Dataset) -> Vec<Reference> {
    let views = model.file().views.iter().zip(model.views());
    views.filter_map(|(file, view)| of_view(file, view, data)).collect()
}

fn of_view(file: &ViewFile, view: &View, data: &Dataset) -> Option<Reference> {
    let weights = requests(data);
    let is_seen = |at: &usize| file.vantages.iter().any(|name| name == data.rows[*at].vantage.name());
    let rows: Vec<usize> = (0..data.rows.len()).filter(is_seen).collect();
    if rows.is_empty() {
        return None;
    }
    let mut score = vec![0.0; SCORE_BINS];
    let mut contributions = Contributions::new();
    for at in &rows {
        let found = view.score_into(data.seen(*at), &mut contributions).score;
        score[((found / 10.0) as usize).min(SCORE_BINS - 1)] += weights[*at];
    }
    let features = file.features.iter().map(|feature| {
        let values = || rows.iter().map(|at| data.row(*at)[usize::from(*feature)]);
        let bins = Bins::of(values(), BINS_MAX - 2);
        let mut shares = vec![0.0; bins.len() + 1];
        for (at, value) in rows.iter().zip(values()) {
            let place = if value.is_nan() { bins.len() } else { usize::from(bins.bin(value)) };
            shares[place] += weights[*at];
        }
        FeatureShares { feature: *feature, edges: bins.edges, shares: shared(&shares) }
    });
    Some(Reference { view: file.name.clone(), score: shared(&score), features: features.collect() })
}

/// How many requests each row stands for. Rows of one client stand together, in their order.
fn requests(data: &Dataset) -> Vec<f64> {
    let before = |at: usize| {
        let row = &data.rows[at];
        let last = at.checked_sub(1).map(|at| &data.rows[at]).filter(|last| last.client == row.client);
        f64::from(row.requests.saturating_sub(last.map_or(0, |last| last.requests)).max(1))
    };
    (0..data.rows.len()).map(before).collect()
}

fn shared(sums: &[f64]) -> Vec<f32> {
    let total: f64 = sums.iter().sum();
    sums.iter().map(|sum| if total > 0.0 { (sum / total) as f32 } else { 0.0 }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Row;
    use crate::dataset::testing::made_up;

    #[test]
    fn a_row_stands_for_the_requests_since_the_one_before() {
        let mut data = made_up(2, 1, 1);
        let row = |client: u32, requests| Row { client, requests, ..data.rows[0].clone() };
        let rows = vec![row(0, 1), row(0, 2), row(0, 10), row(1, 1), row(1, 3)];
        data.rows = rows;
        assert_eq!(requests(&data), [1.0, 1.0, 8.0, 1.0, 2.0]);
    }

    #[test]
    fn shares_add_up_to_one() {
        assert_eq!(shared(&[1.0, 3.0]), [0.25, 0.75]);
        assert_eq!(shared(&[0.0, 0.0]), [0.0, 0.0]);
    }
}
