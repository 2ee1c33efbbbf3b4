//! The answer to a ticket that an application was given for its visitor: one pass, for one ticket and one token.

use palisade_domain::{PassKind, Scheme, TenantId, Timestamp};

use super::{Expect, Fault};
use crate::challenges::{Challenges, HUMAN_MIN, Visitor};
use crate::claims::{Claim, Kind};
use crate::code::Code;
use crate::site_key::Hostnames;
use crate::ticket::{Purpose, Ticket};

/// Reads the ticket and checks it; it is not used up yet.
///
/// # Errors
/// With what speaks against it.
pub fn ticket(challenges: &Challenges, tenant: TenantId, text: &str, now: Timestamp) -> Result<Ticket, Code> {
    let read = || {
        if text.is_empty() {
            return Err(Code::MissingTicket);
        }
        let ticket = Ticket::read(text, &challenges.secrets)?;
        // Which of the tenant's sites it is for, the ticket says.
        ticket.check(tenant, ticket.site, Purpose::Check, now)?;
        Ok(ticket)
    };
    read().inspect_err(|code| challenges.outcomes.refused(*code))
}

/// Uses up a token of ours and says what it proves; `None` where that is not worth a pass, for it was had without the work that
/// the ladder asks for. It must have been had on one of `hosts`, and with a person's score.
///
/// # Errors
/// With what speaks against it; it is not used up then.
pub fn response(
    challenges: &Challenges,
    text: &str,
    expect: &Expect<'_>,
    hosts: &Hostnames,
    now: Timestamp,
) -> Result<Option<PassKind>, Fault> {
    let statement = super::check(&challenges.tokens, text, expect, now)?;
    if !hosts.hold(&statement.hostname) {
        return Err(Fault::Hostname);
    }
    if statement.score < HUMAN_MIN {
        return Err(Fault::LowScore);
    }
    let statement = super::redeem(&challenges.tokens, &challenges.claims, text, expect, now)?;
    Ok(challenges.is_good(&statement, HUMAN_MIN).then_some(statement.kind))
}

/// Uses up the ticket and gives the pass that it promised, as text: bound to whom the application described, of whom `kind`
/// was proved; no pass where nothing was. `id` is random. The token is used up before its ticket is: who brings a used ticket loses a token by it, and
/// nobody gets two passes for one.
///
/// # Errors
/// Where the ticket was used before, or that is not known.
pub fn pass(
    challenges: &Challenges,
    ticket: &Ticket,
    kind: Option<PassKind>,
    id: u128,
    now: Timestamp,
) -> Result<Option<String>, Code> {
    let claim =
        challenges.claims.claim(ticket.tenant, Kind::Ticket, ticket.id, ticket.issued, ticket.expires, now);
    let refused = match claim {
        Claim::Won => None,
        Claim::Spent => Some(Code::SpentTicket),
        Claim::Unknown => Some(Code::TicketBeforeRestart),
    };
    if let Some(code) = refused {
        challenges.outcomes.refused(code);
        return Err(code);
    }
    let Some(kind) = kind else { return Ok(None) };
    challenges.outcomes.solved(kind, now.millis_since(ticket.issued));
    let visitor = Visitor {
        tenant: ticket.tenant,
        site: ticket.site,
        bindings: ticket.bindings,
        scheme: Scheme::Https,
    };
    Ok(Some(challenges.pass(&visitor, kind, id, now).text(&challenges.secrets)))
}
