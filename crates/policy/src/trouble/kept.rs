//! Trouble as bytes and back, so that a restart does not forget who was blocked how often.

use palisade_domain::{Rate, Timestamp};

use super::{FORGOTTEN_MS, Trouble, ms};
use crate::lists::ListEffect;

/// What one network's trouble takes. Numbers little-endian: `last_ms`, `last_flag_ms`, `until_ms` (u64), `violations`,
/// `flags`, rate (u32), `blocks`, effect, listed (u8), and a byte that is 0.
pub(crate) const KEPT_BYTES: usize = 40;

/// A clock that was so far ahead when trouble was noted has been set back since.
const CLOCK_AHEAD_MS: u64 = 24 * 3_600_000;

impl Trouble {
    /// As bytes.
    pub(crate) fn to_bytes(self) -> [u8; KEPT_BYTES] {
        let (effect, rate) = match self.effect {
            None => (0, 0),
            Some(ListEffect::Allow) => (1, 0),
            Some(ListEffect::Block) => (2, 0),
            Some(ListEffect::Throttle(rate)) => (3, rate.0),
            Some(ListEffect::Flag) => (4, 0),
        };
        let mut out = [0; KEPT_BYTES];
        out[..8].copy_from_slice(&self.last_ms.to_le_bytes());
        out[8..16].copy_from_slice(&self.last_flag_ms.to_le_bytes());
        out[16..24].copy_from_slice(&self.until_ms.to_le_bytes());
        out[24..28].copy_from_slice(&self.violations.to_le_bytes());
        out[28..32].copy_from_slice(&self.flags.to_le_bytes());
        out[32..36].copy_from_slice(&rate.to_le_bytes());
        out[36..39].copy_from_slice(&[self.blocks, effect, u8::from(self.listed)]);
        out
    }

    /// What [`Trouble::to_bytes`] gave; `None` where that cannot have been.
    pub(crate) fn from_bytes(bytes: &[u8; KEPT_BYTES]) -> Option<Self> {
        let long = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"));
        let short = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"));
        let effect = match (bytes[37], short(32)) {
            (0, 0) => None,
            (1, 0) => Some(ListEffect::Allow),
            (2, 0) => Some(ListEffect::Block),
            (3, rate) => Some(ListEffect::Throttle(Rate(rate))),
            (4, 0) => Some(ListEffect::Flag),
            _ => return None,
        };
        let listed = match (bytes[38], bytes[39]) {
            (listed @ (0 | 1), 0) => listed == 1,
            _ => return None,
        };
        Some(Trouble {
            last_ms: long(0),
            last_flag_ms: long(8),
            until_ms: long(16),
            violations: short(24),
            flags: short(28),
            blocks: bytes[36],
            effect,
            listed,
        })
    }

    /// True where it still matters at `now`.
    pub(crate) fn is_remembered(&self, now: Timestamp) -> bool {
        let now_ms = ms(now);
        let noted_ms = self.last_ms.max(self.last_flag_ms);
        noted_ms <= now_ms.saturating_add(CLOCK_AHEAD_MS)
            && now_ms.saturating_sub(noted_ms.max(self.until_ms)) <= FORGOTTEN_MS
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_trouble() -> impl Strategy<Value = Trouble> {
        let effect = prop_oneof![
            Just(None),
            Just(Some(ListEffect::Allow)),
            Just(Some(ListEffect::Block)),
            Just(Some(ListEffect::Flag)),
            any::<u32>().prop_map(|rate| Some(ListEffect::Throttle(Rate(rate)))),
        ];
        let times = (any::<u64>(), any::<u64>(), any::<u64>());
        let counts = (any::<u32>(), any::<u32>(), any::<u8>(), any::<bool>());
        (times, counts, effect).prop_map(|((last_ms, last_flag_ms, until_ms), counts, effect)| {
            let (violations, flags, blocks, listed) = counts;
            Trouble { last_ms, last_flag_ms, violations, flags, blocks, effect, until_ms, listed }
        })
    }

    proptest! {
        #[test]
        fn trouble_comes_back(trouble in any_trouble()) {
            let bytes = trouble.to_bytes();
            let back = Trouble::from_bytes(&bytes).expect("our own bytes");
            prop_assert_eq!(format!("{back:?}"), format!("{trouble:?}"));
        }

        #[test]
        fn any_bytes_are_refused_or_mean_themselves(bytes in any::<[u8; KEPT_BYTES]>()) {
            if let Some(trouble) = Trouble::from_bytes(&bytes) {
                prop_assert_eq!(trouble.to_bytes(), bytes);
            }
        }
    }

    #[test]
    fn what_is_over_or_comes_from_another_clock_is_not_remembered() {
        let now_ms = 100 * FORGOTTEN_MS;
        let check = |last_ms: u64, until_ms: u64, expect: bool| {
            let trouble = Trouble { last_ms, until_ms, ..Trouble::default() };
            assert_eq!(trouble.is_remembered(super::super::time(now_ms)), expect, "{last_ms} {until_ms}");
        };
        check(now_ms, now_ms, true);
        check(now_ms - FORGOTTEN_MS, 0, true);
        check(now_ms - FORGOTTEN_MS - 1, 0, false);
        check(now_ms - 2 * FORGOTTEN_MS, now_ms - 1, true);
        check(now_ms + CLOCK_AHEAD_MS, 0, true);
        check(now_ms + CLOCK_AHEAD_MS + 1, 0, false);
    }
}
