//! Answers of browsers: a ticket is asked for, solved, and brought back.

use palisade_challenge::behaviour::{Submission, Trace};
use palisade_challenge::challenges::{Challenges, Issued, Occasion, Unmet};
use palisade_challenge::ladder::{TRIES_EACH, Try};
use palisade_challenge::ticket::{Purpose, Ticket};
use palisade_challenge::{Code, outcome};
use palisade_domain::PassKind;
use serde_json::{Value, json};

use super::{json as reply_json, refusal, tried};
use crate::Reply;
use crate::visit::{Kept, Served, Visit};

/// `POST {base}challenge`: a ticket for a call that is to be sent again.
pub(crate) fn challenge(challenges: &Challenges, visit: &mut Visit<'_>) -> Served {
    let tried = tried::again(challenges, visit);
    let id = visit.random_id();
    let issued = challenges.issue(&visit.visitor(), Purpose::Pass, &visit.occasion, visit.now, id);
    let mut reply = match issued.plan.kind {
        Some(PassKind::NoScript) | None => {
            // A script cannot take these steps, or there are none left.
            refusal(403, issued.plan.reason.unwrap_or(Code::TooManyTries))
        }
        Some(_) => reply_json(200, step(&issued, visit).to_string()),
    };
    tried::put(&mut reply, &tried, challenges, visit);
    reply.into()
}

/// `POST {base}answer`: what was asked for, and a pass for it.
pub(crate) fn answer(challenges: &Challenges, visit: &mut Visit<'_>) -> Served {
    let submission = match read(visit) {
        Ok(submission) => submission,
        Err(code) => return refused(challenges, code).into(),
    };
    // The cookie came with the page. Who does not show it would not show the pass either, and would be asked for ever.
    let Some(tried) = tried::shown(challenges, visit) else {
        return refused(challenges, Code::CookiesOff).into();
    };
    let agent = visit.header("user-agent");
    match challenges.redeem(&visit.visitor(), Purpose::Pass, &submission, agent, visit.now) {
        Ok(met) => {
            let pass = challenges.pass(&visit.visitor(), met.kind, visit.random_id(), visit.now);
            let mut reply = reply_json(200, json!({ "success": true }).to_string());
            reply.headers.push(("set-cookie", challenges.pass_cookie(&pass, visit.scheme)));
            tried::put(&mut reply, &tried.answered(visit.now), challenges, visit);
            let human = met.behaviour.as_ref().map(|behaviour| behaviour.human);
            let kept = kept(challenges, visit, submission.trace.as_ref(), human);
            Served { reply, kept, said: outcome::said(human, None) }
        }
        Err(unmet) => {
            let tried = tried.failed(unmet.code, visit.now);
            let next = next(challenges, visit, &unmet, &tried);
            let code = unmet.code;
            let body = json!({ "success": false, "error": code, "error-codes": [code], "next": next });
            let mut reply = reply_json(status(code), body.to_string());
            tried::put(&mut reply, &tried, challenges, visit);
            Served { said: outcome::said(None, Some(code)), ..reply.into() }
        }
    }
}

fn refused(challenges: &Challenges, code: Code) -> Reply {
    challenges.outcomes.refused(code);
    refusal(status(code), code)
}

/// What is asked for after an answer that was not taken, as the ladder says; none where the page is to be loaded again, or
/// nothing is left.
fn next(challenges: &Challenges, visit: &mut Visit<'_>, unmet: &Unmet, tried: &Try) -> Option<Value> {
    let Ticket { score, .. } = unmet.ticket.filter(|_| unmet.code != Code::SpentTicket)?;
    let score = score.max(visit.occasion.score);
    // Work that was done and not enough is not asked for again: what comes next is the next kind.
    let tries = if unmet.code.is_of_behaviour() { tried.count.max(TRIES_EACH) } else { tried.count };
    let occasion = Occasion { score, tries, code: tried.code, ..visit.occasion };
    let id = visit.random_id();
    let issued = challenges.issue(&visit.visitor(), Purpose::Pass, &occasion, visit.now, id);
    issued.plan.kind.filter(|kind| *kind != PassKind::NoScript)?;
    Some(step(&issued, visit))
}

/// A ticket as scripts read it.
pub(crate) fn step(issued: &Issued, visit: &Visit<'_>) -> Value {
    let ticket = &issued.ticket;
    json!({
        "ticket": issued.text,
        "expires_ms": ticket.expires.millis() - visit.now.millis(),
        "work": issued.puzzles.as_ref().map(|puzzles| puzzles.to_json(ticket.id)),
        "step": issued.plan.kind.map(PassKind::name),
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
    let id = visit.random_uuid();
    // 53 bits, evenly spread below one.
    let drawn = (visit.random_id() >> 75) as f64 / (1_u64 << 53) as f64;
    let trace = trace.filter(|_| drawn < sample)?;
    Some(Kept { id, data: trace.to_json(), human })
}
