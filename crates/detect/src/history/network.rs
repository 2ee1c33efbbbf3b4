//! The past of an address or network: how many clients share it and how they behave together.

use palisade_limits::{Decayed, DistinctSketch, SlidingWindow};

use super::client::Noted;
use crate::gather::Kind;

/// Half-life of the counts, in milliseconds: half an hour.
const HALF_LIFE_MS: u64 = 1_800_000;

/// What came from one network (/32 for IPv4; /64, /56 and /48 for IPv6).
#[derive(Clone, Copy, Debug)]
pub struct NetworkHistory {
    /// First request, in milliseconds since the epoch.
    pub first_seen_ms: i64,
    /// Newest request.
    pub last_seen_ms: i64,
    /// Page requests within the last minute.
    pub pages_minute: SlidingWindow<60_000>,
    /// Page requests, decaying.
    pub pages: Decayed<HALF_LIFE_MS>,
    /// Assets, decaying.
    pub assets: Decayed<HALF_LIFE_MS>,
    /// Distinct clients below it within the hour: sub-histories of an address, /64s of a /48.
    pub children: DistinctSketch<1>,
    /// Distinct user agents within the hour.
    pub agents: DistinctSketch<1>,
    /// Distinct passes and signed sessions within the hour.
    pub sessions: DistinctSketch<1>,
}

/// Sessions within an hour from which a network counts as shared by people (DESIGN section 4).
const SHARED_SESSIONS_MIN: f32 = 4.5;

impl NetworkHistory {
    /// A network first seen at `now_ms`.
    pub fn new(now_ms: i64) -> Self {
        NetworkHistory {
            first_seen_ms: now_ms,
            last_seen_ms: now_ms,
            pages_minute: SlidingWindow::default(),
            pages: Decayed::default(),
            assets: Decayed::default(),
            children: DistinctSketch::default(),
            agents: DistinctSketch::default(),
            sessions: DistinctSketch::default(),
        }
    }

    /// Adds a request of the child `child` with user agent hash `agent` and, where signed, `session`.
    pub fn note(&mut self, noted: &Noted, child: u64, agent: Option<u64>, session: Option<u64>) {
        self.last_seen_ms = self.last_seen_ms.max(noted.now_ms);
        let now_ms = self.now_ms();
        match noted.kind {
            Kind::Navigation => {
                self.pages_minute.add(now_ms, 1);
                self.pages.add(now_ms, 1.0);
            }
            Kind::Asset => self.assets.add(now_ms, 1.0),
            Kind::Fetch | Kind::Machine => {}
        }
        self.children.insert(now_ms, child);
        if let Some(agent) = agent {
            self.agents.insert(now_ms, agent);
        }
        if let Some(session) = session {
            self.sessions.insert(now_ms, session);
        }
    }

    /// Page requests within the last minute.
    pub fn pages_per_minute(&self) -> f32 {
        self.pages_minute.count(self.now_ms())
    }

    /// Distinct clients below it within the hour.
    pub fn children(&self) -> f32 {
        self.children.estimate(self.now_ms())
    }

    /// Page requests, decaying over an hour.
    pub fn pages(&self) -> f32 {
        self.pages.value(self.now_ms())
    }

    /// Distinct user agents within the hour.
    pub fn agents(&self) -> f32 {
        self.agents.estimate(self.now_ms())
    }

    /// Assets, decaying over an hour.
    pub fn parts(&self) -> f32 {
        self.assets.value(self.now_ms())
    }

    /// True where next to no page request was followed by an asset.
    pub fn loads_nothing(&self) -> bool {
        self.assets.value(self.now_ms()) < self.pages.value(self.now_ms()) * 0.05
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.last_seen_ms).unwrap_or(0)
    }

    /// True where five or more proven sessions were seen within an hour: offices, mobile carriers.
    pub fn is_shared(&self) -> bool {
        self.sessions.estimate(self.now_ms()) >= SHARED_SESSIONS_MIN
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_and_its_network_fit_the_budget_together() {
        // BoundedTable adds at most 24 bytes to each.
        let known_client = size_of::<super::super::ClientHistory>() + size_of::<NetworkHistory>() + 2 * 24;
        assert!(known_client <= 600, "{known_client} bytes");
    }
}
