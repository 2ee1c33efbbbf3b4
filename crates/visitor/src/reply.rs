//! An answer of ours in place of the upstream's.

use std::borrow::Cow;

use palisade_challenge::Code;
use palisade_domain::{Action, BlockReason, Decision, Pace, RequestId};
use serde::Serialize;

use crate::words::{Sentence, Words};
use crate::{Wants, page, words};

/// Seconds after which a throttled client is asked to come back: rates count over a minute.
const RETRY_AFTER_SECS: u32 = 60;

/// A complete answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Headers beside `Content-Length` and `Date`, in order; lower-case names.
    pub headers: Vec<(&'static str, String)>,
    /// The body; empty for `HEAD`.
    pub body: Cow<'static, [u8]>,
    /// How slowly the body is written, where it is: a tarpit's answer.
    pub pace: Option<Pace>,
}

/// What is said to the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Notice {
    /// 403: refused.
    Refused,
    /// 403: the site does not take automated requests here.
    Automated,
    /// 429: too many requests.
    SlowDown,
    /// 402: costs money.
    Payment,
    /// 400: ambiguous or broken request.
    BadRequest,
    /// 404: a path of ours with nothing behind it.
    NotFound,
    /// 413: the body is too large.
    TooLarge,
    /// 421: no site of ours answers to that host.
    Misdirected,
    /// 431: the head is too large.
    HeadTooLarge,
    /// 501: a method nobody here speaks.
    NotImplemented,
    /// 502: the site cannot be reached, or broke off.
    Unreachable,
    /// 503: no room for another connection or answer.
    Busy,
    /// 504: the site does not answer in time.
    TimedOut,
}

impl Notice {
    /// The HTTP status.
    pub fn status(self) -> u16 {
        match self {
            Notice::BadRequest => 400,
            Notice::Payment => 402,
            Notice::Refused | Notice::Automated => 403,
            Notice::NotFound => 404,
            Notice::TooLarge => 413,
            Notice::Misdirected => 421,
            Notice::SlowDown => 429,
            Notice::HeadTooLarge => 431,
            Notice::NotImplemented => 501,
            Notice::Unreachable => 502,
            Notice::Busy => 503,
            Notice::TimedOut => 504,
        }
    }

    /// `error` and `message` for programs.
    fn for_programs(self) -> (&'static str, &'static str) {
        match self {
            Notice::Refused => ("Access denied", "This request was not let through."),
            Notice::Automated => ("Bot detected", "Automated requests are not allowed."),
            Notice::SlowDown => ("Too many requests", "Wait a minute, then ask less often."),
            Notice::Payment => ("Payment required", "Automated readers are asked to pay for this page."),
            Notice::BadRequest => {
                ("Bad request", "The request is ambiguous or incomplete and was not passed on.")
            }
            Notice::NotFound => ("Not found", "Nothing is here."),
            Notice::TooLarge => ("Content too large", "The body is larger than is taken here."),
            Notice::Misdirected => ("Misdirected request", "No site here answers to that host."),
            Notice::HeadTooLarge => (
                "Request header fields too large",
                "The request head is larger than 64 KiB or has too many lines.",
            ),
            Notice::NotImplemented => ("Not implemented", "That method is not served here."),
            Notice::Unreachable => ("Bad gateway", "The site cannot be reached, or broke off its answer."),
            Notice::Busy => ("Service unavailable", "Too much is going on at once; try again in a minute."),
            Notice::TimedOut => ("Gateway timeout", "The site did not answer in time."),
        }
    }

    fn for_people(self, words: &Words) -> Sentence {
        match self {
            Notice::Refused | Notice::Automated => words.refused,
            Notice::SlowDown => words.slow_down,
            Notice::Payment => words.payment,
            Notice::BadRequest | Notice::TooLarge | Notice::HeadTooLarge | Notice::NotImplemented => {
                words.bad_request
            }
            Notice::NotFound | Notice::Misdirected => words.not_found,
            Notice::Unreachable | Notice::Busy | Notice::TimedOut => words.unavailable,
        }
    }

    fn retry_after_secs(self) -> Option<u32> {
        matches!(self, Notice::SlowDown | Notice::Busy).then_some(RETRY_AFTER_SECS)
    }
}

#[derive(Serialize)]
struct Refusal<'a> {
    error: &'a str,
    message: &'a str,
    #[serde(rename = "error-codes", skip_serializing_if = "<[String]>::is_empty")]
    codes: &'a [String],
    request_id: String,
}

