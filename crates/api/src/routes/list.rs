//! `GET /list`, `GET /list/auth`, `POST /report`: the networks that are blocked, for other installations.

use axum::response::Response;
use palisade_store::{Effect, EffectKind, EntrySource, Scope};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::audit::Deed;
use crate::call::{Admitted, Call, form, text};
use crate::limit::Group;
use crate::lists::{Wish, written};
use crate::problem::{ErrorBody, Problem};

/// Networks that are blocked.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BlockedList {
    /// Addresses and networks.
    #[schema(example = json!(["203.0.113.7", "198.51.100.0/24"]))]
    pub ips: Vec<String>,
}

/// An address to be blocked.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Report {
    /// The address.
    #[schema(example = "203.0.113.7")]
    pub ip: String,
}

/// What came of it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportResponse {
    /// `listed`
    pub status: String,
    /// The address, in its usual form.
    pub ip: String,
}

const REPORTED_MS: i64 = 24 * 3_600_000;

/// The networks that are blocked
///
/// Open to all where `[intel] public_list` is set; else it needs a key with the scope `list`.
#[utoipa::path(
    get, path = "/list", tag = "lists", security((), ("key" = []), ("x_api_key" = [])),
    responses(
        (status = 200, description = "The networks", body = BlockedList),
        (status = 401, description = "No key, or an unknown one", body = ErrorBody),
        (status = 403, description = "The key lacks the scope `list`", body = ErrorBody),
        (status = 429, description = "Too many calls", body = ErrorBody),
        (status = 503, description = "The store does not answer", body = ErrorBody),
    )
)]
pub async fn list(call: Call) -> Result<Response, Problem> {
    let admitted = match call.settings.public_list {
        true => call.admit_anybody(Group::Read)?,
        false => call.admit(Group::Read, Scope::List)?,
    };
    blocked(&call, &admitted).await
}

/// The networks that are blocked, for holders of a key
#[utoipa::path(
    get, path = "/list/auth", tag = "lists", security(("key" = []), ("x_api_key" = [])),
    responses(
        (status = 200, description = "The networks", body = BlockedList),
        (status = 401, description = "No key, or an unknown one", body = ErrorBody),
        (status = 403, description = "The key lacks the scope `list`", body = ErrorBody),
        (status = 429, description = "Too many calls", body = ErrorBody),
        (status = 503, description = "The store does not answer", body = ErrorBody),
    )
)]
pub async fn list_auth(call: Call) -> Result<Response, Problem> {
    let admitted = call.admit(Group::Read, Scope::List)?;
    blocked(&call, &admitted).await
}

async fn blocked(call: &Call, admitted: &Admitted) -> Result<Response, Problem> {
    let api = &call.api;
    let networks = api.read(api.blocked.at(&*api.store, call.settings.tenant, api.clock.now()).await)?;
    Ok(admitted.json(&BlockedList { ips: networks.into_iter().map(written).collect() }))
}

/// Block an address for 24 hours
#[utoipa::path(
    post, path = "/report", tag = "lists", request_body = Report, security(("key" = []), ("x_api_key" = [])),
    responses(
        (status = 200, description = "It is listed, and in effect", body = ReportResponse),
        (status = 400, description = "Not JSON, or no address", body = ErrorBody),
        (status = 401, description = "No key, or an unknown one", body = ErrorBody),
        (status = 403, description = "The key lacks the scope `list`", body = ErrorBody),
        (status = 413, description = "The body is longer than 1 MiB", body = ErrorBody),
        (status = 422, description = "A field is missing or of the wrong type", body = ErrorBody),
        (status = 429, description = "Too many calls", body = ErrorBody),
        (status = 503, description = "The store does not answer; nothing was listed", body = ErrorBody),
    )
)]
pub async fn report(mut call: Call) -> Result<Response, Problem> {
    let admitted = call.admit(Group::Write, Scope::List)?;
    let body = call.body().await?;
    let report: Report = form(text(&body)?)?;
    let ip = super::address(&report.ip, "ip")?;
    let removed: &[EffectKind] = &[];
    let wish = Wish {
        network: ip.network(),
        removed,
        made: Some((Effect::Block, REPORTED_MS)),
        source: EntrySource::Community,
        reason: format!("reported by {}", admitted.actor()),
    };
    let entry = call.api.kept(call.api.change_lists(&wish).await)?;
    let deed = Deed {
        action: "list.report",
        object: entry.map_or_else(String::new, |entry| format!("entry:{}", entry.id.0)),
        detail: "24 h".to_owned(),
        about: Some(ip),
    };
    call.api.audit(&admitted.actor(), deed).await?;
    Ok(admitted.json(&ReportResponse { status: "listed".to_owned(), ip: ip.to_string() }))
}
