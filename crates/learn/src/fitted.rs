//! From columns to a view: trained on everything, calibrated by models that never saw whom they judge.
//!
//! ```text
//!   parts ──► models without each part ──► log-odds of rows they never saw ─┬─► line and bands of the view
//!                                                                          └─► scores: line and bands without the row's part
//! ```
//! What is reported must not rest on bands that the reported clients themselves have set: so many people above a band as its name says
//! would then be no measurement.

use palisade_detect::schema::Direction;
use palisade_model::{Anchors, Calibration, Form, ViewFile};

use crate::dataset::Dataset;
use crate::folds::by_group;
use crate::parts::{anchors, calibration, pairs, shapes, worst_of_people};
use crate::traffic::Step;
use crate::train::calibrate::Line;
use crate::train::cross::out_of_fold;
use crate::train::{self, KindSettings};

/// A view of a name for some vantages that looks at `columns`, calibrated and anchored by models that never saw the groups they judge.
/// With it what each row that was tested comes to, 0.0..=100.0, by a model, a line and bands that all were made without its part.
pub(crate) fn fitted(
    data: &Dataset,
    (name, vantages): (&str, Vec<String>),
    columns: &[usize],
    directions: &[Direction],
    (kind, folds): (&KindSettings, &[(Vec<usize>, usize)]),
    watch: &dyn Fn(Step),
) -> (ViewFile, Vec<f32>) {
    watch(Step::Training(0.0));
    let unseen = out_of_fold(data, columns, directions, kind, folds);
    // The last of so many models is the one that is kept.
    let tests: usize = folds.iter().map(|(_, parts)| parts).sum();
    watch(Step::Training(tests as f64 / (tests + 1) as f64));
    let (intercept, shapes, pairs, form) = match kind.train(data, columns, directions, |_| true) {
        train::Learned::Additive(additive) => {
            let additive = additive.raised();
            (additive.intercept, shapes(&additive), pairs(&additive), Form::Additive)
        }
        train::Learned::Formed(formed) => (formed.intercept, Vec::new(), Vec::new(), formed.form),
    };
    watch(Step::Calibrating(0.0));
    let (calibration, anchors) = bands(data, &unseen, |_| true);
    let scores = match folds {
        // What came later tells nothing of where the bands begin: those before it do.
        [(fold_of, 1)] => {
            let earlier = data.only(|row| fold_of[row.group as usize] != 0);
            let inner = [(by_group(&earlier, INNER_PARTS, kind.seed()), INNER_PARTS)];
            let bands =
                bands(&earlier, &out_of_fold(&earlier, columns, directions, kind.clone(), &inner), |_| true);
            scored_by(&unseen, |_| &bands)
        }
        [(fold_of, parts), ..] => {
            let part = |at: usize| fold_of[data.rows[at].group as usize];
            let without: Vec<Bands> =
                (0..*parts).map(|tested| bands(data, &unseen, |at| part(at) != tested)).collect();
            scored_by(&unseen, |at| &without[part(at)])
        }
        [] => Vec::new(),
    };
    let view = ViewFile {
        name: name.to_owned(),
        vantages,
        features: columns.iter().map(|column| *column as u16).collect(),
        intercept,
        shapes,
        pairs,
        form,
        calibration,
        anchors,
    };
    (view, scores)
}

/// Where log-odds lie between people and programs, and where the bands begin.
type Bands = (Calibration, Anchors);

/// Parts of the cross-validation that finds the bands for a split by time.
const INNER_PARTS: usize = 5;

/// As the rows say that `takes` lets in; those without a number were not tested.
fn bands(data: &Dataset, log_odds: &[f32], takes: impl Fn(usize) -> bool) -> Bands {
    let is_taken = |at: usize| takes(at) && !log_odds[at].is_nan();
    let taken = (0..data.rows.len()).filter(|at| is_taken(*at));
    let weighed: Vec<(f32, bool, f32)> =
        taken.map(|at| (log_odds[at], data.rows[at].is_bot, data.rows[at].weight)).collect();
    let calibration = calibration(Line::fitted(&weighed));
    let people =
        worst_of_people(data, |at| if is_taken(at) { calibration.apply(log_odds[at]) } else { f32::NAN });
    (calibration, anchors(&people))
}

fn scored_by<'b>(log_odds: &[f32], bands: impl Fn(usize) -> &'b Bands) -> Vec<f32> {
    let one = |(at, log_odds): (usize, &f32)| {
        if log_odds.is_nan() {
            return f32::NAN;
        }
        let (calibration, anchors) = bands(at);
        anchors.score(calibration.apply(*log_odds))
    };
    log_odds.iter().enumerate().map(one).collect()
}
