//! What holds for every model, every request and any bytes.

mod forge;

use std::collections::BTreeSet;

use palisade_model::{
    Anchor, Anchors, Calibration, Contributions, Direction, Expect, Form, Input, Kind, Layer, Linear, Model,
    ModelFile, Neural, Pair, Seen, Sequence, Shape, Step, Term, Tree, Trees, ViewFile, sequence, testing,
};
use proptest::collection::{btree_set, vec};
use proptest::prelude::*;

const FEATURES: usize = testing::EXPECT.features.len();

/// Finite numbers of every size, more often those that features have.
fn number() -> impl Strategy<Value = f32> {
    let any_bits = any::<u32>().prop_map(f32::from_bits).prop_filter("finite", |number| number.is_finite());
    prop_oneof![any_bits, -10.0f32..100.0, (-4i8..20).prop_map(f32::from)]
}

/// What a feature may be, numbers or not.
fn value() -> impl Strategy<Value = f32> {
    prop_oneof![4 => number(), 1 => any::<u32>().prop_map(f32::from_bits), 1 => Just(f32::INFINITY)]
}

fn ascending(
    number: impl Strategy<Value = f32>,
    sizes: std::ops::Range<usize>,
) -> impl Strategy<Value = Vec<f32>> {
    vec(number, sizes).prop_map(|mut numbers| {
        numbers.sort_unstable_by(f32::total_cmp);
        numbers.dedup();
        numbers
    })
}

fn directed(mut weights: Vec<f32>, direction: Direction) -> Vec<f32> {
    if direction != Direction::Free {
        weights.sort_unstable_by(f32::total_cmp);
    }
    if direction == Direction::Falling {
        weights.reverse();
    }
    weights
}

fn direction() -> impl Strategy<Value = Direction> {
    prop_oneof![Just(Direction::Rising), Just(Direction::Falling), Just(Direction::Free)]
}

fn shape(feature: u16) -> impl Strategy<Value = Shape> {
    let weights = vec(0.0f32..4.0, 90);
    (ascending(number(), 0..90), weights, 0.0f32..2.0, direction()).prop_map(
        move |(edges, mut weights, unseen, direction)| {
            weights.resize(edges.len() + 1, 0.0);
            Shape { feature, edges, weights: directed(weights, direction), unseen, direction }
        },
    )
}

/// A pair of the first two features that runs as their shapes do: the sum of a part for each row and one per column.
fn pair(directions: [Direction; 2]) -> impl Strategy<Value = Pair> {
    let parts = || vec(0.0f32..2.0, 12);
    (ascending(number(), 0..11), ascending(number(), 0..11), parts(), parts(), 0.0f32..2.0).prop_map(
        move |(first_edges, second_edges, mut rows, mut columns, unseen)| {
            rows.resize(first_edges.len() + 1, 0.0);
            columns.resize(second_edges.len() + 1, 0.0);
            let (rows, columns) = (directed(rows, directions[0]), directed(columns, directions[1]));
            let weights =
                rows.iter().flat_map(|row| columns.iter().map(move |column| row + column)).collect();
            Pair { first: 0, second: 1, first_edges, second_edges, weights, unseen }
        },
    )
}

/// So many numbers within ±100, strictly ascending.
fn points(count: usize) -> impl Strategy<Value = Vec<f32>> {
    btree_set(-100_000i32..100_000, count)
        .prop_map(|set| set.into_iter().map(|n| n as f32 / 1_000.0).collect())
}

fn calibration() -> impl Strategy<Value = Calibration> {
    (2usize..20)
        .prop_flat_map(|count| (points(count), points(count)))
        .prop_map(|(raw, log_odds)| Calibration { points: raw.into_iter().zip(log_odds).collect() })
}

fn anchors() -> impl Strategy<Value = Anchors> {
    (points(5), vec((0.0f64..=1.0, any::<bool>()), 3)).prop_map(|(at, said)| {
        let anchor = |n: usize| Anchor { log_odds: at[n + 1], fpr: said[n].0, provisional: said[n].1 };
        Anchors { floor: at[0], monitor: anchor(0), challenge: anchor(1), block: anchor(2), ceiling: at[4] }
    })
}

