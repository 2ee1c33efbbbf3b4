//! May the challenger take the live model's place? Pure: scores of both on the same clients in, a decision with its numbers out.
//!
//! It must be better on the frozen set, whose clients never trained any model, and on recent labels, which came after it was
//! trained: by a stated margin, with the whole interval above nothing, and without hitting more people. Where there are too few
//! clients to tell, it waits.

use crate::evaluation::{EvaluateOptions, Scored, auc_gain};
use crate::traffic::CHALLENGE;

/// Least gain in AUC that is worth a change.
pub const MARGIN: f64 = 0.005;
/// Fewest groups of people, and of programs, in the frozen set.
pub const FROZEN_GROUPS_MIN: usize = 20;
/// Fewest groups of each among recent labels.
pub const RECENT_GROUPS_MIN: usize = 10;
/// The share of people that the challenger may hit beyond the live model's, and one person at least.
const MORE_HIT: f64 = 0.01;

/// The same clients under both models, in the same order.
#[derive(Clone, Debug, Default)]
pub struct Rivals {
    /// By the live model.
    pub live: Vec<Scored>,
    /// By the challenger.
    pub challenger: Vec<Scored>,
}

/// What becomes of the challenger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It takes the live model's place.
    Promote,
    /// It is not good enough.
    Reject,
    /// There are too few clients to tell.
    Wait,
}

/// A decision, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// What becomes of it.
    pub verdict: Verdict,
    /// Why, with its numbers, for people.
    pub reason: String,
}

/// Judges the challenger on the frozen set alone: is it worth shadowing live traffic?
pub fn first_look(frozen: &Rivals) -> Decision {
    one("frozen set", frozen, FROZEN_GROUPS_MIN)
}

/// Judges the challenger on the frozen set and on recent labels. Neither outweighs the other.
pub fn decide(frozen: &Rivals, recent: &Rivals) -> Decision {
    let both =
        [one("frozen set", frozen, FROZEN_GROUPS_MIN), one("recent labels", recent, RECENT_GROUPS_MIN)];
    let has = |verdict| both.iter().any(|decision| decision.verdict == verdict);
    let verdict = match () {
        () if has(Verdict::Reject) => Verdict::Reject,
        () if has(Verdict::Wait) => Verdict::Wait,
        () => Verdict::Promote,
    };
    Decision { verdict, reason: both.map(|decision| decision.reason).join("; ") }
}

fn one(name: &str, rivals: &Rivals, groups_min: usize) -> Decision {
    let (people, bots) = groups(&rivals.live);
    let seen = format!("{name}: {people} people, {bots} programs");
    if people < groups_min || bots < groups_min {
        let reason = format!("{seen}, {groups_min} of each are needed to tell");
        return Decision { verdict: Verdict::Wait, reason };
    }
    let Some(gain) = auc_gain(&rivals.live, &rivals.challenger, &EvaluateOptions::default()) else {
        return Decision { verdict: Verdict::Wait, reason: format!("{seen}, which say nothing") };
    };
    let (before, after) = (hit(&rivals.live), hit(&rivals.challenger));
    let reason = format!(
        "{seen}, AUC {:.4} after {:.4} (gain {:+.4}, 95 % {:+.4} to {:+.4}, at least {MARGIN:+.3} is asked for), people \
         challenged {after} after {before}",
        gain.after,
        gain.before,
        gain.gain(),
        gain.lo,
        gain.hi,
    );
    let allowed = before + ((people as f64 * MORE_HIT).floor() as usize).max(1);
    let is_better = gain.gain() >= MARGIN && gain.lo > 0.0 && after <= allowed;
    Decision { verdict: if is_better { Verdict::Promote } else { Verdict::Reject }, reason }
}

/// Groups of people, and of programs.
fn groups(rows: &[Scored]) -> (usize, usize) {
    let of = |is_bot: bool| {
        let mut groups: Vec<u32> =
            rows.iter().filter(|row| row.is_bot == is_bot).map(|row| row.group).collect();
        groups.sort_unstable();
        groups.dedup();
        groups.len()
    };
    (of(false), of(true))
}

/// People who would be challenged.
fn hit(rows: &[Scored]) -> usize {
    rows.iter().filter(|row| !row.is_bot && row.score >= CHALLENGE).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    /// `count` clients, every second a program, whose score tells them apart by `apart` of its range; people stay below `people_max`.
    fn rows(count: u32, apart: f64, people_max: f64) -> Vec<Scored> {
        let mut random = Random::new(5);
        let mut even = move || random.below(1_000_000) as f64 / 1e6;
        let one = |at: u32| {
            let is_bot = at % 2 == 1;
            let score = (even() * (1.0 - apart) + if is_bot { apart } else { 0.0 }).min(if is_bot {
                1.0
            } else {
                people_max
            });
            Scored {
                name: format!("client {at}"),
                score,
                is_bot,
                group: at,
                family: None,
                requests: 1,
                reasons: Vec::new(),
            }
        };
        (0..count).map(one).collect()
    }

    fn rivals(count: u32, live: f64, challenger: f64) -> Rivals {
        Rivals { live: rows(count, live, 0.69), challenger: rows(count, challenger, 0.69) }
    }

    #[test]
    fn the_better_one_is_promoted_with_its_numbers() {
        let decision = decide(&rivals(400, 0.1, 0.5), &rivals(100, 0.1, 0.5));
        assert_eq!(decision.verdict, Verdict::Promote, "{}", decision.reason);
        for word in ["frozen set: 200 people, 200 programs", "recent labels: 50 people", "95 %", "+0.005"] {
            assert!(decision.reason.contains(word), "{word}: {}", decision.reason);
        }
    }

    #[test]
    fn one_as_good_is_rejected() {
        assert_eq!(decide(&rivals(400, 0.3, 0.3), &rivals(100, 0.3, 0.3)).verdict, Verdict::Reject);
    }

    #[test]
    fn better_on_one_of_both_is_not_enough() {
        let (good, bad) = (rivals(400, 0.1, 0.5), rivals(400, 0.5, 0.1));
        assert_eq!(decide(&good, &bad).verdict, Verdict::Reject);
        assert_eq!(decide(&bad, &good).verdict, Verdict::Reject);
        assert_eq!(first_look(&good).verdict, Verdict::Promote);
    }

    #[test]
    fn too_few_cannot_tell_and_one_class_neither() {
        assert_eq!(decide(&rivals(400, 0.1, 0.5), &rivals(18, 0.1, 0.5)).verdict, Verdict::Wait);
        assert_eq!(decide(&Rivals::default(), &Rivals::default()).verdict, Verdict::Wait);
        let mut people = rivals(400, 0.1, 0.5);
        for rows in [&mut people.live, &mut people.challenger] {
            rows.retain(|row| !row.is_bot);
        }
        assert_eq!(first_look(&people).verdict, Verdict::Wait);
    }

    #[test]
    fn hitting_more_people_is_not_better() {
        let mut rivals = rivals(400, 0.1, 0.5);
        // All scores of the challenger are squeezed upwards: the order is as good, and everybody is challenged.
        rivals.challenger.iter_mut().for_each(|row| row.score = 0.7 + row.score * 0.3);
        let decision = first_look(&rivals);
        assert_eq!(decision.verdict, Verdict::Reject, "{}", decision.reason);
        assert!(decision.reason.contains("people challenged 200 after 0"), "{}", decision.reason);
    }
}
