//! Which number each site has. It keeps it over reloads and restarts, whatever stands before it in the file: history,
//! roll-ups and requests under way mean a site by its number.

use anyhow::Context;
use palisade_config::settings::{Settings, SiteSettings};
use palisade_domain::SiteId;
use palisade_guard::{Known, Numbers};
use palisade_store::DataDir;
use palisade_store::snapshot::{self, LoadError};
use serde::{Deserialize, Serialize};

use crate::shell;

/// Version of the saved form: what is known of each number, in JSON.
const VERSION: u32 = 1;

/// One number as it is saved.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged, expecting = "neither the hosts of a site nor those of one that is gone")]
enum Saved {
    /// The hosts of a site that is there.
    Here(Vec<String>),
    /// The hosts of one that is gone, and for how many reloads.
    Gone { hosts: Vec<String>, gone_reloads: u32 },
}

/// All sites by number. Never empty; site 0 is the first there ever was, or stands in for who is first now.
#[derive(Clone, Debug, Default)]
pub(crate) struct Numbered {
    numbers: Numbers,
    places: Vec<Place>,
}

/// What has a number.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// The site.
    pub(crate) settings: SiteSettings,
    /// Where it stands in the file, from 1, as rules count sites. None for those that stand there no more.
    pub(crate) in_the_file: Option<u32>,
    /// True where it answers no host any more.
    pub(crate) is_retired: bool,
}

impl Numbered {
    /// The sites of `settings` in the order of [`super::sites`].
    pub(crate) fn of(settings: &Settings) -> Self {
        Numbered::default().succeeded_by(settings)
    }

    /// The same under the numbers that `data` remembers.
    ///
    /// # Errors
    /// Where they are there and cannot be read.
    pub(crate) fn recalled(settings: &Settings, data: Option<&DataDir>) -> anyhow::Result<Self> {
        let numbers = data.map_or_else(|| Ok(Numbers::default()), recall)?;
        Ok(Numbered { numbers, places: Vec::new() }.succeeded_by(settings))
    }

    /// The sites of `settings` under the numbers they have here. Those that are gone stay as they were for the requests that
    /// are under way, until the next time; then they share the rules that all have, and their numbers may go to others.
    pub(crate) fn succeeded_by(&self, settings: &Settings) -> Self {
        let mut numbers = self.numbers.clone();
        let sites = super::sites(settings);
        let hosts: Vec<Vec<String>> = sites.iter().map(|site| site.hosts.clone()).collect();
        let given = numbers.follow(&hosts);
        let in_the_file = super::numbers_in_the_file(settings);
        let gone = |(at, Known { hosts, .. }): (usize, &Known)| {
            let was = self.places.get(at).filter(|place| !place.is_retired).map(|place| &place.settings);
            // Site 0 is judged as who is first now: requests that nobody can tell the site of go by it.
            let kept = was.filter(|_| at > 0).unwrap_or(&sites[0]);
            // Nothing of its own is left from the second time on, and nothing is compiled for it.
            let rules = if at > 0 && was.is_none() { Vec::new() } else { kept.rules.clone() };
            let upstreams = was.map(|site| site.upstreams.clone()).unwrap_or_default();
            // Its robots.txt may have gone with it.
            let robots_txt = if at > 0 { None } else { kept.robots_txt.clone() };
            Place {
                settings: SiteSettings { hosts: hosts.clone(), upstreams, robots_txt, rules, ..kept.clone() },
                in_the_file: in_the_file.first().copied().filter(|_| at == 0),
                is_retired: true,
            }
        };
        let mut places: Vec<Place> = numbers.known().iter().enumerate().map(gone).collect();
        for ((site, number), in_the_file) in sites.iter().zip(given).zip(in_the_file) {
            places[number.0 as usize] =
                Place { settings: site.clone(), in_the_file: Some(in_the_file), is_retired: false };
        }
        Numbered { numbers, places }
    }

    /// All of them, by number.
    pub(crate) fn places(&self) -> &[Place] {
        &self.places
    }

