//! What a model says of a request, in the scorer's terms.
//!
//! A model is held to one of two places. *Bounded* (its file names the most log-odds it may add) it stands on top of the hand-set
//! tables: the score is at least theirs, and at most that much more; below [`CHALLENGE_BOUND`] nobody leaves a band because of it.
//! *Trusted* (no bound) it stands in their place: its shapes of
//! the detectors' evidence replace the tables, and its anchors the plain logistic scale. Either way evidence is counted once.

mod foreign;

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use arrayvec::ArrayVec;
use palisade_domain::{Detail, LogOdds, SignalId, Value, Vantage};
use palisade_model::drift::Drift;
use palisade_model::{Contributions, Foreign, Kind, Model, View};

use crate::detector::{Scope, State};
use crate::detectors;
use crate::schema::{self, FeatureVector, LISTED};
use crate::scorer::{Findings, SHARED_NETWORK_CAP};
use foreign::Outside;

/// Features of a model that an explanation names; what the others add is one line more.
pub const FEATURES_NAMED: usize = 8;

/// Contributions below this are not worth a line, log-odds.
const CONTRIBUTION_MIN: LogOdds = 0.01;

/// The line of everything that is not named.
pub const OTHER: SignalId = SignalId("model.other");

/// The line of a model that gives no reasons.
pub const FOREIGN: SignalId = SignalId("model.onnx");
/// The line of a model of sequences.
pub const SEQUENCE: SignalId = SignalId("model.sequence");

/// A model, made ready for this release's feature schema.
#[derive(Clone)]
pub struct Learned {
    by: By,
    /// Features that rest on the network, by position.
    of_network: Box<[usize]>,
    /// What is live, beside what was usual.
    drift: Option<Arc<Drift>>,
}

/// Which model it is.
#[derive(Clone)]
enum By {
    Own(Own),
    Foreign(Outside),
}

/// A model of ours: it gives reasons, and allocates nothing.
#[derive(Clone)]
struct Own {
    model: Arc<Model>,
    /// The view of each vantage, into [`Model::views`].
    views: [Option<u8>; Vantage::ALL.len()],
    /// What else is known of each view.
    ready: Box<[Ready]>,
}

/// What is the same for every request that a view judges.
#[derive(Clone, Debug)]
struct Ready {
    /// What it says where nothing speaks, on the scale of the score.
    base: LogOdds,
    /// Where it stands alone, the evidence that it was not trained on, by position: what the tables make of it counts.
    left_to_tables: Box<[usize]>,
}

/// What a model says of one request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Opinion {
    /// On the scale of the score: 0.0 is 50.
    pub log_odds: LogOdds,
    /// The same where nothing speaks.
    pub base: LogOdds,
    /// How likely a program sent the request, 0.0..=1.0, as calibrated.
    pub probability: f32,
    /// Most that it may add to the tables; infinite where it stands in their place.
    pub bound: LogOdds,
}

/// What a model is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Office {
    /// It decides, and its reasons are told.
    Live,
    /// It is only compared with the one that decides.
    Challenger,
}

/// What a model says of one request; why, once somebody asks: most visitors' reasons are never told.
#[derive(Debug)]
pub struct Heard<'a> {
    /// What it says.
    pub opinion: Opinion,
    model: &'a Learned,
    vantage: Vantage,
    vector: &'a FeatureVector,
    contributions: &'a mut Contributions,
    /// Are the contributions those of this request yet?
    is_told: bool,
}

impl Heard<'_> {
    /// The request in numbers, and what each of them adds.
    pub(crate) fn reasons(&mut self) -> (&FeatureVector, &Contributions) {
        if !self.is_told {
            self.model.opinion(self.vantage, self.vector, self.contributions);
            self.is_told = true;
        }
        (self.vector, self.contributions)
    }
}

/// What one feature adds, ready for an explanation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Told {
    /// `model.` and the feature's name.
    pub id: SignalId,
    /// What it means, with its value.
    pub detail: Detail,
    /// Log-odds, above 0.0.
    pub evidence: LogOdds,
}

