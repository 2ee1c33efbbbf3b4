//! The replay: every record judged in time order, and what came of it counted.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use palisade_domain::{Action, ClaimStatus, Enforcement, IdentityClass, PassKind, Timestamp};
use palisade_fingerprint::user_agent;
use palisade_policy::{Judge, Policy, Preset};

use crate::agreement::Agreement;
use crate::doctor::Doctor;
use crate::formats::{Label, Place, Record};
use crate::labels::{Confusion, Labels};
use crate::merge::{Feed, FeedOptions, FeedStats, Progress};
use crate::sequence::{End, Flow, Sequencer, Step};
use crate::source::SourceError;
use crate::summary::{
    ByAction, Challenges, ClassCount, FamilyCount, HinderedProgram, PageLoaders, PresetOutcome, SkipNote,
    Summary,
};
use crate::tally::{Badness, CLIENTS_MAX, ClientName, Stories, Tally, Told};
use crate::timeline::TimelineBuilder;

/// Families a report shows.
pub const FAMILIES_SHOWN: usize = 20;

/// Most families counted by name; the names come from our own lists, so this is never reached by a stranger.
const FAMILIES_MAX: usize = 10_000;

/// How to replay.
#[derive(Clone, Debug)]
pub struct ReplayOptions {
    /// How to read.
    pub feed: FeedOptions,
    /// Show numbers instead of addresses, and paths without queries.
    pub anonymise: bool,
    /// Known labels by client.
    pub labels: Option<Labels>,
}

/// A replay's result.
#[derive(Clone, Debug)]
pub struct Replayed {
    /// What was found. `elapsed_ms` is 0: this crate knows no clock.
    pub summary: Summary,
    /// Predictions against labels, where there were any.
    pub confusion: Option<Confusion>,
    /// A digest of every verdict in order: equal for equal runs.
    pub digest: u64,
}

/// Replays `paths` through `judge`; `on_progress` is called between batches.
///
/// # Errors
/// Where a file cannot be opened.
pub fn replay(
    paths: &[PathBuf],
    judge: &Judge,
    options: &ReplayOptions,
    mut on_progress: impl FnMut(Progress),
) -> Result<Replayed, SourceError> {
    let mut feed = Feed::open(paths, options.feed)?;
    let mut run = Run::new(judge, options);
    while let Some(batch) = feed.next_batch() {
        batch.into_iter().for_each(|record| run.take(record));
        on_progress(feed.progress());
    }
    run.go_on(Flow::Over);
    Ok(run.finish(&feed.finish()))
}

struct Run<'a> {
    judge: &'a Judge,
    options: &'a ReplayOptions,
    others: [(Policy, PresetCounts); 4],
    clients: HashMap<ClientName, Tally>,
    stories: Stories,
    timeline: TimelineBuilder,
    by_action: ByAction,
    by_enforced: ByAction,
    signals: BTreeMap<&'static str, u64>,
    signal_examples: BTreeMap<&'static str, String>,
    classes: BTreeMap<IdentityClass, (u64, u64)>,
    families: Families,
    programs: BTreeMap<(&'static str, ClaimStatus), Program>,
    span: Option<(Timestamp, Timestamp)>,
    coverage: f64,
    doctor: Doctor,
    sequencer: Sequencer,
    agreement: Agreement,
    confusion: Option<Confusion>,
    digest: Digest,
}

#[derive(Clone, Copy, Debug, Default)]
struct PresetCounts {
    all: ByAction,
    hard: ByAction,
}

/// A welcome program and what happened to it.
struct Program {
    class: IdentityClass,
    hindered: u64,
    clients: std::collections::BTreeSet<u32>,
    action: Action,
    rule: &'static str,
}

