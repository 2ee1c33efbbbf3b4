//! The word of somebody else's CAPTCHA: reCAPTCHA, hCaptcha, Turnstile, or another installation of ours.
//!
//! A page that shows a provider's widget sends what the widget gave it in a form field ([`field`]); a [`Verifier`] asks
//! the provider whether it is good, and judges the answer by host, action, age and score. All of them are asked in the
//! same way (a form with `secret`, `response` and `remoteip`) and answer in the same shape, so a provider is data: one
//! file, and one line in [`PROVIDERS`].
//!
//! ```text
//!   response ──► checked here ──► breaker ──► asked, 3 s in all ──► read (answer) ──► judged ──► Outcome
//! ```
//!
//! A provider that says no, and one that says nothing, are told apart ([`Verdict`]): what follows from the second is the
//! caller's to say, route by route ([`OnFailure`]). Whatever a visitor can bring about is a no: nobody must be able to
//! open a door by making its lock fail.

pub mod answer;
pub mod breaker;
pub mod field;

mod hcaptcha;
mod judge;
mod outcome;
mod palisade;
mod provider;
mod recaptcha;
mod recaptcha_v2;
mod recaptcha_v3;
mod secret;
mod turnstile;
mod verifier;

use palisade_limits::Bound;

pub use breaker::BreakerSettings;
pub use judge::Ask;
pub use outcome::{Failure, OnFailure, Outcome, Refusal, Verdict};
pub use provider::{Provider, Retry, Said, TellsAction, TellsScore};
pub use secret::Secret;
pub use verifier::{Settings, SettingsError, Verifier};

/// All of them.
pub const PROVIDERS: &[&Provider] = &[
    &recaptcha::RECAPTCHA,
    &recaptcha_v2::RECAPTCHA_V2,
    &recaptcha_v3::RECAPTCHA_V3,
    &hcaptcha::HCAPTCHA,
    &turnstile::TURNSTILE,
    &palisade::PALISADE,
];

/// The provider that settings call `name`.
pub fn named(name: &str) -> Option<&'static Provider> {
    PROVIDERS.iter().copied().find(|provider| provider.name == name)
}

/// The named bounds of the questions to providers.
pub const BOUNDS: &[Bound] = &[
    Bound {
        name: "intel.provider_answer_bytes_max",
        value: answer::BYTES_MAX as u64,
        unit: "bytes",
        reason: "the longest documented answer is a few hundred; room for what an enterprise contract adds",
        when_full: "the answer counts as malformed",
    },
    Bound {
        name: "intel.provider_codes_max",
        value: answer::CODES_MAX as u64,
        unit: "error codes per answer",
        reason: "providers name one or two",
        when_full: "further codes are not read",
    },
    Bound {
        name: "intel.provider_asks_max",
        value: verifier::ASKS_MAX as u64,
        unit: "questions under way per provider",
        reason: "170 a second at a provider that answers as slowly as we wait; each holds a connection",
        when_full: "the next form is refused with `busy`, also where failures let forms through",
    },
    Bound {
        name: "intel.provider_requests_max",
        value: verifier::REQUESTS_MAX as u64,
        unit: "requests per question",
        reason: "one retry: who needs a third has an outage",
        when_full: "the provider counts as unavailable",
    },
    Bound {
        name: "intel.form_parts_max",
        value: field::PARTS_MAX as u64,
        unit: "fields of a form that are looked at",
        reason: "a hidden field stands among a few dozen, not behind thousands",
        when_full: "fields behind them are not found",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_and_none_twice() {
        for provider in PROVIDERS {
            assert!(std::ptr::eq(named(provider.name).unwrap(), *provider), "{}", provider.name);
        }
        assert!(named("none").is_none());
    }

    #[test]
    fn fields_of_providers_are_fields_of_forms() {
        for provider in PROVIDERS {
            assert!(!provider.fields.is_empty(), "{}", provider.name);
            for field in provider.fields {
                assert!(field::FIELDS.contains(field), "{}: {field}", provider.name);
            }
        }
    }
}
