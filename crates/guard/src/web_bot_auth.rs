//! Web Bot Auth as a [`Verifier`]: reading and checking is `palisade_crawl::signature`'s, keys are the book's.

use std::sync::Arc;

use palisade_crawl::signature::{self, Examined, Kind, SignedRequest};
use palisade_domain::{Fact, RequestFacts, Scheme};

use crate::signatures::{Checked, OriginKeys, Verifier};

/// Checks signatures by RFC 9421.
#[derive(Clone, Copy, Debug, Default)]
pub struct WebBotAuth;

impl Verifier for WebBotAuth {
    fn check(&self, facts: &RequestFacts<'_>, keys: &dyn Fn(&str) -> Option<Arc<OriginKeys>>) -> Checked {
        let (Fact::Known(headers), Fact::Known(authority)) = (facts.headers, facts.host) else {
            return Checked::Unverified;
        };
        let request = SignedRequest {
            method: facts.method.known().unwrap_or("GET"),
            scheme: if facts.scheme == Fact::Known(Scheme::Https) { "https" } else { "http" },
            authority,
            target: facts.target.known().unwrap_or("/"),
            headers,
        };
        let claim = match signature::examine(&request, facts.time) {
            Examined::Absent => return Checked::Unverified,
            Examined::Invalid(_) => return Checked::Invalid,
            Examined::Claim(claim) => claim,
        };
        let Some(agent) = claim.agent.as_ref().filter(|agent| agent.kind != Kind::Card) else {
            return Checked::Unverified;
        };
        let Some(held) = keys(&agent.origin) else { return Checked::KeysWanted(agent.origin.clone()) };
        // A key that its origin does not publish proves nothing; it may have been taken back.
        let Some(key) = held.keys.iter().find(|key| key.thumbprint() == claim.key_id) else {
            return Checked::Unverified;
        };
        match claim.verify(key, facts.time) {
            true => Checked::Verified { origin: agent.origin.as_str().into(), until: claim.expires },
            false => Checked::Invalid,
        }
    }
}