impl<'a> Run<'a> {
    fn new(judge: &'a Judge, options: &'a ReplayOptions) -> Self {
        let others = Preset::ALL.map(|preset| {
            let policy = Policy { enforcement: Enforcement::All, ..Policy::preset(preset) };
            (policy, PresetCounts::default())
        });
        Run {
            judge,
            options,
            others,
            clients: HashMap::new(),
            stories: Stories::default(),
            timeline: TimelineBuilder::default(),
            by_action: ByAction::default(),
            by_enforced: ByAction::default(),
            signals: BTreeMap::new(),
            signal_examples: BTreeMap::new(),
            classes: BTreeMap::new(),
            families: Families::default(),
            programs: BTreeMap::new(),
            span: None,
            coverage: 0.0,
            doctor: Doctor::default(),
            sequencer: Sequencer::default(),
            agreement: Agreement::default(),
            confusion: None,
            digest: Digest::default(),
        }
    }

    /// A log's line is judged and ends at once; one of ours when its turn has come.
    fn take(&mut self, record: Record) {
        if let Some(now) = self.sequencer.push(record) {
            self.one(&now);
        }
        self.go_on(Flow::More);
    }

    fn go_on(&mut self, flow: Flow) {
        while let Some(step) = self.sequencer.pop(flow) {
            match step {
                Step::Request(record) => self.one(&record),
                Step::End(end) => self.judge.response(end.ticket, &end.response, end.time),
            }
        }
    }

    fn one(&mut self, record: &Record) {
        let headers = record.header_entries();
        let facts = record.facts(&headers);
        let response = record.response();
        let judged = self.judge.request_around(&facts, record.observe(), &record.around());
        match record.place() {
            None => self.judge.response(judged.ticket, &response, facts.time),
            Some(Place { run, end: Some(ended), .. }) => {
                let end = End { ticket: judged.ticket, response, time: ended.time };
                self.sequencer.push_end(run, ended, end);
            }
            // Nobody saw its end.
            Some(Place { end: None, .. }) => {}
        }
        self.doctor.look(&facts);
        let verdict = &judged.verdict;
        if let Some(live) = record.verdict() {
            self.agreement.compare(&live, verdict);
        }
        let action = verdict.decision.action;
        let (slot, regrids) = self.timeline.add(facts.time, action);
        regrids.into_iter().for_each(|regrid| self.stories.regrid(regrid));
        self.count(verdict, facts.time);
        let presets_beyond = self.count_presets(verdict, &facts);
        let number = self.count_client(record, &facts, verdict, presets_beyond);
        self.count_program(verdict, number);
        let told = Told {
            verdict,
            user_agent: facts.user_agent.known(),
            time: facts.time,
            method: facts.method.known().unwrap_or("-"),
            target: shown_target(facts.target.known().unwrap_or("-"), self.options.anonymise),
            status: response.status.known(),
            slot,
        };
        self.stories.tell(number, &told);
    }

    fn count(&mut self, verdict: &palisade_domain::Verdict, time: Timestamp) {
        self.by_action.add(verdict.decision.action);
        self.by_enforced.add(verdict.decision.enforced);
        self.span = Some(self.span.map_or((time, time), |(first, last)| (first.min(time), last.max(time))));
        self.coverage += f64::from(verdict.assessment.coverage.0);
        self.digest.add(u64::from(verdict.assessment.score.value()));
        self.digest.add(verdict.decision.action.rank() as u64);
        for line in &verdict.assessment.explanation {
            *self.signals.entry(line.id.0).or_default() += 1;
            self.digest.text(line.id.0);
            self.digest.add(line.points as u64);
            self.signal_examples.entry(line.id.0).or_insert_with(|| line.detail.to_string());
        }
    }

    fn count_presets(
        &mut self,
        verdict: &palisade_domain::Verdict,
        facts: &palisade_domain::RequestFacts<'_>,
    ) -> u8 {
        let mut beyond = 0;
        for (at, (policy, counts)) in self.others.iter_mut().enumerate() {
            let decision = self.judge.decide(policy, &verdict.assessment, facts);
            counts.all.add(decision.enforced);
            counts.hard.add(policy.hard(decision.action));
            beyond |= u8::from(decision.enforced.is_beyond_monitor()) << at;
        }
        beyond
    }

