//! Siteverify: a site's server asks whether a token is good, and uses it up.
//!
//! Three flavours answer as their vendors document, so that a library written for one of them needs another address and
//! nothing else. [`redeem`] is the core of all: signature, site key, host, and one claim that exactly one caller wins.

mod asked;
mod codes;
pub mod redeem_check;
mod replays;
pub mod test_key;
#[cfg(test)]
mod tests;
mod written;

use palisade_domain::{TenantId, Timestamp};

use crate::claims::{Claim, Claims, Kind};
use crate::site_key::SiteKey;
use crate::token::{Statement, TokenFault, Tokens};

pub use asked::{Asked, Malformed};
pub use codes::Fault;
pub use replays::Replays;

/// Whose form of answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Flavour {
    /// `/siteverify`: ours. It understands hCaptcha's calls, and says a second, more exact code where it refuses.
    Own,
    /// `/turnstile/v0/siteverify`.
    Turnstile,
    /// `/recaptcha/api/siteverify`.
    Recaptcha,
}

/// An answer, to be sent as `application/json`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: String,
    /// What was wrong, where something was; for counting.
    pub fault: Option<Fault>,
}

/// Whose token is expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expect<'a> {
    /// Of one of this tenant's site keys,
    pub tenant: TenantId,
    /// of this one, where one is named.
    pub site_key: Option<&'a str>,
}

/// What a question is answered with.
#[derive(Clone, Copy)]
pub struct Desk<'a> {
    /// Keys, site keys, remembered verdicts.
    pub tokens: &'a Tokens,
    /// What was used up.
    pub claims: &'a Claims,
    /// Whether the vendors' test keys are taken.
    pub testing: bool,
    /// Whether a token that nobody worked for is none, where the caller looks at nothing else.
    pub asks_work: bool,
    /// Lowest score that is a success there, 0.0..=1.0.
    pub score_min: f64,
}

/// Answers `asked`. `holder` is the tenant of the API key that was shown as secret, where it was one that may `check`.
pub fn answer(
    flavour: Flavour,
    asked: &Result<Asked, Malformed>,
    desk: &Desk<'_>,
    holder: Option<TenantId>,
    now: Timestamp,
) -> Answer {
    let verdict = match asked {
        Ok(asked) => match test_key::secret(&asked.secret).filter(|_| desk.testing) {
            Some(test) => return written::test(flavour, test.judge(&asked.response), now),
            None => judge(asked, desk, holder, now),
        },
        Err(malformed) => Err(Fault::Malformed(*malformed)),
    };
    match verdict {
        Ok(statement)
            if reads_success_only(flavour, &statement)
                && !statement.is_good(desk.asks_work, desk.score_min) =>
        {
            written::failure(flavour, Fault::LowScore)
        }
        Ok(statement) => written::success(flavour, &statement),
        Err(fault) => written::failure(flavour, fault),
    }
}

/// Callers of Turnstile, hCaptcha and reCAPTCHA's second version look at `success` and at nothing else; those of the third, which
/// is the one with an action, look at the score.
fn reads_success_only(flavour: Flavour, statement: &Statement) -> bool {
    flavour != Flavour::Recaptcha || statement.action.is_empty()
}

fn judge(
    asked: &Asked,
    desk: &Desk<'_>,
    holder: Option<TenantId>,
    now: Timestamp,
) -> Result<Statement, Fault> {
    match (asked.secret.is_empty(), asked.response.is_empty()) {
        (true, true) => return Err(Fault::MissingBoth),
        (true, false) => return Err(Fault::MissingSecret),
        (false, true) => return Err(Fault::MissingResponse),
        (false, false) => {}
    }
    let site_keys = desk.tokens.site_keys();
    let site = site_keys.of_secret(&asked.secret, now);
    let tenant = site.map(|site| site.tenant).or(holder).ok_or(Fault::InvalidSecret)?;
    let named = asked.site_key.as_deref();
    if let (Some(site), Some(named)) = (site, named)
        && site.key != named
    {
        return Err(Fault::SiteKeyMismatch);
    }
    let expect = Expect { tenant, site_key: site.map(|site| site.key.as_str()).or(named) };
    let Some(key) = &asked.idempotency_key else {
        return redeem(desk.tokens, desk.claims, &asked.response, &expect, now);
    };
    let key = replays::name(&expect, key, &asked.response);
    if let Some(verdict) = desk.tokens.replays.get(&key, now) {
        return verdict;
    }
    let statement = check(desk.tokens, &asked.response, &expect, now)?;
    desk.tokens.replays.once(key, now, || use_up(desk.claims, tenant, statement, now))
}

/// Checks `text` and uses it up: of all who try, exactly one has it, whoever asks at the same moment.
///
/// # Errors
/// With what speaks against it; the token is not used up then.
pub fn redeem(
    tokens: &Tokens,
    claims: &Claims,
    text: &str,
    expect: &Expect<'_>,
    now: Timestamp,
) -> Result<Statement, Fault> {
    let statement = check(tokens, text, expect, now)?;
    use_up(claims, expect.tenant, statement, now)
}

/// Checks `text` and leaves it as it is: everything but the claim.
///
/// # Errors
/// With what speaks against it.
pub fn check(tokens: &Tokens, text: &str, expect: &Expect<'_>, now: Timestamp) -> Result<Statement, Fault> {
    let statement = tokens.keyring().verify(text, now)?;
    let site_keys = tokens.site_keys();
    let site: &SiteKey = site_keys.find(&statement.site_key).ok_or(Fault::UnknownSiteKey)?;
    if site.tenant != expect.tenant || expect.site_key.is_some_and(|key| key != site.key) {
        return Err(Fault::Foreign);
    }
    // Asked again, not only when it was made: hosts may have been taken from the site key since.
    if !site.allows(&statement.hostname) {
        return Err(Fault::Hostname);
    }
    Ok(statement)
}

fn use_up(
    claims: &Claims,
    tenant: TenantId,
    statement: Statement,
    now: Timestamp,
) -> Result<Statement, Fault> {
    match claims.claim(tenant, Kind::Token, statement.id, statement.issued, statement.expires, now) {
        Claim::Won => Ok(statement),
        Claim::Spent => Err(Fault::Spent),
        Claim::Unknown => Err(Fault::BeforeRestart),
    }
}

impl From<TokenFault> for Fault {
    fn from(fault: TokenFault) -> Self {
        Fault::Token(fault)
    }
}
