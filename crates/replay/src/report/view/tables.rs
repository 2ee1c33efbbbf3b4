//! The rows of the page's tables.

use palisade_domain::Action;

use super::{Chip, NAME_CHARS, harsh_words};
use crate::report::chart::{actions_bar, bar, slot_start};
use crate::summary::{
    ByAction, ClassCount, FamilyCount, HinderedProgram, PresetOutcome, SkipNote, Summary, Timeline,
};
use crate::words::{self, count, counted, date_minute, percent, shown};

/// Rows of the table that says what the time chart shows.
const HOURS_MAX: usize = 24;
const FAMILIES_MAX: usize = 15;
const SIGNALS_MAX: usize = 15;

/// One action: what the policy says, what would be done.
pub(super) struct ActionRow {
    pub(super) chip: Chip,
    pub(super) means: &'static str,
    pub(super) said: String,
    pub(super) share: String,
    pub(super) done: String,
}

pub(super) fn actions(said: &ByAction, done: &ByAction) -> Vec<ActionRow> {
    (0..7)
        .filter(|&rank| said.0[rank] + done.0[rank] > 0)
        .map(|rank| ActionRow {
            chip: Chip::new(rank),
            means: words::MEANS[rank],
            said: count(said.0[rank]),
            share: percent(said.0[rank], said.total()),
            done: count(done.0[rank]),
        })
        .collect()
}

/// Rows with the headings of their numbers.
pub(super) struct Columns<T> {
    pub(super) headings: Vec<&'static str>,
    pub(super) rows: Vec<T>,
}

/// The time chart as numbers.
pub(super) struct HourRow {
    pub(super) start: String,
    pub(super) numbers: Vec<String>,
}

pub(super) fn hours(timeline: &Timeline) -> Columns<HourRow> {
    let ranks: Vec<usize> =
        (0..7).filter(|&rank| timeline.slots.iter().any(|slot| slot.0[rank] > 0)).collect();
    let group = timeline.slots.len().div_ceil(HOURS_MAX).max(1);
    let row = |(at, slots): (usize, &[ByAction])| HourRow {
        start: date_minute(slot_start(timeline, at * group)),
        numbers: ranks.iter().map(|&rank| count(slots.iter().map(|slot| slot.0[rank]).sum())).collect(),
    };
    let rows = timeline.slots.chunks(group).enumerate().map(row).collect();
    Columns { headings: ranks.iter().map(|&rank| Action::NAMES[rank]).collect(), rows }
}

/// A class or a family.
pub(super) struct Row {
    pub(super) name: String,
    pub(super) means: &'static str,
    pub(super) clients: String,
    pub(super) requests: String,
    pub(super) bar: String,
    pub(super) beyond: String,
}

pub(super) fn classes(classes: &[ClassCount]) -> Vec<Row> {
    let most = classes.iter().map(|class| class.requests).max().unwrap_or(0);
    let row = |class: &ClassCount| Row {
        name: words::class(class.class).to_owned(),
        means: words::class_means(class.class),
        clients: count(class.clients),
        requests: count(class.requests),
        bar: bar(
            &[("a0", class.requests.saturating_sub(class.beyond_monitor)), ("a6", class.beyond_monitor)],
            most,
        ),
        beyond: if class.beyond_monitor == 0 { "none".to_owned() } else { count(class.beyond_monitor) },
    };
    classes.iter().filter(|class| class.clients > 0).map(row).collect()
}

pub(super) fn families(families: &[FamilyCount]) -> Vec<Row> {
    let most = families.iter().map(|family| family.requests).max().unwrap_or(0);
    let row = |family: &FamilyCount| Row {
        name: shown(&family.name, 60),
        means: family.class.name(),
        clients: count(family.clients),
        requests: count(family.requests),
        bar: bar(&[("ink", family.requests)], most),
        beyond: String::new(),
    };
    families.iter().take(FAMILIES_MAX).map(row).collect()
}

/// One signal.
pub(super) struct SignalRow {
    pub(super) id: &'static str,
    pub(super) says: String,
    pub(super) requests: String,
    pub(super) bar: String,
}

/// The most frequent signals with what they say.
pub(super) fn signals(summary: &Summary) -> Vec<SignalRow> {
    let mut found: Vec<_> = summary.signals.iter().filter(|(_, n)| **n > 0).collect();
    found.sort_by_key(|&(id, n)| (std::cmp::Reverse(*n), *id));
    let most = found.first().map_or(0, |(_, n)| **n);
    let row = |(id, n): (&&'static str, &u64)| SignalRow {
        id,
        says: summary.signal_examples.get(id).map_or_else(String::new, |words| shown(words, 240)),
        requests: count(*n),
        bar: bar(&[("ink", *n)], most),
    };
    found.into_iter().take(SIGNALS_MAX).map(row).collect()
}

/// One preset, fully enforced and in its first hour.
pub(super) struct PresetRow {
    pub(super) name: &'static str,
    pub(super) summary: &'static str,
    pub(super) chosen: bool,
    pub(super) clients: Option<String>,
    pub(super) all: Outcome,
    pub(super) hard: Outcome,
}

/// A bar and what it says.
pub(super) struct Outcome {
    pub(super) bar: String,
    pub(super) passed: String,
    pub(super) words: String,
}

impl Outcome {
    fn new(actions: &ByAction) -> Outcome {
        Outcome {
            bar: actions_bar(actions),
            passed: percent(actions.0[0] + actions.0[1], actions.total()),
            words: harsh_words(actions, "nothing in anybody's way"),
        }
    }
}

pub(super) fn presets(presets: &[PresetOutcome], chosen: &str) -> Vec<PresetRow> {
    let row = |preset: &PresetOutcome| PresetRow {
        name: preset.name,
        summary: preset.summary,
        chosen: preset.name == chosen,
        clients: Some(preset.clients_beyond_monitor).filter(|n| *n > 0).map(|n| counted(n, "client")),
        all: Outcome::new(&preset.all),
        hard: Outcome::new(&preset.hard),
    };
    presets.iter().map(row).collect()
}

/// A welcome program in the way.
pub(super) struct WelcomeRow {
    pub(super) name: &'static str,
    pub(super) class: &'static str,
    pub(super) status: &'static str,
    pub(super) clients: String,
    pub(super) requests: String,
    pub(super) chip: Chip,
    pub(super) rule: &'static str,
}

pub(super) fn hindered(programs: &[HinderedProgram]) -> Vec<WelcomeRow> {
    let rank = |name: &str| Action::NAMES.iter().position(|action| *action == name).unwrap_or(0);
    let row = |program: &HinderedProgram| WelcomeRow {
        name: program.name,
        class: program.class.name(),
        status: program.status,
        clients: count(program.clients),
        requests: count(program.requests),
        chip: Chip::new(rank(program.action)),
        rule: program.rule,
    };
    programs.iter().map(row).collect()
}

/// A reason for skipping.
pub(super) struct SkipRow {
    pub(super) reason: &'static str,
    pub(super) count: String,
    pub(super) samples: Vec<String>,
}

pub(super) fn skips(skips: &[SkipNote]) -> Vec<SkipRow> {
    let row = |skip: &SkipNote| SkipRow {
        reason: skip.reason,
        count: count(skip.count),
        samples: skip.samples.iter().take(5).map(|sample| shown(sample, NAME_CHARS + 80)).collect(),
    };
    skips.iter().filter(|skip| skip.count > 0).map(row).collect()
}
