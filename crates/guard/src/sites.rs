//! Which site a host name belongs to, and which number a site has.
//!
//! A number means one site for as long as the site is there and for two reloads more, also over restarts where the numbers
//! are saved: a request between its head and its verdict, while the configuration is read again, still means the same site
//! by it. So a judge and a table of sites that follow each other need no common swap. Only where very many sites have come
//! and gone is the number of one that is gone given to another, see [`Numbers`].

use std::cmp::Reverse;
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
    retired: BTreeSet<SiteId>,
    successors: BTreeSet<SiteId>,
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
    /// that their numbers go to nobody else meanwhile.
    pub fn with_retired(sites: Vec<Site>, retired: &[SiteId]) -> Self {
        let mut all = Sites { sites, retired: retired.iter().copied().collect(), ..Sites::default() };
        for (at, site) in (0_u32..).zip(&all.sites).filter(|(at, _)| !all.retired.contains(&SiteId(*at))) {
            for host in &site.hosts {
                match host.strip_prefix('*') {
                    Some("") => all.any = Some(SiteId(at)),
                    Some(suffix) => all.suffixes.push((suffix.to_owned(), SiteId(at))),
                    None => drop(all.exact.insert(host.clone(), SiteId(at))),
                }
            }
        }
        // The longest suffix is the most particular.
        all.suffixes.sort_by_key(|(suffix, _)| Reverse(suffix.len()));
        all
    }

    /// The same, where those numbered `successors` have just taken their numbers from sites that are gone: what is kept of
    /// what was usual is not theirs.
    #[must_use]
    pub fn with_successors(self, successors: &[SiteId]) -> Self {
        Sites { successors: successors.iter().copied().collect(), ..self }
    }

    /// True where what was usual under `site` before a restart was usual for another.
    pub(crate) fn is_successor(&self, site: SiteId) -> bool {
        self.successors.contains(&site)
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

    /// Whether every number of `before` means the same site here, one of its hosts at least, or was retired there already:
    /// nobody has been told such a number since then. Returns those that another site has taken.
    pub(crate) fn follow(&self, before: &Sites) -> Result<Vec<SiteId>, ReplaceError> {
        let mut reused = Vec::new();
        for (site, old) in (0..).map(SiteId).zip(&before.sites) {
            let Some(new) = self.get(site) else { return Err(ReplaceError::Renumbered { site }) };
            match are_the_same(&new.hosts, &old.hosts) || share_a_host(&new.hosts, &old.hosts) {
                true => {}
                false if before.retired.contains(&site) => reused.push(site),
                false => return Err(ReplaceError::Renumbered { site }),
            }
        }
        Ok(reused)
    }
}

/// Up to so many numbers none is ever given to another site: below [`crate::load::LANES_MAX`], so that sites that come and
/// go do not use up the measures.
pub const GIVEN_BEFORE_REUSE: usize = 48;

/// For how many reloads (a start is one) a site must have been gone before another gets its number: requests that were told
/// it before the first have got their verdict long before the second.
const GONE_BEFORE_REUSE: u32 = 2;

/// A number that was given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// The hosts of the site that has it, or had it last.
    pub hosts: Vec<String>,
    /// For how many reloads that site has been gone; 0 where it is there.
    pub gone_reloads: u32,
}

/// Which number each site has, by its hosts, and which had those that are gone.
///
/// The number of a site that is gone waits for it. Once more than [`GIVEN_BEFORE_REUSE`] numbers were given, a new site takes
/// the smallest one whose site has been gone for two reloads; so numbers grow with the sites of one time, not with all there
/// ever were. What is usual for the old site is forgotten then. Its clients' history, which fades within the hour, and the
/// roll-ups of the past are the new site's: both are kept by number, and neither is worth a search through all of it.
/// Number 0 is never given again: requests of no known site go by it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Numbers {
    known: Vec<Known>,
    reused: Vec<SiteId>,
}

impl Numbers {
    /// Numbers as they were saved: site 0, site 1, and so on.
    pub fn new(known: Vec<Known>) -> Self {
        Numbers { known, reused: Vec::new() }
    }

    /// All numbers that were ever given, with the hosts they stand for.
    pub fn known(&self) -> &[Known] {
        &self.known
    }

    /// The numbers that the last [`Numbers::follow`] took from sites that are gone.
    pub fn reused(&self) -> &[SiteId] {
        &self.reused
    }

