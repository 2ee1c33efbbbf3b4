//! `POST /feedback`: what the application knows about a request afterwards.

use axum::response::Response;
use palisade_detect::Observe;
use palisade_domain::{
    ClientIp, ClientKey, Fact, RequestFacts, RequestId, ResponseFacts, Timestamp, Vantage,
};
use palisade_store::{
    Client, EventQuery, LabelBasis, LabelSource, LabelSubject, LabelVerdict, NewLabel, Scope, StoredEvent,
    Weight,
};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::audit::Deed;
use crate::call::{Admitted, Call, form, text};
use crate::limit::Group;
use crate::problem::{Code, ErrorBody, Problem};

/// What is known about a request. `user_agent` and `endpoint` may be left out where `request_id` is given.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({"user_agent": "curl/7.68.0", "endpoint": "/api/data", "is_bot": true}))]
pub struct FeedbackRequest {
    /// The visitor's address; without it the caller's own.
    pub ip: Option<String>,
    /// Its `User-Agent`; null where it sent none.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub user_agent: Option<Option<String>>,
    /// Path and query.
    pub endpoint: Option<String>,
    /// Was it a bot? This makes a label.
    pub is_bot: Option<bool>,
    /// The number the request was judged under.
    pub request_id: Option<String>,
    /// How an attempt to log in ended. This goes into the visitor's history.
    pub event: Option<LoginEvent>,
}

/// How an attempt to log in ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LoginEvent {
    /// Name or password were wrong.
    LoginFailed,
    /// It succeeded.
    LoginOk,
}

/// What came of it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FeedbackResponse {
    /// `recorded`
    pub status: String,
    /// The number of the label; null where only an event was told.
    pub label_id: Option<i64>,
}

/// Tells an explicit null from a missing field.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Events before now in which the described request is looked for.
const LOOK_BACK_MS: i64 = 24 * 3_600_000;
/// Events of the client that are looked at.
const LOOK_BACK_EVENTS: usize = 64;
/// Labels caused by our own decision never weigh more (DESIGN section 10).
const OWN_DECISION_WEIGHT: f64 = 0.1;

/// Who it was, or how a log-in ended
///
/// A label is stored for training. Where it only repeats a refusal of ours, it weighs 0.1 at most.
#[utoipa::path(
    post, path = "/feedback", tag = "verdicts", request_body = FeedbackRequest,
    security(("key" = []), ("x_api_key" = [])),
    responses(
        (status = 200, description = "Recorded", body = FeedbackResponse),
        (status = 400, description = "Not JSON, or no address", body = ErrorBody),
        (status = 401, description = "No key, or an unknown one", body = ErrorBody),
        (status = 403, description = "The key lacks the scope `feedback`", body = ErrorBody),
        (status = 413, description = "The body is longer than 1 MiB", body = ErrorBody),
        (status = 422, description = "A field is missing or of the wrong type", body = ErrorBody),
        (status = 429, description = "Too many calls", body = ErrorBody),
        (status = 503, description = "The store does not answer; nothing was recorded", body = ErrorBody),
    )
)]
pub async fn feedback(mut call: Call) -> Result<Response, Problem> {
    let admitted = call.admit(Group::Write, Scope::Feedback)?;
    let body = call.body().await?;
    let told: FeedbackRequest = form(text(&body)?)?;
    told.check()?;
    let ip = match &told.ip {
        Some(ip) => super::address(ip, "ip")?,
        None => call.origin.client,
    };
    if let Some(event) = told.event {
        note_login(&call, &told, ip, event);
    }
    let label_id = match told.is_bot {
        Some(is_bot) => Some(label(&call, &admitted, &told, ip, is_bot).await?),
        None => None,
    };
    if let Some(id) = label_id {
        let verdict = if told.is_bot == Some(true) { "bot" } else { "human" };
        let deed = Deed {
            action: "feedback.label",
            object: format!("label:{id}"),
            detail: verdict.to_owned(),
            about: Some(ip),
        };
        call.api.audit(&admitted.actor(), deed).await?;
    }
    Ok(admitted.json(&FeedbackResponse { status: "recorded".to_owned(), label_id }))
}