fn view() -> impl Strategy<Value = ViewFile> {
    let shapes = (shape(0), shape(1), shape(2), shape(3));
    let shapes = shapes.prop_flat_map(|(first, second, third, fourth)| {
        let pairs = vec(pair([first.direction, second.direction]), 0..2);
        (Just(vec![third, first, fourth, second]), pairs)
    });
    (shapes, -20.0f32..20.0, calibration(), anchors()).prop_map(
        |((shapes, pairs), intercept, calibration, anchors)| ViewFile {
            intercept,
            calibration,
            anchors,
            ..testing::view("log", &["log"], shapes, pairs)
        },
    )
}

fn linear() -> impl Strategy<Value = Form> {
    let of = |feature| {
        (number(), 1e-3f32..1e6, -5.0f32..5.0, -5.0f32..5.0)
            .prop_map(move |(mean, scale, weight, unseen)| Term { feature, mean, scale, weight, unseen })
    };
    [of(2), of(0), of(3)].prop_map(|terms| Form::Linear(Linear { terms: terms.into() }))
}

/// A tree in which each split is put at an open end that `ends` chooses.
fn tree() -> impl Strategy<Value = Tree> {
    let split = (0..FEATURES as u16, number(), any::<bool>(), -3.0f32..3.0, any::<prop::sample::Index>());
    (vec(split, 0..16), vec(-3.0f32..3.0, 17)).prop_map(|(splits, mut leaves)| {
        let mut tree = Tree::default();
        // Open ends: of which split, and whether above.
        let mut ends: Vec<(usize, bool)> = Vec::new();
        for (at, (feature, edge, unseen_above, mean, end)) in splits.into_iter().enumerate() {
            if at > 0 {
                let (parent, is_above) = ends.swap_remove(end.index(ends.len()));
                let ways = if is_above { &mut tree.above } else { &mut tree.below };
                ways[parent] = at as i16;
            }
            tree.features.push(feature);
            tree.edges.push(edge);
            tree.unseen_above.push(unseen_above);
            tree.means.push(mean);
            tree.below.push(0);
            tree.above.push(0);
            ends.extend([(at, false), (at, true)]);
        }
        for (leaf, (parent, is_above)) in ends.into_iter().enumerate() {
            let ways = if is_above { &mut tree.above } else { &mut tree.below };
            ways[parent] = -1 - leaf as i16;
        }
        leaves.truncate(tree.features.len() + 1);
        Tree { leaves, ..tree }
    })
}

fn neural() -> impl Strategy<Value = Form> {
    let input =
        |feature| (number(), 1e-3f32..1e6).prop_map(move |(mean, scale)| Input { feature, mean, scale });
    let weights = || -1.0f32..1.0;
    (vec(1usize..12, 0..3), input(1), input(3)).prop_flat_map(move |(mut widths, first, second)| {
        widths.push(1);
        let mut inputs = 2;
        let layers: Vec<_> = widths
            .into_iter()
            .map(|width| {
                let layer = (vec(weights(), inputs * width), vec(weights(), width));
                inputs = width;
                layer.prop_map(|(weights, biases)| Layer { weights, biases })
            })
            .collect();
        layers.prop_map(move |layers| Form::Neural(Neural { inputs: vec![first, second], layers }))
    })
}

