//! What is counted per client during a replay, within bounds.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};

use palisade_domain::{Action, ClaimStatus, ClientKey, IdentityClass, Timestamp, Verdict};
use palisade_limits::Bound;

use crate::sequence;
use crate::summary::{ByAction, ClientSummary, ExplanationLine, SampleRequest};
use crate::timeline::Regrid;

/// Most clients counted one by one; those after them are judged all the same and counted together.
pub const CLIENTS_MAX: usize = 1_000_000;

/// Most clients whose story is kept: far more than a page shows, so that the worst are among them.
pub const STORIES_MAX: usize = 1_000;

/// Requests kept per story.
pub const SAMPLES_MAX: usize = 6;

/// The bounds of a replay.
pub const BOUNDS: &[Bound] = &[
    Bound {
        name: "replay.clients_max",
        value: CLIENTS_MAX as u64,
        unit: "clients",
        reason: "a log may name any number of addresses; some 100 bytes each",
        when_full: "further clients are judged and counted together as \"others\"",
    },
    Bound {
        name: "replay.stories_max",
        value: STORIES_MAX as u64,
        unit: "clients",
        reason: "a story holds text; a page shows the worst fifty, JSON all",
        when_full: "the mildest story makes room for a worse one",
    },
    Bound {
        name: "replay.waiting_bytes_max",
        value: sequence::WAITING_BYTES_MAX as u64,
        unit: "bytes",
        reason: "our own lines wait for those judged before them; some 40,000 lines",
        when_full: "the earliest goes on; what comes later from before it is judged after it",
    },
    Bound {
        name: "replay.ends_max",
        value: sequence::ENDS_MAX as u64,
        unit: "ends",
        reason: "requests under way at one time in the live run; some 120 bytes each",
        when_full: "the earliest end is noted at once",
    },
    Bound {
        name: "replay.runs_max",
        value: sequence::RUNS_MAX as u64,
        unit: "processes",
        reason: "restarts and nodes whose lines overlap; a line may name any number",
        when_full: "one that has nothing under way is forgotten, else a line is judged when it is read",
    },
];

/// A client as a key.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ClientName {
    /// An address.
    Ip(palisade_domain::ClientIp),
    /// A name.
    Opaque(Box<str>),
    /// Everybody beyond [`CLIENTS_MAX`].
    Others,
}

impl std::fmt::Display for ClientName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ClientName::Ip(ip) => ip.fmt(f),
            ClientName::Opaque(name) => f.write_str(name),
            ClientName::Others => f.write_str("others"),
        }
    }
}

impl From<ClientKey<'_>> for ClientName {
    fn from(key: ClientKey<'_>) -> Self {
        match key {
            ClientKey::Ip(ip) => ClientName::Ip(ip),
            ClientKey::Opaque(name) => ClientName::Opaque(name.into()),
        }
    }
}

/// The counts of one client.
#[derive(Clone, Debug)]
pub struct Tally {
    /// Order of first appearance, from 1.
    pub number: u32,
    /// Its requests by action.
    pub by_action: ByAction,
    /// Class of its newest request.
    pub class: IdentityClass,
    /// Index of its family's name.
    pub family: u32,
    /// First request.
    pub first: Timestamp,
    /// Newest request.
    pub last: Timestamp,
    /// Badness of its worst request.
    pub worst: Badness,
    /// Did any request call it a bot?
    pub called_bot: bool,
    /// Bit per preset: had a request beyond monitor.
    pub presets_beyond: u8,
    /// Requests that were challenged.
    pub challenged: u32,
    /// Bit per [`palisade_domain::PassKind`]: showed a pass of it.
    pub passes: u8,
    /// Parts of pages it asked for.
    pub assets: u32,
}

impl Tally {
    /// True where it loads pages as a person's browser does: a page and at least two of its parts.
    pub fn loads_pages(&self) -> bool {
        self.assets >= 2 && self.by_action.total() > u64::from(self.assets)
    }
}

/// How bad a request is: harshest action first, then score.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Badness(pub u8, pub u8);

impl Badness {
    /// Of a verdict.
    pub fn of(verdict: &Verdict) -> Self {
        Badness(verdict.decision.action.rank() as u8, verdict.assessment.score.value())
    }
}

/// One client's worst request in words, and a few more.
#[derive(Clone, Debug)]
pub struct Story {
    worst: Badness,
    action: Action,
    rule: &'static str,
    class: IdentityClass,
    claimed: Option<&'static str>,
    status: ClaimStatus,
    user_agent: Option<String>,
    base: u8,
    lines: Vec<ExplanationLine>,
    timeline: Vec<u32>,
    samples: Vec<SampleRequest>,
}

/// What a story is told from.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    /// The verdict.
    pub verdict: &'a Verdict,
    /// The user agent.
    pub user_agent: Option<&'a str>,
    /// When.
    pub time: Timestamp,
    /// The method.
    pub method: &'a str,
    /// Path and query.
    pub target: &'a str,
    /// The response's status.
    pub status: Option<u16>,
    /// Slot of the timeline.
    pub slot: usize,
}

/// The stories of the worst clients; of all clients while there is room.
#[derive(Debug, Default)]
pub struct Stories {
    stories: HashMap<u32, Story>,
    /// Every story by its worst request, mildest first, of equals the newest client first.
    ranks: BTreeSet<(Badness, Reverse<u32>)>,
}

