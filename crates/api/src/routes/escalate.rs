//! `POST /escalate`: a request that another program finds suspicious, in seed 004's form.

use axum::response::Response;
use palisade_detect::Observe;
use palisade_domain::{Timestamp, Vantage};
use palisade_replay::export::is_secret_header;
use palisade_replay::formats::CheckBody;
use palisade_store::{Scope, WriteError};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use crate::audit::Deed;
use crate::call::{Call, form, text};
use crate::limit::Group;
use crate::problem::{Code, ErrorBody, Problem};

/// A request, as seed 004 describes it.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({"timestamp": "2026-01-01T00:00:00Z", "ip": "203.0.113.7", "user_agent": "sqlmap/1.7",
    "path": "/.env", "method": "GET", "headers": {}, "source": "nginx"}))]
pub struct RequestMetadata {
    /// When it came; kept for those who read it later.
    #[schema(value_type = Option<String>)]
    pub timestamp: Option<Value>,
    /// The visitor's address.
    #[schema(max_length = 45)]
    pub ip: String,
    /// Its `User-Agent`; null where it sent none.
    #[schema(max_length = 512)]
    pub user_agent: Option<String>,
    /// Its `Referer`.
    #[schema(max_length = 2048)]
    pub referer: Option<String>,
    /// Path and query.
    #[schema(max_length = 2048)]
    pub path: Option<String>,
    /// Its method.
    #[schema(max_length = 16)]
    pub method: Option<String>,
    /// Its headers.
    #[schema(value_type = Option<Object>)]
    pub headers: Option<Map<String, Value>>,
    /// A fingerprint the caller made; kept for those who read it later.
    #[schema(max_length = 128)]
    pub fingerprint_id: Option<String>,
    /// JA3; kept for those who read it later.
    pub tls_ja3: Option<String>,
    /// JA4.
    pub tls_ja4: Option<String>,
    /// Who took the TLS fingerprint.
    pub tls_fingerprint_source: Option<String>,
    /// Its proof.
    pub tls_fingerprint_attestation: Option<String>,
    /// Which program asks.
    #[schema(min_length = 1, max_length = 64)]
    pub source: Option<String>,
}

/// The score at once.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EscalateResponse {
    /// `processed`: this is the answer; `queued`: it is, and slow opinions have been asked too.
    pub status: String,
    /// What the policy says: `allow`, `monitor`, `throttle`, `challenge`, `charge`, `tarpit`, `block`.
    pub action: String,
    /// True where the score reaches the challenge band, or the client says it is a program.
    pub is_bot_decision: bool,
    /// 0.0 a person, 1.0 a bot.
    #[schema(minimum = 0.0, maximum = 1.0)]
    pub score: f64,
}

/// From here on seed 004 asks nobody else: it is a bot.
const SURE_BOT: f64 = 0.8;
/// Below this it asks nobody else: it is a person.
const SURE_HUMAN: f64 = 0.2;

/// The rule score of a suspicious request
///
/// The score comes at once. Where it leaves a doubt (0.2 up to 0.8), the request is queued for slow opinions as well; they
/// come back as list entries or labels.
#[utoipa::path(
    post, path = "/escalate", tag = "verdicts", request_body = RequestMetadata,
    security(("key" = []), ("x_api_key" = [])),
    responses(
        (status = 200, description = "The score", body = EscalateResponse),
        (status = 400, description = "Not JSON, or no address", body = ErrorBody),
        (status = 401, description = "No key, or an unknown one", body = ErrorBody),
        (status = 403, description = "The key lacks the scope `escalate`", body = ErrorBody),
        (status = 413, description = "The body is longer than 1 MiB", body = ErrorBody),
        (status = 422, description = "A field is missing, too long or of the wrong type", body = ErrorBody),
        (status = 429, description = "Too many calls", body = ErrorBody),
        (status = 503, description = "The store does not answer", body = ErrorBody),
    )
)]
pub async fn escalate(mut call: Call) -> Result<Response, Problem> {
    let admitted = call.admit(Group::Write, Scope::Escalate)?;
    let body = call.body().await?;
    let text = text(&body)?;
    let told: RequestMetadata = form(text)?;
    told.check()?;
    let ip = super::address(&told.ip, "ip")?;
    let now = call.api.clock.now();
    let described = told.described().to_string();
    let asked = CheckBody::parse(&described, now, ip)
        .map_err(|error| Problem::new(Code::InvalidBody, error.to_string()))?;
    let (action, is_bot, score) = judged(&call, &asked, now);
    let mut is_queued = false;
    if (SURE_HUMAN..SURE_BOT).contains(&score) {
        let kept = without_secrets(text);
        let queued = call.api.store.put_escalation(call.settings.tenant, "opinion", &kept, now).await;
        // A full queue costs the second opinion, never the score that is there.
        is_queued = !matches!(queued, Err(WriteError::Full { .. }));
        if is_queued {
            let id = call.api.kept(queued)?;
            let deed = Deed {
                action: "escalate",
                object: format!("escalation:{}", id.0),
                detail: format!("score {score}"),
                about: Some(ip),
            };
            call.api.audit(&admitted.actor(), deed).await?;
        }
    }
    let status = if is_queued { "queued" } else { "processed" };
    Ok(admitted.json(&EscalateResponse {
        status: status.to_owned(),
        action: action.to_owned(),
        is_bot_decision: is_bot,
        score,
    }))
}

