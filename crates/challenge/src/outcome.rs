//! What became of challenges, counted: issued, solved, failed and why, abandoned, and how long solving took.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use palisade_domain::{PassKind, Timestamp};

use crate::code::Code;
use crate::open::Open;

/// Upper bounds of the buckets of solving times, in ms; what took longer is in the last one.
pub const SOLVE_MS: [u64; 12] = [50, 100, 200, 300, 500, 750, 1_000, 1_500, 2_000, 3_000, 5_000, 10_000];

/// What an outcome says about the visitor, for training: a label that our own decision caused, so it counts little (DESIGN
/// section 10), and nothing where work alone was done, for programs do that too.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Said {
    /// A person; else a program.
    pub human: bool,
    /// 0.0..=0.1.
    pub weight: f64,
}

/// A hand that was seen, and what it did was a person's, from this score on.
const HAND_MIN: f64 = 0.7;

/// What follows from an answer that was taken (`refused` is none) or not.
pub fn said(behaviour: Option<f64>, refused: Option<Code>) -> Option<Said> {
    match (refused, behaviour) {
        (Some(Code::Honeypot | Code::RepeatedTrace), _) => Some(Said { human: false, weight: 0.1 }),
        (Some(_), _) => None,
        (None, Some(human)) if human >= HAND_MIN => Some(Said { human: true, weight: 0.1 }),
        // Work alone is done by programs too.
        (None, _) => None,
    }
}

/// Counts since the start. Nothing here can grow.
#[derive(Debug, Default)]
pub struct Outcomes {
    kinds: [Kind; PassKind::ALL.len()],
    codes: [AtomicU64; Code::ALL.len()],
}

#[derive(Debug, Default)]
struct Kind {
    issued: AtomicU64,
    solved: AtomicU64,
    failed: AtomicU64,
    solve_ms: [AtomicU64; SOLVE_MS.len() + 1],
    solve_ms_sum: AtomicU64,
    /// Nothing is left half done under this lock.
    open: Mutex<Open>,
}

impl Kind {
    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The counts of one kind, at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// Which kind.
    pub kind: PassKind,
    /// How many were issued.
    pub issued: u64,
    /// How many were met.
    pub solved: u64,
    /// How many answers were not taken.
    pub failed: u64,
    /// How many have had no answer: still open, or left.
    pub unanswered: u64,
    /// How many tickets ended without any answer: the page was left, or could do nothing with it. Told a minute late at
    /// most; of a ticket that is answered several times each answer counts, so they may be more.
    pub abandoned: u64,
    /// Median solving time, as the upper bound of its bucket, ms; `None` where nothing was solved.
    pub median_ms: Option<u64>,
    /// How many were solved within each of [`SOLVE_MS`], and beyond the last.
    pub solve_ms: Vec<u64>,
    /// All solving times together, ms.
    pub solve_ms_sum: u64,
}

impl Outcomes {
    /// One was issued, whose ticket ends at `expires`.
    pub fn issued(&self, kind: PassKind, expires: Timestamp, now: Timestamp) {
        let kind = self.of(kind);
        kind.issued.fetch_add(1, Ordering::Relaxed);
        kind.open().add(expires, now);
    }

    /// One that was issued as `kind` had an answer, good or not: it was not left.
    pub fn answered(&self, kind: PassKind, expires: Timestamp, now: Timestamp) {
        self.of(kind).open().take(expires, now);
    }

