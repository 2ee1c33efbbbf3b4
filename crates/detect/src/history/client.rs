//! One client's own past: fixed size, no addresses, no text.

use palisade_limits::{Decayed, SlidingWindow};

use super::rhythm::Rhythm;
use super::ring::Ring;
use crate::gather::Kind;
use crate::route::RouteId;

/// One page request in the ring.
#[derive(Clone, Copy, Debug, Default)]
pub struct Page {
    /// Milliseconds since the client was first seen.
    pub at_ms: u32,
    /// Template of its path, folded to 16 bits: tells 24 pages apart, not a site's.
    pub route: u16,
    /// Hash of its whole target, folded likewise.
    pub target: u16,
}

/// Page requests kept: enough to see 24 regular gaps; a minute's rate is counted beside the ring.
pub const PAGES_KEPT: usize = 24;

const _: () = assert!(PAGES_KEPT <= 32, "each kept page has a bit of `page_sends`");

/// Half-life of errors and logins, in milliseconds: ten minutes.
const ERRORS_HALF_LIFE_MS: u64 = 600_000;

/// A count of errors or logins.
type Errors = Decayed<ERRORS_HALF_LIFE_MS>;

/// What one client (a signed session, or an unsigned sub-history of a network) did so far.
#[derive(Clone, Copy, Debug)]
pub struct ClientHistory {
    /// First request, in milliseconds since the epoch.
    pub first_seen_ms: i64,
    /// Newest request.
    pub last_seen_ms: i64,
    /// The last page requests.
    pub pages: Ring<Page, PAGES_KEPT>,
    /// For each of them a bit, the newest lowest: it sent something.
    pub page_sends: u32,
    /// Template of the newest page.
    pub last_route: Option<RouteId>,
    /// How page requests that read (GET, HEAD) are spaced.
    pub reads: Rhythm,
    /// How parts of pages are spaced.
    pub parts: Rhythm,
    /// How requests that send something (POST and the like) are spaced, whatever they are for.
    pub sends: Rhythm,
    /// Page requests within the last minute.
    pub pages_minute: SlidingWindow<60_000>,
    /// Page requests within the last ten seconds.
    pub pages_ten_seconds: SlidingWindow<10_000>,
    /// Requests of all kinds within the last ten seconds.
    pub all_ten_seconds: SlidingWindow<10_000>,
    /// Page requests ever.
    pub pages_total: u32,
    /// Fetches ever.
    pub fetches_total: u32,
    /// Assets ever.
    pub assets_total: u32,
    /// Feeds, robots.txt and the like, ever.
    pub machine_total: u32,
    /// Page requests since the last asset.
    pub pages_since_asset: u16,
    /// Responses with status 4xx to page requests, decaying.
    pub client_errors: Errors,
    /// Responses to page requests, decaying.
    pub page_responses: Errors,
    /// Failed logins, decaying.
    pub login_failures: Errors,
    /// Login attempts, decaying.
    pub login_attempts: Errors,
    /// Hash of the newest body sent.
    pub last_body: u32,
    /// Identical bodies in a row, the newest included.
    pub same_bodies: u16,
    /// Times a response offered a cookie.
    pub cookies_offered: u16,
    /// Page requests without any cookie since the first offer.
    pub cookieless_pages: u16,
    /// Mean improbability of its page sequence, in nats per step.
    pub surprise: f32,
    /// Steps behind `surprise`, at most 255.
    pub surprise_steps: u8,
    /// Ever asked for an icon.
    pub asked_icon: bool,
    /// Ever asked for robots.txt.
    pub asked_robots: bool,
    /// Ever sent a cookie.
    pub sent_cookie: bool,
}

/// What [`ClientHistory::note`] needs to know of a request.
#[derive(Clone, Copy, Debug)]
pub struct Noted {
    /// When, in milliseconds since the epoch.
    pub now_ms: i64,
    /// What was asked for.
    pub kind: Kind,
    /// Template of the path.
    pub route: RouteId,
    /// Hash of the whole target.
    pub target: u32,
    /// Hash of the body, where one was seen.
    pub body: Option<u32>,
    /// Did it send a cookie? `None` where unseen.
    pub cookie: Option<bool>,
    /// An icon was asked for.
    pub icon: bool,
    /// robots.txt was asked for.
    pub robots: bool,
    /// Its method sends something: none of GET and HEAD.
    pub sends: bool,
}

