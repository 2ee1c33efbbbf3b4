//! Models of behaviour: what a hand did on a page, by the machinery that trains on traffic.
//!
//! A data set of [`crate::interactions`] has one row a visit, in the columns of `behaviour-1`. There is one view: what a page shows
//! is the same wherever the trace is handed in. No model of behaviour is served yet, so none is held to a bound.

use palisade_challenge::behaviour::schema;
use palisade_domain::Vantage;
use palisade_model::{Contributions, Direction, Kind, Model, Subject, ViewFile};

use crate::dataset::Dataset;
use crate::evaluation::Scored;
use crate::fitted::fitted;
use crate::folds::{by_family, by_time};
use crate::traffic::{
    Split, Step, TrafficSettings, TrainError, TrainedTraffic, by_groups, file, last_rows, scored, sound,
    strongest,
};
use crate::train::KindSettings;
use crate::train::additive;

/// The name of the one view.
const VIEW: &str = "page";

/// Layers of seed 000's net between its thirteen inputs and its output.
pub const SEED_LAYERS: [usize; 2] = [64, 32];

/// The default settings of a kind. The net is seed 000's: 13-64-32-1.
pub fn settings_of(kind: Kind) -> KindSettings {
    match KindSettings::of(kind) {
        KindSettings::Neural(mut net) => {
            net.layers = SEED_LAYERS.to_vec();
            KindSettings::Neural(net)
        }
        other => other,
    }
}

/// What a kind learns from, by column, less what is left out: a net from the thirteen features of seed 000's, all others from the
/// whole schema.
pub fn columns(kind: &KindSettings, without: &[String]) -> Vec<usize> {
    let most = if kind.kind() == Kind::Neural { schema::SEED_FEATURES } else { schema::LEN };
    let is_taken = |(_, name): &(usize, &str)| !without.iter().any(|left_out| left_out == name);
    schema::names().enumerate().take(most).filter(is_taken).map(|(at, _)| at).collect()
}

/// The names of all features but seed 000's thirteen.
pub fn all_but_seed() -> Vec<String> {
    schema::names().skip(schema::SEED_FEATURES).map(str::to_owned).collect()
}

/// What more of each column means, as training takes it.
pub fn directions() -> Vec<additive::Direction> {
    let direction = |feature: &schema::Feature| match feature.direction {
        Direction::Rising => additive::Direction::Rising,
        Direction::Falling => additive::Direction::Falling,
        Direction::Free => additive::Direction::Free,
    };
    schema::FEATURES.iter().map(direction).collect()
}

/// Trains a model on `data`.
///
/// # Errors
/// Where there is too little of people or programs, a column names its group, or the data are no interactions of this release.
pub fn train(data: &Dataset, settings: &TrafficSettings) -> Result<TrainedTraffic, TrainError> {
    train_watched(data, settings, &|_| {})
}

/// The same; `watch` hears of each step as it begins.
///
/// # Errors
/// As [`train()`].
pub fn train_watched(
    data: &Dataset,
    settings: &TrafficSettings,
    watch: &dyn Fn(Step),
) -> Result<TrainedTraffic, TrainError> {
    usable(data)?;
    let (view, scores) = view(data, settings, &by_groups(data, settings), watch);
    let unseen = tested(data, &scores);
    let file = file(data, settings, Subject::Behaviour, vec![view]);
    let model = schema::expected(|expect| Model::new(file, expect))?;
    Ok(TrainedTraffic { model, unseen })
}

/// Each visit that `split` tests, by models that did not learn from it.
///
/// # Errors
/// As [`train()`].
pub fn held_out(data: &Dataset, settings: &TrafficSettings, split: Split) -> Result<Vec<Scored>, TrainError> {
    usable(data)?;
    let folds = match split {
        Split::Groups => by_groups(data, settings),
        Split::Families => vec![by_family(data, settings.kind.seed())],
        Split::Time => vec![by_time(data)],
    };
    let (_, scores) = view(data, settings, &folds, &|_| {});
    Ok(tested(data, &scores))
}

/// Each visit of `data` as `model` scores it, with its reasons.
pub fn score(model: &Model, data: &Dataset) -> Vec<Scored> {
    let mut contributions = Contributions::new();
    let mut one = |at: usize| {
        let view = model.view_for(data.rows[at].vantage.name())?;
        let found = view.score_into(data.row(at), &mut contributions);
        Some(scored(data, at, f64::from(found.score) / 100.0, strongest(&contributions, &data.columns)))
    };
    last_rows(data, |_| true).filter_map(&mut one).collect()
}

fn usable(data: &Dataset) -> Result<(), TrainError> {
    if data.schema != schema::ID {
        return Err(TrainError::Schema { found: data.schema.clone(), wanted: schema::ID });
    }
    sound(data)
}

fn view(
    data: &Dataset,
    settings: &TrafficSettings,
    folds: &[(Vec<usize>, usize)],
    watch: &dyn Fn(Step),
) -> (ViewFile, Vec<f32>) {
    let columns = columns(&settings.kind, &settings.without);
    let vantages = schema::VANTAGES.map(Vantage::name).map(str::to_owned).to_vec();
    fitted(data, (VIEW, vantages), &columns, &directions(), (&settings.kind, folds), watch)
}

/// Those of `data` that were tested, who come to `scores`, 0.0..=100.0.
fn tested(data: &Dataset, scores: &[f32]) -> Vec<Scored> {
    let one = |at: usize| scored(data, at, f64::from(scores[at]) / 100.0, Vec::new());
    last_rows(data, |_| true).filter(|at| !scores[*at].is_nan()).map(one).collect()
}

#[cfg(test)]
mod tests;
