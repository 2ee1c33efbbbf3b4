//! What holds for any rows.

use proptest::prelude::*;

use super::made_up::{overlapping, rows};
use super::*;

fn options(resamples: u32) -> EvaluateOptions {
    EvaluateOptions { resamples, ..EvaluateOptions::default() }
}

/// Scores on a coarse grid, so that there are ties.
fn any_rows() -> impl Strategy<Value = Vec<Scored>> {
    proptest::collection::vec((0_u8..=20, any::<bool>(), 0_u32..12), 1..60).prop_map(|data| {
        let pairs: Vec<_> =
            data.iter().map(|&(score, is_bot, _)| (f64::from(score) / 20.0, is_bot)).collect();
        let mut rows = rows(&pairs);
        for (row, (_, _, group)) in rows.iter_mut().zip(data) {
            row.group = group;
            row.family = (group % 3 > 0).then(|| format!("family {}", group % 3));
        }
        rows
    })
}

fn mapped(rows: &[Scored], map: impl Fn(&mut Scored)) -> Vec<Scored> {
    let mut rows = rows.to_vec();
    rows.iter_mut().for_each(map);
    rows
}

fn holds(share: Option<f64>, interval: Option<Interval>) -> bool {
    match (share, interval) {
        (Some(share), Some(interval)) => {
            interval.contains(share) && interval.lo >= 0.0 && interval.hi <= 1.0 && interval.lo <= interval.hi
        }
        (_, None) => true,
        (None, Some(_)) => false,
    }
}

proptest! {
    #[test]
    fn order_is_all_that_auc_knows(rows in any_rows()) {
        let auc = evaluate(&rows, &options(0)).unwrap().auc;
        for map in [|score: f64| score * score, |score: f64| 0.3 + score / 2.0, |score: f64| score.sqrt()] {
            let mapped = mapped(&rows, |row| row.score = map(row.score));
            prop_assert_eq!(evaluate(&mapped, &options(0)).unwrap().auc, auc);
        }
    }

    #[test]
    fn swapped_labels_turn_auc_round(rows in any_rows()) {
        let auc = |rows: &[Scored]| evaluate(rows, &options(0)).unwrap().auc;
        let swapped = mapped(&rows, |row| row.is_bot = !row.is_bot);
        match (auc(&rows), auc(&swapped)) {
            (Some(one), Some(other)) => prop_assert!((one + other - 1.0).abs() < 1e-12),
            (one, other) => prop_assert_eq!((one, other), (None, None)),
        }
    }

    #[test]
    fn intervals_hold_their_estimates(rows in any_rows()) {
        let made = evaluate(&rows, &options(50)).unwrap();
        prop_assert!(holds(made.auc, made.auc_interval));
        prop_assert!(holds(made.fpr_measured, made.fpr_interval));
        prop_assert!(holds(made.tpr_measured, made.tpr_interval));
        for family in made.per_family.values() {
            prop_assert!(holds(Some(family.recall), Some(family.recall_interval)));
        }
        if let (Some(0.0), Some(interval)) = (made.fpr_measured, made.fpr_interval) {
            prop_assert!(interval.hi >= made.fpr_floor().unwrap());
        }
    }

    #[test]
    fn parts_add_up(rows in any_rows()) {
        let made = evaluate(&rows, &options(0)).unwrap();
        let Confusion { true_bots, missed_bots, true_humans, hit_humans } = made.confusion;
        prop_assert_eq!((true_bots + missed_bots, true_humans + hit_humans), (made.bots, made.humans));
        prop_assert_eq!(made.bots + made.humans, made.n);
        prop_assert_eq!(made.worst.len(), (missed_bots + hit_humans).min(MISTAKES_MAX));
        let curves = curves(&rows);
        prop_assert_eq!(curves.reliability.iter().map(|bin| bin.2).sum::<u64>(), made.n as u64);
        prop_assert!(curves.roc.iter().chain(&curves.pr).all(|point| is_fraction(point.0) && is_fraction(point.1)));
    }

    #[test]
    fn order_of_rows_decides_nothing(rows in any_rows()) {
        let mut turned = rows.clone();
        turned.reverse();
        let (one, other) = (evaluate(&rows, &options(20)).unwrap(), evaluate(&turned, &options(20)).unwrap());
        prop_assert_eq!(one.auc_interval, other.auc_interval);
        prop_assert_eq!(one.average_precision, other.average_precision);
        prop_assert!((one.ece.unwrap() - other.ece.unwrap()).abs() < 1e-12);
        prop_assert_eq!(one.per_family, other.per_family);
    }

    #[test]
    fn any_number_is_an_answer_or_an_error(
        scores in proptest::collection::vec((any::<f64>(), any::<bool>()), 0..20),
        threshold in any::<f64>(),
    ) {
        let rows = rows(&scores);
        let made = evaluate(&rows, &EvaluateOptions { threshold, resamples: 5, ..EvaluateOptions::default() });
        let curves = curves(&rows);
        if let Ok(made) = made {
            prop_assert!(!terminal(&made).contains("NaN"));
            let models = [("m".to_owned(), made, curves)];
            let of = Report { title: "x", models: &models, ..Report::default() };
            prop_assert!(!page(&of).contains("NaN"));
        }
    }
}

#[test]
fn shuffled_labels_are_at_chance() {
    let rows = overlapping(300, 500, 11);
    assert!(evaluate(&rows, &options(0)).unwrap().auc.unwrap() > 0.75);
    let aucs: Vec<f64> =
        (0..40).map(|seed| evaluate(&shuffled(&rows, seed), &options(0)).unwrap().auc.unwrap()).collect();
    let mean = aucs.iter().sum::<f64>() / aucs.len() as f64;
    assert!((mean - 0.5).abs() < 0.015, "{mean}");
    assert!(aucs.iter().all(|auc| (auc - 0.5).abs() < 0.1), "{aucs:?}");
}

#[test]
fn nineteen_of_twenty_intervals_hold_the_truth() {
    // Bots 1 - u^2 above people v^2: the true AUC is P(u^2 + v^2 < 1), a quarter circle.
    let truth = std::f64::consts::FRAC_PI_4;
    let holds = (0..200).filter(|&seed| {
        let made = evaluate(&overlapping(60, 90, seed), &options(200)).unwrap();
        made.auc_interval.unwrap().contains(truth)
    });
    let held = holds.count();
    assert!((180..=199).contains(&held), "{held} of 200");
}
