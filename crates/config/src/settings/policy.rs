//! `[policy]`: the preset, how much of it is carried out, the bands, and the operator's own rules.

use palisade_domain::Enforcement;

use super::{EntrySettings, RuleSettings};
use crate::bounds::RULES_MAX;
use crate::section::Section;
use crate::value::one_of;

/// Names of the presets.
pub const PRESETS: [&str; 4] = ["balanced", "strict", "ai-crawlers-out", "observe"];

/// Scores at which the bands begin; monitor < challenge < block, each 0..=100.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bands {
    /// Lowest score that is watched.
    pub monitor: u8,
    /// Lowest score that is challenged.
    pub challenge: u8,
    /// Lowest score that is refused.
    pub block: u8,
}

impl Default for Bands {
    fn default() -> Self {
        Bands { monitor: 50, challenge: 70, block: 90 }
    }
}

impl Bands {
    fn read(section: &mut Section<'_>) -> Self {
        let default = Bands::default();
        let bands = Bands {
            monitor: section.integer("monitor", default.monitor, &(0..=100)),
            challenge: section.integer("challenge", default.challenge, &(0..=100)),
            block: section.integer("block", default.block, &(0..=100)),
        };
        let steps = [
            ("monitor", bands.monitor, "challenge", bands.challenge),
            ("challenge", bands.challenge, "block", bands.block),
        ];
        for (low, below, high, above) in steps.into_iter().filter(|(_, below, _, above)| below >= above) {
            // The place of what was set; a default is nobody's mistake.
            let (at, problem) = match section.is_set(high) {
                true => (high, format!("{above} is not above policy.bands.{low} ({below})")),
                false => (low, format!("{below} is not below policy.bands.{high} ({above})")),
            };
            section.conflict(at, problem);
        }
        bands
    }
}

/// What happens to a request when a detector fails on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnFailure {
    /// Its finding counts as none.
    #[default]
    Open,
    /// The request is refused.
    Closed,
}

/// `[policy]`
#[derive(Clone, Debug, PartialEq)]
pub struct PolicySettings {
    /// One of [`PRESETS`].
    pub preset: &'static str,
    /// Which decisions are carried out.
    pub enforce: Enforcement,
    /// Where the bands begin.
    pub bands: Bands,
    /// When a detector fails.
    pub on_failure: OnFailure,
    /// The operator's rules, in order.
    pub rules: Vec<RuleSettings>,
    /// List entries that rules and bands write.
    pub entries: EntrySettings,
}

impl Default for PolicySettings {
    fn default() -> Self {
        PolicySettings {
            preset: "balanced",
            enforce: Enforcement::All,
            bands: Bands::default(),
            on_failure: OnFailure::default(),
            rules: Vec::new(),
            entries: EntrySettings::default(),
        }
    }
}

impl PolicySettings {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        let default = PolicySettings::default();
        let preset = section.text("preset", default.preset, |text| one_of(text, &PRESETS));
        let enforce = enforcement(section.word("enforce", "all", &ENFORCEMENTS));
        let bands = section.table("bands", Bands::read);
        let on_failure = match section.word("on_failure", "open", &["open", "closed"]) {
            "closed" => OnFailure::Closed,
            _ => OnFailure::Open,
        };
        let rules = section.tables("rules", RULES_MAX, RuleSettings::read);
        let entries = section.table("entries", EntrySettings::read);
        PolicySettings { preset, enforce, bands, on_failure, rules, entries }
    }
}

/// How much of the policy is carried out.
pub(super) const ENFORCEMENTS: [&str; 2] = ["hard", "all"];

/// The meaning of one of [`ENFORCEMENTS`].
pub(super) fn enforcement(name: &str) -> Enforcement {
    if name == "all" { Enforcement::All } else { Enforcement::Hard }
}