/// The features that add most, [`FOREIGN`] where a model gives no reasons, [`OTHER`] where there are more features, and [`SEQUENCE`]
/// where the order of steps speaks.
pub type Tolds = ArrayVec<Told, { FEATURES_NAMED + 3 }>;

impl Learned {
    /// `model`, whose schema the reader of its file has held against [`schema::ID`].
    pub fn new(model: Arc<Model>) -> Self {
        let mut views = [None; Vantage::ALL.len()];
        for vantage in Vantage::ALL {
            let of = |view: &View| view.vantages().iter().any(|name| name == vantage.name());
            views[vantage as usize] = model.views().iter().position(of).map(|at| at as u8);
        }
        let ready = model.views().iter().zip(&model.file().views).map(|(view, file)| Ready {
            base: on_scale(view.base().score),
            left_to_tables: left_to_tables(model.contribution_max(), &file.features),
        });
        let ready = ready.collect();
        Learned::by(By::Own(Own { model, views, ready }))
    }

    /// A model of another make. It judges every vantage; it is trusted or bounded by what its file says.
    pub fn foreign(model: Arc<dyn Foreign>) -> Self {
        Learned::by(By::Foreign(Outside::new(model)))
    }

    fn by(by: By) -> Self {
        let rests = |(_, feature): &(usize, &schema::Feature)| matches!(feature.scope, Scope::Network);
        let of_network = schema::features().iter().enumerate().filter(rests).map(|(at, _)| at).collect();
        Learned { by, of_network, drift: None }
    }

    /// The same, noting what it is asked about in `drift`.
    #[must_use]
    pub fn with_drift(self, drift: Option<Arc<Drift>>) -> Self {
        Learned { drift, ..self }
    }

    /// How it computes; `None` of a model of another make.
    pub fn kind(&self) -> Option<Kind> {
        match &self.by {
            By::Own(own) => Some(own.model.kind()),
            By::Foreign(_) => None,
        }
    }

    /// True where it looks at the order of the client's steps.
    pub fn reads_steps(&self) -> bool {
        match &self.by {
            By::Own(own) => own.model.reads_steps(),
            By::Foreign(_) => false,
        }
    }

    /// True where it looks at the feature at that place.
    pub(crate) fn wants(&self, feature: u16) -> bool {
        match &self.by {
            By::Own(own) => own.model.file().views.iter().any(|view| view.features.contains(&feature)),
            By::Foreign(outside) => outside.wants(feature),
        }
    }

    /// How often a foreign model had no opinion; `None` of a model of ours, which always has one.
    pub fn no_opinions(&self) -> Option<u64> {
        match &self.by {
            By::Own(_) => None,
            By::Foreign(outside) => Some(outside.no_opinions()),
        }
    }

    /// Notes a request that it was asked about, and what it said.
    fn note(&self, vantage: Vantage, vector: &FeatureVector, opinion: &Opinion) {
        if let Some(drift) = &self.drift {
            drift.note(vantage.name(), vector.values(), crate::scorer::calibrate(opinion.log_odds));
        }
    }

    /// What the model says of `vector`, and in `contributions` why. `None` where it does not judge `vantage`.
    pub fn opinion(
        &self,
        vantage: Vantage,
        vector: &FeatureVector,
        contributions: &mut Contributions,
    ) -> Option<Opinion> {
        match &self.by {
            By::Own(own) => {
                let (view, ready) = own.view(vantage)?;
                let raw = own.raw_into((view, ready), vector, contributions);
                Some(own.said((view, ready), raw))
            }
            By::Foreign(outside) => outside.raw(vector, vector, contributions).map(|raw| outside.said(raw)),
        }
    }

