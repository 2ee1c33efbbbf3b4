//! Models of traffic: from a data set to a model that knows where its bands begin, and from a model to scores.
//!
//! A model has a view for each kind of vantage: what a log cannot see is left out of the view for logs, in training too, so that
//! nothing is learned there from what will be missing. Calibration and bands come from people and programs that the model behind a
//! score never saw.

use std::collections::HashMap;
use std::sync::Arc;

use palisade_detect::detector::{Needs, State};
use palisade_detect::detectors;
use palisade_detect::learned::{CHALLENGE_BOUND, Opinion, UNPROVEN_BOUND, on_scale};
use palisade_detect::schema::{self, Feature, FeatureVector};
use palisade_detect::steps::Steps;
use palisade_detect::{Learned, scorer};
use palisade_domain::{LogOdds, Vantage};
use palisade_model::drift;
use palisade_model::{
    Card, Contributions, Model, ModelError, ModelFile, Schema, Source, Subject, Trained, ViewFile,
};
use sha2::{Digest as _, Sha256};

use crate::dataset::{Dataset, Row};
use crate::evaluation::{Evaluation, Scored};
use crate::fitted::fitted;
use crate::folds::{by_family, by_group, by_time};
use crate::leaks;
use crate::sight::{SIGHTS, Sight, rank_of};
use crate::subject;
use crate::train::KindSettings;
use crate::usual::usual;

/// The score from which on a client is challenged, as a share of one.
pub const CHALLENGE: f64 = 0.7;

/// Fewest groups of people, and of programs, from which anything is learned.
pub const GROUPS_MIN: usize = 10;

/// People that a model must have learned from before it may bring a challenge about: of fewer, nobody can count a false-positive rate of
/// 0.5 % (three in it), which is where a challenge begins.
pub const PEOPLE_TO_CHALLENGE: usize = 600;

/// Strongest reasons that are told of a score.
const REASONS: usize = 3;

pub use palisade_detect::schema::expected;

/// How to train.
#[derive(Clone, Debug)]
pub struct TrafficSettings {
    /// The model's name: 1 to 128 of `a-z`, `0-9`, `.`, `_`, `-`.
    pub id: String,
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
    /// Of which kind, and how it is found.
    pub kind: KindSettings,
    /// Parts of the cross-validation, 2 and up.
    pub folds: usize,
    /// Times it is repeated with other parts.
    pub repeats: u64,
    /// Where the rows came from, and under what terms.
    pub sources: Vec<Source>,
    /// What people should know.
    pub card: Card,
    /// Features that are not learned from, by name: those that tell where the data were recorded, or made the labels.
    pub without: Vec<String>,
    /// Most log-odds that the model may add to the hand-set tables; infinite where it may stand in their place.
    pub contribution_max: f32,
}

/// A model, and how it does on clients that it never saw.
#[derive(Debug)]
pub struct TrainedTraffic {
    /// Trained on everything.
    pub model: Model,
    /// Each client after its last request, by models that never saw its group.
    pub unseen: Vec<Scored>,
}

/// Nothing was trained.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// Too little to learn from.
    #[error(
        "{people} groups of people and {bots} of programs: at least {GROUPS_MIN} of each are needed to learn from some and test on others"
    )]
    TooFew {
        /// Groups that are people.
        people: usize,
        /// Groups that are programs.
        bots: usize,
    },
    /// The rows have other columns than this release makes.
    #[error("the data set has schema {found}, this release makes {wanted}; read the traffic again")]
    Schema {
        /// Its schema.
        found: String,
        /// The schema of this release.
        wanted: &'static str,
    },
    /// A column is a name.
    #[error(
        "feature {feature} names its group: nearly every group keeps one number of its own, so that a model would know the groups it saw by heart; leave it out"
    )]
    Names {
        /// Which.
        feature: String,
    },
    /// What came out is no model.
    #[error(transparent)]
    Model(#[from] ModelError),
}

/// Where a training is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Step {
    /// Models are trained, those for testing first; so much of it is done, 0.0..=1.0.
    Training(f64),
    /// Scores become probabilities, and bands are laid where few people would be hit; so much of it is done, 0.0..=1.0.
    Calibrating(f64),
}

