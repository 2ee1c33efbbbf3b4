//! A model of behaviour, from stored interactions and what was said about them. No release serves one yet: it stays a candidate, which
//! can be shown and exported, until a newer one takes its place.

use palisade_challenge::behaviour::schema;
use palisade_detect::learned::UNPROVEN_BOUND;
use palisade_learn::behaviour;
use palisade_learn::evaluation::{EvaluateOptions, evaluate};
use palisade_learn::traffic::CHALLENGE;
use palisade_model::{Card, Subject};

use super::{Outcome, Training, complete, gather};
use crate::commands::behaviour::{SUMMARY, WEAKNESSES, table};
use crate::exit::UsageError;

impl Training<'_> {
    /// Reads, trains, and keeps what it made.
    pub(super) async fn of_hands(&self) -> anyhow::Result<Outcome> {
        self.report.stage("read", 0.0)?;
        let read = gather::interactions(self.store, |share| self.report.progress("read", share)).await?;
        self.report.table(&table(&read.read))?;
        self.report.stage("train", 0.0)?;
        let data = &read.data;
        let card = Card {
            summary: SUMMARY.to_owned(),
            data: format!("stored interactions of this installation: {} with labels", data.rows.len()),
            weaknesses: WEAKNESSES.map(str::to_owned).to_vec(),
            // Written with the bound.
            trust: String::new(),
        };
        let settings = self.settings(Subject::Behaviour.name(), data, card);
        let watch = |step| self.watch(step);
        let trained = behaviour::train_watched(data, &settings, &watch).map_err(|error| {
            UsageError(format!("{error}; POST /api/update says who a stored interaction was"))
        })?;
        let options =
            EvaluateOptions { threshold: CHALLENGE, nominal_fpr: Some(0.005), ..EvaluateOptions::default() };
        let found = evaluate(&trained.unseen, &options)?;
        self.report.stage("store", 0.0)?;
        // Who labels many visits of one person, each without a session, has many groups: they prove no number of people.
        let model = complete(&trained.model, &found, data, UNPROVEN_BOUND)?;
        let version = self.keep(&model, read.labels, "trained from stored interactions").await?;
        // Killed between the two, both stay, and the next training puts them aside.
        self.put_aside(Subject::Behaviour.name(), Some(version.id), "a newer one was trained").await?;
        let order = match (found.auc, found.auc_interval) {
            (Some(auc), Some(interval)) => {
                format!("AUC {auc:.3} ({:.3} to {:.3}) on groups it never saw", interval.lo, interval.hi)
            }
            _ => "too few for a figure".to_owned(),
        };
        let text = format!(
            "model version {} learned from {} interactions ({}): {order}; no release serves models of behaviour yet, \
             `palisade models show {}` has its figures",
            version.id.0,
            data.rows.len(),
            schema::ID,
            version.id.0
        );
        Ok(Outcome { version: Some(version.id), text })
    }
}