    /// As [`Learned::opinion`], with the operator's weights of the detectors and, where proven sessions share the network, what
    /// rests on that network alone held to [`SHARED_NETWORK_CAP`]. It is noted that it was asked. `office` says whether its reasons
    /// will be told.
    pub(crate) fn hear<'a>(
        &'a self,
        office: Office,
        (vantage, vector): (Vantage, &'a FeatureVector),
        (findings, shared_network): (&Findings, bool),
        contributions: &'a mut Contributions,
    ) -> Option<Heard<'a>> {
        let (opinion, is_told) = match &self.by {
            By::Own(own) => {
                let (view, ready) = own.view(vantage)?;
                let is_held = shared_network || findings.iter().any(|finding| finding.counts() != 1.0);
                // Of a model that decides alone all reasons are told.
                let decides_alone =
                    office == Office::Live && own.model.contribution_max() == LogOdds::INFINITY;
                let is_told = is_held || decides_alone;
                let raw = if is_told {
                    let raw = own.raw_into((view, ready), vector, contributions);
                    self.held(raw, (findings, shared_network), contributions)
                } else {
                    own.raw((view, ready), vector)
                };
                (own.said((view, ready), raw), is_told)
            }
            By::Foreign(outside) => {
                let shown = outside.shown(vector, findings, shared_network.then_some(&*self.of_network));
                let raw = outside.raw(&shown, vector, contributions)?;
                (outside.said(self.held(raw, (findings, shared_network), contributions)), true)
            }
        };
        self.note(vantage, vector, &opinion);
        Some(Heard { opinion, model: self, vantage, vector, contributions, is_told })
    }

    /// `raw` with the weights of what detectors found, and with the cap of a shared network.
    fn held(
        &self,
        mut raw: LogOdds,
        (findings, shared_network): (&Findings, bool),
        contributions: &Contributions,
    ) -> LogOdds {
        for finding in findings {
            let adds = contributions.of(finding.feature());
            raw += adds * finding.counts() - adds;
        }
        if shared_network {
            let sum: LogOdds = self.of_network.iter().map(|at| contributions.of(*at as u16)).sum();
            raw -= (sum - SHARED_NETWORK_CAP).max(0.0);
        }
        raw
    }
}

impl Own {
    /// The view that judges `vantage`.
    fn view(&self, vantage: Vantage) -> Option<(&View, &Ready)> {
        let at = usize::from(self.views[vantage as usize]?);
        Some((self.model.views().get(at)?, self.ready.get(at)?))
    }

    /// The sum of a view, with what it leaves to the tables.
    fn raw(&self, (view, ready): (&View, &Ready), vector: &FeatureVector) -> LogOdds {
        let left = ready.left_to_tables.iter().map(|at| by_tables(*at, vector));
        left.fold(view.raw(vector.seen()), |sum, adds| sum + adds)
    }

    /// The same sum, and in `contributions` why.
    fn raw_into(
        &self,
        (view, ready): (&View, &Ready),
        vector: &FeatureVector,
        contributions: &mut Contributions,
    ) -> LogOdds {
        let raw = view.raw_into(vector.seen(), contributions);
        with_tables(raw, &ready.left_to_tables, vector, contributions)
    }

    fn said(&self, (view, ready): (&View, &Ready), raw: LogOdds) -> Opinion {
        let scored = view.scored(raw);
        Opinion {
            log_odds: on_scale(scored.score),
            base: ready.base,
            probability: probability(scored.log_odds),
            bound: self.model.contribution_max(),
        }
    }
}

/// The evidence, by position, that a model of these features leaves to the tables.
fn left_to_tables(contribution_max: LogOdds, features: &[u16]) -> Box<[usize]> {
    // A bounded model stands on top of the tables: they have counted it.
    let stands_alone = contribution_max == LogOdds::INFINITY;
    let detectors = detectors::all();
    let evidence = detectors.iter().enumerate().filter(|(_, one)| one.card().state == State::Counts);
    let at = evidence.map(|(detector, _)| LISTED.len() + detector);
    at.filter(|at| stands_alone && !features.contains(&(*at as u16))).collect()
}

