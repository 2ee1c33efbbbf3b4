//! One parsed line: owned, cheap to move and to keep in the reorder window.

use palisade_detect::Observe;
use palisade_domain::{
    BodyKind, BodyPrefix, ClientIp, ClientKey, Fact, HeaderCase, HeaderList, HeaderOrder, HttpVersion,
    RequestFacts, Resolution, ResponseFacts, Scheme, SessionId, Signature, Timestamp, Vantage,
};
use palisade_policy::Around;

use super::Format;
use super::own::{Own, Place, Signed, Verdict};

/// What a labelled line says about its sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Label {
    /// A person.
    Human,
    /// A program.
    Bot,
}

/// A piece of a record's text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: u32,
    pub(super) len: u32,
}

/// Whom the line is attributed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Client {
    Ip(ClientIp),
    Opaque(Span),
}

/// The header list.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Headers {
    pub(super) pairs: Vec<(Span, Span)>,
    pub(super) order: HeaderOrder,
    pub(super) case: HeaderCase,
}

/// What only rich formats carry; boxed so that plain log lines stay small.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Extra {
    pub(super) session: Fact<SessionId>,
    pub(super) headers: Fact<Headers>,
    pub(super) body: Fact<(Span, BodyKind, bool)>,
    pub(super) ja4: Fact<Span>,
    pub(super) fingerprint: Fact<Span>,
    pub(super) label: Option<Label>,
    pub(super) family: Option<Span>,
    pub(super) group: Option<Span>,
    pub(super) own: Option<Box<Own>>,
}

/// One request as a line shows it. All text lies in one buffer.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// When the request arrived; raised to the time already reached where the line came too late to be sorted.
    pub time: Timestamp,
    /// The index of its file in the list that was opened.
    pub file: u32,
    /// Its line in that file, from 1.
    pub line: u64,
    /// The format it was read as.
    pub format: Format,
    pub(super) resolution: Resolution,
    pub(super) vantage: Vantage,
    pub(super) text: Box<str>,
    pub(super) client: Client,
    pub(super) method: Fact<Span>,
    pub(super) host: Fact<Span>,
    pub(super) target: Fact<Span>,
    pub(super) user_agent: Fact<Span>,
    pub(super) referrer: Fact<Span>,
    pub(super) version: Fact<HttpVersion>,
    pub(super) scheme: Fact<Scheme>,
    pub(super) response: ResponseFacts,
    pub(super) extra: Option<Box<Extra>>,
}

impl Record {
    fn piece(&self, span: Span) -> &str {
        let start = span.start as usize;
        self.text.get(start..start + span.len as usize).unwrap_or_default()
    }

