//! `palisade models`: the versions in the store, which of them decides, and the way back.

mod shown;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use palisade_detect::schema;
use palisade_model::drift;
use palisade_model::{Model, ModelError, ModelUri, Subject};
use palisade_store::bounds::MODEL_BYTES_MAX;
use palisade_store::{
    AuditRandom, DataDir, ModelStatus, ModelStep, ModelVersion, ModelVersionId, Models, NewModel, Page,
    StepError, Store,
};

use super::{Global, page};
use crate::columns::harmless;
use crate::exit::UsageError;
use crate::ledger::{self, TENANT};
use crate::models::{RULES, any, judging, whichever};
use crate::{exit, setup, shell};

/// Versions of models: which there are, which decides, and the one before.
///
/// A running server takes a change within seconds. Every step stands in the audit log with its reason.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  palisade models list\n  palisade models show 3\n  palisade models show builtin:http\n  \
    palisade models promote 3 --reason \"better on May's labels\"\n  palisade models rollback\n  \
    palisade models export 3 --out shop.model\n  palisade models import shop.model"
)]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Args)]
struct Numbered {
    /// Its number, as `palisade models list` shows it
    #[arg(value_name = "ID")]
    id: i64,
    /// Why, for those who come after
    #[arg(long, value_name = "TEXT", default_value = "by hand")]
    reason: String,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Show the versions there are
    List,
    /// Show one: its card, its figures, what it was trained on and what became of it
    Show {
        /// Its number, a model file, or "builtin:http" for the one that ships
        #[arg(value_name = "ID or FILE")]
        what: String,
    },
    /// Let a candidate score live traffic beside the live model; it decides nothing
    Shadow(Numbered),
    /// Make a version the live one
    Promote(Numbered),
    /// Put a candidate aside
    Reject(Numbered),
    /// Return to the version that was live before; where there was none, to what the configuration names
    Rollback {
        /// What the model judges
        #[arg(long, value_name = "WHAT", default_value = "traffic", value_parser = ["traffic", "behaviour"])]
        subject: String,
        /// Why
        #[arg(long, value_name = "TEXT", default_value = "by hand")]
        reason: String,
    },
    /// Write the file of a version
    Export {
        /// Its number
        #[arg(value_name = "ID")]
        id: i64,
        /// Where to
        #[arg(long, value_name = "MODEL")]
        out: PathBuf,
    },
    /// Read a model file in, as a candidate
    Import {
        /// A file that training or `models export` wrote
        #[arg(value_name = "MODEL")]
        file: PathBuf,
        /// Why
        #[arg(long, value_name = "TEXT", default_value = "read in from a file")]
        reason: String,
    },
}

