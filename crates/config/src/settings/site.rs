//! `[[sites]]`: which hosts are defended, and what they look like.

use std::collections::HashSet;
use std::path::PathBuf;

use palisade_domain::Enforcement;

use super::policy::{ENFORCEMENTS, PRESETS, enforcement};
use super::{RuleSettings, Upstream};
use crate::bounds::{RULES_MAX, SITES_MAX};
use crate::section::Section;
use crate::value::{one_of, quote_text};

/// One of `[[sites]]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteSettings {
    /// Hosts it answers: `*`, `example.org`, `*.example.org`; lower case. Never empty.
    pub hosts: Vec<String>,
    /// Where its requests go. Empty where Palisade only judges.
    pub upstreams: Vec<Upstream>,
    /// The preset of this site, one of [`PRESETS`]; `None` takes `[policy] preset`.
    pub policy: Option<&'static str>,
    /// How much of it is carried out; `None` takes `[policy] enforce`.
    pub enforce: Option<Enforcement>,
    /// Rules of this site, in order, before those of `[policy]`.
    pub rules: Vec<RuleSettings>,
    /// Whether `/captcha.js` and `/api/*` are served on the data plane.
    pub seed_routes: bool,
    /// The site's robots.txt.
    pub robots_txt: Option<PathBuf>,
    /// Form fields that people do not see.
    pub honeypot_fields: Vec<String>,
    /// Paths where people log in.
    pub login_paths: Vec<String>,
    /// Paths that no page links to.
    pub trap_paths: Vec<String>,
}

impl Default for SiteSettings {
    fn default() -> Self {
        SiteSettings {
            hosts: vec!["*".to_owned()],
            upstreams: Vec::new(),
            policy: None,
            enforce: None,
            rules: Vec::new(),
            seed_routes: false,
            robots_txt: None,
            honeypot_fields: Vec::new(),
            login_paths: Vec::new(),
            trap_paths: Vec::new(),
        }
    }
}

/// All sites; a host belongs to one of them.
pub(super) fn read_all(root: &mut Section<'_>) -> Vec<SiteSettings> {
    let mut taken = HashSet::new();
    root.tables("sites", SITES_MAX, |section| {
        let site = SiteSettings::read(section);
        for host in &site.hosts {
            if !taken.insert(host.clone()) {
                section.conflict("hosts", format!("{} belongs to an earlier site", quote_text(host)));
            }
        }
        site
    })
}

impl SiteSettings {
    fn read(section: &mut Section<'_>) -> Self {
        let default = SiteSettings::default();
        let site = SiteSettings {
            hosts: section.list("hosts", default.hosts, parse_host),
            upstreams: section.list("upstreams", default.upstreams, str::parse),
            policy: section.text_option("policy", |text| one_of(text, &PRESETS)),
            enforce: section.text_option("enforce", |text| one_of(text, &ENFORCEMENTS)).map(enforcement),
            rules: section.tables("rules", RULES_MAX, RuleSettings::read),
            seed_routes: section.boolean("seed_routes", default.seed_routes),
            robots_txt: section.text_option("robots_txt", parse_file).map(PathBuf::from),
            honeypot_fields: section.list("honeypot_fields", default.honeypot_fields, parse_field),
            login_paths: section.list("login_paths", default.login_paths, parse_path),
            trap_paths: section.list("trap_paths", default.trap_paths, parse_path),
        };
        if section.is_set("hosts") && site.hosts.is_empty() {
            section.conflict("hosts", "names no host; write [\"*\"] for every host".to_owned());
        }
        site
    }
}

fn parse_host(text: &str) -> Result<String, String> {
    let name = text.strip_prefix("*.").unwrap_or(text);
    let is_name = |b: u8| b.is_ascii_alphanumeric() || b"-._:[]".contains(&b);
    let fits = text == "*" || (!name.is_empty() && name.len() <= 253 && name.bytes().all(is_name));
    fits.then(|| text.to_ascii_lowercase())
        .ok_or_else(|| format!("{} is no host; write example.org, *.example.org or *", quote_text(text)))
}

pub(super) fn parse_path(text: &str) -> Result<String, String> {
    let fits = text.starts_with('/') && !text.contains(['?', '#']) && !text.contains(char::is_control);
    fits.then(|| text.to_owned())
        .ok_or_else(|| format!("{} is no path; it begins with / and has no query", quote_text(text)))
}

fn parse_field(text: &str) -> Result<String, String> {
    let fits = !text.is_empty() && text.len() <= 64 && !text.contains(char::is_control);
    fits.then(|| text.to_owned()).ok_or_else(|| format!("{} is no name of a form field", quote_text(text)))
}

pub(super) fn parse_file(text: &str) -> Result<String, String> {
    if text.is_empty() { Err("\"\" is no file".to_owned()) } else { Ok(text.to_owned()) }
}
