//! The four ways to begin.

use std::str::FromStr;

use crate::Bands;
use crate::classes::ClassTable;

/// A complete policy with a name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Preset {
    /// Welcome programs pass up to a rate, doubtful browsers are challenged, attacks refused.
    #[default]
    Balanced,
    /// As balanced, with lower bands and tools kept out of pages.
    Strict,
    /// As balanced, but AI crawlers are refused.
    AiCrawlersOut,
    /// Looks and reports; changes no request at all.
    Observe,
}

impl Preset {
    /// Every preset, in the order of reports.
    pub const ALL: [Preset; 4] = [Preset::Balanced, Preset::Strict, Preset::AiCrawlersOut, Preset::Observe];

    /// The name used in configuration.
    pub fn name(self) -> &'static str {
        match self {
            Preset::Balanced => "balanced",
            Preset::Strict => "strict",
            Preset::AiCrawlersOut => "ai-crawlers-out",
            Preset::Observe => "observe",
        }
    }

    /// One sentence for reports.
    pub fn summary(self) -> &'static str {
        match self {
            Preset::Balanced => "welcome programs pass, doubtful browsers are challenged, attacks refused",
            Preset::Strict => "lower bands, tools and libraries kept off pages",
            Preset::AiCrawlersOut => "balanced, and AI crawlers refused",
            Preset::Observe => "looks and reports, changes nothing",
        }
    }

    /// Its bands where none are configured.
    pub fn bands(self) -> Bands {
        match self {
            Preset::Strict => Bands::new(40, 60, 80).expect("40 < 60 < 80"),
            Preset::Balanced | Preset::AiCrawlersOut | Preset::Observe => Bands::default(),
        }
    }

    /// What it does with clients that say they are programs.
    pub fn classes(self) -> &'static ClassTable {
        match self {
            Preset::Balanced | Preset::Observe => &ClassTable::BALANCED,
            Preset::Strict => &ClassTable::STRICT,
            Preset::AiCrawlersOut => &ClassTable::AI_CRAWLERS_OUT,
        }
    }
}

impl FromStr for Preset {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Preset::ALL.into_iter().find(|preset| preset.name() == text).ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for preset in Preset::ALL {
            assert_eq!(preset.name().parse(), Ok(preset));
        }
        assert!("lenient".parse::<Preset>().is_err());
    }
}
