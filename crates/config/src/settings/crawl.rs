//! `[crawl]`: agents of your own that sign their requests.

use std::collections::HashSet;

use palisade_domain::IdentityClass;

use super::Upstream;
use crate::bounds::LIST_ITEMS_MAX;
use crate::section::Section;
use crate::value::quote_text;

/// An agent whose key directory is believed, beside those that Palisade knows (Web Bot Auth).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedAgent {
    /// Where its key directory lies, as `Signature-Agent` says it: `https://bot.example`. `http` for this machine only.
    pub origin: String,
    /// What kind of program it is.
    pub class: IdentityClass,
    /// What it is called in reports; its host where nothing is said.
    pub name: String,
}

/// `[crawl]`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CrawlSettings {
    /// Agents that are believed when their signature holds, in file order; each origin once.
    pub trusted_agents: Vec<TrustedAgent>,
}

impl CrawlSettings {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        let mut taken = HashSet::new();
        let trusted_agents = section.tables("trusted_agents", LIST_ITEMS_MAX, |section| {
            let agent = TrustedAgent::read(section);
            if !taken.insert(agent.origin.clone()) && !agent.origin.is_empty() {
                section.conflict("origin", format!("{} is named before", quote_text(&agent.origin)));
            }
            agent
        });
        CrawlSettings { trusted_agents }
    }
}

impl TrustedAgent {
    fn read(section: &mut Section<'_>) -> Self {
        for key in ["origin", "class"] {
            if !section.is_set(key) {
                let example = "{ origin = \"https://bot.example\", class = \"ai\" }";
                section.incomplete(format!("has no `{key}`; write {example}"));
            }
        }
        let origin = section.text("origin", String::new(), parse_origin);
        let class = section.text("class", IdentityClass::Unknown, parse_class);
        let host = origin.split_once("://").map_or("", |(_, host)| host).to_owned();
        TrustedAgent { name: section.text("name", host, parse_name), origin, class }
    }
}

fn parse_origin(text: &str) -> Result<String, String> {
    let origin: Upstream = text.parse().map_err(|_| {
        format!("{} is no origin; write https://bot.example, without a path", quote_text(text))
    })?;
    let is_here = origin.host == "localhost"
        || origin.host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    match origin.tls || is_here {
        true => Ok(text.trim_end_matches('/').to_ascii_lowercase()),
        false => Err(format!("{}: keys come by https", quote_text(text))),
    }
}

fn parse_class(text: &str) -> Result<IdentityClass, String> {
    let class = text.parse().ok().filter(|class: &IdentityClass| class.is_program());
    class.ok_or_else(|| {
        let names: Vec<_> =
            IdentityClass::ALL.iter().filter(|class| class.is_program()).map(|class| class.name()).collect();
        format!("{} is none of {}", quote_text(text), names.join(", "))
    })
}

fn parse_name(text: &str) -> Result<String, String> {
    let fits = !text.is_empty() && text.len() <= 64 && !text.contains(char::is_control);
    fits.then(|| text.to_owned()).ok_or_else(|| format!("{} is not 1 to 64 letters", quote_text(text)))
}
