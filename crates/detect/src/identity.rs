//! Who it is: the claim of the user agent, and what the address proves.

use palisade_crawl::agents::Claim;
use palisade_crawl::proof;
use palisade_crawl::ranges::RangeBook;
use palisade_crawl::signers::{Signer, Signers};
use palisade_domain::{
    ClaimStatus, Fact, HeaderList, HttpVersion, Identity, IdentityClass, RequestFacts, Signature,
};
use palisade_fingerprint::header_order;
use palisade_fingerprint::user_agent::{Family, UserAgent};

/// Class, name and status of the sender of `facts`.
///
/// A client without a user agent may still be named by the set and order of its headers. Reverse DNS is not asked
/// here (nothing on this path waits); until its answer is a fact, nothing is called forged.
pub fn identify(
    facts: &RequestFacts<'_>,
    claim: &Claim,
    agent: Option<&UserAgent<'_>>,
    ranges: &RangeBook,
    signers: &Signers,
) -> Identity {
    if let Fact::Known(Signature::Verified(origin)) = facts.signature {
        return signed(claim, signers.of(origin));
    }
    if let Some(class) = claim.class {
        let status = match (claim.operator, facts.client.ip()) {
            (Some(operator), Some(ip)) if !facts.client_hidden => {
                let range = proof::in_ranges(ranges.of(operator), ip, facts.time);
                proof::status(range, proof::name_answer(operator, facts.host_name))
            }
            _ => ClaimStatus::Unverified,
        };
        return Identity { class: kept(class, status, facts), claimed: claim.name, status };
    }
    match agent {
        Some(agent) if claims_browser(agent.family) => {
            Identity { class: IdentityClass::Browser, ..Identity::UNKNOWN }
        }
        Some(_) => Identity::UNKNOWN,
        None => by_headers(facts),
    }
}

/// A client that signs says it is a program. Who holds a key of an origin that we know is that program, whatever its user
/// agent says; any other origin proves a domain and nothing about who runs there.
fn signed(claim: &Claim, signer: Option<&Signer>) -> Identity {
    match signer {
        Some(signer) => {
            Identity { class: signer.class, claimed: Some(signer.name), status: ClaimStatus::Verified }
        }
        None => {
            let class = claim.class.unwrap_or(IdentityClass::Tool);
            let claimed = claim.name.or(Some("signed agent"));
            Identity { class, claimed, status: ClaimStatus::Unverified }
        }
    }
}

/// True where the name of the client's address would decide about its claim, and is unseen.
pub fn wants_name(facts: &RequestFacts<'_>, claim: &Claim, identity: &Identity) -> bool {
    let provable = claim.operator.is_some_and(|operator| !operator.dns_suffixes().is_empty());
    provable
        && identity.status == ClaimStatus::Unverified
        && facts.host_name == Fact::Unseen
        && facts.client.ip().is_some()
        && !facts.client_hidden
}

/// A callback posts. Who says it is one and reads pages instead is a tool, unless its address proves it.
fn kept(class: IdentityClass, status: ClaimStatus, facts: &RequestFacts<'_>) -> IdentityClass {
    let reads = matches!(facts.method, Fact::Known("GET" | "HEAD"));
    match class {
        IdentityClass::Webhook if reads && status != ClaimStatus::Verified => IdentityClass::Tool,
        class => class,
    }
}

fn claims_browser(family: Family) -> bool {
    !matches!(family, Family::None | Family::Program | Family::HeadlessChrome)
}

/// Names a client that sends no user agent by its headers. Every browser sends one, so where the complete header list
/// was seen, lacks one, and has nothing of a browser's either, the sender is a program, listed or not.
fn by_headers(facts: &RequestFacts<'_>) -> Identity {
    let (Fact::Known(list), true) = (facts.headers, facts.user_agent.is_absent()) else {
        return Identity::UNKNOWN;
    };
    let named =
        versions(facts).iter().find_map(|&version| header_order::programs::name_by_headers(&list, version));
    let unlisted = (!looks_like_browser(&list)).then_some("unlisted library");
    match named.or(unlisted) {
        Some(name) => Identity { class: IdentityClass::Library, claimed: Some(name), ..Identity::UNKNOWN },
        None => Identity::UNKNOWN,
    }
}

