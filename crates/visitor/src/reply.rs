//! An answer of ours in place of the upstream's.

use std::borrow::Cow;

use palisade_domain::{Decision, Pace, RequestId};

/// What the client can read, from its request head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wants<'a> {
    /// `Accept`; none counts as `*/*`.
    pub accept: Option<&'a str>,
    /// `Accept-Language`.
    pub language: Option<&'a str>,
    /// True where the head of an answer is all that is read (`HEAD`).
    pub head_only: bool,
}

/// A complete answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Headers beside `Content-Length` and `Date`, in order; lower-case names.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Cow<'static, [u8]>,
    /// How slowly the body is written, where it is.
    pub pace: Option<Pace>,
}

impl Reply {
    /// The answer that carries out `decision`; none where the request passes.
    pub fn to_decision(decision: &Decision, wants: &Wants<'_>, id: RequestId) -> Option<Reply> {
        let _ = wants;
        use palisade_domain::Action;
        let status = match decision.enforced {
            Action::Allow | Action::Monitor => return None,
            Action::Throttle(_) | Action::Tarpit(_) => 429,
            Action::Charge(_) => 402,
            Action::Challenge | Action::Block(_) => 403,
        };
        let body = format!("{{\"error\":\"refused\",\"message\":\"\",\"request_id\":\"{id}\"}}");
        Some(Reply {
            status,
            headers: vec![("content-type", "application/json".to_owned())],
            body: Cow::Owned(body.into_bytes()),
            pace: None,
        })
    }
}
