//! Web Bot Auth: a crawler proves who it is by signing its requests (RFC 9421, draft-meunier-webbotauth-httpsig-protocol).
//!
//! Pure: [`examine`] reads the headers into a [`Claim`] or says why not; whoever holds keys asks [`Claim::verify`]. Keys
//! are looked up by **both** the origin and the key id: a key id alone would let one operator claim another's origin.
//! Three generations of `Signature-Agent` are read: none (nobody can be found, so it stays unverified), a bare string, and
//! a dictionary.
//!
//! Absence of a signature proves nothing, and neither does one whose key is unknown. A signature that is wrong, out of
//! date, or does not cover what it must is *invalid*.

mod agent;
mod base;
pub mod keys;

#[cfg(test)]
mod tests;

use palisade_domain::{HeaderList, Timestamp};
use palisade_limits::Bound;
use sfv::{BareItem, Dictionary, InnerList, ListEntry, Parser};

pub use agent::{AgentUrl, Kind};
pub use keys::{Directory, DirectoryError, Key};

/// Bytes of each of the three headers that are read, and of any other of which a signature covers single members.
pub const HEADER_BYTES_MAX: usize = 4 * 1024;
/// Signatures of one request that are looked at.
pub const LABELS_MAX: usize = 8;
/// Components one signature may cover.
pub const COMPONENTS_MAX: usize = 32;
/// Clocks may differ by this much, in seconds (DESIGN section 9).
pub const SKEW_SECS: i64 = 60;

/// The named bounds of this module.
pub const BOUNDS: &[Bound] = &[
    Bound {
        name: "crawl.signature_header_bytes_max",
        value: HEADER_BYTES_MAX as u64,
        unit: "bytes",
        reason: "an RSA signature with all parameters takes one",
        when_full: "the signature counts as invalid",
    },
    Bound {
        name: "crawl.signature_labels_max",
        value: LABELS_MAX as u64,
        unit: "signatures",
        reason: "agents send one, proxies on the way may add theirs",
        when_full: "further ones are not looked at",
    },
    Bound {
        name: "crawl.signature_components_max",
        value: COMPONENTS_MAX as u64,
        unit: "components",
        reason: "agents cover two to five",
        when_full: "the signature counts as invalid",
    },
];

/// What of a request may be signed.
#[derive(Clone, Copy, Debug)]
pub struct SignedRequest<'a> {
    /// The method.
    pub method: &'a str,
    /// `https` or `http`, as the client saw it.
    pub scheme: &'a str,
    /// `Host` or `:authority`.
    pub authority: &'a str,
    /// Path and query as sent.
    pub target: &'a str,
    /// All headers.
    pub headers: HeaderList<'a>,
}

/// What the headers say.
#[derive(Debug)]
pub enum Examined {
    /// No signature of Web Bot Auth.
    Absent,
    /// One that cannot be right.
    Invalid(Fault),
    /// One that a key may prove.
    Claim(Box<Claim>),
}

/// Why a signature cannot be right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The headers are no structured fields, or too long.
    Syntax,
    /// `created`, `expires` or `keyid` is missing.
    Parameter,
    /// It says it was made in the future.
    Early,
    /// It is over.
    Late,
    /// It covers neither `@authority` nor `@target-uri`.
    Host,
    /// `Signature-Agent` is sent, and what it says of this signature is not covered.
    Agent,
    /// It covers a component that is not there or that nobody defined.
    Component,
}

/// A signature that a key may prove.
#[derive(Debug)]
pub struct Claim {
    /// Where its key is published; `None` where it does not say.
    pub agent: Option<AgentUrl>,
    /// The thumbprint of its key (RFC 7638, base64url).
    pub key_id: String,
    /// Until when it holds.
    pub expires: Timestamp,
    algorithm: Option<String>,
    base: String,
    signature: Vec<u8>,
}

impl Claim {
    /// True where `key` is the one that is named, is in force at `now`, and made this signature.
    pub fn verify(&self, key: &Key, now: Timestamp) -> bool {
        key.thumbprint() == self.key_id
            && key.is_in_force(now)
            && self.algorithm.as_deref().is_none_or(|name| key.is_for(name))
            && key.verify(self.base.as_bytes(), &self.signature)
    }
}