/// Trains a model on `data`.
///
/// # Errors
/// Where there is too little of people or programs, or the data set is another release's.
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
    let mut views = Vec::new();
    let mut unseen = Vec::new();
    let divided = divided(data);
    let count = divided.len().max(1) as f64;
    for (at, (rank, vantages)) in divided.into_iter().enumerate() {
        let rows = data.only(|row| rank_of(row.vantage) >= rank);
        let of_all = |step: Step| match step {
            Step::Training(share) => Step::Training((at as f64 + share) / count),
            Step::Calibrating(share) => Step::Calibrating((at as f64 + share) / count),
        };
        let watch = |step| watch(of_all(step));
        let folds = by_groups(&rows, settings);
        let (view, scores) = view(&rows, &SIGHTS[rank], &vantages, settings, &folds, &watch);
        unseen.extend(tested(&rows, &scores, &vantages, settings.contribution_max));
        views.push(view);
    }
    let model = expected(|expect| Model::new(file(data, settings, Subject::Traffic, views), expect))?;
    Ok(TrainedTraffic { model, unseen })
}

/// What a model of `views`, trained on `data`, says in its file.
pub(crate) fn file(
    data: &Dataset,
    settings: &TrafficSettings,
    subject: Subject,
    views: Vec<ViewFile>,
) -> ModelFile {
    ModelFile {
        id: settings.id.clone(),
        kind: settings.kind.kind(),
        subject,
        schema: Schema { id: data.schema.clone(), features: data.columns.clone() },
        trained: Trained {
            at_ms: settings.at_ms,
            rows: data.rows.len() as u64,
            groups: data.groups() as u64,
            data_sha256: if settings.kind.reads_columns() { data.digest() } else { data.digest_of_steps() },
            sources: settings.sources.clone(),
            seed: settings.kind.seed(),
            settings: described(settings),
        },
        metrics: serde_json::Map::new(),
        card: settings.card.clone(),
        contribution_max: settings.contribution_max,
        views,
    }
}

/// Each client of `data` after its last request, as a gateway with `model` would score it. Clients that no view of it judges are left out.
pub fn score(model: &Model, data: &Dataset) -> Vec<Scored> {
    score_by(&Learned::new(Arc::new(model.clone())), data)
}

/// As [`score()`], by a model that may be of another make.
pub fn score_by(model: &Learned, data: &Dataset) -> Vec<Scored> {
    let mut contributions = Contributions::new();
    let mut one = |at: usize| {
        let row = &data.rows[at];
        let vector = FeatureVector::of(data.row(at)).with_steps(Steps::from_slice(&row.steps));
        let Some(opinion) = model.opinion(row.vantage, &vector, &mut contributions) else {
            // Where one of another make has no opinion, the tables judge alone.
            let by_rules = f64::from(scorer::calibrate(row.by_rules)) / 100.0;
            return model.no_opinions().map(|_| scored(data, at, by_rules, Vec::new()));
        };
        let reasons = strongest(&contributions, &data.columns);
        let score = f64::from(scorer::calibrate(opinion.with(row.by_rules))) / 100.0;
        Some(scored(data, at, score, reasons))
    };
    last_rows(data, |_| true).filter_map(&mut one).collect()
}

/// The strongest reasons for a program, by column.
pub(crate) fn strongest(contributions: &Contributions, columns: &[String]) -> Vec<(String, f64)> {
    let mut reasons: Vec<(String, f64)> = contributions
        .as_slice()
        .iter()
        .zip(columns)
        .filter(|(log_odds, _)| **log_odds > 0.0)
        .map(|(log_odds, name)| (name.clone(), f64::from(*log_odds)))
        .collect();
    if contributions.sequence() > 0.0 {
        reasons.push(("sequence".to_owned(), f64::from(contributions.sequence())));
    }
    reasons.sort_by(|one, other| other.1.total_cmp(&one.1));
    reasons.truncate(REASONS);
    reasons
}

/// The same by the hand-set tables: what a model has to beat.
pub fn score_by_rules(data: &Dataset) -> Vec<Scored> {
    let one = |at: usize| {
        let score = f64::from(scorer::calibrate(data.rows[at].by_rules)) / 100.0;
        scored(data, at, score, Vec::new())
    };
    last_rows(data, |_| true).map(one).collect()
}

/// From where the last request of each client was seen, by the client's name.
pub fn vantages(data: &Dataset) -> HashMap<&str, Vantage> {
    let one = |at: usize| {
        let row = &data.rows[at];
        (data.clients[row.client as usize].as_str(), row.vantage)
    };
    last_rows(data, |_| true).map(one).collect()
}

