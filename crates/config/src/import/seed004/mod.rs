//! Seed 004, the scraping defence of many services: its `.env`.

mod dropped;

use palisade_model::ModelUri;

use super::draft::{Done, Draft, Outcome};
use super::given::{Foreign, Given, ImportError};
use super::table::{Form, Name, Table, becomes};
use crate::settings::{TrustedProxy, Upstream};
use crate::value::quote_text;

/// What a rate of another window is counted in here.
const MINUTE_SECONDS: u64 = 60;

/// Its `.env`.
pub(super) const DOTENV: Table =
    Table { seed: "004", file: ".env", form: Form::Dotenv, names: &[BECOMES, dropped::DROPPED], finish };

/// Names that set something.
const BECOMES: &[Name] = &[
    becomes("TENANT_ID", "server.tenant", |given, draft| draft.set_text("server.tenant", given.text()?)),
    // Who listens where.
    becomes("NGINX_HTTP_PORT", "server.listen", |given, draft| {
        draft.add("server.listen", [format!(":{}", given.port()?)])
    }),
    becomes("AI_SERVICE_PORT", "server.api: /webhook answers there", api_port),
    becomes("ESCALATION_ENGINE_PORT", "server.api: /escalate answers there", api_port),
    becomes("CONFIG_RECOMMENDER_PORT", "server.api: /recommendations answers there", api_port),
    becomes("ADMIN_UI_PORT", "server.desk", desk_port),
    becomes("CLOUD_DASHBOARD_PORT", "server.desk", desk_port),
    // Where requests go, and whom the gateway believes.
    becomes("REAL_BACKEND_HOSTS", "sites.upstreams", upstreams),
    becomes("REAL_BACKEND_HOST", "sites.upstreams, unless REAL_BACKEND_HOSTS is set", upstreams),
    becomes("SECURITY_TRUSTED_PROXY_CIDRS", "server.trusted_proxies", proxies),
    becomes("SECURITY_CDN_TRUSTED_PROXY_CIDRS", "server.trusted_proxies", proxies),
    // What is written into lists, and for how long.
    becomes("BLOCKLIST_TTL_SECONDS", "policy.entries.block_hours", |given, draft| {
        draft.set("policy.entries.block_hours", given.seconds_in(3600)?)
    }),
    becomes("THROTTLE_TTL", "policy.entries.throttle_minutes", throttle_minutes),
    becomes("THROTTLE_TTL_SECONDS", "policy.entries.throttle_minutes", throttle_minutes),
    becomes("THROTTLE_RATE", "policy.entries.throttle_per_minute", throttle_rate),
    becomes("THROTTLE_RATE_PER_MINUTE", "policy.entries.throttle_per_minute", throttle_rate),
    becomes("FLAGGED_IP_TTL", "policy.entries.flag_days", flag_days),
    becomes("FLAGGED_IP_TTL_SECONDS", "policy.entries.flag_days", flag_days),
    becomes("REPEAT_OFFENDER", "policy.entries.flags_to_block", flags),
    becomes("REPEAT_OFFENDER_THRESHOLD", "policy.entries.flags_to_block", flags),
    // Limits.
    becomes("RATE_LIMIT_PER_MINUTE", "limits.network_per_minute", |given, draft| {
        draft.set("limits.network_per_minute", given.whole()?)
    }),
    // Models and providers.
    becomes("MODEL_URI", "model.uri, for builtin: and model files of ours", model),
    becomes("TRUSTED_MODEL_DIR", "model.trusted_dir", |given, draft| {
        draft.set_text("model.trusted_dir", given.text()?)
    }),
    becomes(
        "CAPTCHA_SECRET",
        "challenge.secret, in a file of its own, with challenge.provider (recaptcha unless CAPTCHA_VERIFICATION_URL says otherwise)",
        |given, draft| draft.keep_secret("challenge.secret", given),
    ),
    becomes(
        "CAPTCHA_SECRET_FILE",
        "PALISADE_CHALLENGE__SECRET_FILE in the environment, with challenge.provider",
        |given, draft| secret_file(given, draft, "challenge.secret", "PALISADE_CHALLENGE__SECRET_FILE"),
    ),
    becomes("CAPTCHA_VERIFICATION_URL", "challenge.provider", provider),
    becomes("WEBHOOK_SHARED_SECRET", "api.webhook_secret, in a file of its own", |given, draft| {
        draft.keep_secret("api.webhook_secret", given)
    }),
    becomes(
        "WEBHOOK_SHARED_SECRET_FILE",
        "PALISADE_API__WEBHOOK_SECRET_FILE in the environment",
        |given, draft| secret_file(given, draft, "api.webhook_secret", "PALISADE_API__WEBHOOK_SECRET_FILE"),
    ),
];

