//! Traffic as scenarios: so many requests a second, from so many addresses, with which faces.

use palisade_domain::{ClientIp, ClientKey, Fact, Vantage};
use proptest::prelude::*;

use super::*;

/// A fixed day.
const START: i64 = 1_795_132_800;

/// What a scenario sends.
#[derive(Clone, Copy)]
struct Traffic {
    per_second: u32,
    clients: u32,
    /// Every so many requests have another user agent; 0 is never.
    user_agents_vary: u32,
    paths: u32,
}

const ORDINARY: Traffic = Traffic { per_second: 5, clients: 300, user_agents_vary: 1, paths: 50 };
const FLOOD: Traffic = Traffic { per_second: 100, clients: 5_000, user_agents_vary: 0, paths: 500 };

struct Site {
    meter: LoadMeter,
    second: i64,
    n: u32,
}

impl Site {
    fn new() -> Self {
        Site { meter: LoadMeter::new(HashSeed([1, 2])), second: START, n: 0 }
    }

    /// Sends `traffic` for `seconds`; returns the highest level on the way.
    fn run(&mut self, traffic: Traffic, seconds: i64) -> Level {
        let mut highest = Level::Calm;
        for _ in 0..seconds {
            for _ in 0..traffic.per_second {
                self.n += 1;
                let n = self.n;
                let vary = traffic.user_agents_vary;
                let agent = if vary > 0 && n.is_multiple_of(vary) { n % 20 + 1 } else { 0 };
                let (agent, path) = (format!("agent/{agent}"), format!("/page/{}", n % traffic.paths));
                highest = highest.max(self.ask(n % traffic.clients, &agent, &path, true).0);
            }
            self.second += 1;
        }
        highest
    }

    fn ask(&self, client: u32, agent: &str, path: &str, note: bool) -> (Level, bool) {
        let client = ClientIp::new(std::net::IpAddr::V4((0x0a00_0000 + client).into()));
        let time = Timestamp::from_secs(self.second);
        let mut facts = RequestFacts::bare(ClientKey::Ip(client), time, Vantage::GatewayClear);
        facts.user_agent = Fact::Known(agent);
        facts.target = Fact::Known(path);
        if note { self.meter.note(&facts) } else { self.meter.look(&facts) }
    }

    fn level(&self) -> Level {
        self.meter.level(Timestamp::from_secs(self.second))
    }
}

#[test]
fn a_flood_with_one_user_agent_is_named_and_only_it_is_in_it() {
    let mut site = Site::new();
    assert_eq!(site.run(ORDINARY, 600), Level::Calm);
    assert_eq!(site.run(FLOOD, 30), Level::Flood);
    assert_eq!(site.ask(1, "agent/0", "/any", false), (Level::Flood, true));
    assert_eq!(site.ask(1, "agent/7", "/any", false), (Level::Flood, false), "a person meanwhile");
    let report = site.meter.reports(Timestamp::from_secs(site.second))[0];
    assert_eq!(report.kind.map(FloodKind::name), Some("http_flood"));
}

#[test]
fn a_flood_on_one_path_is_named_by_the_path() {
    let mut site = Site::new();
    site.run(ORDINARY, 600);
    let traffic = Traffic { user_agents_vary: 1, paths: 1, ..FLOOD };
    assert_eq!(site.run(traffic, 30), Level::Flood);
    assert_eq!(site.ask(1, "agent/3", "/page/0", false), (Level::Flood, true));
    assert_eq!(site.ask(1, "agent/3", "/contact", false), (Level::Flood, false));
}

#[test]
fn a_flood_without_a_face_is_volumetric() {
    let mut site = Site::new();
    site.run(ORDINARY, 600);
    assert_eq!(site.run(Traffic { user_agents_vary: 1, ..FLOOD }, 60), Level::Busy);
    let report = site.meter.reports(Timestamp::from_secs(site.second))[0];
    assert_eq!(report.kind.map(FloodKind::name), Some("volumetric"));
    assert!(!site.ask(1, "agent/3", "/page/0", false).1);
}

#[test]
fn it_comes_down_by_itself_and_does_not_flicker() {
    let mut site = Site::new();
    site.run(ORDINARY, 600);
    site.run(FLOOD, 60);
    site.run(ORDINARY, 20);
    assert_eq!(site.level(), Level::Flood, "the minute still holds it");
    site.run(ORDINARY, 100);
    assert_eq!(site.level(), Level::Calm);
    site.run(FLOOD, 60);
    site.second += 95;
    assert_eq!(site.level(), Level::Calm, "without a single request");
}

#[test]
fn a_busy_site_is_not_under_attack_because_it_is_busy() {
    let mut site = Site::new();
    let busy = Traffic { per_second: 60, clients: 3_000, user_agents_vary: 0, paths: 1 };
    site.run(busy, 600);
    assert_eq!(site.run(busy, 1_200), Level::Calm, "one program on one path, as every day");
    assert_eq!(site.run(Traffic { per_second: 120, ..busy }, 300), Level::Calm, "twice the usual");
    assert_eq!(
        site.run(Traffic { per_second: 600, clients: 9_000, ..busy }, 60),
        Level::Flood,
        "ten times the usual"
    );
}

#[test]
fn few_requests_or_few_addresses_are_no_distributed_flood() {
    let check = |traffic: Traffic| {
        let mut site = Site::new();
        site.run(ORDINARY, 300);
        assert_eq!(site.run(traffic, 120), Level::Calm);
    };
    check(Traffic { per_second: 16, ..FLOOD });
    check(Traffic { clients: 100, ..FLOOD });
}

#[test]
fn sites_do_not_share_their_trouble_and_many_sites_take_a_bounded_place() {
    let meter = LoadMeter::default();
    let client = ClientKey::Ip(palisade_domain::address::documentation_ip(1));
    let mut facts = RequestFacts::bare(client, Timestamp::from_secs(START), Vantage::Check);
    for site in 0..1_000 {
        facts.site = SiteId(site);
        assert_eq!(meter.note(&facts), (Level::Calm, false));
    }
    assert_eq!(meter.reports(facts.time).len(), LANES_MAX);
}

#[test]
fn a_clock_that_was_set_back_starts_afresh() {
    let mut site = Site::new();
    site.run(FLOOD, 60);
    site.second -= 3_600;
    assert_eq!(site.run(ORDINARY, 120), Level::Calm);
    site.second += 10_000_000;
    assert_eq!(site.run(ORDINARY, 10), Level::Calm);
}

proptest! {
    #[test]
    fn the_same_traffic_gives_the_same_levels(
        steps in prop::collection::vec((1u32..150, 1u32..2_000, 0u32..3, 1u32..40, 0i64..90), 1..6),
    ) {
        let run = || {
            let mut site = Site::new();
            let levels: Vec<Level> = steps.iter().map(|&(per_second, clients, vary, paths, pause)| {
                let level = site.run(Traffic { per_second, clients, user_agents_vary: vary, paths }, 10);
                site.second += pause;
                level
            }).collect();
            (levels, site.level())
        };
        prop_assert_eq!(run(), run());
    }
}