impl Reply {
    /// The answer that carries out `decision`; none where the request passes.
    pub fn to_decision(decision: &Decision, wants: &Wants<'_>, id: RequestId) -> Option<Reply> {
        Reply::carrying_out(decision, &[], wants, id)
    }

    /// As [`Reply::to_decision`], to a script of ours that brings an answer: with a code that says whether to wait or to stop.
    pub fn to_answerer(decision: &Decision, wants: &Wants<'_>, id: RequestId) -> Option<Reply> {
        let is_momentary = matches!(decision.enforced, Action::Throttle(_));
        let code = if is_momentary { Code::TryAgain } else { Code::Refused };
        Reply::carrying_out(decision, &[code.to_string()], wants, id)
    }

    fn carrying_out(
        decision: &Decision,
        codes: &[String],
        wants: &Wants<'_>,
        id: RequestId,
    ) -> Option<Reply> {
        let (notice, pace) = match decision.enforced {
            Action::Allow | Action::Monitor => return None,
            Action::Throttle(_) => (Notice::SlowDown, None),
            // Until the maze stands, a tarpit is a throttle that takes its time.
            Action::Tarpit(pace) => (Notice::SlowDown, Some(pace)),
            Action::Charge(_) => (Notice::Payment, None),
            Action::Block(BlockReason::Class) => (Notice::Automated, None),
            Action::Block(_) | Action::Challenge => (Notice::Refused, None),
        };
        Some(Reply { pace, ..Reply::refusal(notice, notice.for_programs(), codes, wants, id) })
    }

    /// The answer that says `notice`, as a page or as JSON by what the client wants.
    pub fn notice(notice: Notice, wants: &Wants<'_>, id: RequestId) -> Reply {
        Reply::refusal(notice, notice.for_programs(), &[], wants, id)
    }

    /// 403 for a form that needs a token and has no good one, with the codes that say why.
    pub fn token_required(codes: &[String], wants: &Wants<'_>, id: RequestId) -> Reply {
        let told = ("CAPTCHA required", "This form needs a valid token; reload the page and send it again.");
        Reply::refusal(Notice::Refused, told, codes, wants, id)
    }

    fn refusal(
        notice: Notice,
        (error, message): (&str, &str),
        codes: &[String],
        wants: &Wants<'_>,
        id: RequestId,
    ) -> Reply {
        let mut headers = Vec::with_capacity(8);
        let body = if wants.page() {
            let words = words::of(wants.language(&words::TAGS));
            headers.push(("content-type", "text/html; charset=utf-8".to_owned()));
            headers.push(("content-language", words.tag.to_owned()));
            headers.push(("content-security-policy", page::CONTENT_SECURITY_POLICY.to_owned()));
            headers.push(("referrer-policy", "no-referrer".to_owned()));
            page::render_with_codes(words, notice.for_people(words), Some(id), &codes.join(", "))
        } else {
            headers.push(("content-type", "application/json".to_owned()));
            let refusal = Refusal { error, message, codes, request_id: id.to_string() };
            serde_json::to_string(&refusal).expect("texts always serialise")
        };
        headers.push(("cache-control", "private, no-store".to_owned()));
        headers.push(("vary", "accept, accept-language".to_owned()));
        headers.push(("x-content-type-options", "nosniff".to_owned()));
        headers.push(("x-request-id", id.to_string()));
        if let Some(secs) = notice.retry_after_secs() {
            headers.push(("retry-after", secs.to_string()));
        }
        let body = if wants.head_only { Cow::Borrowed(&b""[..]) } else { Cow::Owned(body.into_bytes()) };
        Reply { status: notice.status(), headers, body, pace: None }
    }

    /// The value of header `name` (lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(held, _)| *held == name).map(|(_, value)| value.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_domain::{Price, Rate};

    const PERSON: Wants<'_> = Wants { accept: Some("text/html"), language: Some("de"), head_only: false };
    const PROGRAM: Wants<'_> = Wants { accept: Some("*/*"), language: None, head_only: false };

    fn decided(enforced: Action, wants: &Wants<'_>) -> Option<Reply> {
        let decision = Decision { action: enforced, enforced, rule: "", rule_number: None, until: None };
        Reply::to_decision(&decision, wants, RequestId(9))
    }

    #[test]
    fn what_passes_has_no_answer() {
        assert_eq!(decided(Action::Allow, &PROGRAM), None);
        assert_eq!(decided(Action::Monitor, &PERSON), None);
    }

