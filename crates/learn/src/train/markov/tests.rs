use palisade_model::{Seen, Step, Sum};
use proptest::prelude::*;

use super::*;
use crate::dataset::Dataset;
use crate::dataset::testing::made_up;

/// A client for each list of symbols; every second is a program.
fn walked(walks: &[&[u16]]) -> Dataset {
    let mut data = made_up(walks.len() as u32, 1, 1);
    for (row, walk) in data.rows.iter_mut().zip(walks) {
        row.steps = walk.iter().map(|how| Step { how: *how, place: *how }).collect();
    }
    data
}

fn table(data: &Dataset, settings: &MarkovSettings) -> Sequence {
    match train(&Rows::new(data, &[], |_| true), settings) {
        (_, Form::Sequence(table)) => table,
        (_, other) => panic!("{other:?}"),
    }
}

fn loose() -> MarkovSettings {
    MarkovSettings { groups_min: 1, step_max: 6.0, ..MarkovSettings::default() }
}

fn worth(table: &Sequence, walk: &[u16]) -> f32 {
    let steps: Vec<Step> = walk.iter().map(|how| Step { how: *how, place: *how }).collect();
    let sum = Sum::new(0.0, &Form::Sequence(table.clone()), 0).expect("it keeps every rule");
    sum.raw(Seen { numbers: &[], steps: &steps })
}

#[test]
fn who_goes_as_programs_go_is_taken_for_one() {
    // People wander, programs go in circles: each symbol is as frequent with both.
    let (person, program): (&[u16], &[u16]) = (&[1, 1, 2, 2, 3, 3, 1, 1, 2], &[1, 2, 3, 1, 2, 3, 1, 2, 3]);
    let found = table(&walked(&[person, program, person, program, person, program]), &loose());
    assert!(worth(&found, program) > 1.0 && worth(&found, person) < -1.0);
    assert!(worth(&found, &[2, 3, 1, 2, 3]) > 0.5, "what was seen of it is enough");
    assert_eq!(worth(&found, &[77, 78, 79]), 0.0, "what nobody ever did says nothing");
    let alone = table(&walked(&[person, program, person, program]), &MarkovSettings { order: 0, ..loose() });
    assert!(alone.keys.iter().all(|key| sequence::order_of(*key) == 0));
    assert!(worth(&alone, program) < worth(&found, program));
}

#[test]
fn chances_after_a_context_are_those_of_method_c() {
    // After 1: people go to 2 twice, programs to 3 once. Each client's two steps weigh eight together.
    let data = walked(&[&[1, 2], &[1, 3], &[1, 2], &[1, 3]]);
    let counts = Counts::of(&Rows::new(&data, &[], |_| true), &loose());
    let steps = [1, 2].map(|how| Step { how, place: how });
    let context = sequence::context(Track::How, &steps, 1, 1).expect("a step before");
    let near = |one: f64, other: f64| assert!((one - other).abs() < 1e-9, "{one}, not {other}");
    // Of people 8 steps of one kind; of all 16 steps of two kinds, three symbols in all.
    near(counts.left(context, 0), 1.0 / 9.0);
    near(counts.blind[0], 1.0 / 3.0);
    let alone = 16.0 / 18.0 * 0.5 + 2.0 / 18.0 / 3.0;
    near(counts.chance(sequence::with_symbol(context, 2), 0), 8.0 / 9.0 + alone / 9.0);
    let never = 2.0 / 18.0 / 3.0;
    near(counts.chance(sequence::with_symbol(context, 2), 1), never / 9.0);
    // The chances of all symbols that there are make one.
    let sum: f64 =
        [1, 2, 3].map(|symbol| counts.chance(sequence::with_symbol(context, symbol), 0)).iter().sum();
    near(sum, 1.0);
}

#[test]
fn what_one_group_did_is_not_kept() {
    let walks: [&[u16]; 6] = [&[1, 2, 900], &[1, 2, 3], &[1, 2, 3], &[1, 2, 3], &[1, 2, 3], &[1, 2, 3]];
    let found = table(&walked(&walks), &MarkovSettings::default());
    assert!(
        found.keys.iter().all(|key| key & 0xffff != 900 && key >> 16 & 0xffff != 900),
        "{:x?}",
        found.keys
    );
    assert!(!found.keys.is_empty());
    // Two rows of one client are one group.
    let mut data = walked(&walks);
    data.rows.iter_mut().for_each(|row| row.group = 0);
    assert!(table(&data, &MarkovSettings::default()).keys.is_empty());
}

#[test]
fn no_step_is_worth_more_than_it_may() {
    let walks: [&[u16]; 8] = [&[1, 1], &[2, 2], &[1, 1], &[2, 2], &[1, 1], &[2, 2], &[1, 1], &[2, 2]];
    let found = table(&walked(&walks), &MarkovSettings { step_max: 0.75, ..loose() });
    assert!(found.weights.iter().all(|weight| weight.abs() <= 0.75));
    assert!(found.weights.contains(&0.75) && found.weights.contains(&-0.75));
}

#[test]
fn without_steps_there_is_nothing_to_say() {
    assert!(table(&walked(&[&[], &[], &[]]), &loose()).keys.is_empty());
    assert!(table(&Dataset::default(), &loose()).keys.is_empty());
    let people = table(&walked(&[&[1, 2, 3]]), &loose());
    assert!(people.weights.iter().all(|weight| weight.is_finite()));
}

proptest! {
    /// What speaks for a program speaks against it where the labels are the other way round: neither side is favoured.
    #[test]
    fn both_sides_are_treated_alike(
        walks in prop::collection::vec(prop::collection::vec(0_u16..5, 0..12), 2..12), groups_min in 1_u32..4,
    ) {
        let walks: Vec<&[u16]> = walks.iter().map(Vec::as_slice).collect();
        let data = walked(&walks);
        let mut turned = data.clone();
        turned.rows.iter_mut().for_each(|row| row.is_bot = !row.is_bot);
        let settings = MarkovSettings { groups_min, ..MarkovSettings::default() };
        let (one, other) = (table(&data, &settings), table(&turned, &settings));
        prop_assert_eq!(&one.keys, &other.keys);
        for (one, other) in one.weights.iter().zip(&other.weights) {
            prop_assert!((one + other).abs() < 1e-4 && one.abs() <= settings.step_max, "{} {}", one, other);
        }
    }
}
