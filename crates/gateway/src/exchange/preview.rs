//! Link previews of challenged pages: the site is asked for the page's tags as a stranger would ask, and never again while they
//! are fresh.
//!
//! What is handed out is what anybody without a pass would have seen, were the page not challenged: the question carries nothing
//! of the visitor's, it comes from an address that nobody has, and an answer that is meant for one visitor says nothing.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use http::header::{
    ACCEPT, AUTHORIZATION, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, COOKIE, HOST, HeaderName,
    HeaderValue, SET_COOKIE, USER_AGENT,
};
use http::uri::{Authority, PathAndQuery};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use palisade_challenge::ladder::Load;
use palisade_domain::{Scheme, SiteId};
use palisade_visitor::Tags;
use palisade_visitor::open_graph::{PAGE_BYTES_MAX, is_page};

use super::rule::{Place, Ruled};
use super::{Exchange, text};
use crate::body::RequestBody;
use crate::bounds::{
    PREVIEW_NEGATIVE_SECS, PREVIEW_TARGET_BYTES_MAX, PREVIEW_TIMEOUT_MS, PREVIEW_WAIT_MS, PREVIEWS_ASKED_MAX,
};
use crate::clock;
use crate::forward::{self, Path, Route};
use crate::previews::{Asking, PageName};
use crate::settings::Limits;
use crate::worker::Worker;

/// Who asks.
const AGENT: HeaderValue =
    HeaderValue::from_static(concat!("Palisade/", env!("CARGO_PKG_VERSION"), " (link preview)"));
/// Whom the question is from, as the site hears it: an address for documents (RFC 5737), which nobody has. Were it ours, a site
/// that trusts its own network would tell more than it tells a stranger.
const STRANGER: &str = "192.0.2.1";

const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const UPGRADE_INSECURE_REQUESTS: HeaderName = HeaderName::from_static("upgrade-insecure-requests");
const SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");

/// The rule under which a picture of a preview passes.
pub(super) const RULE: &str = "preview";

/// A page that the site is asked for.
struct Question {
    site: SiteId,
    scheme: Scheme,
    host: HeaderValue,
    named_host: Option<String>,
    target: PathAndQuery,
}

impl Exchange {
    /// What the challenge of this page says of it; the operator's own tags alone where that is `None`. Waits a little where the
    /// site has to be asked.
    pub(super) async fn tags(&self, place: &Place, ruled: &Ruled) -> Option<Tags> {
        let settings = &self.worker().settings.open_graph;
        let site = place.site.filter(|_| settings.enabled && self.parts.method == Method::GET)?;
        let question = self.question(place, site)?;
        let previews = &self.worker().shared.previews;
        let key = previews.key(&question.name());
        let mut found = match previews.page(key, self.time) {
            Some(found) => found,
            None if self.asks(place, site, ruled) => {
                let until = self.time.plus_millis(2 * PREVIEW_TIMEOUT_MS.cast_signed());
                let (asking, found) = previews.begin(key, self.time, until);
                if let Some(asking) = asking {
                    tokio::task::spawn_local(ask(Rc::clone(self.worker()), question, asking));
                }
                found
            }
            None => return None,
        };
        if !self.is_a_browser() {
            let come = found.wait_for(Option::is_some);
            // Who gave up says nothing; who is late speaks to the next one.
            let _ = tokio::time::timeout(Duration::from_millis(PREVIEW_WAIT_MS), come).await;
        }
        let tags = found.borrow().as_ref().map(Arc::clone)?;
        Some(tags.under(&settings.fixed))
    }

    /// Is a picture of a preview asked for? A page that is opened is none, whatever it is called; and what the site answers must be a
    /// picture ([`Exchange::pass`]).
    pub(super) fn is_of_preview(&self, place: &Place) -> bool {
        let settings = &self.worker().settings.open_graph;
        let Some(site) = place.site.filter(|_| settings.enabled || !settings.fixed.is_empty()) else {
            return false;
        };
        let headers = &self.parts.headers;
        let reads_pages = text(headers, ACCEPT).is_some_and(|accept| accept.contains("text/html"));
        let for_else = text(headers, SEC_FETCH_DEST).is_some_and(|dest| dest != "image");
        if reads_pages || for_else || !matches!(self.parts.method, Method::GET | Method::HEAD) {
            return false;
        }
        let authority = self.parts.uri.authority().map(Authority::as_str);
        let host = place.host().or(authority).or_else(|| text(&self.parts.headers, HOST)).unwrap_or("");
        let target = self.parts.uri.path_and_query().map_or("/", PathAndQuery::as_str);
        settings.fixed.pictures(host).any(|fixed| fixed == target)
            || (settings.enabled && self.worker().shared.previews.shows(site, host, target, self.time))
    }

