//! Confirmed names of addresses, as they came back from the resolver: a bounded cache that the hot path reads.
//!
//! It also remembers what is being asked, so that one address is one question however many requests wait for the answer.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use palisade_detect::HashSeed;
use palisade_domain::{ClientIp, Fact, Timestamp};
use palisade_limits::{BoundedTable, BoundedTableSettings};

use crate::keyed;

/// Most addresses whose names are held or asked for.
pub const NAMES_MAX: usize = 65_536;
/// An answer that is over serves this long while it is asked for again: a welcome crawler stays welcome meanwhile.
const GRACE_MS: i64 = 10 * 60 * 1_000;
/// A question that was not answered by then may be asked again.
const PENDING_MS: i64 = 30_000;

/// Answers by address; shared between threads.
#[derive(Debug)]
pub struct NameTable {
    entries: BoundedTable<Entry>,
    seed: HashSeed,
    /// False until the first question: an installation that asks nothing pays nothing.
    used: AtomicBool,
}

#[derive(Debug)]
struct Entry {
    /// Two addresses with one hash are not one address.
    ip: IpAddr,
    answer: Option<Answer>,
    /// Not asked again before this.
    asked_until: Timestamp,
}

#[derive(Clone, Debug)]
struct Answer {
    name: Option<Arc<str>>,
    until: Timestamp,
}

impl Default for NameTable {
    fn default() -> Self {
        NameTable::new(HashSeed([0, 0]))
    }
}

impl NameTable {
    /// An empty table whose keys are hashed under `seed`.
    pub fn new(seed: HashSeed) -> Self {
        NameTable::with_room_for(NAMES_MAX, seed)
    }

    fn with_room_for(entries_max: usize, seed: HashSeed) -> Self {
        let settings = BoundedTableSettings { entries_max, name: "guard.names" };
        NameTable { entries: BoundedTable::new(settings), seed, used: AtomicBool::new(false) }
    }

    /// The confirmed name of `ip`: `Absent` where it has none, `Unseen` where no answer is held.
    pub fn of(&self, ip: ClientIp, now: Timestamp) -> Fact<Arc<str>> {
        self.look(ip, now).0
    }

    /// As [`NameTable::of`], and whether the answer is over and should be asked for again.
    pub fn look(&self, ip: ClientIp, now: Timestamp) -> (Fact<Arc<str>>, bool) {
        if !self.used.load(Ordering::Relaxed) {
            return (Fact::Unseen, false);
        }
        let key = self.key(ip);
        let answer = self.entries.read(key, |entry| entry.answer_for(ip, now)).flatten();
        let Some(Answer { name, until }) = answer else { return (Fact::Unseen, false) };
        // Who comes back stays: a flood of addresses seen once pushes out itself.
        self.entries.update(key, || Entry::of(ip), |_, _| ());
        (Fact::seen(name), until <= now)
    }

    /// True where `ip` is to be asked for now; others are told no until the answer is there or late.
    pub fn ask(&self, ip: ClientIp, now: Timestamp) -> bool {
        self.used.store(true, Ordering::Relaxed);
        self.entries.update(
            self.key(ip),
            || Entry::of(ip),
            |entry, _| {
                entry.belong_to(ip);
                let held = entry.answer.as_ref().is_some_and(|answer| now < answer.until);
                // A clock that went back must not silence a question for as long as it went back.
                let asked = now < entry.asked_until && entry.asked_until <= now.plus_millis(PENDING_MS);
                if held || asked {
                    return false;
                }
                entry.asked_until = now.plus_millis(PENDING_MS);
                true
            },
        )
    }

    /// The question about `ip` was not delivered: it may be asked again at once.
    pub fn forget_question(&self, ip: ClientIp) {
        self.entries.update(
            self.key(ip),
            || Entry::of(ip),
            |entry, _| {
                entry.belong_to(ip);
                entry.asked_until = Timestamp(i64::MIN);
            },
        );
    }

