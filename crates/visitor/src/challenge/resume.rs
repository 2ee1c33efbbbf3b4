//! A form that was sealed into a challenge page comes back, and goes on to the site.

use palisade_challenge::challenges::Challenges;
use palisade_challenge::claims::{self, Claim};
use palisade_challenge::sealed::{self, SealedRequest};
use palisade_challenge::{Code, Pass};

use super::page::{self, Load, SEALED_FIELD};
use super::steps;
use crate::visit::Visit;
use crate::{Reply, form};

/// A form that goes on.
#[derive(Clone, Debug, PartialEq)]
pub struct Resumed {
    /// As it was sent first.
    pub request: SealedRequest,
    /// The pass that the steps without script were worth; `None` where the visitor had one.
    pub granted: Option<Pass>,
}

/// How such a form begins.
pub const SEALED_BEGINNING: &str = "palisade_sealed=";

/// True where a body is a form with a sealed one inside.
pub fn is_sealed_form(body: &[u8]) -> bool {
    body.starts_with(SEALED_BEGINNING.as_bytes())
}

/// The answer to a sealed form that came without the cookie it was sealed with.
pub fn stray(challenges: &Challenges, visit: &mut Visit<'_>) -> Reply {
    challenges.outcomes.refused(Code::ExpiredSeal);
    page::failed(visit, Code::ExpiredSeal, None)
}

/// Opens the sealed form in the body of `visit` and claims it: it goes on once.
///
/// # Errors
/// With the answer for the visitor, where it does not.
pub fn resume(challenges: &Challenges, visit: &mut Visit<'_>) -> Result<Resumed, Reply> {
    let body = visit.body.and_then(|body| std::str::from_utf8(body).ok()).unwrap_or("");
    let field = |name| form::field(body, name);
    let refused = |visit: &Visit<'_>, code| {
        challenges.outcomes.refused(code);
        page::failed(visit, code, None)
    };
    let Some(text) = field(SEALED_FIELD).filter(|text| text.len() <= sealed::TEXT_BYTES_MAX) else {
        return Err(refused(visit, Code::InvalidSeal));
    };
    // Our own page posts it: anybody else's would have our visitor send what it wrote, under an origin of its choice.
    if visit.header("sec-fetch-site").is_some_and(|site| site != "same-origin") || visit.from_elsewhere() {
        return Err(refused(visit, Code::ForeignSeal));
    }
    let shown = sealed::Shown {
        tenant: visit.tenant,
        site: visit.site,
        host: visit.host,
        cookie: visit.cookie(sealed::cookie_name(visit.scheme)),
        now: visit.now,
    };
    let request = match SealedRequest::open(&text, &challenges.secrets, &shown) {
        Ok(request) if request.method == visit.method && request.target == visit.target() => request,
        Ok(_) => return Err(refused(visit, Code::ForeignSeal)),
        Err(code) => return Err(refused(visit, code)),
    };
    let granted = if steps::has_pass(challenges, visit) {
        None
    } else {
        let (Some(step), Some(ticket)) = (field("step"), field("ticket")) else {
            // The pass did not come back, or ran out meanwhile: asked once more, and nothing is lost.
            return Err(page::reply(challenges, visit, &Load::Sealed(&text)));
        };
        match steps::finish(challenges, visit, &step, &ticket, &request.target) {
            Ok(granted) => granted,
            Err(Code::TooFast) => {
                let fields = vec![
                    (SEALED_FIELD, text.into_owned()),
                    ("step", step.into_owned()),
                    ("ticket", ticket.into_owned()),
                ];
                return Err(page::too_fast(visit, fields, None));
            }
            Err(code) => return Err(page::failed(visit, code, None)),
        }
    };
    let claim = challenges.claims.claim(
        request.tenant,
        claims::Kind::Seal,
        request.id,
        request.issued,
        request.expires,
        visit.now,
    );
    match claim {
        Claim::Won => Ok(Resumed { request, granted }),
        Claim::Spent => Err(refused(visit, Code::SpentSeal)),
        Claim::Unknown => Err(refused(visit, Code::TicketBeforeRestart)),
    }
}
