//! Answers of browsers: a ticket is asked for, solved, and brought back.

use palisade_challenge::Code;
use palisade_challenge::behaviour::{Submission, Trace};
use palisade_challenge::challenges::{Challenges, Issued, Occasion, Unmet};
use palisade_challenge::ticket::{Purpose, Ticket};
use serde_json::{Value, json};

use super::{json as reply_json, refusal};
use crate::visit::{Kept, Served, Visit};

/// After so many failed tries the answer says no more what could be tried next; the page says so, with its reason.
const TRIES_MAX: u8 = 4;

/// `POST {base}challenge`: a ticket for a call that is to be sent again.
pub(crate) fn challenge(challenges: &Challenges, visit: &mut Visit<'_>) -> Served {
    let id = visit.random_id();
    let issued = challenges.issue(&visit.visitor(), Purpose::Pass, &visit.occasion, visit.now, id);
    reply_json(200, step(&issued, visit).to_string()).into()
}

/// `POST {base}answer`: what was asked for, and a pass for it.
pub(crate) fn answer(challenges: &Challenges, visit: &mut Visit<'_>) -> Served {
    let submission = match read(visit) {
        Ok(submission) => submission,
        Err(code) => return refusal(status(code), code).into(),
    };
    let visitor = visit.visitor();
    let agent = visit.header("user-agent");
    match challenges.redeem(&visitor, Purpose::Pass, &submission, agent, visit.now) {
        Ok(met) => {
            let pass = challenges.pass(&visitor, met.kind, visit.random_id(), visit.now);
            let mut reply = reply_json(200, json!({ "success": true }).to_string());
            reply.headers.push(("set-cookie", challenges.pass_cookie(&pass, visit.scheme)));
            let human = met.behaviour.as_ref().map(|behaviour| behaviour.human);
            let kept = kept(challenges, visit, submission.trace.as_ref(), human);
            Served { reply, kept }
        }
        Err(unmet) => {
            let next = next(challenges, visit, &unmet);
            let body = json!({ "success": false, "error-codes": [unmet.code], "next": next });
            reply_json(403, body.to_string()).into()
        }
    }
}

/// What is asked for after an answer that was not taken: the next kind, not the same again.
fn next(challenges: &Challenges, visit: &mut Visit<'_>, unmet: &Unmet) -> Option<Value> {
    let Ticket { tries, score, .. } = unmet.ticket?;
    let tries = tries.saturating_add(1);
    if tries >= TRIES_MAX || unmet.code == Code::SpentTicket {
        return None;
    }
    let id = visit.random_id();
    let occasion = Occasion { score: score.max(visit.occasion.score), tries, ..visit.occasion };
    let issued = challenges.issue(&visit.visitor(), Purpose::Pass, &occasion, visit.now, id);
    Some(step(&issued, visit))
}

/// A ticket as scripts read it.
pub(crate) fn step(issued: &Issued, visit: &Visit<'_>) -> Value {
    let ticket = &issued.ticket;
    let step = match ticket.work.map(|work| work.kind) {
        Some(palisade_challenge::work::WorkKind::Memory) => "hard-work",
        _ => "work",
    };
    json!({
        "ticket": issued.text,
        "expires_ms": ticket.expires.millis() - visit.now.millis(),
        "work": issued.puzzles.as_ref().map(|puzzles| puzzles.to_json(ticket.id)),
        "step": step,
    })
}

/// The body of an answer.
pub(crate) fn read(visit: &Visit<'_>) -> Result<Submission, Code> {
    Submission::read(visit.body.ok_or(Code::TooLarge)?)
}

/// The status that goes with a reason.
pub(crate) fn status(code: Code) -> u16 {
    match code {
        Code::TooLarge => 413,
        Code::BadRequest | Code::MalformedTrace | Code::MalformedWork => 400,
        Code::InvalidSiteKey => 401,
        Code::TryAgain => 503,
        _ => 403,
    }
}

/// The recording, where the operator keeps a sample of them.
pub(crate) fn kept(
    challenges: &Challenges,
    visit: &mut Visit<'_>,
    trace: Option<&Trace>,
    human: Option<f64>,
) -> Option<Kept> {
    let sample = challenges.settings().save_sample;
    let id = visit.random_id();
    // 53 bits, evenly spread below one.
    let drawn = (visit.random_id() >> 75) as f64 / (1_u64 << 53) as f64;
    let trace = trace.filter(|_| drawn < sample)?;
    Some(Kept { id, data: trace.to_json(), human })
}
