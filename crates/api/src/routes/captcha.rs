//! `POST /captcha/verify`: the answer to the `captcha_token` that `/check` gave beside a challenge.

use axum::response::Response;
use palisade_challenge::Challenges;
use palisade_challenge::site_key::Hostnames;
use palisade_challenge::siteverify::{Expect, Fault, Flavour, redeem_check};
use palisade_domain::{PassKind, SiteId};
use palisade_intel::providers::{Ask, Verdict, Verifier};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::siteverify::no_keys;
use crate::call::{Call, form, text};
use crate::limit::Group;
use crate::problem::{Code, ErrorBody, Problem};

/// What the visitor answered.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({"token": "AQEB…", "response": "eyJhbGciOiJSUzI1NiIs…"}))]
pub struct CaptchaVerifyRequest {
    /// `captcha_token` of `/check`.
    #[serde(default)]
    pub token: String,
    /// A result token of ours, or what the configured provider's widget gave.
    #[serde(default)]
    pub response: String,
}

/// What came of it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CaptchaVerifyResponse {
    /// Was the challenge met?
    pub success: bool,
    /// What was wrong; empty where nothing was.
    #[serde(rename = "error-codes")]
    #[schema(rename = "error-codes")]
    pub error_codes: Vec<String>,
    /// Where the token was had by work, or a provider said so: what the visitor may show from now on, as a cookie `palisade_pass` (`__Host-palisade_pass` over TLS).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pass: Option<String>,
}

/// Did the visitor meet its challenge?
///
/// Both are used up: of all who bring them, one is told yes.
#[utoipa::path(
    post, path = "/captcha/verify", tag = "captcha", request_body = CaptchaVerifyRequest,
    responses(
        (status = 200, description = "Met, or not and why", body = CaptchaVerifyResponse),
        (status = 400, description = "Not JSON", body = ErrorBody),
        (status = 408, description = "The body did not come in time", body = ErrorBody),
        (status = 413, description = "The body is longer than 1 MiB", body = ErrorBody),
        (status = 422, description = "A field is of the wrong type", body = ErrorBody),
        (status = 429, description = "Too many calls", body = ErrorBody),
        (status = 503, description = "There are no keys to verify with, or the system has no random numbers", body = ErrorBody),
    )
)]
pub async fn verify(mut call: Call) -> Result<Response, Problem> {
    let admitted = call.admit_anybody(Group::Write)?;
    let body = call.body().await?;
    let asked: CaptchaVerifyRequest = form(text(&body)?)?;
    let challenges = call.api.guard.challenges().ok_or_else(no_keys)?;
    let answer = match judge(&call, challenges, &asked).await? {
        Ok(pass) => CaptchaVerifyResponse { success: true, error_codes: Vec::new(), pass },
        Err(codes) => CaptchaVerifyResponse { success: false, error_codes: codes, pass: None },
    };
    Ok(admitted.json(&answer))
}

/// The text of a pass, or what was wrong.
async fn judge(
    call: &Call,
    challenges: &Challenges,
    asked: &CaptchaVerifyRequest,
) -> Result<Result<Option<String>, Vec<String>>, Problem> {
    let codes = |fault: Fault| fault.codes(Flavour::Own).into_iter().map(str::to_owned).collect();
    let now = call.api.clock.now();
    let ticket = match redeem_check::ticket(challenges, call.settings.tenant, &asked.token, now) {
        Ok(ticket) => ticket,
        Err(code) => return Ok(Err(vec![code.to_string()])),
    };
    if asked.response.is_empty() {
        return Ok(Err(codes(Fault::MissingResponse)));
    }
    let expect = Expect { tenant: call.settings.tenant, site_key: None };
    let own = redeem_check::response(challenges, &asked.response, &expect, &hosts_of(call, ticket.site), now);
    let provider = call.api.guard.vouching().provider.clone();
    let kind = match (own, provider) {
        (Ok(kind), _) => kind,
        // Not signed by us: the provider's, where there is one.
        (Err(fault), Some(provider)) if fault.is_not_ours() => {
            match vouched(call, &provider, &asked.response, ticket.site).await {
                Ok(()) => Some(PassKind::Provider),
                Err(codes) => return Ok(Err(codes)),
            }
        }
        (Err(fault), _) => return Ok(Err(codes(fault))),
    };
    let mut id = [0; 16];
    getrandom::fill(&mut id)
        .map_err(|_| Problem::new(Code::Unavailable, "the system gives no random numbers"))?;
    // Asked again: a provider takes its time.
    let now = call.api.clock.now();
    let pass = redeem_check::pass(challenges, &ticket, kind, u128::from_be_bytes(id), now);
    Ok(pass.map_err(|code| vec![code.to_string()]))
}

/// The hosts of a site, and this machine's names, as with the automatic site key.
fn hosts_of(call: &Call, site: SiteId) -> Hostnames {
    let sites = call.api.guard.sites();
    let hosts = sites.get(site).into_iter().flat_map(|site| site.hosts.iter().map(String::as_str));
    Hostnames::new(hosts.chain(["localhost", "127.0.0.1", "::1"]))
}

/// What the provider says of a response that was had on one of the site's hosts. One that cannot be asked is no yes: nobody
/// is let in by its silence.
async fn vouched(call: &Call, provider: &Verifier, response: &str, site: SiteId) -> Result<(), Vec<String>> {
    let sites = call.api.guard.sites();
    let hosts: Vec<&str> =
        sites.get(site).into_iter().flat_map(|site| site.hosts.iter().map(String::as_str)).collect();
    let remote_ip = (!call.origin.hidden).then_some(call.origin.client.addr());
    let ask = Ask { remote_ip, hosts: &hosts, ..Ask::new(response) };
    let outcome = call.api.guard.ask_provider(provider, &ask, call.api.clock.now()).await;
    match outcome.verdict {
        Verdict::Human => Ok(()),
        _ => Err(outcome.error_codes().into_iter().map(str::to_owned).collect()),
    }
}
