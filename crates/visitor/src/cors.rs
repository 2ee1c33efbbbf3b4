//! Cross-origin answers (Fetch standard, "CORS protocol").

use std::borrow::Cow;

use crate::Reply;
use crate::visit::Visit;

/// Who may read an answer of ours from another origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readers {
    /// Everybody, without cookies: scripts and keys.
    Anybody,
    /// The origin that asks, with its cookies: an answer that is about this visitor and holds no secret.
    Asker,
    /// The origin that asks, where its host is one of a site key's; without cookies.
    Named,
}

impl Readers {
    /// Adds what lets the asker read `reply`.
    pub fn allow(self, reply: &mut Reply, visit: &Visit<'_>) {
        if self == Readers::Anybody {
            reply.headers.push(("access-control-allow-origin", "*".to_owned()));
            return;
        }
        // Also where nobody asked from elsewhere: the answer would have been another one.
        match reply.headers.iter_mut().find(|(name, _)| *name == "vary") {
            Some((_, vary)) => vary.push_str(", origin"),
            None => reply.headers.push(("vary", "origin".to_owned())),
        }
        let mut put = |name, value: &str| reply.headers.push((name, value.to_owned()));
        let Some(origin) = visit.origin() else { return };
        put("access-control-allow-origin", origin);
        if self == Readers::Asker {
            put("access-control-allow-credentials", "true");
        }
        put("access-control-expose-headers", "x-palisade-challenge, x-request-id");
    }
}

/// The answer to a preflight for a route that takes `methods`; no reader means that no other origin is let in.
pub fn preflight(readers: Option<Readers>, methods: &str, visit: &Visit<'_>) -> Reply {
    let headers = vec![
        ("access-control-allow-methods", methods.to_owned()),
        ("access-control-allow-headers", "authorization, content-type".to_owned()),
        ("access-control-max-age", "600".to_owned()),
        ("cache-control", "private, no-store".to_owned()),
    ];
    let mut reply = Reply { status: 204, headers, body: Cow::Borrowed(b""), pace: None };
    if let Some(readers) = readers {
        readers.allow(&mut reply, visit);
    }
    reply
}
