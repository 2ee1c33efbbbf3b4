//! What a replay found, ready to be printed, shown or turned into a page.

use std::collections::BTreeMap;

use palisade_domain::{IdentityClass, Timestamp};
use serde::Serialize;

use crate::agreement::Agreement;

/// Counts by action, mildest first; the index is [`palisade_domain::Action::rank`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ByAction(pub [u64; 7]);

impl ByAction {
    /// Counts one request.
    pub fn add(&mut self, action: palisade_domain::Action) {
        self.0[action.rank()] += 1;
    }

    /// All requests.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// Requests harsher than monitor.
    pub fn beyond_monitor(&self) -> u64 {
        self.0[2..].iter().sum()
    }
}

impl Serialize for ByAction {
    /// As an object, `{"allow": 1, …}`.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(palisade_domain::Action::NAMES.iter().zip(self.0))
    }
}

/// Everything a report shows.
#[derive(Clone, Debug)]
pub struct Summary {
    /// Names of the files read, as given.
    pub files: Vec<String>,
    /// Requests assessed.
    pub requests: u64,
    /// Distinct clients (addresses or names).
    pub clients: u64,
    /// Lines skipped.
    pub skipped: u64,
    /// Reasons for skipping with their counts and a few samples ("file:line: excerpt").
    pub skips: Vec<SkipNote>,
    /// Lines that came later than the reordering window allows.
    pub late: u64,
    /// First and last request.
    pub span: Option<(Timestamp, Timestamp)>,
    /// What the policy says.
    pub by_action: ByAction,
    /// What would have been carried out with the chosen enforcement.
    pub by_enforced: ByAction,
    /// The preset that decided.
    pub preset: &'static str,
    /// `hard` or `all`.
    pub enforce: &'static str,
    /// How often each signal counted.
    pub signals: BTreeMap<&'static str, u64>,
    /// What each signal says, from one example.
    pub signal_examples: BTreeMap<&'static str, String>,
    /// Requests over time by action.
    pub timeline: Timeline,
    /// Clients and requests by identity class, in the order of [`IdentityClass::ALL`].
    pub classes: Vec<ClassCount>,
    /// Most frequent families of clients: browser families and program names.
    pub families: Vec<FamilyCount>,
    /// Worst clients first: most harshly treated, then highest score, then most requests. The worst thousand, mild ones
    /// too while there are fewer; pages show [`Summary::clients_shown`].
    pub clients_top: Vec<ClientSummary>,
    /// What each preset would have done.
    pub presets: Vec<PresetOutcome>,
    /// Welcome programs (search, feed, preview, monitor, webhook, archive, ai) with requests beyond monitor.
    pub hindered: Vec<HinderedProgram>,
    /// Welcome programs seen, hindered or not.
    pub welcome_programs: u64,
    /// Clients that load pages as a person's browser does.
    pub page_loaders: PageLoaders,
    /// What became of challenges, as far as the requests show.
    pub challenges: Challenges,
    /// Things the operator should know about the log itself.
    pub notes: Vec<String>,
    /// How far the verdicts are those of the live run, where the lines are our own.
    pub agreement: Agreement,
    /// Share of the detectors that could see what they need, mean over requests, 0..=1.
    pub coverage: f32,
    /// Wall time of the run in milliseconds.
    pub elapsed_ms: u64,
}

impl Summary {
    /// Most clients a page shows.
    pub const CLIENTS_SHOWN: usize = 50;

    /// The worst clients that went to monitor or beyond, worst first.
    pub fn clients_shown(&self) -> &[ClientSummary] {
        let mild = self.clients_top.iter().position(|client| client.action.rank() == 0);
        let end = mild.unwrap_or(self.clients_top.len()).min(Summary::CLIENTS_SHOWN);
        &self.clients_top[..end]
    }
}

/// Challenges, as the requests show them: who was challenged, and who came back with a pass. In a log without passes nobody
/// does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Challenges {
    /// Requests that were challenged.
    pub requests: u64,
    /// Clients with such a request.
    pub clients: u64,
    /// Of them, those that never showed a pass: they left, or could not.
    pub without_pass: u64,
    /// Clients that showed a pass, by what it was given for, in the order of `PassKind::ALL`.
    pub passes: [u64; palisade_domain::PassKind::ALL.len()],
}

impl Challenges {
    /// True where there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        self.clients == 0 && self.passes.iter().all(|clients| *clients == 0)
    }
}

