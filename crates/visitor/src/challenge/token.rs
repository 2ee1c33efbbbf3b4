//! The widget's two calls: a ticket for a form, and a result token for what was recorded.

use palisade_challenge::Code;
use palisade_challenge::challenges::{Challenges, Visitor};
use palisade_challenge::site_key::{SiteKey, SiteKeys};
use palisade_challenge::siteverify::test_key::{self, TestWidget};
use palisade_challenge::ticket::Purpose;
use palisade_challenge::token::{LIFETIME_MS, Statement};
use palisade_domain::PassKind;
use ring::rand::SystemRandom;
use serde_json::json;

use super::answer::{self, kept, status, step};
use super::{json as reply_json, refusal};
use crate::visit::{Base, Served, Visit, hostname, uuid};

/// What is said of a visitor of whom nothing was sent: our script always sends a recording, and an empty one says far more.
const UNKNOWN_HUMAN: f64 = 0.05;

/// `POST {base}captcha/start`.
pub(crate) fn start(challenges: &Challenges, visit: &mut Visit<'_>) -> Served {
    let asked = answer::read(visit).and_then(|submission| {
        let keys = challenges.tokens.site_keys();
        let shown = bearer(visit).or(submission.site_key.as_deref());
        if challenges.settings().testing && shown.and_then(test_key::widget).is_some() {
            return Ok(visit.visitor());
        }
        let key = site_key(&keys, shown, visit)?;
        named_host(key, None, visit)?;
        Ok(Visitor { tenant: key.tenant, ..visit.visitor() })
    });
    match asked {
        Ok(visitor) => {
            let id = visit.random_id();
            let issued = challenges.issue(&visitor, Purpose::Widget, &visit.occasion, visit.now, id);
            reply_json(200, step(&issued, visit).to_string()).into()
        }
        Err(code) => refusal(status(code), code).into(),
    }
}

/// `POST {base}api/challenge`.
pub(crate) fn token(challenges: &Challenges, visit: &mut Visit<'_>) -> Served {
    let served = made(challenges, visit);
    served.unwrap_or_else(|code| {
        challenges.outcomes.refused(code);
        refusal(status(code), code).into()
    })
}

fn made(challenges: &Challenges, visit: &mut Visit<'_>) -> Result<Served, Code> {
    let submission = answer::read(visit)?;
    let keys = challenges.tokens.site_keys();
    let shown = bearer(visit).or(submission.site_key.as_deref());
    let test = shown.filter(|_| challenges.settings().testing).and_then(test_key::widget);
    match test {
        Some(TestWidget::Token(token)) => return Ok(told(token).into()),
        Some(TestWidget::Blocked) => return Err(Code::LowScore),
        None => {}
    }
    let key = site_key(&keys, shown, visit)?;
    let hostname = named_host(key, submission.hostname.as_deref(), visit)?;
    if submission.ticket.is_none() && submission.trace.is_none() {
        return Err(Code::BadRequest);
    }
    let keyring = challenges.tokens.keyring();
    if !keyring.is_ready() {
        // Nothing is used up for a token that cannot be signed yet.
        return Err(Code::TryAgain);
    }
    let visitor = Visitor { tenant: key.tenant, ..visit.visitor() };
    let agent = visit.header("user-agent");
    let (kind, behaviour) = if submission.ticket.is_some() {
        let met = challenges.redeem(&visitor, Purpose::Widget, &submission, agent, visit.now);
        let met = met.map_err(|unmet| unmet.code)?;
        (met.kind, met.behaviour)
    } else {
        // Seed 000's pages send a recording and nothing else; it is judged, and worth less.
        let trace = submission.trace.as_ref().ok_or(Code::BadRequest)?;
        (PassKind::Behaviour, Some(challenges.judge(trace, &visitor, None, agent, visit.now)))
    };
    let human = behaviour.as_ref().map_or(UNKNOWN_HUMAN, |behaviour| behaviour.human);
    let kept = kept(challenges, visit, submission.trace.as_ref(), Some(human));
    let statement = Statement {
        site_key: key.key.clone(),
        issued: visit.now,
        expires: visit.now.plus_millis(LIFETIME_MS),
        id: visit.random_id(),
        action: submission.action.clone().unwrap_or_default(),
        hostname,
        score: human,
        // That under which the recording is kept; where it is not, one that nothing is known under.
        interaction_id: uuid(kept.as_ref().map_or_else(|| visit.random_uuid(), |kept| kept.id)),
        kind,
        cdata: String::new(),
    };
    let token = keyring.sign(&statement, &SystemRandom::new()).map_err(|fault| fault.code())?;
    Ok(Served { reply: told(&token), kept, said: None })
}

fn told(token: &str) -> crate::Reply {
    reply_json(200, json!({ "token": token }).to_string())
}

/// The key in `Authorization: Bearer`.
fn bearer<'a>(visit: &Visit<'a>) -> Option<&'a str> {
    let (scheme, key) = visit.header("authorization")?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim_ascii()).filter(|key| !key.is_empty())
}

/// The site key that is shown; at the machine itself the automatic one, where none is.
fn site_key<'k>(keys: &'k SiteKeys, shown: Option<&str>, visit: &Visit<'_>) -> Result<&'k SiteKey, Code> {
    let key = match shown {
        Some(text) => keys.find(text),
        None if visit.local => keys.automatic_of(visit.tenant),
        None => None,
    };
    let key = key.ok_or(Code::InvalidSiteKey)?;
    // On the data plane a site serves its own tenant's keys only; the API serves everybody's.
    if visit.base != Base::Root && key.tenant != visit.tenant {
        return Err(Code::InvalidSiteKey);
    }
    Ok(key)
}

/// The host of the page: as the browser says it, which no page can change, else as the page says.
fn named_host(key: &SiteKey, said: Option<&str>, visit: &Visit<'_>) -> Result<String, Code> {
    let origin =
        visit.header("origin").and_then(|origin| origin.split_once("://")).map(|(_, host)| hostname(host));
    let host = origin.or(said).unwrap_or(visit.hostname());
    if key.allows(host) { Ok(host.to_ascii_lowercase()) } else { Err(Code::HostnameNotAllowed) }
}

/// May pages of the origin that asks read the answer? Those that a site key of this place names.
pub(crate) fn may_read(challenges: &Challenges, visit: &Visit<'_>) -> bool {
    let Some((_, host)) = visit.header("origin").and_then(|origin| origin.split_once("://")) else {
        return false;
    };
    let host = hostname(host);
    let testing = challenges.settings().testing;
    let keys = challenges.tokens.site_keys();
    let mut ours = keys.all().iter().filter(|key| visit.base == Base::Root || key.tenant == visit.tenant);
    testing || ours.any(|key| key.allows(host))
}

/// `GET {base}api/public_key`.
pub(crate) fn public_key(challenges: &Challenges) -> crate::Reply {
    match challenges.tokens.keyring().pem() {
        Some(pem) => reply_json(200, json!({ "public_key": pem }).to_string()),
        None => {
            let mut reply = refusal(503, Code::TryAgain);
            reply.headers.push(("retry-after", "1".to_owned()));
            reply
        }
    }
}

/// `GET {base}.well-known/jwks.json` (RFC 7517, section 5).
pub(crate) fn jwks(challenges: &Challenges) -> crate::Reply {
    let mut reply = reply_json(200, challenges.tokens.keyring().jwks());
    for (name, value) in &mut reply.headers {
        match *name {
            "content-type" => *value = "application/jwk-set+json".to_owned(),
            "cache-control" => *value = "public, max-age=300".to_owned(),
            _ => {}
        }
    }
    reply
}
