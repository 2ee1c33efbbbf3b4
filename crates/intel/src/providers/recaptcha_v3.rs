//! reCAPTCHA v3: nothing to see, and a score from 0.0 (a program) to 1.0 (a person): a higher threshold is stricter.
//!
//! Source: <https://developers.google.com/recaptcha/docs/v3>.

use std::time::Duration;

use super::provider::{Provider, Retry, TellsAction, TellsScore, as_told};
use super::recaptcha::{CODES, FIELDS, RESPONSE_BYTES_MAX, URL};

pub(super) static RECAPTCHA_V3: Provider = Provider {
    name: "recaptcha-v3",
    url: Some(URL),
    fields: FIELDS,
    response_bytes_max: RESPONSE_BYTES_MAX,
    // A response lives two minutes, and nothing is solved.
    age_max: Duration::from_secs(2 * 60),
    retry: Retry::Unsent,
    tells_score: TellsScore::Always,
    human_score: as_told,
    tells_action: TellsAction::Always,
    takes_site_key: false,
    codes: CODES,
};
