//! Entries that follow from what a client did: the wishes of rules and bands, and blocks for repeated trouble.
//!
//! An entry holds here from the moment it was decided, so that the next request meets it whether or not the store has
//! written it yet, and a replay as the live run. Once the lists have shown the entry and show it no more, an operator
//! has taken it back, and it is forgotten here too.

use palisade_domain::{Rate, Timestamp};

use crate::lists::{ListEffect, ListEntry};
use crate::ruleset::EntryKind;

mod kept;

pub(crate) use kept::KEPT_BYTES;

const MINUTE_MS: u64 = 60_000;
const HOUR_MS: u64 = 60 * MINUTE_MS;
const DAY_MS: u64 = 24 * HOUR_MS;

/// How long and how much entries are, and when they are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntrySettings {
    /// How long `entry = "block"` refuses.
    pub block_ms: u64,
    /// Requests a minute that `entry = "throttle"` lets pass.
    pub throttle: Rate,
    /// How long it does.
    pub throttle_ms: u64,
    /// How long `entry = "flag"` watches.
    pub flag_ms: u64,
    /// Flags from which a network is blocked; 0 for never.
    pub flags_max: u32,
    /// Exceeded limits from which a network is blocked; 0 for never.
    pub violations_max: u32,
    /// How long the first such block is; each further one is twice as long.
    pub escalated_ms: u64,
    /// The longest one.
    pub escalated_ms_max: u64,
    /// Networks that several people share get no blocks and rates, only flags.
    pub spare_shared: bool,
    /// What the bands have written, beside their action.
    pub bands: BandEntries,
}

/// Entries that bands have written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BandEntries {
    /// Scores in the monitor band.
    pub monitor: Option<EntryKind>,
    /// Scores in the challenge band.
    pub challenge: Option<EntryKind>,
    /// Scores in the block band.
    pub block: Option<EntryKind>,
}

impl Default for EntrySettings {
    /// Block 24 h, throttle 10/min for 15 min, flag 7 days; three flags or 100 exceeded limits block for an hour, twice
    /// as long each time up to a week. Bands write nothing; shared networks are spared.
    fn default() -> Self {
        EntrySettings {
            block_ms: DAY_MS,
            throttle: Rate(10),
            throttle_ms: 15 * MINUTE_MS,
            flag_ms: 7 * DAY_MS,
            flags_max: 3,
            violations_max: 100,
            escalated_ms: HOUR_MS,
            escalated_ms_max: 7 * DAY_MS,
            spare_shared: true,
            bands: BandEntries::default(),
        }
    }
}

/// A flag so soon after another is the same occasion.
const OCCASION_MS: u64 = 10 * MINUTE_MS;

/// What was counted this long ago is over; so is the doubling, this long after the end of a block.
const FORGOTTEN_MS: u64 = 7 * DAY_MS;

/// One network's past trouble.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Trouble {
    last_ms: u64,
    last_flag_ms: u64,
    violations: u32,
    flags: u32,
    blocks: u8,
    /// The entry that holds.
    effect: Option<ListEffect>,
    until_ms: u64,
    /// The lists have shown it.
    listed: bool,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// A limit was exceeded.
    Violation,
    /// A rule or band has an entry written, and why.
    Wish(EntryKind, &'static str),
}

/// An entry to be written, and why.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Written {
    pub(crate) effect: ListEffect,
    pub(crate) until: Timestamp,
    pub(crate) reason: &'static str,
}

impl Trouble {
    /// True where an entry may hold.
    pub(crate) fn has_entry(&self) -> bool {
        self.effect.is_some()
    }

    /// The effect that holds at `now`, and until when. `listed` is what the lists say of the same network.
    pub(crate) fn holding(
        &mut self,
        now: Timestamp,
        listed: Option<&ListEntry>,
    ) -> Option<(ListEffect, Timestamp)> {
        let effect = self.effect?;
        let until = time(self.until_ms);
        if now >= until {
            self.effect = None;
            return None;
        }
        let shown = listed.is_some_and(|entry| entry.effect == effect && entry.expires_at == Some(until));
        if self.listed && !shown {
            *self = Trouble::default();
            return None;
        }
        self.listed |= shown;
        Some((effect, until))
    }