/// The version, or where it is unseen (as in `/check` bodies) those that the header list may have come over.
fn versions(facts: &RequestFacts<'_>) -> &'static [HttpVersion] {
    match facts.version {
        Fact::Known(HttpVersion::Http10) => &[HttpVersion::Http10],
        Fact::Known(HttpVersion::Http11) => &[HttpVersion::Http11],
        Fact::Known(HttpVersion::Http2) => &[HttpVersion::Http2],
        Fact::Known(HttpVersion::Http3) => &[HttpVersion::Http3],
        Fact::Known(_) => &[],
        Fact::Absent | Fact::Unseen => &[HttpVersion::Http11, HttpVersion::Http2, HttpVersion::Http10],
    }
}

fn looks_like_browser(list: &HeaderList<'_>) -> bool {
    let reads_pages = list.get("accept").is_some_and(|accept| accept.contains("text/html"));
    list.get("sec-ch-ua").is_some() || (reads_pages && list.get("accept-language").is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_crawl::ranges;
    use palisade_domain::{ClientKey, HeaderCase, HeaderOrder, Timestamp, Vantage};

    fn check(entries: &[(&str, &str)], expect: IdentityClass) {
        let mut facts = RequestFacts::bare(ClientKey::Opaque("c"), Timestamp::default(), Vantage::Check);
        facts.user_agent = Fact::Absent;
        facts.headers = Fact::Known(HeaderList { entries, order: HeaderOrder::Wire, case: HeaderCase::Wire });
        let found = identify(&facts, &Claim::default(), None, ranges::builtin(), &Signers::default());
        assert_eq!(found.class, expect, "{entries:?}");
    }

    #[test]
    fn a_program_without_a_name_is_a_program() {
        check(&[("Host", "shop.example")], IdentityClass::Library);
        check(&[("host", "shop.example"), ("accept", "*/*"), ("x-own", "1")], IdentityClass::Library);
    }

    #[test]
    fn a_browser_without_a_name_stays_unknown() {
        let browser = [("Host", "a"), ("Accept", "text/html,*/*;q=0.8"), ("Accept-Language", "en")];
        check(&browser, IdentityClass::Unknown);
    }

    #[test]
    fn a_known_signer_is_who_it_proves_to_be() {
        let mut facts = RequestFacts::bare(ClientKey::Opaque("c"), Timestamp::default(), Vantage::GatewayTls);
        let found = |facts: &RequestFacts<'_>| {
            identify(facts, &Claim::default(), None, ranges::builtin(), &Signers::default())
        };
        facts.signature = Fact::Known(Signature::Verified("https://chatgpt.com"));
        assert_eq!((found(&facts).class, found(&facts).status), (IdentityClass::Ai, ClaimStatus::Verified));
        facts.signature = Fact::Known(Signature::Verified("https://anybody.example"));
        assert_eq!(
            (found(&facts).class, found(&facts).status),
            (IdentityClass::Tool, ClaimStatus::Unverified)
        );
        facts.signature = Fact::Known(Signature::Invalid);
        assert_eq!(found(&facts), Identity::UNKNOWN);
    }

    #[test]
    fn without_headers_nobody_is_named() {
        let mut facts = RequestFacts::bare(ClientKey::Opaque("c"), Timestamp::default(), Vantage::Log);
        facts.user_agent = Fact::Absent;
        assert_eq!(
            identify(&facts, &Claim::default(), None, ranges::builtin(), &Signers::default()),
            Identity::UNKNOWN
        );
    }
}
