//! A gateway before an upstream, and a client that sees every byte.

mod client;
mod upstream;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

pub(crate) use client::{Answer, Client};
pub(crate) use upstream::{Said, Then, Upstream};

use palisade_detect::{Engine, EngineSettings, HashSeed};
use palisade_domain::{ClientIp, TenantId};
use palisade_gateway::{Gateway, GatewaySettings, StartError};
use palisade_guard::{Backlog, Guard, GuardSettings, Site, Sites};
use palisade_policy::{
    Judge, ListEffect, ListEntry, ListMirror, Policy, Preset, RuleEffect, RuleSource, Ruleset,
};

/// A client that the operator's list refuses.
pub(crate) const REFUSED: &str = "203.0.113.66";

/// A gateway before `upstreams`, which answers below `/slow` as slowly as a tarpit, for the host `shop.example`.
pub(crate) struct Front {
    pub gateway: Gateway,
    pub guard: Arc<Guard>,
    pub backlog: Backlog,
}

impl Front {
    pub(crate) fn before(upstream: &Upstream) -> Front {
        Front::with(vec![upstream.address.to_string()], |_| {})
    }

    pub(crate) fn with(upstreams: Vec<String>, change: impl FnOnce(&mut GatewaySettings)) -> Front {
        Front::try_with(upstreams, change).unwrap()
    }

    pub(crate) fn try_with(
        upstreams: Vec<String>,
        change: impl FnOnce(&mut GatewaySettings),
    ) -> Result<Front, StartError> {
        let seed = HashSeed([7, 8]);
        let refused = ListEntry {
            network: REFUSED.parse::<ClientIp>().unwrap().network(),
            effect: ListEffect::Block,
            expires_at: None,
            by_operator: true,
        };
        let slow = RuleSource::new("path.startsWith(\"/slow\")", RuleEffect::Tarpit);
        let rules = Ruleset::compile(&[slow]).unwrap();
        let policy = Policy { rules: Arc::new(rules), ..Policy::preset(Preset::Balanced) };
        let judge =
            Judge::new(Engine::new(EngineSettings::new(seed)), policy).with_lists(ListMirror::new([refused]));
        let hosts = vec!["shop.example".to_owned()];
        let site = Site { hosts, tenant: TenantId::default(), upstreams, seed_routes: false };
        let settings = GuardSettings { seed, event_sample: 1.0, first_id: 1 << 40 };
        let (guard, backlog) = Guard::new(judge, Sites::new(vec![site]), settings);
        let mut settings = GatewaySettings {
            listeners: vec!["127.0.0.1:0".parse().unwrap()],
            workers: 2,
            ..Default::default()
        };
        change(&mut settings);
        let gateway = Gateway::start(Arc::clone(&guard), settings)?;
        Ok(Front { gateway, guard, backlog })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.gateway.addresses()[0]
    }

    pub(crate) async fn connect(&self) -> Client {
        Client::connect(self.address()).await
    }

    /// One request on a connection of its own.
    pub(crate) async fn ask(&self, request: &str) -> Answer {
        let mut client = self.connect().await;
        client.send(request).await;
        client.answer().await
    }
}

/// Nothing here takes this long; what hangs fails.
pub(crate) async fn within<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(30), future).await.expect("it hangs")
}

/// Where the empty line ends.
fn head_end(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4)
}

/// The values of header `name` in `head`, in order.
pub(crate) fn values<'h>(head: &'h str, name: &str) -> Vec<&'h str> {
    head.lines()
        .skip(1)
        .filter_map(|line| line.split_once(':'))
        .filter(|(held, _)| held.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim())
        .collect()
}