impl Stories {
    /// Tells on. A client without a story gets one while there is room, or where it is worse than the mildest.
    pub fn tell(&mut self, number: u32, told: &Told<'_>) {
        let badness = Badness::of(told.verdict);
        if !self.stories.contains_key(&number) && !self.make_room(badness) {
            return;
        }
        let story = self.stories.entry(number).or_insert_with(|| Story::new(told));
        let before = (story.worst, Reverse(number));
        story.go_on(badness, told);
        let after = (story.worst, Reverse(number));
        if before != after || !self.ranks.contains(&after) {
            self.ranks.remove(&before);
            self.ranks.insert(after);
        }
    }

    fn make_room(&mut self, badness: Badness) -> bool {
        if self.stories.len() < STORIES_MAX {
            return true;
        }
        match self.ranks.first().copied() {
            Some((worst, number)) if worst < badness => {
                self.ranks.pop_first();
                self.stories.remove(&number.0).is_some()
            }
            _ => false,
        }
    }

    /// Follows a merge of the timeline's slots.
    pub fn regrid(&mut self, regrid: Regrid) {
        self.stories.values_mut().for_each(|story| regrid.apply(&mut story.timeline));
    }

    /// Every client with a story, worst first.
    pub fn worst(mut self, tallies: &[(String, &Tally)]) -> Vec<ClientSummary> {
        let mut order: Vec<&(String, &Tally)> =
            tallies.iter().filter(|(_, tally)| self.stories.contains_key(&tally.number)).collect();
        order.sort_by_key(|(_, tally)| {
            (Reverse((tally.worst, tally.by_action.beyond_monitor(), tally.by_action.total())), tally.number)
        });
        let mut told = Vec::new();
        for (name, tally) in order {
            let Some(story) = self.stories.remove(&tally.number) else { continue };
            told.push(story.into_summary(name.clone(), tally));
        }
        told
    }
}

impl Story {
    fn new(told: &Told<'_>) -> Self {
        let identity = told.verdict.assessment.identity;
        Story {
            worst: Badness::default(),
            action: told.verdict.decision.action,
            rule: told.verdict.decision.rule,
            class: identity.class,
            claimed: identity.claimed,
            status: identity.status,
            user_agent: None,
            base: 0,
            lines: Vec::new(),
            timeline: Vec::new(),
            samples: Vec::new(),
        }
    }

    fn go_on(&mut self, badness: Badness, told: &Told<'_>) {
        self.timeline.resize(self.timeline.len().max(told.slot + 1), 0);
        self.timeline[told.slot] += 1;
        let worse = badness > self.worst;
        if worse {
            self.retell(badness, told);
        }
        if worse || self.samples.len() < SAMPLES_MAX {
            if self.samples.len() == SAMPLES_MAX {
                self.samples.remove(SAMPLES_MAX / 2);
            }
            self.samples.push(sample(told));
        }
    }

    fn retell(&mut self, badness: Badness, told: &Told<'_>) {
        let assessment = &told.verdict.assessment;
        self.worst = badness;
        self.action = told.verdict.decision.action;
        self.rule = told.verdict.decision.rule;
        self.class = assessment.identity.class;
        self.claimed = assessment.identity.claimed;
        self.status = assessment.identity.status;
        self.user_agent = told.user_agent.map(|agent| cut(agent, 200));
        self.base = assessment.base.value();
        self.lines = lines(told.verdict);
    }

    fn into_summary(self, client: String, tally: &Tally) -> ClientSummary {
        ClientSummary {
            client,
            requests: tally.by_action.total(),
            score: self.worst.1,
            action: self.action,
            rule: self.rule,
            class: self.class,
            claimed: self.claimed,
            status: self.status.name(),
            user_agent: self.user_agent,
            base: self.base,
            lines: self.lines,
            by_action: tally.by_action,
            span: (tally.first, tally.last),
            timeline: self.timeline,
            samples: self.samples,
        }
    }
}

/// A verdict's explanation in words.
pub fn lines(verdict: &Verdict) -> Vec<ExplanationLine> {
    let explanation = &verdict.assessment.explanation;
    explanation
        .iter()
        .map(|line| ExplanationLine {
            id: line.id.0,
            points: line.points,
            detail: line.detail.to_string(),
            dry_run: line.dry_run,
        })
        .collect()
}

fn sample(told: &Told<'_>) -> SampleRequest {
    SampleRequest {
        time: told.time,
        method: cut(told.method, 16),
        target: cut(told.target, 160),
        status: told.status,
        action: told.verdict.decision.action,
        score: told.verdict.assessment.score.value(),
    }
}

/// At most `bytes_max` bytes of a client's text, control characters shown as `·`.
fn cut(text: &str, bytes_max: usize) -> String {
    let mut short = String::new();
    for c in text.chars().map(|c| if c.is_control() { '·' } else { c }) {
        if short.len() + c.len_utf8() > bytes_max {
            short.push('…');
            break;
        }
        short.push(c);
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mildest_story_makes_room() {
        let mut stories = Stories::default();
        let mut verdict = crate::made_up::verdict(10, Action::Allow);
        for number in 0..STORIES_MAX as u32 {
            stories.tell(number, &crate::made_up::told(&verdict));
        }
        stories.tell(9_999, &crate::made_up::told(&verdict));
        assert!(!stories.stories.contains_key(&9_999), "no worse than the others");
        verdict = crate::made_up::verdict(80, Action::Challenge);
        stories.tell(10_000, &crate::made_up::told(&verdict));
        stories.tell(10_000, &crate::made_up::told(&verdict));
        assert!(stories.stories.contains_key(&10_000));
        assert_eq!((stories.stories.len(), stories.ranks.len()), (STORIES_MAX, STORIES_MAX));
    }

    #[test]
    fn client_text_is_cut_at_characters() {
        assert_eq!(cut("ééé", 4), "éé…");
        assert_eq!(cut("a\u{0}b\n", 9), "a·b·");
    }
}
