//! Which families of bots are caught.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Scored;
use super::interval::{Interval, Rate};

/// How many of one family of bots are caught at the threshold.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct FamilyRecall {
    /// Its rows.
    pub n: usize,
    /// Share of them at or above the threshold.
    pub recall: f64,
    /// 95 % interval of `recall`, over groups.
    pub recall_interval: Interval,
}

/// The recall of each family at `threshold`.
pub(super) fn recalls(rows: &[Scored], threshold: f64) -> BTreeMap<String, FamilyRecall> {
    let mut hits: BTreeMap<&str, Vec<(u32, bool)>> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.is_bot) {
        if let Some(family) = &row.family {
            hits.entry(family).or_default().push((row.group, row.score >= threshold));
        }
    }
    let recall = |(name, hits): (&str, Vec<(u32, bool)>)| {
        let rate = Rate::of(hits.into_iter());
        let (recall, recall_interval) = (rate.share()?, rate.interval()?);
        Some((name.to_owned(), FamilyRecall { n: rate.rows, recall, recall_interval }))
    };
    hits.into_iter().filter_map(recall).collect()
}

#[cfg(test)]
mod tests {
    use super::super::interval::wilson;
    use super::super::made_up::rows;
    use super::*;

    #[test]
    fn only_bots_have_a_recall() {
        let mut rows = rows(&[(0.9, true), (0.7, true), (0.69, true), (0.9, false), (0.1, true)]);
        for (row, family) in
            rows.iter_mut().zip([Some("curl"), Some("curl"), Some("curl"), Some("Chrome"), None])
        {
            row.family = family.map(str::to_owned);
        }
        let made = recalls(&rows, 0.7);
        assert_eq!(made.keys().collect::<Vec<_>>(), ["curl"]);
        let curl = made["curl"];
        assert_eq!((curl.n, curl.recall), (3, 2.0 / 3.0));
        assert_eq!(curl.recall_interval, wilson(2.0 / 3.0, 3.0));
    }
}
