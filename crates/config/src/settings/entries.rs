//! `[policy.entries]`: list entries that rules and bands write, and how they grow.

use crate::section::Section;
use crate::value::one_of;

/// A year: longer is a decision for an operator's own list.
const DAYS_MAX: i64 = 366;
/// [`DAYS_MAX`] in minutes.
const MINUTES_MAX: i64 = DAYS_MAX * 24 * 60;
/// Bands that may write entries.
const WRITING_BANDS: [&str; 2] = ["challenge", "block"];

/// `[policy.entries]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntrySettings {
    /// How long an entry `block` holds, 1..=8784.
    pub block_hours: u32,
    /// What an entry `throttle` lets pass a minute, 1..=1000000.
    pub throttle_per_minute: u32,
    /// How long an entry `throttle` holds, 1..=527040.
    pub throttle_minutes: u32,
    /// How long an entry `flag` is remembered, 1..=366.
    pub flag_days: u32,
    /// Flags within `flag_days` that become a block, 0..=1000; 0 never.
    pub flags_to_block: u32,
    /// Requests beyond a rate limit that become a block, 0..=1000000; 0 never.
    pub violations_to_block: u32,
    /// The first such block, 1..=527040; each further one is twice as long.
    pub block_minutes: u32,
    /// The longest such block, 1..=527040.
    pub block_minutes_max: u32,
    /// Whether addresses with many people behind them get no such entry.
    pub shared_networks_exempt: bool,
    /// Bands whose clients are written down: `challenge` flags, `block` blocks. Usually none.
    pub from_bands: Vec<&'static str>,
}

impl Default for EntrySettings {
    fn default() -> Self {
        EntrySettings {
            block_hours: 24,
            throttle_per_minute: 10,
            throttle_minutes: 15,
            flag_days: 7,
            flags_to_block: 3,
            violations_to_block: 100,
            block_minutes: 60,
            block_minutes_max: 7 * 24 * 60,
            shared_networks_exempt: true,
            from_bands: Vec::new(),
        }
    }
}

impl EntrySettings {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        let default = EntrySettings::default();
        let settings = EntrySettings {
            block_hours: section.integer("block_hours", default.block_hours, &(1..=DAYS_MAX * 24)),
            throttle_per_minute: section.integer(
                "throttle_per_minute",
                default.throttle_per_minute,
                &(1..=1_000_000),
            ),
            throttle_minutes: section.integer(
                "throttle_minutes",
                default.throttle_minutes,
                &(1..=MINUTES_MAX),
            ),
            flag_days: section.integer("flag_days", default.flag_days, &(1..=DAYS_MAX)),
            flags_to_block: section.integer("flags_to_block", default.flags_to_block, &(0..=1_000)),
            violations_to_block: section.integer(
                "violations_to_block",
                default.violations_to_block,
                &(0..=1_000_000),
            ),
            block_minutes: section.integer("block_minutes", default.block_minutes, &(1..=MINUTES_MAX)),
            block_minutes_max: section.integer(
                "block_minutes_max",
                default.block_minutes_max,
                &(1..=MINUTES_MAX),
            ),
            shared_networks_exempt: section.boolean("shared_networks_exempt", default.shared_networks_exempt),
            from_bands: section.list("from_bands", default.from_bands, |text| one_of(text, &WRITING_BANDS)),
        };
        settings.check(section);
        settings
    }

    fn check(&self, section: &mut Section<'_>) {
        let (first, last) = (self.block_minutes, self.block_minutes_max);
        if first > last {
            // The place of what was set; a default is nobody's mistake.
            let (at, problem) = match section.is_set("block_minutes_max") {
                true => ("block_minutes_max", format!("{last} is below block_minutes ({first})")),
                false => ("block_minutes", format!("{first} is above block_minutes_max ({last})")),
            };
            section.conflict(at, problem);
        }
    }
}