    fn count_client(
        &mut self,
        record: &Record,
        facts: &palisade_domain::RequestFacts<'_>,
        verdict: &palisade_domain::Verdict,
        presets_beyond: u8,
    ) -> u32 {
        let class = verdict.assessment.identity.class;
        let mut name = ClientName::from(record.client());
        if self.clients.len() >= CLIENTS_MAX && !self.clients.contains_key(&name) {
            name = ClientName::Others;
        }
        if let Some(label) = record.label() {
            self.confusion.get_or_insert_default().label(
                &name.to_string(),
                label == Label::Bot,
                record.family(),
            );
        }
        let next = self.clients.len() as u32 + 1;
        let families = &mut self.families;
        let tally = self.clients.entry(name).or_insert_with(|| Tally {
            number: next,
            by_action: ByAction::default(),
            class,
            family: families.index(verdict.assessment.identity.claimed, facts.user_agent.known(), class),
            first: facts.time,
            last: facts.time,
            worst: Badness::default(),
            called_bot: false,
            presets_beyond: 0,
            challenged: 0,
            passes: 0,
            assets: 0,
        });
        tally.by_action.add(verdict.decision.action);
        tally.class = class;
        tally.last = facts.time;
        tally.worst = tally.worst.max(Badness::of(verdict));
        tally.called_bot |= verdict.is_bot(self.judge.policy().bands.challenge());
        tally.presets_beyond |= presets_beyond;
        tally.challenged += u32::from(verdict.decision.enforced == Action::Challenge);
        if let Some(kind) = facts.pass.known() {
            tally.passes |= 1 << kind.number();
        }
        let path = facts.path().known().unwrap_or("");
        tally.assets += u32::from(palisade_detect::route::is_asset_path(path));
        families.count(tally.family);
        let counts = self.classes.entry(class).or_default();
        counts.0 += 1;
        counts.1 += u64::from(verdict.decision.action.is_beyond_monitor());
        tally.number
    }

    fn count_program(&mut self, verdict: &palisade_domain::Verdict, number: u32) {
        let identity = verdict.assessment.identity;
        let (true, Some(name)) = (is_welcome(identity.class), identity.claimed) else { return };
        let program = self.programs.entry((name, identity.status)).or_insert_with(|| Program {
            class: identity.class,
            hindered: 0,
            clients: Default::default(),
            action: Action::Allow,
            rule: "",
        });
        let action = verdict.decision.action;
        if action.is_beyond_monitor() {
            program.hindered += 1;
            program.clients.insert(number);
            program.rule = verdict.decision.rule;
            if action.rank() > program.action.rank() {
                program.action = action;
            }
        }
    }

    fn finish(mut self, stats: &FeedStats) -> Replayed {
        let anonymise = self.options.anonymise;
        let tallies: Vec<(String, &Tally)> = self
            .clients
            .iter()
            .map(|(name, tally)| {
                (if anonymise { format!("client {}", tally.number) } else { name.to_string() }, tally)
            })
            .collect();
        let confusion = self.confusion(&tallies);
        let mut clients_top = self.stories.worst(&tallies);
        if anonymise {
            clients_top.iter_mut().for_each(crate::anonymise::client);
        }
        let requests = self.by_action.total();
        let mut notes = if anonymise { self.doctor.notes_anonymous() } else { self.doctor.notes() };
        notes.extend(self.agreement.note());
        notes.extend(stats.warnings());
        let summary = Summary {
            files: stats.files.iter().map(|file| file.path.display().to_string()).collect(),
            requests,
            clients: tallies.len() as u64,
            skipped: stats.skipped_total(),
            skips: skip_notes(stats, anonymise),
            late: stats.late,
            span: self.span,
            by_action: self.by_action,
            by_enforced: self.by_enforced,
            preset: self.judge.policy().preset.name(),
            enforce: if self.judge.policy().enforcement == Enforcement::All { "all" } else { "hard" },
            signals: std::mem::take(&mut self.signals),
            signal_examples: if anonymise {
                BTreeMap::new()
            } else {
                std::mem::take(&mut self.signal_examples)
            },
            timeline: self.timeline.finish(),
            classes: classes(&self.classes, &tallies),
            families: self.families.top(&tallies),
            clients_top,
            presets: presets(&self.others, &tallies),
            welcome_programs: self.programs.len() as u64,
            hindered: hindered(&self.programs),
            page_loaders: page_loaders(&tallies),
            challenges: challenges(&tallies),
            notes,
            agreement: self.agreement,
            coverage: if requests == 0 { 0.0 } else { (self.coverage / requests as f64) as f32 },
            elapsed_ms: 0,
        };
        Replayed { summary, confusion, digest: self.digest.0 }
    }

