//! Which site a host name belongs to, and which number a site has.
//!
//! A number means one site for as long as the process lives, and longer where the numbers are saved: whoever holds one
//! while the configuration is read again (a request between its head and its verdict, an hour of history, a row of the
//! roll-ups) still means the same site by it. So a judge and a table of sites that follow each other need no common swap.

use std::collections::{BTreeSet, HashMap};

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

/// The sites cannot follow those in office; nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReplaceError {
    /// A number would mean another site than before: requests under way would be judged by its policy.
    #[error("site {} would be another site than before; number the sites with Numbers::follow", site.0)]
    Renumbered {
        /// Which number.
        site: SiteId,
    },
    /// The judge was made for other sites.
    #[error("{sites} sites, but policies for {policies}; make both from the same settings")]
    Policies {
        /// How many sites there are.
        sites: usize,
        /// How many the judge has a policy for.
        policies: usize,
    },
}

impl Sites {
    /// `sites` under their numbers: the first is site 0.
    pub fn new(sites: Vec<Site>) -> Self {
        Sites::with_retired(sites, &[])
    }

    /// The same, where the sites numbered `retired` answer no host any more: they are there for requests under way, and so
    /// that their numbers go to nobody else.
    pub fn with_retired(sites: Vec<Site>, retired: &[SiteId]) -> Self {
        let mut all = Sites { sites, ..Sites::default() };
        for (at, site) in (0_u32..).zip(&all.sites).filter(|(at, _)| !retired.contains(&SiteId(*at))) {
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

    /// All of them, by number, retired ones among them.
    pub fn all(&self) -> &[Site] {
        &self.sites
    }

    /// Whether every number of `before` means the same site here: one of its hosts at least.
    pub(crate) fn follow(&self, before: &Sites) -> Result<(), ReplaceError> {
        for (at, old) in (0_u32..).zip(&before.sites) {
            let kept = self.get(SiteId(at)).is_some_and(|new| {
                are_the_same(&new.hosts, &old.hosts) || share_a_host(&new.hosts, &old.hosts)
            });
            if !kept {
                return Err(ReplaceError::Renumbered { site: SiteId(at) });
            }
        }
        Ok(())
    }
}

/// Which number each site has ever had, by its hosts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Numbers {
    hosts: Vec<Vec<String>>,
}

impl Numbers {
    /// Numbers as they were saved: the hosts of site 0, of site 1, and so on.
    pub fn new(hosts: Vec<Vec<String>>) -> Self {
        Numbers { hosts }
    }

    /// The hosts of each number, also of sites that are gone. Grows with the sites an operator ever names.
    pub fn hosts(&self) -> &[Vec<String>] {
        &self.hosts
    }

    /// The number of each of `sites` (their hosts). A site that is known, by the same hosts or else by one of them, keeps
    /// its number; others get new ones. The numbers of those that are gone are given to nobody else, and wait for them.
    pub fn follow(&mut self, sites: &[Vec<String>]) -> Vec<SiteId> {
        let mut taken = BTreeSet::new();
        let mut numbers: Vec<Option<usize>> = vec![None; sites.len()];
        for alike in [are_the_same as Likeness, share_a_host] {
            for (number, hosts) in numbers.iter_mut().zip(sites).filter(|(number, _)| number.is_none()) {
                let known =
                    (0..self.hosts.len()).find(|at| !taken.contains(at) && alike(&self.hosts[*at], hosts));
                taken.extend(known);
                *number = known;
            }
        }
        let mut number = |(known, hosts): (Option<usize>, &Vec<String>)| {
            let at = known.unwrap_or(self.hosts.len());
            self.hosts.resize_with(self.hosts.len().max(at + 1), Vec::new);
            self.hosts[at].clone_from(hosts);
            SiteId(u32::try_from(at).unwrap_or(u32::MAX))
        };
        numbers.into_iter().zip(sites).map(&mut number).collect()
    }
}

/// Tells whether two lists of hosts are those of one site.
type Likeness = fn(&[String], &[String]) -> bool;

fn are_the_same(one: &[String], other: &[String]) -> bool {
    one.len() == other.len() && one.iter().all(|host| other.contains(host))
}

fn share_a_host(one: &[String], other: &[String]) -> bool {
    one.iter().any(|host| other.contains(host))
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

    fn site(host: &str) -> Site {
        Site {
            hosts: vec![host.to_owned()],
            tenant: TenantId::default(),
            upstreams: Vec::new(),
            seed_routes: false,
        }
    }

    fn hosts(sites: &[&str]) -> Vec<Vec<String>> {
        sites.iter().map(|site| site.split(' ').map(str::to_owned).collect()).collect()
    }

    #[test]
    fn a_site_keeps_its_number() {
        let mut numbers = Numbers::default();
        let mut check = |sites: &[&str], expect: &[u32]| {
            let found: Vec<u32> = numbers.follow(&hosts(sites)).iter().map(|id| id.0).collect();
            assert_eq!(found, expect, "{sites:?}");
        };
        check(&["*", "a www.a", "b"], &[0, 1, 2]);
        check(&["b", "*", "a www.a"], &[2, 0, 1]);
        check(&["new", "b"], &[3, 2]);
        check(&["another", "www.a a", "*", "b"], &[4, 1, 0, 2]);
        check(&["*", "a", "www.a", "b"], &[0, 1, 5, 2]);
        check(&["*", "b www.a a"], &[0, 1]);
        check(&["www.a", "b a", "*"], &[5, 1, 0]);
        check(&["b", "a"], &[2, 1]);
        check(&[], &[]);
        assert_eq!(numbers.hosts(), hosts(&["*", "a", "b", "new", "another", "www.a"]));
    }

    #[test]
    fn numbers_are_never_given_to_another_site() {
        let all = |sites: &[&str]| Sites::new(sites.iter().map(|host| site(host)).collect());
        let renumbered = |site| Err(ReplaceError::Renumbered { site: SiteId(site) });
        let before = all(&["*", "a", "b"]);
        assert_eq!(all(&["*", "a", "b", "c"]).follow(&before), Ok(()));
        assert_eq!(all(&["*", "b", "a"]).follow(&before), renumbered(1));
        assert_eq!(all(&["*", "a"]).follow(&before), renumbered(2));
        assert_eq!(all(&[]).follow(&before), renumbered(0));
        let retired = Sites::with_retired(before.all().to_vec(), &[SiteId(0), SiteId(2)]);
        assert_eq!(retired.follow(&before), Ok(()));
        assert_eq!((retired.of("a"), retired.of("b"), retired.of("c")), (Some(SiteId(1)), None, None));
        assert_eq!(retired.get(SiteId(2)), before.get(SiteId(2)), "for requests under way");
    }

    #[test]
    fn a_host_may_be_spelled_in_several_ways() {
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
