//! What only our own lines carry, beside what all rich formats share.

use std::borrow::Cow;

use palisade_domain::{BodyKind, Fact, HeadFault, PassKind, SiteId, TenantId, Timestamp};

use super::record::Span;

/// Where request and end came in the order of everything one process judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Tells the sequences of two processes apart.
    pub run: u64,
    /// Where the request came.
    pub sequence: u64,
    /// Where its end came; `None` where nobody saw it.
    pub end: Option<Ended>,
}

/// When an end was noted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Where in the same sequence.
    pub sequence: u64,
    /// With which time.
    pub time: Timestamp,
}

/// What came of a request when it was live. `T` is text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict<T> {
    /// 0..=100 bot.
    pub score: u8,
    /// The action's rank.
    pub action: u8,
    /// Signals and their points, in the order of the explanation.
    pub signals: Vec<(T, i16)>,
}

/// A signature's outcome, still borrowed from its line.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum SignedDraft<'a> {
    Verified(Cow<'a, str>),
    Invalid,
    Unverified,
}

/// A signature's outcome.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Signed {
    Verified(Span),
    Invalid,
    Unverified,
}

/// As read.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct OwnDraft<'a> {
    pub(super) place: Place,
    pub(super) tenant: TenantId,
    pub(super) site: SiteId,
    pub(super) host_name: Fact<Cow<'a, str>>,
    pub(super) signature: Fact<SignedDraft<'a>>,
    pub(super) head_fault: Fact<HeadFault>,
    pub(super) pass: Fact<PassKind>,
    pub(super) client_hidden: bool,
    pub(super) preview: bool,
    pub(super) is_peek: bool,
    pub(super) keyed_trap_hit: bool,
    pub(super) key: Option<u64>,
    pub(super) verdict: Option<Verdict<Cow<'a, str>>>,
    /// A body that is no text.
    pub(super) body: Option<Box<[u8]>>,
    pub(super) body_kind: Option<BodyKind>,
    pub(super) body_complete: bool,
}

/// As kept in a record.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Own {
    pub(super) place: Place,
    /// The request's own time: a record's may be raised where it came too late to be sorted.
    pub(super) time: Timestamp,
    pub(super) tenant: TenantId,
    pub(super) site: SiteId,
    pub(super) host_name: Fact<Span>,
    pub(super) signature: Fact<Signed>,
    pub(super) head_fault: Fact<HeadFault>,
    pub(super) pass: Fact<PassKind>,
    pub(super) client_hidden: bool,
    pub(super) preview: bool,
    pub(super) is_peek: bool,
    pub(super) keyed_trap_hit: bool,
    pub(super) key: Option<u64>,
    pub(super) verdict: Option<Verdict<Span>>,
    /// A body that is no text.
    pub(super) body: Option<Box<[u8]>>,
}

impl OwnDraft<'_> {
    /// Copies all text into one buffer by `keep`.
    pub(super) fn into_own(self, time: Timestamp, mut keep: impl FnMut(&str) -> Span) -> Own {
        Own {
            place: self.place,
            time,
            tenant: self.tenant,
            site: self.site,
            host_name: self.host_name.map(|text| keep(&text)),
            signature: self.signature.map(|signed| match signed {
                SignedDraft::Verified(origin) => Signed::Verified(keep(&origin)),
                SignedDraft::Invalid => Signed::Invalid,
                SignedDraft::Unverified => Signed::Unverified,
            }),
            head_fault: self.head_fault,
            pass: self.pass,
            client_hidden: self.client_hidden,
            preview: self.preview,
            is_peek: self.is_peek,
            keyed_trap_hit: self.keyed_trap_hit,
            key: self.key,
            verdict: self.verdict.map(|verdict| Verdict {
                score: verdict.score,
                action: verdict.action,
                signals: verdict.signals.iter().map(|(id, points)| (keep(id), *points)).collect(),
            }),
            body: self.body,
        }
    }
}