impl ClientHistory {
    /// A client first seen at `now_ms`.
    pub fn new(now_ms: i64) -> Self {
        ClientHistory {
            first_seen_ms: now_ms,
            last_seen_ms: now_ms,
            pages: Ring::default(),
            page_sends: 0,
            last_route: None,
            reads: Rhythm::default(),
            parts: Rhythm::default(),
            sends: Rhythm::default(),
            pages_minute: SlidingWindow::default(),
            pages_ten_seconds: SlidingWindow::default(),
            all_ten_seconds: SlidingWindow::default(),
            pages_total: 0,
            fetches_total: 0,
            assets_total: 0,
            machine_total: 0,
            pages_since_asset: 0,
            client_errors: Errors::default(),
            page_responses: Errors::default(),
            login_failures: Errors::default(),
            login_attempts: Errors::default(),
            last_body: 0,
            same_bodies: 0,
            cookies_offered: 0,
            cookieless_pages: 0,
            surprise: 0.0,
            surprise_steps: 0,
            asked_icon: false,
            asked_robots: false,
            sent_cookie: false,
        }
    }

    /// Adds a request. Time never runs backwards: an earlier `now_ms` counts as the newest time seen.
    pub fn note(&mut self, noted: &Noted) {
        let now_ms = noted.now_ms.max(self.last_seen_ms);
        self.last_seen_ms = now_ms;
        let at_ms = self.offset(now_ms);
        self.all_ten_seconds.add(ms(now_ms), 1);
        if noted.sends {
            self.sends.note(at_ms);
        } else if noted.kind == Kind::Navigation {
            self.reads.note(at_ms);
        } else if noted.kind == Kind::Asset {
            self.parts.note(at_ms);
        }
        match noted.kind {
            Kind::Navigation => self.note_page(noted, now_ms, at_ms),
            Kind::Fetch => {
                self.fetches_total = self.fetches_total.saturating_add(1);
            }
            // An icon says nothing of a page's own parts: browsers ask for it wherever those come from.
            Kind::Asset if noted.icon => {}
            Kind::Asset => {
                self.assets_total = self.assets_total.saturating_add(1);
                self.pages_since_asset = 0;
            }
            Kind::Machine => self.machine_total = self.machine_total.saturating_add(1),
        }
        self.asked_icon |= noted.icon;
        self.asked_robots |= noted.robots;
        self.sent_cookie |= noted.cookie == Some(true);
        if let Some(body) = noted.body {
            self.same_bodies = if body == self.last_body { self.same_bodies.saturating_add(1) } else { 1 };
            self.last_body = body;
        }
    }

    fn note_page(&mut self, noted: &Noted, now_ms: i64, at_ms: u32) {
        self.pages.push(Page { at_ms, route: fold(noted.route.0), target: fold(noted.target) });
        self.page_sends = self.page_sends << 1 | u32::from(noted.sends);
        self.last_route = Some(noted.route);
        self.pages_minute.add(ms(now_ms), 1);
        self.pages_ten_seconds.add(ms(now_ms), 1);
        self.pages_total = self.pages_total.saturating_add(1);
        self.pages_since_asset = self.pages_since_asset.saturating_add(1);
        if self.cookies_offered > 0 && noted.cookie == Some(false) {
            self.cookieless_pages = self.cookieless_pages.saturating_add(1);
        }
    }

    /// Milliseconds since first seen. After 49 days the rings start anew rather than wrap.
    fn offset(&mut self, now_ms: i64) -> u32 {
        if let Ok(offset) = u32::try_from(now_ms - self.first_seen_ms) {
            return offset;
        }
        self.first_seen_ms = now_ms;
        self.pages.clear();
        self.page_sends = 0;
        self.reads.restart();
        self.parts.restart();
        self.sends.restart();
        0
    }

    /// Page requests within the last minute, this one included.
    pub fn pages_per_minute(&self) -> f32 {
        self.pages_minute.count(ms(self.last_seen_ms))
    }

    /// Page requests within the last ten seconds, this one included.
    pub fn pages_in_ten_seconds(&self) -> f32 {
        self.pages_ten_seconds.count(ms(self.last_seen_ms))
    }

    /// Requests of all kinds within the last ten seconds, this one included.
    pub fn all_in_ten_seconds(&self) -> f32 {
        self.all_ten_seconds.count(ms(self.last_seen_ms))
    }

