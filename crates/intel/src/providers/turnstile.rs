//! Cloudflare Turnstile. The only one that may be asked twice about one response: a UUID says that it is the same question.
//!
//! Source: <https://developers.cloudflare.com/turnstile/get-started/server-side-validation/>.

use std::time::Duration;

use super::provider::{Provider, Retry, Said, TellsAction, TellsScore, as_told};

pub(super) static TURNSTILE: Provider = Provider {
    name: "turnstile",
    url: Some("https://challenges.cloudflare.com/turnstile/v0/siteverify"),
    // In its mode for pages that came from reCAPTCHA its widget fills the second.
    fields: &["cf-turnstile-response", "g-recaptcha-response"],
    response_bytes_max: 2048,
    // A response lives five minutes; the widget renews it by itself.
    age_max: Duration::from_secs(5 * 60),
    retry: Retry::WithKey,
    tells_score: TellsScore::Never,
    human_score: as_told,
    tells_action: TellsAction::Always,
    takes_site_key: false,
    codes: &[
        ("missing-input-secret", Said::Misconfigured),
        ("invalid-input-secret", Said::Misconfigured),
        ("missing-input-response", Said::Invalid),
        ("invalid-input-response", Said::Invalid),
        ("bad-request", Said::Refused),
        ("timeout-or-duplicate", Said::Spent),
        ("internal-error", Said::TryAgain),
    ],
};
