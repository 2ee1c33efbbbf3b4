//! Steps without script: style sheets of the chain, its end, and the button.

use std::borrow::Cow;

use palisade_challenge::challenges::Challenges;
use palisade_challenge::claims::{self, Claim};
use palisade_challenge::ticket::{Purpose, Ticket};
use palisade_challenge::{Code, Pass, noscript, pass};
use palisade_domain::{Fact, PassKind, Scheme};

use super::{page, tried};
use crate::visit::Visit;
use crate::{Reply, form};

/// `GET {base}step/<folder>/<text>`: a style sheet, or with a query the end of the chain.
pub(crate) fn read(challenges: &Challenges, step: &str, visit: &mut Visit<'_>) -> Reply {
    if visit.query.is_empty() {
        return sheet(challenges, step, visit);
    }
    let (Some(ticket), Some(to)) = (form::field(visit.query, "ticket"), form::field(visit.query, "to"))
    else {
        return page::failed(visit, Code::InvalidStep, Some("/"));
    };
    end(challenges, visit, step, &ticket, &to)
}

/// `POST {base}step`: the button.
pub(crate) fn posted(challenges: &Challenges, visit: &mut Visit<'_>) -> Reply {
    let body = visit.body.and_then(|body| std::str::from_utf8(body).ok());
    let field = |name| body.and_then(|body| form::field(body, name));
    let (Some(step), Some(ticket), Some(to)) = (field("step"), field("ticket"), field("to")) else {
        return page::failed(visit, Code::InvalidStep, Some("/"));
    };
    end(challenges, visit, &step, &ticket, &to)
}

fn sheet(challenges: &Challenges, step: &str, visit: &Visit<'_>) -> Reply {
    let headers = vec![
        ("content-type", "text/css; charset=utf-8".to_owned()),
        ("cache-control", "private, no-store".to_owned()),
        ("x-content-type-options", "nosniff".to_owned()),
    ];
    let mut reply = Reply { status: 200, headers, body: Cow::Borrowed(b""), pace: None };
    match noscript::sheet(step, &challenges.secrets, visit.now) {
        Ok(sheet) => {
            let secure = if visit.scheme == Scheme::Https { "; Secure" } else { "" };
            let cookie = format!(
                "{}={}; Path={}step/{}/; Max-Age={}; HttpOnly; SameSite=Lax{secure}",
                noscript::COOKIE,
                sheet.cookie,
                visit.prefix,
                sheet.cookie_path,
                sheet.cookie_max_age_secs
            );
            reply.headers.push(("set-cookie", cookie));
            if let Some(next) = sheet.next {
                reply.body = Cow::Owned(format!("@import \"{}step/{next}\";", visit.prefix).into_bytes());
            }
        }
        Err(code) => {
            challenges.outcomes.refused(code);
            reply.status = 403;
        }
    }
    reply
}

/// The last step: a pass, and back to where the visitor was.
fn end(challenges: &Challenges, visit: &mut Visit<'_>, step: &str, ticket: &str, to: &str) -> Reply {
    match finish(challenges, visit, step, ticket, to) {
        Ok(granted) => {
            let cookie = granted.map(|pass| challenges.pass_cookie(&pass, visit.scheme));
            let mut reply = gone(to, visit);
            reply.headers.extend(cookie.map(|cookie| ("set-cookie", cookie)));
            reply
        }
        Err(Code::TooFast) => {
            let owned = str::to_owned;
            let (step, ticket, to) = (owned(step), owned(ticket), owned(to));
            let fields = vec![("step", step), ("ticket", ticket), ("to", to)];
            page::too_fast(visit, fields, Some(format!("{}step", visit.prefix)))
        }
        Err(code) => {
            let mut reply = page::failed(visit, code, Some(&local(to)));
            if let Some(tried) = tried::shown(challenges, visit) {
                tried::put(&mut reply, &tried.failed(code, visit.now), challenges, visit);
            }
            reply
        }
    }
}

