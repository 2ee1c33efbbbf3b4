//! reCAPTCHA v2: a box to tick, or pictures. Its answers have neither score nor action.
//!
//! Source: <https://developers.google.com/recaptcha/docs/verify>.

use std::time::Duration;

use super::provider::{Provider, Retry, TellsAction, TellsScore, as_told};
use super::recaptcha::{CODES, FIELDS, RESPONSE_BYTES_MAX, URL};

pub(super) static RECAPTCHA_V2: Provider = Provider {
    name: "recaptcha-v2",
    url: Some(URL),
    fields: FIELDS,
    response_bytes_max: RESPONSE_BYTES_MAX,
    // A response lives two minutes; the time told is that of the challenge's load, and pictures take a while.
    age_max: Duration::from_secs(2 * 60 + 5 * 60),
    retry: Retry::Unsent,
    tells_score: TellsScore::Never,
    human_score: as_told,
    tells_action: TellsAction::Never,
    takes_site_key: false,
    codes: CODES,
};
