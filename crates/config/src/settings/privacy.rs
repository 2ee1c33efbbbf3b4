//! `[privacy]`: how long things about people are kept.

use crate::section::Section;

/// Ten years: longer is a typing mistake.
const DAYS_MAX: i64 = 3650;

/// `[privacy]`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PrivacySettings {
    /// Days until an event is deleted, 0..=3650.
    pub retain_events_days: u16,
    /// Days until addresses in events are shortened or hashed, 0..=3650.
    pub retain_addresses_days: u16,
}

impl Default for PrivacySettings {
    fn default() -> Self {
        PrivacySettings { retain_events_days: 30, retain_addresses_days: 7 }
    }
}

impl PrivacySettings {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        let default = PrivacySettings::default();
        let days = 0..=DAYS_MAX;
        PrivacySettings {
            retain_events_days: section.integer("retain_events_days", default.retain_events_days, &days),
            retain_addresses_days: section.integer(
                "retain_addresses_days",
                default.retain_addresses_days,
                &days,
            ),
        }
    }
}
