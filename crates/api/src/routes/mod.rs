//! One file per route, or per few that belong together; names as in the URL.

pub mod auth;
pub mod captcha;
pub mod check;
pub mod docs;
pub mod escalate;
pub mod feedback;
pub mod health;
pub mod interactions;
pub mod jobs;
pub mod later;
pub mod list;
pub mod metrics;
pub mod siteverify;
pub mod stats;
pub mod visitor;
pub mod webhook;

use palisade_detect::Observe;
use palisade_domain::{ClientIp, RequestFacts, Score};
use palisade_guard::Ruling;

use crate::call::Call;
use crate::problem::{Code, Problem};

/// Longest part of a foreign text that an error repeats, in characters.
const REPEATED_CHARS_MAX: usize = 64;

/// Reads `text` as an address.
pub(crate) fn address(text: &str, field: &'static str) -> Result<ClientIp, Problem> {
    text.trim().parse().map_err(|_| {
        let shown: String = text.chars().take(REPEATED_CHARS_MAX).collect();
        Problem::new(Code::BadRequest, format!("{field}: {shown:?} is not an address")).field(field)
    })
}

/// Asks the guard about described facts, on the site they name; also says where that site's challenge band begins.
pub(crate) fn ruled(call: &Call, facts: &mut RequestFacts<'_>, observe: Observe) -> (Ruling, Score) {
    let guard = &call.api.guard;
    facts.tenant = call.settings.tenant;
    // A host that is no site of this tenant is judged as the first site would.
    // One without a host is the site's of every host, where there is one.
    let site = guard.site_of(facts.host.known().unwrap_or_default());
    if let Some((_, site)) = site.filter(|(tenant, _)| *tenant == facts.tenant) {
        facts.site = site;
    }
    let challenge_at = guard.judge().policy_of(facts.site).bands.challenge();
    (guard.request(facts, observe, None), challenge_at)
}
