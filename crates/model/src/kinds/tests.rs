use super::*;
use crate::form::{Sequence, Tree, Trees};
use crate::kind::Kind;
use crate::sequence::Step;
use crate::{Model, testing};

fn sum_of(kind: Kind) -> Sum {
    Sum::of(&testing::file_of(kind).views[0], 4)
}

/// The sum of features, and what each added.
fn explained(kind: Kind, features: &[f32]) -> (f32, Vec<f32>) {
    let mut contributions = Contributions::new();
    let raw = sum_of(kind).raw_into(features, &mut contributions);
    assert_eq!(raw, sum_of(kind).raw(features), "with and without reasons");
    (raw, contributions.as_slice().to_vec())
}

#[test]
fn every_kind_has_a_model_for_tests() {
    for kind in Kind::ALL {
        let model = Model::new(testing::file_of(kind), &testing::EXPECT).expect("it is valid");
        assert_eq!((model.kind(), model.is_exact()), (kind, kind.is_exact()));
    }
}

#[test]
fn distances_from_the_mean() {
    let check = |features: &[f32], expect: [f32; 3]| {
        let (raw, contributions) = explained(Kind::Linear, features);
        let near = |one: f32, other: f32| (one - other).abs() < 1e-5;
        assert!(
            expect.iter().zip(&contributions).all(|(one, other)| near(*one, *other)),
            "{contributions:?}"
        );
        assert!(near(raw, -3.0 + expect.iter().sum::<f32>()), "{raw}");
    };
    check(&[20.0, 0.5, 0.3, 9.0], [0.0; 3]);
    check(&[30.0, 1.0, 0.1, 0.0], [0.5, 1.0, 0.5]);
    check(&[f32::NAN; 4], [0.25; 3]);
    check(&[], [0.25; 3]);
    check(&[f32::INFINITY, f32::MIN, f32::MAX, 0.0], [5.0, -10.0, -2.5]);
}

#[test]
fn paths_through_trees() {
    let leaf = |features: &[f32]| explained(Kind::Boosted, features).0 + 3.0 - 0.125;
    assert_eq!(leaf(&[0.0, 0.0, 0.0, 9.0]), -1.25);
    assert_eq!(leaf(&[29.0, 1.0, 0.0, 1.0]), 0.75);
    assert_eq!(leaf(&[30.0, 1.0, 0.0, 9.0]), 1.75);
    assert_eq!(leaf(&[30.0, 1.0, 0.1, 9.0]), 0.5);
    assert_eq!(leaf(&[f32::NAN; 4]), 0.75, "below, above, and below");
    assert_eq!(leaf(&[]), 0.75);
    assert_eq!(leaf(&[f32::INFINITY, 0.0, f32::NEG_INFINITY, f32::INFINITY]), 1.75);
    let (_, contributions) = explained(Kind::Boosted, &[30.0, 0.0, 0.0, 1.0]);
    assert_eq!(contributions, [0.9, 0.0, 1.0, 0.25]);
}

/// A tree that is one long branch, beside many flat ones: every number of lanes and depths.
#[test]
fn trees_of_many_depths_are_walked_to_their_ends() {
    let branch = |splits: i16| Tree {
        features: vec![0; splits as usize],
        edges: (0..splits).map(f32::from).collect(),
        below: (0..splits).map(|at| -1 - at).collect(),
        above: (0..splits).map(|at| if at + 1 < splits { at + 1 } else { -1 - splits }).collect(),
        unseen_above: vec![true; splits as usize],
        means: vec![0.0; splits as usize],
        leaves: (0..=splits).map(f32::from).collect(),
    };
    for count in 0..20 {
        let trees: Vec<Tree> = (0..count).map(|at| branch(at * 7 % 17)).collect();
        let deepest: Vec<f32> = trees.iter().map(|tree| tree.features.len() as f32).collect();
        let sum = Sum::new(0.0, &Form::Trees(Trees { trees }), 1).expect("it keeps every rule");
        for value in [-1.0, 0.0, 3.5, 99.0, f32::NAN] {
            let steps = if value.is_nan() { 99.0 } else { (value + 1.0).floor().max(0.0) };
            let expect: f32 = deepest.iter().map(|deepest| deepest.min(steps)).sum();
            assert_eq!(sum.raw(&[value]), expect, "{count} trees at {value}");
        }
    }
}

#[test]
fn a_net_bends_and_its_reasons_add_up() {
    // By hand: inputs of 1, 1, 0 and 0 deviations give 1.5, 1.0 and -0.25 before they are bent.
    let (raw, _) = explained(Kind::Neural, &[30.0, 1.0, 0.3, 3.0]);
    assert!((raw - (-3.0 + 0.75 * 1.5 + 0.5 - 0.125)).abs() < 1e-5, "{raw}");
    // At the means only the biases speak.
    let base = -3.0 - 0.5 * 0.25 - 0.125;
    assert!((sum_of(Kind::Neural).base() - base).abs() < 1e-6);
    assert_eq!(explained(Kind::Neural, &[f32::NAN; 4]), (base, vec![0.0; 4]));
    for features in [[30.0, 1.0, 0.3, 3.0], [0.0, 9.0, 0.0, -5.0], [f32::MAX, f32::MIN, 0.2, f32::INFINITY]] {
        let (raw, contributions) = explained(Kind::Neural, &features);
        let sum: f32 = contributions.iter().sum();
        assert!((base + sum - raw).abs() < 1e-4, "{features:?}: {contributions:?}, {raw}");
    }
}

