//! One training from the store, in a process of its own: `palisade train --from-store`.
//!
//! 1. *export*: stored requests as lines in a file of this user only.
//! 2. *read*: replayed in time order into numbers; labels weighed.
//! 3. *split*: a fifth of all networks never trains; 4. *freeze*: those of them with labels go into the frozen set.
//! 5. *judge*: a challenger in the shadow is held against the live model, on the frozen set and on labels that came after it. It is
//!    promoted, rejected, or waits; while it waits nothing else is trained.
//! 6. *train*, 7. *calibrate*: a new model; on the frozen set it must look better than the live one to shadow it.
//! 8. *store*: written as a candidate, in one transaction; 9. *shadow* (or *promote*): on its way, in another.
//!
//! Killed at any moment it leaves whole versions only, and the live model as it was; begun again it begins with step 1. A candidate
//! of a training that died before it judged it is put aside by the next.

mod folder;
mod hands;
mod measure;
mod report;

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Arc;

use palisade_detect::{HashSeed, Learned};
use palisade_learn::dataset::{Dataset, DatasetError, DatasetOptions};
use palisade_learn::evaluation::{EvaluateOptions, Evaluation, evaluate};
use palisade_learn::held::{Holder, Parts, divided};
use palisade_learn::labels::{Known, Told, clients, counted, weigh};
use palisade_learn::online::{self, OnlineSettings};
use palisade_learn::promotion::{Verdict, decide, first_look};
use palisade_learn::traffic::{self, CHALLENGE, Step, TrafficSettings};
use palisade_learn::train::{AdditiveSettings, KindSettings};
use palisade_model::{Card, Model, Subject};
use palisade_replay::labels as csv;
use palisade_replay::merge::FeedOptions;
use palisade_store::{
    AuditRandom, LabelId, ModelStatus, ModelStep, ModelVersion, ModelVersionId, NewAuditLine, Store,
};

use super::gather;
use super::office::{InOffice, TRAFFIC};
use crate::commands::{Global, models};
use crate::exit::UsageError;
use crate::ledger::{self, TENANT};
use crate::{seed, setup, shell};
use report::Report;

pub(crate) use folder::Folder;
pub(crate) use report::Line;

/// The kinds that are trained from the store.
pub(crate) const KINDS: [&str; 1] = ["additive"];

/// Days that a challenger may wait for labels.
const WAIT_DAYS: i64 = 28;

/// What a training is asked.
#[derive(Clone, Debug)]
pub(crate) struct Wish {
    /// What the model judges.
    pub(crate) subject: Subject,
    /// Rounds over the data.
    pub(crate) rounds: Option<usize>,
    /// What everything random follows from.
    pub(crate) seed: u64,
    /// Is it somebody's child, who reads its progress and ends it by closing its standard input?
    pub(crate) is_child: bool,
    /// Is the live model only to follow new labels, instead of a new one?
    pub(crate) is_online: bool,
    /// Who asks, in the words of the audit log.
    pub(crate) actor: &'static str,
}

/// What came of it.
#[derive(Debug, Default)]
struct Outcome {
    version: Option<ModelVersionId>,
    text: String,
}

/// Runs it.
///
/// # Errors
/// Where the data folder or the store cannot be used, another training is under way, or there is too little to learn from.
pub(crate) fn run(wish: &Wish, global: &Global) -> anyhow::Result<ExitCode> {
    if wish.is_child {
        folder::step_back()?;
    }
    let report = Report::new(wish.is_child || global.json);
    let done = ledger::with_store(global, async |data, store| {
        let settings = setup::load(global)?.settings.model;
        let seed = seed::of(&data)?;
        let folder = Folder::open(&data)?;
        let _lock = folder.lock()?;
        let training = Training {
            store: &*store,
            wish,
            seed,
            folder: &folder,
            report: &report,
            auto: settings.auto_promote,
            configured: crate::models::configured(&settings)
                .map_err(UsageError)?
                .map(|model| model.learned()),
        };
        let done = match wish.subject {
            Subject::Traffic => training.run().await,
            Subject::Behaviour => training.of_hands().await,
        };
        folder.clear();
        done
    });
    match done {
        Ok(outcome) => {
            report.done(outcome.version, &outcome.text)?;
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            report.failed(&error);
            Err(error)
        }
    }
}

