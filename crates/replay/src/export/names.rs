//! Words for what has no name of its own in the domain; the reader looks them up here too.

use palisade_domain::{BodyKind, HttpVersion, Resolution, Scheme};

pub(crate) fn resolution(resolution: Resolution) -> &'static str {
    match resolution {
        Resolution::Second => "second",
        Resolution::Milli => "milli",
        Resolution::Micro => "micro",
    }
}

pub(crate) fn version(version: HttpVersion) -> &'static str {
    match version {
        HttpVersion::Http09 => "HTTP/0.9",
        HttpVersion::Http10 => "HTTP/1.0",
        HttpVersion::Http11 => "HTTP/1.1",
        HttpVersion::Http2 => "HTTP/2",
        HttpVersion::Http3 => "HTTP/3",
        HttpVersion::Other => "other",
    }
}

pub(crate) fn scheme(scheme: Scheme) -> &'static str {
    match scheme {
        Scheme::Http => "http",
        Scheme::Https => "https",
    }
}

pub(crate) fn body_kind(kind: BodyKind) -> &'static str {
    match kind {
        BodyKind::Form => "form",
        BodyKind::Multipart => "multipart",
        BodyKind::Json => "json",
        BodyKind::Text => "text",
    }
}
