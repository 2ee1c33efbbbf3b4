//! The gateway's own export: one judged request is one line that replays to the same verdict.
//!
//! A line is labelled traffic (SURFACE, "Formats") and more: every fact a detector reads, when and in which place of the
//! sequence the request was judged and its end noted, and what came of it, for people. [`request_line`] writes what is
//! known when the verdict is, [`finish`] what is known at the end; `formats::palisade` reads both.
//!
//! ## What a line holds of a person, and what it never does
//! - **Kept**, as in any access log: address, method, host, path with query, user agent, referrer; further headers,
//!   fingerprints, the number of a session. Whoever puts secrets into query strings finds them in access logs and here.
//! - **Masked** ([`Masks`]): values of cookies, authorization, keys, tokens and of every header whose name says so, and
//!   addresses in forwarding headers. Their names, their presence, and whether they are equal or empty survive.
//! - **Masked**: every value in a body. Names of fields, which of them are empty, and whether two bodies are equal
//!   survive; names that do not look like names go too.
//! - **Evidence**: of a body or masked header in which an attack is written (`payload` signals) the values with the attack
//!   stay; where a value has no name or anything says that it may be a secret (`secrecy`), only the part that was matched
//!   (`evidence`). Everything beside them is masked as ever.
//!
//! A line is shorter than [`crate::source::LINE_BYTES_MAX`]. What does not fit is left out and reads back as unseen,
//! the body first, then the headers, then the ends of long texts; such a line says `"cut":true`, and its replay may
//! differ. So does the rare line whose attack could not be kept without a secret: the secret goes.
//!
//! Not here: which requests are exported (the guard samples), where lines are kept (the store).

mod body;
mod evidence;
mod line;
mod masks;
pub(crate) mod names;
mod secrecy;
mod text;

pub use line::{Judgement, OpenLine, finish, finish_unseen, request_line};
pub use masks::{Masks, is_secret as is_secret_header};

#[cfg(test)]
mod tests;