    /// The lists hold the entry with this effect and end.
    pub(crate) fn is_listed(&mut self, effect: ListEffect, until: Timestamp) {
        self.listed |= self.effect == Some(effect) && time(self.until_ms) == until;
    }

    /// Notes what happened; the entry that follows, where none as harsh holds already.
    pub(crate) fn note(
        &mut self,
        event: Event,
        settings: &EntrySettings,
        shared: bool,
        now: Timestamp,
    ) -> Option<Written> {
        let now_ms = ms(now).max(self.last_ms);
        if now_ms.saturating_sub(self.last_ms.max(self.until_ms)) > FORGOTTEN_MS {
            *self = Trouble::default();
        }
        self.last_ms = now_ms;
        let spared = shared && settings.spare_shared;
        match event {
            Event::Violation => self.violations = self.violations.saturating_add(1),
            Event::Wish(EntryKind::Flag, reason) => return self.flag(settings, spared, now_ms, reason),
            Event::Wish(..) if spared => return None,
            Event::Wish(EntryKind::Block, reason) => {
                return self.write(ListEffect::Block, now_ms, settings.block_ms, reason);
            }
            Event::Wish(EntryKind::Throttle, reason) => {
                let effect = ListEffect::Throttle(settings.throttle);
                return self.write(effect, now_ms, settings.throttle_ms, reason);
            }
        }
        let enough = settings.violations_max > 0 && self.violations >= settings.violations_max;
        (enough && !spared).then(|| self.escalate(settings, now_ms, "too many exceeded limits")).flatten()
    }

    fn flag(
        &mut self,
        settings: &EntrySettings,
        spared: bool,
        now_ms: u64,
        reason: &'static str,
    ) -> Option<Written> {
        let first = self.flags == 0;
        if !first && now_ms < self.last_flag_ms.saturating_add(OCCASION_MS) {
            return None;
        }
        self.last_flag_ms = now_ms;
        self.flags = self.flags.saturating_add(1);
        if settings.flags_max > 0 && self.flags >= settings.flags_max && !spared {
            return self.escalate(settings, now_ms, "flagged again and again");
        }
        self.write(ListEffect::Flag, now_ms, settings.flag_ms, reason)
    }

    fn escalate(&mut self, settings: &EntrySettings, now_ms: u64, reason: &'static str) -> Option<Written> {
        let doubled = settings.escalated_ms.saturating_mul(1 << self.blocks.min(20));
        let written =
            self.write(ListEffect::Block, now_ms, doubled.min(settings.escalated_ms_max), reason)?;
        (self.violations, self.flags) = (0, 0);
        self.blocks = self.blocks.saturating_add(1);
        Some(written)
    }

    fn write(
        &mut self,
        effect: ListEffect,
        now_ms: u64,
        lasts_ms: u64,
        reason: &'static str,
    ) -> Option<Written> {
        let harsher = self.effect.is_some_and(|held| harshness(held) >= harshness(effect));
        if harsher && now_ms < self.until_ms {
            return None;
        }
        self.effect = Some(effect);
        self.until_ms = now_ms.saturating_add(lasts_ms);
        self.listed = false;
        Some(Written { effect, until: time(self.until_ms), reason })
    }
}

fn harshness(effect: ListEffect) -> u8 {
    match effect {
        ListEffect::Allow => 0,
        ListEffect::Flag => 1,
        ListEffect::Throttle(_) => 2,
        ListEffect::Block => 3,
    }
}

fn time(ms: u64) -> Timestamp {
    Timestamp::from_millis(i64::try_from(ms).unwrap_or(i64::MAX))
}

