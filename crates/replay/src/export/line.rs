//! The line itself: which fact stands under which name.

use std::borrow::Cow;

use palisade_detect::Observe;
use palisade_detect::detectors::payload::Screen;
use palisade_domain::{
    BodyPrefix, ClientKey, Fact, HeaderCase, HeaderList, HeaderOrder, PassKind, RequestFacts, RequestId,
    ResponseFacts, Signature, Timestamp, Verdict,
};
use palisade_policy::{Around, Level};

use super::body;
use super::evidence;
use super::masks::{Masks, Space};
use super::names;
use super::text::{Object, push_display, quote};
use crate::source::LINE_BYTES_MAX;

/// How a request was judged.
#[derive(Clone, Copy, Debug)]
pub struct Judgement<'a> {
    /// Its reference number: that of the first request of the process plus `sequence`.
    pub id: RequestId,
    /// Where its judging came in the order of all judgings and ends: requests and ends count in one sequence.
    pub sequence: u64,
    /// What came of it.
    pub verdict: &'a Verdict,
    /// What only the edge knew.
    pub around: &'a Around,
    /// Did it become part of the client's past?
    pub observe: Observe,
}

/// A line whose request is written; its end is still to come.
#[derive(Clone, Debug)]
pub struct OpenLine {
    object: Object,
}

/// Left for what [`finish`] adds.
const END_BYTES: usize = 512;

/// Longest claim of a fingerprint that is written as it is; of a longer one only the mask (SURFACE, `X-Fingerprint`).
const CLAIM_BYTES_MAX: usize = 4 * 1024;

/// All texts of one request together; of more, each is cut to [`TEXT_BYTES_MAX`].
const TEXTS_BYTES_MAX: usize = 40 * 1024;

/// What stays of each text where they are too long together.
const TEXT_BYTES_MAX: usize = 4 * 1024;

/// Writes the request. `facts` are those the judge saw, with everything the gateway added to them.
pub fn request_line(facts: &RequestFacts<'_>, judgement: &Judgement<'_>, masks: &Masks) -> OpenLine {
    let mut object = Object::new();
    place(&mut object, facts, judgement);
    verdict(&mut object, judgement);
    small_facts(&mut object, facts);
    let before = object.len();
    let mut is_cut = texts(&mut object, facts, masks, usize::MAX);
    if object.len() - before > TEXTS_BYTES_MAX {
        object.truncate(before);
        is_cut = texts(&mut object, facts, masks, TEXT_BYTES_MAX);
    }
    let screen = Screen::of(facts);
    let before = object.len();
    is_cut |= !headers(&mut object, facts.headers, masks, &screen);
    if object.len() > LINE_BYTES_MAX - END_BYTES {
        object.truncate(before);
        is_cut = true;
    }
    let before = object.len();
    is_cut |= !write_body(&mut object, facts.body, masks, &screen);
    if object.len() > LINE_BYTES_MAX - END_BYTES {
        object.truncate(before);
        is_cut = true;
    }
    if is_cut {
        object.raw("cut", true);
    }
    OpenLine { object }
}

/// Writes the end: a whole line without line feed. `end_sequence` is where the end came in the order of all judgings
/// and ends, `end_time` the time it was noted with.
pub fn finish(line: OpenLine, response: &ResponseFacts, end_sequence: u64, end_time: Timestamp) -> String {
    let mut object = line.object;
    object.number("status", response.status.map(u64::from));
    object.number("bytes", response.bytes);
    object.number("duration_ms", response.duration_ms);
    object.flag("set_cookie", response.set_cookie);
    object.flag("login_ok", response.login_ok);
    if response.is_ours {
        object.raw("ours", true);
    }
    object.raw("end_seq", end_sequence);
    object.raw("end_time_us", end_time.0);
    whole(object)
}

/// Closes a line whose end nobody saw: a whole line without line feed. Its request still belongs to the past of its
/// client.
pub fn finish_unseen(line: OpenLine) -> String {
    whole(line.object)
}

fn whole(object: Object) -> String {
    let text = object.close();
    debug_assert!(text.len() < LINE_BYTES_MAX, "{} bytes", text.len());
    text
}

/// When, where and whose.
fn place(object: &mut Object, facts: &RequestFacts<'_>, judgement: &Judgement<'_>) {
    // First, because it tells our lines from all others.
    object.raw("palisade", 1);
    object.raw("time_ms", facts.time.millis());
    object.raw("time_us", facts.time.0);
    object.string("resolution", names::resolution(facts.resolution));
    match facts.client {
        ClientKey::Ip(ip) => object.string("client", &ip.to_string()),
        ClientKey::Opaque(name) => {
            object.fact("client", Fact::Known(name), TEXT_BYTES_MAX);
            object.raw("client_is_name", true);
        }
    }
    object.string("run", &format!("{:x}", judgement.id.0.wrapping_sub(judgement.sequence)));
    object.raw("seq", judgement.sequence);
    object.string("request_id", &judgement.id.to_string());
    object.raw("tenant", facts.tenant.0);
    object.raw("site", facts.site.0);
    object.string("vantage", facts.vantage.name());
}

