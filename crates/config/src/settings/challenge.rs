//! `[challenge]`: how doubt is settled.

use super::Secret;
use crate::section::Section;
use crate::value::one_of;

const STEPS: [&str; 4] = ["behaviour", "work", "no-script", "text"];
const PROVIDERS: [&str; 4] = ["none", "recaptcha", "hcaptcha", "turnstile"];

/// `[challenge]`
#[derive(Clone, Debug, PartialEq)]
pub struct ChallengeSettings {
    /// The steps of the ladder, mildest first: `behaviour`, `work`, `no-script`, `text`.
    pub ladder: Vec<&'static str>,
    /// An external provider: `none`, `recaptcha`, `hcaptcha`, `turnstile`.
    pub provider: &'static str,
    /// The provider's secret; without it the provider is skipped and that is logged.
    pub secret: Option<Secret>,
    /// Lowest reCAPTCHA score taken for a person, 0.0..=1.0: higher is stricter.
    pub recaptcha_threshold: f64,
    /// Whether every challenge can be passed by test keys. Never on a live site.
    pub testing: bool,
}

impl Default for ChallengeSettings {
    fn default() -> Self {
        ChallengeSettings {
            ladder: vec!["behaviour", "work", "no-script"],
            provider: "none",
            secret: None,
            recaptcha_threshold: 0.5,
            testing: false,
        }
    }
}

impl ChallengeSettings {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        let default = ChallengeSettings::default();
        let settings = ChallengeSettings {
            ladder: section.list("ladder", default.ladder, |text| one_of(text, &STEPS)),
            provider: section.word("provider", default.provider, &PROVIDERS),
            secret: section.secret("secret", Secret::parse),
            recaptcha_threshold: section.table("recaptcha", |section| {
                section.number("threshold", default.recaptcha_threshold, &(0.0..=1.0))
            }),
            testing: section.boolean("testing", default.testing),
        };
        if settings.secret.is_some() && settings.provider == "none" {
            section.conflict("secret", format!("needs challenge.provider: {}", PROVIDERS[1..].join(", ")));
        }
        settings
    }
}
