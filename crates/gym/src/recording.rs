//! What the gateway recorded, joined with who had which address: labelled traffic, and how each program fared.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use palisade_domain::Action;
use palisade_replay::source::LINE_BYTES_MAX;
use serde::Deserialize;

use crate::runner::Ran;

/// How one program fared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fared {
    /// Requests that were recorded.
    pub requests: u64,
    /// What was done, by `Action::rank`.
    pub enforced: [u64; Action::NAMES.len()],
    /// Requests that the site answered, and not we, by what was done.
    pub reached: [u64; Action::NAMES.len()],
    /// The highest score of each client.
    pub scores: BTreeMap<String, u8>,
}

impl Fared {
    /// The highest score of all, 0..=100; 0 without requests.
    pub fn score_max(&self) -> u8 {
        self.scores.values().copied().max().unwrap_or(0)
    }

    /// Clients whose score reached `from` at least once.
    pub fn clients_from(&self, from: u8) -> usize {
        self.scores.values().filter(|score| **score >= from).count()
    }

    /// Requests that the site answered.
    pub fn reached_sum(&self) -> u64 {
        self.reached.iter().sum()
    }

    /// What was mostly done to the requests that the site answered; `None` where it answered none.
    pub fn reached_at(&self) -> Option<&'static str> {
        let most = (0..self.reached.len()).max_by_key(|rank| (self.reached[*rank], usize::MAX - rank))?;
        (self.reached[most] > 0).then(|| Action::NAMES[most])
    }

    /// Adds `other` to this.
    pub fn add(&mut self, other: &Fared) {
        self.requests += other.requests;
        for (sum, more) in self.enforced.iter_mut().zip(other.enforced) {
            *sum += more;
        }
        for (sum, more) in self.reached.iter_mut().zip(other.reached) {
            *sum += more;
        }
        self.scores.extend(other.scores.iter().map(|(client, score)| (client.clone(), *score)));
    }
}

/// All that is known after the gym.
#[derive(Clone, Debug, Default)]
pub struct Recording {
    /// By name of the program.
    pub programs: BTreeMap<&'static str, Fared>,
    /// Lines that belong to no run, or could not be read.
    pub strangers: u64,
    /// Lines that would have become too long with their labels.
    pub too_long: u64,
}

/// Joins recorded lines with the runs they are of.
#[derive(Debug)]
pub struct Joiner<'a> {
    of: BTreeMap<Ipv4Addr, &'a Ran>,
    recording: Recording,
}

/// What is read of a recorded line.
#[derive(Deserialize)]
struct Line<'a> {
    client: &'a str,
    score: u8,
    enforced: &'a str,
    #[serde(default)]
    ours: bool,
}

impl<'a> Joiner<'a> {
    /// For the lines of `runs`.
    pub fn new(runs: &'a [Ran]) -> Self {
        let of =
            runs.iter().flat_map(|ran| ran.addresses.iter().map(move |address| (*address, ran))).collect();
        Joiner { of, recording: Recording::default() }
    }

    /// Takes a line as the gateway recorded it, and returns it with label, family and group; `None` where it is of no run.
    pub fn take(&mut self, line: &str) -> Option<String> {
        let Some((read, ran)) = self.read(line) else {
            self.recording.strangers += 1;
            return None;
        };
        let program = ran.program;
        let fared = self.recording.programs.entry(program.name).or_default();
        let rank = Action::NAMES.iter().position(|name| *name == read.enforced).unwrap_or(0);
        fared.requests += 1;
        fared.enforced[rank] += 1;
        fared.reached[rank] += u64::from(!read.ours);
        let score = fared.scores.entry(read.client.to_owned()).or_default();
        *score = read.score.max(*score);
        let labelled = labelled(line, program.family, &ran.group);
        self.recording.too_long += u64::from(labelled.is_none());
        labelled
    }

    fn read<'l>(&self, line: &'l str) -> Option<(Line<'l>, &'a Ran)> {
        let read: Line<'l> = serde_json::from_str(line).ok()?;
        let ran = self.of.get(&read.client.parse().ok()?)?;
        Some((read, ran))
    }

    /// What all lines came to.
    pub fn done(self) -> Recording {
        self.recording
    }
}

/// `line` with three more fields; `None` where it would be longer than lines may be.
fn labelled(line: &str, family: &str, group: &str) -> Option<String> {
    let open = line.trim_end().strip_suffix('}')?;
    // Names of families and programs need no escapes.
    let whole = format!("{open},\"label\":\"bot\",\"family\":\"{family}\",\"group\":\"{group}\"}}");
    (whole.len() < LINE_BYTES_MAX).then_some(whole)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::programs::ALL;
    use crate::runner::Ended;

    fn runs() -> Vec<Ran> {
        let ran = |at: usize, addresses: &[[u8; 4]]| Ran {
            program: &ALL[at],
            group: format!("{}-1-0", ALL[at].name),
            addresses: addresses.iter().copied().map(Ipv4Addr::from).collect(),
            ended: Ended::Done,
        };
        vec![ran(0, &[[127, 1, 2, 3]]), ran(1, &[[127, 4, 4, 4], [127, 5, 5, 5]])]
    }

    fn line(client: &str, score: u8, enforced: &str, more: &str) -> String {
        format!("{{\"client\":\"{client}\",\"score\":{score},\"enforced\":\"{enforced}\"{more}}}")
    }

    #[test]
    fn lines_are_labelled_and_counted() {
        let runs = runs();
        let mut joiner = Joiner::new(&runs);
        let taken = joiner.take(&line("127.1.2.3", 12, "allow", "")).unwrap();
        let read: serde_json::Value = serde_json::from_str(&taken).unwrap();
        assert_eq!(
            (&read["label"], &read["family"], &read["group"]),
            (&"bot".into(), &"curl".into(), &"curl-1-0".into())
        );
        assert_eq!(read["score"], 12, "what was recorded stays");
        joiner.take(&line("127.1.2.3", 80, "block", ",\"ours\":true"));
        joiner.take(&line("127.4.4.4", 55, "monitor", ""));
        joiner.take(&line("127.5.5.5", 20, "monitor", ",\"ours\":false"));
        assert_eq!(joiner.take(&line("127.9.9.9", 20, "allow", "")), None);
        assert_eq!(joiner.take("no line"), None);
        let long = format!(",\"path\":\"{}\"", "x".repeat(LINE_BYTES_MAX - 80));
        assert_eq!(joiner.take(&line("127.5.5.5", 20, "monitor", &long)), None);
        let done = joiner.done();
        assert_eq!((done.strangers, done.too_long), (2, 1));
        let (curl, wget) = (&done.programs["curl"], &done.programs["wget"]);
        assert_eq!((curl.requests, curl.reached_sum(), curl.score_max()), (2, 1, 80));
        assert_eq!((curl.reached_at(), curl.enforced[6]), (Some("allow"), 1));
        assert_eq!((wget.scores.len(), wget.clients_from(50), wget.reached_at()), (2, 1, Some("monitor")));
    }

    #[test]
    fn who_reached_nothing_got_through_nowhere() {
        let none = Fared::default();
        assert_eq!((none.reached_at(), none.score_max(), none.clients_from(0)), (None, 0, 0));
        let runs = runs();
        let mut joiner = Joiner::new(&runs);
        joiner.take(&line("127.1.2.3", 99, "block", ",\"ours\":true"));
        let mut sum = Fared::default();
        sum.add(&joiner.done().programs["curl"]);
        assert_eq!((sum.requests, sum.reached_at(), sum.score_max()), (1, None, 99));
    }
}
