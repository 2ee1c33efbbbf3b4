//! `POST /train`, `GET /jobs/{id}` and `DELETE /jobs/{id}`: training from what is stored.

use axum::RequestPartsExt;
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::Response;
use palisade_store::Scope;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::audit::Deed;
use crate::call::Call;
use crate::jobs::{Job, JobRefusal, Jobs, TrainKind, TrainWish};
use crate::limit::Group;
use crate::problem::{Code, ErrorBody, Problem};

/// How to train. Everything may be left out.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TrainQuery {
    /// Rounds over the data.
    #[param(minimum = 1, maximum = 10_000)]
    epochs: Option<u32>,
    /// Rows that a step looks at; the additive model always looks at all of them.
    #[param(minimum = 1, maximum = 1_000_000)]
    batch_size: Option<u32>,
    /// How the model computes, such as `additive`.
    model: Option<String>,
    /// What it judges.
    #[serde(default)]
    #[param(inline, required = false)]
    kind: TrainKind,
}

/// It was begun.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TrainResponse {
    /// The number of the job, for `/jobs/{id}`.
    pub job_id: String,
}

const EPOCHS_MAX: u32 = 10_000;
const BATCH_MAX: u32 = 1_000_000;

/// Train from what is stored
///
/// The training is a process of its own and changes nothing that decides: what it makes is a candidate, which has to prove
/// better before it is live.
#[utoipa::path(
    post, path = "/train", tag = "models", params(TrainQuery),
    security(("key" = []), ("x_api_key" = [])),
    responses(
        (status = 202, description = "Begun", body = TrainResponse),
        (status = 401, description = "No key, or an unknown one", body = ErrorBody),
        (status = 403, description = "The key lacks the scope `train`", body = ErrorBody),
        (status = 409, description = "A training is under way", body = ErrorBody),
        (status = 422, description = "A parameter is out of its range, or no such model is trained", body = ErrorBody),
        (status = 429, description = "Too many calls", body = ErrorBody),
        (status = 503, description = "Nobody trains here, or the job cannot be kept", body = ErrorBody),
    )
)]
pub async fn train(mut call: Call) -> Result<Response, Problem> {
    let admitted = call.admit(Group::Write, Scope::Train)?;
    let query: Result<Query<TrainQuery>, _> = call.parts.extract().await;
    let Query(query) = query.map_err(|why| Problem::new(Code::InvalidBody, why.body_text()))?;
    let ranges = [("epochs", query.epochs, EPOCHS_MAX), ("batch_size", query.batch_size, BATCH_MAX)];
    for (name, value, max) in ranges {
        if value.is_some_and(|value| value == 0 || value > max) {
            let message = format!("{name} is not in 1..={max}");
            return Err(Problem::new(Code::InvalidBody, message).field(name));
        }
    }
    let TrainQuery { epochs, batch_size, model, kind } = query;
    let wish = TrainWish { kind, epochs, batch_size, model };
    let job_id = jobs(&call)?.begin(&wish).map_err(|why| refused(&why))?;
    let deed =
        Deed { action: "model.train", object: format!("job:{job_id}"), detail: String::new(), about: None };
    call.api.audit(&admitted.actor(), deed).await?;
    Ok(admitted.status(StatusCode::ACCEPTED, &TrainResponse { job_id }))
}

/// How far a training is
#[utoipa::path(
    get, path = "/jobs/{id}", tag = "models", params(("id" = String, Path, description = "As `/train` named it")),
    security(("key" = []), ("x_api_key" = [])),
    responses(
        (status = 200, description = "How far it is", body = Job),
        (status = 401, description = "No key, or an unknown one", body = ErrorBody),
        (status = 403, description = "The key lacks the scope `train`", body = ErrorBody),
        (status = 404, description = "There is none of that number, or it was forgotten: the newest 50 are kept", body = ErrorBody),
        (status = 429, description = "Too many calls", body = ErrorBody),
        (status = 503, description = "Nobody trains here", body = ErrorBody),
    )
)]
pub async fn job(mut call: Call) -> Result<Response, Problem> {
    let admitted = call.admit(Group::Read, Scope::Train)?;
    let id = id(&mut call).await?;
    let job = jobs(&call)?.job(&id).ok_or_else(unknown)?;
    Ok(admitted.json(&job))
}

/// Cancel a training
///
/// What decides is never touched by it. One that is over stays as it is.
#[utoipa::path(
    delete, path = "/jobs/{id}", tag = "models", params(("id" = String, Path, description = "As `/train` named it")),
    security(("key" = []), ("x_api_key" = [])),
    responses(
        (status = 200, description = "How it stands now", body = Job),
        (status = 401, description = "No key, or an unknown one", body = ErrorBody),
        (status = 403, description = "The key lacks the scope `train`", body = ErrorBody),
        (status = 404, description = "There is none of that number", body = ErrorBody),
        (status = 429, description = "Too many calls", body = ErrorBody),
        (status = 503, description = "Nobody trains here, or the store does not answer", body = ErrorBody),
    )
)]
pub async fn cancel(mut call: Call) -> Result<Response, Problem> {
    let admitted = call.admit(Group::Write, Scope::Train)?;
    let id = id(&mut call).await?;
    let job = jobs(&call)?.cancel(&id).ok_or_else(unknown)?;
    let deed = Deed {
        action: "model.cancel",
        object: format!("job:{}", job.id),
        detail: String::new(),
        about: None,
    };
    call.api.audit(&admitted.actor(), deed).await?;
    Ok(admitted.json(&job))
}

async fn id(call: &mut Call) -> Result<String, Problem> {
    let path: Result<Path<String>, _> = call.parts.extract().await;
    path.map(|Path(id)| id).map_err(|_| unknown())
}

fn jobs(call: &Call) -> Result<&dyn Jobs, Problem> {
    call.api.jobs().ok_or_else(|| {
        let message = "nobody trains here: this server plays no role \"worker\"; ask one that does";
        Problem::new(Code::Unavailable, message)
    })
}

fn unknown() -> Problem {
    Problem::new(Code::NotFound, "there is no such job; the newest 50 are kept")
}

fn refused(refusal: &JobRefusal) -> Problem {
    let message = refusal.to_string();
    match refusal {
        JobRefusal::Busy(_) => Problem::new(Code::Busy, message),
        JobRefusal::Model { .. } => Problem::new(Code::InvalidBody, message).field("model"),
        JobRefusal::Store(_) => Problem::new(Code::Unavailable, message),
    }
}
