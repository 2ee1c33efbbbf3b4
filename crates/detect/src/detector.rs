//! What a detector is.

use palisade_domain::{Detail, Fact, HeaderOrder, LogOdds, RequestFacts, Resolution, Signal, SignalId};

use crate::Scene;

/// One way to tell programs from people. One file, one line in [`crate::detectors::all`], one table of cases, one
/// generated page.
///
/// A detector is pure: it reads the scene and returns at most one finding. It allocates nothing and never waits.
pub trait Detector: Send + Sync {
    /// What it is, for the list, the settings, the documentation and the report.
    fn card(&self) -> &'static Card;

    /// Its finding on this request, or `None` where it finds nothing or cannot see what it needs.
    fn inspect(&self, scene: &Scene<'_>) -> Option<Signal>;
}

/// A detector's description; its documentation page is generated from it.
#[derive(Debug)]
pub struct Card {
    /// Name of its table in `[detection.<name>]`, snake case, and of its file.
    pub name: &'static str,
    /// Every signal it can return.
    pub signals: &'static [SignalId],
    /// One sentence.
    pub summary: &'static str,
    /// What it sees, and what it needs to see it.
    pub sees: &'static str,
    /// What it cannot see.
    pub cannot_see: &'static str,
    /// When it is wrong.
    pub errs: &'static str,
    /// Where the idea or the numbers come from: RFC, paper, measured data.
    pub source: &'static str,
    /// Correlated detectors share a group, whose sum is capped.
    pub group: Group,
    /// On whose past it rests.
    pub scope: Scope,
    /// Facts it cannot do without: where one is `Unseen` the engine does not even ask it.
    pub needs: &'static [Need],
    /// The coarsest clock it works with.
    pub resolution: Resolution,
    /// Most evidence one finding carries, in log-odds.
    pub evidence_max: LogOdds,
    /// Whether its findings count when nothing is configured.
    pub state: State,
}

impl Card {
    /// A finding of this detector; `evidence` is held to `0.0..=evidence_max`.
    pub fn signal(&self, id: SignalId, evidence: LogOdds, detail: Detail) -> Signal {
        debug_assert!(self.signals.contains(&id), "{id} is not on the card of {}", self.name);
        Signal { id, evidence: evidence.clamp(0.0, self.evidence_max), detail }
    }
}

/// A fact that a vantage may be unable to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Need {
    /// `User-Agent`.
    UserAgent,
    /// The method.
    Method,
    /// Path and query.
    Target,
    /// HTTP version.
    Version,
    /// The complete header list.
    Headers,
    /// Headers in wire order.
    HeaderOrder,
    /// The start of the body.
    Body,
    /// `Referer`.
    Referrer,
    /// Clear text or TLS.
    Scheme,
    /// The client's own claimed fingerprint.
    Fingerprint,
}

/// A set of [`Need`]s.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs(u16);

impl Needs {
    /// The set of `needs`.
    pub fn of(needs: &[Need]) -> Self {
        Needs(needs.iter().fold(0, |bits, &need| bits | 1 << need as u16))
    }

    /// What can be seen of `facts`.
    pub fn seen(facts: &RequestFacts<'_>) -> Self {
        let ordered = matches!(facts.headers, Fact::Known(list) if list.order == HeaderOrder::Wire);
        let seen = [
            (Need::UserAgent, facts.user_agent.is_seen()),
            (Need::Method, facts.method.is_seen()),
            (Need::Target, facts.target.is_seen()),
            (Need::Version, facts.version.is_seen()),
            (Need::Headers, facts.headers.is_seen()),
            (Need::HeaderOrder, ordered),
            (Need::Body, facts.body.is_seen()),
            (Need::Referrer, facts.referrer.is_seen()),
            (Need::Scheme, facts.scheme.is_seen()),
            (Need::Fingerprint, facts.fingerprint.is_seen()),
        ];
        Needs(seen.iter().fold(0, |bits, &(need, is_seen)| bits | u16::from(is_seen) << need as u16))
    }

    /// True where everything in `self` is in `seen`.
    pub fn met_by(self, seen: Needs) -> bool {
        self.0 & !seen.0 == 0
    }
}

/// Correlated evidence. The sum within a group is capped, so that one habit seen five ways is not five habits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Group {
    /// What the user agent claims.
    Claim,
    /// Which headers come, in what order and form.
    Headers,
    /// Attacks and scans in the request itself.
    Attack,
    /// Traps, forms and tokens a person would not touch or would bring along.
    Trap,
    /// How fast, how regular, how repetitive.
    Pace,
    /// What a browser does beside the page: assets, cookies, icons.
    Habit,
    /// Missing and refused pages.
    Errors,
    /// Passwords being tried.
    Login,
    /// The same client in many places, or many clients in one.
    Spread,
    /// Order of pages.
    Sequence,
}

impl Group {
    /// Every group, in the order of the documentation.
    pub const ALL: [Group; 10] = [
        Group::Claim,
        Group::Headers,
        Group::Attack,
        Group::Trap,
        Group::Pace,
        Group::Habit,
        Group::Errors,
        Group::Login,
        Group::Spread,
        Group::Sequence,
    ];

    /// Most log-odds the whole group adds.
    ///
    /// With the prior of [`crate::scorer::PRIOR`], monitor needs 3.0, challenge 3.85, block 5.2. Behaviour seen in
    /// one group alone (pace, errors, habits, spread, sequence) can therefore reach monitor but never go beyond:
    /// two independent groups must agree. Only what a request itself carries may decide alone, and logins that fail by
    /// the score, which people do not make.
    pub fn cap(self) -> LogOdds {
        match self {
            Group::Claim => 4.5,
            Group::Headers => 5.0,
            Group::Attack => 9.0,
            Group::Trap => 6.0,
            Group::Login => 4.8,
            Group::Pace | Group::Errors | Group::Habit => 3.4,
            Group::Spread => 2.0,
            Group::Sequence => 1.5,
        }
    }

    /// The name used in documentation.
    pub fn name(self) -> &'static str {
        match self {
            Group::Claim => "claim",
            Group::Headers => "headers",
            Group::Attack => "attack",
            Group::Trap => "trap",
            Group::Pace => "pace",
            Group::Habit => "habit",
            Group::Errors => "errors",
            Group::Login => "login",
            Group::Spread => "spread",
            Group::Sequence => "sequence",
        }
    }
}

/// On whose past a finding rests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// This request alone.
    Request,
    /// This client's (or session's) own history.
    Client,
    /// The history of its network; capped where many proven sessions share it.
    Network,
    /// Other clients too: their order may change it, so replay and live may differ here.
    CrossClient,
}

/// Whether findings count by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// They count.
    Counts,
    /// They are shown and worth nothing, because the detector cannot beat its lookalikes; with the reason.
    DryRun(&'static str),
}
