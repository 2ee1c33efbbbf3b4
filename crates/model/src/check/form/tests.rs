use crate::file::ViewFile;
use crate::form::{Form, Linear, Neural, Sequence, Tree, Trees};
use crate::kind::Kind;
use crate::shape::{Direction, Shape};
use crate::{Model, bounds, testing};

/// What is said of a valid model of a kind after one change in its second view.
fn refused(kind: Kind, change: impl FnOnce(&mut ViewFile)) -> String {
    let mut file = testing::file_of(kind);
    change(&mut file.views[1]);
    Model::new(file, &testing::EXPECT).expect_err("the change is a fault").to_string()
}

fn linear(change: impl FnOnce(&mut Linear)) -> String {
    refused(Kind::Linear, |view| match &mut view.form {
        Form::Linear(linear) => change(linear),
        other => panic!("{other:?}"),
    })
}

fn trees(change: impl FnOnce(&mut Trees)) -> String {
    refused(Kind::Boosted, |view| match &mut view.form {
        Form::Trees(trees) => change(trees),
        other => panic!("{other:?}"),
    })
}

fn first_tree(change: impl FnOnce(&mut Tree)) -> String {
    trees(|trees| change(&mut trees.trees[0]))
}

fn neural(change: impl FnOnce(&mut Neural)) -> String {
    refused(Kind::Neural, |view| match &mut view.form {
        Form::Neural(neural) => change(neural),
        other => panic!("{other:?}"),
    })
}

fn sequence(change: impl FnOnce(&mut Sequence)) -> String {
    refused(Kind::Markov, |view| match &mut view.form {
        Form::Sequence(sequence) => change(sequence),
        other => panic!("{other:?}"),
    })
}

fn check(found: &str, place: &str, what: &str) {
    assert!(found.starts_with(&format!("views[1].{place}: ")), "{found}");
    assert!(found.contains(what), "{found}");
}

#[test]
fn a_form_is_that_of_its_kind() {
    let error = refused(Kind::Forest, |view| view.form = Form::Additive);
    check(&error, "form", "the form is `additive`, a model of kind `rf` has `trees`");
    let error = refused(Kind::Additive, |view| view.form = Form::Linear(Linear::default()));
    check(&error, "form", "the form is `linear`, a model of kind `additive` has `additive`");
    let shape =
        Shape { feature: 0, edges: vec![], weights: vec![0.0], unseen: 0.0, direction: Direction::Free };
    let error = refused(Kind::Linear, |view| view.shapes.push(shape));
    check(&error, "shapes", "1 shapes of a form that has none, more than 0");
}

#[test]
fn terms_are_of_the_view_and_finite() {
    let at = "form.linear.terms";
    check(
        &linear(|linear| linear.terms[1].feature = 9),
        &format!("{at}[1]"),
        "feature 9 is none of the view",
    );
    check(&linear(|linear| linear.terms[1].feature = 0), &format!("{at}[1]"), "feature [0] is there twice");
    check(&linear(|linear| linear.terms[0].scale = 0.0), &format!("{at}[0].scale"), "is not in");
    check(&linear(|linear| linear.terms[0].scale = f32::NAN), &format!("{at}[0].scale"), "finite");
    check(&linear(|linear| linear.terms[0].mean = f32::INFINITY), &format!("{at}[0].mean"), "finite");
    check(&linear(|linear| linear.terms[2].weight = 1e4), &format!("{at}[2].weight"), "10000 is not in");
    check(&linear(|linear| linear.terms[2].unseen = f32::NAN), &format!("{at}[2].unseen"), "finite");
}

#[test]
fn trees_have_lists_of_one_length_and_finite_numbers() {
    let at = "form.trees.trees[0]";
    check(&first_tree(|tree| tree.edges.truncate(2)), &format!("{at}.edges"), "2 entries, 3 are needed");
    check(&first_tree(|tree| tree.below.push(0)), &format!("{at}.below"), "4 entries, 3 are needed");
    check(&first_tree(|tree| tree.leaves.clear()), &format!("{at}.leaves"), "0 entries, 4 are needed");
    check(&first_tree(|tree| tree.features[2] = 77), &format!("{at}.features[2]"), "none of the view");
    check(&first_tree(|tree| tree.edges[1] = f32::NAN), &format!("{at}.edges[1]"), "finite");
    check(&first_tree(|tree| tree.edges[1] = f32::INFINITY), &format!("{at}.edges[1]"), "finite");
    check(&first_tree(|tree| tree.leaves[3] = 1e5), &format!("{at}.leaves[3]"), "100000 is not in");
    check(&first_tree(|tree| tree.means[0] = f32::NAN), &format!("{at}.means[0]"), "finite");
    let error = trees(|trees| trees.trees = vec![trees.trees[2].clone(); bounds::TREES_MAX + 1]);
    check(&error, "form.trees.trees", "1001 trees, more than 1000");
}

