//! What is remembered for link previews: the tags of challenged pages, who is asking the site for them, and which pictures they
//! name. Shared by all threads, bounded, and time is an argument; who asks the site is `exchange::preview`.

use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::Arc;

use palisade_domain::{NetPrefix, Scheme, SiteId, Timestamp};
use palisade_limits::{BoundedTable, BoundedTableSettings, BucketRate, Take, TokenBucket};
use palisade_visitor::Tags;
use tokio::sync::watch;

use crate::bounds::{
    PREVIEW_PAGES_MAX, PREVIEW_PICTURES_MAX, PREVIEW_RATES_MAX, PREVIEWS_OF_NETWORK_PER_MINUTE,
    PREVIEWS_OF_SITE_PER_MINUTE,
};

/// The tags of a page, which may be on their way. Whoever asks for them may also give up: then nothing ever comes.
pub(crate) type Found = watch::Receiver<Option<Arc<Tags>>>;

/// How often the site is asked for one site.
const OF_SITE: BucketRate =
    BucketRate { per_minute: PREVIEWS_OF_SITE_PER_MINUTE, burst: PREVIEWS_OF_SITE_PER_MINUTE / 2 };
/// How often on behalf of one network.
const OF_NETWORK: BucketRate =
    BucketRate { per_minute: PREVIEWS_OF_NETWORK_PER_MINUTE, burst: PREVIEWS_OF_NETWORK_PER_MINUTE / 2 };

/// What tells one page from another.
#[derive(Clone, Copy, Debug, Hash)]
pub(crate) struct PageName<'a> {
    pub site: SiteId,
    pub scheme: Scheme,
    /// `Host`, as it is sent on.
    pub host: &'a [u8],
    /// The host that a proxy before us names.
    pub named_host: Option<&'a str>,
    /// Path, and query where it counts.
    pub target: &'a str,
}

/// Everything that is remembered.
#[derive(Debug)]
pub(crate) struct Previews {
    keys: RandomState,
    pages: BoundedTable<Page>,
    pictures: BoundedTable<Timestamp>,
    rates: BoundedTable<TokenBucket>,
}

#[derive(Debug)]
struct Page {
    until: Timestamp,
    found: Found,
}

/// One question to the site under way. Dropped, it was in vain.
#[derive(Debug)]
pub(crate) struct Asking {
    key: u64,
    answer: watch::Sender<Option<Arc<Tags>>>,
}

impl Default for Previews {
    fn default() -> Self {
        Previews {
            keys: RandomState::new(),
            pages: table("gateway.preview_pages", PREVIEW_PAGES_MAX),
            pictures: table("gateway.preview_pictures", PREVIEW_PICTURES_MAX),
            rates: table("gateway.preview_rates", PREVIEW_RATES_MAX),
        }
    }
}

fn table<V>(name: &'static str, entries_max: usize) -> BoundedTable<V> {
    BoundedTable::new(BoundedTableSettings { entries_max, name })
}

impl Previews {
    /// The key of a page.
    pub(crate) fn key(&self, page: &PageName<'_>) -> u64 {
        self.keys.hash_one(page)
    }

    /// What is known of the page, or on its way.
    pub(crate) fn page(&self, key: u64, now: Timestamp) -> Option<Found> {
        self.pages.read(key, |page| (page.until > now).then(|| page.found.clone()))?
    }

    /// May the site be asked once more, for a visitor of `network`?
    pub(crate) fn may_ask(&self, site: SiteId, network: Option<NetPrefix>, now: Timestamp) -> bool {
        let network = network.is_none_or(|network| self.take(network, OF_NETWORK, now));
        network && self.take(site, OF_SITE, now)
    }

    fn take(&self, whose: impl Hash, rate: BucketRate, now: Timestamp) -> bool {
        let now_ms = u64::try_from(now.millis()).unwrap_or(0);
        let make = || TokenBucket::new(rate, now_ms);
        self.rates.update(self.keys.hash_one(whose), make, |bucket, _| bucket.try_take(now_ms, 1))
            == Take::Allowed
    }

    /// From now on the page is asked for, until `until` at the latest; `None` in the first place where somebody else does.
    pub(crate) fn begin(&self, key: u64, now: Timestamp, until: Timestamp) -> (Option<Asking>, Found) {
        let (answer, found) = watch::channel(None);
        let page = Page { until, found: found.clone() };
        let known = self.pages.update(
            key,
            || Page { until, found },
            |held, fresh| {
                if !fresh && held.until > now {
                    return Some(held.found.clone());
                }
                *held = page;
                None
            },
        );
        match known {
            Some(found) => (None, found),
            None => {
                let found = answer.subscribe();
                (Some(Asking { key, answer }), found)
            }
        }
    }

