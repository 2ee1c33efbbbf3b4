//! What does not work as it should, remembered for `/ready`, `doctor` and one line of log each. Nothing here stops anything.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use palisade_domain::{ClientIp, Timestamp};

use crate::peer::{TrustedProxies, is_known_cdn};

/// Proxies that are named one by one; those beyond count with the last.
pub const PROXIES_MAX: usize = 8;

/// Code of a proxy that nobody told us to trust.
pub const UNTRUSTED_PROXY: &str = "trusted_proxies";
/// Code of a trusted proxy that does not say for whom it asks.
pub const NAMELESS_PROXY: &str = "proxy_names_nobody";
/// Code of a trusted proxy whose headers name different clients.
pub const AMBIGUOUS_PROXY: &str = "proxy_names_two";
/// Code of a store that does not take what is written.
pub const STORE: &str = "store";
/// Code of lists that are full: what rules write does not fit any more, everything else is stored.
pub const LISTS: &str = "lists";
/// Code of an external CAPTCHA provider that does not take our secret.
pub const PROVIDER: &str = "provider";
/// Code of a queue that was full.
pub const QUEUE: &str = "queue";

/// One thing that does not work as it should.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Degradation {
    /// A word for programs.
    pub code: &'static str,
    /// What is wrong, what follows and what to do, with the exact line to add where it is one.
    pub message: String,
    /// When it was noticed.
    pub since: Timestamp,
    /// When it was last seen.
    pub last: Timestamp,
    /// How often.
    pub count: u64,
}

/// Whom something is said about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    /// An address; for a CDN the first one seen.
    Peer(ClientIp),
    /// The proxies of one word of `trusted_proxies`, by its place.
    Word(usize),
}

/// What is remembered.
#[derive(Debug, Default)]
pub struct Health {
    proxies: ArcSwap<Vec<Arc<Proxy>>>,
    faults: Mutex<BTreeMap<&'static str, Degradation>>,
    /// Held while a proxy is added.
    adding: Mutex<()>,
}

#[derive(Debug)]
struct Proxy {
    who: Who,
    code: &'static str,
    message: String,
    /// Who knows whether it is still not clear whom this proxy means.
    trusted: TrustedProxies,
    since: Timestamp,
    last: AtomicI64,
    count: AtomicU64,
}

impl Proxy {
    fn is(&self, who: Who, code: &str) -> bool {
        let one_cdn =
            || matches!((self.who, who), (Who::Peer(a), Who::Peer(b)) if is_known_cdn(a) && is_known_cdn(b));
        self.code == code && (self.who == who || one_cdn())
    }

    fn see(&self, time: Timestamp) {
        self.count.fetch_add(1, Ordering::Relaxed);
        self.last.fetch_max(time.0, Ordering::Relaxed);
    }

    /// True where it has become clear since which of their headers these proxies set.
    fn is_settled(&self) -> bool {
        matches!(self.who, Who::Word(word) if !self.trusted.is_ambiguous(word))
    }

    fn shown(&self) -> Degradation {
        Degradation {
            code: self.code,
            message: self.message.clone(),
            since: self.since,
            last: Timestamp(self.last.load(Ordering::Relaxed)),
            count: self.count.load(Ordering::Relaxed),
        }
    }
}

impl Health {
    /// A request whose client is hidden behind `peer`.
    pub fn hidden_behind(&self, peer: ClientIp, trusted: &TrustedProxies, time: Timestamp) {
        let code = if trusted.networks.contains(peer) { NAMELESS_PROXY } else { UNTRUSTED_PROXY };
        self.see(Who::Peer(peer), code, trusted, time);
    }

    /// Proxies of the word at this place of `trusted` named different clients in one request.
    pub(crate) fn names_two(&self, word: usize, trusted: &TrustedProxies, time: Timestamp) {
        self.see(Who::Word(word), AMBIGUOUS_PROXY, trusted, time);
    }

    fn see(&self, who: Who, code: &'static str, trusted: &TrustedProxies, time: Timestamp) {
        let held = self.proxies.load();
        match held.iter().find(|proxy| proxy.is(who, code)) {
            Some(proxy) => proxy.see(time),
            None if held.len() >= PROXIES_MAX && !held.iter().any(|proxy| proxy.is_settled()) => {
                held.last().into_iter().for_each(|proxy| proxy.see(time));
            }
            None => self.add(who, code, trusted, time),
        }
    }

    fn add(&self, who: Who, code: &'static str, trusted: &TrustedProxies, time: Timestamp) {
        let _adding = lock(&self.adding);
        let mut proxies = Vec::clone(&self.proxies.load());
        if let Some(proxy) = proxies.iter().find(|proxy| proxy.is(who, code)) {
            return proxy.see(time);
        }
        // A visitor can make one of these until the first other visitors come.
        proxies.retain(|proxy| !proxy.is_settled());
        if proxies.len() < PROXIES_MAX {
            proxies.push(Arc::new(Proxy {
                who,
                code,
                message: advice(who, code, trusted),
                trusted: trusted.clone(),
                since: time,
                last: AtomicI64::new(time.0),
                count: AtomicU64::new(1),
            }));
            self.proxies.store(Arc::new(proxies));
        }
    }

    /// What was said about proxies is over: others are trusted now.
    pub fn forget_proxies(&self) {
        let _adding = lock(&self.adding);
        self.proxies.store(Arc::default());
    }