/// What the model for tests says of these steps, without its intercept.
fn told(steps: &[(u16, u16)]) -> f32 {
    let steps: Vec<Step> = steps.iter().map(|&(how, place)| Step { how, place }).collect();
    let mut contributions = Contributions::new();
    let seen = Seen { numbers: &[30.0], steps: &steps };
    let raw = sum_of(Kind::Markov).raw_into(seen, &mut contributions);
    assert_eq!(raw, sum_of(Kind::Markov).raw(seen), "with and without reasons");
    assert!((contributions.sequence() - (raw + 3.0)).abs() < 1e-6 && contributions.as_slice() == [0.0; 4]);
    raw + 3.0
}

#[test]
fn steps_add_what_they_are_worth_after_those_before() {
    let check = |steps: &[(u16, u16)], expect: f32| {
        let found = told(steps);
        assert!((found - expect).abs() < 1e-5, "{steps:?}: {found}, not {expect}");
    };
    check(&[], 0.0);
    check(&[(1, 0)], 0.5);
    check(&[(5, 0)], 0.0);
    // After 1 a second 1 is known; a 2 is not, and is worth what it is alone and what the context makes of that.
    check(&[(1, 0), (1, 0)], 0.5 + 1.5);
    check(&[(1, 0), (2, 0)], 0.5 - 0.5 - 0.25);
    // Two steps before: the longer context comes first, and each that does not know it adds its own.
    check(&[(1, 0), (1, 0), (1, 0)], 0.5 + 1.5 + 2.0);
    check(&[(1, 0), (1, 0), (2, 0)], 0.5 + 1.5 + 0.125 - 0.25 - 0.5);
    // A symbol that nothing knows adds nothing, whatever the contexts say.
    check(&[(1, 0), (1, 0), (9, 0)], 0.5 + 1.5);
    // Places are a track of their own, and one that nobody knows says nothing.
    check(&[(2, 7), (2, 9), (2, 1_000)], 3.0 * -0.5 + 0.25 - 0.75);
    check(&[(u16::MAX, u16::MAX)], 0.0);
}

#[test]
fn beyond_so_many_steps_only_the_mean_counts() {
    let run = |count: usize| told(&vec![(2, 0); count]);
    assert!((run(4) + 2.0).abs() < 1e-5 && (run(5) - run(4)).abs() < 1e-5 && run(3) > run(4));
    // Of more than are looked at, the first are not seen.
    let mut long = vec![(1, 7); 10];
    long.extend(vec![(2, 0); crate::bounds::STEPS_MAX]);
    assert!((told(&long) - run(4)).abs() < 1e-5);
}

/// Keys that a hash puts together are found all the same.
#[test]
fn every_key_is_found_however_they_fall() {
    for count in [0, 1, 2, 3, 1_000] {
        // Far apart by a multiple of 2^32: the buckets of a small table tell them apart badly.
        let keys: Vec<u64> = (0..count).map(|at| 2 << 48 | at << 32 | 1 << 16 | 3).collect();
        let weights: Vec<f32> = (0..count).map(|at| at as f32 / 100.0).collect();
        let form = Form::Sequence(Sequence { steps_full: 1, keys, weights });
        let sum = Sum::new(0.0, &form, 0).expect("it keeps every rule");
        for at in 0..count as u16 + 2 {
            let steps = [at, 1, 3].map(|how| Step { how, place: 0 });
            let expect = if u64::from(at) < count { f32::from(at) / 100.0 / 3.0 } else { 0.0 };
            let found = sum.raw(Seen { numbers: &[], steps: &steps });
            assert!((found - expect).abs() < 1e-4, "{at} of {count}: {found}");
        }
    }
}

#[test]
fn a_sum_of_its_own_is_checked_as_a_model_is() {
    let bad = Form::Trees(Trees { trees: vec![Tree::default()] });
    let error = Sum::new(0.0, &bad, 4).expect_err("a tree without a leaf").to_string();
    assert!(error.starts_with("form.trees.trees[0].leaves: 0 entries, 1 are needed"), "{error}");
    let error = Sum::new(0.0, &Form::Additive, 513).expect_err("too many").to_string();
    assert!(error.starts_with("features: 513 features, more than 512"), "{error}");
    assert_eq!(Sum::new(0.5, &Form::Additive, 4).expect("nothing is a sum").raw(&[1.0]), 0.5);
}
