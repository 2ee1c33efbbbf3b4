//! `GET /stats` and `GET /reputation/{ip}`: counts, for dashboards and applications.

use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::response::Response;
use palisade_store::Scope;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::call::Call;
use crate::limit::Group;
use crate::problem::{Code, ErrorBody, Problem};

/// Counts since the first start.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Stats {
    /// Requests judged.
    pub total_requests: u64,
    /// Those of them that were held for a bot's.
    pub bot_requests: u64,
    /// The others.
    pub human_requests: u64,
    /// Share of bots, 0 to 100, one decimal.
    pub bot_percentage: f64,
    /// Different networks remembered: addresses, and /64s of IPv6.
    pub unique_ips: u64,
    /// Networks that are blocked now.
    pub blocked_ips: u64,
    /// Labels that training could use.
    pub training_examples: u64,
    /// True while the model that scores is a neural net of Palisade's own (`mlp`); what is inside of an ONNX file nobody asks.
    pub deep_learning_enabled: bool,
}

/// What is known of an address.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reputation {
    /// The address, in its usual form.
    pub ip: String,
    /// 0 a person's, 100 a bot's: the mean score of its requests; null where nothing is known.
    pub reputation_score: Option<f64>,
    /// Its requests.
    pub requests: u64,
    /// Those of them that were held for a bot's.
    pub bot_requests: u64,
    /// Milliseconds since 1970; null where nothing is known.
    pub first_seen: Option<i64>,
    /// Milliseconds since 1970; null where nothing is known.
    pub last_seen: Option<i64>,
}

/// Counts since the first start
#[utoipa::path(
    get, path = "/stats", tag = "records", security(("key" = []), ("x_api_key" = [])),
    responses(
        (status = 200, description = "The counts", body = Stats),
        (status = 401, description = "No key, or an unknown one", body = ErrorBody),
        (status = 403, description = "The key lacks the scope `stats`", body = ErrorBody),
        (status = 429, description = "Too many calls", body = ErrorBody),
        (status = 503, description = "The store does not answer", body = ErrorBody),
    )
)]
pub async fn stats(call: Call) -> Result<Response, Problem> {
    let admitted = call.admit(Group::Read, Scope::Stats)?;
    let (api, tenant) = (&call.api, call.settings.tenant);
    let counted = api.counted().await?;
    let blocked = api.read(api.blocked.at(&*api.store, tenant, api.clock.now()).await)?;
    let labels = api.read(api.store.count_labels(tenant).await)?;
    let share =
        if counted.requests == 0 { 0.0 } else { counted.bots as f64 * 100.0 / counted.requests as f64 };
    Ok(admitted.json(&Stats {
        total_requests: counted.requests,
        bot_requests: counted.bots,
        human_requests: counted.requests.saturating_sub(counted.bots),
        bot_percentage: tenth(share),
        unique_ips: counted.networks,
        blocked_ips: blocked.len() as u64,
        training_examples: labels,
        deep_learning_enabled: api.guard.judge().engine().has_net(),
    }))
}

/// What is known of an address
///
/// What was counted lately, or what is stored (refusals, and a sample of all other traffic), whichever is more.
#[utoipa::path(
    get, path = "/reputation/{ip}", tag = "records", security(("key" = []), ("x_api_key" = [])),
    params(("ip" = String, Path, description = "An address")),
    responses(
        (status = 200, description = "What is known; zeros and nulls where that is nothing", body = Reputation),
        (status = 400, description = "Not an address", body = ErrorBody),
        (status = 401, description = "No key, or an unknown one", body = ErrorBody),
        (status = 403, description = "The key lacks the scope `stats`", body = ErrorBody),
        (status = 429, description = "Too many calls", body = ErrorBody),
        (status = 503, description = "The store does not answer", body = ErrorBody),
    )
)]
pub async fn reputation(path: Result<Path<String>, PathRejection>, call: Call) -> Result<Response, Problem> {
    let admitted = call.admit(Group::Read, Scope::Stats)?;
    let Path(text) = path.map_err(|_| Problem::new(Code::BadRequest, "the path is not UTF-8").field("ip"))?;
    let ip = super::address(&text, "ip")?;
    let api = &call.api;
    let known = api.known(ip).await?;
    let score = (known.requests > 0).then(|| tenth(known.mean_score));
    let seen = |time: palisade_domain::Timestamp| (known.requests > 0).then(|| time.millis());
    Ok(admitted.json(&Reputation {
        ip: ip.to_string(),
        reputation_score: score,
        requests: known.requests,
        bot_requests: known.bots,
        first_seen: seen(known.first),
        last_seen: seen(known.last),
    }))
}

fn tenth(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}