/// Why lines were skipped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkipNote {
    /// In a few words: "torn line".
    pub reason: &'static str,
    /// How many.
    pub count: u64,
    /// The first few, "access.log:17: excerpt".
    pub samples: Vec<String>,
}

/// Requests per time slot.
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    /// Start of the first slot.
    pub start: Timestamp,
    /// Length of a slot in milliseconds.
    pub slot_ms: i64,
    /// Counts by action; at most [`Timeline::SLOTS_MAX`] slots.
    pub slots: Vec<ByAction>,
}

impl Timeline {
    /// Most slots; a longer span gets longer slots.
    pub const SLOTS_MAX: usize = 240;
}

/// Clients that load pages as a person's browser does: a page and at least two of its sub-resources.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PageLoaders {
    /// All of them.
    pub clients: u64,
    /// Those with at least one request beyond monitor.
    pub hindered: u64,
}

/// One identity class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassCount {
    /// The class.
    pub class: IdentityClass,
    /// Clients of it.
    pub clients: u64,
    /// Their requests.
    pub requests: u64,
    /// Their requests beyond monitor.
    pub beyond_monitor: u64,
}

/// One family of clients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FamilyCount {
    /// `Chrome`, `Googlebot`, `curl`, …
    pub name: String,
    /// Class of most of it.
    pub class: IdentityClass,
    /// Clients.
    pub clients: u64,
    /// Requests.
    pub requests: u64,
}

/// One client with its story.
#[derive(Clone, Debug)]
pub struct ClientSummary {
    /// Address or name (anonymised where asked).
    pub client: String,
    /// Requests.
    pub requests: u64,
    /// Highest score.
    pub score: u8,
    /// Harshest action.
    pub action: palisade_domain::Action,
    /// The rule that said so.
    pub rule: &'static str,
    /// Class, claimed name and status, of the request with the harshest action.
    pub class: IdentityClass,
    /// Claimed name.
    pub claimed: Option<&'static str>,
    /// `verified`, `unverified` or `forged`.
    pub status: &'static str,
    /// Its user agent at that request, cut to 200 bytes.
    pub user_agent: Option<String>,
    /// Base points of the explanation.
    pub base: u8,
    /// Explanation of that request: signal, points, words.
    pub lines: Vec<ExplanationLine>,
    /// Requests by action.
    pub by_action: ByAction,
    /// First and last request.
    pub span: (Timestamp, Timestamp),
    /// Its requests per slot of [`Summary::timeline`].
    pub timeline: Vec<u32>,
    /// A few of its requests: time, method, target (cut to 160 bytes), status, action.
    pub samples: Vec<SampleRequest>,
}

/// One line of an explanation, in words.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExplanationLine {
    /// Signal id.
    pub id: &'static str,
    /// Score points.
    pub points: i16,
    /// Why.
    pub detail: String,
    /// Shown only.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
}

/// One request of a client's story.
#[derive(Clone, Debug, PartialEq)]
pub struct SampleRequest {
    /// When.
    pub time: Timestamp,
    /// Method, cut to 16 bytes.
    pub method: String,
    /// Path and query, cut to 160 bytes, control characters replaced.
    pub target: String,
    /// Status of the response.
    pub status: Option<u16>,
    /// What the policy says.
    pub action: palisade_domain::Action,
    /// Score.
    pub score: u8,
}

/// What one preset would have done.
#[derive(Clone, Debug)]
pub struct PresetOutcome {
    /// Its name.
    pub name: &'static str,
    /// One sentence.
    pub summary: &'static str,
    /// With `enforce = "all"`.
    pub all: ByAction,
    /// With `enforce = "hard"`, the first hour's setting.
    pub hard: ByAction,
    /// Clients with at least one request beyond monitor under `all`.
    pub clients_beyond_monitor: u64,
}

/// A welcome program that would have been slowed or refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HinderedProgram {
    /// Its name.
    pub name: &'static str,
    /// Its class.
    pub class: IdentityClass,
    /// `verified`, `unverified` or `forged`.
    pub status: &'static str,
    /// Clients of that name that were hindered.
    pub clients: u64,
    /// Requests beyond monitor.
    pub requests: u64,
    /// Harshest action.
    pub action: &'static str,
    /// The rule that said so most recently.
    pub rule: &'static str,
}
