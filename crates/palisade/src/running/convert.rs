//! From settings as the file has them to what each part of a running Palisade wants.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::time::Duration;

use palisade_api::{ApiSettings, RequireKey};
use palisade_config::settings::{self, Listen, ServerSettings, Settings};
use palisade_gateway::{GatewaySettings, Limits, OpenGraph};
use palisade_guard::worker::WorkerSettings;
use palisade_guard::{Site, Sites, TrustedProxies};
use palisade_store::WebhookSecret;
use palisade_visitor::Tags;
use palisade_visitor::theme::{self, Theme};

use crate::exit::UsageError;
use crate::setup::Numbered;

pub(super) use crate::ledger::TENANT;

/// The sites by number.
///
/// # Errors
/// Where an upstream speaks TLS: that is not built yet.
pub(super) fn sites(numbered: &Numbered) -> anyhow::Result<Sites> {
    let mut sites = Vec::new();
    for site in numbered.places().iter().map(|place| &place.settings) {
        let mut upstreams = Vec::new();
        for upstream in &site.upstreams {
            if upstream.tls {
                let problem =
                    format!("sites.upstreams: {upstream} speaks TLS, which is not built yet; use http://");
                return Err(UsageError(problem).into());
            }
            upstreams.push(authority(&upstream.host, upstream.port));
        }
        let (hosts, seed_routes) = (site.hosts.clone(), site.seed_routes);
        sites.push(Site { hosts, tenant: TENANT, upstreams, seed_routes });
    }
    Ok(Sites::with_retired(sites, &numbered.retired()).with_successors(numbered.reused()))
}

fn authority(host: &str, port: u16) -> String {
    match host.contains(':') && !host.starts_with('[') {
        true => format!("[{host}]:{port}"),
        false => format!("{host}:{port}"),
    }
}

/// Whose forwarding headers are believed.
pub(super) fn trusted(server: &ServerSettings) -> anyhow::Result<TrustedProxies> {
    let words = server.trusted_proxies.iter().map(ToString::to_string);
    TrustedProxies::from_words(words)
        .map_err(|problem| UsageError(format!("server.trusted_proxies: {problem}")).into())
}

/// Challenge pages, as people and previews see them.
#[derive(Clone, Debug)]
pub(super) struct Pages {
    theme: Theme,
    open_graph: OpenGraph,
}

/// How challenge pages look, and what they say of the page in whose place they stand.
///
/// # Errors
/// Where a colour is none, a text is too long, or a tag is none that previews read.
pub(super) fn pages(settings: &settings::ChallengeSettings) -> anyhow::Result<Pages> {
    let settings::ThemeSettings { name, accent, accent_dark, css } = settings.theme.clone();
    let theme = Theme::new(&theme::ThemeSettings { name, accent, accent_dark, css })
        .map_err(|fault| UsageError(format!("challenge.theme.{fault}")))?;
    let settings::OpenGraphSettings { enabled, cache_secs, query, tags } = &settings.open_graph;
    let fixed =
        Tags::fixed(tags).map_err(|fault| UsageError(format!("challenge.open_graph.tags: {fault}")))?;
    let open_graph = OpenGraph { enabled: *enabled, cache_secs: *cache_secs, query: *query, fixed };
    Ok(Pages { theme, open_graph })
}

/// The data plane; it asks the guard about everybody where `judge` says so.
pub(super) fn gateway(
    settings: &Settings,
    judge: bool,
    visitor_prefix: String,
    pages: Pages,
) -> GatewaySettings {
    let limits = &settings.limits;
    let ms = Duration::from_millis;
    GatewaySettings {
        listeners: addresses(&settings.server.listen),
        workers: settings.server.workers,
        judge,
        visitor_prefix,
        theme: pages.theme,
        open_graph: pages.open_graph,
        limits: Limits {
            connections_max: limits.connections_max,
            head_timeout: ms(limits.head_timeout_ms),
            idle_timeout: ms(limits.idle_timeout_ms),
            body_window: ms(limits.body_idle_timeout_ms),
            prefix_timeout: ms(limits.body_prefix_wait_ms),
            connect_timeout: ms(limits.upstream_connect_timeout_ms),
            answer_timeout: ms(limits.upstream_timeout_ms),
            slow_answers_max: limits.tarpits_max,
            ..Limits::default()
        },
    }
}

/// The application API. A webhook secret of the configuration wins over the installation's own.
pub(super) fn api(
    settings: &Settings,
    trusted: TrustedProxies,
    webhook: &WebhookSecret,
    visitor_prefix: String,
    pages: Pages,
) -> ApiSettings {
    let secret = |secret: &Option<settings::Secret>| {
        secret.as_ref().and_then(|secret| palisade_api::Secret::new(secret.expose()))
    };
    let own = || palisade_api::Secret::new(webhook.text());
    ApiSettings {
        require_key: match settings.api.require_key {
            settings::RequireKey::Always => RequireKey::Always,
            settings::RequireKey::UnlessLoopback => RequireKey::UnlessLoopback,
        },
        public_list: settings.intel.public_list,
        webhook_secret: secret(&settings.api.webhook_secret).or_else(own),
        metrics_token: secret(&settings.api.metrics_token),
        tenant: TENANT,
        trusted_proxies: trusted,
        visitor_prefix,
        theme: pages.theme,
        tags: pages.open_graph.fixed,
        ..ApiSettings::default()
    }
}

/// The worker.
pub(super) fn worker(settings: &Settings) -> WorkerSettings {
    let days = |days: u16| Duration::from_secs(u64::from(days) * 86_400);
    WorkerSettings {
        tenant: TENANT,
        retain_events: days(settings.privacy.retain_events_days),
        retain_addresses: days(settings.privacy.retain_addresses_days),
        ..WorkerSettings::default()
    }
}

/// Where to listen. An address without host is every address of this machine: both families where the system has IPv6.
pub(super) fn addresses(listen: &[Listen]) -> Vec<SocketAddr> {
    let everywhere = match TcpListener::bind((Ipv6Addr::UNSPECIFIED, 0)) {
        Ok(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        Err(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
    };
    listen.iter().map(|listen| SocketAddr::new(listen.host.unwrap_or(everywhere), listen.port)).collect()
}