/// Reads the signature of `request`, if it has one of Web Bot Auth.
pub fn examine(request: &SignedRequest<'_>, now: Timestamp) -> Examined {
    if request.headers.get("signature-input").is_none() {
        return Examined::Absent;
    }
    match read(request, now) {
        Ok(Some(claim)) => Examined::Claim(Box::new(claim)),
        Ok(None) => Examined::Absent,
        Err(fault) => Examined::Invalid(fault),
    }
}

fn read(request: &SignedRequest<'_>, now: Timestamp) -> Result<Option<Claim>, Fault> {
    let inputs: Dictionary = field(request, "signature-input")?.ok_or(Fault::Syntax)?;
    let signatures: Dictionary = field(request, "signature")?.ok_or(Fault::Syntax)?;
    let mut first_fault = None;
    // Each label is judged on its own; a broken one beside a good one does not spoil it.
    for (label, input) in inputs.iter().take(LABELS_MAX) {
        let ListEntry::InnerList(input) = input else { continue };
        if text(input, "tag") != Some("web-bot-auth") {
            continue;
        }
        let signature = match signatures.get(label.as_str()) {
            Some(ListEntry::Item(item)) => item.bare_item.as_byte_sequence(),
            _ => None,
        };
        let claim = match signature {
            Some(signature) => claim(request, label.as_str(), input, signature, now),
            None => Err(Fault::Syntax),
        };
        match claim {
            Ok(claim) => return Ok(Some(claim)),
            Err(fault) => first_fault = first_fault.or(Some(fault)),
        }
    }
    first_fault.map_or(Ok(None), Err)
}

fn claim(
    request: &SignedRequest<'_>,
    label: &str,
    input: &InnerList,
    signature: &[u8],
    now: Timestamp,
) -> Result<Claim, Fault> {
    let seconds = |name| match input.params.get(name) {
        Some(BareItem::Integer(value)) => Some(i64::from(*value)),
        _ => None,
    };
    let (Some(created), Some(expires), Some(key_id)) =
        (seconds("created"), seconds("expires"), text(input, "keyid"))
    else {
        return Err(Fault::Parameter);
    };
    if created > now.secs() + SKEW_SECS {
        return Err(Fault::Early);
    }
    if expires < now.secs() - SKEW_SECS || expires < created {
        return Err(Fault::Late);
    }
    if input.items.len() > COMPONENTS_MAX {
        return Err(Fault::Component);
    }
    let covers = |name: &str| {
        input.items.iter().any(|item| item.bare_item.as_string().is_some_and(|held| held.as_str() == name))
    };
    if !covers("@authority") && !covers("@target-uri") {
        return Err(Fault::Host);
    }
    let named = agent::of(request, label)?;
    if let Some((_, member)) = &named
        && !covers_agent(input, member.as_deref())
    {
        return Err(Fault::Agent);
    }
    Ok(Claim {
        agent: named.map(|(agent, _)| agent),
        key_id: key_id.to_owned(),
        expires: Timestamp::from_secs(expires.min(i64::MAX / 2_000_000)),
        algorithm: text(input, "alg").map(str::to_owned),
        base: base::of(request, input)?,
        signature: signature.to_owned(),
    })
}

/// True where `input` covers what names the agent: the whole header, or its `member`. A member that is not covered could
/// be put beside the covered one by whoever passes a signed request on.
fn covers_agent(input: &InnerList, member: Option<&str>) -> bool {
    input.items.iter().any(|item| {
        let is_agent = item.bare_item.as_string().is_some_and(|name| name.as_str() == "signature-agent");
        let key = item.params.get("key").map(|key| key.as_string().map(|key| key.as_str()));
        is_agent && key.is_none_or(|key| key.is_some() && key == member)
    })
}

fn text<'a>(input: &'a InnerList, name: &str) -> Option<&'a str> {
    input.params.get(name)?.as_string().map(|text| text.as_str())
}

/// A dictionary header; repeated lines are one list (RFC 9110 section 5.3). `None` where it is not sent.
fn field(request: &SignedRequest<'_>, name: &str) -> Result<Option<Dictionary>, Fault> {
    let Some(value) = base::field_value(request.headers, name) else { return Ok(None) };
    if value.len() > HEADER_BYTES_MAX {
        return Err(Fault::Syntax);
    }
    Parser::new(value.as_ref()).parse().map(Some).map_err(|_| Fault::Syntax)
}
