//! What is remembered of clients, networks and the site; bounded, sharded, deterministic given facts and time.
//!
//! Keys are keyed hashes: history holds no address and no text. A request touches, in this order: its network
//! (/32 or /64), the wider IPv6 networks, and its client (the signed session, else the unsigned sub-history of the
//! network for its user-agent family and header class). Detectors get copies; no lock is held while they look.

mod client;
mod codec;
mod keys;
mod markov;
mod network;
mod rhythm;
mod ring;
mod snapshot;
mod spread;

pub use client::{ClientHistory, Noted, Outcome, PAGES_KEPT, Page};
pub use keys::{HashSeed, HistoryKeys};
pub use markov::Markov;
pub use network::NetworkHistory;
pub use rhythm::Rhythm;
pub use ring::Ring;
pub use snapshot::{SNAPSHOT_VERSION, SnapshotError};

use palisade_domain::{BodyKind, RequestFacts, ResponseFacts, Timestamp};
use palisade_limits::{Bound, BoundedTable, BoundedTableSettings};

use crate::conduct::CountKeys;
use crate::gather::{Gathered, Kind};
use spread::Spread;

/// Most clients remembered.
pub const CLIENTS_MAX: usize = 250_000;

/// Most networks remembered.
pub const NETWORKS_MAX: usize = 250_000;

/// Most client fingerprints whose spread is followed.
pub const FINGERPRINTS_MAX: usize = 50_000;

/// The bounds of this crate that a stranger could push against.
pub const BOUNDS: &[Bound] = &[
    Bound {
        name: "history.clients_max",
        value: CLIENTS_MAX as u64,
        unit: "clients",
        reason: "a quarter of a million clients in some 120 MiB; memory grows only with use",
        when_full: "the client least recently seen in its shard is forgotten and counted",
    },
    Bound {
        name: "history.networks_max",
        value: NETWORKS_MAX as u64,
        unit: "networks",
        reason: "as many as clients",
        when_full: "the network least recently seen in its shard is forgotten and counted",
    },
    Bound {
        name: "history.fingerprints_max",
        value: FINGERPRINTS_MAX as u64,
        unit: "fingerprints",
        reason: "a client may claim any fingerprint",
        when_full: "the fingerprint least recently seen is forgotten and counted",
    },
    Bound {
        name: "history.pages_kept",
        value: PAGES_KEPT as u64,
        unit: "page requests",
        reason: "enough for regularity; rates are counted beside the ring",
        when_full: "the oldest is overwritten",
    },
    Bound {
        name: "said.agents_max",
        value: crate::said::AGENTS_MAX as u64,
        unit: "user agents",
        reason: "few texts make most of the traffic; a reading is some 150 bytes",
        when_full: "the reading least recently used is forgotten, and made anew when it is wanted",
    },
    Bound {
        name: "route.path_bytes_max",
        value: crate::route::PATH_BYTES_MAX as u64,
        unit: "bytes",
        reason: "a template is made of the first segments",
        when_full: "the rest of the path does not shape the template",
    },
];

/// What other clients teach about this request.
#[derive(Clone, Copy, Debug, Default)]
pub struct Surroundings {
    /// The client's claimed fingerprint was seen on this many networks within the hour; 0 where unseen.
    pub fingerprint_networks: f32,
    /// Highest share of page-requesting clients of the site that loaded assets, 0..=1; `None` before enough were seen.
    pub asset_share: Option<f32>,
    /// Page requests a minute of the busiest network of this client that shows many different clients, no proven
    /// sessions and next to no asset; 0 where there is none. A fresh client inherits its network's evidence so.
    pub crowd_pages_minute: f32,
}

impl Surroundings {
    fn note_crowd(&mut self, network: &NetworkHistory) {
        if network.children() >= CROWD_MIN && !network.is_shared() && network.loads_nothing() {
            self.crowd_pages_minute = self.crowd_pages_minute.max(network.pages_per_minute());
        }
    }
}

/// All memory of an engine.
#[derive(Debug)]
pub struct History {
    keys: HistoryKeys,
    clients: BoundedTable<ClientHistory>,
    networks: BoundedTable<NetworkHistory>,
    spread: Spread,
    markov: Markov,
}

