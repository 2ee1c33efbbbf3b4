//! One of `[policy] rules`: a condition, kept as text with its place, and an effect.

use palisade_domain::Action;

use crate::Origin;
use crate::section::Section;
use crate::value::{one_of, quote_text};

/// Requests a minute that a throttle rule without `per_minute` lets pass.
const PER_MINUTE_DEFAULT: u32 = 30;
/// Bytes of one condition.
const WHEN_BYTES_MAX: usize = 4096;

/// Names of [`RuleEntry`].
const ENTRIES: [&str; 3] = ["block", "throttle", "flag"];

/// What a rule does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleEffect {
    /// Decides: a name of [`Action::NAMES`] but `throttle`.
    Act(&'static str),
    /// Decides: 429 above this many requests a minute.
    Throttle {
        /// 1 and up.
        per_minute: u32,
    },
    /// Adds score points, -100..=100, and decides nothing.
    Weigh(i8),
}

/// What a rule writes into the list when it holds; `[policy.entries]` says for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleEntry {
    /// Refuse the client from now on.
    Block,
    /// Slow it down from now on.
    Throttle,
    /// Remember it; some flags become a block.
    Flag,
}

/// A rule whose condition is not compiled yet; `policy` does that, and what it finds has its place here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleSettings {
    /// Which one, such as `policy.rules[0]`.
    pub key: String,
    /// What it is called in explanations; rules without a name go by their number.
    pub name: Option<String>,
    /// The condition, as written.
    pub when: String,
    /// Where the condition stands.
    pub when_origin: Origin,
    /// What it does.
    pub effect: RuleEffect,
    /// The list entry it writes.
    pub entry: Option<RuleEntry>,
    /// Where that stands.
    pub entry_origin: Origin,
    /// Whether it is only shown; then it writes no entry either.
    pub dry_run: bool,
}

impl RuleSettings {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        let when = section.text("when", String::new(), parse_when);
        let when_origin = section.origin_of("when");
        if !section.is_set("when") {
            section.incomplete("has no `when`; a rule for every request says when = \"true\"".to_owned());
        }
        let effect = read_effect(section);
        RuleSettings {
            key: section.path().to_owned(),
            entry_origin: section.origin_of("entry"),
            name: section.text_option("name", parse_name),
            when,
            when_origin,
            effect,
            entry: read_entry(section, effect),
            dry_run: section.boolean("dry_run", false),
        }
    }
}

fn read_entry(section: &mut Section<'_>, effect: RuleEffect) -> Option<RuleEntry> {
    let entry = section.text_option("entry", |text| one_of(text, &ENTRIES))?;
    if matches!(effect, RuleEffect::Weigh(_)) {
        section.conflict("entry", "belongs to a rule that decides; a weight writes nothing".to_owned());
    }
    match entry {
        "block" => Some(RuleEntry::Block),
        "throttle" => Some(RuleEntry::Throttle),
        _ => Some(RuleEntry::Flag),
    }
}

fn parse_name(text: &str) -> Result<String, String> {
    let fits = !text.is_empty() && text.len() <= 64 && !text.contains(char::is_control);
    fits.then(|| text.to_owned()).ok_or_else(|| format!("{} is not 1 to 64 letters", quote_text(text)))
}

fn read_effect(section: &mut Section<'_>) -> RuleEffect {
    let action = section.text_option("action", |text| one_of(text, &Action::NAMES));
    let weigh = section.integer_option("weigh", &(-100..=100));
    match (section.is_set("action"), section.is_set("weigh")) {
        (true, true) => section.conflict("weigh", "a rule decides or weighs, not both; drop one".to_owned()),
        (false, false) => {
            section.incomplete("has no effect; add action = \"challenge\" or weigh = 20".to_owned());
        }
        _ => {}
    }
    if action == Some("throttle") {
        let per_minute = section.integer("per_minute", PER_MINUTE_DEFAULT, &(1..=1_000_000));
        return RuleEffect::Throttle { per_minute };
    }
    section.forbid("per_minute", "belongs to action = \"throttle\"");
    match (action, weigh) {
        (None, Some(points)) => RuleEffect::Weigh(points),
        (action, _) => RuleEffect::Act(action.unwrap_or("monitor")),
    }
}

fn parse_when(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("is empty; a rule for every request says when = \"true\"".to_owned()),
        text if text.len() > WHEN_BYTES_MAX => {
            Err(format!("{}: longer than {WHEN_BYTES_MAX} bytes", quote_text(text)))
        }
        text => Ok(text.to_owned()),
    }
}
