//! Score bands, for clients that do not say they are programs.

use palisade_domain::{Action, BlockReason, Score};

/// Where monitor, challenge and block begin. Invariant: `0 < monitor < challenge < block <= 100`.
///
/// The numbers are anchors: 50, 70 and 90 are meant as the points where 5 %, 0.5 % and 0.1 % of people would be hit.
/// For hand-set tables they are provisional.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bands {
    monitor: Score,
    challenge: Score,
    block: Score,
}

/// The bands do not rise, or leave 1..=100.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BandsOutOfOrder;

impl std::fmt::Display for BandsOutOfOrder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("bands must satisfy 0 < monitor < challenge < block <= 100")
    }
}

impl std::error::Error for BandsOutOfOrder {}

impl Default for Bands {
    /// 50, 70, 90.
    fn default() -> Self {
        Bands::new(50, 70, 90).expect("50 < 70 < 90")
    }
}

impl Bands {
    /// Bands that begin at these scores.
    ///
    /// # Errors
    /// Where the invariant does not hold.
    pub fn new(monitor: u8, challenge: u8, block: u8) -> Result<Self, BandsOutOfOrder> {
        if monitor == 0 || monitor >= challenge || challenge >= block {
            return Err(BandsOutOfOrder);
        }
        let score = |value| Score::new(value).map_err(|_| BandsOutOfOrder);
        Ok(Bands { monitor: score(monitor)?, challenge: score(challenge)?, block: score(block)? })
    }

    /// Where clients are watched.
    pub fn monitor(&self) -> Score {
        self.monitor
    }

    /// Where clients are refused.
    pub fn block(&self) -> Score {
        self.block
    }

    /// Where `is_bot` and challenges begin.
    pub fn challenge(&self) -> Score {
        self.challenge
    }

    /// The band `score` lies in.
    pub fn action(&self, score: Score) -> (Action, &'static str) {
        if score >= self.block {
            (Action::Block(BlockReason::Score), "band: block")
        } else if score >= self.challenge {
            (Action::Challenge, "band: challenge")
        } else if score >= self.monitor {
            (Action::Monitor, "band: monitor")
        } else {
            (Action::Allow, "band: allow")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_begin_where_they_say() {
        let check = |score, name: &str| {
            let (action, _) = Bands::default().action(Score::new(score).unwrap());
            assert_eq!(action.name(), name, "{score}");
        };
        for (score, name) in [(0, "allow"), (49, "allow"), (50, "monitor"), (69, "monitor")] {
            check(score, name);
        }
        for (score, name) in [(70, "challenge"), (89, "challenge"), (90, "block"), (100, "block")] {
            check(score, name);
        }
    }

    #[test]
    fn falling_bands_are_refused() {
        for (monitor, challenge, block) in [(0, 70, 90), (70, 70, 90), (50, 90, 70), (50, 70, 101)] {
            assert!(Bands::new(monitor, challenge, block).is_err());
        }
    }
}