#[test]
fn a_tree_has_no_circle_no_hole_and_no_way_out() {
    let says = |change: fn(&mut Tree), split: usize, to: i16| {
        let error = first_tree(change);
        check(&error, "form.trees.trees[0]", &format!("split {split} leads to {to}, which is before it"));
    };
    says(|tree| tree.below[1] = 0, 1, 0);
    says(|tree| tree.below[1] = 1, 1, 1);
    says(|tree| tree.below[0] = 3, 0, 3);
    says(|tree| tree.below[0] = 2, 0, 2);
    says(|tree| tree.above[2] = -5, 2, -5);
    says(|tree| tree.above[2] = i16::MIN, 2, i16::MIN);
    says(|tree| tree.above[2] = -1, 2, -1);
    let error = first_tree(|tree| {
        let splits = bounds::DEPTH_MAX + 1;
        tree.features = vec![0; splits];
        tree.edges = vec![0.0; splits];
        tree.below = (0..splits as i16).map(|at| -1 - at).collect();
        tree.above = (1..splits as i16).chain([-1 - splits as i16]).collect();
        tree.unseen_above = vec![false; splits];
        tree.means = vec![0.0; splits];
        tree.leaves = vec![0.0; splits + 1];
    });
    check(&error, "form.trees.trees[0]", "17 splits one after the other, more than 16");
}

#[test]
fn layers_fit_each_other() {
    let at = "form.neural.layers";
    check(&neural(|net| net.layers.clear()), at, "0 entries, 1 are the least");
    check(&neural(|net| net.layers[0].weights.truncate(11)), &format!("{at}[0].weights"), "12 are needed");
    check(&neural(|net| net.layers[0].biases.clear()), &format!("{at}[0].biases"), "1 are the least");
    check(&neural(|net| net.layers.truncate(1)), &format!("{at}[0].biases"), "3 entries, 1 are needed");
    check(&neural(|net| net.layers[1].biases[0] = f32::NAN), &format!("{at}[1].biases[0]"), "finite");
    check(&neural(|net| net.layers[0].weights[7] = -2e3), &format!("{at}[0].weights[7]"), "-2000 is not in");
    check(&neural(|net| net.inputs[1].feature = 0), "form.neural.inputs[1]", "is there twice");
    check(&neural(|net| net.inputs[1].scale = -1.0), "form.neural.inputs[1].scale", "is not in");
    let wide = bounds::WIDTH_MAX + 1;
    let error =
        neural(|net| (net.layers[0].weights, net.layers[0].biases) = (vec![0.0; 4 * wide], vec![0.0; wide]));
    check(&error, &format!("{at}[0].biases"), "513 outputs, more than 512");
    let error = neural(|net| net.layers = vec![net.layers[1].clone(); bounds::LAYERS_MAX + 1]);
    check(&error, at, "7 layers, more than 6");
}

/// The widest net with the greatest weights still gives a number, and a score.
#[test]
fn nothing_that_is_allowed_leaves_what_a_number_can_hold() {
    let width = bounds::WIDTH_MAX;
    let mut file = testing::file_of(Kind::Neural);
    for view in &mut file.views {
        let Form::Neural(net) = &mut view.form else { panic!("{view:?}") };
        let mut inputs = net.inputs.len();
        net.layers.clear();
        for outputs in [width, width, width, width, 8, 1] {
            let (weights, biases) = (vec![1_000.0; inputs * outputs], vec![1_000.0; outputs]);
            net.layers.push(crate::Layer { weights, biases });
            inputs = outputs;
        }
    }
    // Too long for a file, so the sum alone.
    let sum = crate::Sum::new(0.0, &file.views[0].form, 4).expect("it keeps every rule");
    let mut contributions = crate::Contributions::new();
    for value in [f32::INFINITY, f32::NEG_INFINITY, f32::NAN, 0.0] {
        let raw = sum.raw_into(&[value; 4], &mut contributions);
        assert!(raw.is_finite() && contributions.as_slice().iter().all(|change| change.is_finite()));
    }
}

#[test]
fn a_sequence_has_keys_in_order_each_with_a_weight() {
    let at = "form.sequence";
    check(&sequence(|found| found.steps_full = 0), &format!("{at}.steps_full"), "0 is not in 1..=64");
    check(&sequence(|found| found.steps_full = 65), &format!("{at}.steps_full"), "65 is not in 1..=64");
    check(&sequence(|found| found.keys.swap(0, 1)), &format!("{at}.keys"), "entry 1 is not above");
    check(&sequence(|found| found.keys[1] = found.keys[0]), &format!("{at}.keys"), "entry 1 is not above");
    check(&sequence(|found| found.weights.truncate(7)), &format!("{at}.weights"), "7 entries, 8 are needed");
    for weight in [20.5, -20.5] {
        let error = sequence(|found| found.weights[2] = weight);
        check(&error, &format!("{at}.weights[2]"), "is not in -20..=20");
    }
    check(&sequence(|found| found.weights[0] = f32::NAN), &format!("{at}.weights[0]"), "finite");
    let error = sequence(|found| found.keys[7] = u64::MAX);
    check(&error, &format!("{at}.keys[7]"), "18446744073709551615 is no key of a step");
    let many = |found: &mut Sequence| {
        found.keys = (0..=bounds::SEQUENCE_KEYS_MAX as u64).collect();
        found.weights = vec![0.0; found.keys.len()];
    };
    check(&sequence(many), &format!("{at}.keys"), "131073 keys, more than 131072");
}
