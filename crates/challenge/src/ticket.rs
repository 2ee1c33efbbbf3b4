//! A ticket: one challenge, issued and signed, kept nowhere. Whoever answers brings it back.

use palisade_domain::{SiteId, TenantId, Timestamp};

use crate::bindings::Bindings;
use crate::canonical::{Fields, Reader, Signed};
use crate::code::Code;
use crate::pass::{CLOCK_SKEW_MS, put_bindings, take_bindings};
use crate::secrets::Secrets;
use crate::work::WorkParams;

const PURPOSE: &str = "ticket";
const VERSION: u64 = 1;

/// What a ticket was issued for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The challenge page, and calls that a page repeats: a pass follows.
    Pass,
    /// The widget on a form: a result token follows.
    Widget,
    /// `captcha_token` of `/check`: `/captcha/verify` follows.
    Check,
}

impl Purpose {
    const ALL: [Purpose; 3] = [Purpose::Pass, Purpose::Widget, Purpose::Check];

    fn number(self) -> u64 {
        self as u64 + 1
    }

    fn numbered(number: u64) -> Option<Self> {
        Purpose::ALL.into_iter().find(|purpose| purpose.number() == number)
    }
}

/// One issued challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// Whose site.
    pub tenant: TenantId,
    /// Which site.
    pub site: SiteId,
    /// 128 random bits: claimed when it is redeemed, and the seed of its puzzles.
    pub id: u128,
    /// When it was issued, ms.
    pub issued: Timestamp,
    /// Until when it may be redeemed, ms.
    pub expires: Timestamp,
    /// What for.
    pub purpose: Purpose,
    /// The work asked for; `None` where none is.
    pub work: Option<WorkParams>,
    /// How many challenges this visitor failed or left before, within the ticket's lifetime.
    pub tries: u8,
    /// Score of the request that was challenged, 0..=100 bot.
    pub score: u8,
    /// Whom it was issued to.
    pub bindings: Bindings,
}

impl Ticket {
    /// Its text.
    pub fn text(&self, secrets: &Secrets) -> String {
        let mut fields = Fields::default();
        fields
            .put_number(VERSION)
            .put_number(u64::from(self.tenant.0))
            .put_number(u64::from(self.site.0))
            .put(&self.id.to_be_bytes())
            .put_time(self.issued)
            .put_time(self.expires)
            .put_number(self.purpose.number())
            .put(self.work.map(WorkParams::to_bytes).as_ref().map_or(&[], |bytes| &bytes[..]))
            .put_number(u64::from(self.tries))
            .put_number(u64::from(self.score));
        put_bindings(&mut fields, &self.bindings);
        fields.signed(&secrets.ticket, PURPOSE)
    }

    /// Reads what [`Ticket::text`] wrote.
    ///
    /// # Errors
    /// [`Code::InvalidTicket`] for everything else.
    pub fn read(text: &str, secrets: &Secrets) -> Result<Self, Code> {
        let signed = Signed::open(text, &secrets.ticket, PURPOSE).ok_or(Code::InvalidTicket)?;
        Ticket::parse(signed.fields()).ok_or(Code::InvalidTicket)
    }

    fn parse(mut fields: Reader<'_>) -> Option<Self> {
        if fields.number()? != VERSION {
            return None;
        }
        let ticket = Ticket {
            tenant: TenantId(fields.word()?),
            site: SiteId(fields.word()?),
            id: u128::from_be_bytes(fields.array()?),
            issued: fields.time()?,
            expires: fields.time()?,
            purpose: Purpose::numbered(fields.number()?)?,
            work: match fields.take()? {
                [] => None,
                bytes => Some(WorkParams::from_bytes(bytes.try_into().ok()?)?),
            },
            tries: u8::try_from(fields.number()?).ok()?,
            score: u8::try_from(fields.number()?).ok()?,
            bindings: take_bindings(&mut fields)?,
        };
        fields.is_empty().then_some(ticket)
    }

    /// May it be redeemed for `purpose` at this site now?
    ///
    /// # Errors
    /// With what speaks against it. Whether it was redeemed before is for the claims.
    pub fn check(
        &self,
        tenant: TenantId,
        site: SiteId,
        purpose: Purpose,
        now: Timestamp,
    ) -> Result<(), Code> {
        if (self.tenant, self.site, self.purpose) != (tenant, site, purpose) {
            return Err(Code::ForeignTicket);
        }
        if now.plus_millis(CLOCK_SKEW_MS) < self.issued {
            return Err(Code::TicketFromTheFuture);
        }
        if now >= self.expires {
            return Err(Code::ExpiredTicket);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