    /// May the site be asked on behalf of this visitor? Not for browsers, whose people read the page itself; not under a flood;
    /// not for pages that are kept closed; and only so often.
    fn asks(&self, place: &Place, site: SiteId, ruled: &Ruled) -> bool {
        let worker = self.worker();
        !self.is_a_browser()
            && ruled.load != Load::Flood
            && worker.guard.vouching().rule(self.parts.uri.path()).is_none()
            && Rc::strong_count(&worker.asking) <= PREVIEWS_ASKED_MAX
            && worker.shared.previews.may_ask(site, place.client().map(|client| client.network()), self.time)
    }

    /// Programs that make previews send no cookies and no credentials, and do not say what they open a page for. Browsers do one of
    /// it, on clear HTTP and in older editions too: nobody's link that opens once is opened for them.
    fn is_a_browser(&self) -> bool {
        [SEC_FETCH_DEST, UPGRADE_INSECURE_REQUESTS, COOKIE, AUTHORIZATION]
            .iter()
            .any(|name| self.parts.headers.contains_key(name))
    }

    fn question(&self, place: &Place, site: SiteId) -> Option<Question> {
        let settings = &self.worker().settings.open_graph;
        let asked = self.parts.uri.path_and_query()?;
        let target = match settings.query || asked.query().is_none() {
            true => asked.clone(),
            false => PathAndQuery::try_from(asked.path()).ok()?,
        };
        (target.as_str().len() <= PREVIEW_TARGET_BYTES_MAX).then_some(())?;
        Some(Question {
            site,
            scheme: place.path.scheme,
            host: self.host()?,
            named_host: place.host().map(str::to_owned),
            target,
        })
    }

    /// The host as it is sent on.
    fn host(&self) -> Option<HeaderValue> {
        let authority = self.parts.uri.authority().map(Authority::as_str);
        authority
            .map_or_else(|| self.parts.headers.get(HOST).cloned(), |host| HeaderValue::from_str(host).ok())
    }
}

impl Question {
    fn name(&self) -> PageName<'_> {
        PageName {
            site: self.site,
            scheme: self.scheme,
            host: self.host.as_bytes(),
            named_host: self.named_host.as_deref(),
            target: self.target.as_str(),
        }
    }

    /// The request, which has nothing of the visitor's but what it is about.
    fn request(&self, upstream: Option<&str>) -> Option<Request<RequestBody>> {
        let mut request = Request::get(self.target.as_str())
            .header(HOST, &self.host)
            .header(USER_AGENT, AGENT)
            .header(ACCEPT, "text/html,application/xhtml+xml");
        if let Some(host) = &self.named_host {
            request = request.header(X_FORWARDED_HOST, host);
        }
        let (mut parts, body) = request.body(RequestBody::default()).ok()?.into_parts();
        let path = Path { trusted: false, names_host: self.named_host.is_some(), scheme: self.scheme };
        let route = Route { path, peer: STRANGER, told: None, upgrade: false, host: upstream };
        forward::to_upstream(&mut parts, &route, false);
        Some(Request::from_parts(parts, body))
    }

    /// The host that pictures are asked for under.
    fn shown_host(&self) -> &str {
        self.named_host.as_deref().or_else(|| self.host.to_str().ok()).unwrap_or("")
    }
}

/// Asks the site, and remembers what it says.
async fn ask(worker: Rc<Worker>, question: Question, asking: Asking) {
    let _seat = Rc::clone(&worker.asking);
    let cache_secs = worker.settings.open_graph.cache_secs;
    let answer =
        tokio::time::timeout(Duration::from_millis(PREVIEW_TIMEOUT_MS), page(&worker, &question)).await;
    let html = answer.ok().flatten();
    let fresh_secs = if html.is_some() { cache_secs } else { cache_secs.min(PREVIEW_NEGATIVE_SECS) };
    let until = clock::now().plus_millis(i64::from(fresh_secs) * 1_000);
    let tags = html.map(|html| Tags::read(&html)).unwrap_or_default();
    let previews = &worker.shared.previews;
    let host = question.shown_host();
    // A page is no picture of itself.
    for target in
        tags.pictures(host).filter(|target| target.split('?').next() != Some(question.target.path()))
    {
        previews.show(question.site, host, target, until);
    }
    previews.end(asking, tags, until);
}

