//! What a format found in one line, still borrowed from it, and how that becomes a [`Record`].

use std::borrow::Cow;
use std::ops::Range;

use palisade_domain::{
    BodyKind, BodyPrefix, ClientIp, Fact, HeaderCase, HeaderOrder, HttpVersion, Resolution, ResponseFacts,
    Scheme, SessionId, Timestamp, Vantage,
};

use super::Format;
use super::clock::Moment;
use super::own::OwnDraft;
use super::record::{Client, Extra, Headers, Label, Record, Span};
use super::text::RequestLine;

/// A text fact.
pub(super) type Text<'a> = Fact<Cow<'a, str>>;

/// Name and value pairs.
pub(super) type Pairs<'a> = Vec<(Cow<'a, str>, Cow<'a, str>)>;

/// Whom the line names.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Who<'a> {
    Ip(ClientIp),
    Name(Cow<'a, str>),
}

/// The parts only rich formats have.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Rich<'a> {
    pub(super) session: Fact<SessionId>,
    pub(super) headers: Fact<(Pairs<'a>, HeaderOrder, HeaderCase)>,
    pub(super) body: Text<'a>,
    pub(super) ja4: Text<'a>,
    pub(super) fingerprint: Text<'a>,
    pub(super) label: Option<Label>,
    pub(super) family: Option<Cow<'a, str>>,
    pub(super) group: Option<Cow<'a, str>>,
    pub(super) own: Option<Box<OwnDraft<'a>>>,
}

/// One line, understood.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Draft<'a> {
    pub(super) format: Format,
    pub(super) vantage: Vantage,
    pub(super) moment: Moment,
    pub(super) who: Who<'a>,
    pub(super) method: Text<'a>,
    pub(super) host: Text<'a>,
    pub(super) target: Text<'a>,
    pub(super) user_agent: Text<'a>,
    pub(super) referrer: Text<'a>,
    pub(super) version: Fact<HttpVersion>,
    pub(super) scheme: Fact<Scheme>,
    pub(super) response: ResponseFacts,
    pub(super) rich: Option<Box<Rich<'a>>>,
}

impl<'a> Draft<'a> {
    /// A log line of which only client and time are known yet.
    pub(super) fn new(format: Format, moment: Moment, who: Who<'a>) -> Self {
        Draft {
            format,
            vantage: Vantage::Log,
            moment,
            who,
            method: Fact::Unseen,
            host: Fact::Unseen,
            target: Fact::Unseen,
            user_agent: Fact::Unseen,
            referrer: Fact::Unseen,
            version: Fact::Unseen,
            scheme: Fact::Unseen,
            response: ResponseFacts::default(),
            rich: None,
        }
    }

    /// Takes over a parsed request line.
    pub(super) fn with_request(mut self, line: RequestLine<'a>) -> Self {
        self.method = line.method;
        self.target = line.target;
        self.version = line.version;
        self
    }

    /// How finely the time is known.
    pub(super) fn resolution(&self) -> Resolution {
        self.moment.1
    }

    /// Copies all text into one buffer. `scratch` is only there to be reused.
    pub(super) fn into_record(self, scratch: &mut String) -> Record {
        scratch.clear();
        let client = match &self.who {
            Who::Ip(ip) => Client::Ip(*ip),
            Who::Name(name) => Client::Opaque(push(scratch, name)),
        };
        let mut keep = |text: &Text<'_>| text.as_ref().map(|text| push(scratch, text));
        let (method, host, target) = (keep(&self.method), keep(&self.host), keep(&self.target));
        let (user_agent, referrer) = (keep(&self.user_agent), keep(&self.referrer));
        let resolution = self.resolution();
        let extra = self.rich.map(|rich| Box::new(rich.into_extra(self.moment.0, scratch)));
        Record {
            time: self.moment.0,
            file: 0,
            line: 0,
            format: self.format,
            resolution,
            vantage: self.vantage,
            text: scratch.as_str().into(),
            client,
            method,
            host,
            target,
            user_agent,
            referrer,
            version: self.version,
            scheme: self.scheme,
            response: self.response,
            extra,
        }
    }
}

impl Rich<'_> {
    fn into_extra(self, time: Timestamp, buffer: &mut String) -> Extra {
        let own = self.own.as_deref();
        // Our own lines say the kind; their masked bodies may be longer than what they stand for.
        let kind = if let Some(own) = own { own.body_kind } else { body_kind(&self) };
        let body = match (&self.body, kind) {
            (Fact::Known(body), Some(kind)) if own.is_some() => {
                let complete = own.is_some_and(|own| own.body_complete);
                Fact::Known((push(buffer, body), kind, complete))
            }
            (_, Some(kind)) if own.is_some_and(|own| own.body.is_some()) => {
                let complete = own.is_some_and(|own| own.body_complete);
                Fact::Known((Span::default(), kind, complete))
            }
            (Fact::Known(body), Some(kind)) => {
                let cut = prefix(body, BodyPrefix::BYTES_MAX);
                Fact::Known((push(buffer, &body[cut.clone()]), kind, cut.end == body.len()))
            }
            (Fact::Absent, _) => Fact::Absent,
            _ => Fact::Unseen,
        };
        let headers = self.headers.map(|(pairs, order, case)| Headers {
            pairs: pairs.iter().map(|(name, value)| (push(buffer, name), push(buffer, value))).collect(),
            order,
            case,
        });
        Extra {
            session: self.session,
            headers,
            body,
            ja4: self.ja4.map(|text| push(buffer, &text)),
            fingerprint: self.fingerprint.map(|text| push(buffer, &text)),
            label: self.label,
            family: self.family.map(|text| push(buffer, &text)),
            group: self.group.map(|text| push(buffer, &text)),
            own: self.own.map(|own| Box::new(own.into_own(time, |text| push(buffer, text)))),
        }
    }

    /// The first value of a header, where the list is known.
    pub(super) fn header(&self, name: &str) -> Fact<&str> {
        match &self.headers {
            Fact::Known((pairs, ..)) => Fact::seen(find(pairs, name)),
            Fact::Absent => Fact::Absent,
            Fact::Unseen => Fact::Unseen,
        }
    }
}