    /// The number of each of `sites` (their hosts). A site that is known by one of its hosts keeps its number, others get
    /// one. Where several could have a number, or a site several numbers, those that are there go before those that are
    /// gone, the same hosts before some of them, more hosts before fewer, the first host before others, and then the order
    /// of `sites`.
    pub fn follow(&mut self, sites: &[Vec<String>]) -> Vec<SiteId> {
        let mut numbers = self.recognised(sites);
        let held: BTreeSet<usize> = numbers.iter().copied().flatten().collect();
        let is_free = |at: &usize| !held.contains(at) && self.known[*at].gone_reloads >= GONE_BEFORE_REUSE;
        let mut free = (1..self.known.len()).filter(is_free).collect::<Vec<_>>().into_iter();
        self.known.iter_mut().for_each(|known| known.gone_reloads = known.gone_reloads.saturating_add(1));
        self.reused.clear();
        let mut give = |(known, hosts): (&mut Option<usize>, &Vec<String>)| {
            let may_reuse = self.known.len() > GIVEN_BEFORE_REUSE;
            let reused = free.by_ref().take(usize::from(known.is_none() && may_reuse)).next();
            self.reused.extend(reused.map(id));
            let at = known.or(reused).unwrap_or(self.known.len());
            self.known.resize_with(self.known.len().max(at + 1), Known::default);
            self.known[at] = Known { hosts: hosts.clone(), gone_reloads: 0 };
            id(at)
        };
        numbers.iter_mut().zip(sites).map(&mut give).collect()
    }

    /// The numbers by which `sites` are known.
    fn recognised(&self, sites: &[Vec<String>]) -> Vec<Option<usize>> {
        let mut by_host: HashMap<&str, Vec<usize>> = HashMap::new();
        for (at, known) in self.known.iter().enumerate() {
            known.hosts.iter().for_each(|host| by_host.entry(host).or_default().push(at));
        }
        let mut pairs = Vec::new();
        for (site, hosts) in sites.iter().enumerate() {
            let held_by = hosts.iter().filter_map(|host| by_host.get(host.as_str()));
            let mut shared: HashMap<usize, usize> = HashMap::new();
            held_by.flatten().for_each(|at| *shared.entry(*at).or_default() += 1);
            for (at, shared) in shared {
                let known = &self.known[at];
                let (is_here, is_same) = (known.gone_reloads == 0, are_the_same(&known.hosts, hosts));
                let likeness = (is_here, is_same, shared, known.hosts.first() == hosts.first());
                pairs.push((Reverse(likeness), site, at));
            }
        }
        pairs.sort_unstable();
        let (mut numbers, mut taken) = (vec![None; sites.len()], BTreeSet::new());
        for (_, site, at) in pairs {
            if numbers[site].is_none() && taken.insert(at) {
                numbers[site] = Some(at);
            }
        }
        numbers
    }
}