    fn confusion(&self, tallies: &[(String, &Tally)]) -> Option<Confusion> {
        let mut confusion = match (&self.confusion, &self.options.labels) {
            (None, None) => return None,
            (Some(own), _) => own.clone(),
            (None, Some(_)) => Confusion::default(),
        };
        if let Some(labels) = &self.options.labels {
            labels
                .iter()
                .for_each(|(client, label)| confusion.label(client, label.is_bot, label.family.as_deref()));
        }
        let by_name: HashMap<String, bool> =
            self.clients.iter().map(|(name, tally)| (name.to_string(), tally.called_bot)).collect();
        debug_assert_eq!(by_name.len(), tallies.len());
        confusion.predict(|client| by_name.get(client).copied());
        Some(confusion)
    }
}

/// Classes that pass under `balanced`.
pub fn is_welcome(class: IdentityClass) -> bool {
    use IdentityClass::{Ai, Archive, Feed, Monitor, Preview, Search, Webhook};
    matches!(class, Search | Ai | Feed | Preview | Monitor | Webhook | Archive)
}

fn shown_target(target: &str, anonymise: bool) -> &str {
    if anonymise { target.split('?').next().unwrap_or(target) } else { target }
}

/// Where lines were skipped and how they begin; anonymised only where, since a line that was not understood may hold
/// anything.
fn skip_notes(stats: &FeedStats, anonymise: bool) -> Vec<SkipNote> {
    let file =
        |at: u32| stats.files.get(at as usize).map(|f| f.path.display().to_string()).unwrap_or_default();
    stats
        .skipped
        .iter()
        .map(|(reason, &count)| SkipNote {
            reason: reason.name(),
            count,
            samples: stats
                .samples
                .get(reason)
                .into_iter()
                .flatten()
                .map(|sample| match anonymise {
                    true => format!("{}:{}", file(sample.file), sample.line),
                    false => format!("{}:{}: {}", file(sample.file), sample.line, sample.excerpt),
                })
                .collect(),
        })
        .collect()
}

fn classes(counts: &BTreeMap<IdentityClass, (u64, u64)>, tallies: &[(String, &Tally)]) -> Vec<ClassCount> {
    let clients = |class| tallies.iter().filter(|(_, tally)| tally.class == class).count() as u64;
    IdentityClass::ALL
        .into_iter()
        .map(|class| {
            let (requests, beyond_monitor) = counts.get(&class).copied().unwrap_or_default();
            ClassCount { class, clients: clients(class), requests, beyond_monitor }
        })
        .collect()
}

fn presets(counts: &[(Policy, PresetCounts); 4], tallies: &[(String, &Tally)]) -> Vec<PresetOutcome> {
    let beyond = |at: usize| tallies.iter().filter(|(_, tally)| tally.presets_beyond & 1 << at != 0).count();
    counts
        .iter()
        .enumerate()
        .map(|(at, (policy, counts))| PresetOutcome {
            name: policy.preset.name(),
            summary: policy.preset.summary(),
            all: counts.all,
            hard: counts.hard,
            clients_beyond_monitor: beyond(at) as u64,
        })
        .collect()
}

