//! `POST /webhook`: another program of the operator's says what to do about an address, or reports an event. Signed.

use std::collections::{HashSet, VecDeque};

use axum::response::Response;
use palisade_domain::{ClientIp, Timestamp};
use palisade_store::{
    Client, Effect, EffectKind, EntrySource, LabelBasis, LabelSource, LabelSubject, LabelVerdict, NewLabel,
    Weight,
};
use ring::hmac;
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use utoipa::ToSchema;

use crate::audit::Deed;
use crate::bounds::WEBHOOKS_MAX;
use crate::call::{Call, form, text};
use crate::limit::Group;
use crate::lists::Wish;
use crate::problem::{Code, ErrorBody, Problem};

/// One of two forms: with `action` it acts, with `event_type` it is queued.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({"action": "block_ip", "ip": "203.0.113.7", "reason": "login guessing"}))]
pub struct WebhookRequest {
    /// What to do about `ip`.
    pub action: Option<WebhookAction>,
    /// The address.
    pub ip: Option<String>,
    /// Why; at most 256 characters.
    #[schema(max_length = 256)]
    pub reason: Option<String>,
    /// What happened, for slow opinions.
    pub event_type: Option<String>,
    /// When it happened.
    pub timestamp_utc: Option<String>,
    /// Anything that belongs to it.
    #[schema(value_type = Option<Object>)]
    pub details: Option<serde_json::Value>,
}

/// What to do about an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WebhookAction {
    /// Refuse it for 24 hours.
    BlockIp,
    /// Let it pass, and take it off the other lists.
    AllowIp,
    /// Watch it for 7 days.
    FlagIp,
    /// Do not watch it any longer.
    UnflagIp,
}

/// What came of it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookResponse {
    /// `done`, `queued`, or `repeated` (it had been done within the last 10 minutes; nothing was done now).
    pub status: String,
}

/// How long a call is remembered so that it is not repeated.
const REPEATED_MS: u64 = 10 * 60_000;
/// Longest reason, in characters (seed 004).
const REASON_CHARS_MAX: usize = 256;
const HOUR_MS: i64 = 3_600_000;

/// Signatures of calls that were carried out lately. The lock is held while a call is carried out: a second one with the
/// same signature waits, and is a repetition only if the first succeeded.
#[derive(Debug, Default)]
pub(crate) struct Seen(Mutex<Remembered>);

#[derive(Debug, Default)]
struct Remembered {
    order: VecDeque<(Timestamp, [u8; 32])>,
    held: HashSet<[u8; 32]>,
}

impl Remembered {
    fn holds(&mut self, signature: &[u8; 32], now: Timestamp) -> bool {
        while self.order.front().is_some_and(|(time, _)| now.millis_since(*time) >= REPEATED_MS) {
            self.forget_oldest();
        }
        self.held.contains(signature)
    }

    fn add(&mut self, signature: [u8; 32], now: Timestamp) {
        if self.order.len() >= WEBHOOKS_MAX {
            self.forget_oldest();
        }
        if self.held.insert(signature) {
            self.order.push_back((now, signature));
        }
    }

    fn forget_oldest(&mut self) {
        if let Some((_, signature)) = self.order.pop_front() {
            self.held.remove(&signature);
        }
    }
}

/// Act on an address, or report an event
///
/// `X-Signature` is the HMAC-SHA-256 of the body under the webhook secret, in hexadecimal digits. The same body and
/// signature within 10 minutes is acknowledged and not repeated.
#[utoipa::path(
    post, path = "/webhook", tag = "lists", request_body = WebhookRequest, security(("webhook_signature" = [])),
    params(("X-Signature" = String, Header, description = "HMAC-SHA-256 of the body, in hexadecimal digits")),
    responses(
        (status = 200, description = "Done, queued, or done before", body = WebhookResponse),
        (status = 400, description = "Not JSON, or no address", body = ErrorBody),
        (status = 401, description = "The signature is missing or wrong", body = ErrorBody),
        (status = 413, description = "The body is longer than 1 MiB", body = ErrorBody),
        (status = 422, description = "A field is missing or of the wrong type", body = ErrorBody),
        (status = 429, description = "More than 60 calls in 60 s", body = ErrorBody),
        (status = 503, description = "No webhook secret is set, or the store does not answer", body = ErrorBody),
    )
)]
pub async fn webhook(mut call: Call) -> Result<Response, Problem> {
    let admitted = call.admit_anybody(Group::Webhook)?;
    let body = call.body().await?;
    let signature = verified(&call, &body)?;
    let text = text(&body)?;
    let asked: WebhookRequest = form(text)?;
    let now = call.api.clock.now();
    let mut seen = call.api.webhooks.0.lock().await;
    let status = if seen.holds(&signature, now) {
        "repeated"
    } else {
        let status = carry_out(&call, &asked, text).await?;
        seen.add(signature, now);
        status
    };
    drop(seen);
    Ok(admitted.json(&WebhookResponse { status: status.to_owned() }))
}

/// The signature, where it is that of `body` under our secret.
fn verified(call: &Call, body: &[u8]) -> Result<[u8; 32], Problem> {
    let Some(secret) = &call.settings.webhook_secret else {
        let message =
            "no webhook secret is set; set [api] webhook_secret, or webhook_secret_FILE, in palisade.toml";
        return Err(Problem::new(Code::Unavailable, message));
    };
    let refused = |why: &str| {
        let message =
            format!("{why}: X-Signature must be the HMAC-SHA-256 of the body in 64 hexadecimal digits");
        Problem::new(Code::Unauthorized, message)
    };
    let shown = call.parts.headers.get("x-signature").ok_or_else(|| refused("the signature is missing"))?;
    let signature = from_hex(shown.as_bytes()).ok_or_else(|| refused("the signature is none"))?;
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose());
    match hmac::verify(&key, body, &signature) {
        Ok(()) => Ok(signature),
        Err(_) => Err(refused("the signature is wrong")),
    }
}