struct Training<'a> {
    store: &'a dyn Store,
    wish: &'a Wish,
    seed: HashSeed,
    folder: &'a Folder,
    report: &'a Report,
    auto: bool,
    /// What decides where no stored version is live; without one the hand-set tables do.
    configured: Option<Learned>,
}

/// What was read.
struct Material {
    parts: Parts,
    data: Dataset,
    known: BTreeMap<String, Known>,
    /// When something was last said about a client, and by which label.
    told: Vec<Told>,
}

impl Training<'_> {
    async fn run(&self) -> anyhow::Result<Outcome> {
        let material = self.material().await?;
        self.freeze(&material).await?;
        self.put_aside_orphans().await?;
        let frozen = measure::frozen(self.store).await?;
        let office = InOffice::of(self.store).await?;
        if let Some(challenger) = &office.challenger {
            self.report.stage("judge", 0.0)?;
            let judged = self.judge(&office, challenger, &material, &frozen).await?;
            if let Some(outcome) = judged {
                return Ok(outcome);
            }
        }
        if self.wish.is_online {
            return self.follow(&office, &material, &frozen).await;
        }
        // Whoever was promoted just now is the one to beat.
        let office = InOffice::of(self.store).await?;
        self.report.stage("train", 0.0)?;
        let settings = self.settings(TRAFFIC, &material.parts.training, Self::card(&material));
        let watch = |step| self.watch(step);
        let trained =
            traffic::train_watched(&material.parts.training, &settings, &watch).map_err(|error| {
                UsageError(format!("{error}; stored labels are too few (`palisade labels list`)"))
            })?;
        let options =
            EvaluateOptions { threshold: CHALLENGE, nominal_fpr: Some(0.005), ..EvaluateOptions::default() };
        let found = evaluate(&trained.unseen, &options)?;
        self.report.stage("store", 0.0)?;
        let labels = labels_of(&material.parts.training, &material.known);
        let data = &material.parts.training;
        let model = complete(&trained.model, &found, data, traffic::earned_bound(data))?;
        let version = self.keep(&model, labels, "trained from stored labels").await?;
        let live = self.live(&office);
        let rivals = measure::rivals(&frozen, live.as_ref(), &model);
        let decision = first_look(&rivals);
        let step = match decision.verdict {
            Verdict::Reject => ModelStep::Reject(version.id),
            Verdict::Promote | Verdict::Wait => ModelStep::Shadow(version.id),
        };
        self.report.stage("shadow", 0.0)?;
        self.step(&step, &decision.reason).await?;
        let word = if decision.verdict == Verdict::Reject { "rejected" } else { "shadows live traffic" };
        let text = format!("model version {} {word}: {}", version.id.0, decision.reason);
        Ok(Outcome { version: Some(version.id), text })
    }

    /// A training holds the folder, so whoever trained a candidate that was never judged is gone.
    async fn put_aside_orphans(&self) -> anyhow::Result<()> {
        self.put_aside(TRAFFIC, None, "its training ended before it was judged; another was begun").await
    }

    /// Puts the candidates aside that were trained here, but for one.
    async fn put_aside(&self, subject: &str, but: Option<ModelVersionId>, why: &str) -> anyhow::Result<()> {
        for version in self.store.models(TENANT).await? {
            let is_candidate = version.status == ModelStatus::Candidate
                && version.subject == subject
                && Some(version.id) != but;
            // Who read a model in from a file decides about it.
            if is_candidate && !self.store.model_labels(TENANT, version.id).await?.is_empty() {
                self.step(&ModelStep::Reject(version.id), why).await?;
            }
        }
        Ok(())
    }

    /// Nobody stops in the middle of a training because nobody listens: the next stage finds that out.
    fn watch(&self, step: Step) {
        match step {
            Step::Training(share) => self.report.progress("train", share),
            Step::Calibrating(share) => {
                let _ = self.report.stage("calibrate", share);
            }
        }
    }

    /// The model that decides now.
    fn live(&self, office: &InOffice) -> Option<Learned> {
        let stored = office.live.as_ref().map(|held| Learned::new(Arc::clone(&held.model)));
        stored.or_else(|| self.configured.clone())
    }

    /// Everything stored, in numbers.
    async fn material(&self) -> anyhow::Result<Material> {
        self.report.stage("export", 0.0)?;
        let mut file = self.folder.traffic()?;
        let written =
            gather::events(self.store, &mut file, |share| self.report.progress("export", share)).await;
        let written = written.map_err(|error| self.folder.blamed(error))?;
        drop(file);
        let unmasked = written.unmasked(self.seed);
        let mut told = gather::told(self.store, Some(&unmasked)).await?;
        told.extend(written.trapped.iter().cloned());
        let worth = weigh(&told);
        self.report.counted(&counted(&worth))?;
        let known = clients(&told, &worth);
        let labels = known
            .iter()
            .map(|(client, known)| (client.clone(), csv::Known { is_bot: known.is_bot, family: None }));
        let options = DatasetOptions {
            feed: FeedOptions { format: None, now: shell::now() },
            labels: Some(labels.collect()),
            by_session: false,
        };
        self.report.stage("read", 0.0)?;
        let path = [self.folder.traffic_path()];
        let data = Dataset::read(&path, &options, |progress| {
            let total = progress.bytes_total.unwrap_or(0).max(1);
            self.report.progress("read", (progress.bytes_read as f64 / total as f64).min(1.0));
        });
        let data = data.map_err(|error| match error {
            DatasetError::Nothing { .. } => UsageError(
                "no request is stored with its facts; `[store] event_sample = 1.0` keeps all of them".to_owned(),
            ),
            DatasetError::Unlabelled { clients } => UsageError(format!(
                "no stored client of {clients} has a label that counts; `palisade labels list` says why, /feedback and \
                 `palisade labels add` make some"
            )),
            DatasetError::Source(error) => UsageError(error.to_string()),
        })?;
        self.report.stage("split", 0.0)?;
        let parts = divided(&data, &known, Holder::new(self.seed));
        Ok(Material { parts, data, known, told })
    }

    async fn freeze(&self, material: &Material) -> anyhow::Result<()> {
        self.report.stage("freeze", 0.0)?;
        let rows =
            measure::to_freeze(&material.parts.held, &material.known, Holder::new(self.seed), shell::now());
        self.store.add_frozen(TENANT, &rows).await?;
        Ok(())
    }

    /// The live model after the labels that came since it was made, where the frozen set says that it does no harm.
    async fn follow(
        &self,
        office: &InOffice,
        material: &Material,
        frozen: &Dataset,
    ) -> anyhow::Result<Outcome> {
        let live = office.live.as_ref().ok_or_else(|| {
            UsageError(
                "no stored model is live, so none can follow labels; `palisade train --from-store` makes one"
                    .into(),
            )
        })?;
        self.report.stage("train", 0.0)?;
        let mut labels = self.store.model_labels(TENANT, live.version.id).await?;
        let newest = labels.iter().map(|label| label.0).max();
        let since = live.version.created_at.millis();
        // By number where it is known what it learned from: labels that came while it did are new to it.
        let is_old = |told: &Told| match newest {
            Some(newest) if told.id != 0 => told.id <= newest,
            _ => told.at_ms < since,
        };
        let recent = measure::recent(&material.parts.training, &material.known, &material.told, is_old);
        let made = match online::guarded(&live.model, &recent, frozen, OnlineSettings::default()) {
            Ok(made) if made != *live.model => made,
            Ok(_) => {
                return Ok(Outcome { version: None, text: "no new label moves the live model".to_owned() });
            }
            Err(why) => {
                return Ok(Outcome { version: None, text: format!("the live model stays as it is: {why}") });
            }
        };
        self.report.stage("store", 0.0)?;
        labels.extend(labels_of(&recent, &material.known));
        let why = format!("model version {} moved by {} new clients", live.version.id.0, recent.rows.len());
        let version = self.keep(&made, labels, &why).await?;
        self.report.stage("promote", 0.0)?;
        self.step(&ModelStep::Promote(version.id), &why).await?;
        Ok(Outcome {
            version: Some(version.id),
            text: format!("model version {} is live: {why}", version.id.0),
        })
    }

    /// What becomes of the challenger; an outcome where nothing more is to be done now.
    async fn judge(
        &self,
        office: &InOffice,
        challenger: &super::office::Held,
        material: &Material,
        frozen: &Dataset,
    ) -> anyhow::Result<Option<Outcome>> {
        let id = challenger.version.id;
        let live = self.live(office);
        let since = challenger.version.created_at.millis();
        let is_old = |told: &Told| told.at_ms < since;
        let recent = measure::recent(&material.data, &material.known, &material.told, is_old);
        let decision = decide(
            &measure::rivals(frozen, live.as_ref(), &challenger.model),
            &measure::rivals(&recent, live.as_ref(), &challenger.model),
        );
        let said = |word: &str| format!("model version {} {word}: {}", id.0, decision.reason);
        let age_days = (shell::now().millis() - since) / 86_400_000;
        match decision.verdict {
            Verdict::Promote if self.auto => {
                self.report.stage("promote", 0.0)?;
                self.step(&ModelStep::Promote(id), &decision.reason).await?;
                Ok(Some(Outcome { version: Some(id), text: said("is live") }))
            }
            Verdict::Promote => {
                let text =
                    said("is better; `palisade models promote` makes it live (model.auto_promote is off)");
                Ok(Some(Outcome { version: Some(id), text }))
            }
            Verdict::Wait if age_days < WAIT_DAYS => {
                Ok(Some(Outcome { version: Some(id), text: said("still shadows live traffic") }))
            }
            Verdict::Wait | Verdict::Reject => {
                self.step(&ModelStep::Reject(id), &decision.reason).await?;
                Ok(None)
            }
        }
    }

    fn card(material: &Material) -> Card {
        Card {
            summary: "How likely a program sent a request, from the request and the history of its client."
                .to_owned(),
            data: format!(
                "stored traffic of this installation: {} clients with labels, of which {} never train",
                material.known.len(),
                material.parts.held.rows.len()
            ),
            weaknesses: vec![
                "It knows the programs and people of this installation's labels, and no others.".to_owned(),
            ],
            // Written with the bound.
            trust: String::new(),
        }
    }

    /// How it is learned from what is stored, whatever is judged.
    fn settings(&self, name: &str, data: &Dataset, card: Card) -> TrafficSettings {
        let usual = AdditiveSettings::default();
        TrafficSettings {
            id: format!("{name}-{}", &data.digest()[..12]),
            at_ms: data.newest_ms,
            kind: KindSettings::Additive(AdditiveSettings {
                seed: self.wish.seed,
                rounds: self.wish.rounds.unwrap_or(usual.rounds),
                ..usual
            }),
            without: Vec::new(),
            contribution_max: f32::INFINITY,
            folds: 5,
            repeats: 1,
            sources: Vec::new(),
            card,
        }
    }

    async fn keep(&self, model: &Model, labels: Vec<LabelId>, why: &str) -> anyhow::Result<ModelVersion> {
        let new = models::as_stored(model, model.to_bytes(), labels);
        let line = self.line("model.add", String::new(), why);
        let random = AuditRandom::new(ledger::random()?);
        Ok(self.store.add_model(TENANT, &new, &line, &random).await?)
    }

    async fn step(&self, step: &ModelStep, reason: &str) -> anyhow::Result<()> {
        let object = match step {
            ModelStep::Shadow(id) | ModelStep::Promote(id) | ModelStep::Reject(id) => {
                format!("model:{}", id.0)
            }
            ModelStep::RollBack(subject) => format!("model:{subject}"),
        };
        let line = self.line(step.action(), object, reason);
        self.store.step_model(TENANT, step, &line, &AuditRandom::new(ledger::random()?)).await?;
        Ok(())
    }

    fn line(&self, action: &str, object: String, detail: &str) -> NewAuditLine {
        NewAuditLine {
            time: shell::now(),
            actor: self.wish.actor.to_owned(),
            action: action.to_owned(),
            object,
            detail: detail.to_owned(),
            personal: Vec::new(),
        }
    }
}

/// `model` with its figures, with what was usual, and held to `bound`.
fn complete(model: &Model, found: &Evaluation, data: &Dataset, bound: f32) -> anyhow::Result<Model> {
    let model = traffic::with_metrics(model, found, data)?;
    Ok(traffic::bounded(&model, bound, data.people())?)
}

/// The labels of those who trained.
fn labels_of(data: &Dataset, known: &BTreeMap<String, Known>) -> Vec<LabelId> {
    let last = data.rows.iter().filter(|row| row.is_last);
    let known = last.filter_map(|row| known.get(&data.clients[row.client as usize]));
    known.flat_map(|known| known.labels.iter().copied().map(LabelId)).collect()
}