/// How clients are divided into those that a model learns from and those that it is tested on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Split {
    /// Groups are dealt out to parts; each part is tested on the others.
    #[default]
    Groups,
    /// Each family of programs is tested on a model that never saw one of it; people are dealt out among the families.
    Families,
    /// The last three in ten are tested on a model of those before them.
    Time,
}

/// Each client that `split` tests after its last request, by models that did not learn from it, as they would be served.
///
/// # Errors
/// As [`train()`].
pub fn held_out(data: &Dataset, settings: &TrafficSettings, split: Split) -> Result<Vec<Scored>, TrainError> {
    usable(data)?;
    let views = divided(data).into_iter().map(|(rank, vantages)| {
        let rows = data.only(|row| rank_of(row.vantage) >= rank);
        let folds = match split {
            Split::Groups => by_groups(&rows, settings),
            Split::Families => vec![by_family(&rows, settings.kind.seed())],
            Split::Time => vec![by_time(&rows)],
        };
        let (_, scores) = view(&rows, &SIGHTS[rank], &vantages, settings, &folds, &|_| {});
        tested(&rows, &scores, &vantages, settings.contribution_max)
    });
    Ok(views.collect::<Vec<_>>().concat())
}

/// Those of `rows` that were tested, as they would be served by a view that comes to `scores`, 0.0..=100.0.
fn tested(rows: &Dataset, scores: &[f32], vantages: &[Vantage], bound: LogOdds) -> Vec<Scored> {
    let one = |at: usize| scored(rows, at, served(scores[at], bound, rows.rows[at].by_rules), Vec::new());
    let is_tested = |at: &usize| !scores[*at].is_nan();
    last_rows(rows, |row| vantages.contains(&row.vantage)).filter(is_tested).map(one).collect()
}

pub(crate) fn by_groups(data: &Dataset, settings: &TrafficSettings) -> Vec<(Vec<usize>, usize)> {
    let parts = settings.folds.max(2);
    let seeds = (0..settings.repeats.max(1)).map(|repeat| settings.kind.seed().wrapping_add(repeat));
    seeds.map(|seed| (by_group(data, parts, seed), parts)).collect()
}

/// Which of [`SIGHTS`] become views, and what each judges: where too few clients were seen as well as a sight could see, they are
/// judged by what the one before it sees.
fn divided(data: &Dataset) -> Vec<(usize, Vec<Vantage>)> {
    let mut views: Vec<(usize, Vec<Vantage>)> = Vec::new();
    for (rank, sight) in SIGHTS.iter().enumerate() {
        let stands = enough(&data.only(|row| rank_of(row.vantage) >= rank)).is_ok();
        match views.last_mut() {
            Some(before) if !stands => before.1.extend(sight.vantages),
            _ => views.push((rank, sight.vantages.to_vec())),
        }
    }
    views
}

/// The score, 0.0..=1.0, that a model which says `score`, 0.0..=100.0, leads to.
fn served(score: f32, bound: LogOdds, by_rules: LogOdds) -> f64 {
    let opinion = Opinion { log_odds: on_scale(score), base: 0.0, probability: 0.0, bound };
    f64::from(scorer::calibrate(opinion.with(by_rules))) / 100.0
}

/// The same by the lists of programs alone: what the user agent says, and nothing else.
pub fn score_by_agents(data: &Dataset) -> Vec<Scored> {
    let column = data.columns.iter().position(|name| name == "evidence.ua_program");
    let one = |at: usize| {
        let says = column.map_or(0.0, |column| data.row(at)[column]);
        let log_odds = scorer::PRIOR + if says.is_nan() { 0.0 } else { says };
        scored(data, at, f64::from(scorer::calibrate(log_odds)) / 100.0, Vec::new())
    };
    last_rows(data, |_| true).map(one).collect()
}

/// The names of all features but the seven of `/check`: without them a model knows what the bot-detection API of old knew.
pub fn all_but_seven() -> Vec<String> {
    schema::names().skip(7).map(str::to_owned).collect()
}

/// `model` with the figures of its evaluation in its file, and with what was usual in `data`, from which it learned.
///
/// # Errors
/// Where they are more than a file may hold.
pub fn with_metrics(model: &Model, found: &Evaluation, data: &Dataset) -> Result<Model, ModelError> {
    let mut file = model.file().clone();
    let usual = drift::to_value(&usual(model, data));
    if let Ok(serde_json::Value::Object(mut figures)) = serde_json::to_value(found) {
        // Its worst mistakes name clients, and a model outlives their requests.
        figures.remove("worst");
        file.metrics = figures;
    }
    file.metrics.insert(drift::KEY.to_owned(), usual);
    subject::expected(file.subject, |expect| Model::new(file, expect))
}

