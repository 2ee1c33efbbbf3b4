//! Steps two and three of a request's life: gather what is known, let the detectors look, add it up.

use std::collections::BTreeMap;
use std::sync::Arc;

use palisade_crawl::ranges::{self, RangeBook};
use palisade_crawl::signers::Signers;
use palisade_domain::{Assessment, Coverage, RequestFacts, Resolution, ResponseFacts, Timestamp, Vantage};
use palisade_model::{Contributions, Kind};

use crate::conduct::Conduct;
use crate::detector::{Card, Detector, Needs, State};
use crate::features::Features;
use crate::gather::gather;
use crate::history::{HashSeed, History, Ticket};
use crate::learned::{Learned, Office, Shadow};
use crate::said::Reader;
use crate::schema::{FeatureVector, Lines};
use crate::scorer::{self, Context, Finding, Findings};
use crate::site::SiteProfile;
use crate::steps::Steps;
use crate::{Scene, detectors, identity};

/// One detector's settings, from `[detection.<name>]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DetectorSettings {
    /// Is it asked at all?
    pub enabled: bool,
    /// Its evidence is multiplied by this, 0.0..=4.0.
    pub weight: f32,
    /// `Some(true)`: shown, worth nothing. `None`: as its card says.
    pub dry_run: Option<bool>,
}

impl Default for DetectorSettings {
    fn default() -> Self {
        DetectorSettings { enabled: true, weight: 1.0, dry_run: None }
    }
}

/// How an engine is made.
#[derive(Debug)]
pub struct EngineSettings {
    /// Keys every hash of history.
    pub seed: HashSeed,
    /// Settings by detector name; what is not named has the default.
    pub detectors: BTreeMap<String, DetectorSettings>,
    /// What is known about the site that requests without another one belong to: site 0.
    pub site: SiteProfile,
    /// What is known about sites 1, 2 and so on.
    pub more_sites: Vec<SiteProfile>,
    /// The published ranges of crawlers; `None` takes those that ship with this build.
    pub ranges: Option<Arc<RangeBook>>,
    /// Who may prove by a signature that it is a known program.
    pub signers: Signers,
    /// The model that scores; without one the hand-set tables do.
    pub model: Option<Learned>,
    /// A model that is asked about every request and decides nothing.
    pub challenger: Option<Learned>,
}

impl EngineSettings {
    /// All detectors as their cards say, one site nothing is known about, the shipped ranges.
    pub fn new(seed: HashSeed) -> Self {
        EngineSettings {
            seed,
            detectors: BTreeMap::new(),
            site: SiteProfile::default(),
            more_sites: Vec::new(),
            ranges: None,
            signers: Signers::default(),
            model: None,
            challenger: None,
        }
    }
}

/// Gathers, detects and scores. Shared between threads; deterministic given facts in order.
pub struct Engine {
    reader: Reader,
    slots: Vec<Slot>,
    slots_weight: f32,
    history: Arc<History>,
    sites: Vec<SiteProfile>,
    ranges: Option<Arc<RangeBook>>,
    signers: Signers,
    model: Option<Learned>,
    challenger: Option<Learned>,
    /// True where one of both looks at the order of steps: it costs some hundred nanoseconds a request.
    reads_steps: bool,
    /// The lines of the feature list that they look at.
    lines: Lines,
    shadow: Shadow,
}

/// A request in numbers, yet to be read: how much of it.
struct Asked<'a> {
    vector: &'a mut FeatureVector,
    lines: &'a Lines,
    reads_steps: bool,
}

struct Slot {
    /// Its place in the list of all detectors.
    at: usize,
    detector: Box<dyn Detector>,
    needs: Needs,
    resolution: Resolution,
    weight: f32,
    dry_run: bool,
    /// What it adds to coverage: the evidence it could bring.
    importance: f32,
    card: &'static Card,
}

/// What an assessment leaves beside itself.
#[derive(Clone, Copy, Debug)]
pub struct Noted {
    /// The seven features of the feature schema.
    pub features: Features,
    /// Where the response belongs.
    pub ticket: Ticket,
    /// True where the name of the client's address would prove or disprove its claim, and nobody has asked for it.
    pub wants_name: bool,
    /// How the client goes about the site.
    pub conduct: Conduct,
}

/// One request, assessed.
#[derive(Clone, Debug)]
pub struct Observation {
    /// What we think.
    pub assessment: Assessment,
    /// The seven features of the feature schema.
    pub features: Features,
    /// Where the response belongs.
    pub ticket: Ticket,
}

