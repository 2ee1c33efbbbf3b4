//! What Web Bot Auth signatures said, and the keys to check them with: bounded caches that the hot path reads.
//!
//! Owns the book of keys by origin and what was found out about signatures already seen. Reading and checking a
//! signature (RFC 9421) is a [`Verifier`]'s, plugged in at the start; without one every signature stays unverified.
//!
//! A result is found again by a keyed hash over the signature and everything it covers: what differs in anything covered
//! is checked anew, what is equal need not be.

use std::collections::HashMap;
use std::hash::Hasher;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use arc_swap::{ArcSwap, ArcSwapOption};
use palisade_crawl::signature::Key;
use palisade_detect::HashSeed;
use palisade_domain::{Fact, HeaderList, RequestFacts, Signature, Timestamp};
use palisade_limits::{BoundedTable, BoundedTableSettings};
use siphasher::sip128::{Hasher128, SipHasher13};

use crate::keyed;

/// Signatures whose outcome is held.
pub const RESULTS_MAX: usize = 65_536;
/// Origins whose keys are held.
pub const ORIGINS_MAX: usize = 1_024;
/// Origins whose keys were asked for lately.
pub const ASKED_MAX: usize = 4_096;
/// Keys of one origin.
pub const KEYS_PER_ORIGIN_MAX: usize = 16;
/// A longer `Signature-Input` is not read.
pub const INPUT_BYTES_MAX: usize = 4_096;
/// Components of a signature; with more it is not read.
const COMPONENTS_MAX: usize = 32;
/// Keys that were asked for are not asked for again so soon, answer or not.
const ASK_AGAIN_MS: i64 = 60_000;

/// The keys of one origin.
#[derive(Debug)]
pub struct OriginKeys {
    /// The keys; empty where the origin publishes none.
    pub keys: Vec<Key>,
    /// They are good until then.
    pub until: Timestamp,
    version: u64,
    used: AtomicI64,
}

/// What a check found out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Checked {
    /// It was made with a key of `origin` (normal form, `https://bot.example`) and is good until `until`.
    Verified {
        /// The origin.
        origin: Arc<str>,
        /// The end of the signature.
        until: Timestamp,
    },
    /// It does not fit the request or the key, or its time is over.
    Invalid,
    /// The keys of this origin would decide.
    KeysWanted(String),
    /// It proves nothing and no key would change that.
    Unverified,
}

/// Reads and checks signatures. Pure: the same facts, keys and time give the same answer.
pub trait Verifier: Send + Sync {
    /// Checks the signature of `facts` at `facts.time`. `keys` gives the keys of an origin, where they are held.
    fn check(&self, facts: &RequestFacts<'_>, keys: &dyn Fn(&str) -> Option<Arc<OriginKeys>>) -> Checked;
}

/// Results and keys; shared between threads.
pub struct Signatures {
    verifier: ArcSwapOption<Box<dyn Verifier>>,
    results: BoundedTable<Outcome>,
    asked: BoundedTable<Timestamp>,
    keys: ArcSwap<HashMap<String, Arc<OriginKeys>>>,
    versions: AtomicU64,
    seed: HashSeed,
}

#[derive(Clone, Debug)]
struct Outcome {
    /// The half of the hash that is not the key.
    rest: u64,
    /// Who signed it and with which edition of its keys; `None` is invalid.
    signer: Option<(Arc<str>, u64)>,
    until: Timestamp,
}

/// What is known about the signature of one request; [`Known::fact`] lends it out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known {
    /// The request carries none, or nobody looked.
    Nothing(Fact<()>),
    /// Made with a key of this origin.
    Verified(Arc<str>),
    /// Wrong.
    Invalid,
    /// Cannot be judged; where an origin is named, its keys should be asked for.
    Unverified(Option<String>),
}

impl Known {
    /// As detectors and rules read it.
    pub fn fact(&self) -> Fact<Signature<'_>> {
        match self {
            Known::Nothing(Fact::Unseen) => Fact::Unseen,
            Known::Nothing(_) => Fact::Absent,
            Known::Verified(origin) => Fact::Known(Signature::Verified(origin)),
            Known::Invalid => Fact::Known(Signature::Invalid),
            Known::Unverified(_) => Fact::Known(Signature::Unverified),
        }
    }
}

impl Signatures {
    /// No verifier, no keys.
    pub fn new(seed: HashSeed) -> Self {
        let table = |entries_max, name| BoundedTableSettings { entries_max, name };
        Signatures {
            verifier: ArcSwapOption::empty(),
            results: BoundedTable::new(table(RESULTS_MAX, "guard.signature_results")),
            asked: BoundedTable::new(table(ASKED_MAX, "guard.signature_origins_asked")),
            keys: ArcSwap::default(),
            versions: AtomicU64::new(1),
            seed,
        }
    }

    /// Checks with `verifier` from now on.
    pub fn plug(&self, verifier: Box<dyn Verifier>) {
        self.verifier.store(Some(Arc::new(verifier)));
    }

