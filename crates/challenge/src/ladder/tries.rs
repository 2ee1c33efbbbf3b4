//! The cookie of tries: how often one visitor was challenged lately without getting through. It breaks loops, and it is
//! the cookie whose return shows that cookies are kept.

use palisade_domain::{Scheme, SiteId, TenantId, Timestamp};

use crate::canonical::{Fields, Reader, Signed};
use crate::code::Code;
use crate::pass::{self, CLOCK_SKEW_MS};
use crate::secrets::Secrets;

/// How long tries are remembered, ms after the first.
pub const LIFETIME_MS: i64 = 600_000;
/// A page that is asked for again sooner than this stands in another tab, or was reloaded at once: that is no try, ms.
pub const ASIDE_MS: i64 = 5_000;

const PURPOSE: &str = "tries";
const VERSION: u64 = 1;

/// The name of the cookie. On https only the one with the prefix counts.
pub fn cookie_name(scheme: Scheme) -> &'static str {
    match scheme {
        Scheme::Https => "__Host-palisade_try",
        Scheme::Http => "palisade_try",
    }
}

/// What became of one visitor's challenges of the last minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Try {
    /// Whose site.
    pub tenant: TenantId,
    /// Which site.
    pub site: SiteId,
    /// 128 random bits, the same from the first to the last try.
    pub id: u128,
    /// Challenges that led nowhere.
    pub count: u8,
    /// When the first was issued, ms.
    pub first: Timestamp,
    /// When this was last written, ms.
    pub last: Timestamp,
    /// Why the last answer was not taken.
    pub code: Option<Code>,
}

impl Try {
    /// The first challenge of a visitor; `id` is random.
    pub fn first(tenant: TenantId, site: SiteId, id: u128, now: Timestamp) -> Self {
        Try { tenant, site, id, count: 0, first: now, last: now, code: None }
    }

    /// Another challenge is issued to who shows this: the one before was left, unless it stands in another tab.
    #[must_use]
    pub fn again(self, now: Timestamp) -> Self {
        let left = now.millis_since(self.last) >= ASIDE_MS.unsigned_abs();
        Try { count: self.count.saturating_add(u8::from(left)), last: now, ..self }
    }

    /// An answer was not taken.
    #[must_use]
    pub fn failed(self, code: Code, now: Timestamp) -> Self {
        Try { count: self.count.saturating_add(1), last: now, code: Some(code), ..self }
    }

    /// An answer was taken. Whoever shows this and no pass did not keep the pass: that is a try as well, or a loop would never end.
    #[must_use]
    pub fn answered(self, now: Timestamp) -> Self {
        Try { count: self.count.saturating_add(1), last: now, code: None, ..self }
    }

    /// Seconds until it is forgotten: the cookie's `Max-Age`, and what is told to somebody whose ladder is at its end.
    pub fn left_secs(&self, now: Timestamp) -> u32 {
        let left_ms = self.first.plus_millis(LIFETIME_MS).millis_since(now);
        u32::try_from(left_ms.div_ceil(1_000)).unwrap_or(u32::MAX)
    }

    /// The cookie's value.
    pub fn text(&self, secrets: &Secrets) -> String {
        let millis = |time: Timestamp| time.millis().max(0).unsigned_abs();
        let mut fields = Fields::default();
        fields
            .put_number(VERSION)
            .put_number(u64::from(self.tenant.0))
            .put_number(u64::from(self.site.0))
            .put(&self.id.to_be_bytes())
            .put_number(u64::from(self.count))
            .put_number(millis(self.first))
            .put_number(millis(self.last))
            .put(self.code.map_or("", Code::name).as_bytes());
        fields.signed(&secrets.step, PURPOSE)
    }

    /// The one in a `Cookie` header, where it is ours, of this site and not forgotten.
    pub fn read(
        cookies: &str,
        scheme: Scheme,
        secrets: &Secrets,
        (tenant, site): (TenantId, SiteId),
        now: Timestamp,
    ) -> Option<Self> {
        let text = pass::cookie(cookies, cookie_name(scheme))?;
        let signed = Signed::open(text, &secrets.step, PURPOSE)?;
        let held = Try::parse(signed.fields())?;
        let begun = held.first <= now.plus_millis(CLOCK_SKEW_MS);
        let alive = now < held.first.plus_millis(LIFETIME_MS);
        (begun && alive && (held.tenant, held.site) == (tenant, site)).then_some(held)
    }

    fn parse(mut fields: Reader<'_>) -> Option<Self> {
        if fields.number()? != VERSION {
            return None;
        }
        let word = |number: u64| u32::try_from(number).ok();
        let moment = |millis: u64| i64::try_from(millis).ok().map(Timestamp::from_millis);
        let held = Try {
            tenant: TenantId(word(fields.number()?)?),
            site: SiteId(word(fields.number()?)?),
            id: u128::from_be_bytes(fields.array()?),
            count: u8::try_from(fields.number()?).ok()?,
            first: moment(fields.number()?)?,
            last: moment(fields.number()?)?,
            // A word of another release is as good as none.
            code: std::str::from_utf8(fields.take()?).ok().and_then(Code::named),
        };
        fields.is_empty().then_some(held)
    }
}
