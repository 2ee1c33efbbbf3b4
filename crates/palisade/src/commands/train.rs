//! `palisade train`: learn from labelled traffic, or from labelled interactions.

use std::io::BufRead as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use palisade_challenge::behaviour::schema as hands;
use palisade_detect::schema;
use palisade_learn::dataset::{Dataset, DatasetOptions};
use palisade_learn::evaluation::{EvaluateOptions, evaluate, terminal};
use palisade_learn::interactions::stored_in;
use palisade_learn::subject;
use palisade_learn::traffic::{self, CHALLENGE, Split, TrafficSettings};
use palisade_learn::train::{KindSettings, NeuralSettings};
use palisade_model::{Card, Kind, Source, Subject};
use palisade_replay::merge::FeedOptions;
use sha2::{Digest as _, Sha256};

use super::{Global, behaviour, compare, page, reading};
use crate::exit::UsageError;
use crate::life::training::{self, Wish};
use crate::{models, shell};

/// Learn from labelled traffic: a model file, and how it does on clients that it never saw.
///
/// Every line needs a client; each client needs a label ("label": "human" or "bot" on its lines, or --labels). Clients of one
/// "group" are never on both sides of a split. The figures printed are of models that never saw the group they judge; the model
/// written has learned from everything. The same files and seed give the same model, bit for bit.
///
/// Several kinds, or --compare, are trained on the same parts and printed as one table; no model is written then.
///
/// With --kind behaviour it learns from interactions: NDJSON, one visit a line, the widget's data object with "label", "family" and
/// "group" beside it; a folder of stored files of that kind; or, with --from-store, what /api/store and widgets left in the data folder.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Labelled traffic: NDJSON, access logs, exported events; or labelled interactions; .gz and .zst are read as they are
    #[arg(required_unless_present = "from_store", conflicts_with = "from_store", value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Learn from what the data folder holds, stored requests (or interactions) and their labels: the model becomes a version
    /// (`palisade models list`)
    #[arg(long, conflicts_with_all = ["out", "labels", "id", "model", "compare", "layers", "group", "licence", "without", "bound", "split"])]
    from_store: bool,
    /// With --from-store: rounds over the data
    #[arg(long, value_name = "N", requires = "from_store", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    epochs: Option<u32>,
    /// With --from-store: let the live model follow new labels in small bounded steps, instead of a new model
    #[arg(long, requires = "from_store")]
    online: bool,
    /// With --from-store: who began this reads lines of JSON and ends it by closing standard input
    #[arg(long, hide = true, requires = "from_store")]
    child: bool,
    /// Where the model is written; not where kinds are compared
    #[arg(long, value_name = "MODEL")]
    out: Option<PathBuf>,
    /// What is learned: who sends requests, or whose hand moves on a page
    #[arg(long, value_name = "KIND", default_value = "traffic")]
    kind: Judged,
    /// How it computes: additive, lr (logistic regression), gbdt or xgb (boosted trees), rf (random forest), iforest
    /// (isolation forest), mlp (neural net), markov (order of pages and pauses); several with commas between them are compared
    #[arg(long, value_name = "MODEL-KIND", default_value = "additive", value_delimiter = ',',
        value_parser = ["additive", "lr", "gbdt", "xgb", "rf", "iforest", "mlp", "markov"], hide_possible_values = true)]
    model: Vec<String>,
    /// Compare the kinds named by --model, or all of them where none is
    #[arg(long)]
    compare: bool,
    /// Outputs of the layers of a neural net but the last, which has one [default: 64,32,16; of behaviour 64,32]
    #[arg(long, value_name = "N,N,…")]
    layers: Option<String>,
    /// Known labels: lines of client,label or client,label,family
    #[arg(long, value_name = "KNOWN.csv")]
    labels: Option<PathBuf>,
    /// What one row is: a client, or a client's session
    #[arg(long, value_name = "WHAT", default_value = "client", value_parser = ["client", "session"])]
    group: String,
    /// Its name [default: that of the file]
    #[arg(long, value_name = "NAME")]
    id: Option<String>,
    /// Under what terms the traffic may be used, for the model's card
    #[arg(long, value_name = "TERMS", default_value = "not stated")]
    licence: String,
    /// A feature that is not learned from; may be given several times
    #[arg(long, value_name = "FEATURE", value_parser = feature_named)]
    without: Vec<String>,
    /// Most log-odds that the model may add to the hand-set tables [default: without limit where it learned from 600 people or more,
    /// else 3.8, which changes no action]
    #[arg(long, value_name = "LOG-ODDS", value_parser = bound_named)]
    bound: Option<f32>,
    /// Let it stand in the place of the hand-set tables, however few people it learned from
    #[arg(long, conflicts_with_all = ["bound", "from_store"])]
    trusted: bool,
    /// How the figures are made: on groups dealt out to parts, on families or on later clients that no model saw
    #[arg(long, value_name = "HOW", default_value = "group")]
    split: SplitBy,
    /// What everything random follows from
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

