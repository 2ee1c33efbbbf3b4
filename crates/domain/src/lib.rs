//! The nouns of Palisade.
//!
//! This crate owns the words every other crate speaks: where a request was seen ([`Vantage`]), what is known
//! about it ([`RequestFacts`], each fact a [`Fact`]), who sent it ([`Identity`]), what a detector found
//! ([`Signal`]), how that adds up ([`Assessment`]) and what is done about it ([`Decision`]).
//!
//! It knows no wire format, no web framework, no clock and no I/O: the edges convert.

pub mod action;
pub mod address;
pub mod assessment;
pub mod fact;
pub mod identity;
mod nearest;
pub mod request;
pub mod request_id;
pub mod signal;
pub mod tenant;
pub mod time;

pub use action::{Action, BlockReason, Decision, Enforcement, Pace, Price, Rate, Verdict};
pub use address::{ClientIp, NetPrefix, RangeSet};
pub use assessment::{Assessment, Coverage, Explanation, ModelOpinion, Score, ScoreOutOfRange, SignalPoints};
pub use fact::Fact;
pub use identity::{ClaimStatus, Identity, IdentityClass};
pub use nearest::nearest;
pub use request::{
    BodyKind, BodyPrefix, ClientKey, HeadFault, HeaderCase, HeaderList, HeaderOrder, HttpVersion, PassKind,
    Phase, RequestFacts, ResponseFacts, Scheme, SessionId, Signature,
};
pub use request_id::RequestId;
pub use signal::{Detail, DetailText, LogOdds, Signal, SignalId, Signals, Value};
pub use tenant::{SiteId, TenantId};
pub use time::{Resolution, Timestamp};
pub use vantage::Vantage;

mod vantage;