impl FeedbackRequest {
    fn check(&self) -> Result<(), Problem> {
        let missing =
            |name: &'static str| Problem::new(Code::InvalidBody, format!("{name} is missing")).field(name);
        if self.request_id.is_none() && self.endpoint.is_none() {
            return Err(missing("endpoint"));
        }
        if self.request_id.is_none() && self.user_agent.is_none() {
            return Err(missing("user_agent"));
        }
        if self.is_bot.is_none() && self.event.is_none() {
            return Err(Problem::new(Code::InvalidBody, "is_bot or event is needed").field("is_bot"));
        }
        Ok(())
    }

    fn user_agent(&self) -> Fact<&str> {
        match &self.user_agent {
            Some(agent) => Fact::seen(agent.as_deref()),
            None => Fact::Unseen,
        }
    }
}

/// Notes the attempt where the client's requests are remembered; behind a proxy that hides it, nowhere.
fn note_login(call: &Call, told: &FeedbackRequest, ip: ClientIp, event: LoginEvent) {
    let now = call.api.clock.now();
    let mut facts = RequestFacts::bare(ClientKey::Ip(ip), now, Vantage::Check);
    facts.tenant = call.settings.tenant;
    facts.target = told.endpoint.as_deref().map_or(Fact::Unseen, Fact::Known);
    facts.user_agent = told.user_agent();
    facts.client_hidden = call.origin.hidden && told.ip.is_none();
    let response =
        ResponseFacts { login_ok: Fact::Known(event == LoginEvent::LoginOk), ..ResponseFacts::default() };
    let judge = call.api.guard.judge();
    let judged = judge.request(&facts, Observe::Peek);
    judge.response(judged.ticket.of_login(), &response, now);
}

async fn label(
    call: &Call,
    admitted: &Admitted,
    told: &FeedbackRequest,
    ip: ClientIp,
    is_bot: bool,
) -> Result<i64, Problem> {
    let now = call.api.clock.now();
    let event = find(call, told, ip, now).await?;
    let ours = event.as_ref().is_some_and(|stored| is_bot && stored.event.enforced.is_beyond_monitor());
    let weight = if ours { Weight::new(OWN_DECISION_WEIGHT) } else { None }.unwrap_or(Weight::FULL);
    let by_number = event.filter(|_| told.request_id.is_some());
    let label = NewLabel {
        subject: by_number.map_or(LabelSubject::Client { client: Client::Ip(ip), time: now }, |stored| {
            LabelSubject::Event(stored.id)
        }),
        verdict: if is_bot { LabelVerdict::Bot } else { LabelVerdict::Human },
        source: LabelSource::Application,
        author: admitted.actor(),
        basis: if ours { LabelBasis::Decision } else { LabelBasis::Told },
        weight,
        created_at: now,
    };
    let made = call.api.kept(call.api.store.put_label(call.settings.tenant, &label).await)?;
    Ok(made.id.0)
}

/// Has one of the newest stored requests of `ip` been refused?
pub(super) async fn refused_lately(call: &Call, ip: ClientIp, now: Timestamp) -> Result<bool, Problem> {
    let query = EventQuery {
        from: now.plus_millis(-LOOK_BACK_MS),
        until: Timestamp(i64::MAX),
        client: Some(Client::Ip(ip)),
        limit: LOOK_BACK_EVENTS,
    };
    let events = call.api.read(call.api.store.query(call.settings.tenant, &query).await)?;
    Ok(events.iter().any(|stored| stored.event.enforced.is_beyond_monitor()))
}

/// The stored event of the request: by its number, else the newest refusal of this client that fits the description.
async fn find(
    call: &Call,
    told: &FeedbackRequest,
    ip: ClientIp,
    now: Timestamp,
) -> Result<Option<StoredEvent>, Problem> {
    let (store, tenant) = (&call.api.store, call.settings.tenant);
    if let Some(id) = told.request_id.as_ref().and_then(|id| id.parse::<RequestId>().ok()) {
        return call.api.read(store.find_event(tenant, id).await);
    }
    let query = EventQuery {
        from: now.plus_millis(-LOOK_BACK_MS),
        until: Timestamp(i64::MAX),
        client: Some(Client::Ip(ip)),
        limit: LOOK_BACK_EVENTS,
    };
    let events = call.api.read(store.query(tenant, &query).await)?;
    let agent = told.user_agent().known();
    let fits = |stored: &StoredEvent| {
        let event = &stored.event;
        event.enforced.is_beyond_monitor()
            && event.user_agent.as_deref() == agent
            && (told.endpoint.is_none() || event.target == told.endpoint)
    };
    Ok(events.into_iter().find(fits))
}