/// Steps of few symbols, so that some are known to a model of few keys.
fn steps(count: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Step>> {
    let symbol = || prop_oneof![4 => 0u16..4, 1 => any::<u16>()];
    vec((symbol(), symbol()).prop_map(|(how, place)| Step { how, place }), count)
}

/// What is known of some steps, on both tracks, with and without a symbol.
fn chain() -> impl Strategy<Value = Sequence> {
    let known = (steps(1..4), any::<bool>(), any::<bool>(), -3.0f32..3.0);
    (1u16..=64, vec(known, 0..60)).prop_map(|(steps_full, known)| {
        let keys = known.into_iter().filter_map(|(steps, is_place, is_whole, weight)| {
            let track = sequence::Track::ALL[usize::from(is_place)];
            let last = steps.len() - 1;
            let context = sequence::context(track, &steps, last, last)?;
            let symbol = if is_whole { track.symbol(steps[last]) } else { sequence::NONE };
            Some((sequence::with_symbol(context, symbol), weight))
        });
        let table: std::collections::BTreeMap<u64, f32> = keys.collect();
        let (keys, weights) = table.into_iter().unzip();
        Sequence { steps_full, keys, weights }
    })
}

/// A model of another kind than the additive one.
fn other() -> impl Strategy<Value = Model> {
    let trees = || vec(tree(), 0..12).prop_map(|trees| Form::Trees(Trees { trees }));
    let form = prop_oneof![
        linear().prop_map(|form| (Kind::Linear, form)),
        trees().prop_map(|form| (Kind::Boosted, form)),
        trees().prop_map(|form| (Kind::Forest, form)),
        trees().prop_map(|form| (Kind::Isolation, form)),
        neural().prop_map(|form| (Kind::Neural, form)),
        chain().prop_map(|chain| (Kind::Markov, Form::Sequence(chain))),
    ];
    (file(), form).prop_map(|(mut file, (kind, form))| {
        file.kind = kind;
        file.views.iter_mut().for_each(|view| {
            (view.shapes, view.pairs, view.form) = (Vec::new(), Vec::new(), form.clone());
        });
        Model::new(file, &testing::EXPECT).expect("it keeps every rule")
    })
}

fn file() -> impl Strategy<Value = ModelFile> {
    let contribution_max = prop_oneof![Just(f32::INFINITY), 0.0f32..1_000.0];
    (view(), any::<i64>(), any::<u64>(), contribution_max, any::<f64>(), "[^\\p{Cc}]{0,40}").prop_map(
        |(view, at_ms, seed, contribution_max, figure, text)| {
            let mut file = testing::file();
            file.views = vec![view];
            (file.trained.at_ms, file.trained.seed, file.contribution_max) = (at_ms, seed, contribution_max);
            file.metrics.insert("figure".to_owned(), figure.into());
            file.card.summary = text;
            file
        },
    )
}

fn model() -> impl Strategy<Value = Model> {
    file().prop_map(|file| Model::new(file, &testing::EXPECT).expect("it keeps every rule"))
}

/// The features of [`testing::EXPECT`] among others, in any order.
fn release() -> impl Strategy<Value = Vec<&'static str>> {
    let names = (0..=3usize).prop_map(|more| {
        let more = ["new.a", "new.b", "new.c"].into_iter().take(more);
        testing::EXPECT.features.iter().copied().chain(more).collect::<Vec<_>>()
    });
    names.prop_shuffle()
}

