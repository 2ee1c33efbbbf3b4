//! Which models are in office: the live one of the store, and the one in its shadow.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use palisade_detect::learned::Shadow;
use palisade_model::Model;
use palisade_model::drift::{ALERT_PSI, Drift};
use palisade_store::{ModelStatus, ModelVersion, Models, model_with};

use crate::commands::models;
use crate::ledger::TENANT;
use crate::models::Opened;

/// How often it is looked whether other models are in office: `palisade models promote` is another process.
pub(crate) const LOOK_EVERY: Duration = Duration::from_secs(2);

/// What the versions of traffic models are called in the store.
pub(crate) const TRAFFIC: &str = "traffic";

/// One model and its version.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    /// Its version, as stored.
    pub(crate) version: ModelVersion,
    /// The model, checked.
    pub(crate) model: Arc<Model>,
    /// Live requests beside what was usual; none where its file does not say. Whoever scores notes them there.
    pub(crate) drift: Option<Arc<Drift>>,
}

/// The stored models that score traffic. Where none is live, what the configuration names decides.
#[derive(Clone, Debug, Default)]
pub(crate) struct InOffice {
    /// It decides.
    pub(crate) live: Option<Held>,
    /// It scores beside it.
    pub(crate) challenger: Option<Held>,
    /// What decides where no stored version is live; nothing where the hand-set tables do.
    pub(crate) configured: Option<Named>,
}

/// A model that is no stored version, as metrics name it.
#[derive(Clone, Debug)]
pub(crate) struct Named {
    id: String,
    kind: &'static str,
    sha256: String,
}

impl Named {
    /// `model` by name.
    pub(crate) fn of(model: &Opened) -> Named {
        Named { id: model.id().to_owned(), kind: model.kind(), sha256: model.sha256().to_owned() }
    }
}

/// A line for `/metrics` where a model of another make decides: how often it had no opinion.
pub(crate) fn no_opinions(count: Option<u64>) -> String {
    let line = |count| {
        format!(
            "# HELP model_no_opinion_total Requests of which the ONNX model gave no probability; the tables alone judged them\n\
             # TYPE model_no_opinion_total counter\nmodel_no_opinion_total {count}\n"
        )
    };
    count.map(line).unwrap_or_default()
}

impl InOffice {
    /// What the store says now.
    ///
    /// # Errors
    /// Where it cannot be read, or holds a file that this release cannot use.
    pub(crate) async fn of(store: &dyn Models) -> anyhow::Result<InOffice> {
        let versions = store.models(TENANT).await?;
        let held = async |status| -> anyhow::Result<Option<Held>> {
            let Some(version) = model_with(&versions, TRAFFIC, status) else { return Ok(None) };
            let file = store.model_file(TENANT, version.id).await?.unwrap_or_default();
            let way = "`palisade models rollback` returns to the one before";
            let model =
                models::read(&file).with_context(|| format!("model version {} ({way})", version.id.0))?;
            let drift = Drift::of(&model).map(Arc::new);
            Ok(Some(Held { version: version.clone(), model: Arc::new(model), drift }))
        };
        let (live, challenger) = (held(ModelStatus::Live).await?, held(ModelStatus::Shadow).await?);
        Ok(InOffice { live, challenger, configured: None })
    }

    /// The same, with the counts of those that were in office `before`.
    pub(crate) fn succeeding(mut self, before: &InOffice) -> InOffice {
        self.configured.clone_from(&before.configured);
        let held = [&before.live, &before.challenger];
        for now in [&mut self.live, &mut self.challenger].into_iter().flatten() {
            if let Some(then) = held.into_iter().flatten().find(|then| then.version.id == now.version.id) {
                now.drift.clone_from(&then.drift);
            }
        }
        self
    }

    /// What has changed so much that the live model may be wrong about it, in words; nothing where all is as usual.
    pub(crate) fn alert(&self) -> Option<String> {
        let held = self.live.as_ref()?;
        let views = held.drift.as_ref()?.report();
        let worst = views.iter().flat_map(|view| {
            let score = std::iter::once(("the score", view.score));
            let features = view.features.iter().map(|(name, psi)| (name.as_str(), *psi));
            score.chain(features).map(move |(what, psi)| (view.view.as_str(), what, psi))
        });
        let (view, what, psi) = worst.max_by(|one, other| one.2.total_cmp(&other.2))?;
        (psi > ALERT_PSI).then(|| {
            format!(
                "traffic has changed since model version {} was trained: PSI {psi:.2} of {what} in view {view} (above \
                 {ALERT_PSI}); train again (`palisade train --from-store`)",
                held.version.id.0
            )
        })
    }

    /// Lines for `/metrics`, with what the challenger made of live requests: which model decides, and which is beside it. What is no stored version has number 0.
    pub(crate) fn metrics(&self, shadow: &Shadow) -> String {
        let mut text = "# HELP model_version_info The models that score traffic\n\
             # TYPE model_version_info gauge\n"
            .to_owned();
        for (role, held) in [("live", &self.live), ("shadow", &self.challenger)] {
            if let Some(Held { version, .. }) = held {
                // Names in model files are of letters, digits and `._-`, so nothing needs an escape.
                text.push_str(&format!(
                    "model_version_info{{version=\"{}\",id=\"{}\",kind=\"{}\",sha256=\"{}\",role=\"{role}\"}} 1\n",
                    version.id.0, version.name, version.kind, version.sha256
                ));
            }
        }
        if let (None, Some(Named { id, kind, sha256 })) = (&self.live, &self.configured) {
            text.push_str(&format!(
                "model_version_info{{version=\"0\",id=\"{id}\",kind=\"{kind}\",sha256=\"{sha256}\",role=\"live\"}} 1\n"
            ));
        }
        if self.challenger.is_some() {
            text.push_str("# HELP model_shadow_requests_total Requests by what the live model and the challenger made of them\n# TYPE model_shadow_requests_total counter\n");
            let word = |challenged: bool| if challenged { "challenge" } else { "below" };
            for ((live, challenger), count) in shadow.counts() {
                text.push_str(&format!(
                    "model_shadow_requests_total{{live=\"{}\",challenger=\"{}\"}} {count}\n",
                    word(live),
                    word(challenger)
                ));
            }
        }
        let views = self.live.iter().filter_map(|held| held.drift.as_ref()).flat_map(|drift| drift.report());
        let views: Vec<_> = views.collect();
        if !views.is_empty() {
            text.push_str("# HELP model_score_psi How far scores have moved since the training (PSI)\n# TYPE model_score_psi gauge\n");
            for view in &views {
                text.push_str(&format!("model_score_psi{{view=\"{}\"}} {:.4}\n", view.view, view.score));
            }
            text.push_str("# HELP model_drift_psi How far a feature has moved since the training (PSI)\n# TYPE model_drift_psi gauge\n");
            for view in &views {
                for (feature, psi) in &view.features {
                    text.push_str(&format!(
                        "model_drift_psi{{view=\"{}\",feature=\"{feature}\"}} {psi:.4}\n",
                        view.view
                    ));
                }
            }
        }
        text
    }
}
