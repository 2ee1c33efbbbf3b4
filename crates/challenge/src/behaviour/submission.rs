//! Bodies that answer a challenge, read in one pass.

use serde::Deserialize;

use super::read::{Flag, Maybe, Raw, RawWork, Text, is_word, object};
use super::trace::{Trace, WorkAnswer};
use crate::code::Code;

/// The body of `POST {base}answer`, `POST {base}api/challenge` or `POST {base}captcha/start`: whatever of it was sent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Submission {
    /// The ticket, beside the trace or inside it.
    pub ticket: Option<String>,
    /// The solutions, beside the trace or inside it.
    pub work: Option<WorkAnswer>,
    /// Does the page ask that the trace be kept? What is kept is decided by the server's setting.
    pub save: bool,
    /// The site key, where it is not a header.
    pub site_key: Option<String>,
    /// What the form is for: letters, digits, `_`, `/`, `-`, `.`; anything else is none.
    pub action: Option<String>,
    /// Where the page was, as it says.
    pub hostname: Option<String>,
    /// What the hand did.
    pub trace: Option<Trace>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RawSubmission {
    ticket: Text<1024>,
    work: Maybe<RawWork>,
    save: Flag,
    site_key: Text<256>,
    action: Text<100>,
    hostname: Text<253>,
    data: Maybe<Raw>,
}

impl Submission {
    /// Reads a body.
    ///
    /// # Errors
    /// As [`Trace::read`].
    pub fn read(body: &[u8]) -> Result<Self, Code> {
        let raw: RawSubmission = object(body)?;
        let mut trace = raw.data.0.map(Raw::into_trace).transpose()?;
        let work = raw.work.0.map(RawWork::into_answer).transpose()?;
        let inner =
            |take: fn(&mut Trace) -> Option<String>, trace: &mut Option<Trace>| trace.as_mut().and_then(take);
        Ok(Submission {
            ticket: raw.ticket.0.or_else(|| inner(|trace| trace.ticket.take(), &mut trace)),
            work: work.or_else(|| trace.as_mut().and_then(|trace| trace.work.take())),
            save: raw.save.0,
            site_key: raw.site_key.0,
            action: raw
                .action
                .0
                .filter(|action| is_word(action))
                .or_else(|| inner(|trace| trace.action.take(), &mut trace)),
            hostname: raw.hostname.0.or_else(|| inner(|trace| trace.hostname.take(), &mut trace)),
            trace,
        })
    }
}
