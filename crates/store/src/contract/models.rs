//! Promises of [`Models`](crate::Models).

use super::audit::random;
use super::{ONE, TWO, at};
use crate::{
    LabelId, ModelStatus, ModelStep, ModelVersionId, NewAuditLine, NewModel, Page, StepError, StepRefusal,
    Store, Watched, WriteError, model_with,
};

fn line(action: &str, why: &str) -> NewAuditLine {
    NewAuditLine {
        time: at(3),
        actor: "cli".to_owned(),
        action: action.to_owned(),
        object: "model:?".to_owned(),
        detail: why.to_owned(),
        personal: Vec::new(),
    }
}

fn model(name: &str, labels: &[i64]) -> NewModel {
    NewModel {
        name: name.to_owned(),
        kind: "additive".to_owned(),
        subject: "traffic".to_owned(),
        data_sha256: "ab".repeat(32),
        metrics: "{\"auc\":0.9}".to_owned(),
        labels: labels.iter().copied().map(LabelId).collect(),
        file: format!("the file of {name}").into_bytes(),
    }
}

async fn add(store: &dyn Store, name: &str, labels: &[i64], n: u8) -> ModelVersionId {
    let added = store.add_model(ONE, &model(name, labels), &line("model.add", "trained"), &random(n)).await;
    added.expect("add").id
}

async fn step(store: &dyn Store, step: ModelStep, n: u8) -> Vec<(ModelVersionId, ModelStatus)> {
    let made = store.step_model(ONE, &step, &line(step.action(), "because"), &random(n)).await;
    made.expect("the step").iter().map(|version| (version.id, version.status)).collect()
}

pub(super) async fn versions_change_as_they_may(store: &dyn Store) {
    use ModelStatus::{Candidate, Live, Retired, Shadow};
    let before = store.changes(ONE, Watched::Models).await.expect("changes");
    let (first, second) = (add(store, "first", &[], 101).await, add(store, "second", &[], 102).await);
    let held = store.models(ONE).await.expect("models");
    assert_eq!((held[0].status, held[0].created_at, held[0].size), (Candidate, at(3), 17));
    assert_eq!(held[0].sha256.len(), 64);
    assert_eq!(store.model_file(ONE, first).await.expect("file").as_deref(), Some(&b"the file of first"[..]));
    assert_eq!(store.model_file(TWO, first).await.expect("file"), None, "not the other tenant's");

    assert_eq!(step(store, ModelStep::Promote(first), 103).await, [(first, Live)]);
    assert_eq!(step(store, ModelStep::Shadow(second), 104).await, [(second, Shadow)]);
    assert_eq!(step(store, ModelStep::Promote(second), 105).await, [(second, Live), (first, Retired)]);
    let back = step(store, ModelStep::RollBack("traffic".into()), 106).await;
    assert_eq!(back, [(second, Retired), (first, Live)]);
    let held = store.models(ONE).await.expect("models");
    assert_eq!(model_with(&held, "traffic", Live).map(|version| version.id), Some(first));

    let audit = store.audit_head(ONE).await.expect("head");
    let changes = store.model_changes(ONE, first, Page::FIRST).await.expect("changes");
    let refused =
        store.step_model(ONE, &ModelStep::Shadow(first), &line("model.shadow", "no"), &random(107)).await;
    assert!(matches!(refused, Err(StepError::Refused(StepRefusal::Status { .. }))), "{refused:?}");
    assert_eq!(store.audit_head(ONE).await.expect("head"), audit, "what is refused is not written");
    let statuses: Vec<_> = changes.iter().map(|change| (change.from, change.to)).collect();
    let expect = [(None, Candidate), (Some(Candidate), Live), (Some(Live), Retired), (Some(Retired), Live)];
    assert_eq!(statuses, expect);
    assert_eq!((changes[1].reason.as_str(), changes[1].author.as_str()), ("because", "cli"));
    assert!(store.changes(ONE, Watched::Models).await.expect("changes") >= before + 6);
    assert!(store.models(TWO).await.expect("models").is_empty());
    let lines = store.audit_lines(ONE, Page { after: audit.line.0 - 6, limit: 9 }).await.expect("lines");
    assert_eq!(lines[0].object, format!("model:{}", first.0), "the line names the version it added");
    assert!(store.verify_audit(ONE, &[]).await.expect("verify").broken.is_none());
}

pub(super) async fn what_was_trained_on_a_label_is_known(store: &dyn Store) {
    let id = add(store, "labelled", &[9, 3, 4, 5, 3], 108).await;
    let labels = store.model_labels(ONE, id).await.expect("labels");
    assert_eq!(labels, [3, 4, 5, 9].map(LabelId));
    assert!(store.model_labels(TWO, id).await.expect("labels").is_empty());
    assert!(store.model_labels(ONE, ModelVersionId(9_999)).await.expect("labels").is_empty());
}

pub(super) async fn full_models_drop_what_is_over(store: &dyn Store) {
    // The other tenants' audit logs are full in this suite.
    let tenant = palisade_domain::TenantId(3);
    let add = async |name: &str, n| {
        store.add_model(tenant, &model(name, &[1]), &line("model.add", "x"), &random(n)).await
    };
    let first = add("first", 1).await.expect("one fits").id;
    let reject = ModelStep::Reject(first);
    store.step_model(tenant, &reject, &line("model.reject", "x"), &random(2)).await.expect("reject");
    let second = add("second", 3).await.expect("the one that is over makes room").id;
    assert_eq!(store.model_file(tenant, first).await.expect("file"), None);
    assert!(store.model_changes(tenant, first, Page::FIRST).await.expect("changes").is_empty());
    let refused = add("third", 4).await;
    assert!(matches!(refused, Err(WriteError::Full { max: 1, .. })), "{refused:?}");
    let held = store.models(tenant).await.expect("models");
    assert_eq!(held.iter().map(|version| version.id).collect::<Vec<_>>(), [second], "candidates stay");
}
