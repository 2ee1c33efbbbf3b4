//! A defended site whose gateway challenges, and visitors who come to it.

use std::net::{IpAddr, SocketAddr};

use anyhow::Context as _;
use palisade_e2e::browser::{Habits, Kind, Running};
use palisade_e2e::front::{Front, Passed};
use palisade_e2e::palisade::{Palisade, Setup};
use palisade_e2e::site::{Arrived, Site};
use palisade_e2e::webdriver::Browser;
use palisade_e2e::wire::{self, Answer};
use serde_json::json;

use crate::pages;

/// Both browsers.
pub(crate) const KINDS: [Kind; 2] = [Kind::Chromium, Kind::Firefox];

/// Where visitors come from.
pub(crate) const HOME: &str = "203.0.113.20";
/// Another network of the same visitors.
pub(crate) const TRAIN: &str = "198.51.100.7";

/// Everything is challenged.
pub(crate) const EVERYTHING: &str = r#"path.startsWith("/")"#;
/// Only what is posted is challenged.
pub(crate) const POSTS: &str = r#"method == "POST""#;
/// Only calls of pages are challenged.
pub(crate) const CALLS: &str = r#"path.startsWith("/api/")"#;

/// Every event is kept, and nobody outside is asked anything.
const QUIET: &str =
    "[store]\nevent_sample = 1.0\n[intel]\ndns = \"off\"\nrefresh_ranges_hours = 0\nfetch_keys = false\n";

/// A site and the gateway before it.
pub(crate) struct Place {
    pub(crate) site: Site,
    pub(crate) palisade: Palisade,
    pub(crate) setup: Setup,
}

impl Place {
    /// Challenges what the condition `when` names (docs/policy.md).
    pub(crate) async fn challenging(when: &str) -> Place {
        Self::configured(&format!(
            "[policy]\nenforce = \"all\"\nrules = [{{ when = '''{when}''', action = \"challenge\" }}]\n"
        ))
        .await
    }

    /// With these lines of configuration.
    pub(crate) async fn configured(lines: &str) -> Place {
        let site = Site::with_pages(pages::router()).await.unwrap();
        let setup = Setup::before(site.address).with(QUIET).with(lines);
        let palisade = Palisade::serve(&setup).await.unwrap_or_else(|error| panic!("{error:#}"));
        Place { site, palisade, setup }
    }

    /// A way in for visitors from `client`.
    pub(crate) async fn front(&self, client: &str) -> Front {
        Front::start(self.palisade.gateway, client.parse::<IpAddr>().unwrap()).await.unwrap()
    }

    /// What reached the site, without icons that browsers ask for by themselves.
    pub(crate) fn arrived(&self) -> Vec<Arrived> {
        let all = self.site.arrived();
        all.into_iter().filter(|request| request.target != "/favicon.ico").collect()
    }

    /// What reached the site of one path, query aside.
    pub(crate) fn arrived_at(&self, path: &str) -> Vec<Arrived> {
        let of = |request: &Arrived| request.target.split('?').next() == Some(path);
        self.arrived().into_iter().filter(of).collect()
    }
}

/// A browser, the way it comes in, and what happens to it.
pub(crate) struct Visitor {
    pub(crate) running: Running,
    pub(crate) front: Front,
    pub(crate) kind: Kind,
}

impl Visitor {
    /// From home, as browsers come.
    pub(crate) async fn new(kind: Kind, place: &Place) -> anyhow::Result<Visitor> {
        Self::with(kind, Habits::default(), place).await
    }

    /// From home, with settings changed.
    pub(crate) async fn with(kind: Kind, habits: Habits, place: &Place) -> anyhow::Result<Visitor> {
        let front = place.front(HOME).await;
        let running = Running::with_habits(kind, habits).await?;
        Ok(Visitor { running, front, kind })
    }

    /// Its window.
    pub(crate) fn browser(&self) -> &Browser {
        &self.running.browser
    }

