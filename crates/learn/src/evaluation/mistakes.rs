//! The worst mistakes: what to look at first.

use serde::Serialize;

use super::Scored;

/// Most mistakes kept.
pub const MISTAKES_MAX: usize = 20;

/// Most reasons kept of a mistake; below the tenth none has decided anything.
const REASONS_MAX: usize = 10;

/// A row on the wrong side of the threshold.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Mistake {
    /// Whom it is about.
    pub name: String,
    /// `0.0..=1.0`, where 1.0 is a bot.
    pub score: f64,
    /// The truth, as labelled; the verdict was the other.
    pub is_bot: bool,
    /// Its family.
    pub family: Option<String>,
    /// The strongest contributions to the score, by name, in log-odds; only finite ones.
    pub reasons: Vec<(String, f64)>,
}

/// The rows furthest on the wrong side, worst first, then by name. People hit and bots missed get half the places
/// each as long as there are enough of both: a thousand missed bots must not hide a person who was hit.
pub(super) fn worst(rows: &[Scored], threshold: f64) -> Vec<Mistake> {
    let of = |is_bot: bool| {
        let wrong = |row: &&Scored| row.is_bot == is_bot && (row.score >= threshold) != is_bot;
        let mut found: Vec<&Scored> = rows.iter().filter(wrong).collect();
        found.sort_by(|one, other| worse_first(one, other));
        found
    };
    let (mut missed, mut hit) = (of(true), of(false));
    let half = MISTAKES_MAX / 2;
    missed.truncate(MISTAKES_MAX - hit.len().min(half));
    hit.truncate(MISTAKES_MAX - missed.len());
    let mut found = [missed, hit].concat();
    found.sort_by(|one, other| worse_first(one, other));
    found.into_iter().map(mistake).collect()
}

fn worse_first(one: &Scored, other: &Scored) -> std::cmp::Ordering {
    let wrong_by = |row: &Scored| if row.is_bot { 1.0 - row.score } else { row.score };
    wrong_by(other).total_cmp(&wrong_by(one)).then_with(|| one.name.cmp(&other.name))
}

fn mistake(row: &Scored) -> Mistake {
    let finite = row.reasons.iter().filter(|(_, evidence)| evidence.is_finite());
    Mistake {
        name: row.name.clone(),
        score: row.score,
        is_bot: row.is_bot,
        family: row.family.clone(),
        reasons: finite.take(REASONS_MAX).cloned().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::made_up::rows;
    use super::*;

    fn scores(data: &[(f64, bool)]) -> Vec<(f64, bool)> {
        worst(&rows(data), 0.7).into_iter().map(|mistake| (mistake.score, mistake.is_bot)).collect()
    }

    #[test]
    fn worst_come_first() {
        let data = [(0.9, true), (0.2, false), (0.75, false), (0.1, true), (0.7, false), (0.7, true)];
        assert_eq!(scores(&data), [(0.1, true), (0.75, false), (0.7, false)]);
    }

    #[test]
    fn neither_kind_hides_the_other() {
        let mut data = vec![(0.0, true); 1_000];
        data.extend(vec![(0.8, false); 3]);
        let found = scores(&data);
        assert_eq!(found.len(), MISTAKES_MAX);
        assert_eq!(found.iter().filter(|(_, is_bot)| !is_bot).count(), 3);
        data.extend(vec![(0.8, false); 100]);
        assert_eq!(scores(&data).iter().filter(|(_, is_bot)| !is_bot).count(), 10);
        data.retain(|(_, is_bot)| !is_bot);
        assert_eq!(scores(&data).len(), MISTAKES_MAX);
    }

    #[test]
    fn numbers_without_meaning_are_no_reasons() {
        let mut rows = rows(&[(0.1, true)]);
        rows[0].reasons =
            vec![("a".to_owned(), f64::NAN), ("b".to_owned(), -1.0), ("c".to_owned(), f64::INFINITY)];
        assert_eq!(worst(&rows, 0.7)[0].reasons, [("b".to_owned(), -1.0)]);
    }
}
