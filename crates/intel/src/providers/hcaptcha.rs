//! hCaptcha. The score of its enterprise answers is a **risk**, 1.0 being a threat; it is turned round here.
//!
//! Its widget fills `g-recaptcha-response` too, for pages that came from reCAPTCHA.
//! Source: <https://docs.hcaptcha.com/#verify-the-user-response-server-side>.

use std::time::Duration;

use super::provider::{Provider, Retry, Said, TellsAction, TellsScore};

pub(super) static HCAPTCHA: Provider = Provider {
    name: "hcaptcha",
    url: Some("https://api.hcaptcha.com/siteverify"),
    fields: &["h-captcha-response", "g-recaptcha-response"],
    // Some kilobytes; no length is promised.
    response_bytes_max: 16 * 1024,
    // A response lives two minutes; the time told is that of the challenge, and pictures take a while.
    age_max: Duration::from_secs(2 * 60 + 5 * 60),
    retry: Retry::Unsent,
    tells_score: TellsScore::Sometimes,
    human_score: |risk| 1.0 - risk,
    tells_action: TellsAction::Never,
    takes_site_key: true,
    codes: &[
        ("missing-input-secret", Said::Misconfigured),
        ("invalid-input-secret", Said::Misconfigured),
        ("missing-input-response", Said::Invalid),
        ("invalid-input-response", Said::Invalid),
        ("expired-input-response", Said::Spent),
        ("already-seen-response", Said::Spent),
        ("invalid-or-already-seen-response", Said::Spent),
        ("bad-request", Said::Refused),
        // Only public addresses are sent, so these are ours to mend.
        ("missing-remoteip", Said::Misconfigured),
        ("invalid-remoteip", Said::Misconfigured),
        // With the secret for tests, everything but the response for tests is refused.
        ("not-using-dummy-passcode", Said::Refused),
        ("not-using-dummy-secret", Said::Refused),
        // Whoever solves somebody else's widget brings this about: it must be a no.
        ("sitekey-secret-mismatch", Said::Refused),
    ],
};