/// [`Split`], as it is typed.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum SplitBy {
    Group,
    Family,
    Time,
}

impl From<SplitBy> for Split {
    fn from(split: SplitBy) -> Split {
        match split {
            SplitBy::Group => Split::Groups,
            SplitBy::Family => Split::Families,
            SplitBy::Time => Split::Time,
        }
    }
}

/// [`Subject`], as it is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Judged {
    Traffic,
    Behaviour,
}

impl From<Judged> for Subject {
    fn from(judged: Judged) -> Subject {
        match judged {
            Judged::Traffic => Subject::Traffic,
            Judged::Behaviour => Subject::Behaviour,
        }
    }
}

fn feature_named(text: &str) -> Result<String, String> {
    let names = schema::names().chain(hands::names());
    if names.clone().any(|name| name == text) {
        return Ok(text.to_owned());
    }
    let near = names.filter(|name| name.contains(text)).collect::<Vec<_>>().join(", ");
    Err(format!(
        "{} and {} have no such feature; {}",
        schema::ID,
        hands::ID,
        if near.is_empty() {
            "docs/features.md and docs/behaviour-features.md list them".to_owned()
        } else {
            format!("there are {near}")
        }
    ))
}

fn bound_named(text: &str) -> Result<f32, String> {
    let bound = text.parse().ok().filter(|bound: &f32| (0.0..=100.0).contains(bound));
    bound.ok_or_else(|| "it is 0.0 to 100.0; 3.85 reaches a challenge by itself, 5.2 a block".to_owned())
}

