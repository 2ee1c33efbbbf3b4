//! Scores of clients by models that never saw them.

use rayon::prelude::*;

use super::additive::Direction;
use super::kinds::KindSettings;
use crate::dataset::Dataset;

/// For each row, the log-odds by the model that was trained without its fold; the mean over all repetitions. `folds` gives for each
/// repetition the fold of each group, and how many there are; groups of no such fold are never tested, and their rows have no number.
pub fn out_of_fold(
    data: &Dataset,
    columns: &[usize],
    directions: &[Direction],
    settings: impl Into<KindSettings>,
    folds: &[(Vec<usize>, usize)],
) -> Vec<f32> {
    let settings = settings.into();
    let turns: Vec<(usize, usize)> = folds
        .iter()
        .enumerate()
        .flat_map(|(repetition, (_, count))| (0..*count).map(move |fold| (repetition, fold)))
        .collect();
    let scored: Vec<Vec<(usize, f32)>> = turns
        .into_par_iter()
        .map(|(repetition, fold)| {
            let fold_of = &folds[repetition].0;
            let of = |row: usize| fold_of[data.rows[row].group as usize];
            let seed =
                settings.seed().wrapping_mul(1_000_003).wrapping_add((repetition * 1_000 + fold) as u64);
            let model = settings.clone().seeded(seed).train(data, columns, directions, |row| of(row) != fold);
            let tested = (0..data.rows.len()).filter(|row| of(*row) == fold);
            tested.map(|row| (row, model.log_odds(data.seen(row)))).collect()
        })
        .collect();
    let mut sums = vec![(0.0, 0.0); data.rows.len()];
    for (row, log_odds) in scored.into_iter().flatten() {
        sums[row].0 += log_odds;
        sums[row].1 += 1.0;
    }
    sums.into_iter().map(|(sum, times): (f32, f32)| sum / times).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::testing::made_up;
    use crate::folds::by_group;
    use crate::random::Random;
    use crate::train::AdditiveSettings;

    #[test]
    fn nobody_is_scored_by_a_model_that_saw_them() {
        // One column is a number of the client's own: learned by heart it would tell everything.
        let mut data = made_up(200, 2, 1);
        let mut random = Random::new(3);
        for value in data.values.chunks_mut(2) {
            value[0] = random.below(1 << 20) as f32;
            value[1] = 0.0;
        }
        let settings =
            AdditiveSettings { bins: 255, rounds: 30, leaf_min: 0.1, bags: 1, ..AdditiveSettings::default() };
        let folds = vec![(by_group(&data, 5, 3), 5)];
        let scores = out_of_fold(&data, &[0, 1], &[], &settings, &folds);
        let mut won = 0.0;
        for bot in 0..200 {
            for person in 0..200 {
                if data.rows[bot].is_bot && !data.rows[person].is_bot {
                    won += if scores[bot] > scores[person] {
                        1.0
                    } else if scores[bot] == scores[person] {
                        0.5
                    } else {
                        0.0
                    };
                }
            }
        }
        let auc = won / 10_000.0;
        assert!((0.35..0.65).contains(&auc), "{auc}");
    }
}
