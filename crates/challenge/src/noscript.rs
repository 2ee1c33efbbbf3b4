//! The ladder without script: cookies that come back, a chain of style sheets, a button that must not be pressed too soon.
//!
//! Nothing is stored; each step is a text signed for one ticket. All visitors must show the cookie of tries
//! ([`crate::ladder::Try`]), set with the page: that is the cookie round trip. Beside it one of two ways:
//!
//! - **the chain**, for clients that claim to be a graphical browser, and without a click: the page links a style sheet, which
//!   imports a second one, which imports a third. The address of each stands only in the one before, so that they come in
//!   order, each a round trip after the one before, and every answer sets a cookie with the step and its time. Then a meta refresh
//!   asks for the end, which must show the last step's cookie, no sooner than [`Waits::refresh_ms`] after the page and
//!   [`SETTLE_MS`] after the last step: browsers start that clock when a page is loaded with its styles;
//! - **the form**, for everybody (w3m, lynx, links and dillo follow no style sheets): a button, pressed no sooner than
//!   [`Waits::form_ms`] after the page.
//!
//! What it costs a program that was written for it: no computation, two round trips (form) or five (chain), a cookie jar,
//! and the seconds to wait, during which nothing keeps it from doing other things. It stops what does not keep cookies,
//! does not come back, or reads pages but not their styles.

use palisade_domain::Timestamp;
use palisade_fingerprint::user_agent;
use ring::digest;

use crate::canonical::{Fields, Reader, Signed, same};
use crate::code::Code;
use crate::pass;
use crate::secrets::Secrets;
use crate::ticket::Ticket;

/// Style sheets in the chain.
pub const SHEETS: u8 = 3;
/// How long after the last style sheet the end may be asked for, ms.
pub const SETTLE_MS: i64 = 500;
/// How much sooner than it was told to a client may come, ms: its clock began before ours, or is rounded.
pub const EARLY_MS: i64 = 100;
/// Name of the cookie that a style sheet sets. Its path is that of one ticket's steps, so that tabs do not meet.
pub const COOKIE: &str = "palisade_step";

const SHEET: &str = "step sheet";
const DONE: &str = "step done";
const REFRESH: &str = "step refresh";
const FORM: &str = "step form";
const HASH_BYTES: usize = 16;

/// How long a visitor without script waits; the ladder says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waits {
    /// Until the end of the chain may be asked for, ms after the page.
    pub refresh_ms: u32,
    /// Until the button may be pressed, ms after the page.
    pub form_ms: u32,
}

/// What a challenge page contains for those without script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The chain, where the client claims to show pages with their styles.
    pub chain: Option<Chain>,
    /// Hidden field `step` of the form, which is sent to `{base}step` by POST, with `ticket` and `to` beside it.
    pub form: String,
    /// What the page asks to wait before the button is pressed, whole seconds.
    pub form_wait_secs: u32,
}

/// The chain's beginning and end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// The first style sheet: `<link rel="stylesheet" href="{base}step/{sheet}">`.
    pub sheet: String,
    /// The end: `<meta http-equiv="refresh" content="{secs};url={base}step/{end}?ticket=…&to=…">`.
    pub end: String,
    /// The seconds of the meta refresh.
    pub refresh_secs: u32,
}

/// The answer to a style sheet's request: `text/css`, `Cache-Control: no-store`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sheet {
    /// The sheet's content imports `{base}step/{next}`; the last one imports nothing.
    pub next: Option<String>,
    /// Value of the cookie [`COOKIE`]: letters, digits, `-` and `_`.
    pub cookie: String,
    /// The cookie's path is `{base}step/{cookie_path}/`.
    pub cookie_path: String,
    /// The cookie's `Max-Age`, seconds.
    pub cookie_max_age_secs: u32,
}

/// True where a client that calls itself so loads style sheets: it is offered the chain beside the form.
pub fn loads_styles(user_agent: Option<&str>) -> bool {
    user_agent.is_some_and(|text| user_agent::parse(text).is_graphical_browser())
}