fn id(at: usize) -> SiteId {
    SiteId(u32::try_from(at).unwrap_or(u32::MAX))
}

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
    use proptest::{prop_assert, prop_assert_eq};

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

    fn given(numbers: &mut Numbers, sites: &[&str]) -> Vec<u32> {
        numbers.follow(&hosts(sites)).iter().map(|id| id.0).collect()
    }

    #[test]
    fn a_site_keeps_its_number() {
        let mut numbers = Numbers::default();
        let mut check = |sites: &[&str], expect: &[u32]| {
            assert_eq!(given(&mut numbers, sites), expect, "{sites:?}");
        };
        check(&["*", "a www.a", "b"], &[0, 1, 2]);
        check(&["b", "*", "a www.a"], &[2, 0, 1]);
        check(&["new", "b"], &[3, 2]);
        check(&["another", "www.a a", "*", "b"], &[4, 1, 0, 2]);
        // The one with the first host goes on as the one it was.
        check(&["*", "a", "www.a", "b"], &[0, 5, 1, 2]);
        check(&["*", "b www.a a"], &[0, 2]);
        check(&["a", "b www.a", "*"], &[5, 2, 0]);
        check(&["b", "www.a"], &[2, 1]);
        check(&[], &[]);
        let known: Vec<Vec<String>> = numbers.known().iter().map(|known| known.hosts.clone()).collect();
        assert_eq!(known, hosts(&["*", "www.a", "b", "new", "another", "a"]));
    }

    #[test]
    fn a_number_goes_to_who_shares_most_with_it() {
        let check = |before: &[&str], after: &[&str], expect: &[u32]| {
            let mut numbers = Numbers::default();
            numbers.follow(&hosts(before));
            assert_eq!(given(&mut numbers, after), expect, "{before:?}, then {after:?}");
        };
        check(&["*", "a c", "b"], &["c b", "a", "*"], &[2, 1, 0]);
        check(&["a c d", "b"], &["a b", "d c"], &[1, 0]);
        check(&["a c", "b d"], &["d a", "c"], &[0, 2]);
        check(&["a b"], &["b", "a"], &[1, 0]);
    }

    #[test]
    fn who_is_there_goes_before_who_is_gone() {
        let mut numbers = Numbers::default();
        assert_eq!(given(&mut numbers, &["a c", "b"]), [0, 1]);
        assert_eq!(given(&mut numbers, &["a b c"]), [0]);
        assert_eq!(given(&mut numbers, &["b"]), [0], "one of its hosts stayed");
        assert_eq!(given(&mut numbers, &["a", "b"]), [2, 0], "nobody is left who knows a");
    }

    #[test]
    fn few_sites_reuse_no_number_and_many_do() {
        let mut numbers = Numbers::default();
        let mut follow = |fresh: &str| {
            let given = given(&mut numbers, &["kept", fresh]);
            assert_eq!(given[0], 0);
            (given[1], numbers.reused().to_vec())
        };
        for n in 1..=48 {
            assert_eq!(follow(&format!("{n}.test")), (n, vec![]));
        }
        // Always the smallest one that is free: after two reloads that is the same again.
        for n in 49..=94 {
            let number = (n - 49) % 3 + 1;
            assert_eq!(follow(&format!("{n}.test")), (number, vec![SiteId(number)]));
        }
        assert_eq!(follow("94.test"), (1, vec![]), "it has one");
        assert_eq!(follow("48.test"), (48, vec![]), "its own has waited");
        assert_eq!(numbers.known().len(), 49);
    }

    #[test]
    fn nobody_gets_the_number_of_who_went_just_now() {
        let mut numbers = Numbers::default();
        let many = |from: usize| (from..from + 60).map(|n| format!("{n}.test")).collect::<Vec<_>>();
        let mut follow = |from| {
            let hosts: Vec<Vec<String>> = many(from).into_iter().map(|host| vec![host]).collect();
            numbers.follow(&hosts).iter().map(|id| id.0).collect::<Vec<_>>()
        };
        assert_eq!(follow(0), (0..60).collect::<Vec<_>>());
        assert_eq!(follow(100), (60..120).collect::<Vec<_>>());
        assert_eq!(follow(200), (120..180).collect::<Vec<_>>(), "gone for one reload");
        // 0 stays: 59 numbers are free.
        assert_eq!(follow(300), (1..60).chain([180]).collect::<Vec<_>>());
    }

    #[test]
    fn whatever_is_reloaded_no_number_is_given_twice_and_who_stays_keeps_its_own() {
        let hosts = proptest::collection::vec(0_usize..40, 30);
        // Host n is at site hosts[n], or nowhere. After four rounds all hosts are others.
        let strategy = proptest::collection::vec(hosts, 1..30);
        let mut runner = proptest::test_runner::TestRunner::default();
        let told = runner.run(&strategy, |rounds| {
            let (mut numbers, mut before) = (Numbers::default(), HashMap::new());
            let mut table = Sites::default();
            for (at, round) in rounds.into_iter().enumerate() {
                let mut sites = vec![Vec::new(); 20];
                for (host, site) in round.iter().enumerate() {
                    sites
                        .get_mut(*site)
                        .into_iter()
                        .for_each(|site| site.push(format!("{host}.{}.test", at / 4)));
                }
                sites.retain(|site| !site.is_empty());
                let given = numbers.follow(&sites);
                let distinct: BTreeSet<SiteId> = given.iter().copied().collect();
                prop_assert_eq!(distinct.len(), sites.len());
                let now: HashMap<Vec<String>, SiteId> = sites.into_iter().zip(given).collect();
                for (hosts, number) in &now {
                    prop_assert!(before.get(hosts).is_none_or(|held| held == number), "{:?}", hosts);
                }
                let of_all =
                    numbers.known().iter().map(|known| Site { hosts: known.hosts.clone(), ..site("") });
                let retired: Vec<SiteId> = (0..)
                    .map(SiteId)
                    .take(numbers.known().len())
                    .filter(|id| !distinct.contains(id))
                    .collect();
                let next = Sites::with_retired(of_all.collect(), &retired);
                prop_assert_eq!(next.follow(&table), Ok(numbers.reused().to_vec()));
                (before, table) = (now, next);
            }
            Ok(())
        });
        told.expect("numbers are kept");
    }

    #[test]
    fn a_number_is_not_taken_from_a_site_that_is_there() {
        let all = |sites: &[&str]| Sites::new(sites.iter().map(|host| site(host)).collect());
        let renumbered = |site| Err(ReplaceError::Renumbered { site: SiteId(site) });
        let before = all(&["*", "a", "b"]);
        assert_eq!(all(&["*", "a", "b", "c"]).follow(&before), Ok(vec![]));
        assert_eq!(all(&["*", "b", "a"]).follow(&before), renumbered(1));
        assert_eq!(all(&["*", "a"]).follow(&before), renumbered(2));
        assert_eq!(all(&[]).follow(&before), renumbered(0));
        let retired = Sites::with_retired(before.all().to_vec(), &[SiteId(0), SiteId(2)]);
        assert_eq!(retired.follow(&before), Ok(vec![]));
        assert_eq!((retired.of("a"), retired.of("b"), retired.of("c")), (Some(SiteId(1)), None, None));
        assert_eq!(retired.get(SiteId(2)), before.get(SiteId(2)), "for requests under way");
        assert_eq!(
            all(&["*", "a", "c"]).follow(&retired),
            Ok(vec![SiteId(2)]),
            "nobody was told it any more"
        );
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
