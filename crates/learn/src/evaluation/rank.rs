//! Rows by falling score, and what only their order says: AUC, average precision, recall at bounded false positives.

use super::{Scored, TprAt};

/// Rows with usable scores by falling score. Rows of one score stand in one run: nothing tells them apart.
pub(super) struct Ranked {
    rows: Vec<Row>,
    /// Where each run ends, in `rows`.
    run_ends: Vec<usize>,
    groups: usize,
}

#[derive(Clone, Copy)]
struct Row {
    score: f64,
    is_bot: bool,
    /// Below `groups`.
    group: usize,
}

/// Bots and people with at least some score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Step {
    pub(super) bots: u64,
    pub(super) humans: u64,
}

impl Ranked {
    /// `rows` in order; those without a score in `0..=1` are left out.
    pub(super) fn new(rows: &[Scored]) -> Ranked {
        // Numbered by name rather than by place, so that the order of rows decides no resample.
        let mut groups: Vec<u32> = rows.iter().map(|row| row.group).collect();
        groups.sort_unstable();
        groups.dedup();
        let number = |group| groups.binary_search(&group).unwrap_or(0);
        let usable = rows.iter().filter(|row| super::is_fraction(row.score));
        // Adding 0.0 turns -0.0 into 0.0.
        let mut ranked: Vec<Row> = usable
            .map(|row| Row { score: row.score + 0.0, is_bot: row.is_bot, group: number(row.group) })
            .collect();
        ranked.sort_by(|one, other| other.score.total_cmp(&one.score));
        let changes = ranked.windows(2).enumerate().filter(|(_, pair)| pair[0].score != pair[1].score);
        let mut run_ends: Vec<usize> = changes.map(|(at, _)| at + 1).collect();
        run_ends.extend((!ranked.is_empty()).then_some(ranked.len()));
        Ranked { rows: ranked, run_ends, groups: groups.len() }
    }

    /// Distinct groups.
    pub(super) fn groups(&self) -> usize {
        self.groups
    }

    /// Distinct groups that hold bots, and that hold people.
    pub(super) fn groups_by_class(&self) -> (usize, usize) {
        let mut holds = vec![(false, false); self.groups];
        for row in &self.rows {
            let (bots, humans) = &mut holds[row.group];
            *if row.is_bot { bots } else { humans } = true;
        }
        (holds.iter().filter(|(bots, _)| *bots).count(), holds.iter().filter(|(_, humans)| *humans).count())
    }

    /// True where every row has the same score.
    pub(super) fn is_constant(&self) -> bool {
        self.run_ends.len() <= 1
    }

    fn runs(&self) -> impl Iterator<Item = &[Row]> {
        let starts = std::iter::once(0).chain(self.run_ends.iter().copied());
        starts.zip(&self.run_ends).map(|(start, &end)| &self.rows[start..end])
    }

    /// Bots and people at or above each distinct score, highest score first.
    pub(super) fn steps(&self) -> impl Iterator<Item = Step> {
        self.runs().scan(Step { bots: 0, humans: 0 }, |step, run| {
            let bots = run.iter().filter(|row| row.is_bot).count() as u64;
            step.bots += bots;
            step.humans += run.len() as u64 - bots;
            Some(*step)
        })
    }

    fn totals(&self) -> Step {
        let bots = self.rows.iter().filter(|row| row.is_bot).count() as u64;
        Step { bots, humans: self.rows.len() as u64 - bots }
    }

    /// Share of pairs of a bot and a person in which the bot stands higher, ties counted half; `None` with one class.
    pub(super) fn auc(&self) -> Option<f64> {
        self.weighted_auc(&vec![1; self.groups])
    }

    /// The AUC where each group counts as often as `times` says, by its number.
    pub(super) fn weighted_auc(&self, times: &[u32]) -> Option<f64> {
        let (mut bots, mut humans, mut won) = (0.0_f64, 0.0_f64, 0.0_f64);
        for run in self.runs() {
            let (mut run_bots, mut run_humans) = (0.0_f64, 0.0_f64);
            for row in run {
                *if row.is_bot { &mut run_bots } else { &mut run_humans } += f64::from(times[row.group]);
            }
            won += run_humans * (bots + run_bots / 2.0);
            bots += run_bots;
            humans += run_humans;
        }
        (bots > 0.0 && humans > 0.0).then(|| (won / (bots * humans)).clamp(0.0, 1.0))
    }

