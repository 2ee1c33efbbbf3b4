//! Everything challenges need at run time, shared by both edges: what is issued here is redeemed here.

use std::sync::Arc;

use arc_swap::ArcSwap;
use palisade_domain::{Fact, PassKind, RequestFacts, Scheme, SessionId, SiteId, TenantId, Timestamp};

use crate::bindings::Bindings;
use crate::claims::Claims;
use crate::outcome::Outcomes;
use crate::pass::{self, Pass, PassFault, Shown};
use crate::revoked::Revoked;
use crate::secrets::Secrets;

/// What the operator chose about challenges; swapped whole when the configuration is read again.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// How long a pass holds, ms.
    pub pass_ms: i64,
    /// How long a pass holds that was given without script, ms: it cost its bearer next to nothing.
    pub no_script_pass_ms: i64,
    /// How long a ticket may be redeemed, ms.
    pub ticket_ms: i64,
    /// Passes of another epoch hold no longer.
    pub epoch: u32,
    /// Whether test keys pass everything. Never on a live site.
    pub testing: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            pass_ms: 24 * 3_600_000,
            no_script_pass_ms: 3_600_000,
            ticket_ms: 600_000,
            epoch: 1,
            testing: false,
        }
    }
}

/// Challenges of one installation.
pub struct Challenges {
    /// The keys.
    pub secrets: Secrets,
    /// What was used and may not be used again.
    pub claims: Claims,
    /// Passes that were taken back.
    pub revoked: Revoked,
    /// What became of challenges.
    pub outcomes: Outcomes,
    settings: ArcSwap<Settings>,
}

/// Who answers a challenge, as the edge sees it.
#[derive(Clone, Copy, Debug)]
pub struct Visitor {
    /// Whose site.
    pub tenant: TenantId,
    /// Which site.
    pub site: SiteId,
    /// What a pass would be bound to.
    pub bindings: Bindings,
    /// How it came.
    pub scheme: Scheme,
}

impl Challenges {
    /// With keys of `master`; `claims` are those of the run before, or say since when none are known.
    pub fn new(master: &[u8; 32], claims: Claims, settings: Settings) -> Self {
        let secrets = Secrets::derive(master);
        Challenges {
            revoked: Revoked::new(secrets.table),
            secrets,
            claims,
            outcomes: Outcomes::default(),
            settings: ArcSwap::from_pointee(settings),
        }
    }

    /// The settings in office.
    pub fn settings(&self) -> Arc<Settings> {
        self.settings.load_full()
    }

    /// Other settings, whole.
    pub fn replace_settings(&self, settings: Settings) {
        self.settings.store(Arc::new(settings));
    }

    /// The pass that a request shows, as facts: what it was given for, and the session it stands for. Both are `Absent`
    /// where it shows none that holds.
    pub fn look(&self, facts: &RequestFacts<'_>) -> (Fact<PassKind>, Fact<SessionId>) {
        let Fact::Known(headers) = facts.headers else { return (Fact::Unseen, facts.session) };
        let mut cookies = headers.entries.iter().filter(|(name, _)| name.eq_ignore_ascii_case("cookie"));
        let Some(text) = cookies.find_map(|(_, cookies)| pass::in_cookies(cookies)) else {
            return (Fact::Absent, facts.session);
        };
        let bindings = Bindings::of(facts);
        match self.check(text, facts.tenant, facts.site, &bindings, facts.time) {
            Ok(pass) => (Fact::Known(pass.kind), Fact::Known(SessionId(pass.id))),
            Err(_) => (Fact::Absent, facts.session),
        }
    }

    /// Reads and checks the text of a pass.
    ///
    /// # Errors
    /// With what speaks against it.
    pub fn check(
        &self,
        text: &str,
        tenant: TenantId,
        site: SiteId,
        bindings: &Bindings,
        now: Timestamp,
    ) -> Result<Pass, PassFault> {
        let pass = Pass::read(text, &self.secrets)?;
        let epoch = self.settings.load().epoch;
        pass.check(&Shown { tenant, site, bindings, now, epoch })?;
        if self.revoked.contains(tenant, pass.id) { Err(PassFault::Revoked) } else { Ok(pass) }
    }

    /// A pass for `visitor`, who proved `kind`. `id` is random.
    pub fn pass(&self, visitor: &Visitor, kind: PassKind, id: u128, now: Timestamp) -> Pass {
        let settings = self.settings.load();
        let life_ms = match kind {
            PassKind::NoScript => settings.no_script_pass_ms,
            _ => settings.pass_ms,
        };
        Pass {
            tenant: visitor.tenant,
            site: visitor.site,
            id,
            issued: now,
            expires: now.plus_millis(life_ms),
            kind,
            epoch: settings.epoch,
            bindings: visitor.bindings,
        }
    }

    /// The value of `Set-Cookie` for `pass`.
    pub fn pass_cookie(&self, pass: &Pass, scheme: Scheme) -> String {
        let age = (pass.expires.secs() - pass.issued.secs()).max(0);
        set_cookie(pass::COOKIE_SECURE, pass::COOKIE, &pass.text(&self.secrets), age, scheme)
    }
}

/// The value of `Set-Cookie` for a cookie of ours: `secure` is its name on https (RFC 6265bis, section 4.1.3.2), `clear` on clear
/// HTTP. `age_secs` 0 removes it.
pub fn set_cookie(secure: &str, clear: &str, value: &str, age_secs: i64, scheme: Scheme) -> String {
    match scheme {
        Scheme::Https => {
            format!("{secure}={value}; Max-Age={age_secs}; Path=/; Secure; HttpOnly; SameSite=Lax")
        }
        Scheme::Http => format!("{clear}={value}; Max-Age={age_secs}; Path=/; HttpOnly; SameSite=Lax"),
    }
}