fn ms(time: Timestamp) -> u64 {
    u64::try_from(time.millis()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: EntrySettings = EntrySettings {
        block_ms: DAY_MS,
        throttle: Rate(10),
        throttle_ms: 15 * MINUTE_MS,
        flag_ms: 7 * DAY_MS,
        flags_max: 3,
        violations_max: 100,
        escalated_ms: HOUR_MS,
        escalated_ms_max: 7 * DAY_MS,
        spare_shared: true,
        bands: BandEntries { monitor: None, challenge: None, block: None },
    };

    /// Violations at `from_ms` until an entry follows; how many it took, and how long the entry lasts.
    fn provoke(trouble: &mut Trouble, from_ms: u64) -> (u32, u64) {
        for n in 1..=500 {
            if let Some(written) = trouble.note(Event::Violation, &SETTINGS, false, time(from_ms)) {
                assert_eq!(written.effect, ListEffect::Block);
                return (n, ms(written.until) - from_ms);
            }
        }
        (500, 0)
    }

    #[test]
    fn a_hundred_violations_block_and_each_block_is_twice_as_long() {
        assert_eq!(SETTINGS, EntrySettings::default());
        let (mut trouble, mut now_ms) = (Trouble::default(), 1_000);
        for doubled in [1, 2, 4, 8, 16, 32, 64, 128, 168, 168] {
            let (took, lasts_ms) = provoke(&mut trouble, now_ms);
            assert_eq!((took, lasts_ms), (100, doubled * HOUR_MS));
            now_ms += lasts_ms;
        }
        assert_eq!(provoke(&mut trouble, now_ms + 8 * 7 * DAY_MS).1, HOUR_MS, "an old story");
    }

    #[test]
    fn three_flags_on_different_occasions_block() {
        let mut trouble = Trouble::default();
        let mut flag =
            |at_ms| trouble.note(Event::Wish(EntryKind::Flag, "a test"), &SETTINGS, false, time(at_ms));
        let effect = |written: Option<Written>| written.map(|written| written.effect);
        assert_eq!(effect(flag(0)), Some(ListEffect::Flag));
        assert_eq!(effect(flag(OCCASION_MS - 1)), None, "the same occasion");
        assert_eq!(effect(flag(OCCASION_MS)), None, "flagged already, and counted");
        assert_eq!(effect(flag(2 * OCCASION_MS)), Some(ListEffect::Block));
    }

    #[test]
    fn shared_networks_are_watched_and_nothing_more() {
        let mut trouble = Trouble::default();
        for n in 0..500 {
            assert_eq!(trouble.note(Event::Violation, &SETTINGS, true, time(n)), None);
        }
        assert_eq!(trouble.note(Event::Wish(EntryKind::Block, "a test"), &SETTINGS, true, time(1)), None);
        let flagged = trouble.note(Event::Wish(EntryKind::Flag, "a test"), &SETTINGS, true, time(1));
        assert_eq!(flagged.map(|written| written.effect), Some(ListEffect::Flag));
    }

    #[test]
    fn an_entry_holds_at_once_and_until_it_is_taken_back() {
        let mut trouble = Trouble::default();
        let written =
            trouble.note(Event::Wish(EntryKind::Block, "a test"), &SETTINGS, false, time(5)).unwrap();
        let entry = ListEntry {
            network: "192.0.2.1".parse().unwrap(),
            effect: written.effect,
            expires_at: Some(written.until),
            by_operator: false,
        };
        let holds = Some((ListEffect::Block, written.until));
        assert_eq!(trouble.holding(time(6), None), holds, "not written yet");
        assert_eq!(trouble.holding(time(7), Some(&entry)), holds, "written");
        assert_eq!(trouble.holding(time(8), None), None, "taken back");
        assert_eq!(trouble.holding(time(9), None), None);
        let mut trouble = Trouble::default();
        let written =
            trouble.note(Event::Wish(EntryKind::Block, "a test"), &SETTINGS, false, time(5)).unwrap();
        trouble.is_listed(written.effect, time(1));
        assert!(trouble.holding(time(6), None).is_some(), "another entry was listed");
        trouble.is_listed(written.effect, written.until);
        assert_eq!(trouble.holding(time(7), None), None, "listed, and taken back before anybody came");
        let mut trouble = Trouble::default();
        let written =
            trouble.note(Event::Wish(EntryKind::Throttle, "a test"), &SETTINGS, false, time(5)).unwrap();
        assert_eq!(trouble.holding(written.until, None), None, "over");
    }
}
