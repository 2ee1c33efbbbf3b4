//! Step two of a request's life: what follows from its facts alone.

use palisade_crawl::agents::Claim;
use palisade_domain::request::split_target;
use palisade_domain::{Fact, RequestFacts};
use palisade_fingerprint::user_agent::UserAgent;

use crate::headers::Headers;
use crate::route::{self, RouteId};
use crate::said::Said;
use crate::site::SiteProfile;

/// What sort of thing was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A page a person reads.
    Navigation,
    /// A script's or program's call: XHR, fetch, API, repository data.
    Fetch,
    /// A part of a page: style, script, image, font, media, icon.
    Asset,
    /// robots.txt, feeds, sitemaps, well-known files: asked for by programs.
    Machine,
}

/// What was gathered about one request before any detector looks.
#[derive(Clone, Copy, Debug)]
pub struct Gathered<'a> {
    /// What the user agent says it is; `None` where it is absent or unseen.
    pub user_agent: Option<UserAgent<'a>>,
    /// The program it claims to be, by name or shape.
    pub claim: Claim,
    /// The word by which a driven browser gives itself away in its user agent.
    pub driven: Option<&'static str>,
    /// True where the parts of its user agent contradict each other.
    pub(crate) contradicts: bool,
    /// Keyed hash of the user agent's text.
    pub(crate) agent_key: Option<u64>,
    /// The headers by name.
    pub headers: Headers<'a>,
    /// What was asked for.
    pub kind: Kind,
    /// Path as sent, without query; empty where unseen.
    pub path: &'a str,
    /// Query without `?`; empty where there is none.
    pub query: &'a str,
    /// The path's template: numbers and ids taken out.
    pub route: RouteId,
    /// True for an attempt to log in.
    pub is_login: bool,
}

/// Gathers from facts alone; `said` is what the user agent says.
pub fn gather<'a>(facts: &RequestFacts<'a>, said: Said<'a>, site: &SiteProfile) -> Gathered<'a> {
    let (path, query) = facts.target.known().map_or(("", None), split_target);
    let query = query.unwrap_or("");
    let headers = Headers::of(facts);
    Gathered {
        user_agent: said.user_agent,
        claim: said.claim,
        driven: said.driven,
        contradicts: said.contradicts,
        agent_key: said.key,
        headers,
        kind: kind(facts, &headers, path),
        path,
        query,
        route: route::template(path),
        is_login: is_login(facts, path, site),
    }
}

/// Tells pages from calls and parts. `Sec-Fetch-Dest` and `-Mode` are believed where seen (a program that lies about
/// them only moves its requests to another ring); else method, path and `Accept` decide.
fn kind(facts: &RequestFacts<'_>, headers: &Headers<'_>, path: &str) -> Kind {
    if route::is_machine_path(path) {
        return Kind::Machine;
    }
    if let Some(dest) = headers.get("sec-fetch-dest").known() {
        return match dest {
            "document" | "iframe" | "frame" => Kind::Navigation,
            "empty" | "serviceworker" | "worker" | "sharedworker" | "websocket" => Kind::Fetch,
            _ => Kind::Asset,
        };
    }
    if route::is_asset_path(path) {
        return Kind::Asset;
    }
    if facts.method.known().is_some_and(|method| !matches!(method, "GET" | "HEAD" | "POST")) {
        return Kind::Fetch;
    }
    if route::is_api_path(path) || asks_for_data(headers) {
        return Kind::Fetch;
    }
    Kind::Navigation
}

fn asks_for_data(headers: &Headers<'_>) -> bool {
    let scripted = headers.get("x-requested-with").is_known() || headers.get("upgrade").is_known();
    scripted
        || headers.get("accept").known().is_some_and(|accept| {
            !accept.contains("text/html") && (accept.contains("json") || accept.contains("event-stream"))
        })
}

fn is_login(facts: &RequestFacts<'_>, path: &str, site: &SiteProfile) -> bool {
    facts.method == Fact::Known("POST")
        && (route::is_login_path(path) || site.login_paths.iter().any(|known| known == path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_domain::{ClientKey, HeaderCase, HeaderList, HeaderOrder, Timestamp, Vantage};

    fn check(method: &str, target: &str, headers: Option<&[(&str, &str)]>, expect: Kind) {
        let mut facts = RequestFacts::bare(ClientKey::Opaque("c"), Timestamp::default(), Vantage::Log);
        facts.method = Fact::Known(method);
        facts.target = Fact::Known(target);
        if let Some(entries) = headers {
            facts.headers =
                Fact::Known(HeaderList { entries, order: HeaderOrder::Wire, case: HeaderCase::Wire });
        }
        let found = kind(&facts, &Headers::of(&facts), facts.path().known().unwrap_or(""));
        assert_eq!(found, expect, "{method} {target} {headers:?}");
    }

    #[test]
    fn pages_calls_and_parts_are_told_apart() {
        check("GET", "/", None, Kind::Navigation);
        check("GET", "/style.css?v=3", None, Kind::Asset);
        check("GET", "/favicon.ico", None, Kind::Asset);
        check("GET", "/api/poll", None, Kind::Fetch);
        check("GET", "/robots.txt", None, Kind::Machine);
        check("GET", "/feed.xml", None, Kind::Machine);
        check("PROPFIND", "/dav/", None, Kind::Fetch);
        check("POST", "/contact", None, Kind::Navigation);
        check("GET", "/poll", Some(&[("Accept", "application/json")]), Kind::Fetch);
        check("GET", "/pic", Some(&[("Sec-Fetch-Dest", "image")]), Kind::Asset);
        check("GET", "/pic", Some(&[("Sec-Fetch-Dest", "document")]), Kind::Navigation);
    }
}