    /// The sum of precision times the recall gained, over distinct scores; `None` with one class.
    pub(super) fn average_precision(&self) -> Option<f64> {
        let total = self.totals();
        let mut sum = 0.0;
        let mut before = 0;
        for step in self.steps() {
            sum += (step.bots - before) as f64 * step.bots as f64 / (step.bots + step.humans) as f64;
            before = step.bots;
        }
        (total.bots > 0 && total.humans > 0).then(|| (sum / total.bots as f64).clamp(0.0, 1.0))
    }

    /// Recall at bounded false-positive rates that `human_groups` can support.
    pub(super) fn tpr_at(&self, human_groups: usize) -> TprAt {
        let total = self.totals();
        let best = |one_in: u64| {
            let is_supported = human_groups as u64 >= 3 * one_in && total.bots > 0;
            let within = self.steps().take_while(|step| step.humans * one_in <= total.humans);
            is_supported.then(|| within.last().map_or(0.0, |step| step.bots as f64 / total.bots as f64))
        };
        TprAt { one_in_1000: best(1_000), one_in_200: best(200), one_in_100: best(100) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::made_up::rows;
    use super::*;

    #[test]
    fn auc_counts_pairs() {
        // Bots 0.9, 0.4; people 0.6, 0.1: three of four pairs stand right.
        let ranked = Ranked::new(&rows(&[(0.9, true), (0.6, false), (0.4, true), (0.1, false)]));
        assert_eq!(ranked.auc(), Some(0.75));
    }

    #[test]
    fn ties_count_half() {
        // Bots 0.8, 0.5; people 0.5, 0.2: two pairs won, one lost by none, one tied: 3.5 of 4.
        let ranked = Ranked::new(&rows(&[(0.8, true), (0.5, true), (0.5, false), (0.2, false)]));
        assert_eq!(ranked.auc(), Some(0.875));
        assert_eq!(Ranked::new(&rows(&[(0.3, true), (0.3, false), (0.3, false)])).auc(), Some(0.5));
        assert_eq!(Ranked::new(&rows(&[(0.0, true), (-0.0, false)])).auc(), Some(0.5));
    }

    #[test]
    fn one_class_has_no_order() {
        for is_bot in [true, false] {
            let ranked = Ranked::new(&rows(&[(0.9, is_bot), (0.1, is_bot)]));
            assert_eq!((ranked.auc(), ranked.average_precision()), (None, None));
        }
        assert_eq!(Ranked::new(&[]).auc(), None);
    }

    #[test]
    fn average_precision_steps_over_recall() {
        // Recall 1/2 at precision 1, then 1 at precision 2/3.
        let ranked = Ranked::new(&rows(&[(0.9, true), (0.6, false), (0.4, true), (0.1, false)]));
        assert!((ranked.average_precision().unwrap() - (0.5 + 0.5 * 2.0 / 3.0)).abs() < 1e-12);
    }

    #[test]
    fn groups_can_count_more_than_once() {
        let ranked = Ranked::new(&rows(&[(0.9, true), (0.6, false), (0.4, true)]));
        // The bot that stands right counts three times, the other once.
        assert_eq!(ranked.weighted_auc(&[3, 1, 1]), Some(0.75));
        assert_eq!(ranked.weighted_auc(&[1, 0, 1]), None);
    }

    #[test]
    fn recall_needs_enough_people() {
        let mut data: Vec<_> = (0..300).map(|at| (f64::from(at) / 1_000.0, false)).collect();
        data.extend([(0.2975, true), (0.5, true)]);
        let at = Ranked::new(&rows(&data)).tpr_at(300);
        // 1 % of 300 are three people: 0.299, 0.298, 0.297 may be hit, so both bots are caught.
        assert_eq!((at.one_in_1000, at.one_in_200, at.one_in_100), (None, None, Some(1.0)));
        assert_eq!(Ranked::new(&rows(&data)).tpr_at(299).one_in_100, None);
    }

    #[test]
    fn no_threshold_between_equal_scores_is_invented() {
        let mut data = vec![(0.5, false); 600];
        data.push((0.5, true));
        assert_eq!(Ranked::new(&rows(&data)).tpr_at(600).one_in_200, Some(0.0));
    }
}