    /// The newest time, as counters count it.
    pub fn now_ms(&self) -> u64 {
        ms(self.last_seen_ms)
    }

    /// True where assets come along with pages, as with a browser (or many behind one address): at least one for
    /// every two pages, and one lately.
    pub fn loads_assets(&self) -> bool {
        self.assets_total.saturating_mul(2) >= self.pages_total.max(1) && self.pages_since_asset < 30
    }

    /// True where fewer than one page in twenty came with an asset.
    pub fn loads_nothing(&self) -> bool {
        self.assets_total.saturating_mul(20) < self.pages_total || self.pages_since_asset >= 100
    }

    /// Gaps between the kept page requests in milliseconds, newest first.
    pub fn page_gaps_ms(&self) -> impl Iterator<Item = u32> + '_ {
        let newer = self.pages.newest_first();
        newer.zip(self.pages.newest_first().skip(1)).map(|(new, old)| new.at_ms.saturating_sub(old.at_ms))
    }

    /// Folds one step's improbability into the running mean.
    pub fn note_surprise(&mut self, nats: f32) {
        self.surprise_steps = self.surprise_steps.saturating_add(1);
        let weight = 1.0 / f32::from(self.surprise_steps.min(16));
        self.surprise += (nats - self.surprise) * weight;
    }

    /// Adds the outcome of a request of `kind`.
    pub fn note_response(&mut self, now_ms: i64, kind: Kind, outcome: &Outcome) {
        let now_ms = ms(now_ms.max(self.last_seen_ms));
        // A refused login counts as a login, not as a missing page too.
        if kind == Kind::Navigation && outcome.status.is_some() && outcome.login_ok.is_none() {
            self.page_responses.add(now_ms, 1.0);
            if outcome.status.is_some_and(|status| (400..500).contains(&status) && status != 429) {
                self.client_errors.add(now_ms, 1.0);
            }
        }
        if outcome.offered_cookie {
            self.cookies_offered = self.cookies_offered.saturating_add(1);
        }
        if let Some(ok) = outcome.login_ok {
            self.login_attempts.add(now_ms, 1.0);
            if !ok {
                self.login_failures.add(now_ms, 1.0);
            }
        }
    }
}

/// What became of a request, as far as history keeps it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Outcome {
    /// HTTP status.
    pub status: Option<u16>,
    /// The response set a cookie.
    pub offered_cookie: bool,
    /// A login attempt ended: did it succeed?
    pub login_ok: Option<bool>,
}

fn fold(hash: u32) -> u16 {
    (hash ^ (hash >> 16)) as u16
}

/// Windows and averages count from the epoch; times before it are its beginning.
fn ms(millis: i64) -> u64 {
    u64::try_from(millis).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(now_ms: i64) -> Noted {
        Noted {
            now_ms,
            kind: Kind::Navigation,
            route: RouteId(1),
            target: 1,
            body: None,
            cookie: None,
            icon: false,
            robots: false,
            sends: false,
        }
    }

    #[test]
    fn gaps_are_newest_first() {
        let mut history = ClientHistory::new(1_000);
        for now_ms in [1_000, 1_500, 4_500] {
            history.note(&page(now_ms));
        }
        assert_eq!(history.page_gaps_ms().collect::<Vec<_>>(), [3_000, 500]);
    }

    #[test]
    fn time_that_runs_backwards_or_far_ahead_is_harmless() {
        let mut history = ClientHistory::new(1_000_000);
        history.note(&page(5));
        history.note(&page(1_000_000 + i64::from(u32::MAX) + 5));
        history.note(&page(i64::MAX));
        history.note(&page(i64::MIN));
        assert!(history.page_gaps_ms().all(|gap| gap < u32::MAX));
    }

    #[test]
    fn a_client_fits_its_budget() {
        assert!(size_of::<ClientHistory>() <= 448, "{}", size_of::<ClientHistory>());
    }

    #[test]
    fn kinds_keep_to_their_own_rings() {
        let mut history = ClientHistory::new(0);
        history.note(&page(0));
        (0..20).for_each(|n| history.note(&Noted { kind: Kind::Asset, ..page(n) }));
        (0..20).for_each(|n| history.note(&Noted { kind: Kind::Fetch, ..page(n) }));
        assert_eq!((history.pages.len(), history.assets_total, history.fetches_total), (1, 20, 20));
        assert_eq!(history.pages_since_asset, 0);
    }
}