/// Runs it.
pub(crate) fn run(args: &Args, global: &Global) -> anyhow::Result<ExitCode> {
    if args.from_store {
        if args.online && args.kind == Judged::Behaviour {
            let why = "--online: no model of behaviour is live, so none follows labels";
            return Err(UsageError(why.to_owned()).into());
        }
        let wish = Wish {
            subject: args.kind.into(),
            rounds: args.epochs.map(|epochs| epochs as usize),
            seed: args.seed,
            is_child: args.child,
            is_online: args.online,
            actor: if args.child { "training" } else { "cli" },
        };
        return training::run(&wish, global);
    }
    refuse_what_does_not_fit(args)?;
    let kinds = kinds(args)?;
    let compares = args.compare || kinds.len() > 1;
    let out = match (&args.out, compares) {
        (Some(out), false) => out,
        (None, true) => {
            let read = read(args.kind.into(), &args.files, args.labels.as_deref(), &args.group)?;
            enough_families(args.split, &read.data)?;
            let settings: anyhow::Result<Vec<TrafficSettings>> = kinds
                .into_iter()
                .map(|kind| settings(args, "compared".to_owned(), kind, &read.data))
                .collect();
            return compare::run(&read, &settings?, args.split.into(), global);
        }
        (Some(_), true) => {
            let why = "--out: kinds that are compared are not written; name one kind with --model, without --compare";
            return Err(UsageError(why.to_owned()).into());
        }
        (None, false) => {
            let why = "--out: where is the model written? name a file, or give --compare to see how kinds do";
            return Err(UsageError(why.to_owned()).into());
        }
    };
    page::check("--out", out, args.files.iter().chain(&args.labels))?;
    let Loaded { data, table } = read(args.kind.into(), &args.files, args.labels.as_deref(), &args.group)?;
    enough_families(args.split, &data)?;
    let kind = kinds.into_iter().next().unwrap_or_else(|| KindSettings::of(Kind::Additive));
    let id = args.id.clone().unwrap_or_else(|| models::name_of(out));
    let settings = settings(args, id, kind, &data)?;
    let what = format!("training on {}", counted(&data));
    let trained = reading::watched(&what, || subject::train(&data, &settings))
        .map_err(|error| UsageError(error.to_string()))?;
    let unseen = match Split::from(args.split) {
        Split::Groups => trained.unseen,
        split => subject::held_out(&data, &settings, split).map_err(|error| UsageError(error.to_string()))?,
    };
    let found = evaluate(&unseen, &evaluation())?;
    let earned = if args.trusted { f32::INFINITY } else { traffic::earned_bound(&data) };
    let bound = args.bound.unwrap_or(earned);
    let model =
        traffic::bounded(&traffic::with_metrics(&trained.model, &found, &data)?, bound, data.people())?;
    page::write(out, model.to_bytes())?;
    if global.json {
        let mut value = serde_json::to_value(&found)?;
        value["model"] = out.display().to_string().into();
        value["id"] = trained.model.id().into();
        value["kind"] = trained.model.kind().name().into();
        shell::say(&value.to_string())?;
    } else {
        shell::say(&table)?;
        shell::say(&terminal(&found))?;
        shell::say(&format!(
            "These figures are of what the model says by itself, by models that never saw whom they judge. The model is {}: {}",
            trained.model.id(),
            out.display()
        ))?;
        shell::say(&model.file().card.trust)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// How figures of models that never saw whom they judge are made.
pub(super) fn evaluation() -> EvaluateOptions {
    EvaluateOptions { threshold: CHALLENGE, nominal_fpr: Some(0.005), ..EvaluateOptions::default() }
}

/// Options that mean nothing for what is learned.
fn refuse_what_does_not_fit(args: &Args) -> Result<(), UsageError> {
    let judged = Subject::from(args.kind);
    let mut known = subject::expected(judged, |expect| {
        expect.features.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()
    });
    known.sort_unstable();
    if let Some(other) = args.without.iter().find(|name| known.binary_search(name).is_err()) {
        let schema = subject::schema_id(judged);
        return Err(UsageError(format!(
            "--without {other}: it is no feature of {schema}, which {} has",
            judged.name()
        )));
    }
    if judged == Subject::Traffic {
        return Ok(());
    }
    behaviour::check(args.labels.is_some(), &args.group)?;
    let why = if args.bound.is_some() {
        "--bound: no model of behaviour is served yet, so none is held to a bound"
    } else if matches!(args.split, SplitBy::Time) {
        "--split time: visits are not told apart by when they were; --split group or family"
    } else {
        return Ok(());
    };
    Err(UsageError(why.to_owned()))
}

/// Without two families there is none to leave out.
fn enough_families(split: SplitBy, data: &Dataset) -> Result<(), UsageError> {
    let families = data.families.len();
    if !matches!(split, SplitBy::Family) || families >= 2 {
        return Ok(());
    }
    let why =
        "at least 2 are needed, to learn from one and test on the other; name the \"family\" of programs";
    Err(UsageError(format!("--split family: there are {families} families; {why}")))
}

/// The kinds that were asked for, each once, with their settings.
fn kinds(args: &Args) -> anyhow::Result<Vec<KindSettings>> {
    let is_default = args.model == ["additive"];
    let mut named: Vec<Kind> = args.model.iter().filter_map(|name| Kind::named(name)).collect();
    if args.compare && is_default {
        named = Kind::ALL.to_vec();
    }
    let mut kinds = Vec::new();
    for (at, kind) in named.iter().enumerate() {
        if !named[..at].contains(kind) {
            kinds.push(behaviour::or(args.kind.into(), *kind).seeded(args.seed));
        }
    }
    if let Some(layers) = &args.layers {
        let layers = NeuralSettings::layers_of(layers).map_err(|error| UsageError(format!("--{error}")))?;
        let mut nets = kinds.iter_mut().filter_map(|kind| match kind {
            KindSettings::Neural(settings) => Some(settings),
            _ => None,
        });
        let net =
            nets.next().ok_or_else(|| UsageError("--layers: only --model mlp has layers".to_owned()))?;
        net.layers = layers;
    }
    Ok(kinds)
}

fn settings(args: &Args, id: String, kind: KindSettings, data: &Dataset) -> anyhow::Result<TrafficSettings> {
    let mut weaknesses = vec!["It knows the programs and people of its files, and no others.".to_owned()];
    if args.kind == Judged::Behaviour {
        weaknesses.extend(behaviour::WEAKNESSES.map(str::to_owned));
    }
    if !kind.kind().is_exact() {
        weaknesses.push("The reasons it gives add up to the score, and are an approximation.".to_owned());
    }
    if kind.kind() == Kind::Markov {
        let why =
            "It knows the order of pages and the pauses between them, of the last 24, and nothing else.";
        weaknesses.push(why.to_owned());
    }
    if kind.kind() == Kind::Isolation {
        weaknesses.push("It knows people only: whoever is unlike them is odd to it, people too.".to_owned());
    }
    Ok(TrafficSettings {
        id,
        // Not the time of the training: the same traffic gives the same file.
        at_ms: data.newest_ms,
        kind,
        folds: 5,
        repeats: 1,
        sources: sources(args)?,
        without: args.without.clone(),
        // Figures are of what it says by itself; how far it is trusted is written into its file.
        contribution_max: f32::INFINITY,
        card: Card {
            summary: match Subject::from(args.kind) {
                Subject::Traffic => {
                    "How likely a program sent a request, from the request and the history of its client."
                }
                Subject::Behaviour => behaviour::SUMMARY,
            }
            .to_owned(),
            data: format!("{} of {} file(s)", counted(data), args.files.len()),
            weaknesses,
            // Written with the bound.
            trust: String::new(),
        },
    })
}

/// What was read, and what is said about it.
pub(super) struct Loaded {
    pub(super) data: Dataset,
    /// What was read, what was left out and why.
    pub(super) table: String,
}

/// `120 clients`, `120 visits`.
fn counted(data: &Dataset) -> String {
    let what = if subject::of(data) == Subject::Behaviour { "visits" } else { "clients" };
    format!("{} {what}", data.clients.len())
}

/// Labelled clients or visits in numbers, as `train` and `evaluate` read them.
pub(super) fn read(
    judged: Subject,
    files: &[PathBuf],
    labels: Option<&Path>,
    group: &str,
) -> anyhow::Result<Loaded> {
    if judged == Subject::Behaviour {
        return behaviour::read(files);
    }
    let options = DatasetOptions {
        feed: FeedOptions { format: None, now: shell::now() },
        labels: labels.map(reading::labels).transpose()?,
        by_session: group == "session",
    };
    let bar = reading::progress_bar();
    let data = Dataset::read(files, &options, |progress| reading::show(&bar, progress));
    bar.finish_and_clear();
    let data = data.map_err(|error| UsageError(error.to_string()))?;
    Ok(Loaded { table: reading::table(&data.read), data })
}

fn sources(args: &Args) -> anyhow::Result<Vec<Source>> {
    // Standard input was read once; what it held is in the digest of the rows.
    let files = args.files.iter().filter(|path| path.as_os_str() != "-");
    files
        .map(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            Ok(Source { name, licence: args.licence.clone(), rows: 0, sha256: digest(path)? })
        })
        .collect()
}

/// SHA-256 of a file, or of all files that are read from a folder, 64 hex digits.
fn digest(path: &Path) -> anyhow::Result<String> {
    let files = if path.is_dir() { stored_in(path)? } else { vec![path.to_owned()] };
    let mut hash = Sha256::new();
    for file in files {
        let mut file = std::io::BufReader::with_capacity(1 << 20, std::fs::File::open(file)?);
        loop {
            let bytes = file.fill_buf()?;
            if bytes.is_empty() {
                break;
            }
            hash.update(bytes);
            let read = bytes.len();
            file.consume(read);
        }
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}
