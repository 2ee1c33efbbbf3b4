//! Rate limits: how much one network, session, site, path or key may ask for.
//!
//! A limit is a token bucket; what goes over it is throttled, whatever its score. The defaults never hinder people: two
//! hundred browsers behind one address, each loading a page of thirty parts in the same second, stay below them. Under
//! load nothing becomes stricter for everybody: only what has the flood's own face, shows no session and loads no
//! parts of pages is throttled.

use palisade_detect::Conduct;
use palisade_detect::gather::Kind;
use palisade_domain::{Fact, IdentityClass, Rate};
use palisade_limits::BucketRate;

use crate::Level;
use crate::rules::{Case, Say};

/// Most path prefixes with a limit of their own: each is compared with every path.
pub const PATHS_MAX: usize = 64;

/// How much is let pass. `None` is no limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitSettings {
    /// Requests of one network (/32, /64).
    pub network: Option<BucketRate>,
    /// Requests of one session that we signed.
    pub session: Option<BucketRate>,
    /// Requests of the whole site. Hits everybody alike; for sites that fall over at a known rate.
    pub site: Option<BucketRate>,
    /// Requests that show one API key.
    pub key: Option<BucketRate>,
    /// Requests of one session or network below a path. At most [`PATHS_MAX`]; the first that fits counts.
    pub paths: Vec<PathLimit>,
    /// Page requests within ten seconds above which a client that loads nothing else is throttled.
    pub loop_pages_in_ten_seconds: u32,
    /// Page requests within a minute above which such a client is throttled, where it does not say it is a program.
    pub loop_pages_per_minute: u32,
    /// Page requests of one client in the challenge band that cannot be challenged.
    pub doubtful_pages: BucketRate,
    /// Page requests that one pass is good for; beyond them its bearer is challenged again.
    pub pass_pages: BucketRate,
    /// Requests of any kind that one pass is good for: what says it is no page costs nothing above, so it must end somewhere.
    pub pass_requests: BucketRate,
    /// Whether what has the face of a flood is slowed while there is one.
    pub adaptive: bool,
    /// How much one client with that face may still ask for.
    pub flood_pages: BucketRate,
}

/// A limit of its own for everything below a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathLimit {
    /// The path, as sent, and everything below it: `/login` covers `/login/reset`, not `/logins`.
    pub prefix: String,
    /// How much is let pass.
    pub rate: BucketRate,
}

impl PathLimit {
    fn covers(&self, path: &str) -> bool {
        let below = path.strip_prefix(&*self.prefix);
        below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || self.prefix.ends_with('/'))
    }
}

/// The bucket that configuration calls `per_minute`: so many in a minute, all at once if need be; 0 is no limit.
pub fn per_minute(per_minute: u32) -> Option<BucketRate> {
    (per_minute > 0).then_some(BucketRate { per_minute, burst: per_minute })
}

const fn rate(per_minute: u32, burst: u32) -> BucketRate {
    BucketRate { per_minute, burst }
}

impl Default for LimitSettings {
    /// Two hundred requests a second and 12,000 at once of a network; sixty pages of a client that loads nothing else.
    fn default() -> Self {
        LimitSettings {
            network: Some(rate(12_000, 12_000)),
            session: None,
            site: None,
            key: None,
            paths: Vec::new(),
            loop_pages_in_ten_seconds: 60,
            loop_pages_per_minute: 60,
            doubtful_pages: rate(30, 15),
            pass_pages: rate(30, 600),
            pass_requests: rate(600, 12_000),
            adaptive: true,
            flood_pages: rate(6, 6),
        }
    }
}

/// What a bucket is for; first word of its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    Network = 1,
    Session,
    Site,
    Key,
    Path,
    Rule,
    Entry,
    Doubtful,
    Flood,
    Pass,
    PassRequests,
}

/// Share of a site's clients that load assets from which it tells something when one does not.
const ASSET_SHARE_MIN: f32 = 0.2;

/// Limits that are there only where the operator wrote them: carried out under `enforce = "hard"` too. (`network` has a
/// default, `flood` and `pages` are ours.)
pub(crate) fn is_set_by_operator(rule: &str) -> bool {
    matches!(rule, "limit: session" | "limit: key" | "limit: site" | "limit: path")
}