/// How far a model of `data` may be trusted, as most log-odds beside the hand-set tables: without limit where
/// [`PEOPLE_TO_CHALLENGE`] people are in it, else below a challenge.
pub fn earned_bound(data: &Dataset) -> LogOdds {
    if data.people() < PEOPLE_TO_CHALLENGE { UNPROVEN_BOUND } else { LogOdds::INFINITY }
}

/// `model` of `people`, held to `bound` log-odds beside the hand-set tables; its card says so.
///
/// # Errors
/// Where the bound is negative or no number.
pub fn bounded(model: &Model, bound: LogOdds, people: usize) -> Result<Model, ModelError> {
    let mut file = ModelFile { contribution_max: bound, ..model.file().clone() };
    file.card.trust = match bound {
        LogOdds::INFINITY => {
            "It stands in the place of the hand-set tables, and may challenge by itself.".to_owned()
        }
        CHALLENGE_BOUND.. => {
            format!("It adds at most {bound} log-odds to the hand-set tables: enough to challenge.")
        }
        _ if people < PEOPLE_TO_CHALLENGE => format!(
            "It adds at most {bound} log-odds to the hand-set tables: it explains, and changes no action; its figures are of what it \
             says by itself. It learned from {people} people; from {PEOPLE_TO_CHALLENGE} on it can be counted how many it would hit."
        ),
        _ => format!(
            "It adds at most {bound} log-odds to the hand-set tables: it explains, and changes no action."
        ),
    };
    subject::expected(file.subject, |expect| Model::new(file, expect))
}

pub(crate) fn scored(data: &Dataset, at: usize, score: f64, reasons: Vec<(String, f64)>) -> Scored {
    let row = &data.rows[at];
    Scored {
        name: data.clients[row.client as usize].clone(),
        score: score.clamp(0.0, 1.0),
        is_bot: row.is_bot,
        group: row.group,
        family: row.family.map(|family| data.families[family as usize].clone()),
        requests: row.requests,
        reasons,
    }
}

pub(crate) fn last_rows(data: &Dataset, takes: impl Fn(&Row) -> bool) -> impl Iterator<Item = usize> {
    let last = data.rows.iter().enumerate().filter(move |(_, row)| row.is_last && takes(row));
    last.map(|(at, _)| at).collect::<Vec<_>>().into_iter()
}

fn usable(data: &Dataset) -> Result<(), TrainError> {
    if data.schema != schema::ID {
        return Err(TrainError::Schema { found: data.schema.clone(), wanted: schema::ID });
    }
    sound(data)
}

/// Enough of both, and no column that names its group.
pub(crate) fn sound(data: &Dataset) -> Result<(), TrainError> {
    enough(data)?;
    match leaks::naming(data).first() {
        Some(feature) => Err(TrainError::Names { feature: (*feature).to_owned() }),
        None => Ok(()),
    }
}

fn enough(data: &Dataset) -> Result<(), TrainError> {
    let groups = |is_bot: bool| {
        let mut groups: Vec<u32> =
            data.rows.iter().filter(|row| row.is_bot == is_bot).map(|row| row.group).collect();
        groups.sort_unstable();
        groups.dedup();
        groups.len()
    };
    let (people, bots) = (groups(false), groups(true));
    if people < GROUPS_MIN || bots < GROUPS_MIN { Err(TrainError::TooFew { people, bots }) } else { Ok(()) }
}

/// True for the evidence of detectors that are on dry run: shown, worth nothing.
fn shown_only() -> Vec<bool> {
    let listed = schema::LISTED.iter().map(|_| false);
    let detectors =
        detectors::all().into_iter().map(|detector| matches!(detector.card().state, State::DryRun(_)));
    listed.chain(detectors).collect()
}

