//! `[detection]`: one table per detector.

use std::collections::BTreeMap;

use crate::section::Section;

/// One of `[detection.NAME]`
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DetectorSettings {
    /// Whether it looks at all.
    pub enabled: bool,
    /// What its evidence is multiplied with, 0.0..=4.0.
    pub weight: f64,
    /// Whether it is shown without counting; `None` leaves it as it ships.
    pub dry_run: Option<bool>,
}

impl Default for DetectorSettings {
    fn default() -> Self {
        DetectorSettings { enabled: true, weight: 1.0, dry_run: None }
    }
}

/// `[detection]`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DetectionSettings {
    /// Every detector the caller named.
    pub detectors: BTreeMap<String, DetectorSettings>,
}

impl DetectionSettings {
    /// The settings of detector `name`.
    pub fn of(&self, name: &str) -> DetectorSettings {
        self.detectors.get(name).copied().unwrap_or_default()
    }

    pub(super) fn read(section: &mut Section<'_>, detectors: &[&str]) -> Self {
        let read = |name: &&str| ((*name).to_owned(), section.table(name, DetectorSettings::read));
        DetectionSettings { detectors: detectors.iter().map(read).collect() }
    }
}

impl DetectorSettings {
    fn read(section: &mut Section<'_>) -> Self {
        let default = DetectorSettings::default();
        DetectorSettings {
            enabled: section.boolean("enabled", default.enabled),
            weight: section.number("weight", default.weight, &(0.0..=4.0)),
            dry_run: section.boolean_option("dry_run"),
        }
    }
}