/// Were the steps taken that `step` ends? `None` where the visitor has a pass already: a double click, the back button.
pub(crate) fn finish(
    challenges: &Challenges,
    visit: &mut Visit<'_>,
    step: &str,
    ticket: &str,
    target: &str,
) -> Result<Option<Pass>, Code> {
    let kind = PassKind::NoScript;
    let held = check(challenges, visit, step, ticket, target);
    let ticket = held.inspect_err(|code| challenges.outcomes.failed(kind, *code))?;
    let claim = challenges.claims.claim(
        ticket.tenant,
        claims::Kind::Ticket,
        ticket.id,
        ticket.issued,
        ticket.expires,
        visit.now,
    );
    let code = match claim {
        Claim::Won => {
            challenges.met(&ticket, kind, visit.now);
            let id = visit.random_id();
            return Ok(Some(challenges.pass(&visit.visitor(), kind, id, visit.now)));
        }
        Claim::Spent if has_pass(challenges, visit) => return Ok(None),
        Claim::Spent => Code::SpentTicket,
        Claim::Unknown => Code::TicketBeforeRestart,
    };
    challenges.outcomes.failed(kind, code);
    Err(code)
}

fn check(
    challenges: &Challenges,
    visit: &Visit<'_>,
    step: &str,
    ticket: &str,
    target: &str,
) -> Result<Ticket, Code> {
    let ticket = Ticket::read(ticket, &challenges.secrets)?;
    ticket.check(visit.tenant, visit.site, Purpose::Pass, visit.now)?;
    if !ticket.bindings.hold(&visit.bindings) {
        return Err(Code::OtherVisitor);
    }
    let shown = noscript::Shown {
        step,
        target,
        cookies: visit.header("cookie").unwrap_or(""),
        tried: tried::shown(challenges, visit).is_some(),
        now: visit.now,
    };
    noscript::finish(&shown, &ticket, &challenges.secrets)?;
    Ok(ticket)
}

/// Does the visitor show a pass that holds?
pub(crate) fn has_pass(challenges: &Challenges, visit: &Visit<'_>) -> bool {
    let mut shown = pass::shown(visit.header("cookie").unwrap_or(""), Fact::Known(visit.scheme)).take(4);
    shown.any(|text| challenges.check(text, visit.tenant, visit.site, &visit.bindings, visit.now).is_ok())
}

/// Back to where the visitor was.
fn gone(to: &str, visit: &Visit<'_>) -> Reply {
    // After a 303 Dillo shows the page that it holds for the address, this challenge; after a 302 it asks anew. Lynx asks its
    // user what to do with a 302.
    let is_dillo = visit.header("user-agent").is_some_and(|agent| agent.starts_with("Dillo/"));

    let headers = vec![
        ("location", local(to)),
        ("cache-control", "private, no-store".to_owned()),
        ("referrer-policy", "same-origin".to_owned()),
    ];
    let status = if is_dillo { 302 } else { 303 };
    Reply { status, headers, body: Cow::Borrowed(b""), pace: None }
}

/// `to` as an address of this host, whatever it says: `//host` would be another one's, and so would `/\host` to browsers.
fn local(to: &str) -> String {
    let plain: String = to.chars().filter(|char| !char.is_control()).collect();
    let rest = plain.trim_start_matches(['/', '\\']);
    if rest.len() + 1 == plain.len() && plain.starts_with('/') { plain } else { format!("/{rest}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_to_another_host() {
        let check = |to: &str, expect: &str| assert_eq!(local(to), expect, "{to}");
        check("/a?b=//c", "/a?b=//c");
        check("/", "/");
        check("", "/");
        check("//evil.example/x", "/evil.example/x");
        check("/\\evil.example", "/evil.example");
        check("https://evil.example", "/https://evil.example");
        check("/\t/evil.example", "/evil.example");
        check("/a\r\nset-cookie: x", "/aset-cookie: x");
    }
}