/// One view, and what each row comes to, 0.0..=100.0, by models and bands that never saw its group.
fn view(
    data: &Dataset,
    sight: &Sight,
    vantages: &[Vantage],
    settings: &TrafficSettings,
    folds: &[(Vec<usize>, usize)],
    watch: &dyn Fn(Step),
) -> (ViewFile, Vec<f32>) {
    let features = schema::features();
    // What many rows could not see is left out: that it is missing would tell who recorded. A single one in a hundred may be a clock
    // that showed a whole second.
    let is_visible = |feature: &Feature| {
        let needs = Needs::of(feature.needs);
        let could_see = |row: &Row| needs.met_by(row.seen) && feature.resolution <= row.resolution;
        feature.needs.iter().all(|need| sight.needs.contains(need))
            && feature.resolution <= sight.resolution
            && !settings.without.iter().any(|name| name == feature.name)
            && data.rows.iter().filter(|row| !could_see(row)).count() * 100 <= data.rows.len()
    };
    let is_shown_only = shown_only();
    let mut columns: Vec<usize> =
        (0..features.len()).filter(|at| is_visible(&features[*at]) && !is_shown_only[*at]).collect();
    // What it does not read is left to the tables.
    columns.retain(|_| settings.kind.reads_columns());
    let mut kind = settings.kind.clone();
    if let KindSettings::Additive(additive) = &mut kind {
        additive.evidence = columns.iter().copied().filter(|at| *at >= schema::LISTED.len()).collect();
    }
    let kind = &kind;
    let directions: Vec<_> = features.iter().map(|feature| feature.direction).collect();
    let vantages = vantages.iter().map(|vantage| vantage.name().to_owned()).collect();
    fitted(data, (sight.name, vantages), &columns, &directions, (kind, folds), watch)
}

fn described(settings: &TrafficSettings) -> std::collections::BTreeMap<String, String> {
    let rest = [("folds", settings.folds.to_string()), ("repeats", settings.repeats.to_string())];
    let pairs = settings.kind.described().into_iter().chain(rest);
    pairs.map(|(name, value)| (name.to_owned(), value)).collect()
}

impl Dataset {
    /// The rows for which `takes` is true, as a data set of their own.
    pub fn only(&self, takes: impl Fn(&Row) -> bool) -> Dataset {
        let kept: Vec<usize> = (0..self.rows.len()).filter(|at| takes(&self.rows[*at])).collect();
        Dataset {
            values: kept.iter().flat_map(|at| self.row(*at).iter().copied()).collect(),
            rows: kept.iter().map(|at| self.rows[*at].clone()).collect(),
            schema: self.schema.clone(),
            columns: self.columns.clone(),
            started_ms: self.started_ms.clone(),
            clients: self.clients.clone(),
            families: self.families.clone(),
            group_names: self.group_names.clone(),
            newest_ms: self.newest_ms,
            read: self.read.clone(),
        }
    }