fn page_loaders(tallies: &[(String, &Tally)]) -> PageLoaders {
    let loaders = || tallies.iter().filter(|(_, tally)| tally.loads_pages());
    let hindered = loaders().filter(|(_, tally)| tally.by_action.beyond_monitor() > 0).count();
    PageLoaders { clients: loaders().count() as u64, hindered: hindered as u64 }
}

fn challenges(tallies: &[(String, &Tally)]) -> Challenges {
    let challenged = || tallies.iter().filter(|(_, tally)| tally.challenged > 0);
    let met =
        |kind: PassKind| tallies.iter().filter(move |(_, tally)| tally.passes & 1 << kind.number() != 0);
    Challenges {
        requests: challenged().map(|(_, tally)| u64::from(tally.challenged)).sum(),
        clients: challenged().count() as u64,
        without_pass: challenged().filter(|(_, tally)| tally.passes == 0).count() as u64,
        passes: PassKind::ALL.map(|kind| met(kind).count() as u64),
    }
}

fn hindered(programs: &BTreeMap<(&'static str, ClaimStatus), Program>) -> Vec<HinderedProgram> {
    let mut hindered: Vec<HinderedProgram> = programs
        .iter()
        .filter(|(_, program)| program.hindered > 0)
        .map(|((name, status), program)| HinderedProgram {
            name,
            class: program.class,
            status: status.name(),
            clients: program.clients.len() as u64,
            requests: program.hindered,
            action: program.action.name(),
            rule: program.rule,
        })
        .collect();
    hindered.sort_by_key(|program| std::cmp::Reverse(program.requests));
    hindered
}

/// Families of clients by name.
#[derive(Default)]
struct Families {
    names: Vec<(String, IdentityClass, u64)>,
    index: HashMap<String, u32>,
}

impl Families {
    fn index(&mut self, claimed: Option<&str>, agent: Option<&str>, class: IdentityClass) -> u32 {
        let name = match (claimed, agent) {
            (Some(name), _) => name.to_owned(),
            (None, Some(agent)) => user_agent::parse(agent).family.name().to_owned(),
            (None, None) => "no user agent".to_owned(),
        };
        if let Some(&at) = self.index.get(&name) {
            return at;
        }
        if self.names.len() >= FAMILIES_MAX {
            return 0;
        }
        let at = self.names.len() as u32;
        self.index.insert(name.clone(), at);
        self.names.push((name, class, 0));
        at
    }

    fn count(&mut self, at: u32) {
        if let Some((_, _, requests)) = self.names.get_mut(at as usize) {
            *requests += 1;
        }
    }

    fn top(self, tallies: &[(String, &Tally)]) -> Vec<FamilyCount> {
        let mut clients = vec![0; self.names.len()];
        tallies.iter().for_each(|(_, tally)| clients[tally.family as usize] += 1);
        let mut families: Vec<FamilyCount> = self
            .names
            .into_iter()
            .zip(clients)
            .map(|((name, class, requests), clients)| FamilyCount { name, class, clients, requests })
            .collect();
        families.sort_by(|a, b| b.requests.cmp(&a.requests).then_with(|| a.name.cmp(&b.name)));
        families.truncate(FAMILIES_SHOWN);
        families
    }
}

/// FNV-1a over what verdicts say.
struct Digest(u64);

impl Default for Digest {
    fn default() -> Self {
        Digest(0xcbf2_9ce4_8422_2325)
    }
}

impl Digest {
    fn add(&mut self, value: u64) {
        self.0 = (self.0 ^ value).wrapping_mul(0x0000_0100_0000_01b3);
    }

    fn text(&mut self, text: &str) {
        text.bytes().for_each(|byte| self.add(u64::from(byte)));
    }
}
