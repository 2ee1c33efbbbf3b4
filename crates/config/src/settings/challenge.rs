//! `[challenge]`: how doubt is settled.

use super::Secret;
use super::site::parse_path;
use crate::bounds::LIST_ITEMS_MAX;
use crate::section::Section;
use crate::value::one_of;

const STEPS: [&str; 4] = ["behaviour", "work", "no-script", "text"];
const PROVIDERS: [&str; 6] = ["none", "recaptcha", "recaptcha-v2", "recaptcha-v3", "hcaptcha", "turnstile"];
const ALGORITHMS: [&str; 2] = ["RS256", "EdDSA"];

/// `[challenge]`
#[derive(Clone, Debug, PartialEq)]
pub struct ChallengeSettings {
    /// The steps of the ladder, mildest first: `behaviour`, `work`, `no-script`, `text`. Empty: nobody is challenged.
    pub ladder: Vec<&'static str>,
    /// How long a pass holds, hours, 1..=720.
    pub pass_hours: u32,
    /// Passes of another epoch hold no longer: raise it to challenge everybody again.
    pub epoch: u32,
    /// How result tokens are signed: `RS256`, which the oldest libraries read, or `EdDSA`.
    pub algorithm: &'static str,
    /// Share of interactions that are kept for training where the page asks for it, 0.0..=1.0.
    pub save_sample: f64,
    /// Lowest score that `/siteverify` calls a success where its caller looks at nothing else (Turnstile, hCaptcha, reCAPTCHA
    /// v2), 0.0..=1.0. With 0.0 the score is told, and the caller decides.
    pub siteverify_score_min: f64,
    /// An external provider: `none`, `recaptcha` (v2 or v3, by what it answers), `recaptcha-v2`, `recaptcha-v3`, `hcaptcha`, `turnstile`.
    pub provider: &'static str,
    /// The provider's secret; without it the provider is skipped and that is logged.
    pub secret: Option<Secret>,
    /// Where the provider is asked, instead of its usual address: `https://…`, or `http://` on this machine.
    pub provider_url: Option<String>,
    /// Lowest reCAPTCHA score taken for a person, 0.0..=1.0: higher is stricter.
    pub recaptcha_threshold: f64,
    /// How the page looks.
    pub theme: ThemeSettings,
    /// What it says of the page in whose place it stands.
    pub open_graph: OpenGraphSettings,
    /// Paths on which a POST needs a token.
    pub require_token: Vec<RequireTokenSettings>,
    /// Whether every challenge can be passed by test keys. Never on a live site.
    pub testing: bool,
}

/// `[challenge.theme]`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ThemeSettings {
    /// The site's name, above the heading.
    pub name: Option<String>,
    /// Accent colour, `#rgb` or `#rrggbb`.
    pub accent: Option<String>,
    /// The same in dark mode.
    pub accent_dark: Option<String>,
    /// Appended to the page's style.
    pub css: Option<String>,
}

/// `[challenge.open_graph]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenGraphSettings {
    /// Whether the site is asked for the tags of a page that is challenged.
    pub enabled: bool,
    /// How long they are good, seconds, 60..=604800.
    pub cache_secs: u32,
    /// Whether pages that differ in their query are different pages; else the site is asked without it.
    pub query: bool,
    /// Tags of every page, name and text each, in place of the site's own.
    pub tags: Vec<(String, String)>,
}

/// One of `[challenge] require_token`
#[derive(Clone, Debug, PartialEq)]
pub struct RequireTokenSettings {
    /// The path, and everything below it.
    pub path: String,
    /// Whether a request passes when the provider cannot be asked: `open` or `closed`.
    pub fails_open: bool,
    /// Lowest human score of a token, 0.0..=1.0; without it the provider's threshold, or 0.5.
    pub score_min: Option<f64>,
    /// The action that the token must have been made for; none asks for none.
    pub action: Option<String>,
}