    /// Numbers that were another site's until now.
    pub(crate) fn reused(&self) -> &[SiteId] {
        self.numbers.reused()
    }

    /// Numbers of sites that are gone.
    pub(crate) fn retired(&self) -> Vec<SiteId> {
        (0..).map(SiteId).zip(&self.places).filter(|(_, place)| place.is_retired).map(|(id, _)| id).collect()
    }

    /// Writes the numbers into `data`.
    ///
    /// # Errors
    /// Where they cannot be written; those of before are untouched.
    pub(crate) fn keep(&self, data: &DataDir) -> anyhow::Result<()> {
        let saved = |known: &Known| match (known.hosts.clone(), known.gone_reloads) {
            (hosts, 0) => Saved::Here(hosts),
            (hosts, gone_reloads) => Saved::Gone { hosts, gone_reloads },
        };
        let bytes = serde_json::to_vec(&self.numbers.known().iter().map(saved).collect::<Vec<_>>())?;
        Ok(snapshot::save(&data.sites_snapshot(), VERSION, &bytes)?)
    }
}

/// What cannot be used is moved aside and said; the sites are numbered anew then.
fn recall(data: &DataDir) -> anyhow::Result<Numbers> {
    let path = data.sites_snapshot();
    let bytes = match snapshot::load(&path, VERSION) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return Ok(Numbers::default()),
        Err(error @ LoadError::Io { .. }) => return Err(error.into()),
        Err(error) => {
            shell::complain(&format!("palisade: {error}; sites are numbered as they stand in the file"));
            return Ok(Numbers::default());
        }
    };
    match serde_json::from_slice::<Vec<Saved>>(&bytes) {
        Ok(saved) => Ok(Numbers::new(saved.into_iter().map(known).collect())),
        Err(error) => {
            let moved_to = snapshot::set_aside(&path).with_context(|| path.display().to_string())?;
            shell::complain(&format!(
                "palisade: {}: {error}; moved to {}, and sites are numbered as they stand in the file",
                path.display(),
                moved_to.display()
            ));
            Ok(Numbers::default())
        }
    }
}

fn known(saved: Saved) -> Known {
    match saved {
        Saved::Here(hosts) => Known { hosts, gone_reloads: 0 },
        Saved::Gone { hosts, gone_reloads } => Known { hosts, gone_reloads },
    }
}

#[cfg(test)]
mod tests {
    use palisade_config::Origin;
    use palisade_config::settings::{RuleEffect, RuleSettings};

    use super::*;

    fn settings(sites: &[&str]) -> Settings {
        let site = |host: &&str| SiteSettings {
            hosts: vec![(*host).to_owned()],
            upstreams: vec![format!("http://{}", host.replace('*', "any")).parse().unwrap()],
            honeypot_fields: vec![format!("of {host}")],
            ..SiteSettings::default()
        };
        Settings { sites: sites.iter().map(site).collect(), ..Settings::default() }
    }

    /// Per number: host, whose settings, of which upstream, place in the file, and a minus where it is retired.
    fn told(numbered: &Numbered) -> Vec<String> {
        let told = |place: &Place| {
            let Place { settings, in_the_file, is_retired } = place;
            let upstream = settings.upstreams.first().map_or("-", |upstream| &upstream.host);
            let number = in_the_file.map_or("-".to_owned(), |number| number.to_string());
            let end = if *is_retired { " retired" } else { "" };
            format!("{} {} {upstream} {number}{end}", settings.hosts[0], settings.honeypot_fields[0])
        };
        numbered.places().iter().map(told).collect()
    }