/// The first value of `name`, ASCII case ignored.
pub(super) fn find<'p>(pairs: &'p Pairs<'_>, name: &str) -> Option<&'p str> {
    pairs.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_ref())
}

/// A session given as text: 32 hex digits are the id itself, anything else is hashed to one.
pub(super) fn session_id(text: &str) -> SessionId {
    if text.len() == 32
        && let Ok(id) = u128::from_str_radix(text, 16)
    {
        return SessionId(id);
    }
    SessionId(siphasher::sip128::SipHasher13::new().hash(text.as_bytes()).as_u128())
}

/// The kind of the body by its `Content-Type`, or by its look where that is not known. `None` for kinds that are
/// never looked at (DESIGN, "Body prefix").
fn body_kind(rich: &Rich<'_>) -> Option<BodyKind> {
    let Fact::Known(content_type) = rich.header("content-type") else {
        return rich.body.as_ref().known().map(|body| guess_kind(body));
    };
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match kind.as_str() {
        "application/x-www-form-urlencoded" => Some(BodyKind::Form),
        "multipart/form-data" => Some(BodyKind::Multipart),
        json if json.ends_with("/json") || json.ends_with("+json") => Some(BodyKind::Json),
        text if text.starts_with("text/") || text.ends_with("/xml") || text.ends_with("+xml") => {
            Some(BodyKind::Text)
        }
        _ => None,
    }
}

fn guess_kind(body: &str) -> BodyKind {
    match body.trim_start().as_bytes().first() {
        Some(b'{' | b'[') => BodyKind::Json,
        _ if body.contains('=') && !body.contains([' ', '\n']) => BodyKind::Form,
        _ => BodyKind::Text,
    }
}

/// The longest range from the start that holds at most `bytes_max` bytes and whole characters.
fn prefix(text: &str, bytes_max: usize) -> Range<usize> {
    0..text.floor_char_boundary(bytes_max)
}

/// Appends `text`; lines are at most 64 KiB and bodies are cut, so positions fit 32 bits by far. What would not fit
/// (a `/check` body of gigabytes) is kept empty.
fn push(buffer: &mut String, text: &str) -> Span {
    let (Ok(start), Ok(len)) = (u32::try_from(buffer.len()), u32::try_from(text.len())) else {
        return Span::default();
    };
    buffer.push_str(text);
    Span { start, len }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rich(content_type: &'static str, body: &'static str) -> Rich<'static> {
        let pairs: Pairs<'_> = vec![("Content-Type".into(), content_type.into())];
        Rich {
            headers: Fact::Known((pairs, HeaderOrder::Wire, HeaderCase::Wire)),
            body: Fact::Known(body.into()),
            ..Rich::default()
        }
    }

    #[test]
    fn bodies_have_a_kind_or_are_not_looked_at() {
        let check =
            |content_type, kind| assert_eq!(body_kind(&rich(content_type, "x")), kind, "{content_type}");
        check("application/x-www-form-urlencoded; charset=utf-8", Some(BodyKind::Form));
        check("Application/JSON", Some(BodyKind::Json));
        check("application/ld+json", Some(BodyKind::Json));
        check("text/plain", Some(BodyKind::Text));
        check("application/octet-stream", None);
        let mut scratch = String::new();
        assert_eq!(rich("application/grpc", "x").into_extra(Timestamp(0), &mut scratch).body, Fact::Unseen);
        assert_eq!(guess_kind(" {\"a\":1}"), BodyKind::Json);
        assert_eq!(guess_kind("a=b&c=d"), BodyKind::Form);
        assert_eq!(guess_kind("a = b"), BodyKind::Text);
    }

    #[test]
    fn long_bodies_are_cut_at_a_character() {
        assert_eq!(prefix("aé", 2), 0..1);
        assert_eq!(prefix("aé", 3), 0..3);
    }

    #[test]
    fn sessions_have_stable_numbers() {
        assert_eq!(session_id("000000000000000000000000000000ff"), SessionId(255));
        assert_eq!(session_id("visit-1"), session_id("visit-1"));
        assert_ne!(session_id("visit-1"), session_id("visit-2"));
    }
}
