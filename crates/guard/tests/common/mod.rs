//! What the tests of the guard share: a guard, requests, and a store that fails on demand.
#![allow(dead_code, reason = "each test binary uses its part")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use palisade_detect::{Engine, EngineSettings, HashSeed};
use palisade_domain::{
    ClientIp, ClientKey, Enforcement, Fact, RequestFacts, ResponseFacts, TenantId, Timestamp, Vantage,
};
use palisade_guard::record::Backlog;
use palisade_guard::worker::Clock;
use palisade_guard::{Guard, GuardSettings, Site, Sites};
use palisade_policy::{Judge, Policy};

pub(crate) const SEED: HashSeed = HashSeed([11, 12]);
pub(crate) const START: i64 = 1_795_132_800;
pub(crate) const TENANT: TenantId = TenantId(0);

/// A guard of one site that keeps the events of `sample` of all clients and carries everything out.
pub(crate) fn guard(sample: f64) -> (Arc<Guard>, Backlog) {
    guard_with(sample, Policy::default())
}

/// The same under a policy of its own.
pub(crate) fn guard_with(sample: f64, policy: Policy) -> (Arc<Guard>, Backlog) {
    let policy = Policy { enforcement: Enforcement::All, ..policy };
    let judge = Judge::new(Engine::new(EngineSettings::new(SEED)), policy);
    let site = Site { hosts: vec!["*".to_owned()], tenant: TENANT, upstreams: vec![], seed_routes: false };
    let settings = GuardSettings { seed: SEED, event_sample: sample, first_id: 1_000 };
    Guard::new(judge, Sites::new(vec![site]), settings)
}

pub(crate) fn at(secs: i64) -> Timestamp {
    Timestamp::from_secs(START + secs)
}

pub(crate) fn ip(n: u32) -> ClientIp {
    ClientIp::new(std::net::IpAddr::V4((0xc633_6400 + n).into()))
}

/// A page request of a browser.
pub(crate) fn page(n: u32, time: Timestamp) -> RequestFacts<'static> {
    let mut facts = RequestFacts::bare(ClientKey::Ip(ip(n)), time, Vantage::GatewayClear);
    facts.method = Fact::Known("GET");
    facts.target = Fact::Known("/books/knots?page=2");
    facts.user_agent = Fact::Known(
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36",
    );
    facts
}

/// An injection, which is refused from the first request on.
pub(crate) fn attack(n: u32, time: Timestamp) -> RequestFacts<'static> {
    let mut facts = page(n, time);
    facts.target = Fact::Known("/books?id=1%27%20UNION%20SELECT%20password%20FROM%20users--%20");
    facts
}

pub(crate) fn ok() -> ResponseFacts {
    ResponseFacts { status: Fact::Known(200), ..ResponseFacts::default() }
}

/// A clock that stands until it is told to go.
#[derive(Clone, Default)]
pub(crate) struct Hands(Arc<AtomicI64>);

impl Hands {
    pub(crate) fn set(&self, time: Timestamp) {
        self.0.store(time.0, Ordering::SeqCst);
    }

    pub(crate) fn clock(&self) -> Clock {
        let hands = self.clone();
        Clock::new(move || Timestamp(hands.0.load(Ordering::SeqCst)))
    }
}

/// A switch that makes a store fail.
#[derive(Clone, Default)]
pub(crate) struct Broken(Arc<AtomicBool>);

impl Broken {
    pub(crate) fn set(&self, broken: bool) {
        self.0.store(broken, Ordering::SeqCst);
    }

    pub(crate) fn get(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}