impl Offer {
    /// What the page of `ticket` contains, which leads back to `target` (path and query). The steps end with the ticket.
    pub fn new(ticket: &Ticket, target: &str, styles: bool, waits: Waits, secrets: &Secrets) -> Self {
        let end = |purpose, wait_ms| End::new(ticket, target, wait_ms).text(purpose, secrets);
        let chain = || Chain {
            sheet: Mark { id: ticket.id, number: 1, time: ticket.issued, expires: ticket.expires }
                .text(SHEET, secrets),
            end: end(REFRESH, waits.refresh_ms),
            refresh_secs: waits.refresh_ms.div_ceil(1_000),
        };
        Offer {
            chain: styles.then(chain),
            form: end(FORM, waits.form_ms),
            form_wait_secs: waits.form_ms.div_ceil(1_000),
        }
    }
}

/// What is behind `{base}step/` in the path of a style sheet.
///
/// # Errors
/// [`Code::InvalidStep`] for what we never wrote, [`Code::ExpiredTicket`] where its challenge is over.
pub fn sheet(text: &str, secrets: &Secrets, now: Timestamp) -> Result<Sheet, Code> {
    let mark = Mark::read(text, SHEET, secrets)?;
    if now >= mark.expires {
        return Err(Code::ExpiredTicket);
    }
    let done = Mark { time: now, ..mark };
    let next = Mark { number: mark.number + 1, ..done };
    Ok(Sheet {
        next: (mark.number < SHEETS).then(|| next.text(SHEET, secrets)),
        cookie: done.signed(DONE, secrets),
        cookie_path: folder(mark.id),
        cookie_max_age_secs: u32::try_from(mark.expires.millis_since(now) / 1_000).unwrap_or(u32::MAX).max(1),
    })
}

/// The last step as it is shown: the end of the chain (GET) or the form (POST).
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    /// What is behind `{base}step/` in the chain's last path, or the form's field `step`.
    pub step: &'a str,
    /// Field `to`: where the visitor goes then. As it was offered, or it does not fit.
    pub target: &'a str,
    /// The `Cookie` header; empty where none came.
    pub cookies: &'a str,
    /// Whether the cookie of tries came and is ours ([`crate::ladder::Try::read`]).
    pub tried: bool,
    /// When.
    pub now: Timestamp,
}

/// Were the steps of `ticket` taken? The caller has read and checked the ticket, its bindings too, and claims it
/// afterwards like one with work: one ticket gives one pass, whichever way. What is refused for being too early is not spent.
///
/// # Errors
/// [`Code::InvalidStep`], [`Code::CookiesOff`], [`Code::StepsIncomplete`] or [`Code::TooFast`].
pub fn finish(shown: &Shown<'_>, ticket: &Ticket, secrets: &Secrets) -> Result<(), Code> {
    let is_chain = shown.step.contains('/');
    let end = End::read(shown.step, if is_chain { REFRESH } else { FORM }, secrets)?;
    if end.id != ticket.id || !same(&end.target, &hash(shown.target)) {
        return Err(Code::InvalidStep);
    }
    if !shown.tried {
        return Err(Code::CookiesOff);
    }
    let begin =
        if is_chain { last_sheet(shown, ticket, secrets)?.plus_millis(SETTLE_MS) } else { ticket.issued };
    let from = begin.max(ticket.issued.plus_millis(i64::from(end.wait_ms)));
    if shown.now.plus_millis(EARLY_MS) < from { Err(Code::TooFast) } else { Ok(()) }
}

/// When the last style sheet of the ticket's chain was asked for.
fn last_sheet(shown: &Shown<'_>, ticket: &Ticket, secrets: &Secrets) -> Result<Timestamp, Code> {
    let text = pass::cookie(shown.cookies, COOKIE).ok_or(Code::StepsIncomplete)?;
    let mark = Mark::open(text, DONE, secrets)?;
    match (mark.id == ticket.id, mark.number == SHEETS) {
        (true, true) => Ok(mark.time),
        (true, false) => Err(Code::StepsIncomplete),
        (false, _) => Err(Code::InvalidStep),
    }
}

