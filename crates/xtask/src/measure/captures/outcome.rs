//! What became of one client's requests.

use std::collections::{BTreeMap, BTreeSet};

use palisade_domain::{Action, Verdict};

use super::recording::{Label, Recording};

/// Where challenge begins in the balanced preset.
const CHALLENGE_AT: u8 = 70;

/// What became of one client's requests; sessions of one client are taken together.
#[derive(Clone, Debug)]
pub(super) struct Outcomes {
    pub(super) client: String,
    pub(super) label: Label,
    sessions: BTreeSet<String>,
    requests: usize,
    scores: Vec<u8>,
    actions: BTreeMap<&'static str, usize>,
    identities: BTreeMap<String, usize>,
    signals: BTreeMap<&'static str, usize>,
    /// Requests that did not get `allow`, described.
    pub(super) beyond_allow: Vec<String>,
    /// Requests with `HeadlessChrome` in the user agent that stay below challenge, described.
    pub(super) headless_below_challenge: Vec<String>,
    /// Requests of unnamed clients: score, whether they claim to be a browser, and the request described.
    unnamed: Vec<(u8, bool, String)>,
}

impl Outcomes {
    /// One empty record per client, in order of label and name.
    pub(super) fn by_client(recordings: &[Recording]) -> Vec<Outcomes> {
        let clients: BTreeSet<(Label, &str)> =
            recordings.iter().map(|recording| (recording.label, recording.client.as_str())).collect();
        clients.into_iter().map(|(label, client)| Outcomes::new(label, client)).collect()
    }

    fn new(label: Label, client: &str) -> Self {
        Outcomes {
            client: client.to_owned(),
            label,
            sessions: BTreeSet::new(),
            requests: 0,
            scores: Vec::new(),
            actions: BTreeMap::new(),
            identities: BTreeMap::new(),
            signals: BTreeMap::new(),
            beyond_allow: Vec::new(),
            headless_below_challenge: Vec::new(),
            unnamed: Vec::new(),
        }
    }

    pub(super) fn is_of(&self, recording: &Recording) -> bool {
        self.label == recording.label && self.client == recording.client
    }

    pub(super) fn add(&mut self, recording: &Recording, verdict: &Verdict) {
        let assessment = &verdict.assessment;
        let score = assessment.score.value();
        self.requests += 1;
        self.sessions.insert(recording.session.clone());
        self.scores.push(score);
        *self.actions.entry(verdict.decision.action.name()).or_default() += 1;
        let identity = match assessment.identity.claimed {
            Some(name) => format!("{} ({name})", assessment.identity.class),
            None => assessment.identity.class.to_string(),
        };
        *self.identities.entry(identity.clone()).or_default() += 1;
        for line in &assessment.explanation {
            *self.signals.entry(line.id.0).or_default() += 1;
        }
        let agent = recording.header("user-agent");
        let described = self.describe(recording, verdict, &identity);
        if verdict.decision.action != Action::Allow {
            self.beyond_allow.push(described.clone());
        }
        if agent.contains("HeadlessChrome") && score < CHALLENGE_AT {
            self.headless_below_challenge.push(described.clone());
        }
        if !assessment.identity.class.is_program() {
            self.unnamed.push((score, agent.starts_with("Mozilla/"), described));
        }
    }

    fn describe(&self, recording: &Recording, verdict: &Verdict, identity: &str) -> String {
        let assessment = &verdict.assessment;
        let signals: Vec<String> = assessment
            .explanation
            .iter()
            .map(|line| format!("{} {:+} ({})", line.id, line.points, line.detail))
            .collect();
        let (score, action) = (assessment.score.value(), verdict.decision.action);
        format!(
            "{} {} {}: score {score}, {action}, {identity}: {}",
            self.client,
            recording.session,
            recording.summary(),
            signals.join(", ")
        )
    }

    /// Requests of a program that is neither named nor, where it wears a browser's name (`may_wear`), above monitor.
    pub(super) fn unnamed_and_unnoticed(&self, may_wear: bool) -> Vec<String> {
        let noticed = |score: u8, claims: bool| may_wear && claims && score >= CHALLENGE_AT;
        self.unnamed
            .iter()
            .filter(|&&(score, claims, _)| !noticed(score, claims))
            .map(|(.., text)| text.clone())
            .collect()
    }

    /// Lowest, median and highest score.
    pub(super) fn spread(&self) -> (u8, u8, u8) {
        let mut sorted = self.scores.clone();
        sorted.sort_unstable();
        let at = |index: usize| sorted.get(index).copied().unwrap_or_default();
        (at(0), at(sorted.len() / 2), at(sorted.len().saturating_sub(1)))
    }

    /// Requests above monitor, and all.
    pub(super) fn above_monitor(&self) -> (usize, usize) {
        (self.scores.iter().filter(|&&score| score >= CHALLENGE_AT).count(), self.requests)
    }

    fn cells(&self) -> [String; 7] {
        let (low, middle, high) = self.spread();
        let counted = |map: &BTreeMap<&'static str, usize>| {
            map.iter().map(|(name, count)| format!("{name} {count}")).collect::<Vec<_>>().join(", ")
        };
        let identities = self.identities.keys().cloned().collect::<Vec<_>>().join(", ");
        [
            self.client.clone(),
            self.sessions.iter().filter(|session| !session.is_empty()).count().to_string(),
            self.requests.to_string(),
            format!("{low} / {middle} / {high}"),
            counted(&self.actions),
            identities,
            counted(&self.signals),
        ]
    }
}

const HEADINGS: [&str; 7] =
    ["client", "sessions", "requests", "score low / median / high", "action", "identity", "signals"];

/// One table a label.
pub(super) fn print(all: &[Outcomes]) {
    for label in [Label::Browser, Label::Automated, Label::Program] {
        println!("\n### {label:?}\n\n| {} |\n|{}", HEADINGS.join(" | "), "---|".repeat(HEADINGS.len()));
        for own in all.iter().filter(|own| own.label == label) {
            println!("| {} |", own.cells().join(" | "));
        }
    }
    println!();
}
