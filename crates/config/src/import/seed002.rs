//! Seed 002, the scoring API: `config.yaml` and its environment.
//!
//! Its README names the groups of `config.yaml` but few keys; the others here are the usual spellings of what the
//! groups are said to hold.

use std::net::{IpAddr, SocketAddr};

use super::draft::{Done, Draft, Outcome, Source};
use super::given::{Given, ImportError};
use super::table::{Form, Table, becomes, dropped, nothing_left};
use crate::value::quote_text;

/// Its port where nobody says otherwise.
const PORT: u16 = 8000;
/// Where the secret of a provider is kept.
const SECRET: &str = "challenge.secret";

const DATABASE: &str = "records lie in the data folder: `--data DIR`, ./palisade-data where nothing is said; old rows are not read";
const LEARNING: &str = "a model is trained beside the site from labels, checked and then promoted; nothing learns inside a request";

/// Its environment.
pub(super) const DOTENV: Table = Table {
    seed: "002",
    file: "environment",
    form: Form::Dotenv,
    names: &[&[
        dropped("DB_PATH", DATABASE),
        becomes(
            "CAPTCHA_SECRET",
            "challenge.secret, in a file of its own; needs challenge.provider",
            |given, draft| draft.keep_secret(SECRET, given),
        ),
        becomes("API_HOST", "server.api", host),
        becomes("API_PORT", "server.api", port),
    ]],
    finish,
};

/// `config.yaml`.
pub(super) const YAML: Table = Table {
    seed: "002",
    file: "config.yaml",
    form: Form::Yaml,
    names: &[&[
        becomes("detection.monitor_threshold", "policy.bands.monitor", |given, draft| {
            draft.set("policy.bands.monitor", score(given)?)
        }),
        becomes("detection.challenge_threshold", "policy.bands.challenge", |given, draft| {
            draft.set("policy.bands.challenge", score(given)?)
        }),
        becomes("detection.block_threshold", "policy.bands.block", |given, draft| {
            draft.set("policy.bands.block", score(given)?)
        }),
        dropped(
            "detection.*",
            "detectors have tables of their own, [detection.NAME] with enabled and weight; docs/detectors lists them",
        ),
        becomes("captcha.provider", "challenge.provider", provider),
        becomes("captcha.secret", "challenge.secret, in a file of its own", |given, draft| {
            draft.keep_secret(SECRET, given)
        }),
        becomes("captcha.secret_key", "challenge.secret, in a file of its own", |given, draft| {
            draft.keep_secret(SECRET, given)
        }),
        becomes("captcha.min_score", "challenge.recaptcha.threshold", |given, draft| {
            draft.set("challenge.recaptcha.threshold", given.number()?)
        }),
        dropped("captcha.site_key", "the challenge page does not show a provider's widget yet"),
        dropped("captcha.*", "tokens are one-time and expire by themselves"),
        becomes("rate_limit.requests_per_minute", "limits.network_per_minute", per_minute),
        becomes("rate_limiting.requests_per_minute", "limits.network_per_minute", per_minute),
        dropped(
            "rate_limit.*",
            "write [limits] network_per_minute, or paths = [{ path = \"/login\", per_minute = 20 }]",
        ),
        dropped(
            "rate_limiting.*",
            "write [limits] network_per_minute, or paths = [{ path = \"/login\", per_minute = 20 }]",
        ),
        dropped("deep_learning.*", LEARNING),
        dropped("model.*", LEARNING),
        becomes("database.retention_days", "privacy.retain_events_days", |given, draft| {
            draft.set("privacy.retain_events_days", given.whole()?)
        }),
        becomes("database.cleanup_days", "privacy.retain_events_days", |given, draft| {
            draft.set("privacy.retain_events_days", given.whole()?)
        }),
        dropped("database.*", DATABASE),
        becomes("api.host", "server.api", host),
        becomes("api.port", "server.api", port),
        dropped(
            "whitelist*",
            "allowed addresses are list entries: `palisade list add ADDRESS --effect allow`",
        ),
        dropped(
            "ip_whitelist*",
            "allowed addresses are list entries: `palisade list add ADDRESS --effect allow`",
        ),
    ]],
    finish,
};

fn host(given: &Given, draft: &mut Draft) -> Done {
    let text = given.text()?;
    let host = if text == "localhost" { "127.0.0.1" } else { text };
    if host.parse::<IpAddr>().is_err() {
        return Err(format!("{} is no address; write 127.0.0.1 or 0.0.0.0", quote_text(text)));
    }
    draft.put_aside("host", given, "server.api")
}

fn port(given: &Given, draft: &mut Draft) -> Done {
    given.port()?;
    draft.put_aside("port", given, "server.api")
}

/// A score of 0..=100, as a whole number.
fn score(given: &Given) -> Result<u64, String> {
    let number = given.number()?;
    match (0.0..=100.0).contains(&number) {
        true => Ok(number.round() as u64),
        false => Err(format!("{number} is not in 0..=100")),
    }
}

fn per_minute(given: &Given, draft: &mut Draft) -> Done {
    draft.set("limits.network_per_minute", given.whole()?)
}

fn provider(given: &Given, draft: &mut Draft) -> Done {
    let text = given.text()?;
    let squeezed: String =
        text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    let name = match squeezed.as_str() {
        "recaptcha" | "googlerecaptcha" | "google" | "recaptchav2" | "recaptchav3" => "recaptcha",
        "hcaptcha" => "hcaptcha",
        "turnstile" | "cloudflareturnstile" | "cloudflare" => "turnstile",
        "none" | "internal" | "builtin" => {
            return Ok(Outcome::Dropped("our own challenges need no provider".to_owned()));
        }
        _ => return Err(format!("{} is none of recaptcha, hcaptcha, turnstile", quote_text(text))),
    };
    draft.set_text("challenge.provider", name)
}

/// Host and port are one setting here; without either it listened on port 8000.
fn finish(draft: &mut Draft) -> Vec<ImportError> {
    let host = draft.aside.remove("host");
    let port = draft.aside.remove("port");
    let here = IpAddr::from([127, 0, 0, 1]);
    let parsed_host = host.as_ref().and_then(|(text, _)| text.parse().ok()).unwrap_or(here);
    let parsed_port = port.as_ref().and_then(|(text, _)| text.parse().ok()).unwrap_or(PORT);
    let sources: [Option<Source>; 2] = [host.map(|(_, source)| source), port.map(|(_, source)| source)];
    let address = SocketAddr::new(parsed_host, parsed_port);
    if sources.iter().all(Option::is_none) {
        draft.source = None;
    }
    for source in sources.into_iter().flatten() {
        draft.source = Some(source);
        let _ = draft.add("server.api", [address]);
    }
    if !draft.has("server.api") {
        let _ = draft.add("server.api", [address]);
    }
    draft.source = None;
    nothing_left(draft)
}