/// Runs it.
///
/// # Errors
/// Where the data folder or the database cannot be used, there is no such version, or a step may not be made.
pub(crate) fn run(args: &Args, global: &Global) -> anyhow::Result<ExitCode> {
    if let Verb::Show { what } = &args.verb
        && what.parse::<i64>().is_err()
    {
        let opened =
            whichever(what).map_err(|why| UsageError(format!("{why}; name a version or a model file")))?;
        shell::say(&shown::file(&opened, global.json)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let text = ledger::with_store(global, async |_: DataDir, store| {
        let answered = answer(&*store, &args.verb, global.json).await?;
        match &args.verb {
            Verb::List if !global.json => Ok(format!("{answered}\n{}", deciding(&*store, global).await?)),
            _ => Ok(answered),
        }
    });
    match text {
        Ok(text) => shell::say(&text)?,
        Err(error) if error.is::<NoSuch>() => {
            shell::complain(&format!("palisade: {error}"));
            return Ok(ExitCode::from(exit::NO));
        }
        Err(error) => return Err(error),
    }
    Ok(ExitCode::SUCCESS)
}

/// Which model judges traffic now, for people.
async fn deciding(store: &dyn Store, global: &Global) -> anyhow::Result<String> {
    let live = store.models(TENANT).await?.into_iter().find(|version| version.status == ModelStatus::Live);
    if let Some(live) = live {
        let (id, name) = (live.id.0, harmless(&live.name));
        let file = store.model_file(TENANT, live.id).await?.unwrap_or_default();
        return Ok(match read(&file) {
            Ok(_) => format!("Model version {id} ({name}) decides."),
            Err(why) => format!("Model version {id} ({name}) is live, and this release cannot use it: {why}"),
        });
    }
    let configured = match setup::load(global) {
        Ok(loaded) => loaded.settings.model.uri,
        Err(error) => {
            return Ok(format!("No stored version is live, and the configuration cannot be read: {error:#}"));
        }
    };
    if matches!(&configured, ModelUri::Builtin(name) if name == RULES) {
        return Ok(
            "The hand-set tables decide alone: no stored version is live, and model.uri is builtin:rules."
                .to_owned(),
        );
    }
    Ok(format!(
        "{configured} decides: no stored version is live, and the configuration names it (`palisade models show {configured}`)."
    ))
}

/// The answer is "no".
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct NoSuch(String);

async fn answer(store: &dyn Store, verb: &Verb, as_json: bool) -> anyhow::Result<String> {
    match verb {
        Verb::List => Ok(shown::list(&store.models(TENANT).await?, as_json)?),
        Verb::Show { what } => {
            let id = what.parse().map_err(|_| UsageError(format!("{what} is no number of a version")))?;
            show(store, ModelVersionId(id), as_json).await
        }
        Verb::Shadow(args) => {
            step(store, ModelStep::Shadow(ModelVersionId(args.id)), &args.reason, as_json).await
        }
        Verb::Promote(args) => {
            step(store, ModelStep::Promote(ModelVersionId(args.id)), &args.reason, as_json).await
        }
        Verb::Reject(args) => {
            step(store, ModelStep::Reject(ModelVersionId(args.id)), &args.reason, as_json).await
        }
        Verb::Rollback { subject, reason } => {
            step(store, ModelStep::RollBack(subject.clone()), reason, as_json).await
        }
        Verb::Export { id, out } => export(store, ModelVersionId(*id), out, as_json).await,
        Verb::Import { file, reason } => import(store, file, reason, as_json).await,
    }
}

async fn version(store: &dyn Models, id: ModelVersionId) -> anyhow::Result<ModelVersion> {
    let found = store.models(TENANT).await?.into_iter().find(|version| version.id == id);
    found.ok_or_else(|| {
        NoSuch(format!("there is no model version {}; `palisade models list` shows those there are", id.0))
            .into()
    })
}

async fn show(store: &dyn Store, id: ModelVersionId, as_json: bool) -> anyhow::Result<String> {
    let version = version(store, id).await?;
    let changes = store.model_changes(TENANT, id, Page::FIRST).await?;
    let labels = store.model_labels(TENANT, id).await?;
    // A version of an older release is shown all the same; only its card cannot be.
    let file = store.model_file(TENANT, id).await?.unwrap_or_default();
    let model = any(&file);
    Ok(shown::one(&version, &changes, labels.len(), model.as_ref(), as_json)?)
}

async fn step(store: &dyn Store, step: ModelStep, reason: &str, as_json: bool) -> anyhow::Result<String> {
    if let ModelStep::Promote(id) | ModelStep::Shadow(id) = &step {
        // What this release cannot read must not be made to decide.
        let version = version(store, *id).await?;
        let file = store.model_file(TENANT, version.id).await?.unwrap_or_default();
        let refused = |why: String| UsageError(format!("model version {}: {why}", version.id.0));
        let model = any(&file).map_err(|why| refused(why.to_string()))?;
        judging(model, Subject::Traffic).map_err(refused)?;
    }
    let object = match &step {
        ModelStep::Shadow(id) | ModelStep::Promote(id) | ModelStep::Reject(id) => format!("model:{}", id.0),
        ModelStep::RollBack(subject) => format!("model:{subject}"),
    };
    let line = ledger::line(step.action(), object, reason.to_owned(), None, shell::now());
    let made = store.step_model(TENANT, &step, &line, &AuditRandom::new(ledger::random()?)).await;
    let changed = made.map_err(|error| match error {
        StepError::Refused(refusal) => anyhow::Error::from(NoSuch(refusal.to_string())),
        StepError::Write(error) => error.into(),
    })?;
    Ok(shown::changed(&step, &changed, as_json)?)
}

async fn export(store: &dyn Store, id: ModelVersionId, out: &Path, as_json: bool) -> anyhow::Result<String> {
    page::check("--out", out, std::iter::empty())?;
    let version = version(store, id).await?;
    let file = store.model_file(TENANT, id).await?.unwrap_or_default();
    page::write(out, &file)?;
    Ok(match as_json {
        true => serde_json::json!({ "id": id.0, "out": out.display().to_string(), "sha256": version.sha256 })
            .to_string(),
        false => format!("model version {} ({}): {}", id.0, version.name, out.display()),
    })
}

async fn import(store: &dyn Store, path: &Path, reason: &str, as_json: bool) -> anyhow::Result<String> {
    let refused = |why: &dyn std::fmt::Display| UsageError(format!("{}: {why}", path.display()));
    let cannot = |why: std::io::Error| refused(&format!("cannot be read ({why}); name a model file"));
    let size = std::fs::metadata(path).map_err(cannot)?.len();
    if size > MODEL_BYTES_MAX as u64 {
        return Err(
            refused(&format!("it has {size} bytes, and a model file {MODEL_BYTES_MAX} at most")).into()
        );
    }
    let file = std::fs::read(path).map_err(cannot)?;
    let model = any(&file).map_err(|why| refused(&why))?;
    let line = ledger::line("model.import", String::new(), reason.to_owned(), None, shell::now());
    let random = AuditRandom::new(ledger::random()?);
    let made = store.add_model(TENANT, &as_stored(&model, file, Vec::new()), &line, &random).await?;
    let next = match model.subject() {
        Subject::Traffic => format!("`palisade models promote {}` makes it live", made.id.0),
        Subject::Behaviour => {
            "it can be shown and exported; no release serves models of behaviour yet".to_owned()
        }
    };
    Ok(match as_json {
        true => serde_json::json!({ "id": made.id.0, "name": made.name, "status": made.status.name() })
            .to_string(),
        false => format!("{} is model version {}, a candidate; {next}", made.name, made.id.0),
    })
}

/// The model of traffic in `file`, where this release can use it.
///
/// # Errors
/// With what is wrong with it.
pub(crate) fn read(file: &[u8]) -> Result<Model, ModelError> {
    schema::expected(|expect| Model::read(file, expect))
}

/// `model` and its `file` as they are stored.
pub(crate) fn as_stored(model: &Model, file: Vec<u8>, labels: Vec<palisade_store::LabelId>) -> NewModel {
    let said = model.file();
    let mut figures = said.metrics.clone();
    // It stays in the file: whoever shows figures has no use for it.
    figures.remove(drift::KEY);
    NewModel {
        name: said.id.clone(),
        kind: said.kind.name().to_owned(),
        subject: said.subject.name().to_owned(),
        data_sha256: said.trained.data_sha256.clone(),
        metrics: serde_json::Value::Object(figures).to_string(),
        labels,
        file,
    }
}
