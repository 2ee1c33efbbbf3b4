//! The leak test: with labels that mean nothing, a model must score at chance.

use std::collections::BTreeMap;

use super::Scored;
use crate::random::Random;

/// `rows` with their labels exchanged between groups at random, the same for the same `seed`; nothing else changes.
///
/// A group takes over the labels of another: one label where that is what the other has, else its labels in a random
/// order, again from the start where there are too few. Train on the result and evaluate: an AUC away from 0.5 means
/// that labels reached the model by another way.
pub fn shuffled(rows: &[Scored], seed: u64) -> Vec<Scored> {
    let mut labels: BTreeMap<u32, Vec<bool>> = BTreeMap::new();
    for row in rows {
        labels.entry(row.group).or_default().push(row.is_bot);
    }
    let mut random = Random::new(seed);
    let groups: Vec<u32> = labels.keys().copied().collect();
    let mut given: Vec<Vec<bool>> = labels.into_values().collect();
    given.iter_mut().for_each(|labels| random.shuffle(labels));
    random.shuffle(&mut given);
    let mut given: BTreeMap<u32, _> =
        groups.into_iter().zip(given.into_iter().map(|labels| labels.into_iter().cycle())).collect();
    let mut rows = rows.to_vec();
    for row in &mut rows {
        row.is_bot = given.get_mut(&row.group).and_then(Iterator::next).unwrap_or(row.is_bot);
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::super::made_up;
    use super::*;

    #[test]
    fn pure_groups_stay_pure() {
        let mut rows = made_up::overlapping(40, 60, 1);
        for row in &mut rows {
            row.group = row.group / 4 + 1_000 * u32::from(row.is_bot);
        }
        let made = shuffled(&rows, 9);
        assert_ne!(made, rows);
        assert_eq!(made, shuffled(&rows, 9));
        let mut by_group: BTreeMap<u32, Vec<bool>> = BTreeMap::new();
        for row in &made {
            by_group.entry(row.group).or_default().push(row.is_bot);
        }
        assert!(by_group.values().all(|labels| labels.iter().all(|label| *label == labels[0])));
    }

    #[test]
    fn one_mixed_group_is_shuffled_within() {
        let mut rows = made_up::overlapping(30, 30, 1);
        rows.iter_mut().for_each(|row| row.group = 5);
        let made = shuffled(&rows, 2);
        assert_ne!(made, rows);
        assert_eq!(made.iter().filter(|row| row.is_bot).count(), 30);
        assert!(shuffled(&[], 1).is_empty());
    }
}