    /// Holds the keys of `origin` until `until`: at most [`KEYS_PER_ORIGIN_MAX`] of them. A full book forgets the origin
    /// that proved nothing for longest.
    pub fn put_keys(&self, origin: &str, mut keys: Vec<Key>, until: Timestamp) {
        keys.truncate(KEYS_PER_ORIGIN_MAX);
        let version = self.versions.fetch_add(1, Ordering::Relaxed);
        self.keys.rcu(|held| {
            let mut book = HashMap::clone(held);
            let used = book.get(origin).map_or(i64::MIN, |held| held.used.load(Ordering::Relaxed));
            let same = book.get(origin).filter(|held| held.keys == keys);
            let version = same.map_or(version, |held| held.version);
            if book.len() >= ORIGINS_MAX && !book.contains_key(origin) {
                let idle = book.iter().min_by_key(|(_, held)| held.used.load(Ordering::Relaxed));
                if let Some(idle) = idle.map(|(origin, _)| origin.clone()) {
                    book.remove(&idle);
                }
            }
            let keys = keys.clone();
            let keys = OriginKeys { keys, until, version, used: AtomicI64::new(used) };
            book.insert(origin.to_owned(), Arc::new(keys));
            book
        });
    }

    /// The keys of `origin` that are good at `now`.
    pub fn keys_of(&self, origin: &str, now: Timestamp) -> Option<Arc<OriginKeys>> {
        self.keys.load().get(origin).filter(|keys| now < keys.until).cloned()
    }

    /// Origins whose keys are held, with the end of each: what is to be fetched again.
    pub fn origins(&self) -> Vec<(String, Timestamp)> {
        self.keys.load().iter().map(|(origin, keys)| (origin.clone(), keys.until)).collect()
    }

    /// True where the keys of `origin` are to be asked for now.
    pub fn ask(&self, origin: &str, now: Timestamp) -> bool {
        let later = now.plus_millis(ASK_AGAIN_MS);
        self.asked.update(
            keyed::of_text(self.seed, origin),
            || later,
            |until, fresh| {
                let asked = !fresh && now < *until && *until <= later;
                *until = if asked { *until } else { later };
                !asked
            },
        )
    }

    /// What is known about the signature of `facts`.
    pub fn look(&self, facts: &RequestFacts<'_>) -> Known {
        let Fact::Known(headers) = facts.headers else { return Known::Nothing(Fact::Unseen) };
        let Some(input) = headers.get("signature-input") else { return Known::Nothing(Fact::Absent) };
        let verifier = self.verifier.load();
        let Some(verifier) = verifier.as_deref() else { return Known::Unverified(None) };
        let Some((key, rest)) = self.hash(facts, &headers, input) else { return Known::Unverified(None) };
        if let Some(known) = self.remembered(key, rest, facts.time) {
            return known;
        }
        let checked = verifier.check(facts, &|origin| self.keys_of(origin, facts.time));
        self.remember(key, rest, checked, facts.time)
    }

    /// The result for an equal signature over equal parts, where it is held and its keys have not changed.
    fn remembered(&self, key: u64, rest: u64, now: Timestamp) -> Option<Known> {
        let held = self.results.read(key, Outcome::clone)?;
        if held.rest != rest || held.until <= now {
            return None;
        }
        let Some((origin, version)) = held.signer else { return Some(Known::Invalid) };
        let keys = self.keys.load();
        let keys = keys.get(&*origin).filter(|keys| keys.version == version && now < keys.until)?;
        keys.used.fetch_max(now.secs(), Ordering::Relaxed);
        Some(Known::Verified(origin))
    }

    fn remember(&self, key: u64, rest: u64, checked: Checked, now: Timestamp) -> Known {
        let (known, signer, until) = match checked {
            Checked::KeysWanted(origin) => return Known::Unverified(Some(origin)),
            Checked::Unverified => return Known::Unverified(None),
            Checked::Invalid => (Known::Invalid, None, now.plus_millis(ASK_AGAIN_MS)),
            Checked::Verified { origin, until } => {
                let keys = self.keys.load();
                let version = keys.get(&*origin).map(|keys| {
                    keys.used.fetch_max(now.secs(), Ordering::Relaxed);
                    keys.version
                });
                let Some(version) = version else { return Known::Unverified(Some((*origin).to_owned())) };
                (Known::Verified(Arc::clone(&origin)), Some((origin, version)), until)
            }
        };
        let made = Outcome { rest, signer, until };
        self.results.update(key, || made.clone(), |held, _| *held = made.clone());
        known
    }

    /// A hash of the signature and of all it may cover: request line, host, and the headers its input names.
    fn hash(&self, facts: &RequestFacts<'_>, headers: &HeaderList<'_>, input: &str) -> Option<(u64, u64)> {
        if input.len() > INPUT_BYTES_MAX {
            return None;
        }
        // Read once: every header is held against all of them.
        let mut held = [""; COMPONENTS_MAX];
        let mut count = 0;
        for name in input.split('"').skip(1).step_by(2) {
            *held.get_mut(count)? = name;
            count += 1;
        }
        let names = &held[..count];
        let HashSeed([first, second]) = self.seed;
        let mut hasher = SipHasher13::new_with_keys(first, second);
        let mut add = |text: &str| {
            hasher.write_usize(text.len());
            hasher.write(text.as_bytes());
        };
        for fact in [facts.method, facts.host, facts.target] {
            add(fact.known().unwrap_or(""));
        }
        add(if facts.scheme == Fact::Known(palisade_domain::Scheme::Https) { "https" } else { "http" });
        for (name, value) in headers.entries {
            let is = |other: &str| name.eq_ignore_ascii_case(other);
            if is("signature")
                || is("signature-input")
                || is("signature-agent")
                || names.iter().any(|named| is(named))
            {
                add(name);
                add(value);
            }
        }
        let hash = hasher.finish128();
        Some((hash.h1, hash.h2))
    }
}

impl std::fmt::Debug for Signatures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signatures").field("origins", &self.keys.load().len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
