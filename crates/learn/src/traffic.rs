//! Models of traffic: from a data set to a model that knows where its bands begin, and from a model to scores.
//!
//! A model has a view for each kind of vantage: what a log cannot see is left out of the view for logs, in training too, so that
//! nothing is learned there from what will be missing. Calibration and bands come from people and programs that the model behind a
//! score never saw.

use palisade_detect::detector::Need;
use palisade_detect::schema::{self, Feature};
use palisade_detect::scorer;
use palisade_domain::{Resolution, Vantage};
use palisade_model::{
    Anchor, Anchors, Calibration, Card, Contributions, Direction, Expect, Kind, Model, ModelError, ModelFile,
    Schema, Shape, Source, Subject, Trained, ViewFile,
};
use sha2::{Digest as _, Sha256};

use crate::dataset::{Dataset, Row};
use crate::evaluation::Scored;
use crate::folds::by_group;
use crate::train::additive::{self, Additive, AdditiveSettings};
use crate::train::calibrate::{self, Line};
use crate::train::cross::out_of_fold;

/// The score from which on a client is challenged, as a share of one.
pub const CHALLENGE: f64 = 0.7;

/// Fewest groups of people, and of programs, from which anything is learned.
pub const GROUPS_MIN: usize = 10;

/// Strongest reasons that are told of a score.
const REASONS: usize = 3;

/// A view of a model: what it is called, what it judges, and what it can see.
struct Sight {
    name: &'static str,
    vantages: &'static [Vantage],
    needs: &'static [Need],
    resolution: Resolution,
}

/// The poorest first; whatever a richer vantage recorded can be seen as a poorer one would.
const SIGHTS: [Sight; 3] = [
    Sight {
        name: "log",
        vantages: &[Vantage::Log],
        needs: &[Need::UserAgent, Need::Method, Need::Target, Need::Version, Need::Referrer],
        resolution: Resolution::Milli,
    },
    Sight {
        name: "check",
        vantages: &[Vantage::Check],
        needs: &[
            Need::UserAgent,
            Need::Method,
            Need::Target,
            Need::Referrer,
            Need::Headers,
            Need::Body,
            Need::Fingerprint,
        ],
        resolution: Resolution::Milli,
    },
    Sight {
        name: "gateway",
        vantages: &[Vantage::ForwardAuth, Vantage::GatewayClear, Vantage::GatewayTls],
        needs: &[
            Need::UserAgent,
            Need::Method,
            Need::Target,
            Need::Version,
            Need::Headers,
            Need::HeaderOrder,
            Need::Body,
            Need::Referrer,
            Need::Scheme,
            Need::Fingerprint,
        ],
        resolution: Resolution::Micro,
    },
];