    #[test]
    fn numbers_stay_and_what_is_gone_is_there_for_a_while() {
        let first = Numbered::of(&settings(&["a", "*", "b"]));
        assert_eq!(told(&first), ["* of * any 2", "a of a a 1", "b of b b 3"]);
        let second = first.succeeded_by(&settings(&["new", "b", "*"]));
        assert_eq!(told(&second), ["* of * any 3", "a of a a - retired", "b of b b 2", "new of new new 1"]);
        assert_eq!(second.retired(), [SiteId(1)]);
        let third = second.succeeded_by(&settings(&["b", "*"]));
        let expect = ["* of * any 2", "a of * - - retired", "b of b b 1", "new of new new - retired"];
        assert_eq!(told(&third), expect);
        let back = third.succeeded_by(&settings(&["a", "b"]));
        let expect = ["* of a any 1 retired", "a of a a 1", "b of b b 2", "new of a - - retired"];
        assert_eq!(told(&back), expect, "site 0 is judged as the first one is");
        assert_eq!(Numbered::of(&settings(&[])).places().len(), 1, "every installation has a site");
    }

    #[test]
    fn nothing_is_compiled_for_sites_that_are_gone_for_good() {
        let rule = RuleSettings {
            key: "sites[0].rules[0]".to_owned(),
            name: None,
            when: "method == \"GET\"".to_owned(),
            when_origin: Origin::Default,
            effect: RuleEffect::Act("block"),
            entry: None,
            entry_origin: Origin::Default,
            dry_run: false,
        };
        let ruled = |hosts: &[&str]| {
            let mut settings = settings(hosts);
            settings.sites.iter_mut().for_each(|site| site.rules.push(rule.clone()));
            settings
        };
        let rules = |numbered: &Numbered| -> Vec<usize> {
            numbered.places().iter().map(|place| place.settings.rules.len()).collect()
        };
        let first = Numbered::of(&ruled(&["*", "a", "b"]));
        let second = first.succeeded_by(&ruled(&["b"]));
        assert_eq!(rules(&second), [1, 1, 1], "requests to `a` may be under way");
        assert_eq!(rules(&second.succeeded_by(&ruled(&["b"]))), [1, 0, 1], "0 is judged as `b` is");
    }

    #[test]
    fn numbers_outlive_the_process() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::open(folder.path()).unwrap();
        let recalled = |sites: &[&str]| Numbered::recalled(&settings(sites), Some(&data)).unwrap();
        recalled(&["*", "a", "b"]).keep(&data).unwrap();
        let again = recalled(&["b", "*"]);
        assert_eq!(told(&again), ["* of * any 2", "a of * - - retired", "b of b b 1"]);
        again.keep(&data).unwrap();
        assert_eq!(told(&recalled(&["*", "a"])), ["* of * any 1", "a of a a 2", "b of * - - retired"]);
        // As it was saved before anybody counted for how long sites are gone.
        snapshot::save(&data.sites_snapshot(), VERSION, br#"[["*"],["a","www.a"],["b"]]"#).unwrap();
        assert_eq!(told(&recalled(&["b", "*"])), told(&again));
        for spoiled in [&b"not json"[..], b"[1]", br#"[{"hosts":["a"],"gone_reloads":-1}]"#] {
            snapshot::save(&data.sites_snapshot(), VERSION, spoiled).unwrap();
            assert_eq!(told(&recalled(&["b", "*"])), ["* of * any 2", "b of b b 1"]);
            assert!(!data.sites_snapshot().exists(), "moved aside");
        }
        std::fs::write(data.sites_snapshot(), "garbage").unwrap();
        assert_eq!(recalled(&["b"]).places().len(), 1);
        std::fs::create_dir(data.sites_snapshot()).unwrap();
        assert!(Numbered::recalled(&settings(&["b"]), Some(&data)).is_err());
    }

    #[test]
    fn where_many_sites_came_and_went_a_new_one_takes_a_number_over_restarts_too() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::open(folder.path()).unwrap();
        let start = |site: &str| {
            let numbered = Numbered::recalled(&settings(&["*", site]), Some(&data)).unwrap();
            numbered.keep(&data).unwrap();
            numbered
        };
        let given = (0..60).map(|n| start(&format!("{n}.test"))).collect::<Vec<_>>();
        assert_eq!(given[47].places().len(), 49);
        assert_eq!(given[48].reused(), [SiteId(1)]);
        assert_eq!(given[59].places().len(), 49);
        assert_eq!(start("30.test").reused(), [], "its number has waited");
    }
}
