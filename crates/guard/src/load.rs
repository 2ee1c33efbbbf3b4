//! How much a site is under: the classifier of distributed floods. It raises the level by itself and lets it fall by itself.
//!
//! A minute with at least [`REQUESTS_MIN`] requests and three times what is usual for this site, from [`CLIENTS_MIN`]
//! addresses more than usual, is a flood; where one user agent or one path makes up more than 80 % of it, it is an HTTP
//! flood, and requests with that face are its part. A busy site is not under attack because it is busy: it is compared
//! with its own slow average, which learns little from minutes that were not calm.
//!
//! Deterministic given facts and times. The hot path adds to a few atomics of a fixed size; once a second one request
//! takes a lock nobody waits for and adds the minute up.

mod lane;
mod usual;

use std::sync::OnceLock;

use palisade_detect::HashSeed;
use palisade_domain::{RequestFacts, SiteId, Timestamp};
use palisade_policy::Level;

use crate::keyed;
use lane::{Lane, Seen};
pub(crate) use usual::Usual;

/// Requests in a minute below which nothing is a flood.
pub const REQUESTS_MIN: u32 = 1_000;
/// Addresses in a minute, on top of the usual ones, below which it is not distributed: fewer are dealt with one by one.
pub const CLIENTS_MIN: u32 = 200;
/// Share of a minute that gives it a face.
pub const FACE_SHARE: f32 = 0.8;
/// How many times the usual is unusual.
pub const USUAL_FACTOR: f32 = 3.0;
/// Sites that are measured each for itself; those beyond share the measures of the first ones.
pub const LANES_MAX: usize = 64;

/// Counts of the last minute; shared between threads.
#[derive(Debug)]
pub struct LoadMeter {
    lanes: [OnceLock<Box<Lane>>; LANES_MAX],
    seed: HashSeed,
}

/// What a flood looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FloodKind {
    /// Many requests with one user agent or one path.
    HttpFlood,
    /// Many requests without a common face.
    Volumetric,
}

impl FloodKind {
    /// The name used on the surface.
    pub fn name(self) -> &'static str {
        match self {
            FloodKind::HttpFlood => "http_flood",
            FloodKind::Volumetric => "volumetric",
        }
    }
}

/// What a site is under, for those who ask.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LoadReport {
    /// Which site.
    pub site: SiteId,
    /// The level.
    pub level: Level,
    /// What kind of flood, where the level is not calm.
    pub kind: Option<FloodKind>,
    /// Requests in the last minute.
    pub requests: u32,
    /// Addresses in the last minute, about.
    pub clients: u32,
    /// Requests in a usual minute.
    pub usual: f32,
}

impl Default for LoadMeter {
    fn default() -> Self {
        LoadMeter::new(HashSeed([0, 0]))
    }
}

impl LoadMeter {
    /// A meter whose sketches are keyed by `seed`.
    pub fn new(seed: HashSeed) -> Self {
        LoadMeter { lanes: [const { OnceLock::new() }; LANES_MAX], seed }
    }

    /// Counts one request. Returns the level now, and whether this request has the face of the flood.
    pub fn note(&self, facts: &RequestFacts<'_>) -> (Level, bool) {
        let lane = self.lane(facts.site).get_or_init(Box::default);
        lane.note(&self.seen(facts), facts.time)
    }

    /// As [`LoadMeter::note`], without counting: for those who only ask.
    pub fn look(&self, facts: &RequestFacts<'_>) -> (Level, bool) {
        match self.lane(facts.site).get() {
            Some(lane) => lane.look(&self.seen(facts), facts.time),
            None => (Level::Calm, false),
        }
    }

    /// The highest level of any site at `now`.
    pub fn level(&self, now: Timestamp) -> Level {
        self.reports(now).into_iter().map(|report| report.level).max().unwrap_or_default()
    }

    /// Every site that was asked for anything, by number.
    pub fn reports(&self, now: Timestamp) -> Vec<LoadReport> {
        let lanes = (0_u32..).zip(&self.lanes);
        lanes.filter_map(|(at, lane)| Some(lane.get()?.report(SiteId(at), now))).collect()
    }

    /// What is usual, by site: requests, addresses, and the minutes it was learnt from.
    pub(crate) fn usual(&self) -> Vec<(SiteId, [f32; 3])> {
        let lanes = (0_u32..).zip(&self.lanes);
        lanes.filter_map(|(at, lane)| Some((SiteId(at), lane.get()?.usual().parts()))).collect()
    }

    /// Takes over what [`LoadMeter::usual`] gave before a restart.
    pub(crate) fn recall(&self, site: SiteId, usual: Usual) {
        self.lane(site).get_or_init(Box::default).recall(usual);
    }

    /// What was counted and usual under the number `site` was another's. Sites that share measures keep them.
    pub(crate) fn forget(&self, site: SiteId) {
        if let Some(lane) = self.lanes.get(site.0 as usize).and_then(OnceLock::get) {
            lane.forget();
        }
    }

    fn lane(&self, site: SiteId) -> &OnceLock<Box<Lane>> {
        &self.lanes[site.0 as usize % LANES_MAX]
    }

    fn seen(&self, facts: &RequestFacts<'_>) -> Seen {
        let text =
            |fact: palisade_domain::Fact<&str>| fact.known().map(|text| keyed::of_text(self.seed, text));
        Seen {
            client: keyed::of_client(self.seed, facts.client),
            user_agent: text(facts.user_agent),
            path: text(facts.path()),
        }
    }
}

#[cfg(test)]
mod tests;