    /// SHA-256 of numbers, labels and groups, 64 hex digits.
    pub fn digest(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(self.schema.as_bytes());
        for (at, row) in self.rows.iter().enumerate() {
            hash.update(row.group.to_be_bytes());
            hash.update([u8::from(row.is_bot)]);
            hash.update(row.requests.to_be_bytes());
            self.row(at).iter().for_each(|value| hash.update(value.to_bits().to_be_bytes()));
        }
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// As [`Dataset::digest`], of steps in the place of numbers: what a model of sequences learned from.
    pub fn digest_of_steps(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(self.schema.as_bytes());
        for row in &self.rows {
            hash.update(row.group.to_be_bytes());
            hash.update([u8::from(row.is_bot)]);
            hash.update((row.steps.len() as u64).to_be_bytes());
            row.steps.iter().for_each(|step| {
                hash.update(step.how.to_be_bytes());
                hash.update(step.place.to_be_bytes());
            });
        }
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

#[cfg(test)]
pub(crate) mod testing;

#[cfg(test)]
mod tests {
    use palisade_detect::detector::Need;

    use super::testing::{data, settings};
    use super::*;

    #[test]
    fn a_model_is_made_read_again_and_says_the_same() {
        let data = data(300);
        let trained = train(&data, &settings()).unwrap();
        let bytes = trained.model.to_bytes();
        assert_eq!(train(&data, &settings()).unwrap().model.to_bytes(), bytes, "bit for bit");
        let again = expected(|expect| Model::read(&bytes, expect)).unwrap();
        assert_eq!(score(&again, &data), score(&trained.model, &data));
        let mean = |rows: &[Scored], is_bot: bool| {
            let of: Vec<f64> = rows.iter().filter(|row| row.is_bot == is_bot).map(|row| row.score).collect();
            of.iter().sum::<f64>() / of.len() as f64
        };
        let rows = score(&again, &data);
        assert!(mean(&rows, true) > mean(&rows, false) + 0.1);
        assert!(mean(&trained.unseen, true) > mean(&trained.unseen, false) + 0.05);
        let strongest = rows.iter().find(|row| row.is_bot && row.score > 0.5).expect("some are found");
        assert_eq!(strongest.reasons[0].0, "burst");
    }

    #[test]
    fn few_people_earn_a_model_no_say_in_a_challenge() {
        let few = data(300);
        let model = train(&few, &settings()).unwrap().model;
        let held = bounded(&model, earned_bound(&few), few.people()).unwrap();
        assert_eq!(held.contribution_max(), UNPROVEN_BOUND);
        assert!(held.file().card.trust.contains("150 people; from 600"), "{}", held.file().card.trust);
        let by_rules = score_by_rules(&few);
        for (served, tables) in score(&held, &few).iter().zip(&by_rules) {
            assert_eq!(served.score >= CHALLENGE, tables.score >= CHALLENGE, "{served:?}");
        }
        assert_eq!(earned_bound(&data(1_200)), f32::INFINITY);
        let free = bounded(&model, f32::INFINITY, 600).unwrap();
        assert_eq!(score(&free, &few), score(&model, &few));
        assert!(bounded(&model, -1.0, 600).is_err());
    }

    #[test]
    fn whoever_watches_hears_of_each_step_in_its_order() {
        let heard = std::cell::RefCell::new(Vec::new());
        let data = data(120);
        let watched = train_watched(&data, &settings(), &|step| heard.borrow_mut().push(step)).unwrap().model;
        assert_eq!(
            heard.into_inner(),
            [Step::Training(0.0), Step::Training(0.8), Step::Calibrating(0.0)],
            "four models for testing, and the one that is kept"
        );
        assert_eq!(watched, train(&data, &settings()).unwrap().model);
    }

    #[test]
    fn every_kind_makes_a_model_that_is_read_again() {
        let data = data(120);
        for kind in palisade_model::Kind::ALL {
            let kind = match KindSettings::of(kind) {
                KindSettings::Additive(_) => settings().kind,
                KindSettings::Neural(small) => KindSettings::Neural(crate::train::NeuralSettings {
                    layers: vec![8],
                    epochs: 10,
                    ..small
                }),
                other => other,
            };
            let settings = TrafficSettings { kind, ..settings() };
            let trained = train(&data, &settings).unwrap();
            let bytes = trained.model.to_bytes();
            let again = expected(|expect| Model::read(&bytes, expect)).unwrap();
            assert_eq!(again.kind(), settings.kind.kind());
            assert_eq!(score(&again, &data), score(&trained.model, &data));
            let people: Vec<&Scored> = trained.unseen.iter().filter(|row| !row.is_bot).collect();
            let hit = people.iter().filter(|row| row.score >= 0.5).count();
            // Bands were set by others: 5 % of 60 and three deviations more.
            assert!(hit as f64 / people.len() as f64 <= 0.05 + 0.085, "{}: {hit}", again.kind());
        }
    }

    #[test]
    fn a_view_for_logs_uses_nothing_that_logs_lack() {
        let trained = train(&data(120), &settings()).unwrap();
        let [view] = &trained.model.file().views[..] else { panic!("one view") };
        let features = schema::features();
        assert_eq!(view.name, "log");
        for at in &view.features {
            assert!(!features[usize::from(*at)].needs.contains(&Need::Headers));
        }
        // Nobody was seen from a richer vantage: those are judged by what a log would see of them.
        let judges = trained.model.view_for("gateway-clear").map(palisade_model::View::name);
        assert_eq!(judges, Some("log"));
    }

    #[test]
    fn few_people_are_hit_at_the_anchors() {
        let trained = train(&data(600), &settings()).unwrap();
        let people: Vec<&Scored> = trained.unseen.iter().filter(|row| !row.is_bot).collect();
        let hit = people.iter().filter(|row| row.score >= 0.5).count();
        // Bands were set by others, so the share is measured: 5 % of 300, give or take three deviations.
        let share = hit as f64 / people.len() as f64;
        assert!((0.05 - 0.038..=0.05 + 0.038).contains(&share), "{hit} of {}", people.len());
        assert!(
            trained.model.views()[0].anchors().block.provisional,
            "300 people cannot show one in a thousand"
        );
    }

    #[test]
    fn too_little_says_how_much_there_is() {
        let error = train(&data(12), &settings()).unwrap_err().to_string();
        assert!(error.starts_with("6 groups of people and 6 of programs: at least 10"), "{error}");
        let other = Dataset { schema: "http-0".to_owned(), ..data(100) };
        assert!(train(&other, &settings()).unwrap_err().to_string().contains("read the traffic again"));
    }
}