    /// The request's headers, to be lent to [`Record::facts`]; empty, without allocation, where there are none.
    pub fn header_entries(&self) -> Vec<(&str, &str)> {
        match self.extra.as_deref().map(|extra| &extra.headers) {
            Some(Fact::Known(list)) => {
                list.pairs.iter().map(|&(name, value)| (self.piece(name), self.piece(value))).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The request as facts. `headers` is what [`Record::header_entries`] returned for this record.
    pub fn facts<'a>(&'a self, headers: &'a [(&'a str, &'a str)]) -> RequestFacts<'a> {
        let mut facts = RequestFacts::bare(self.client(), self.time, self.vantage);
        facts.resolution = self.resolution;
        facts.method = self.method.map(|span| self.piece(span));
        facts.host = self.host.map(|span| self.piece(span));
        facts.target = self.target.map(|span| self.piece(span));
        facts.user_agent = self.user_agent.map(|span| self.piece(span));
        facts.referrer = self.referrer.map(|span| self.piece(span));
        facts.version = self.version;
        facts.scheme = self.scheme;
        if let Some(extra) = self.extra.as_deref() {
            facts.session = extra.session;
            facts.headers = extra.headers.as_ref().map(|list| HeaderList {
                entries: headers,
                order: list.order,
                case: list.case,
            });
            facts.body = extra.body.map(|(span, kind, complete)| BodyPrefix {
                kind,
                bytes: self.piece(span).as_bytes(),
                complete,
            });
            facts.ja4 = extra.ja4.map(|span| self.piece(span));
            facts.fingerprint = extra.fingerprint.map(|span| self.piece(span));
            if let Some(own) = extra.own.as_deref() {
                self.add_own(own, &mut facts);
            }
        }
        facts
    }

    fn add_own<'a>(&'a self, own: &'a Own, facts: &mut RequestFacts<'a>) {
        (facts.tenant, facts.site, facts.time) = (own.tenant, own.site, own.time);
        facts.host_name = own.host_name.map(|span| self.piece(span));
        facts.signature = own.signature.map(|signed| match signed {
            Signed::Verified(origin) => Signature::Verified(self.piece(origin)),
            Signed::Invalid => Signature::Invalid,
            Signed::Unverified => Signature::Unverified,
        });
        facts.head_fault = own.head_fault;
        facts.pass = own.pass;
        (facts.client_hidden, facts.preview) = (own.client_hidden, own.preview);
        if let (Some(bytes), Fact::Known(body)) = (&own.body, &mut facts.body) {
            body.bytes = bytes;
        }
    }

    /// Where our own line came in the order of all; `None` for every other format.
    pub fn place(&self) -> Option<Place> {
        self.own().map(|own| own.place)
    }

    /// What only the edge knew when it judged.
    pub fn around(&self) -> Around {
        let own = self.own();
        Around {
            keyed_trap_hit: own.is_some_and(|own| own.keyed_trap_hit),
            key: own.and_then(|own| own.key),
            ..Around::default()
        }
    }

    /// Did the request become part of its client's past?
    pub fn observe(&self) -> Observe {
        if self.own().is_some_and(|own| own.is_peek) { Observe::Peek } else { Observe::Note }
    }

    /// What came of it when it was live, where the line says so.
    pub fn verdict(&self) -> Option<Verdict<&str>> {
        let verdict = self.own()?.verdict.as_ref()?;
        let signals = verdict.signals.iter().map(|(id, points)| (self.piece(*id), *points)).collect();
        Some(Verdict { score: verdict.score, action: verdict.action, signals })
    }

    fn own(&self) -> Option<&Own> {
        self.extra.as_deref()?.own.as_deref()
    }

    /// What became of it.
    pub fn response(&self) -> ResponseFacts {
        self.response
    }

    /// Whom it is attributed to.
    pub fn client(&self) -> ClientKey<'_> {
        match self.client {
            Client::Ip(ip) => ClientKey::Ip(ip),
            Client::Opaque(span) => ClientKey::Opaque(self.piece(span)),
        }
    }

    /// What the line itself says about its sender: labelled traffic only.
    pub fn label(&self) -> Option<Label> {
        self.extra.as_deref().and_then(|extra| extra.label)
    }

    /// The family a labelled line gives, such as `scrapy`.
    pub fn family(&self) -> Option<&str> {
        self.extra.as_deref().and_then(|extra| extra.family).map(|span| self.piece(span))
    }

    /// The group a labelled line gives: what must stay on one side of a split.
    pub fn group(&self) -> Option<&str> {
        self.extra.as_deref().and_then(|extra| extra.group).map(|span| self.piece(span))
    }

    /// Bytes this record holds, about: for the reorder window's memory cap.
    pub(crate) fn size(&self) -> usize {
        let extra = self.extra.as_deref().map_or(0, |extra| {
            let headers = extra.headers.as_ref().known().map_or(0, |list| list.pairs.len());
            let own = extra.own.as_deref().map_or(0, |own| {
                let signals = own.verdict.as_ref().map_or(0, |verdict| verdict.signals.len());
                size_of::<Own>()
                    + signals * size_of::<(Span, i16)>()
                    + own.body.as_ref().map_or(0, |body| body.len())
            });
            size_of::<Extra>() + headers * size_of::<(Span, Span)>() + own
        });
        size_of::<Record>() + self.text.len() + extra
    }
}