/// What came of it, and what only the edge knew.
fn verdict(object: &mut Object, judgement: &Judgement<'_>) {
    let (assessment, decision) = (&judgement.verdict.assessment, &judgement.verdict.decision);
    object.raw("score", assessment.score.value());
    object.string("action", decision.action.name());
    object.string("enforced", decision.enforced.name());
    object.string("rule", decision.rule);
    if let Some(number) = decision.rule_number {
        object.raw("rule_number", number);
    }
    object.list("signals", &assessment.explanation, |out, line| {
        out.push('[');
        quote(out, line.id.0, usize::MAX);
        push_display(out, format_args!(",{}]", line.points));
    });
    if judgement.observe == Observe::Peek {
        object.raw("observe", false);
    }
    if judgement.around.keyed_trap_hit {
        object.raw("trap", true);
    }
    if let Some(key) = judgement.around.key {
        object.string("key", &format!("{key:x}"));
    }
    match judgement.around.level {
        Level::Calm => {}
        Level::Busy => object.string("level", "busy"),
        Level::Flood => object.string("level", "flood"),
    }
}

fn small_facts(object: &mut Object, facts: &RequestFacts<'_>) {
    let session = facts.session.map(|id| format!("{:032x}", id.0));
    object.fact("session", session.as_ref().map(String::as_str), usize::MAX);
    object.fact("pass", facts.pass.map(PassKind::name), usize::MAX);
    object.fact("version", facts.version.map(names::version), usize::MAX);
    object.fact("scheme", facts.scheme.map(names::scheme), usize::MAX);
    object.fact("head_fault", facts.head_fault.map(|fault| fault.name()), usize::MAX);
    let outcome = facts.signature.map(|signature| match signature {
        Signature::Verified(_) => "verified",
        Signature::Invalid => "invalid",
        Signature::Unverified => "unverified",
    });
    object.fact("signature", outcome, usize::MAX);
    if facts.client_hidden {
        object.raw("client_hidden", true);
    }
    if facts.preview {
        object.raw("preview", true);
    }
}

/// Everything that may be long; true where something had to be cut to `bytes_max`.
fn texts(object: &mut Object, facts: &RequestFacts<'_>, masks: &Masks, bytes_max: usize) -> bool {
    let claim = facts.fingerprint.map(|claim| match claim.len() {
        0..=CLAIM_BYTES_MAX => Cow::Borrowed(claim),
        _ => Cow::Owned(masks.token(Space::Claim, claim.as_bytes())),
    });
    let signed_by = match facts.signature {
        Fact::Known(Signature::Verified(origin)) => Fact::Known(origin),
        _ => Fact::Unseen,
    };
    let all = [
        ("method", facts.method),
        ("host", facts.host),
        ("path", facts.target),
        ("user_agent", facts.user_agent),
        ("referrer", facts.referrer),
        ("ja4", facts.ja4),
        ("fingerprint", claim.as_ref().map(|claim| &**claim)),
        ("host_name", facts.host_name),
        ("signed_by", signed_by),
    ];
    all.into_iter().fold(false, |cut, (key, fact)| object.fact(key, fact, bytes_max) | cut)
}

/// False where an attack in a secret header could not be kept without the secret.
fn headers(object: &mut Object, headers: Fact<HeaderList<'_>>, masks: &Masks, screen: &Screen<'_>) -> bool {
    let list = match headers {
        Fact::Unseen => return true,
        Fact::Absent => {
            object.raw("headers", "null");
            return true;
        }
        Fact::Known(list) => list,
    };
    if list.order == HeaderOrder::Lost {
        object.string("header_order", "lost");
    }
    if list.case == HeaderCase::Lost {
        object.string("header_case", "lost");
    }
    let attack = evidence::in_headers(screen, list.entries);
    let kept = attack.as_ref().map(|(at, attack)| {
        let (name, value) = list.entries[*at];
        let part = evidence::matched(screen, attack);
        let text = part.and_then(|part| masks.header_around(name, value, &part));
        (*at, text.filter(|text| screen.says_the_same(attack, text.as_bytes())))
    });
    object.list("headers", list.entries.iter().enumerate(), |out, (at, &(name, value))| {
        let value = match &kept {
            Some((kept_at, Some(text))) if *kept_at == at => Cow::Borrowed(text.as_str()),
            _ => masks.header(name, value),
        };
        out.push('[');
        quote(out, name, usize::MAX);
        out.push(',');
        quote(out, &value, usize::MAX);
        out.push(']');
    });
    !matches!(kept, Some((_, None)))
}

/// False where the body could not be masked within its bound, or not without another verdict.
fn write_body(object: &mut Object, body: Fact<BodyPrefix<'_>>, masks: &Masks, screen: &Screen<'_>) -> bool {
    let body = match body {
        Fact::Unseen => return true,
        Fact::Absent => {
            object.raw("body", "null");
            return true;
        }
        Fact::Known(body) => body,
    };
    let Some(masked) = body::masked(masks, screen, &body) else { return false };
    bytes(object, &masked);
    object.string("body_kind", names::body_kind(body.kind));
    if !body.complete {
        object.raw("body_complete", false);
    }
    true
}

/// A body as text where it is text, else in hexadecimal digits, which also bounds it at twice its length.
fn bytes(object: &mut Object, body: &[u8]) {
    let before = object.len();
    if let Ok(text) = std::str::from_utf8(body) {
        object.string("body", text);
        if object.len() - before <= 2 * body.len() + 64 {
            return;
        }
        object.truncate(before);
    }
    let mut digits = String::with_capacity(2 * body.len());
    for byte in body {
        push_display(&mut digits, format_args!("{byte:02x}"));
    }
    object.string("body_hex", &digits);
}
