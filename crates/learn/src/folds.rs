//! Splits by group: what belongs together is never on both sides.

use crate::dataset::Dataset;
use crate::random::Random;

/// For each group, in which fold it is tested, 0..folds. Groups of one class are dealt out in a random order like cards, so that
/// every fold has its share of people and of programs.
pub fn by_group(data: &Dataset, folds: usize, seed: u64) -> Vec<usize> {
    let mut classes: [Vec<usize>; 2] = [Vec::new(), Vec::new()];
    let mut seen = vec![false; data.groups()];
    for row in &data.rows {
        let group = row.group as usize;
        if !std::mem::replace(&mut seen[group], true) {
            classes[usize::from(row.is_bot)].push(group);
        }
    }
    let mut fold_of = vec![0; data.groups()];
    let mut random = Random::new(seed);
    for class in &mut classes {
        random.shuffle(class);
        for (at, group) in class.iter().enumerate() {
            fold_of[*group] = at % folds.max(1);
        }
    }
    fold_of
}

/// For each group, the number of its family: every family is tested on a model that never saw it. Groups of people are dealt out
/// among all families, so that each fold has people to compare with.
pub fn by_family(data: &Dataset, seed: u64) -> (Vec<usize>, usize) {
    let families = data.families.len().max(1);
    let mut fold_of = by_group(data, families, seed);
    for row in data.rows.iter().filter(|row| row.is_bot) {
        if let Some(family) = row.family {
            fold_of[row.group as usize] = family as usize;
        }
    }
    (fold_of, families)
}

/// The share of groups, the earliest, that a split by time learns from.
const EARLIER: f64 = 0.7;

/// A single fold of the groups that were first seen last: the model is tested on what came after it. The others are never tested.
pub fn by_time(data: &Dataset) -> (Vec<usize>, usize) {
    let mut started = vec![i64::MAX; data.groups()];
    for row in &data.rows {
        let (group, client) = (row.group as usize, row.client as usize);
        started[group] = started[group].min(data.started_ms.get(client).copied().unwrap_or(0));
    }
    let mut sorted = started.clone();
    sorted.sort_unstable();
    let cut = sorted.get((sorted.len() as f64 * EARLIER) as usize).copied().unwrap_or(i64::MAX);
    (started.into_iter().map(|started_ms| usize::from(started_ms < cut)).collect(), 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::testing::made_up;

    #[test]
    fn every_fold_has_both_classes_and_no_group_is_in_two() {
        let data = made_up(40, 3, 5);
        let folds = by_group(&data, 4, 7);
        for fold in 0..4 {
            for is_bot in [false, true] {
                assert!(
                    data.rows.iter().any(|row| row.is_bot == is_bot && folds[row.group as usize] == fold),
                    "{fold} {is_bot}"
                );
            }
        }
        assert_eq!(folds, by_group(&data, 4, 7), "the seed decides");
        assert_ne!(folds, by_group(&data, 4, 8));
    }

    #[test]
    fn a_family_is_never_on_both_sides() {
        let data = made_up(60, 3, 5);
        let (folds, count) = by_family(&data, 1);
        assert_eq!(count, data.families.len());
        for row in data.rows.iter().filter(|row| row.is_bot) {
            assert_eq!(folds[row.group as usize], row.family.unwrap_or(0) as usize);
        }
    }

    #[test]
    fn by_time_the_last_are_tested_and_the_others_never() {
        let data = made_up(100, 2, 1);
        let (folds, count) = by_time(&data);
        assert_eq!(count, 1);
        assert!(data.rows.iter().all(|row| (folds[row.group as usize] == 0) == (row.client >= 70)));
    }
}