/// The first limit that is exceeded. Every bucket asked counts the request.
pub(crate) fn limit(case: &Case<'_>) -> Option<Say> {
    let (memory, conduct) = (case.memory?, case.conduct?);
    if let Some(say) = flood(case, conduct) {
        return Some(say);
    }
    let settings = &case.policy.limits;
    let whom = conduct.keys.session.or((!case.hidden()).then_some(conduct.keys.network));
    let network = (!case.hidden()).then_some(conduct.keys.network);
    let limits = [
        (settings.network, Purpose::Network, network, "limit: network"),
        (settings.session, Purpose::Session, conduct.keys.session, "limit: session"),
        (settings.key, Purpose::Key, case.around.key, "limit: key"),
        (settings.site, Purpose::Site, Some(conduct.keys.site), "limit: site"),
    ];
    let general = limits.into_iter().find_map(|(rate, purpose, key, rule)| {
        let rate = rate?;
        let passes = memory.take(purpose, key?, rate, case.now_ms(), case.observe);
        (!passes).then(|| Say::throttle(rate.per_minute, rule))
    });
    general.or_else(|| {
        let path = case.path()?;
        let (at, limit) =
            settings.paths.iter().take(PATHS_MAX).enumerate().find(|(_, limit)| limit.covers(path))?;
        let key = whom?.wrapping_add(at as u64 + 1);
        let passes = memory.take(Purpose::Path, key, limit.rate, case.now_ms(), case.observe);
        (!passes).then(|| Say::throttle(limit.rate.per_minute, "limit: path"))
    })
}

/// Under load: what looks like the flood, and like nobody.
fn flood(case: &Case<'_>, conduct: &Conduct) -> Option<Say> {
    let adaptive = case.policy.limits.adaptive;
    let loaded = adaptive && case.around.level > Level::Calm && case.around.in_flood;
    // A pass is no exemption: it turns challenge into allow and nothing else.
    let session = conduct.keys.session.is_some() && !case.facts.is_some_and(|facts| facts.pass.is_known());
    let anonymous = !case.assessment.identity.class.is_program() && !session;
    if !loaded || !anonymous || conduct.loads_assets || case.hidden() {
        return None;
    }
    // A newcomer has loaded nothing yet: its first pages pass.
    let rate = case.policy.limits.flood_pages;
    let passes = case.memory?.take(Purpose::Flood, conduct.keys.client, rate, case.now_ms(), case.observe);
    (!passes).then(|| Say::throttle(rate.per_minute, "limit: flood"))
}

/// A client that asks for page after page and for nothing else. What a site's other clients never load either tells
/// nothing of this one.
pub(crate) fn endless_pages(case: &Case<'_>) -> Option<Say> {
    let conduct = case.conduct?;
    let settings = &case.policy.limits;
    let hidden = case.hidden() && conduct.keys.session.is_none();
    // Callbacks come in bursts, and are held to their own rate.
    let exempt = case.assessment.identity.class == IdentityClass::Webhook || is_signed(case);
    if conduct.kind != Kind::Navigation || !conduct.loads_nothing || hidden || exempt {
        return None;
    }
    let program = case.assessment.identity.class.is_program();
    let telling = conduct.asset_share.is_none_or(|share| share >= ASSET_SHARE_MIN);
    let fast = conduct.pages_in_ten_seconds > settings.loop_pages_in_ten_seconds as f32;
    let long =
        !program && telling && case.assessment.pages_per_minute > settings.loop_pages_per_minute as f32;
    (fast || long).then(|| Say::throttle(settings.loop_pages_per_minute, "limit: pages"))
}

/// A verified signature answers for its bearer.
fn is_signed(case: &Case<'_>) -> bool {
    matches!(
        case.facts.map(|facts| facts.signature),
        Some(Fact::Known(palisade_domain::Signature::Verified(_)))
    )
}

/// The bucket of a rate that a rule or entry names: so many in a minute, all at once if need be.
pub(crate) fn steady(rate: Rate) -> BucketRate {
    BucketRate { per_minute: rate.0, burst: rate.0 }
}