    /// One that was issued as `from` was answered as `to`, which stood beside it.
    pub fn moved(&self, from: PassKind, to: PassKind) {
        let take = |count: u64| Some(count.saturating_sub(1));
        let _ = self.of(from).issued.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take);
        self.of(to).issued.fetch_add(1, Ordering::Relaxed);
    }

    /// One was met, `ms` after it was issued.
    pub fn solved(&self, kind: PassKind, ms: u64) {
        let at = SOLVE_MS.partition_point(|bound| *bound < ms);
        let kind = self.of(kind);
        kind.solved.fetch_add(1, Ordering::Relaxed);
        kind.solve_ms[at].fetch_add(1, Ordering::Relaxed);
        kind.solve_ms_sum.fetch_add(ms, Ordering::Relaxed);
    }

    /// An answer was not taken.
    pub fn failed(&self, kind: PassKind, code: Code) {
        self.of(kind).failed.fetch_add(1, Ordering::Relaxed);
        self.refused(code);
    }

    /// Something was not taken of which no kind is known.
    pub fn refused(&self, code: Code) {
        self.codes[code as usize].fetch_add(1, Ordering::Relaxed);
    }

    fn of(&self, kind: PassKind) -> &Kind {
        &self.kinds[usize::from(kind.number()) - 1]
    }

    /// The counts of every kind, at `now`.
    pub fn counted(&self, now: Timestamp) -> Vec<Counted> {
        let counted = |kind: PassKind| {
            let held = self.of(kind);
            let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
            let (issued, solved, failed) = (read(&held.issued), read(&held.solved), read(&held.failed));
            let solve_ms: Vec<u64> = held.solve_ms.iter().map(read).collect();
            Counted {
                kind,
                issued,
                solved,
                failed,
                unanswered: issued.saturating_sub(solved + failed),
                abandoned: held.open().left(now),
                median_ms: median(&solve_ms),
                solve_ms,
                solve_ms_sum: read(&held.solve_ms_sum),
            }
        };
        PassKind::ALL.into_iter().map(counted).collect()
    }

    /// How often each reason was given; those that were never given are left out.
    pub fn reasons(&self) -> Vec<(Code, u64)> {
        let all = Code::ALL.into_iter().map(|code| (code, self.codes[code as usize].load(Ordering::Relaxed)));
        all.filter(|(_, count)| *count > 0).collect()
    }
}

/// The upper bound of the bucket in which half of them are reached.
fn median(buckets: &[u64]) -> Option<u64> {
    let half = buckets.iter().sum::<u64>().div_ceil(2);
    let mut sum = 0;
    let at = buckets.iter().position(|count| {
        sum += count;
        half > 0 && sum >= half
    })?;
    Some(SOLVE_MS.get(at).copied().unwrap_or(SOLVE_MS[SOLVE_MS.len() - 1]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_we_caused_ourselves_says_little() {
        assert_eq!(said(Some(0.1), Some(Code::Honeypot)), Some(Said { human: false, weight: 0.1 }));
        assert_eq!(said(None, Some(Code::WrongWork)), None);
        assert_eq!(said(Some(0.9), None), Some(Said { human: true, weight: 0.1 }));
        assert_eq!((said(None, None), said(Some(0.6), None)), (None, None));
    }

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_secs(1_795_132_800 + secs)
    }

    fn of(outcomes: &Outcomes, kind: PassKind, now: Timestamp) -> Counted {
        outcomes.counted(now).into_iter().find(|counted| counted.kind == kind).unwrap()
    }

    #[test]
    fn what_was_solved_has_a_median_and_what_was_left_is_the_rest() {
        let outcomes = Outcomes::default();
        for _ in 0..5 {
            outcomes.issued(PassKind::Work, at(600), at(0));
        }
        for ms in [40, 220, 20_000] {
            outcomes.solved(PassKind::Work, ms);
            outcomes.answered(PassKind::Work, at(600), at(30));
        }
        outcomes.failed(PassKind::Work, Code::WrongWork);
        outcomes.answered(PassKind::Work, at(600), at(40));
        let counted = of(&outcomes, PassKind::Work, at(50));
        assert_eq!((counted.issued, counted.solved, counted.failed), (5, 3, 1));
        assert_eq!((counted.unanswered, counted.abandoned), (1, 0), "it is still open");
        assert_eq!(counted.median_ms, Some(300));
        assert_eq!(outcomes.reasons(), [(Code::WrongWork, 1)]);
        let others = outcomes.counted(at(660));
        assert!(others.iter().filter(|c| c.kind != PassKind::Work).all(|c| c.median_ms.is_none()));
        assert_eq!(others.iter().map(|counted| counted.abandoned).sum::<u64>(), 1, "its life is over");
        assert_eq!(of(&outcomes, PassKind::Work, at(660)).unanswered, 1);
    }

    #[test]
    fn what_is_met_in_another_way_is_left_in_none() {
        let outcomes = Outcomes::default();
        outcomes.issued(PassKind::HardWork, at(600), at(0));
        outcomes.answered(PassKind::HardWork, at(600), at(9));
        outcomes.moved(PassKind::HardWork, PassKind::NoScript);
        outcomes.solved(PassKind::NoScript, 9_000);
        let (hard, without) = (PassKind::HardWork, PassKind::NoScript);
        let counts = |kind| {
            let counted = of(&outcomes, kind, at(5_000));
            (counted.issued, counted.solved, counted.abandoned)
        };
        assert_eq!((counts(hard), counts(without)), ((0, 0, 0), (1, 1, 0)));
    }
}