    /// What the site said, good until `until`.
    pub(crate) fn end(&self, asking: Asking, tags: Tags, until: Timestamp) {
        let Asking { key, answer } = asking;
        let make = || Page { until, found: answer.subscribe() };
        self.pages.update(key, make, |page, _| *page = make());
        // Nobody may be waiting any more.
        let _ = answer.send_replace(Some(Arc::new(tags)));
    }

    /// From now on the picture passes, until `until`.
    pub(crate) fn show(&self, site: SiteId, host: &str, target: &str, until: Timestamp) {
        self.pictures.update(
            self.picture_key(site, host, target),
            || until,
            |held, _| *held = until.max(*held),
        );
    }

    /// Does the picture pass?
    pub(crate) fn shows(&self, site: SiteId, host: &str, target: &str, now: Timestamp) -> bool {
        self.pictures.read(self.picture_key(site, host, target), |until| *until > now).unwrap_or(false)
    }

    fn picture_key(&self, site: SiteId, host: &str, target: &str) -> u64 {
        self.keys.hash_one((site, palisade_visitor::visit::hostname(host).to_ascii_lowercase(), target))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SITE: SiteId = SiteId(3);

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_secs(1_800_000_000 + secs)
    }

    fn name(target: &str) -> PageName<'_> {
        PageName { site: SITE, scheme: Scheme::Https, host: b"a.example", named_host: None, target }
    }

    fn tags() -> Tags {
        Tags::read(b"<title>a</title>")
    }

    #[test]
    fn one_asks_and_the_others_wait_for_it() {
        let previews = Previews::default();
        let key = previews.key(&name("/a"));
        assert!(previews.page(key, at(0)).is_none());
        let (asking, first) = previews.begin(key, at(0), at(10));
        let (second_asks, second) = previews.begin(key, at(1), at(11));
        assert!(second_asks.is_none() && first.borrow().is_none());
        previews.end(asking.unwrap(), tags(), at(60));
        for found in [first, second, previews.page(key, at(59)).unwrap()] {
            assert_eq!(found.borrow().as_deref(), Some(&tags()));
        }
        assert!(previews.page(key, at(60)).is_none());
        assert!(previews.begin(key, at(60), at(70)).0.is_some());
        for other in [
            PageName { host: b"b.example", ..name("/a") },
            PageName { scheme: Scheme::Http, ..name("/a") },
            name("/b"),
        ] {
            assert_ne!(previews.key(&other), key, "{other:?}");
        }
    }

    #[test]
    fn a_question_that_was_in_vain_is_put_again_when_its_time_is_over() {
        let previews = Previews::default();
        let key = previews.key(&name("/a"));
        let (asking, mut found) = previews.begin(key, at(0), at(10));
        drop(asking);
        assert!(found.has_changed().is_err() && found.borrow_and_update().is_none(), "nobody waits for ever");
        assert!(previews.begin(key, at(9), at(19)).0.is_none());
        assert!(previews.begin(key, at(10), at(20)).0.is_some());
    }

    #[test]
    fn a_site_is_asked_so_often_and_no_network_takes_it_all() {
        let previews = Previews::default();
        let network = |n: u32| Some(NetPrefix::new(std::net::Ipv4Addr::from_bits(n).into(), 32));
        let asked = |whose, now| (0..1_000).take_while(|_| previews.may_ask(SITE, whose, now)).count();
        assert_eq!(asked(network(1), at(0)), OF_NETWORK.burst as usize);
        assert_eq!(asked(network(1), at(60)), OF_NETWORK.burst as usize);
        assert_eq!(asked(None, at(60)), (OF_SITE.burst - OF_NETWORK.burst) as usize);
        assert_eq!(asked(network(2), at(60)), 0);
        assert!(previews.may_ask(SiteId(4), None, at(60)));
    }

    #[test]
    fn pictures_pass_for_as_long_as_their_page_is_shown() {
        let previews = Previews::default();
        previews.show(SITE, "A.example:443", "/og.png?v=1", at(60));
        previews.show(SITE, "a.example", "/og.png?v=1", at(30));
        let shows = |host, target, now| previews.shows(SITE, host, target, now);
        assert!(shows("a.EXAMPLE", "/og.png?v=1", at(59)));
        assert!(!shows("a.example", "/og.png?v=1", at(60)));
        assert!(!shows("a.example", "/og.png?v=2", at(0)) && !shows("b.example", "/og.png?v=1", at(0)));
        assert!(!previews.shows(SiteId(4), "a.example", "/og.png?v=1", at(0)));
    }
}