    #[test]
    fn each_action_has_its_status() {
        let check = |action, status, error: &str| {
            let reply = decided(action, &PROGRAM).unwrap();
            let body: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
            assert_eq!((reply.status, body["error"].as_str()), (status, Some(error)), "{action:?}");
            assert_eq!(body["request_id"].as_str(), Some("0000000000009"));
            assert_eq!(body.as_object().map(serde_json::Map::len), Some(3));
        };
        check(Action::Throttle(Rate(30)), 429, "Too many requests");
        check(Action::Tarpit(Pace(1)), 429, "Too many requests");
        check(Action::Charge(Price(1)), 402, "Payment required");
        check(Action::Challenge, 403, "Access denied");
        check(Action::Block(BlockReason::Attack), 403, "Access denied");
        check(Action::Block(BlockReason::Class), 403, "Bot detected");
        assert_eq!(decided(Action::Tarpit(Pace(3)), &PROGRAM).unwrap().pace, Some(Pace(3)));
    }

    #[test]
    fn a_script_that_brings_an_answer_is_told_to_wait_or_to_stop() {
        for (enforced, code) in [
            (Action::Block(BlockReason::List), "refused"),
            (Action::Tarpit(Pace(1)), "refused"),
            (Action::Throttle(Rate(1)), "try-again"),
        ] {
            let decision = Decision { action: enforced, enforced, rule: "", rule_number: None, until: None };
            let reply = Reply::to_answerer(&decision, &PROGRAM, RequestId(9)).unwrap();
            let body: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
            assert_eq!(body["error-codes"], serde_json::json!([code]), "{enforced:?}");
            assert_eq!(reply.status, decided(enforced, &PROGRAM).unwrap().status);
        }
    }

    #[test]
    fn a_person_reads_their_own_language() {
        let reply = decided(Action::Block(BlockReason::Score), &PERSON).unwrap();
        let page = std::str::from_utf8(&reply.body).unwrap();
        assert!(page.contains("lang=\"de\"") && page.contains("0000000000009"), "{page}");
        assert_eq!(reply.header("content-type"), Some("text/html; charset=utf-8"));
        assert_eq!(reply.header("cache-control"), Some("private, no-store"));
        assert_eq!(reply.header("etag"), None);
    }

    #[test]
    fn a_form_without_a_token_is_told_why() {
        let codes = ["missing-token".to_owned(), "<\"quoted\">".to_owned()];
        let check = |wants: &Wants<'_>, kind: &str| {
            let reply = Reply::token_required(&codes, wants, RequestId(9));
            assert_eq!((reply.status, reply.header("cache-control")), (403, Some("private, no-store")));
            assert_eq!((reply.header("content-type"), reply.header("etag")), (Some(kind), None));
            assert_eq!(reply.header("x-request-id"), Some("0000000000009"));
            String::from_utf8(reply.body.into_owned()).unwrap()
        };
        let german = check(&PERSON, "text/html; charset=utf-8");
        let code = words::of(Some("de")).challenge.code;
        assert!(
            german.contains(&format!("<dt>{code}</dt>")) && german.contains("missing-token, "),
            "{german}"
        );
        assert!(german.contains("0000000000009") && !german.contains("<\"quoted"), "{german}");
        for accept in [None, Some("*/*"), Some("application/json")] {
            let json = check(&Wants { accept, ..PROGRAM }, "application/json");
            let json: serde_json::Value = serde_json::from_str(&json).unwrap();
            assert_eq!(json["error-codes"], serde_json::json!(codes));
            assert_eq!(
                (&json["error"], &json["request_id"]),
                (&"CAPTCHA required".into(), &"0000000000009".into())
            );
            assert!(json["message"].is_string());
        }
    }

    #[test]
    fn heads_have_no_body() {
        let reply = decided(Action::Throttle(Rate(1)), &Wants { head_only: true, ..PERSON }).unwrap();
        assert_eq!((reply.body.len(), reply.header("retry-after")), (0, Some("60")));
    }

    #[test]
    fn reasons_are_not_told() {
        for wants in [PERSON, PROGRAM] {
            let told: Vec<Reply> =
                [BlockReason::List, BlockReason::Attack, BlockReason::Trap, BlockReason::Score]
                    .into_iter()
                    .filter_map(|reason| decided(Action::Block(reason), &wants))
                    .collect();
            assert!(told.windows(2).all(|pair| pair[0] == pair[1]));
        }
    }
}
