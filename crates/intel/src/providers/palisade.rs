//! Another installation of ours, by its `/siteverify`: for sites whose widget is served by a Palisade elsewhere.

use std::time::Duration;

use super::provider::{Provider, Retry, Said, TellsAction, TellsScore, as_told};

pub(super) static PALISADE: Provider = Provider {
    name: "palisade",
    url: None,
    fields: &["captcha_token"],
    response_bytes_max: 4096,
    age_max: Duration::from_secs(5 * 60),
    retry: Retry::WithKey,
    tells_score: TellsScore::Sometimes,
    human_score: as_told,
    tells_action: TellsAction::Always,
    takes_site_key: false,
    codes: &[
        ("missing-input-secret", Said::Misconfigured),
        ("invalid-input-secret", Said::Misconfigured),
        ("missing-input-response", Said::Invalid),
        ("invalid-input-response", Said::Invalid),
        ("timeout-or-duplicate", Said::Spent),
        ("bad-request", Said::Refused),
        ("internal-error", Said::TryAgain),
    ],
};