/// One style sheet: to be asked for, or asked for at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mark {
    id: u128,
    /// 1..=[`SHEETS`].
    number: u8,
    /// When the step was taken, or the one before.
    time: Timestamp,
    expires: Timestamp,
}

impl Mark {
    fn signed(&self, purpose: &str, secrets: &Secrets) -> String {
        let mut fields = Fields::default();
        fields
            .put(&self.id.to_be_bytes())
            .put_number(u64::from(self.number))
            .put_time(self.time)
            .put_time(self.expires);
        fields.signed(&secrets.step, purpose)
    }

    /// With the folder of the ticket in front, which is the path of its cookie.
    fn text(&self, purpose: &str, secrets: &Secrets) -> String {
        format!("{}/{}", folder(self.id), self.signed(purpose, secrets))
    }

    fn open(signed: &str, purpose: &str, secrets: &Secrets) -> Result<Self, Code> {
        let signed = Signed::open(signed, &secrets.step, purpose).ok_or(Code::InvalidStep)?;
        Mark::parse(signed.fields()).ok_or(Code::InvalidStep)
    }

    fn read(text: &str, purpose: &str, secrets: &Secrets) -> Result<Self, Code> {
        let (front, signed) = text.split_once('/').ok_or(Code::InvalidStep)?;
        let mark = Mark::open(signed, purpose, secrets)?;
        if front == folder(mark.id) { Ok(mark) } else { Err(Code::InvalidStep) }
    }

    fn parse(mut fields: Reader<'_>) -> Option<Self> {
        let mark = Mark {
            id: u128::from_be_bytes(fields.array()?),
            number: u8::try_from(fields.number()?).ok().filter(|number| (1..=SHEETS).contains(number))?,
            time: fields.time()?,
            expires: fields.time()?,
        };
        fields.is_empty().then_some(mark)
    }
}

/// The end of the chain, or the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct End {
    id: u128,
    wait_ms: u32,
    target: [u8; HASH_BYTES],
}

impl End {
    fn new(ticket: &Ticket, target: &str, wait_ms: u32) -> Self {
        End { id: ticket.id, wait_ms, target: hash(target) }
    }

    fn text(&self, purpose: &str, secrets: &Secrets) -> String {
        let mut fields = Fields::default();
        fields.put(&self.id.to_be_bytes()).put_number(u64::from(self.wait_ms)).put(&self.target);
        let signed = fields.signed(&secrets.step, purpose);
        if purpose == REFRESH { format!("{}/{signed}", folder(self.id)) } else { signed }
    }

    fn read(text: &str, purpose: &str, secrets: &Secrets) -> Result<Self, Code> {
        let (front, signed) = text.split_once('/').map_or((None, text), |(front, rest)| (Some(front), rest));
        let signed = Signed::open(signed, &secrets.step, purpose).ok_or(Code::InvalidStep)?;
        let end = End::parse(signed.fields()).ok_or(Code::InvalidStep)?;
        let fits = front.is_none_or(|front| front == folder(end.id));
        if fits { Ok(end) } else { Err(Code::InvalidStep) }
    }

    fn parse(mut fields: Reader<'_>) -> Option<Self> {
        let end = End {
            id: u128::from_be_bytes(fields.array()?),
            wait_ms: fields.word()?,
            target: fields.array()?,
        };
        fields.is_empty().then_some(end)
    }
}

/// The folder of a ticket's steps.
fn folder(id: u128) -> String {
    format!("{id:032x}")
}

/// What travels of the target: it may be longer than a signed text.
fn hash(target: &str) -> [u8; HASH_BYTES] {
    let mut out = [0; HASH_BYTES];
    out.copy_from_slice(&digest::digest(&digest::SHA256, target.as_bytes()).as_ref()[..HASH_BYTES]);
    out
}

#[cfg(test)]
mod tests;
