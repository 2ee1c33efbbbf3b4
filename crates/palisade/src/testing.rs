//! `[challenge] testing`: everybody who knows a vendor's test key passes. Only where nobody can be hurt, and never silently.

use std::net::IpAddr;

use palisade_api::Degraded;
use palisade_config::settings::{Settings, Upstream};

use crate::exit::UsageError;
use crate::shell;

const BANNER: &str = "palisade: TESTING: challenge.testing is on, every challenge can be passed by test keys; \
                      never do this on a live site";

/// May these settings run?
///
/// # Errors
/// Where test keys are on and strangers could reach us, or the site is not on this machine; `knows` is `--i-know-testing`.
pub(crate) fn check(settings: &Settings, knows: bool) -> anyhow::Result<()> {
    if !settings.challenge.testing || knows {
        return Ok(());
    }
    let open =
        settings.server.listen.iter().find(|listen| !listen.host.is_some_and(|host| host.is_loopback()));
    if let Some(listen) = open {
        return Err(refused(&format!("visitors can reach {listen}; listen on 127.0.0.1")));
    }
    let mut upstreams = settings.sites.iter().flat_map(|site| &site.upstreams);
    match upstreams.find(|upstream| !is_here(upstream)) {
        Some(upstream) => Err(refused(&format!("{upstream} is not on this machine"))),
        None => Ok(()),
    }
}

fn refused(why: &str) -> anyhow::Error {
    UsageError(format!(
        "challenge.testing lets everybody pass who knows a vendor's test key, and {why}; switch it off, or type \
         --i-know-testing where that is meant"
    ))
    .into()
}

fn is_here(upstream: &Upstream) -> bool {
    let host = upstream.host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Says that it is on; what `/ready` says about it.
pub(crate) fn tell(settings: &Settings) -> Vec<Degraded> {
    if !settings.challenge.testing {
        return Vec::new();
    }
    shell::complain(BANNER);
    vec![Degraded::new(
        "testing",
        "challenge.testing is on: test keys pass every challenge; switch it off on a live site",
    )]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(listen: &str, upstream: &str) -> Settings {
        let mut settings = Settings::default();
        settings.challenge.testing = true;
        settings.server.listen = vec![listen.parse().unwrap()];
        settings.sites = vec![palisade_config::settings::SiteSettings {
            upstreams: vec![upstream.parse().unwrap()],
            ..Default::default()
        }];
        settings
    }

    #[test]
    fn test_keys_are_for_this_machine() {
        for (listen, upstream, runs) in [
            ("127.0.0.1:8080", "http://127.0.0.1:3000", true),
            ("[::1]:8080", "http://localhost:3000", true),
            ("127.0.0.1:8080", "http://[::1]:3000", true),
            (":8080", "http://127.0.0.1:3000", false),
            ("192.0.2.1:8080", "http://127.0.0.1:3000", false),
            ("127.0.0.1:8080", "http://192.0.2.1:3000", false),
            ("127.0.0.1:8080", "http://site.example:3000", false),
        ] {
            let settings = settings(listen, upstream);
            assert_eq!(check(&settings, false).is_ok(), runs, "{listen} {upstream}");
            assert!(check(&settings, true).is_ok());
        }
        let mut off = settings(":8080", "http://192.0.2.1:3000");
        off.challenge.testing = false;
        assert!(check(&off, false).is_ok() && tell(&off).is_empty());
    }
}
