//! reCAPTCHA, of whichever version the secret is: answers of version 3 have a score, those of version 2 none, and the
//! visitor has no say in which it is.
//!
//! Source: <https://developers.google.com/recaptcha/docs/verify>, <https://developers.google.com/recaptcha/docs/v3>.

use std::time::Duration;

use super::provider::{Provider, Retry, Said, TellsAction, TellsScore, as_told};

pub(super) static RECAPTCHA: Provider = Provider {
    name: "recaptcha",
    url: Some(URL),
    fields: FIELDS,
    response_bytes_max: RESPONSE_BYTES_MAX,
    age_max: Duration::from_secs(2 * 60 + 5 * 60),
    retry: Retry::Unsent,
    tells_score: TellsScore::Sometimes,
    human_score: as_told,
    tells_action: TellsAction::WithScore,
    takes_site_key: false,
    codes: CODES,
};

pub(super) const URL: &str = "https://www.google.com/recaptcha/api/siteverify";

/// The widget's own; then the one that pages of version 3 fill themselves.
pub(super) const FIELDS: &[&str] = &["g-recaptcha-response", "recaptcha_token"];

/// They have grown over the years to some 2 KB, and no length is promised.
pub(super) const RESPONSE_BYTES_MAX: usize = 16 * 1024;

pub(super) const CODES: &[(&str, Said)] = &[
    ("missing-input-secret", Said::Misconfigured),
    ("invalid-input-secret", Said::Misconfigured),
    ("missing-input-response", Said::Invalid),
    ("invalid-input-response", Said::Invalid),
    ("bad-request", Said::Refused),
    ("timeout-or-duplicate", Said::Spent),
    // Of version 3, where the browser could not be looked at.
    ("browser-error", Said::Refused),
];