/// `raw` and what the tables make of the evidence at these places; in `contributions` too.
fn with_tables(
    mut raw: LogOdds,
    places: &[usize],
    vector: &FeatureVector,
    contributions: &mut Contributions,
) -> LogOdds {
    for &feature in places {
        let adds = by_tables(feature, vector);
        raw += adds;
        contributions.add(feature as u16, adds);
    }
    raw
}

/// What the tables make of the evidence at a place. Not asked is no number, and adds nothing.
fn by_tables(feature: usize, vector: &FeatureVector) -> LogOdds {
    vector.values().get(feature).copied().unwrap_or(0.0).max(0.0)
}

fn probability(log_odds: LogOdds) -> f32 {
    1.0 / (1.0 + (-log_odds).exp())
}

impl fmt::Debug for Learned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.by {
            By::Own(own) => own.model.fmt(f),
            By::Foreign(outside) => outside.fmt(f),
        }
    }
}

impl Opinion {
    /// What it makes of a request of which the tables say `by_rules`, on the scale of the score.
    pub fn with(&self, by_rules: LogOdds) -> LogOdds {
        if self.stands_alone() {
            return self.log_odds;
        }
        let log_odds = by_rules + (self.log_odds - by_rules).clamp(0.0, self.bound.max(0.0));
        if self.bound >= CHALLENGE_BOUND {
            return log_odds;
        }
        // Within its band.
        let highest = if by_rules < 0.0 { BELOW_MONITOR } else { BELOW_CHALLENGE };
        log_odds.min(by_rules.max(highest))
    }

    /// True where it stands in the tables' place.
    pub fn stands_alone(&self) -> bool {
        self.bound == LogOdds::INFINITY
    }
}

/// A model that may add less than a challenge takes lifts nobody out of the band that the tables give, not with them together either: it
/// shows and explains.
pub const CHALLENGE_BOUND: LogOdds = CHALLENGE - crate::scorer::PRIOR;

/// Most that a model adds whose false positives nobody could count: below [`CHALLENGE_BOUND`], so that it changes no action.
pub const UNPROVEN_BOUND: LogOdds = 3.8;

/// A score of 69.
const BELOW_CHALLENGE: LogOdds = 0.8;

/// A score of 49.
const BELOW_MONITOR: LogOdds = -0.05;

/// How often the model that decides and its challenger are on one side of the challenge, and how often not. Shared between threads,
/// without locks.
#[derive(Debug, Default)]
pub struct Shadow {
    counts: [AtomicU64; 4],
}

/// The score at which a challenge begins, on the scale of log-odds.
const CHALLENGE: LogOdds = 0.847_297_85;

impl Shadow {
    /// Notes what both make of one request, on the scale of the score.
    pub(crate) fn note(&self, live: LogOdds, challenger: LogOdds) {
        let at = usize::from(live >= CHALLENGE) * 2 + usize::from(challenger >= CHALLENGE);
        self.counts[at].fetch_add(1, Ordering::Relaxed);
    }

    /// Requests for which the live model, then the challenger, reached a challenge, and how many there were of each.
    pub fn counts(&self) -> [((bool, bool), u64); 4] {
        [0, 1, 2, 3].map(|at| ((at & 2 != 0, at & 1 != 0), self.counts[at].load(Ordering::Relaxed)))
    }
}

/// The log-odds that [`crate::scorer::calibrate`] turns into `score`, 0.0..=100.0; the ends stay finite.
pub fn on_scale(score: f32) -> LogOdds {
    let share = (score / 100.0).clamp(0.000_5, 0.999_5);
    (share / (1.0 - share)).ln()
}