impl Default for ChallengeSettings {
    fn default() -> Self {
        ChallengeSettings {
            ladder: vec!["behaviour", "work", "no-script"],
            pass_hours: 24,
            epoch: 1,
            algorithm: ALGORITHMS[0],
            save_sample: 0.0,
            siteverify_score_min: 0.1,
            provider: "none",
            secret: None,
            provider_url: None,
            recaptcha_threshold: 0.5,
            theme: ThemeSettings::default(),
            open_graph: OpenGraphSettings::default(),
            require_token: Vec::new(),
            testing: false,
        }
    }
}

impl Default for OpenGraphSettings {
    fn default() -> Self {
        OpenGraphSettings { enabled: false, cache_secs: 3_600, query: false, tags: Vec::new() }
    }
}

impl ChallengeSettings {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        let default = ChallengeSettings::default();
        let settings = ChallengeSettings {
            ladder: section.list("ladder", default.ladder, |text| one_of(text, &STEPS)),
            pass_hours: section.integer("pass_hours", default.pass_hours, &(1..=720)),
            epoch: section.integer("epoch", default.epoch, &(1..=i64::from(u32::MAX))),
            algorithm: section.word("algorithm", default.algorithm, &ALGORITHMS),
            save_sample: section.number("save_sample", default.save_sample, &(0.0..=1.0)),
            siteverify_score_min: section.number(
                "siteverify_score_min",
                default.siteverify_score_min,
                &(0.0..=1.0),
            ),
            provider: section.word("provider", default.provider, &PROVIDERS),
            secret: section.secret("secret", Secret::parse),
            provider_url: section.text_option("provider_url", provider_url),
            recaptcha_threshold: section.table("recaptcha", |section| {
                section.number("threshold", default.recaptcha_threshold, &(0.0..=1.0))
            }),
            theme: section.table("theme", ThemeSettings::read),
            open_graph: section.table("open_graph", OpenGraphSettings::read),
            require_token: section.tables("require_token", LIST_ITEMS_MAX, RequireTokenSettings::read),
            testing: section.boolean("testing", default.testing),
        };
        if settings.secret.is_some() && settings.provider == "none" {
            section.conflict("secret", format!("needs challenge.provider: {}", PROVIDERS[1..].join(", ")));
        }
        settings
    }
}

impl ThemeSettings {
    fn read(section: &mut Section<'_>) -> Self {
        let mut text = |key| section.text_option(key, |text| Ok(text.to_owned()));
        ThemeSettings {
            name: text("name"),
            accent: text("accent"),
            accent_dark: text("accent_dark"),
            css: text("css"),
        }
    }
}

impl OpenGraphSettings {
    fn read(section: &mut Section<'_>) -> Self {
        let default = OpenGraphSettings::default();
        OpenGraphSettings {
            enabled: section.boolean("enabled", default.enabled),
            cache_secs: section.integer("cache_secs", default.cache_secs, &(60..=604_800)),
            query: section.boolean("query", default.query),
            tags: section.texts("tags"),
        }
    }
}

impl RequireTokenSettings {
    fn read(section: &mut Section<'_>) -> Self {
        if !section.is_set("path") {
            section.incomplete("has no `path`; write { path = \"/contact\" }".to_owned());
        }
        RequireTokenSettings {
            path: section.text("path", "/".to_owned(), parse_path),
            fails_open: section.word("on_failure", "closed", &["open", "closed"]) == "open",
            score_min: section.is_set("score_min").then(|| section.number("score_min", 0.5, &(0.0..=1.0))),
            action: section.text_option("action", action),
        }
    }
}

/// What a token's action can be: a token holds no more, and no other signs.
fn action(text: &str) -> Result<String, String> {
    const BYTES_MAX: usize = 64;
    let odd = |char: char| char.is_control() || matches!(char, '"' | '\\');
    if text.is_empty() || text.len() > BYTES_MAX || text.contains(odd) {
        return Err(format!(
            "{text:?} is the action of no token: 1 to {BYTES_MAX} bytes without quotes, backslashes and control characters"
        ));
    }
    Ok(text.to_owned())
}

fn provider_url(text: &str) -> Result<String, String> {
    let local = ["http://127.0.0.1", "http://[::1]", "http://localhost"];
    if text.starts_with("https://") || local.iter().any(|start| text.starts_with(start)) {
        return Ok(text.to_owned());
    }
    Err(format!("{text:?} is not an https address (http is for this machine only)"))
}
