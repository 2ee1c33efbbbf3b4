//! The signature base: the text that is signed (RFC 9421 section 2.5).

use std::borrow::Cow;
use std::fmt::Write;

use palisade_domain::HeaderList;
use sfv::{Dictionary, FieldType, InnerList, Item, ListEntry, Parser};

use super::{Fault, HEADER_BYTES_MAX, SignedRequest};

/// The base of the signature that `input` describes.
pub(super) fn of(request: &SignedRequest<'_>, input: &InnerList) -> Result<String, Fault> {
    let mut base = String::with_capacity(256);
    for item in &input.items {
        let identifier = item.serialize();
        if base.lines().any(|line| line.split_once(": ").is_some_and(|(held, _)| held == identifier)) {
            // RFC 9421 section 2.5: each component occurs once.
            return Err(Fault::Component);
        }
        let value = component(request, item)?;
        // A value with a line break could forge another component.
        if value.contains(['\n', '\r']) {
            return Err(Fault::Component);
        }
        let _ = writeln!(base, "{identifier}: {value}");
    }
    let parameters = vec![ListEntry::InnerList(input.clone())].serialize().unwrap_or_default();
    let _ = write!(base, "\"@signature-params\": {parameters}");
    Ok(base)
}

fn component<'a>(request: &SignedRequest<'a>, item: &Item) -> Result<Cow<'a, str>, Fault> {
    let name = item.bare_item.as_string().ok_or(Fault::Syntax)?.as_str();
    let (path, query) = request.target.split_once('?').map_or((request.target, None), |(p, q)| (p, Some(q)));
    let plain = item.params.is_empty();
    let value = match name {
        "@method" if plain => Cow::Borrowed(request.method),
        "@authority" if plain => Cow::Owned(authority(request)),
        "@scheme" if plain => Cow::Borrowed(request.scheme),
        "@path" if plain => Cow::Borrowed(if path.is_empty() { "/" } else { path }),
        "@query" if plain => Cow::Owned(format!("?{}", query.unwrap_or(""))),
        "@request-target" if plain => Cow::Borrowed(request.target),
        "@target-uri" if plain => {
            Cow::Owned(format!("{}://{}{}", request.scheme, authority(request), request.target))
        }
        name if name.starts_with('@') => return Err(Fault::Component),
        name => return header(request.headers, name, item),
    };
    Ok(value)
}

/// A header line, or with `;key="…"` one member of a dictionary header (RFC 9421 sections 2.1 and 2.1.2). Other
/// parameters (`sf`, `bs`, `tr`, `req`, `name`) are not used by Web Bot Auth and not read.
fn header<'a>(headers: HeaderList<'a>, name: &str, item: &Item) -> Result<Cow<'a, str>, Fault> {
    let value = field_value(headers, name).ok_or(Fault::Component)?;
    match (item.params.len(), item.params.get("key")) {
        (0, None) => Ok(value),
        (1, Some(key)) => {
            let key = key.as_string().ok_or(Fault::Component)?.as_str();
            // Each member that is covered reads the whole header once more.
            if value.len() > HEADER_BYTES_MAX {
                return Err(Fault::Component);
            }
            let dictionary: Dictionary = Parser::new(value.as_ref()).parse().map_err(|_| Fault::Component)?;
            let member = dictionary.get(key).ok_or(Fault::Component)?;
            vec![member.clone()].serialize().map(Cow::Owned).ok_or(Fault::Component)
        }
        _ => Err(Fault::Component),
    }
}

/// All lines of a header as one value: trimmed, joined by `, ` (RFC 9421 section 2.1).
pub(super) fn field_value<'a>(headers: HeaderList<'a>, name: &str) -> Option<Cow<'a, str>> {
    let mut lines =
        headers.entries.iter().filter(|(held, _)| held.eq_ignore_ascii_case(name)).map(|(_, v)| v.trim());
    let first = lines.next()?;
    let mut value = Cow::Borrowed(first);
    for line in lines {
        let joined = value.to_mut();
        joined.push_str(", ");
        joined.push_str(line);
    }
    Some(value)
}

/// Lower case, without the port that the scheme has anyway (RFC 9421 section 2.2.3).
fn authority(request: &SignedRequest<'_>) -> String {
    let lower = request.authority.to_ascii_lowercase();
    let default = match request.scheme {
        "https" => ":443",
        _ => ":80",
    };
    lower.strip_suffix(default).map(str::to_owned).unwrap_or(lower)
}
