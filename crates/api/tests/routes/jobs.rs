//! `/train` and `/jobs/{id}`.

use std::sync::{Arc, Mutex};

use palisade_api::{Job, JobRefusal, JobState, Jobs, TrainKind, TrainWish};
use palisade_domain::TenantId;
use palisade_store::{Page, Scope};

use crate::bench::{Bench, Call};

/// Somebody who keeps one job and does nothing.
#[derive(Default)]
struct Idle(Mutex<Vec<(TrainWish, JobState)>>);

impl Jobs for Idle {
    fn begin(&self, wish: &TrainWish) -> Result<String, JobRefusal> {
        let mut held = self.0.lock().unwrap();
        if let Some(asked) = wish.model.clone().filter(|model| model != "additive") {
            return Err(JobRefusal::Model { asked, known: vec!["additive"] });
        }
        if held.iter().any(|(_, state)| !state.is_over()) {
            return Err(JobRefusal::Busy(held.len().to_string()));
        }
        held.push((wish.clone(), JobState::Running));
        Ok(held.len().to_string())
    }

    fn job(&self, id: &str) -> Option<Job> {
        let held = self.0.lock().unwrap();
        let (_, state) = held.get(id.parse::<usize>().ok()?.checked_sub(1)?)?;
        Some(Job {
            id: id.to_owned(),
            state: *state,
            stage: "train".to_owned(),
            progress: 0.5,
            started: Some("2026-03-01T00:00:00Z".to_owned()),
            ended: None,
            error: None,
            model_version: None,
            outcome: None,
        })
    }

    fn cancel(&self, id: &str) -> Option<Job> {
        let at = id.parse::<usize>().ok()?.checked_sub(1)?;
        if let Some((_, state)) = self.0.lock().unwrap().get_mut(at).filter(|(_, state)| !state.is_over()) {
            *state = JobState::Cancelled;
        }
        self.job(id)
    }
}

async fn training() -> (Bench, Arc<Idle>) {
    let (bench, idle) = (Bench::new().await, Arc::new(Idle::default()));
    bench.api.plug_jobs(Arc::clone(&idle) as Arc<dyn Jobs>);
    (bench, idle)
}

async fn delete(bench: &Bench, path: &str) -> crate::bench::Answer {
    bench.call(Call::new("DELETE", path).header("x-api-key", bench.key(Scope::Train))).await
}

#[tokio::test]
async fn a_training_is_begun_looked_at_and_cancelled() {
    let (bench, idle) = training().await;
    let begun = bench.post("/train?epochs=10&batch_size=32", Scope::Train, "").await;
    assert_eq!((begun.status, begun.json()), (202, serde_json::json!({"job_id": "1"})));
    let wish = idle.0.lock().unwrap()[0].0.clone();
    assert_eq!((wish.epochs, wish.batch_size, wish.model), (Some(10), Some(32), None));
    let job = bench.get("/jobs/1", Scope::Train).await.json();
    assert_eq!((&job["state"], &job["stage"]), (&"running".into(), &"train".into()));
    assert!(job.get("error").is_none(), "what is not there is left out: {job}");
    bench.post("/train", Scope::Train, "").await.is_error(409, "busy");
    assert_eq!(delete(&bench, "/jobs/1").await.json()["state"], "cancelled");
    assert_eq!(bench.post("/train?model=additive&kind=behaviour", Scope::Train, "").await.status, 202);
    let kinds: Vec<TrainKind> = idle.0.lock().unwrap().iter().map(|(wish, _)| wish.kind).collect();
    assert_eq!(kinds, [TrainKind::Traffic, TrainKind::Behaviour]);
    let lines = bench.api.store.audit_lines(TenantId(0), Page::FIRST).await.unwrap();
    let deeds: Vec<&str> = lines.iter().map(|line| line.action.as_str()).collect();
    assert_eq!(deeds, ["model.train", "model.cancel", "model.train"]);
}

#[tokio::test]
async fn nonsense_is_refused() {
    let (bench, _) = training().await;
    for query in
        ["epochs=0", "epochs=10001", "epochs=many", "batch_size=0", "epochs=-1", "model=oracle", "kind=hands"]
    {
        bench.post(&format!("/train?{query}"), Scope::Train, "").await.is_error(422, "invalid_body");
    }
    let message = bench.post("/train?model=oracle", Scope::Train, "").await.is_error(422, "invalid_body");
    assert!(message.contains("oracle") && message.contains("additive"), "{message}");
    for id in ["7", "x", "%ff", "18446744073709551616"] {
        bench.get(&format!("/jobs/{id}"), Scope::Train).await.is_error(404, "not_found");
        delete(&bench, &format!("/jobs/{id}")).await.is_error(404, "not_found");
    }
    bench.post("/train", Scope::Check, "").await.is_error(403, "forbidden");
}

#[tokio::test]
async fn where_nobody_trains_it_is_said() {
    let bench = Bench::new().await;
    let message = bench.post("/train", Scope::Train, "").await.is_error(503, "unavailable");
    assert!(message.contains("nobody trains here"), "{message}");
}