/// Is the request part of the client's past from now on?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Observe {
    /// Yes: it happened.
    Note,
    /// No: somebody only asks.
    Peek,
}

impl Engine {
    /// An engine with the detectors of [`detectors::all`].
    pub fn new(settings: EngineSettings) -> Self {
        Engine::with_detectors(settings, detectors::all())
    }

    /// An engine with `detectors`, for tests of a single one.
    pub fn with_detectors(settings: EngineSettings, detectors: Vec<Box<dyn Detector>>) -> Self {
        let history = Arc::new(History::new(settings.seed));
        Engine::with(settings, detectors, history)
    }

    /// The engine that follows `self` after a change of settings: it remembers what `self` does.
    pub fn succeeded_by(&self, settings: EngineSettings) -> Self {
        Engine::with(settings, detectors::all(), Arc::clone(&self.history))
    }

    fn with(settings: EngineSettings, detectors: Vec<Box<dyn Detector>>, history: Arc<History>) -> Self {
        let models = [settings.model.as_ref(), settings.challenger.as_ref()];
        let any = |is: &dyn Fn(&Learned) -> bool| models.into_iter().flatten().any(is);
        let reads_steps = any(&Learned::reads_steps);
        let lines = Lines::wanted(|at| any(&|model| model.wants(at)));
        let slots = detectors.into_iter().enumerate();
        let slots: Vec<Slot> =
            slots.filter_map(|(at, detector)| Slot::new(at, detector, &settings.detectors)).collect();
        Engine {
            reader: Reader::new(),
            slots_weight: slots.iter().map(|slot| slot.importance).sum::<f32>().max(f32::MIN_POSITIVE),
            slots,
            history,
            sites: std::iter::once(settings.site).chain(settings.more_sites).collect(),
            ranges: settings.ranges,
            signers: settings.signers,
            reads_steps,
            lines,
            model: settings.model,
            challenger: settings.challenger,
            shadow: Shadow::default(),
        }
    }

    /// Assesses one request.
    pub fn assess(&self, facts: &RequestFacts<'_>, observe: Observe) -> Observation {
        let mut assessment = scorer::blank();
        let noted = self.assess_into(facts, observe, &mut assessment);
        Observation { assessment, features: noted.features, ticket: noted.ticket }
    }

    /// As [`Engine::assess`], into a place of the caller's, which spares moving it.
    pub fn assess_into(
        &self,
        facts: &RequestFacts<'_>,
        observe: Observe,
        assessment: &mut Assessment,
    ) -> Noted {
        if self.model.is_none() && self.challenger.is_none() {
            return self.look(facts, observe, assessment, None);
        }
        let mut vector = FeatureVector::unseen();
        let asked = Asked { vector: &mut vector, lines: &self.lines, reads_steps: self.reads_steps };
        self.look(facts, observe, assessment, Some(asked))
    }

    /// As [`Engine::assess_into`], and in numbers: what models learn from and are asked about.
    pub fn measure_into(
        &self,
        facts: &RequestFacts<'_>,
        observe: Observe,
        assessment: &mut Assessment,
        vector: &mut FeatureVector,
    ) -> Noted {
        *vector = FeatureVector::unseen();
        self.look(facts, observe, assessment, Some(Asked { vector, lines: Lines::all(), reads_steps: true }))
    }

    fn look(
        &self,
        facts: &RequestFacts<'_>,
        observe: Observe,
        assessment: &mut Assessment,
        mut asked: Option<Asked<'_>>,
    ) -> Noted {
        let said = self.reader.read(facts.user_agent, self.history.keys());
        let site = self.sites.get(facts.site.0 as usize).unwrap_or(&self.sites[0]);
        let gathered = gather(facts, said, site);
        let remembered = match observe {
            _ if facts.client_hidden => self.history.stranger(facts, &gathered),
            Observe::Note => self.history.note_request(facts, &gathered),
            Observe::Peek => self.history.peek_request(facts, &gathered),
        };
        let scene = Scene {
            facts,
            gathered: &gathered,
            client: &remembered.client,
            network: &remembered.network,
            around: &remembered.around,
            site,
        };
        let mut findings = Findings::new();
        let coverage = self.detect(&scene, &mut findings, asked.as_mut().map(|asked| &mut *asked.vector));
        let ranges = self.ranges.as_deref().unwrap_or_else(|| ranges::builtin());
        let identity =
            identity::identify(facts, &gathered.claim, gathered.user_agent.as_ref(), ranges, &self.signers);
        let context = Context {
            identity,
            coverage,
            pages_per_minute: remembered.client.pages_per_minute(),
            shared_network: remembered.network.is_shared(),
        };
        let features = Features::of(&scene);
        if let Some(Asked { vector, lines, reads_steps }) = &mut asked {
            vector.read(lines, &scene, features, Needs::seen(facts));
            if *reads_steps {
                vector.set_steps(Steps::of(&remembered.client, facts));
            }
        }
        let vector = asked.as_ref().map(|asked| &*asked.vector);
        self.add_up(&mut findings, &context, facts.vantage, vector, assessment);
        let conduct = Conduct::of(&remembered, gathered.kind);
        let wants_name = identity::wants_name(facts, &gathered.claim, &context.identity);
        Noted { features, ticket: remembered.ticket, wants_name, conduct }
    }

