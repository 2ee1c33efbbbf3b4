//! A challenge, said in the way that whoever is challenged can read.

use std::borrow::Cow;

use palisade_challenge::Code;
use palisade_challenge::challenges::Challenges;
use serde::Serialize;

use self::page::Load;
use crate::cors::Readers;
use crate::visit::Visit;
use crate::{Notice, Reply};

pub(crate) mod answer;
pub mod kind;
mod page;
mod resume;
pub(crate) mod steps;
pub(crate) mod token;
mod tried;

#[cfg(test)]
mod tests;

pub use resume::{Resumed, SEALED_BEGINNING, is_sealed_form, resume, stray};

pub use kind::{Kind, SEALED_BYTES_MAX};

/// The header that tells scripts where a challenge is answered.
pub const SIGN: &str = "x-palisade-challenge";

/// The answer to a challenged request; `None` where it is of a kind that is never challenged and goes on to the site.
///
/// A form that was posted rides along where its whole body was lent ([`Kind::seals`] says whether it is worth reading).
pub fn reply(challenges: &Challenges, visit: &mut Visit<'_>) -> Option<Reply> {
    Some(match Kind::of(visit) {
        Kind::Empty => empty(visit),
        Kind::Problem => problem(visit),
        Kind::Page => page::reply(challenges, visit, &Load::Nothing),
        Kind::SealedPage => page::reply(challenges, visit, &Load::Form(visit.body.unwrap_or_default())),
    })
}

#[derive(Serialize)]
struct Problem<'a> {
    r#type: &'a str,
    title: &'a str,
    status: u16,
    detail: &'a str,
    error: &'a str,
    message: &'a str,
    request_id: String,
    challenge: &'a str,
}

/// RFC 9457, and the three fields of every refusal of ours.
fn problem(visit: &Visit<'_>) -> Reply {
    let place = format!("{}challenge", visit.prefix);
    let detail = "Answer the challenge, then send the request again.";
    let problem = Problem {
        r#type: "about:blank",
        title: "Challenge required",
        status: 403,
        detail,
        error: "Challenge required",
        message: detail,
        request_id: visit.id.to_string(),
        challenge: &place,
    };
    let body = serde_json::to_vec(&problem).expect("texts and numbers always serialise");
    let mut reply = bare(visit, Cow::Owned(body));
    reply.headers.push(("content-type", "application/problem+json".to_owned()));
    Readers::Asker.allow(&mut reply, visit);
    reply
}

fn empty(visit: &Visit<'_>) -> Reply {
    let mut reply = bare(visit, Cow::Borrowed(b""));
    Readers::Asker.allow(&mut reply, visit);
    reply
}

/// What every form of a challenge has in common.
fn bare(visit: &Visit<'_>, body: Cow<'static, [u8]>) -> Reply {
    let headers = vec![
        ("cache-control", "private, no-store".to_owned()),
        ("vary", "cookie, accept, accept-encoding, accept-language".to_owned()),
        ("x-content-type-options", "nosniff".to_owned()),
        ("x-request-id", visit.id.to_string()),
        (SIGN, format!("{}challenge", visit.prefix)),
    ];
    Reply { status: Notice::Refused.status(), headers, body, pace: None }
}

/// A refusal with its codes, as every route of ours says it.
pub(crate) fn refusal(status: u16, code: Code) -> Reply {
    let code = code.to_string();
    let body = serde_json::json!({ "success": false, "error": code, "error-codes": [code] });
    json(status, body.to_string())
}

/// A JSON answer that nobody keeps.
pub(crate) fn json(status: u16, body: String) -> Reply {
    let headers = vec![
        ("content-type", "application/json".to_owned()),
        ("cache-control", "private, no-store".to_owned()),
        ("x-content-type-options", "nosniff".to_owned()),
    ];
    Reply { status, headers, body: Cow::Owned(body.into_bytes()), pace: None }
}