/// One request's copies of history, and the keys to find it again at its end.
#[derive(Clone, Copy, Debug)]
pub struct Remembered {
    /// The client, this request included.
    pub client: ClientHistory,
    /// The network, this request included.
    pub network: NetworkHistory,
    /// What other clients teach.
    pub around: Surroundings,
    /// Where its response belongs.
    pub ticket: Ticket,
    /// What the request counts under.
    pub keys: CountKeys,
}

/// Finds the client again when the response ends.
#[derive(Clone, Copy, Debug)]
pub struct Ticket {
    client: u64,
    kind: Kind,
    is_login: bool,
    /// False for a stranger: nothing of its exchange is noted.
    is_noted: bool,
}

impl Ticket {
    /// Of a request nobody has judged yet: nothing of its exchange is noted.
    pub const NONE: Ticket = Ticket { client: 0, kind: Kind::Navigation, is_login: false, is_noted: false };

    fn new(keys: &keys::Keys, gathered: &Gathered<'_>) -> Self {
        Ticket { client: keys.client, kind: gathered.kind, is_login: gathered.is_login, is_noted: true }
    }
}

impl Ticket {
    /// The same for an attempt to log in: the application says that it was one, whatever its path is called.
    #[must_use]
    pub fn of_login(self) -> Ticket {
        Ticket { is_login: true, ..self }
    }
}

/// Different clients of a network within the hour from which it is a crowd.
const CROWD_MIN: f32 = 16.0;

impl History {
    /// An empty history. `seed` keys every hash; the same seed and requests give the same history.
    pub fn new(seed: HashSeed) -> Self {
        let table = |name, entries_max| BoundedTableSettings { name, entries_max };
        History {
            keys: HistoryKeys::new(seed),
            clients: BoundedTable::new(table("history.clients", CLIENTS_MAX)),
            networks: BoundedTable::new(table("history.networks", NETWORKS_MAX)),
            spread: Spread::new(FINGERPRINTS_MAX),
            markov: Markov::default(),
        }
    }

    /// How keys are made.
    pub fn keys(&self) -> &HistoryKeys {
        &self.keys
    }

    /// Notes a request, refused ones too, and returns what is remembered with it included.
    pub fn note_request(&self, facts: &RequestFacts<'_>, gathered: &Gathered<'_>) -> Remembered {
        let noted = self.noted(facts, gathered);
        let keys = self.keys.of(facts, gathered);
        let network = self.networks.update(
            keys.network,
            || NetworkHistory::new(noted.now_ms),
            |network, _| {
                network.note(&noted, keys.client, keys.agent, keys.session);
                *network
            },
        );
        let mut around = Surroundings::default();
        around.note_crowd(&network);
        self.note_parents(&keys, &noted, &mut around);
        let client = self.note_client(&keys, &noted);
        around.asset_share = self.spread.note_habit(keys.site, &client, gathered.kind);
        around.fingerprint_networks = self.spread.note_fingerprint(&keys, noted.now_ms);
        let ticket = Ticket::new(&keys, gathered);
        Remembered { client, network, around, ticket, keys: keys.to_count() }
    }

    /// What [`History::note_request`] would return, leaving no trace.
    pub fn peek_request(&self, facts: &RequestFacts<'_>, gathered: &Gathered<'_>) -> Remembered {
        let noted = self.noted(facts, gathered);
        let keys = self.keys.of(facts, gathered);
        let fresh = || NetworkHistory::new(noted.now_ms);
        let mut network = self.networks.read(keys.network, |network| *network).unwrap_or_else(fresh);
        network.note(&noted, keys.client, keys.agent, keys.session);
        let fresh = || ClientHistory::new(noted.now_ms);
        let mut client = self.clients.read(keys.client, |client| *client).unwrap_or_else(fresh);
        client.note(&noted);
        let ticket = Ticket::new(&keys, gathered);
        Remembered { client, network, around: Surroundings::default(), ticket, keys: keys.to_count() }
    }

    /// What is remembered of a client that hides behind a proxy nobody told us to trust: nothing, now and later. All its
    /// visitors would share one history.
    pub fn stranger(&self, facts: &RequestFacts<'_>, gathered: &Gathered<'_>) -> Remembered {
        let noted = self.noted(facts, gathered);
        let keys = self.keys.of(facts, gathered);
        let mut network = NetworkHistory::new(noted.now_ms);
        network.note(&noted, keys.client, keys.agent, keys.session);
        let mut client = ClientHistory::new(noted.now_ms);
        client.note(&noted);
        let ticket = Ticket { is_noted: false, ..Ticket::new(&keys, gathered) };
        Remembered { client, network, around: Surroundings::default(), ticket, keys: keys.to_count() }
    }