    /// Holds an answer until `until`.
    pub fn put(&self, ip: ClientIp, name: Option<Arc<str>>, until: Timestamp) {
        self.used.store(true, Ordering::Relaxed);
        self.entries.update(
            self.key(ip),
            || Entry::of(ip),
            |entry, _| {
                entry.belong_to(ip);
                entry.answer = Some(Answer { name, until });
                entry.asked_until = Timestamp(i64::MIN);
            },
        );
    }

    /// Addresses held or asked for.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// True where nothing is held.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn key(&self, ip: ClientIp) -> u64 {
        keyed::of_ip(self.seed, ip)
    }
}

impl Entry {
    fn of(ip: ClientIp) -> Self {
        Entry { ip: ip.addr(), answer: None, asked_until: Timestamp(i64::MIN) }
    }

    /// Starts afresh where the entry is another address's with the same hash.
    fn belong_to(&mut self, ip: ClientIp) {
        if self.ip != ip.addr() {
            *self = Entry::of(ip);
        }
    }

    fn answer_for(&self, ip: ClientIp, now: Timestamp) -> Option<Answer> {
        let serves = |answer: &&Answer| now < answer.until.plus_millis(GRACE_MS);
        self.answer.as_ref().filter(|_| self.ip == ip.addr()).filter(serves).cloned()
    }
}

#[cfg(test)]
mod tests {
    use palisade_domain::address::{documentation_ip, documentation_ip6};

    use super::*;

    const HOUR: Timestamp = Timestamp(3_600_000_000);

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_secs(secs)
    }

    #[test]
    fn answers_are_held_until_they_are_over_and_a_little_longer() {
        let names = NameTable::default();
        let (with, without) = (documentation_ip(1), documentation_ip6(2));
        assert_eq!(names.look(with, at(0)), (Fact::Unseen, false));
        names.put(with, Some("crawl-1.example".into()), HOUR);
        names.put(without, None, HOUR);
        assert_eq!(names.look(with, at(10)), (Fact::Known("crawl-1.example".into()), false));
        assert_eq!(names.look(without, at(10)), (Fact::Absent, false));
        assert_eq!(names.of(documentation_ip(3), at(10)), Fact::Unseen);
        assert_eq!(names.look(with, HOUR), (Fact::Known("crawl-1.example".into()), true), "asked again");
        assert_eq!(names.of(with, HOUR.plus_millis(GRACE_MS)), Fact::Unseen);
    }

    #[test]
    fn one_address_is_one_question() {
        let (names, ip) = (NameTable::default(), documentation_ip(1));
        assert!(names.ask(ip, at(0)));
        assert!(!names.ask(ip, at(1)));
        assert!(names.ask(ip, at(31)), "nobody answered");
        assert!(names.ask(ip, at(-9_000)), "a clock that goes back silences nothing");
        names.put(ip, None, HOUR);
        assert!(!names.ask(ip, at(40)));
        assert!(names.ask(ip, HOUR), "over");
        names.forget_question(ip);
        assert!(names.ask(ip, HOUR));
    }

    #[test]
    fn a_flood_of_addresses_keeps_who_comes_back() {
        let names = NameTable::with_room_for(256, HashSeed([5, 6]));
        let welcome = documentation_ip(7);
        let answer = || names.put(welcome, Some("crawl.example".into()), HOUR);
        answer();
        let mut lost = 0;
        for n in 0..20_000_u32 {
            let ip = ClientIp::new(IpAddr::V4((0x0a00_0000 + n).into()));
            names.ask(ip, at(1));
            names.put(ip, None, HOUR);
            if n % 16 == 0 && !names.of(welcome, at(1)).is_known() {
                lost += 1;
                answer();
            }
        }
        // Every entry of the flood is used twice, so a hand that finds all in use may take any; then it is asked again.
        assert!(lost <= 12, "asked again {lost} times of 1,250");
        assert!(names.len() <= 256);
    }

    #[test]
    fn reading_allocates_nothing() {
        let (names, ip) = (NameTable::default(), documentation_ip(1));
        names.put(ip, Some("crawl-1.example".into()), HOUR);
        let made = allocation_counter::measure(|| drop(names.of(ip, at(1))));
        assert_eq!(made.count_total, 0);
    }
}