    /// Something fails with `code`; the newest message counts.
    pub fn fail(&self, code: &'static str, message: String, time: Timestamp) {
        let mut faults = lock(&self.faults);
        let held = faults.entry(code).or_insert_with(|| Degradation {
            code,
            message: String::new(),
            since: time,
            last: time,
            count: 0,
        });
        held.message = message;
        held.last = held.last.max(time);
        held.count = held.count.saturating_add(1);
    }

    /// It works again.
    pub fn recover(&self, code: &'static str) {
        lock(&self.faults).remove(code);
    }

    /// Everything that does not work as it should.
    pub fn all(&self) -> Vec<Degradation> {
        let proxies = self.proxies.load();
        let open = proxies.iter().filter(|proxy| !proxy.is_settled());
        open.map(|proxy| proxy.shown()).chain(lock(&self.faults).values().cloned()).collect()
    }
}

fn advice(who: Who, code: &str, trusted: &TrustedProxies) -> String {
    match who {
        Who::Word(word) => format!(
            "{:?} of trusted_proxies names different clients in X-Forwarded-For, Forwarded or X-Real-IP, and it is not known \
             which of them it sets; the first in this order counts and may be a visitor's invention; let it set each that \
             it sends (nginx: proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_set_header X-Real-IP \
             $remote_addr; proxy_set_header Forwarded \"\";), and where these are several proxies that set different \
             headers, name each by its own address",
            trusted.words.get(word).map_or("", String::as_str)
        ),
        Who::Peer(peer) if code == UNTRUSTED_PROXY => format!(
            "{peer} forwards requests of others and is not trusted, so nothing is held against addresses behind it; \
             if it is your proxy, write under [server]: {}",
            trusted.line_with(peer)
        ),
        Who::Peer(peer) => format!(
            "{peer} is trusted and forwards requests without saying whose, so nothing is held against addresses behind \
             it; let it send X-Forwarded-For (nginx: proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;)"
        ),
    }
}

/// Nothing is left half done under these locks.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peer::Forwarding;

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_secs(secs)
    }

    fn ip(text: &str) -> ClientIp {
        text.parse().expect("an address")
    }

    #[test]
    fn a_forgotten_proxy_is_named_once_with_the_line_to_add() {
        let (health, trusted) = (Health::default(), TrustedProxies::default());
        (1..=3).for_each(|secs| health.hidden_behind(ip("10.0.0.2"), &trusted, at(secs)));
        let all = health.all();
        assert_eq!((all.len(), all[0].code, all[0].count), (1, "trusted_proxies", 3));
        assert_eq!((all[0].since, all[0].last), (at(1), at(3)));
        let line = r#"trusted_proxies = ["loopback", "10.0.0.2/32"]"#;
        assert!(all[0].message.ends_with(line), "{}", all[0].message);
        health.forget_proxies();
        assert_eq!(health.all(), []);
    }

    #[test]
    fn a_cdn_is_one_however_many_addresses_it_has() {
        let (health, trusted) = (Health::default(), TrustedProxies::default());
        for n in 0..200 {
            health.hidden_behind(ip(&format!("104.16.0.{n}")), &trusted, at(1));
        }
        let all = health.all();
        assert_eq!((all.len(), all[0].count), (1, 200));
        assert!(all[0].message.contains(r#""cloudflare"]"#), "{}", all[0].message);
    }

    #[test]
    fn a_trusted_proxy_that_names_nobody_is_another_matter() {
        let health = Health::default();
        health.hidden_behind(ip("127.0.0.1"), &TrustedProxies::default(), at(1));
        assert_eq!(health.all()[0].code, NAMELESS_PROXY);
        assert!(health.all()[0].message.contains("X-Forwarded-For"));
    }

    #[test]
    fn a_proxy_that_names_two_clients_is_named_until_it_is_clear() {
        let (health, trusted) = (Health::default(), TrustedProxies::default());
        let peer = ip("127.0.0.1");
        let real_ip = Forwarding { x_real_ip: Some("203.0.113.7"), ..Forwarding::default() };
        let two = Forwarding { x_forwarded_for: Some("66.249.66.1"), ..real_ip };
        assert!(!trusted.resolve(peer, &two).hidden);
        for secs in 1..=2 {
            health.names_two(trusted.take_doubt().unwrap_or(0), &trusted, at(secs));
        }
        assert_eq!((health.all()[0].code, health.all()[0].count), (AMBIGUOUS_PROXY, 2));
        let message = &health.all()[0].message;
        assert!(
            message.starts_with("\"loopback\" ") && message.contains("$proxy_add_x_forwarded_for"),
            "{message}"
        );
        (0..8).for_each(|_| assert!(!trusted.resolve(peer, &real_ip).hidden));
        assert_eq!(health.all(), [], "the next visitors made it clear");
        assert_eq!(trusted.take_doubt(), None);
    }

    #[test]
    fn many_proxies_take_a_bounded_place() {
        let (health, trusted) = (Health::default(), TrustedProxies::default());
        for n in 0..1_000 {
            health.hidden_behind(ip(&format!("10.0.{}.{}", n / 250, n % 250)), &trusted, at(1));
        }
        let all = health.all();
        assert_eq!(all.len(), PROXIES_MAX);
        assert_eq!(all.iter().map(|held| held.count).sum::<u64>(), 1_000);
    }

    #[test]
    fn what_works_again_is_forgotten() {
        let health = Health::default();
        health.fail(STORE, "full".into(), at(1));
        health.fail(STORE, "still full".into(), at(9));
        let held = &health.all()[0];
        assert_eq!(
            (held.message.as_str(), held.since, held.last, held.count),
            ("still full", at(1), at(9), 2)
        );
        health.recover(STORE);
        assert_eq!(health.all(), []);
    }
}