/// The start of the page, where anybody may see it.
async fn page(worker: &Rc<Worker>, question: &Question) -> Option<Vec<u8>> {
    let group = worker.guard.with_sites(|sites| worker.upstreams.of(sites, question.site))?;
    let timeout = Duration::from_millis(PREVIEW_TIMEOUT_MS);
    let limits = Limits { answer_timeout: timeout, ..worker.settings.limits };
    let (answer, lease) = group.send(question.request(group.name())?, &limits, || None).await.ok()?;
    let (head, mut body) = answer.into_parts();
    if head.status != StatusCode::OK || !is_for_anybody(&head.headers) {
        return None;
    }
    let mut html: Vec<u8> = Vec::new();
    while html.len() < PAGE_BYTES_MAX {
        let Some(frame) = body.frame().await else {
            lease.give_back();
            break;
        };
        let data = frame.ok()?.into_data().unwrap_or_default();
        html.extend_from_slice(&data[..data.len().min(PAGE_BYTES_MAX - html.len())]);
    }
    Some(html)
}

/// True for a picture.
pub(super) fn is_picture(headers: &HeaderMap) -> bool {
    text(headers, CONTENT_TYPE).is_some_and(|kind| {
        kind.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("image/")) && !kind.contains("svg")
    })
}

/// True for a page in clear text that no header says is meant for one visitor.
fn is_for_anybody(headers: &HeaderMap) -> bool {
    let is_private = |value: &HeaderValue| {
        let value = value.to_str().unwrap_or("private").to_ascii_lowercase();
        value.split(',').any(|word| {
            let name = word.split('=').next().unwrap_or("").trim();
            name == "private" || name == "no-store"
        })
    };
    let is_encoded = |value: &HeaderValue| !value.as_bytes().eq_ignore_ascii_case(b"identity");
    text(headers, CONTENT_TYPE).is_some_and(is_page)
        && !headers.contains_key(SET_COOKIE)
        && !headers.get_all(CACHE_CONTROL).iter().any(is_private)
        && !headers.get_all(CONTENT_ENCODING).iter().any(is_encoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        let lines = lines
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(name, value);
        }
        headers
    }

    #[test]
    fn only_what_is_for_anybody_is_shown() {
        let check = |more: &[(&'static str, &'static str)], expect| {
            let lines = [&[("content-type", "text/html; charset=utf-8")], more].concat();
            assert_eq!(is_for_anybody(&headers(&lines)), expect, "{more:?}");
        };
        check(&[], true);
        check(
            &[("cache-control", "public, max-age=60"), ("vary", "cookie"), ("content-encoding", "Identity")],
            true,
        );
        check(&[("cache-control", "no-cache")], true);
        check(&[("cache-control", "max-age=0, Private")], false);
        check(&[("cache-control", "private=\"x-name\"")], false);
        check(&[("cache-control", "public"), ("cache-control", "no-store")], false);
        check(&[("set-cookie", "sid=1")], false);
        check(&[("content-encoding", "br")], false);
        assert!(!is_for_anybody(&headers(&[("content-type", "application/json")])));
        assert!(!is_for_anybody(&headers(&[])));
    }

    #[test]
    fn the_question_is_a_strangers() {
        let question = |named_host: Option<&str>| Question {
            site: SiteId(0),
            scheme: Scheme::Https,
            host: HeaderValue::from_static("a.example"),
            named_host: named_host.map(str::to_owned),
            target: PathAndQuery::from_static("/a"),
        };
        let check = |named_host, expect: [(&str, &str); 6]| {
            let request = question(named_host).request(None).unwrap();
            let mut sent: Vec<_> = request
                .headers()
                .iter()
                .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
                .collect();
            sent.sort_unstable();
            assert_eq!((request.uri().to_string().as_str(), &sent[..]), ("/a", &expect[..]));
        };
        let with = |host| {
            [
                ("accept", "text/html,application/xhtml+xml"),
                ("host", "a.example"),
                ("user-agent", AGENT.to_str().unwrap_or("").to_owned().leak()),
                ("x-forwarded-for", STRANGER),
                ("x-forwarded-host", host),
                ("x-forwarded-proto", "https"),
            ]
        };
        check(None, with("a.example"));
        check(Some("b.example"), with("b.example"));
    }
}
