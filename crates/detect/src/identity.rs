//! Who it is: the claim of the user agent, and what the address proves.

use palisade_crawl::agents::Claim;
use palisade_crawl::proof;
use palisade_domain::{Fact, Identity, IdentityClass, RequestFacts};
use palisade_fingerprint::header_order;
use palisade_fingerprint::user_agent::{Family, UserAgent};

/// Class, name and status of the sender of `facts`.
///
/// A client without a user agent may still be named by the set and order of its headers. Reverse DNS is not asked
/// here (nothing on this path waits); until its answer is gathered, nothing is called forged.
pub fn identify(
    facts: &RequestFacts<'_>,
    claim: &Claim,
    agent: Option<&UserAgent<'_>>,
    dns: Fact<bool>,
) -> Identity {
    if let Some(class) = claim.class {
        let range = match (claim.operator, facts.client.ip()) {
            (Some(operator), Some(ip)) => proof::by_range(operator, ip, facts.time),
            _ => proof::RangeAnswer::NoRanges,
        };
        return Identity { class, claimed: claim.name, status: proof::status(range, dns) };
    }
    match agent {
        Some(agent) if claims_browser(agent.family) => {
            Identity { class: IdentityClass::Browser, ..Identity::UNKNOWN }
        }
        Some(_) => Identity::UNKNOWN,
        None => by_headers(facts),
    }
}

fn claims_browser(family: Family) -> bool {
    !matches!(family, Family::None | Family::Program | Family::HeadlessChrome)
}

fn by_headers(facts: &RequestFacts<'_>) -> Identity {
    let (Fact::Known(list), true) = (facts.headers, facts.user_agent.is_absent()) else {
        return Identity::UNKNOWN;
    };
    let name =
        facts.version.known().and_then(|version| header_order::programs::name_by_headers(&list, version));
    match name {
        Some(name) => Identity { class: IdentityClass::Library, claimed: Some(name), ..Identity::UNKNOWN },
        None => Identity::UNKNOWN,
    }
}
