//! Forms that need a token are asked for it before they go on.

use std::borrow::Cow;

use http::Method;
use http::header::CONTENT_TYPE;
use palisade_guard::vouching::Posted;
use palisade_intel::providers::field;
use palisade_visitor::Reply;
use palisade_visitor::visit::hostname;

use super::rule::{Place, Ruled};
use super::{Exchange, text};
use crate::body::RequestBody;
use crate::bounds::{TOKEN_PREFIX_BYTES_MAX, VISIT_BODY_TIMEOUT};

impl Exchange {
    /// The refusal of a form that needs a token and has no good one; `None` where it may go on.
    pub(super) async fn require_token(
        &self,
        place: &Place,
        ruled: Option<&Ruled>,
        body: &mut RequestBody,
    ) -> Option<Reply> {
        if self.parts.method != Method::POST {
            return None;
        }
        let guard = &self.worker().guard;
        let vouching = guard.vouching();
        let rule = vouching.rule(self.parts.uri.path())?;
        let held = body.hold_up_to(TOKEN_PREFIX_BYTES_MAX, VISIT_BODY_TIMEOUT).await.ok();
        let kind = text(&self.parts.headers, CONTENT_TYPE).unwrap_or("");
        let given = held.map(|held| field::extract(kind, &held.bytes, held.complete)).unwrap_or_default();
        let host = text(&self.parts.headers, http::header::HOST).unwrap_or("");
        let authority = self.parts.uri.authority().map(http::uri::Authority::as_str);
        let posted = Posted {
            tenant: place.tenant(),
            host: hostname(place.host().or(authority).unwrap_or(host)),
            client: place.client(),
            now: self.time,
        };
        let codes = guard.vouched(&vouching, rule, &given, &posted).await.err()?;
        Some(refusal(&codes, &self.id(ruled).to_string()))
    }
}

/// As every refusal, with the reasons.
fn refusal(codes: &[String], id: &str) -> Reply {
    let quoted: Vec<String> = codes.iter().map(|code| format!("\"{}\"", code.escape_default())).collect();
    let body = format!(
        r#"{{"error":"CAPTCHA required","message":"This form needs a valid token; reload the page and send it again.","error-codes":[{}],"request_id":"{id}"}}"#,
        quoted.join(",")
    );
    let headers = vec![
        ("content-type", "application/json".to_owned()),
        ("cache-control", "private, no-store".to_owned()),
        ("x-content-type-options", "nosniff".to_owned()),
        ("x-request-id", id.to_owned()),
    ];
    Reply { status: 403, headers, body: Cow::Owned(body.into_bytes()), pace: None }
}
