//! Whose keys: the `Signature-Agent` header, in both of its forms.

use std::net::Ipv6Addr;

use sfv::{BareItem, Dictionary, GenericBareItem, Item, ListEntry, Parser};

use super::base::field_value;
use super::{Fault, HEADER_BYTES_MAX, SignedRequest};

/// Where a signer publishes its keys.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AgentUrl {
    /// The identity: `https://host[:port]`, lower case, without default port; for a key set with its path, because a
    /// host may serve many people's files. Query and fragment are no part of it.
    pub origin: String,
    /// The address to fetch.
    pub url: String,
    /// What lies there.
    pub kind: Kind,
}

/// What lies at an agent's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A key directory at its well-known place.
    Directory,
    /// A key set.
    KeySet,
    /// A card that names its key set; nobody we know sends one, so it is not fetched.
    Card,
}

/// Where key directories lie (draft-meunier-http-message-signatures-directory).
const WELL_KNOWN: &str = "/.well-known/http-message-signatures-directory";

/// Longest host name (RFC 1035) with a port.
const AUTHORITY_BYTES_MAX: usize = 261;

/// An agent, and which member of the header names it; `None` for a bare string.
pub(super) type Named = (AgentUrl, Option<String>);

/// The agent of the signature called `label`; `None` where the request names none.
pub(super) fn of(request: &SignedRequest<'_>, label: &str) -> Result<Option<Named>, Fault> {
    let Some(value) = field_value(request.headers, "signature-agent") else { return Ok(None) };
    if value.len() > HEADER_BYTES_MAX {
        return Err(Fault::Syntax);
    }
    let (text, kind, member) = if value.starts_with('"') {
        let item: Item = Parser::new(value.as_ref()).parse().map_err(|_| Fault::Syntax)?;
        (string(&item.bare_item)?, Kind::Directory, None)
    } else {
        let members: Dictionary = Parser::new(value.as_ref()).parse().map_err(|_| Fault::Syntax)?;
        // The member is called like the signature; a single one under another name is meant for it too.
        let named = members.iter().find(|(name, _)| name.as_str() == label);
        let member = named.or_else(|| members.first().filter(|_| members.len() == 1));
        let Some((name, ListEntry::Item(item))) = member else { return Err(Fault::Agent) };
        let kind = match item.params.get("type") {
            None => Kind::Directory,
            Some(GenericBareItem::Token(kind)) => match kind.as_str() {
                "directory" => Kind::Directory,
                "jwks_uri" => Kind::KeySet,
                "cimd" => Kind::Card,
                _ => return Err(Fault::Agent),
            },
            Some(_) => return Err(Fault::Agent),
        };
        (string(&item.bare_item)?, kind, Some(name.as_str().to_owned()))
    };
    AgentUrl::parse(&text, kind).map(|agent| Some((agent, member))).ok_or(Fault::Agent)
}

fn string(item: &BareItem) -> Result<String, Fault> {
    item.as_string().map(|text| text.as_str().to_owned()).ok_or(Fault::Syntax)
}

impl AgentUrl {
    /// Reads `text`: https only, no user, no fragment; a directory is a bare origin.
    pub fn parse(text: &str, kind: Kind) -> Option<AgentUrl> {
        let rest =
            text.get(..8).filter(|scheme| scheme.eq_ignore_ascii_case("https://")).map(|_| &text[8..])?;
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let origin = format!("https://{}", canonical(authority)?);
        if kind == Kind::Directory {
            let url = format!("{origin}{WELL_KNOWN}");
            return matches!(path, "" | "/").then_some(AgentUrl { origin, url, kind });
        }
        let is_path = |byte: u8| (0x21..0x7f).contains(&byte);
        let path = path.split(['?', '#']).next().unwrap_or("");
        let url = format!("{origin}{path}");
        let fits = path.len() > 1 && path.bytes().all(is_path);
        fits.then(|| AgentUrl { origin: url.clone(), url, kind })
    }

    /// The agent with this identity, as [`AgentUrl::origin`] has it.
    pub fn of_identity(identity: &str) -> Option<AgentUrl> {
        let agent = AgentUrl::parse(identity, Kind::Directory);
        agent.or_else(|| AgentUrl::parse(identity, Kind::KeySet)).filter(|agent| agent.origin == identity)
    }
}

/// `host` or `host:port` in lower case, without the port that https has anyway; `None` for anything else. What it gives
/// it takes unchanged: an identity that changed when it is read again would be nobody's.
fn canonical(authority: &str) -> Option<String> {
    if authority.len() > AUTHORITY_BYTES_MAX {
        return None;
    }
    let host_end = match authority.strip_prefix('[') {
        Some(inside) => 1 + inside.find(']')? + 1,
        None => authority.find(':').unwrap_or(authority.len()),
    };
    let (host, after) = authority.split_at(host_end);
    let is_name = |host: &str| {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
        !host.is_empty() && host.bytes().all(fits)
    };
    let inside = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    if !inside.map_or_else(|| is_name(host), |address| address.parse::<Ipv6Addr>().is_ok()) {
        return None;
    }
    let port = match after.strip_prefix(':') {
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => Some(digits.parse::<u16>().ok()?),
        Some(_) => return None,
        None if after.is_empty() => None,
        None => return None,
    };
    let host = host.to_ascii_lowercase();
    Some(match port {
        None | Some(443) => host,
        Some(port) => format!("{host}:{port}"),
    })
}
