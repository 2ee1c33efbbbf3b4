//! A request as facts: what was captured of its head, or what HTTP/2 leaves of it.

use std::borrow::Cow;

use http::request::Parts;
use http::{HeaderMap, Version};
use palisade_domain::{HeaderCase, HeaderList, HeaderOrder, HttpVersion};
use palisade_fingerprint::head;
use palisade_guard::peer::Forwarding;

/// A request head as text, in the order and case in which it came where that is known.
pub(crate) struct Seen<'a> {
    pub method: &'a str,
    pub target: Cow<'a, str>,
    pub version: HttpVersion,
    pub authority: Option<&'a str>,
    names: Vec<(&'a str, Cow<'a, str>)>,
    order: HeaderOrder,
    case: HeaderCase,
}

impl<'a> Seen<'a> {
    /// From the bytes of an HTTP/1 head. `None` where they are none.
    pub(crate) fn captured(bytes: &'a [u8]) -> Option<Self> {
        let head = head::parse(bytes).ok()?;
        Some(Seen {
            method: head.method,
            target: Cow::Borrowed(head.target),
            version: head.version,
            authority: None,
            names: head
                .headers
                .into_iter()
                .map(|(name, value)| (name, String::from_utf8_lossy(value)))
                .collect(),
            order: HeaderOrder::Wire,
            case: HeaderCase::Wire,
        })
    }

    /// From what hyper read. On HTTP/2 names are lower case by protocol and the map keeps the order of first mention.
    pub(crate) fn parsed(parts: &'a Parts) -> Self {
        let multiplexed = parts.version == Version::HTTP_2;
        let text = |value: &'a http::HeaderValue| String::from_utf8_lossy(value.as_bytes());
        let target = match parts.uri.path_and_query() {
            Some(path) => Cow::Borrowed(path.as_str()),
            None => Cow::Owned(parts.uri.to_string()),
        };
        Seen {
            method: parts.method.as_str(),
            target,
            version: if multiplexed { HttpVersion::Http2 } else { HttpVersion::Http11 },
            authority: parts.uri.authority().map(http::uri::Authority::as_str),
            names: parts.headers.iter().map(|(name, value)| (name.as_str(), text(value))).collect(),
            order: if multiplexed { HeaderOrder::Wire } else { HeaderOrder::Lost },
            case: if multiplexed { HeaderCase::Wire } else { HeaderCase::Lost },
        }
    }

    /// Runs `f` on the headers.
    pub(crate) fn with_list<R>(&self, f: impl FnOnce(HeaderList<'_>) -> R) -> R {
        let entries: Vec<(&str, &str)> = self.names.iter().map(|(name, value)| (*name, &**value)).collect();
        f(HeaderList { entries: &entries, order: self.order, case: self.case })
    }
}

/// The forwarding headers of a request, repeated ones joined.
pub(crate) struct Forwarded<'a> {
    x_forwarded_for: Option<Cow<'a, str>>,
    x_real_ip: Option<Cow<'a, str>>,
    x_forwarded_proto: Option<Cow<'a, str>>,
    x_forwarded_host: Option<Cow<'a, str>>,
    forwarded: Option<Cow<'a, str>>,
}

impl<'a> Forwarded<'a> {
    pub(crate) fn of(headers: &'a HeaderMap) -> Self {
        Forwarded {
            x_forwarded_for: joined(headers, "x-forwarded-for"),
            x_real_ip: joined(headers, "x-real-ip"),
            x_forwarded_proto: joined(headers, "x-forwarded-proto"),
            x_forwarded_host: joined(headers, "x-forwarded-host"),
            forwarded: joined(headers, "forwarded"),
        }
    }

    pub(crate) fn view(&self) -> Forwarding<'_> {
        Forwarding {
            x_forwarded_for: self.x_forwarded_for.as_deref(),
            x_real_ip: self.x_real_ip.as_deref(),
            x_forwarded_proto: self.x_forwarded_proto.as_deref(),
            x_forwarded_host: self.x_forwarded_host.as_deref(),
            forwarded: self.forwarded.as_deref(),
        }
    }
}

fn joined<'a>(headers: &'a HeaderMap, name: &str) -> Option<Cow<'a, str>> {
    let mut values = headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
    let first = values.next()?;
    Some(values.fold(first, |all, value| Cow::Owned(format!("{all}, {value}"))))
}