fn from_hex(digits: &[u8]) -> Option<[u8; 32]> {
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    let mut bytes = [0; 32];
    if digits.len() != 64 {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
}

async fn carry_out(call: &Call, asked: &WebhookRequest, text: &str) -> Result<&'static str, Problem> {
    match (asked.action, &asked.event_type) {
        (Some(action), _) => act(call, asked, action).await.map(|()| "done"),
        (None, Some(_)) => {
            let now = call.api.clock.now();
            let queued = call.api.store.put_escalation(call.settings.tenant, "webhook", text, now).await;
            let id = call.api.kept(queued)?;
            let deed = Deed {
                action: "webhook.event",
                object: format!("escalation:{}", id.0),
                detail: "queued".to_owned(),
                about: None,
            };
            call.api.audit("webhook", deed).await.map(|()| "queued")
        }
        (None, None) => {
            Err(Problem::new(Code::InvalidBody, "action or event_type is needed").field("action"))
        }
    }
}

async fn act(call: &Call, asked: &WebhookRequest, action: WebhookAction) -> Result<(), Problem> {
    let missing = || Problem::new(Code::InvalidBody, "ip is missing").field("ip");
    let ip = super::address(asked.ip.as_deref().ok_or_else(missing)?, "ip")?;
    let reason = asked.reason.clone().unwrap_or_default();
    if reason.chars().count() > REASON_CHARS_MAX {
        let message = format!("reason is longer than {REASON_CHARS_MAX} characters");
        return Err(Problem::new(Code::InvalidBody, message).field("reason"));
    }
    let (made, removed): (_, &[EffectKind]) = match action {
        WebhookAction::BlockIp => (Some((Effect::Block, 24 * HOUR_MS)), &[EffectKind::Allow]),
        WebhookAction::AllowIp => {
            let others = &[EffectKind::Block, EffectKind::Throttle, EffectKind::Flag];
            (Some((Effect::Allow, 24 * HOUR_MS)), others)
        }
        WebhookAction::FlagIp => (Some((Effect::Flag, 7 * 24 * HOUR_MS)), &[]),
        WebhookAction::UnflagIp => (None, &[EffectKind::Flag]),
    };
    let wish = Wish { network: ip.network(), removed, made, source: EntrySource::Application, reason };
    let entry = call.api.kept(call.api.change_lists(&wish).await)?;
    if action == WebhookAction::BlockIp {
        label(call, ip).await?;
    }
    let (word, detail) = match action {
        WebhookAction::BlockIp => ("list.block", "24 h"),
        WebhookAction::AllowIp => ("list.allow", "24 h"),
        WebhookAction::FlagIp => ("list.flag", "7 days"),
        WebhookAction::UnflagIp => ("list.unflag", ""),
    };
    let object = entry.map_or_else(String::new, |entry| format!("entry:{}", entry.id.0));
    call.api.audit("webhook", Deed { action: word, object, detail: detail.to_owned(), about: Some(ip) }).await
}

/// A block is somebody's word that it was a program, and half a word at most: it may mean anything, and where we refused the
/// client lately, it may only repeat us.
async fn label(call: &Call, ip: ClientIp) -> Result<(), Problem> {
    let (tenant, now) = (call.settings.tenant, call.api.clock.now());
    let ours = super::feedback::refused_lately(call, ip, now).await?;
    let (basis, weight) = if ours { (LabelBasis::Decision, 0.1) } else { (LabelBasis::Told, 0.5) };
    let new = NewLabel {
        subject: LabelSubject::Client { client: Client::Ip(ip), time: now },
        verdict: LabelVerdict::Bot,
        source: LabelSource::Webhook,
        author: "webhook".to_owned(),
        basis,
        weight: Weight::new(weight).unwrap_or(Weight::FULL),
        created_at: now,
    };
    call.api.kept(call.api.store.put_label(tenant, &new).await)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_64_digits() {
        assert_eq!(from_hex(&[b'f'; 64]), Some([255; 32]));
        assert_eq!(from_hex(&[b'A'; 64]), Some([0xaa; 32]));
        for bad in [&[b'f'; 63][..], &[b'f'; 66], &[b'g'; 64], b"", &[0xff; 64]] {
            assert_eq!(from_hex(bad), None);
        }
    }

    #[test]
    fn what_was_done_is_remembered_for_ten_minutes_and_within_bounds() {
        let mut seen = Remembered::default();
        let at = Timestamp::from_secs;
        seen.add([1; 32], at(0));
        assert!(seen.holds(&[1; 32], at(599)) && !seen.holds(&[2; 32], at(599)));
        assert!(!seen.holds(&[1; 32], at(600)));
        for n in 0..=WEBHOOKS_MAX as u64 {
            let mut signature = [0; 32];
            signature[..8].copy_from_slice(&n.to_le_bytes());
            seen.add(signature, at(700));
        }
        assert_eq!((seen.order.len(), seen.held.len()), (WEBHOOKS_MAX, WEBHOOKS_MAX));
        assert!(!seen.holds(&[0; 32], at(700)));
    }
}
