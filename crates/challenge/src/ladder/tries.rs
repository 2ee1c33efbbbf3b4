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
    /// When the last of them was counted, ms; at first, when the first was issued.
    pub last: Timestamp,
    /// Why the last answer was not taken.
    pub code: Option<Code>,
}

impl Try {
    /// The first challenge of a visitor; `id` is random.
    pub fn first(tenant: TenantId, site: SiteId, id: u128, now: Timestamp) -> Self {
        Try { tenant, site, id, count: 0, first: now, last: now, code: None }
    }

    /// Another challenge is issued to who shows this: the one before was left, unless it stands in another tab. However fast a
    /// page is loaded anew, each [`ASIDE_MS`] count once. Pages that are left lead to the last kind (`last_try`, of
    /// [`super::Ladder::last_try`]) and never past it: only answers that were not taken, and passes that do not come back, end the
    /// ladder, or whoever is impatient would be locked out.
    #[must_use]
    pub fn again(self, now: Timestamp, last_try: u8) -> Self {
        let left = now.millis_since(self.last) >= ASIDE_MS.unsigned_abs();
        let count = if self.count < last_try { self.count + 1 } else { self.count };
        if left { Try { count, last: now, ..self } } else { self }
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
        let mut fields = Fields::default();
        fields
            .put_number(VERSION)
            .put_number(u64::from(self.tenant.0))
            .put_number(u64::from(self.site.0))
            .put(&self.id.to_be_bytes())
            .put_number(u64::from(self.count))
            .put_time(self.first)
            .put_time(self.last)
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
        let held = Try {
            tenant: TenantId(fields.word()?),
            site: SiteId(fields.word()?),
            id: u128::from_be_bytes(fields.array()?),
            count: u8::try_from(fields.number()?).ok()?,
            first: fields.time()?,
            last: fields.time()?,
            // A word of another release is as good as none.
            code: std::str::from_utf8(fields.take()?).ok().and_then(Code::named),
        };
        fields.is_empty().then_some(held)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SITE: (TenantId, SiteId) = (TenantId(1), SiteId(2));

    fn secrets() -> Secrets {
        Secrets::derive(&[1; 32])
    }

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_secs(1_000_000 + secs)
    }

    fn first() -> Try {
        Try::first(SITE.0, SITE.1, 99, at(0))
    }

    fn read(held: &Try, scheme: Scheme, site: (TenantId, SiteId), now: Timestamp) -> Option<Try> {
        let cookies = format!("a=b; {}={}", cookie_name(scheme), held.text(&secrets()));
        Try::read(&cookies, scheme, &secrets(), site, now)
    }

    #[test]
    fn it_is_read_where_it_was_written_until_it_is_forgotten() {
        let held = first().failed(Code::WrongWork, at(3));
        for scheme in [Scheme::Http, Scheme::Https] {
            assert_eq!(read(&held, scheme, SITE, at(4)), Some(held));
        }
        assert_eq!(read(&held, Scheme::Http, (TenantId(2), SITE.1), at(4)), None);
        assert_eq!(read(&held, Scheme::Http, (SITE.0, SiteId(1)), at(4)), None);
        assert_eq!(read(&held, Scheme::Http, SITE, at(599)), Some(held));
        assert_eq!(read(&held, Scheme::Http, SITE, at(600)), None);
        assert_eq!(read(&held, Scheme::Http, SITE, at(-600)), None, "ten minutes off");
        assert_eq!(
            [at(-5), at(0), at(1), at(600), at(900)].map(|now| held.left_secs(now)),
            [605, 600, 599, 0, 0]
        );
        let clear = format!("palisade_try={}", held.text(&secrets()));
        assert_eq!(
            Try::read(&clear, Scheme::Https, &secrets(), SITE, at(1)),
            None,
            "a neighbour may have set it"
        );
    }

    #[test]
    fn what_counts_as_a_try() {
        let held = first();
        assert_eq!(held.count, 0);
        assert_eq!(held.again(at(2), 4).count, 0, "another tab");
        assert_eq!(held.again(at(5), 4).count, 1, "the first page was left");
        assert_eq!(
            held.failed(Code::TooFast, at(1)),
            Try { count: 1, last: at(1), code: Some(Code::TooFast), ..held }
        );
        let kept = held.answered(at(1));
        assert_eq!((kept.count, kept.code), (1, None));
        // A loop: each round is answered at once, and the pass does not come back.
        let looped = (1..=20).fold(held, |held, secs| held.again(at(secs), 4).answered(at(secs)));
        assert_eq!(looped.count, 20);
        // A page that is loaded again each second and never answered.
        let reloaded = (1..=30).fold(held, |held, secs| held.again(at(secs), 4));
        assert_eq!((reloaded.count, reloaded.last), (4, at(30)), "the last kind, and no further");
        let many = (0..1_000).fold(held, |held, _| held.failed(Code::WrongWork, at(1)));
        assert_eq!((many.count, many.id, many.first), (255, 99, at(0)));
    }

    #[test]
    fn changed_it_is_none() {
        let text = first().text(&secrets());
        for at_byte in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[at_byte] = if changed[at_byte] == b'A' { b'B' } else { b'A' };
            let cookies = format!("palisade_try={}", String::from_utf8(changed).unwrap());
            assert_eq!(Try::read(&cookies, Scheme::Http, &secrets(), SITE, at(1)), None, "{at_byte}");
            let cut = format!("palisade_try={}", &text[..at_byte]);
            assert_eq!(Try::read(&cut, Scheme::Http, &secrets(), SITE, at(1)), None, "{at_byte}");
        }
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(
            (id, count) in any::<(u128, u8)>(),
            last in 0i64..600,
            code in prop::option::of(prop::sample::select(&Code::ALL[..])),
        ) {
            let held = Try { id, count, last: at(last), code, ..first() };
            prop_assert_eq!(read(&held, Scheme::Https, SITE, at(1)), Some(held));
            prop_assert!(held.text(&secrets()).len() <= 160);
        }

        #[test]
        fn any_cookies_are_read(cookies in "(__Host-palisade_try=)?\\PC{0,200}") {
            prop_assert_eq!(Try::read(&cookies, Scheme::Https, &secrets(), SITE, at(1)), None);
        }
    }
}