    /// Findings, and what the model makes of the request where there is one, into a score.
    fn add_up(
        &self,
        findings: &mut Findings,
        context: &Context,
        vantage: Vantage,
        vector: Option<&FeatureVector>,
        assessment: &mut Assessment,
    ) {
        let Some(vector) = vector else {
            return scorer::assess_into(findings, context, None, assessment);
        };
        let mut contributions = Contributions::new();
        let (asked, seen) = ((vantage, vector), (&*findings, context.shared_network));
        let challenger = self.challenger.as_ref();
        let theirs = challenger
            .and_then(|model| model.hear(Office::Challenger, asked, seen, &mut contributions))
            .map(|heard| heard.opinion);
        let mut heard =
            self.model.as_ref().and_then(|model| model.hear(Office::Live, asked, seen, &mut contributions));
        scorer::assess_into(findings, context, heard.as_mut(), assessment);
        if let Some(theirs) = theirs {
            let by_rules = scorer::by_rules(findings, context.shared_network);
            self.shadow.note(assessment.log_odds, theirs.with(by_rules));
        }
    }

    /// Notes how an assessed request ended.
    pub fn finish(&self, ticket: Ticket, response: &ResponseFacts, now: Timestamp) {
        self.history.note_response(ticket, response, now);
    }

    /// How often the challenger would have decided otherwise.
    pub fn shadow(&self) -> &Shadow {
        &self.shadow
    }

    /// True where a neural net of ours is the model. What is inside of one of another make nobody asks.
    pub fn has_net(&self) -> bool {
        self.model.as_ref().is_some_and(|model| model.kind() == Some(Kind::Neural))
    }

    /// How often the model had no opinion of a request; `None` where it is none of another make.
    pub fn no_opinions(&self) -> Option<u64> {
        self.model.as_ref().and_then(Learned::no_opinions)
    }

    /// Memory of everything remembered, in bytes.
    pub fn bytes(&self) -> usize {
        self.history.bytes() + self.reader.bytes()
    }

    /// What is remembered.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// Asks every detector that can see; `findings` is a place of the caller's, because a copy would cost more than most
    /// detectors.
    fn detect(
        &self,
        scene: &Scene<'_>,
        findings: &mut Findings,
        mut vector: Option<&mut FeatureVector>,
    ) -> Coverage {
        let seen = Needs::seen(scene.facts);
        let mut able = 0.0;
        for slot in &self.slots {
            if !slot.needs.met_by(seen) || scene.facts.resolution < slot.resolution {
                continue;
            }
            able += slot.importance;
            let signal = slot.detector.inspect(scene);
            if let Some(vector) = vector.as_deref_mut() {
                vector.set_evidence(slot.at, signal.as_ref().map_or(0.0, |signal| signal.evidence));
            }
            let Some(signal) = signal else { continue };
            let (card, at) = (slot.card, slot.at);
            let finding = Finding { signal, card, at, weight: slot.weight, dry_run: slot.dry_run };
            // The list is as long as the detectors; a full list cannot happen, and must not fail a request.
            let _ = findings.try_push(finding);
        }
        Coverage(able / self.slots_weight)
    }
}

impl Slot {
    fn new(
        at: usize,
        detector: Box<dyn Detector>,
        settings: &BTreeMap<String, DetectorSettings>,
    ) -> Option<Self> {
        let card = detector.card();
        let chosen = settings.get(card.name).copied().unwrap_or_default();
        let dry_run = chosen.dry_run.unwrap_or(matches!(card.state, State::DryRun(_)));
        chosen.enabled.then(|| Slot {
            at,
            needs: Needs::of(card.needs),
            resolution: card.resolution,
            weight: chosen.weight,
            dry_run,
            importance: if dry_run { 0.0 } else { chosen.weight * card.evidence_max },
            card,
            detector,
        })
    }
}
