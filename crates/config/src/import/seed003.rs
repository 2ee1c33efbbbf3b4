//! Seed 003, the Flask decorator: `BOT_CONFIG` in `bot_detection.py`, and its environment.

use super::draft::{Done, Draft, Outcome};
use super::given::Given;
use super::table::{Form, Name, Table, becomes, dropped, nothing_left, switch};
use crate::value::quote_text;

const SITE_KEY: &str =
    "public, and part of the page: leave it there; our challenge page shows no provider's widget yet";
const TIMING: &str = "two requests 50 ms apart are a page and its picture; detection.request_gaps and detection.request_burst look at navigations and weigh them";

/// `BOT_CONFIG`.
pub(super) const PYTHON: Table = Table {
    seed: "003",
    file: "bot_detection.py",
    form: Form::Python,
    names: &[&[
        becomes("RECAPTCHA_ENABLED", "challenge.provider", |given, draft| match given.boolean()? {
            true => Ok(Outcome::Mapped("challenge.provider (set with the secret)".to_owned())),
            false => draft.set_text("challenge.provider", "none"),
        }),
        SECRET_KEY,
        dropped("RECAPTCHA_SITE_KEY", SITE_KEY),
        becomes(
            "RECAPTCHA_THRESHOLD",
            "challenge.recaptcha.threshold: higher is stricter, also there",
            threshold,
        ),
        becomes(
            "ENABLE_BEHAVIORAL_ANALYSIS",
            "detection.identical_bodies, .timing_regularity, .page_sequence",
            |given, draft| switch(given, draft, &["identical_bodies", "timing_regularity", "page_sequence"]),
        ),
        dropped(
            "SUSPICIOUS_PATTERN_THRESHOLD",
            "findings are weighed together into one score; policy.bands says where it counts",
        ),
        becomes(
            "ENABLE_UA_VALIDATION",
            "detection.ua_missing, .ua_program, .ua_automation, .ua_scanner",
            |given, draft| switch(given, draft, &["ua_missing", "ua_program", "ua_automation", "ua_scanner"]),
        ),
        becomes("BLOCK_EMPTY_UA", "detection.ua_missing", |given, draft| {
            switch(given, draft, &["ua_missing"])
        }),
        becomes("BLOCK_SUSPICIOUS_UA", "detection.ua_program, .ua_automation", |given, draft| {
            switch(given, draft, &["ua_program", "ua_automation"])
        }),
        becomes(
            "ENABLE_TIMING_ANALYSIS",
            "detection.request_gaps, .request_burst, .timing_regularity",
            |given, draft| switch(given, draft, &["request_gaps", "request_burst", "timing_regularity"]),
        ),
        dropped("MIN_REQUEST_TIME_MS", TIMING),
        dropped("TOO_FAST_THRESHOLD_MS", TIMING),
        becomes("ENABLE_HONEYPOT", "detection.honeypot_field", |given, draft| {
            switch(given, draft, &["honeypot_field"])
        }),
        becomes("HONEYPOT_FIELD_NAME", "sites.honeypot_fields", |given, draft| {
            draft.add("sites.honeypot_fields", given.items()?)
        }),
        dropped(
            "ENABLE_FINGERPRINTING",
            "headers are looked at one by one, and a fingerprint is only ever one piece of evidence: detection.fingerprint_spread",
        ),
        becomes("REQUIRE_JS_ENABLED", "detection.script_token", |given, draft| {
            switch(given, draft, &["script_token"])
        }),
    ]],
    finish: nothing_left,
};

/// Its environment.
pub(super) const DOTENV: Table = Table {
    seed: "003",
    file: "environment",
    form: Form::Dotenv,
    names: &[&[dropped("RECAPTCHA_SITE_KEY", SITE_KEY), SECRET_KEY]],
    finish: nothing_left,
};

const SECRET_KEY: Name = becomes(
    "RECAPTCHA_SECRET_KEY",
    "challenge.secret, in a file of its own, with challenge.provider = \"recaptcha\"",
    |given, draft| {
        let done = draft.keep_secret("challenge.secret", given)?;
        if !draft.has("challenge.provider") {
            draft.set_text("challenge.provider", "recaptcha")?;
        }
        Ok(done)
    },
);

fn threshold(given: &Given, draft: &mut Draft) -> Done {
    let number = given.number()?;
    match (0.0..=1.0).contains(&number) {
        true => draft.set("challenge.recaptcha.threshold", format!("{number:?}")),
        false => Err(format!("{} is not in 0.0..=1.0", quote_text(given.text()?))),
    }
}