/// What the listed features add, most first.
pub(crate) fn told(vector: &FeatureVector, contributions: &Contributions) -> Tolds {
    let mut most: ArrayVec<(LogOdds, usize), { FEATURES_NAMED }> = ArrayVec::new();
    let mut other = 0.0;
    for (at, &adds) in contributions.as_slice().iter().take(LISTED.len()).enumerate() {
        if adds <= 0.0 {
            continue;
        }
        let place = most.iter().position(|(before, _)| adds > *before).unwrap_or(most.len());
        if adds < CONTRIBUTION_MIN || place >= FEATURES_NAMED {
            other += adds;
            continue;
        }
        if most.is_full() {
            other += most.pop().map_or(0.0, |(adds, _)| adds);
        }
        most.insert(place, (adds, at));
    }
    let sentences = sentences();
    let mut tolds: Tolds =
        most.iter().map(|(adds, at)| sentences[*at].told(*adds, vector.values()[*at])).collect();
    if contributions.whole() > 0.0 {
        let detail = Detail::plain("What your own model makes of the request; it gives no reasons");
        tolds.push(Told { id: FOREIGN, detail, evidence: contributions.whole() });
    }
    if other > 0.0 {
        let detail = Detail::plain("Everything else that the model looks at");
        tolds.push(Told { id: OTHER, detail, evidence: other });
    }
    if contributions.sequence() > 0.0 {
        let detail = Detail::plain("The order of its pages, and the pauses between them");
        tolds.push(Told { id: SEQUENCE, detail, evidence: contributions.sequence() });
    }
    tolds
}

/// How one feature is told.
struct Sentence {
    id: SignalId,
    /// With `{a}` for the value.
    template: &'static str,
    plain: &'static str,
    scale: Scale,
}

/// How a feature's value becomes the number that people think of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scale {
    Plain,
    /// The logarithm of one plus the number.
    OnePlus,
    /// The logarithm of milliseconds; told in seconds.
    Millis,
    /// The logarithm of one plus milliseconds; told in seconds.
    OnePlusMillis,
    /// A deviation of logarithms; told as a factor.
    Factor,
}

impl Sentence {
    fn told(&self, evidence: LogOdds, value: f32) -> Told {
        let detail = if value.is_nan() {
            Detail::plain(self.plain)
        } else {
            Detail::one(self.template, Value::Number(self.scale.number(value)))
        };
        Told { id: self.id, detail, evidence }
    }
}

impl Scale {
    fn of(feature: &schema::Feature) -> Scale {
        if feature.name.ends_with("_deviation") {
            return Scale::Factor;
        }
        match feature.unit {
            unit if unit.starts_with("log of 1 + milliseconds") => Scale::OnePlusMillis,
            unit if unit.starts_with("log of milliseconds") => Scale::Millis,
            unit if unit.starts_with("log of 1 + ") => Scale::OnePlus,
            _ => Scale::Plain,
        }
    }

    fn number(self, value: f32) -> f32 {
        match self {
            Scale::Plain => value,
            Scale::OnePlus => value.exp_m1(),
            Scale::Millis => value.exp() / 1_000.0,
            Scale::OnePlusMillis => value.exp_m1() / 1_000.0,
            Scale::Factor => value.exp(),
        }
    }

    fn unit(self, feature: &schema::Feature) -> &'static str {
        match self {
            Scale::Millis | Scale::OnePlusMillis => " s",
            Scale::Factor => "-fold",
            Scale::Plain if feature.unit == "segments" => " segments",
            Scale::Plain | Scale::OnePlus => "",
        }
    }
}

/// The sentences of the listed features, in their order.
fn sentences() -> &'static [Sentence] {
    static ALL: OnceLock<Vec<Sentence>> = OnceLock::new();
    ALL.get_or_init(|| {
        let listed = schema::features().iter().take(LISTED.len());
        listed
            .map(|feature| {
                let scale = Scale::of(feature);
                // Once in the life of a process.
                let leak = |text: String| -> &'static str { Box::leak(text.into_boxed_str()) };
                Sentence {
                    id: SignalId(leak(format!("model.{}", feature.name))),
                    template: leak(format!("{}: {{a}}{}", feature.says, scale.unit(feature))),
                    plain: leak(format!("{}: not known yet", feature.says)),
                    scale,
                }
            })
            .collect()
    })
}

#[cfg(test)]
mod tests;
