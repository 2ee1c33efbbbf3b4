//! The order and the letter case in which a client writes its headers: our own fingerprint of it, what real browsers
//! do, and which program a bare request comes from.
//!
//! Owns names and their order. It reads no values beyond what tells a navigation from a fetch, and it is **not** JA4H
//! (patent-encumbered) nor made from it: names in order, hashed; pairs that never come the other way round.
//! It believes no user agent: the caller says which engine is claimed ([`conflicts`]), and weighs what comes back.
//!
//! What is known comes from recordings (`data/SOURCE.md`): Chromium 156 and, by way of QtWebEngine 5.15, 87; Firefox and
//! Thunderbird 153; each over HTTP/1.1 and HTTP/2, on a desktop. **Safari and every other WebKit browser are not among
//! them.** From public captures Safari 18 is known to send `sec-fetch-dest, user-agent, accept, sec-fetch-site,
//! sec-fetch-mode, accept-language, priority, accept-encoding` over HTTP/2, and Chrome for Android the order of desktop
//! Chrome; neither was verified here, so there is no table for WebKit and nothing is ever held against it.

mod expected;
mod names;
pub mod programs;
mod shape;

pub use expected::{BadTable, Conflict, Engine, Expected, Kind, conflicts};
pub use names::{Name, is_volatile};
pub use shape::{Casing, Shape, fingerprint};
