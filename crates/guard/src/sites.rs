//! Which site a host name belongs to.

use std::collections::HashMap;

use palisade_domain::{SiteId, TenantId};

/// One defended site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// Hosts it answers: `*`, `example.org`, `*.example.org`; lower case, without port.
    pub hosts: Vec<String>,
    /// Whose site it is.
    pub tenant: TenantId,
    /// Where its requests go: `host:port`, clear text. Empty where Palisade only judges.
    pub upstreams: Vec<String>,
    /// Whether `/captcha.js` and `/api/*` are served on the data plane.
    pub seed_routes: bool,
}

/// All sites by host; a host nobody names belongs to the site of `*`, else to none.
#[derive(Clone, Debug, Default)]
pub struct Sites {
    sites: Vec<Site>,
    exact: HashMap<String, SiteId>,
    suffixes: Vec<(String, SiteId)>,
    any: Option<SiteId>,
}

impl Sites {
    /// `sites` under their numbers: the first is site 0.
    pub fn new(sites: Vec<Site>) -> Self {
        let mut all = Sites { sites, ..Sites::default() };
        for (at, site) in (0_u32..).zip(&all.sites) {
            for host in &site.hosts {
                match host.strip_prefix('*') {
                    Some("") => all.any = Some(SiteId(at)),
                    Some(suffix) => all.suffixes.push((suffix.to_owned(), SiteId(at))),
                    None => drop(all.exact.insert(host.clone(), SiteId(at))),
                }
            }
        }
        // The longest suffix is the most particular.
        all.suffixes.sort_by_key(|(suffix, _)| std::cmp::Reverse(suffix.len()));
        all
    }

    /// The site of `host` (a `Host` header or authority: a port, letter case and the dot of the root do not matter).
    pub fn of(&self, host: &str) -> Option<SiteId> {
        let name = without_port(host);
        let name = name.strip_suffix('.').unwrap_or(name);
        if self.exact.is_empty() && self.suffixes.is_empty() {
            return self.any;
        }
        let lower;
        let name = if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
            lower = name.to_ascii_lowercase();
            &lower
        } else {
            name
        };
        let suffix =
            || self.suffixes.iter().find(|(suffix, _)| name.ends_with(suffix.as_str())).map(|(_, id)| *id);
        self.exact.get(name).copied().or_else(suffix).or(self.any)
    }

    /// The site numbered `id`.
    pub fn get(&self, id: SiteId) -> Option<&Site> {
        self.sites.get(id.0 as usize)
    }

    /// All of them, by number.
    pub fn all(&self) -> &[Site] {
        &self.sites
    }
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && !name.ends_with(':') => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_may_be_spelled_in_several_ways() {
        let site = |host: &str| Site {
            hosts: vec![host.to_owned()],
            tenant: TenantId::default(),
            upstreams: Vec::new(),
            seed_routes: false,
        };
        let sites = Sites::new([site("*"), site("a.example"), site("*.a.example")].into());
        let check = |host: &str, expect: u32| assert_eq!(sites.of(host), Some(SiteId(expect)), "{host}");
        for host in ["a.example", "A.example:8080", "a.example.", "a.Example.:80"] {
            check(host, 1);
        }
        check("www.a.example.", 2);
        check("a.example..", 0);
        check("", 0);
    }
}