fn read(bytes: &[u8]) -> Option<Model> {
    Model::read(bytes, &testing::EXPECT).ok()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_was_written_is_read(model in prop_oneof![model(), other()]) {
        let bytes = model.to_bytes();
        let again = read(&bytes);
        prop_assert_eq!(again.as_ref(), Some(&model));
        prop_assert_eq!(again.map(|again| again.to_bytes()), Some(bytes));
    }

    #[test]
    fn a_file_cut_anywhere_is_refused(model in model(), at in any::<prop::sample::Index>()) {
        let bytes = model.to_bytes();
        prop_assert!(read(&bytes[..at.index(bytes.len())]).is_none());
    }

    #[test]
    fn a_file_with_a_bit_changed_is_refused(model in model(), at in any::<prop::sample::Index>(), bit in 0u32..8) {
        let mut bytes = model.to_bytes();
        let at = at.index(bytes.len());
        bytes[at] ^= 1u8 << bit;
        prop_assert!(read(&bytes).is_none());
    }

    #[test]
    fn a_file_of_two_is_refused_or_one_of_them(
        one in model(),
        other in model(),
        cut in any::<prop::sample::Index>(),
        rest in any::<prop::sample::Index>(),
    ) {
        let (first, second) = (one.to_bytes(), other.to_bytes());
        let spliced = [&first[..cut.index(first.len() + 1)], &second[rest.index(second.len() + 1)..]].concat();
        if let Some(model) = read(&spliced) {
            prop_assert!(model == one || model == other);
        }
    }

    #[test]
    fn any_bytes_are_read(bytes in vec(any::<u8>(), 0..400), headed in any::<bool>()) {
        let bytes = if headed { forge::sealed(&bytes) } else { bytes };
        prop_assert!(read(&bytes).is_none());
    }

    /// Under a checksum that is right, a document that was tampered with is refused or a model like any other.
    #[test]
    fn a_forged_document_is_refused_or_sound(
        model in prop_oneof![model(), other()],
        at in any::<prop::sample::Index>(),
        cut in 0usize..30,
        put in prop_oneof![Just("null"), Just("-1"), Just("1e30"), Just("0,"), Just("]"), Just("[[[["), Just("\"\"")],
        features in vec(value(), FEATURES),
    ) {
        let bytes = model.to_bytes();
        let mut document = forge::document(&bytes).to_vec();
        let at = at.index(document.len());
        let end = (at + cut).min(document.len());
        document.splice(at..end, put.bytes());
        if let Some(forged) = read(&forge::sealed(&document)) {
            let again = read(&forged.to_bytes());
            prop_assert_eq!(again.as_ref(), Some(&forged));
            let scored = forged.views()[0].score_into(&features, &mut Contributions::new());
            prop_assert!((0.0..=100.0).contains(&scored.score) && scored.raw.is_finite());
        }
    }

    /// What a later release adds and reorders changes neither scores nor reasons, to the last bit.
    #[test]
    fn a_schema_of_more_features_in_another_order_scores_alike(
        model in prop_oneof![model(), other()],
        names in release(),
        features in vec(value(), FEATURES),
        unknown in value(),
    ) {
        let place = |name: &str| testing::EXPECT.features.iter().position(|known| *known == name);
        let later = Expect { features: &names, ..testing::EXPECT };
        let moved = Model::read(&model.to_bytes(), &later).expect("every feature is known");
        let values: Vec<f32> = names.iter().map(|name| place(name).map_or(unknown, |at| features[at])).collect();
        let (mut one, mut other) = (Contributions::new(), Contributions::new());
        let scored = model.views()[0].score_into(&features, &mut one);
        prop_assert_eq!(moved.views()[0].score_into(&values, &mut other), scored);
        for (name, log_odds) in names.iter().zip(other.as_slice()) {
            prop_assert_eq!(*log_odds, place(name).map_or(0.0, |at| one.of(at as u16)), "{}", name);
        }
        let again = Model::read(&moved.to_bytes(), &later);
        prop_assert_eq!(again.as_ref(), Ok(&moved));
        if names.len() == FEATURES {
            prop_assert_eq!(read(&moved.to_bytes()), Some(model), "the way back leads to the same file");
        }
    }

    #[test]
    fn contributions_add_up(model in model(), features in vec(value(), 0..FEATURES + 2)) {
        let mut contributions = Contributions::new();
        let view = &model.views()[0];
        let scored = view.score_into(&features, &mut contributions);
        prop_assert_eq!(contributions.as_slice().len(), FEATURES);
        prop_assert!(contributions.as_slice().iter().all(|log_odds| *log_odds >= 0.0));
        let sum: f32 = contributions.as_slice().iter().sum();
        prop_assert!((view.base().raw + sum - scored.raw).abs() < 1e-4);
        prop_assert!((0.0..=100.0).contains(&scored.score));
        // Nothing that is seen lowers what nothing says.
        prop_assert!(scored.raw >= view.base().raw && scored.score >= view.base().score);
    }

    /// Base and contributions are the sum for every kind, and reasons cost nothing but time.
    #[test]
    fn contributions_of_other_kinds_add_up(
        model in other(), features in vec(value(), 0..FEATURES + 2), steps in steps(0..80),
    ) {
        let mut contributions = Contributions::new();
        let view = &model.views()[0];
        let seen = Seen { numbers: &features, steps: &steps };
        let scored = view.score_into(seen, &mut contributions);
        prop_assert_eq!(view.score(seen), scored);
        prop_assert_eq!(view.log_odds(seen), scored.log_odds);
        let sum = contributions.total();
        prop_assert!((view.base().raw + sum - scored.raw).abs() < 1e-2, "{} {} {}", view.base().raw, sum, scored.raw);
        prop_assert!((0.0..=100.0).contains(&scored.score));
    }

    #[test]
    fn trees_are_walked_as_they_are_defined(trees in vec(tree(), 0..20), features in vec(value(), FEATURES)) {
        let mut expect = 0.0f64;
        for tree in &trees {
            let mut way = if tree.features.is_empty() { -1 } else { 0 };
            while let Ok(split) = usize::try_from(way) {
                let value = features[usize::from(tree.features[split])];
                let above = if value.is_nan() { tree.unseen_above[split] } else { value >= tree.edges[split] };
                way = if above { tree.above[split] } else { tree.below[split] };
            }
            expect += f64::from(tree.leaves[usize::from(way.unsigned_abs()) - 1]);
        }
        let sum = palisade_model::Sum::new(0.0, &Form::Trees(Trees { trees }), FEATURES).expect("it keeps every rule");
        prop_assert!((f64::from(sum.raw(&features)) - expect).abs() < 1e-3);
    }

    /// The table as its documentation defines it, the slow way.
    #[test]
    fn sequences_are_read_as_they_are_defined(chain in chain(), steps in steps(1..80)) {
        let seen = &steps[steps.len().saturating_sub(palisade_model::bounds::STEPS_MAX)..];
        let weight = |key: u64| chain.keys.iter().position(|known| *known == key).map(|at| f64::from(chain.weights[at]));
        let mut sum = 0.0;
        for (at, step) in seen.iter().enumerate() {
            for track in sequence::Track::ALL {
                let contexts: Vec<u64> = (0..=at.min(sequence::ORDER_MAX))
                    .filter_map(|order| sequence::context(track, seen, at, order)).collect();
                let whole = |context: &u64| weight(sequence::with_symbol(*context, track.symbol(*step)));
                let Some(knows) = contexts.iter().rposition(|context| whole(context).is_some()) else { continue };
                sum += whole(&contexts[knows]).expect("it was found");
                sum += contexts[knows + 1..].iter().filter_map(|context| weight(*context)).sum::<f64>();
            }
        }
        let expect = sum / seen.len() as f64 * (seen.len() as f64).min(f64::from(chain.steps_full));
        let form = Form::Sequence(chain);
        let sum = palisade_model::Sum::new(0.0, &form, 0).expect("it keeps every rule");
        let found = f64::from(sum.raw(Seen { numbers: &[], steps: &steps }));
        prop_assert!((found - expect).abs() < 1e-2, "{} {}", found, expect);
    }

    #[test]
    fn scoring_is_the_definition(model in model(), features in vec(value(), FEATURES)) {
        let scored = model.views()[0].score_into(&features, &mut Contributions::new());
        prop_assert_eq!(scored.raw, defined(&model.file().views[0], &features));
    }

    #[test]
    fn a_direction_is_kept(
        model in model(),
        mut features in vec(value(), FEATURES),
        at in 0..FEATURES,
        steps in ascending(number(), 2..12),
    ) {
        let view = &model.views()[0];
        let shapes = &model.file().views[0].shapes;
        let direction = shapes.iter().find(|shape| usize::from(shape.feature) == at).map(|shape| shape.direction);
        let scores: Vec<_> = steps.iter().map(|&step| {
            features[at] = step;
            view.score_into(&features, &mut Contributions::new())
        }).collect();
        for two in scores.windows(2) {
            match direction {
                Some(Direction::Rising) => prop_assert!(two[0].raw <= two[1].raw && two[0].score <= two[1].score),
                Some(Direction::Falling) => prop_assert!(two[0].raw >= two[1].raw && two[0].score >= two[1].score),
                _ => {}
            }
        }
    }

    #[test]
    fn without_weights_there_is_the_intercept(mut file in file(), features in vec(value(), FEATURES)) {
        for shape in &mut file.views[0].shapes {
            shape.weights.fill(0.0);
            shape.unseen = 0.0;
        }
        file.views[0].pairs.clear();
        let intercept = file.views[0].intercept;
        let model = Model::new(file, &testing::EXPECT).expect("no weight is a weight");
        let view = &model.views()[0];
        let scored = view.score_into(&features, &mut Contributions::new());
        prop_assert_eq!(scored, view.base());
        prop_assert_eq!(scored.raw, intercept);
    }

    #[test]
    fn more_log_odds_are_never_a_lower_score(calibration in calibration(), anchors in anchors(), raw in ascending(number(), 2..40)) {
        let scores: Vec<f32> = raw.iter().map(|raw| anchors.score(calibration.apply(*raw))).collect();
        prop_assert!(scores.is_sorted(), "{scores:?}");
        prop_assert!(scores.iter().all(|score| (0.0..=100.0).contains(score)));
        let bands: BTreeSet<u8> = [anchors.monitor, anchors.challenge, anchors.block].iter()
            .map(|anchor| anchors.score(anchor.log_odds) as u8)
            .collect();
        prop_assert_eq!(bands.into_iter().collect::<Vec<_>>(), [50, 70, 90]);
    }
}

/// The sum as the documentation defines it, the slow way.
fn defined(view: &ViewFile, features: &[f32]) -> f32 {
    let bin = |feature: u16, edges: &[f32]| {
        let value = features[usize::from(feature)];
        (!value.is_nan()).then(|| edges.iter().filter(|edge| **edge <= value).count())
    };
    let mut raw = view.intercept;
    for shape in &view.shapes {
        raw += bin(shape.feature, &shape.edges).map_or(shape.unseen, |bin| shape.weights[bin]);
    }
    for pair in &view.pairs {
        let bins = (bin(pair.first, &pair.first_edges), bin(pair.second, &pair.second_edges));
        raw += match bins {
            (Some(row), Some(column)) => pair.weights[row * (pair.second_edges.len() + 1) + column],
            _ => pair.unseen,
        };
    }
    raw
}
