//! Verdicts under an idempotency key: whoever lost the answer may ask again within five minutes and hears the same.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use palisade_domain::Timestamp;
use ring::digest;

use super::{Expect, Fault};
use crate::canonical::Fields;
use crate::token::Statement;
use crate::token::bounds::REPLAYS_MAX;

/// How long a verdict is repeated, ms.
pub(super) const REPLAYED_MS: u64 = 300_000;

/// The hash of who asks, the idempotency key and the token.
pub(super) type Name = [u8; 32];
/// What is repeated.
pub(super) type Verdict = Result<Statement, Fault>;

/// Every verdict that is still repeated. Only who shows a secret puts one in.
#[derive(Debug, Default)]
pub struct Replays(Mutex<Held>);

#[derive(Debug, Default)]
struct Held {
    verdicts: HashMap<Name, Verdict>,
    order: VecDeque<(Timestamp, Name)>,
}

/// The same idempotency key with another token, or by another site, is another question.
pub(super) fn name(expect: &Expect<'_>, key: &str, token: &str) -> Name {
    let mut fields = Fields::default();
    fields
        .put_number(u64::from(expect.tenant.0))
        .put(expect.site_key.unwrap_or_default().as_bytes())
        .put(key.as_bytes())
        .put(token.as_bytes());
    let mut name = [0; 32];
    name.copy_from_slice(digest::digest(&digest::SHA256, fields.bytes()).as_ref());
    name
}

impl Replays {
    /// What was answered under `name`, where that is less than five minutes ago.
    pub(super) fn get(&self, name: &Name, now: Timestamp) -> Option<Verdict> {
        let mut held = self.lock();
        held.forget(now);
        held.verdicts.get(name).cloned()
    }

    /// What was answered under `name`, else what `judge` says; of those who ask at the same moment one judges and all hear
    /// the same.
    pub(super) fn once(&self, name: Name, now: Timestamp, judge: impl FnOnce() -> Verdict) -> Verdict {
        let mut held = self.lock();
        held.forget(now);
        if let Some(verdict) = held.verdicts.get(&name) {
            return verdict.clone();
        }
        let verdict = judge();
        if held.verdicts.len() >= REPLAYS_MAX {
            held.forget_oldest();
        }
        held.verdicts.insert(name, verdict.clone());
        held.order.push_back((now, name));
        verdict
    }

    /// How many are held.
    pub fn len(&self) -> usize {
        self.lock().verdicts.len()
    }

    /// True where none is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn forget(&mut self, now: Timestamp) {
        while self.order.front().is_some_and(|(time, _)| now.millis_since(*time) >= REPLAYED_MS) {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        if let Some((_, name)) = self.order.pop_front() {
            self.verdicts.remove(&name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_domain::TenantId;

    #[test]
    fn a_verdict_is_repeated_for_five_minutes() {
        let replays = Replays::default();
        let at = Timestamp::from_secs;
        assert_eq!(replays.once([1; 32], at(0), || Err(Fault::Spent)), Err(Fault::Spent));
        assert_eq!(replays.once([1; 32], at(299), || Err(Fault::Foreign)), Err(Fault::Spent));
        assert_eq!(replays.get(&[1; 32], at(299)), Some(Err(Fault::Spent)));
        assert_eq!(replays.get(&[2; 32], at(299)), None);
        assert_eq!(replays.get(&[1; 32], at(300)), None);
        assert!(replays.is_empty());
    }

    #[test]
    fn it_stays_within_its_bound() {
        let replays = Replays::default();
        for n in 0..=REPLAYS_MAX as u64 {
            let mut name = [0; 32];
            name[..8].copy_from_slice(&n.to_le_bytes());
            let _ = replays.once(name, Timestamp(0), || Err(Fault::Spent));
        }
        assert_eq!(replays.len(), REPLAYS_MAX);
        assert_eq!(replays.lock().order.len(), REPLAYS_MAX);
        assert!(replays.get(&[0; 32], Timestamp(0)).is_none(), "the oldest is gone");
    }

    #[test]
    fn names_differ_in_every_part() {
        let expect = Expect { tenant: TenantId(1), site_key: Some("k") };
        let all = [
            name(&expect, "i", "t"),
            name(&expect, "it", ""),
            name(&expect, "", "it"),
            name(&Expect { tenant: TenantId(2), ..expect }, "i", "t"),
            name(&Expect { site_key: None, ..expect }, "i", "t"),
        ];
        let distinct: std::collections::HashSet<_> = all.iter().collect();
        assert_eq!(distinct.len(), all.len());
    }
}