fn api_port(given: &Given, draft: &mut Draft) -> Done {
    draft.add("server.api", [format!("127.0.0.1:{}", given.port()?)])
}

fn desk_port(given: &Given, draft: &mut Draft) -> Done {
    draft.add("server.desk", [format!("127.0.0.1:{}", given.port()?)])
}

fn upstreams(given: &Given, draft: &mut Draft) -> Done {
    let one = |text: &str| -> Result<Upstream, String> {
        // Its proxy took bare names and ports too, and spoke http to them.
        let with_scheme = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
        with_scheme.parse().map_err(|_| {
            format!("{} is no origin; Palisade sends to http://host:port, without a path", quote_text(text))
        })
    };
    let upstreams = given.items()?.into_iter().map(one).collect::<Result<Vec<_>, _>>()?;
    if given.name == "REAL_BACKEND_HOST" && draft.has("sites.upstreams") {
        return Ok(Outcome::Dropped("REAL_BACKEND_HOSTS is set and wins".to_owned()));
    }
    draft.add("sites.upstreams", upstreams)
}

fn proxies(given: &Given, draft: &mut Draft) -> Done {
    let proxies = given.items()?.into_iter().map(str::parse).collect::<Result<Vec<TrustedProxy>, _>>()?;
    draft.add("server.trusted_proxies", [TrustedProxy::Loopback].into_iter().chain(proxies))
}

fn throttle_minutes(given: &Given, draft: &mut Draft) -> Done {
    draft.set("policy.entries.throttle_minutes", given.seconds_in(MINUTE_SECONDS)?)
}

fn throttle_rate(given: &Given, draft: &mut Draft) -> Done {
    let text = given.text()?;
    let count = text.split_once('/').map_or(text, |(count, _)| count).trim();
    let given = Given { value: Foreign::Text(count.to_owned()), ..given.clone() };
    draft.set("policy.entries.throttle_per_minute", given.whole()?)
}

fn flag_days(given: &Given, draft: &mut Draft) -> Done {
    draft.set("policy.entries.flag_days", given.seconds_in(86_400)?)
}

fn flags(given: &Given, draft: &mut Draft) -> Done {
    draft.set("policy.entries.flags_to_block", given.whole()?)
}

fn model(given: &Given, draft: &mut Draft) -> Done {
    match ModelUri::parse(given.text()?) {
        Ok(uri) => draft.set_text("model.uri", uri),
        Err(why) => Ok(Outcome::Dropped(why.to_string())),
    }
}

fn provider(given: &Given, draft: &mut Draft) -> Done {
    let url = given.text()?.to_ascii_lowercase();
    let known = [("hcaptcha.com", "hcaptcha"), ("challenges.cloudflare.com", "turnstile")];
    let google = ["google.com/recaptcha", "recaptcha.net"];
    match known.iter().find(|(host, _)| url.contains(host)) {
        Some((_, name)) => draft.set_text("challenge.provider", name),
        None if google.iter().any(|host| url.contains(host)) => {
            draft.set_text("challenge.provider", "recaptcha")
        }
        None => Ok(Outcome::Dropped(
            "names none of recaptcha, hcaptcha, turnstile; their addresses are built in".to_owned(),
        )),
    }
}

/// A secret that lies in a file already: it stays there.
fn secret_file(given: &Given, draft: &mut Draft, key: &'static str, variable: &str) -> Done {
    if draft.secrets.iter().any(|secret| secret.key == key) {
        return Ok(Outcome::Dropped(format!("{key} comes from the value itself")));
    }
    draft.put_aside(key, given, key)?;
    Ok(Outcome::Dropped(format!("stays where it is: set {variable} to that path in the environment")))
}

/// Its CAPTCHA was reCAPTCHA where nothing else was said, and a secret is of use only to a provider with a name.
fn finish(draft: &mut Draft) -> Vec<ImportError> {
    const KEY: &str = "challenge.secret";
    let in_file = draft.aside.remove(KEY).map(|(_, source)| source);
    let source = draft.secrets.iter().find(|secret| secret.key == KEY).map(|secret| secret.source.clone());
    if let Some(source) = source.or(in_file)
        && !draft.has("challenge.provider")
    {
        draft.source = Some(source);
        let _ = draft.set_text("challenge.provider", "recaptcha");
    }
    Vec::new()
}
