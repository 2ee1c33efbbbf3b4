use super::*;
use crate::dataset::testing::made_up;

fn auc(model: &Additive, data: &Dataset) -> f64 {
    let scores: Vec<(f32, bool)> =
        (0..data.rows.len()).map(|row| (model.log_odds(data.row(row)), data.rows[row].is_bot)).collect();
    let (mut won, mut pairs) = (0.0, 0.0);
    for (bot, _) in scores.iter().filter(|score| score.1) {
        for (person, _) in scores.iter().filter(|score| !score.1) {
            won += if bot > person {
                1.0
            } else if bot == person {
                0.5
            } else {
                0.0
            };
            pairs += 1.0;
        }
    }
    won / pairs
}

fn trained(data: &Dataset, directions: &[Direction], settings: &AdditiveSettings) -> Additive {
    let columns: Vec<usize> = (0..data.columns.len()).collect();
    train(data, &columns, directions, settings, |_| true)
}

#[test]
fn it_learns_what_is_there_and_says_which_feature_it_was() {
    let (data, fresh) = (made_up(600, 6, 3), made_up(601, 6, 3));
    let model = trained(&data, &[], &AdditiveSettings::default());
    // The best that can be known of two normal columns, 1.5 and 1.0 apart: about 0.90.
    let found = auc(&model, &fresh);
    assert!((0.86..0.93).contains(&found), "{found}");
    let spread = |column: usize| {
        let shape = model.shapes.iter().find(|shape| shape.column == column);
        shape.map_or(0.0, |shape| {
            let most = shape.weights.iter().copied().fold(f32::MIN, f32::max);
            most - shape.weights.iter().copied().fold(f32::MAX, f32::min)
        })
    };
    let spreads: Vec<f32> = (0..6).map(spread).collect();
    assert!(
        spreads[0] > 3.0 && spreads[1] > 2.0 && spreads[2..].iter().all(|noise| *noise < spreads[1] / 1.5),
        "{spreads:?}"
    );
}

#[test]
fn labels_that_mean_nothing_teach_nothing() {
    let mut data = made_up(400, 6, 3);
    let mut labels: Vec<bool> = data.rows.iter().map(|row| row.is_bot).collect();
    Random::new(5).shuffle(&mut labels);
    data.rows.iter_mut().zip(&labels).for_each(|(row, label)| row.is_bot = *label);
    let model = trained(&data, &[], &AdditiveSettings::default());
    let found = auc(&model, &made_up(401, 6, 3));
    assert!((0.3..0.7).contains(&found), "{found}");
}

#[test]
fn a_shape_keeps_its_direction() {
    let data = made_up(300, 3, 1);
    let directions = [Direction::Rising, Direction::Rising, Direction::Falling];
    let model = trained(&data, &directions, &AdditiveSettings::default());
    for shape in &model.shapes {
        let rises = shape.weights.windows(2).all(|pair| pair[0] <= pair[1] + 1e-5);
        let falls = shape.weights.windows(2).all(|pair| pair[0] >= pair[1] - 1e-5);
        assert!(if shape.direction == Direction::Falling { falls } else { rises }, "{shape:?}");
    }
    // The second column speaks the other way: held to rising it has nothing to say.
    let second = model.shapes.iter().find(|shape| shape.column == 1);
    assert!(second.is_none_or(|shape| shape.weights.iter().all(|weight| weight.abs() < 0.2)));
}

#[test]
fn the_seed_decides_and_nothing_else() {
    let data = made_up(120, 4, 2);
    let settings = AdditiveSettings { rounds: 40, ..AdditiveSettings::default() };
    assert_eq!(trained(&data, &[], &settings), trained(&data, &[], &settings));
    let other = AdditiveSettings { seed: 2, ..settings.clone() };
    assert_ne!(trained(&data, &[], &settings), trained(&data, &[], &other));
}

#[test]
fn raised_it_says_the_same_and_rewards_nothing() {
    let data = made_up(200, 4, 2);
    let model = trained(&data, &[], &AdditiveSettings { rounds: 60, ..AdditiveSettings::default() });
    let raised = model.clone().raised();
    for row in 0..data.rows.len() {
        assert!((model.log_odds(data.row(row)) - raised.log_odds(data.row(row))).abs() < 1e-4);
    }
    assert!(
        raised
            .shapes
            .iter()
            .all(|shape| shape.unseen >= 0.0 && shape.weights.iter().all(|weight| *weight >= 0.0))
    );
}

#[test]
fn odd_data_sets_give_a_model_all_the_same() {
    let settings = AdditiveSettings { rounds: 20, ..AdditiveSettings::default() };
    let one_class = |is_bot| {
        let mut data = made_up(40, 3, 1);
        data.rows.iter_mut().for_each(|row| row.is_bot = is_bot);
        data
    };
    let mut constant = made_up(40, 3, 1);
    constant.values.fill(1.0);
    let mut unseen = made_up(40, 3, 1);
    unseen.values.fill(f32::NAN);
    let mut wild = made_up(40, 3, 1);
    wild.values.iter_mut().step_by(3).for_each(|value| *value = f32::INFINITY);
    let empty = Dataset { columns: vec!["f0".to_owned()], ..Dataset::default() };
    for data in [one_class(true), one_class(false), constant, unseen, wild, empty] {
        let model = trained(&data, &[], &settings);
        assert!(model.intercept.is_finite());
        for row in 0..data.rows.len() {
            assert!(model.log_odds(data.row(row)).is_finite());
        }
    }
}