/// How to train.
#[derive(Clone, Debug)]
pub struct TrafficSettings {
    /// The model's name: 1 to 128 of `a-z`, `0-9`, `.`, `_`, `-`.
    pub id: String,
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
    /// How the shapes are found.
    pub additive: AdditiveSettings,
    /// Parts of the cross-validation, 2 and up.
    pub folds: usize,
    /// Times it is repeated with other parts.
    pub repeats: u64,
    /// Where the rows came from, and under what terms.
    pub sources: Vec<Source>,
    /// What people should know.
    pub card: Card,
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
    #[error("the data set has schema {found}, this release makes {}; read the traffic again", schema::ID)]
    Schema {
        /// Its schema.
        found: String,
    },
    /// What came out is no model.
    #[error(transparent)]
    Model(#[from] ModelError),
}

/// What a model of traffic must fit.
pub fn expected<R>(f: impl FnOnce(&Expect<'_>) -> R) -> R {
    let features: Vec<&str> = schema::names().collect();
    let vantages = Vantage::ALL.map(Vantage::name);
    f(&Expect { schema_id: schema::ID, features: &features, vantages: &vantages })
}

/// Trains an additive model on `data`.
///
/// # Errors
/// Where there is too little of people or programs, or the data set is another release's.
pub fn train(data: &Dataset, settings: &TrafficSettings) -> Result<TrainedTraffic, TrainError> {
    if data.schema != schema::ID {
        return Err(TrainError::Schema { found: data.schema.clone() });
    }
    enough(data)?;
    let mut views = Vec::new();
    let mut unseen = Vec::new();
    for (rank, sight) in SIGHTS.iter().enumerate() {
        let rows = data.only(|row| rank_of(row.vantage) >= rank);
        if enough(&rows).is_err() {
            continue;
        }
        let (view, scores) = view(&rows, sight, settings);
        unseen.extend(last_rows(&rows, |row| sight.vantages.contains(&row.vantage)).map(|at| {
            let score = f64::from(view.anchors.score(view.calibration.apply(scores[at]))) / 100.0;
            scored(&rows, at, score, Vec::new())
        }));
        views.push(view);
    }
    let file = ModelFile {
        id: settings.id.clone(),
        kind: Kind::Additive,
        subject: Subject::Traffic,
        schema: Schema { id: data.schema.clone(), features: data.columns.clone() },
        trained: Trained {
            at_ms: settings.at_ms,
            rows: data.rows.len() as u64,
            groups: data.groups() as u64,
            data_sha256: data.digest(),
            sources: settings.sources.clone(),
            seed: settings.additive.seed,
            settings: described(settings),
        },
        metrics: serde_json::Map::new(),
        card: settings.card.clone(),
        contribution_max: f32::INFINITY,
        views,
    };
    let model = expected(|expect| Model::new(file, expect))?;
    Ok(TrainedTraffic { model, unseen })
}

/// Each client of `data` after its last request, by `model`. Clients that no view of it judges are left out.
pub fn score(model: &Model, data: &Dataset) -> Vec<Scored> {
    let mut contributions = Contributions::new();
    let mut one = |at: usize| {
        let view = model.view_for(data.rows[at].vantage.name())?;
        let found = view.score_into(data.row(at), &mut contributions);
        let mut reasons: Vec<(String, f64)> = contributions
            .as_slice()
            .iter()
            .zip(&data.columns)
            .filter(|(log_odds, _)| **log_odds > 0.0)
            .map(|(log_odds, name)| (name.clone(), f64::from(*log_odds)))
            .collect();
        reasons.sort_by(|one, other| other.1.total_cmp(&one.1));
        reasons.truncate(REASONS);
        Some(scored(data, at, f64::from(found.score) / 100.0, reasons))
    };
    last_rows(data, |_| true).filter_map(&mut one).collect()
}

/// The same by the hand-set tables: what a model has to beat.
pub fn score_by_rules(data: &Dataset) -> Vec<Scored> {
    let one = |at: usize| {
        let score = f64::from(scorer::calibrate(data.rows[at].by_rules)) / 100.0;
        scored(data, at, score, Vec::new())
    };
    last_rows(data, |_| true).map(one).collect()
}

fn scored(data: &Dataset, at: usize, score: f64, reasons: Vec<(String, f64)>) -> Scored {
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

fn last_rows(data: &Dataset, takes: impl Fn(&Row) -> bool) -> impl Iterator<Item = usize> {
    let last = data.rows.iter().enumerate().filter(move |(_, row)| row.is_last && takes(row));
    last.map(|(at, _)| at).collect::<Vec<_>>().into_iter()
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

/// The place in [`SIGHTS`] of what sees as a vantage does.
fn rank_of(vantage: Vantage) -> usize {
    SIGHTS.iter().position(|sight| sight.vantages.contains(&vantage)).unwrap_or(0)
}

/// One view, and the log-odds of every row by models that never saw its group.
fn view(data: &Dataset, sight: &Sight, settings: &TrafficSettings) -> (ViewFile, Vec<f32>) {
    let features = schema::features();
    let is_visible = |feature: &Feature| {
        feature.needs.iter().all(|need| sight.needs.contains(need)) && feature.resolution <= sight.resolution
    };
    let columns: Vec<usize> = (0..features.len()).filter(|at| is_visible(&features[*at])).collect();
    let directions: Vec<_> = features.iter().map(|feature| feature.direction).collect();
    let folds: Vec<(Vec<usize>, usize)> = (0..settings.repeats.max(1))
        .map(|repeat| {
            let seed = settings.additive.seed.wrapping_add(repeat);
            (by_group(data, settings.folds.max(2), seed), settings.folds.max(2))
        })
        .collect();
    let unseen = out_of_fold(data, &columns, &directions, &settings.additive, &folds);
    let weighed: Vec<(f32, bool, f32)> =
        data.rows.iter().zip(&unseen).map(|(row, log_odds)| (*log_odds, row.is_bot, row.weight)).collect();
    let calibration = calibration(Line::fitted(&weighed));
    // As the model computes them, or rounding would hit one more.
    let people: Vec<f64> =
        last_rows(data, |row| !row.is_bot).map(|at| f64::from(calibration.apply(unseen[at]))).collect();
    let whole = additive::train(data, &columns, &directions, &settings.additive, |_| true).raised();
    let view = ViewFile {
        name: sight.name.to_owned(),
        vantages: sight.vantages.iter().map(|vantage| vantage.name().to_owned()).collect(),
        features: columns.iter().map(|column| *column as u16).collect(),
        intercept: whole.intercept,
        shapes: shapes(&whole),
        pairs: Vec::new(),
        calibration,
        anchors: anchors(&people),
    };
    (view, unseen)
}

fn shapes(model: &Additive) -> Vec<Shape> {
    let shape = |shape: &additive::Shape| Shape {
        feature: shape.column as u16,
        edges: shape.bins.edges.clone(),
        weights: shape.weights.clone(),
        unseen: shape.unseen,
        direction: match shape.direction {
            additive::Direction::Rising => Direction::Rising,
            additive::Direction::Falling => Direction::Falling,
            additive::Direction::Free => Direction::Free,
        },
    };
    model.shapes.iter().map(shape).collect()
}

/// Sums beyond this are the same.
const SUM_MAX: f64 = 50.0;

fn calibration(line: Line) -> Calibration {
    // A line that is nearly flat says nothing either way.
    let line = if line.slope < 0.01 { Line { slope: 0.01, ..line } } else { line };
    let point = |sum: f64| (sum as f32, line.at(sum).clamp(-900.0, 900.0) as f32);
    Calibration { points: vec![point(-SUM_MAX), point(SUM_MAX)] }
}

/// How far an anchor lies above the highest person it spares, log-odds: more than rounding.
const CLEAR: f32 = 1e-3;

/// From the first anchor down to a score of 0, and from the last up to 100, log-odds.
const BELOW: f32 = 6.0;
const ABOVE: f32 = 3.0;

fn anchors(people: &[f64]) -> Anchors {
    let [monitor, challenge, block] = calibrate::anchors(people).map(|anchor| Anchor {
        log_odds: anchor.log_odds.clamp(-900.0, 900.0) as f32 + CLEAR,
        fpr: anchor.fpr,
        provisional: anchor.provisional,
    });
    Anchors { floor: monitor.log_odds - BELOW, monitor, challenge, block, ceiling: block.log_odds + ABOVE }
}

fn described(settings: &TrafficSettings) -> std::collections::BTreeMap<String, String> {
    let AdditiveSettings { bins, rounds, rate, ridge, leaf_min, bags, patience, seed: _ } =
        &settings.additive;
    let pairs = [
        ("bins", bins.to_string()),
        ("rounds", rounds.to_string()),
        ("rate", rate.to_string()),
        ("ridge", ridge.to_string()),
        ("leaf_min", leaf_min.to_string()),
        ("bags", bags.to_string()),
        ("patience", patience.to_string()),
        ("folds", settings.folds.to_string()),
        ("repeats", settings.repeats.to_string()),
    ];
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::testing::made_up;

    /// Made-up clients in the columns of the schema: what tells them apart is how many pages came within a second.
    fn data(clients: u32) -> Dataset {
        let few = made_up(clients, 2, 3);
        let width = schema::features().len();
        let fast = schema::names().position(|name| name == "burst").expect("it is listed");
        let mut data = Dataset {
            schema: schema::ID.to_owned(),
            columns: schema::names().map(str::to_owned).collect(),
            values: vec![0.0; few.rows.len() * width],
            ..few.clone()
        };
        for row in 0..few.rows.len() {
            data.values[row * width + fast] = few.row(row)[0] / 10.0 + 0.5;
        }
        data
    }

    fn settings() -> TrafficSettings {
        TrafficSettings {
            id: "made-up".to_owned(),
            at_ms: 0,
            additive: AdditiveSettings { rounds: 60, bags: 2, ..AdditiveSettings::default() },
            folds: 4,
            repeats: 1,
            sources: Vec::new(),
            card: Card {
                summary: "for tests".to_owned(),
                data: "made up".to_owned(),
                weaknesses: vec!["it knows one feature".to_owned()],
                trust: "none".to_owned(),
            },
        }
    }

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
    fn a_view_for_logs_uses_nothing_that_logs_lack() {
        let trained = train(&data(120), &settings()).unwrap();
        let [view] = &trained.model.file().views[..] else { panic!("one view") };
        let features = schema::features();
        assert_eq!(view.name, "log");
        for at in &view.features {
            assert!(!features[usize::from(*at)].needs.contains(&Need::Headers));
        }
        assert!(trained.model.view_for("gateway-clear").is_none());
    }

    #[test]
    fn few_people_are_hit_at_the_anchors() {
        let trained = train(&data(600), &settings()).unwrap();
        let people: Vec<&Scored> = trained.unseen.iter().filter(|row| !row.is_bot).collect();
        let hit = people.iter().filter(|row| row.score >= 0.5).count();
        assert!(hit as f64 / people.len() as f64 <= 0.05, "{hit} of {}", people.len());
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
