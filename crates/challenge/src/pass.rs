//! A pass: what a visitor gets for a challenge it met. It turns *challenge* into *allow* and nothing else.
//!
//! HMAC-SHA-256 over canonical fields that travel in clear (DESIGN section 6). Checking one reads a cookie, hashes once and
//! allocates nothing.

use palisade_domain::{Fact, PassKind, Scheme, SiteId, TenantId, Timestamp};

use crate::bindings::Bindings;
use crate::canonical::{Fields, Reader, Signed};
use crate::secrets::Secrets;

const PURPOSE: &str = "pass";
const VERSION: u64 = 1;

/// Cookie on https.
pub const COOKIE_SECURE: &str = "__Host-palisade_pass";
/// Cookie on clear HTTP.
pub const COOKIE: &str = "palisade_pass";

/// How far a clock may be off, in ms (DESIGN section 9).
pub const CLOCK_SKEW_MS: i64 = 60_000;

/// A pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pass {
    /// Whose site.
    pub tenant: TenantId,
    /// Which site.
    pub site: SiteId,
    /// 128 random bits; keys the history of whoever bears it.
    pub id: u128,
    /// When it was given, whole seconds.
    pub issued: Timestamp,
    /// Until when it holds, whole seconds.
    pub expires: Timestamp,
    /// What was proved.
    pub kind: PassKind,
    /// Passes of another epoch than the one in office hold no longer.
    pub epoch: u32,
    /// Whom it was given to.
    pub bindings: Bindings,
}

/// Why a pass does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PassFault {
    /// Not signed by this installation, or of no version we read.
    #[error("the pass is not one of ours")]
    Forged,
    /// Of another tenant or site.
    #[error("the pass is for another site")]
    Foreign,
    /// Its time is over, or has not begun.
    #[error("the pass is not valid now")]
    Expired,
    /// Of another epoch.
    #[error("passes given so early were withdrawn")]
    Epoch,
    /// Fewer than two of three bindings match.
    #[error("the pass was given to somebody else")]
    Bindings,
    /// It was taken back.
    #[error("the pass was withdrawn")]
    Revoked,
}

/// Where a pass is shown.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    /// Whose site is visited.
    pub tenant: TenantId,
    /// Which site.
    pub site: SiteId,
    /// By whom.
    pub bindings: &'a Bindings,
    /// When.
    pub now: Timestamp,
    /// The epoch in office.
    pub epoch: u32,
}

impl Pass {
    /// The cookie's value.
    pub fn text(&self, secrets: &Secrets) -> String {
        let mut fields = Fields::default();
        fields
            .put_number(VERSION)
            .put_number(u64::from(self.tenant.0))
            .put_number(u64::from(self.site.0))
            .put(&self.id.to_be_bytes())
            .put_number(self.issued.secs().max(0).unsigned_abs())
            .put_number(self.expires.secs().max(0).unsigned_abs())
            .put_number(u64::from(self.kind.number()))
            .put_number(u64::from(self.epoch));
        put_bindings(&mut fields, &self.bindings);
        fields.signed(&secrets.pass, PURPOSE)
    }

    /// Reads what [`Pass::text`] wrote.
    ///
    /// # Errors
    /// [`PassFault::Forged`] for everything else.
    pub fn read(text: &str, secrets: &Secrets) -> Result<Self, PassFault> {
        let signed = Signed::open(text, &secrets.pass, PURPOSE).ok_or(PassFault::Forged)?;
        Pass::parse(signed.fields()).ok_or(PassFault::Forged)
    }

    fn parse(mut fields: Reader<'_>) -> Option<Self> {
        if fields.number()? != VERSION {
            return None;
        }
        let seconds =
            |number: u64| i64::try_from(number).ok().filter(|secs| *secs < 1 << 40).map(Timestamp::from_secs);
        let pass = Pass {
            tenant: TenantId(fields.word()?),
            site: SiteId(fields.word()?),
            id: u128::from_be_bytes(fields.array()?),
            issued: seconds(fields.number()?)?,
            expires: seconds(fields.number()?)?,
            kind: PassKind::numbered(u8::try_from(fields.number()?).ok()?)?,
            epoch: fields.word()?,
            bindings: take_bindings(&mut fields)?,
        };
        fields.is_empty().then_some(pass)
    }

    /// Does it hold here and now?
    ///
    /// # Errors
    /// With what speaks against it.
    pub fn check(&self, shown: &Shown<'_>) -> Result<(), PassFault> {
        if (self.tenant, self.site) != (shown.tenant, shown.site) {
            return Err(PassFault::Foreign);
        }
        let (from, until) = (self.issued.plus_millis(-CLOCK_SKEW_MS), self.expires);
        if shown.now < from || shown.now >= until {
            return Err(PassFault::Expired);
        }
        if self.epoch != shown.epoch {
            return Err(PassFault::Epoch);
        }
        if !self.bindings.hold(shown.bindings) {
            return Err(PassFault::Bindings);
        }
        Ok(())
    }
}

/// The pass in a `Cookie` header, by either name; the first that is there.
pub fn in_cookies(cookies: &str) -> Option<&str> {
    cookie(cookies, COOKIE_SECURE).or_else(|| cookie(cookies, COOKIE))
}

/// Every pass in a `Cookie` header, in its order. On https only the name with the prefix counts, which no neighbour's host can
/// set (RFC 6265bis, section 4.1.3.2); where the scheme is not known, both.
pub fn shown(cookies: &str, scheme: Fact<Scheme>) -> impl Iterator<Item = &str> {
    cookies.split(';').filter_map(move |pair| {
        let (held, value) = pair.trim_ascii().split_once('=')?;
        let counts = match scheme {
            Fact::Known(Scheme::Https) => held == COOKIE_SECURE,
            Fact::Known(Scheme::Http) => held == COOKIE,
            _ => held == COOKIE_SECURE || held == COOKIE,
        };
        counts.then_some(value)
    })
}

/// The value of the cookie called `name` (RFC 6265, section 4.2).
pub fn cookie<'a>(cookies: &'a str, name: &str) -> Option<&'a str> {
    cookies.split(';').find_map(|pair| {
        let (held, value) = pair.trim_ascii().split_once('=')?;
        (held == name).then_some(value)
    })
}

/// The three bindings as fields; an unseen one is empty.
pub(crate) fn put_bindings(fields: &mut Fields, bindings: &Bindings) {
    fields.put(bindings.network.map(u64::to_be_bytes).as_ref().map_or(&[], |bytes| &bytes[..]));
    fields.put(bindings.agent.map(u16::to_be_bytes).as_ref().map_or(&[], |bytes| &bytes[..]));
    fields.put(bindings.stack.map(u32::to_be_bytes).as_ref().map_or(&[], |bytes| &bytes[..]));
}

/// Reads what [`put_bindings`] wrote.
pub(crate) fn take_bindings(fields: &mut Reader<'_>) -> Option<Bindings> {
    fn seen<const N: usize>(field: &[u8]) -> Option<Option<[u8; N]>> {
        if field.is_empty() { Some(None) } else { field.try_into().ok().map(Some) }
    }
    Some(Bindings {
        network: seen(fields.take()?)?.map(u64::from_be_bytes),
        agent: seen(fields.take()?)?.map(u16::from_be_bytes),
        stack: seen(fields.take()?)?.map(u32::from_be_bytes),
    })
}

#[cfg(test)]
mod tests;