    /// The address of `path`.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.front.url())
    }

    /// Types an address, and waits until the page of that title has come, however often it is challenged before.
    pub(crate) async fn goes(&self, path: &str, title: &str) -> anyhow::Result<()> {
        self.browser().go(&self.url(path)).await?;
        self.arrives(title).await
    }

    /// Waits for the page of that title, whole.
    pub(crate) async fn arrives(&self, title: &str) -> anyhow::Result<()> {
        let ready =
            format!("return document.readyState === 'complete' && document.title === {}", json!(title));
        self.browser()
            .await_true(&ready, SHOWN)
            .await
            .with_context(|| format!("{:?} waits for {title:?}; it sent {:#?}", self.kind, self.lines()))
    }

    /// Method and target of everything it asked for.
    pub(crate) fn lines(&self) -> Vec<String> {
        let shown = |passed: &Passed| {
            let (method, target) = passed.line();
            let short: String = target.chars().take(100).collect();
            format!("{method} {short}")
        };
        self.front.passed().iter().map(shown).collect()
    }

    /// How often it answered a challenge.
    pub(crate) fn answers(&self) -> usize {
        self.asked("POST", "/.palisade/answer")
    }

    /// How often it has to, for one pass. Firefox tells its pages that it is driven, which asks for more work.
    pub(crate) fn answers_for_a_pass(&self) -> usize {
        match self.kind {
            Kind::Chromium => 1,
            Kind::Firefox => 2,
        }
    }

    /// How often it asked for `target`.
    pub(crate) fn asked(&self, method: &str, target: &str) -> usize {
        self.front.passed().iter().filter(|passed| passed.line() == (method, target)).count()
    }

    /// The status of the page, as the browser got it.
    pub(crate) async fn status(&self) -> anyhow::Result<u64> {
        let script = "return performance.getEntriesByType('navigation')[0].responseStatus";
        self.browser().run(script).await?.as_u64().context("a status")
    }

    /// The pass it holds.
    pub(crate) async fn pass(&self) -> anyhow::Result<String> {
        let cookies = self.browser().cookies().await?;
        let found = cookies.into_iter().find(|(name, _)| name == "palisade_pass");
        Ok(found.context("a cookie called palisade_pass")?.1)
    }

    /// Its user agent.
    pub(crate) async fn agent(&self) -> anyhow::Result<String> {
        let agent = self.browser().run("return navigator.userAgent").await?;
        Ok(agent.as_str().context("a text")?.to_owned())
    }
}

/// What a page shows, for those who look for a fault.
pub(crate) const SHOWN: &str =
    "return document.title + ' | ' + location.href + ' | ' + document.body.innerText.slice(0, 600)";

/// A browser's own words for a page that somebody asks for, in its order.
pub(crate) fn navigation(agent: &str) -> Vec<(&str, &str)> {
    vec![
        ("User-Agent", agent),
        ("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
        ("Accept-Language", "en-US,en;q=0.5"),
        ("Accept-Encoding", "identity"),
        ("Sec-Fetch-Dest", "document"),
        ("Sec-Fetch-Mode", "navigate"),
        ("Sec-Fetch-Site", "none"),
        ("Sec-Fetch-User", "?1"),
    ]
}

/// A browser that is no browser: what it says is all there is of it.
pub(crate) const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0";
/// Another one.
pub(crate) const IPHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.1 Mobile/15E148 Safari/604.1";

/// Asks for a page as a browser with this agent would, with `more` headers.
pub(crate) async fn page(address: SocketAddr, target: &str, agent: &str, more: &[(&str, &str)]) -> Answer {
    let mut headers = navigation(agent);
    headers.extend_from_slice(more);
    wire::request(address, "GET", target, &headers, b"").await.unwrap()
}

/// True for our challenge page, as DESIGN says it is answered.
pub(crate) fn is_challenge(answer: &Answer) -> bool {
    answer.status == 403
        && !answer.is_from_site()
        && answer.header("content-type").is_some_and(|kind| kind.starts_with("text/html"))
        && answer.text().contains("/.palisade/")
}
