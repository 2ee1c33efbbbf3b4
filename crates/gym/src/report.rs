//! What the gym found, for people and for programs.

use palisade_domain::Action;
use serde_json::{Value, json};

use crate::programs::{ALL, Program};
use crate::recording::{Fared, Recording};
use crate::runner::{Ended, Ran, Ready};
use crate::tools::Missing;

/// Families that have to run unless some are named.
pub const FAMILIES_MIN: usize = 12;

/// What every output says: the figures are of one side only.
pub const RECALL_ONLY: &str = "All of this traffic is of programs: these figures are recall. No false-positive rate can be drawn from them.";

/// What a run of the gym came to.
#[derive(Debug)]
pub struct Report<'a> {
    /// Programs that were here.
    pub ready: &'a [Ready],
    /// Programs that were not, and what is missing.
    pub missing: &'a [(&'static Program, Missing)],
    /// All runs.
    pub runs: &'a [Ran],
    /// What was recorded.
    pub recording: &'a Recording,
    /// Lowest score that is challenged, 0..=100.
    pub challenge_from: u8,
    /// Families that have to run.
    pub families_wanted: usize,
    /// What everything random followed from.
    pub seed: u64,
    /// Requests that were judged but not recorded.
    pub lost: u64,
}

impl Report<'_> {
    /// Families of which at least one request was recorded, in the order of the list.
    pub fn families(&self) -> Vec<(&'static str, Fared)> {
        let mut families: Vec<(&'static str, Fared)> = Vec::new();
        for program in ALL {
            let Some(fared) = self.recording.programs.get(program.name) else { continue };
            match families.iter_mut().find(|(family, _)| *family == program.family) {
                Some((_, sum)) => sum.add(fared),
                None => families.push((program.family, fared.clone())),
            }
        }
        families
    }

    /// True where as many families ran as had to.
    pub fn is_enough(&self) -> bool {
        self.families().len() >= self.families_wanted
    }

    /// Rows of the table, its head first: a program each.
    pub fn rows(&self) -> Vec<[String; 13]> {
        let head = [
            "FAMILY",
            "PROGRAM",
            "VERSION",
            "CLIENTS",
            "REQUESTS",
            "allow",
            "monitor",
            "throttle",
            "challenge",
            "tarpit",
            "block",
            "SCORE",
            "GETS THROUGH",
        ];
        let mut rows = vec![head.map(str::to_owned)];
        for ready in self.ready {
            let program = ready.program;
            let none = Fared::default();
            let fared = self.recording.programs.get(program.name).unwrap_or(&none);
            let done = |name: &str| {
                let rank = Action::NAMES.iter().position(|known| *known == name);
                rank.map_or(0, |rank| fared.enforced[rank]).to_string()
            };
            rows.push([
                program.family.to_owned(),
                program.name.to_owned(),
                ready.version.clone().unwrap_or_else(|| "-".to_owned()),
                fared.scores.len().to_string(),
                fared.requests.to_string(),
                done("allow"),
                done("monitor"),
                done("throttle"),
                done("challenge"),
                done("tarpit"),
                done("block"),
                fared.score_max().to_string(),
                through(fared),
            ]);
        }
        rows
    }

    /// What stands below the table.
    pub fn words(&self) -> String {
        let families = self.families();
        let mut lines = vec![
            "Counted is what was done with each request; SCORE is the highest of any. GETS THROUGH: the share of requests \
             that the site answered, and what was mostly done with them."
                .to_owned(),
        ];
        let through: Vec<String> = families
            .iter()
            .filter(|(_, fared)| fared.reached_sum() * 2 >= fared.requests)
            .filter_map(|(family, fared)| Some(format!("{family} at {}", fared.reached_at()?)))
            .collect();
        lines.push(match through.is_empty() {
            true => "No family gets through with half of its requests.".to_owned(),
            false => format!("Get through with at least half of their requests: {}.", through.join(", ")),
        });
        let (clients, seen) = self.recall(&families);
        lines.push(format!(
            "{seen} of {clients} clients reached a score of {} (challenge) at least once. {RECALL_ONLY}",
            self.challenge_from
        ));
        lines.extend(self.troubles());
        if !self.missing.is_empty() {
            lines.push("Missing:".to_owned());
            lines.extend(
                self.missing.iter().map(|(program, missing)| format!("  {}: {missing}", program.name)),
            );
        }
        lines.push(format!("{} families ran; {} have to.", families.len(), self.families_wanted));
        lines.join("\n")
    }

    /// Clients of all families, and those whose score reached the challenge band.
    fn recall(&self, families: &[(&'static str, Fared)]) -> (usize, usize) {
        families.iter().fold((0, 0), |(clients, seen), (_, fared)| {
            (clients + fared.scores.len(), seen + fared.clients_from(self.challenge_from))
        })
    }

    /// What went wrong without ending the gym.
    fn troubles(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for ready in self.ready {
            let name = ready.program.name;
            let ran = self.recording.programs.contains_key(name);
            let trouble =
                self.runs.iter().filter(|run| run.program.name == name).find_map(|run| match &run.ended {
                    Ended::NotStarted(why) => Some(format!("{name} could not be started: {why}")),
                    Ended::Failed { words, .. } if !ran => Some(format!("{name} sent nothing: {words}")),
                    Ended::Stopped if !ran => Some(format!("{name} sent nothing within its time")),
                    _ => None,
                });
            lines.extend(trouble);
        }
        let Recording { strangers, too_long, .. } = self.recording;
        if self.lost > 0 {
            lines.push(format!(
                "{} requests were judged but not recorded: more came than are recorded.",
                self.lost
            ));
        }
        if *strangers > 0 {
            lines.push(format!("{strangers} recorded requests are of no run and were left out."));
        }
        if *too_long > 0 {
            lines.push(format!("{too_long} requests are too long to be labelled and were left out."));
        }
        lines
    }

    /// The same for programs.
    pub fn json(&self) -> Value {
        let families = self.families();
        let (clients, seen) = self.recall(&families);
        let of_family = |(family, fared): &(&'static str, Fared)| {
            let programs = self.ready.iter().filter(|ready| ready.program.family == *family);
            let programs: Vec<Value> = programs.map(|ready| self.program(ready)).collect();
            let mut value = described(fared, self.challenge_from);
            value["family"] = (*family).into();
            value["programs"] = programs.into();
            value
        };
        let missing = |(program, missing): &(&'static Program, Missing)| json!({ "program": program.name, "family": program.family, "missing": missing.what, "install": missing.how });
        json!({
            "families": families.iter().map(of_family).collect::<Vec<_>>(),
            "families_ran": families.len(),
            "families_wanted": self.families_wanted,
            "clients": clients,
            "clients_at_challenge": seen,
            "challenge_from": self.challenge_from,
            "missing": self.missing.iter().map(missing).collect::<Vec<_>>(),
            "runs": self.runs.iter().map(ended).collect::<Vec<_>>(),
            "troubles": self.troubles(),
            "not_recorded": self.lost,
            "seed": self.seed,
            "note": RECALL_ONLY,
        })
    }

    fn program(&self, ready: &Ready) -> Value {
        let none = Fared::default();
        let fared = self.recording.programs.get(ready.program.name).unwrap_or(&none);
        let mut value = described(fared, self.challenge_from);
        value["program"] = ready.program.name.into();
        value["version"] = ready.version.clone().into();
        value
    }
}

fn ended(ran: &Ran) -> Value {
    let (how, words) = match &ran.ended {
        Ended::Done => ("done", None),
        Ended::Failed { words, .. } => ("failed", Some(words)),
        Ended::Stopped => ("stopped", None),
        Ended::NotStarted(why) => ("not-started", Some(why)),
    };
    json!({ "group": ran.group, "addresses": ran.addresses, "ended": how, "words": words })
}

fn described(fared: &Fared, challenge_from: u8) -> Value {
    let by_action = |counts: &[u64]| -> Value {
        let pairs = Action::NAMES.iter().zip(counts).map(|(name, count)| ((*name).to_owned(), json!(count)));
        Value::Object(pairs.collect())
    };
    json!({
        "clients": fared.scores.len(),
        "clients_at_challenge": fared.clients_from(challenge_from),
        "requests": fared.requests,
        "by_action": by_action(&fared.enforced),
        "answered_by_the_site": by_action(&fared.reached),
        "score_max": fared.score_max(),
        "through": (fared.requests > 0).then(|| fared.reached_sum() as f64 / fared.requests as f64),
        "through_at": fared.reached_at(),
    })
}

/// `all at monitor`, `37 % at allow`, `no`, and `-` where nothing was sent.
fn through(fared: &Fared) -> String {
    let share = 100 * fared.reached_sum() / fared.requests.max(1);
    match fared.reached_at() {
        None if fared.requests == 0 => "-".to_owned(),
        None => "no".to_owned(),
        Some(at) if fared.reached_sum() == fared.requests => format!("all at {at}"),
        Some(at) => format!("{share} % at {at}"),
    }
}

#[cfg(test)]
mod tests;