    fn noted(&self, facts: &RequestFacts<'_>, gathered: &Gathered<'_>) -> Noted {
        Noted {
            now_ms: facts.time.millis(),
            kind: gathered.kind,
            route: gathered.route,
            target: self.keys.short(facts.target.known().unwrap_or("")),
            body: submitted_body(facts, gathered).map(|bytes| self.keys.short_bytes(bytes)),
            cookie: facts.headers.known().map(|_| gathered.headers.get("cookie").is_known()),
            icon: gathered.kind == Kind::Asset && gathered.path.ends_with(".ico"),
            robots: gathered.path == "/robots.txt",
            sends: facts.method.known().is_some_and(|method| !matches!(method, "GET" | "HEAD")),
        }
    }

    fn note_client(&self, keys: &keys::Keys, noted: &Noted) -> ClientHistory {
        let fresh = || ClientHistory::new(noted.now_ms);
        self.clients.update(keys.client, fresh, |client, _| {
            let before = client.last_route;
            client.note(noted);
            if let (Kind::Navigation, Some(before)) = (noted.kind, before) {
                if let Some(nats) = self.markov.surprise(keys.site, before, noted.route) {
                    client.note_surprise(nats);
                }
                if client.assets_total > 0 {
                    self.markov.learn(keys.site, before, noted.route);
                }
            }
            *client
        })
    }

    fn note_parents(&self, keys: &keys::Keys, noted: &Noted, around: &mut Surroundings) {
        for &parent in &keys.parents {
            let fresh = || NetworkHistory::new(noted.now_ms);
            self.networks.update(parent, fresh, |network, _| {
                network.note(noted, keys.network, None, keys.session);
                around.note_crowd(network);
            });
        }
    }

    /// Notes how a request ended. What we answered ourselves says nothing about who asked: a refusal counted as an error of the
    /// client's, or a cookie of ours as one it did not keep, would be held against whoever is doubted already.
    pub fn note_response(&self, ticket: Ticket, response: &ResponseFacts, now: Timestamp) {
        if !ticket.is_noted || response.is_ours {
            return;
        }
        let status = response.status.known();
        let outcome = Outcome {
            status,
            offered_cookie: response.set_cookie.known() == Some(true),
            login_ok: ticket.is_login.then(|| login_outcome(response, ticket.kind)).flatten(),
        };
        self.clients.update(
            ticket.client,
            || ClientHistory::new(now.millis()),
            |client, _| client.note_response(now.millis(), ticket.kind, &outcome),
        );
    }

    /// Clients and networks forgotten because their table was full.
    pub fn forgotten(&self) -> u64 {
        self.clients.evicted() + self.networks.evicted()
    }

    /// Clients remembered now.
    pub fn clients(&self) -> usize {
        self.clients.len()
    }

    /// Memory of all tables, in bytes.
    pub fn bytes(&self) -> usize {
        self.clients.bytes() + self.networks.bytes() + self.spread.bytes()
    }
}

/// The body of a form; calls of scripts and programs (JSON, webhooks) repeat themselves by nature.
fn submitted_body<'a>(facts: &RequestFacts<'a>, gathered: &Gathered<'_>) -> Option<&'a [u8]> {
    let body = facts.body.known().filter(|body| !body.bytes.is_empty())?;
    let is_form = matches!(body.kind, BodyKind::Form | BodyKind::Multipart);
    (gathered.kind == Kind::Navigation && is_form).then_some(body.bytes)
}

/// The application's word, else what the status says: 401, 403, 422 and 429 are failures, a redirect is a success;
/// 200 shows a form again, and answers a script's call.
fn login_outcome(response: &ResponseFacts, kind: Kind) -> Option<bool> {
    let by_status = || match response.status.known()? {
        401 | 403 | 422 | 429 => Some(false),
        200 => Some(kind == Kind::Fetch),
        300..=399 => Some(true),
        _ => None,
    };
    response.login_ok.known().or_else(by_status)
}