/// The description as it is queued: names of secret headers stay, what they say does not.
fn without_secrets(text: &str) -> String {
    let mut all: Value = serde_json::from_str(text).unwrap_or_default();
    if let Some(headers) = all.get_mut("headers").and_then(Value::as_object_mut) {
        let secrets = headers.iter_mut().filter(|(name, _)| is_secret_header(name));
        secrets.for_each(|(_, value)| *value = json!("masked"));
    }
    all.to_string()
}

fn judged(call: &Call, asked: &CheckBody, now: Timestamp) -> (&'static str, bool, f64) {
    let entries = asked.record.header_entries();
    let mut facts = asked.record.facts(&entries);
    facts.time = now;
    facts.resolution = Vantage::Check.finest_resolution();
    let (ruling, challenge_at) = super::ruled(call, &mut facts, Observe::Note);
    let verdict = &ruling.judged.verdict;
    let answer = (
        verdict.decision.action.name(),
        verdict.is_bot(challenge_at),
        f64::from(verdict.assessment.score.value()) / 100.0,
    );
    call.api.guard.response(ruling, &asked.record.response(), now);
    answer
}

impl RequestMetadata {
    /// Seed 004's lengths.
    fn check(&self) -> Result<(), Problem> {
        let lengths = [
            ("user_agent", &self.user_agent, 512),
            ("referer", &self.referer, 2_048),
            ("path", &self.path, 2_048),
            ("method", &self.method, 16),
            ("fingerprint_id", &self.fingerprint_id, 128),
            ("source", &self.source, 64),
        ];
        match lengths
            .into_iter()
            .find(|(_, text, max)| text.as_ref().is_some_and(|text| text.chars().count() > *max))
        {
            Some((name, _, max)) => {
                let message = format!("{name} is longer than {max} characters");
                Err(Problem::new(Code::InvalidBody, message).field(name))
            }
            None => Ok(()),
        }
    }

    /// The same as a body of `/check`.
    fn described(&self) -> Value {
        let mut all = Map::new();
        all.insert("ip".to_owned(), json!(self.ip));
        all.insert("endpoint".to_owned(), json!(self.path.as_deref().unwrap_or("/")));
        // The form has always a place for the user agent: empty means that there was none.
        let agent = self.user_agent.as_deref().filter(|agent| !agent.is_empty());
        all.insert("user_agent".to_owned(), json!(agent));
        let known = [("method", &self.method), ("referer", &self.referer), ("ja4", &self.tls_ja4)];
        for (name, value) in known {
            if let Some(value) = value.as_deref().filter(|value| !value.is_empty()) {
                all.insert(name.to_owned(), json!(value));
            }
        }
        if let Some(headers) = self.headers.as_ref().filter(|headers| !headers.is_empty()) {
            let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let headers: Map<String, Value> =
                headers.iter().map(|(name, value)| (name.clone(), json!(text(value)))).collect();
            all.insert("headers".to_owned(), Value::Object(headers));
        }
        Value::Object(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_queued_holds_no_secret() {
        let check = |text: &str, expect: Value| {
            assert_eq!(serde_json::from_str::<Value>(&without_secrets(text)).unwrap(), expect);
        };
        check(
            r#"{"ip":"192.0.2.1","headers":{"Cookie":"sid=1","Authorization":["Bearer x"],"Accept":"*/*"}}"#,
            json!({"ip": "192.0.2.1", "headers": {"Cookie": "masked", "Authorization": "masked", "Accept": "*/*"}}),
        );
        check(r#"{"ip":"192.0.2.1","headers":null}"#, json!({"ip": "192.0.2.1", "headers": null}));
    }
}
