//! What the operator chose about this API; swapped whole when the configuration is read again.

use palisade_domain::TenantId;
use palisade_guard::TrustedProxies;
use palisade_limits::BucketRate;
use palisade_visitor::{Tags, Theme};

use crate::secret::Secret;

/// Who needs an API key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RequireKey {
    /// Everybody.
    #[default]
    Always,
    /// Everybody but programs on this machine that speak to us directly: not through a proxy, and no page in a browser.
    UnlessLoopback,
}

/// Settings of the API.
#[derive(Clone, Debug)]
pub struct ApiSettings {
    /// `[api] require_key`
    pub require_key: RequireKey,
    /// `[intel] public_list`: `GET /list` needs no key.
    pub public_list: bool,
    /// `[api] webhook_secret`; without it `/webhook` answers 503 and says so.
    pub webhook_secret: Option<Secret>,
    /// `[api] metrics_token`; without it `/metrics` is for programs on this machine only.
    pub metrics_token: Option<Secret>,
    /// Whose data this API serves.
    pub tenant: TenantId,
    /// Whose forwarding headers are believed.
    pub trusted_proxies: TrustedProxies,
    /// `[challenge.theme]`: how challenge pages look that are shown in a proxy's place.
    pub theme: Theme,
    /// `[challenge.open_graph] tags`: what they say of the page in whose place they stand.
    pub tags: Tags,
    /// `[server] visitor_prefix`: what the paths of pages for visitors begin with; begins and ends with `/`.
    pub visitor_prefix: String,
    /// How often each route may be called.
    pub limits: ApiLimits,
}

impl Default for ApiSettings {
    fn default() -> Self {
        ApiSettings {
            require_key: RequireKey::Always,
            public_list: false,
            webhook_secret: None,
            metrics_token: None,
            tenant: TenantId::default(),
            trusted_proxies: TrustedProxies::default(),
            theme: Theme::neutral().clone(),
            tags: Tags::default(),
            visitor_prefix: palisade_visitor::route::PREFIX.to_owned(),
            limits: ApiLimits::default(),
        }
    }
}

/// How often one key may call, by group of routes; a call without key counts for its address. `None` is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ApiLimits {
    /// `/check` and forward-auth: every request of a site asks here, so there is none unless it is set.
    pub check: Option<BucketRate>,
    /// `/feedback`, `/escalate`, `/report`: what changes or queues something.
    pub write: Option<BucketRate>,
    /// `/stats`, `/reputation`, `/list`: what reads from the store.
    pub read: Option<BucketRate>,
    /// `/webhook`: 60 in 60 s, as seed 004 has it.
    pub webhook: Option<BucketRate>,
    /// Everything that is open to all: `/health`, `/ready`, `/metrics`, the documents.
    pub open: Option<BucketRate>,
}

impl Default for ApiLimits {
    fn default() -> Self {
        let rate = |per_minute, burst| Some(BucketRate { per_minute, burst });
        ApiLimits {
            check: None,
            write: rate(6_000, 1_000),
            read: rate(600, 200),
            webhook: rate(60, 60),
            open: rate(1_200, 300),
        }
    }
}
