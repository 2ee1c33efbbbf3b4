//! The shape of a trace: a keyed hash that is the same for a recording sent again, earlier or later, here or there on the
//! page, faster or slower, and different for two people.

use std::collections::HashSet;
use std::hash::Hasher;

use siphasher::sip::SipHasher13;

use super::trace::{Phase, Trace};

/// Fewest different steps that make a shape: with fewer, two people might make the same.
const STEPS_MIN: usize = 12;
/// Key presses are told apart by the gaps between them, to this many ms.
const GAP_MS: f64 = 2.0;

/// That of a trace; `None` where too little happened for one.
pub(super) fn shape(trace: &Trace, key: [u64; 2]) -> Option<u64> {
    let mouse: Vec<_> = steps(trace.moves.iter().map(|at| (at.x, at.y)));
    let touched = |list: &[super::trace::Touch]| -> Vec<(i64, i64)> {
        steps(list.iter().filter(|at| at.phase != Phase::End).map(|at| (at.x, at.y)))
    };
    let streams = [
        mouse,
        touched(&trace.touches),
        touched(&trace.pens),
        trace.keys.windows(2).map(|pair| (rounded((pair[1] - pair[0]) / GAP_MS), 0)).collect(),
    ];
    let mut hasher = SipHasher13::new_with_keys(key[0], key[1]);
    let mut told = false;
    for (kind, stream) in streams.iter().enumerate() {
        let different = stream.iter().collect::<HashSet<_>>().len();
        // A stream that tells nobody apart is left out, so that a key more or less does not make a recording new.
        if different >= STEPS_MIN {
            told = true;
            hasher.write_u8(kind as u8);
            for (x, y) in stream {
                hasher.write_i64(*x);
                hasher.write_i64(*y);
            }
        }
    }
    told.then(|| hasher.finish())
}

/// From each position to the next, in whole px; standing still is no step.
fn steps(positions: impl Iterator<Item = (f64, f64)> + Clone) -> Vec<(i64, i64)> {
    let pairs = positions.clone().zip(positions.skip(1));
    pairs
        .map(|(from, to)| (rounded(to.0 - from.0), rounded(to.1 - from.1)))
        .filter(|step| *step != (0, 0))
        .collect()
}

/// Half pixels go up, whatever the last digits of a shifted number say.
fn rounded(value: f64) -> i64 {
    (value + 0.5 + 1e-6).floor() as i64
}

#[cfg(test)]
mod tests {
    use super::super::trace::Move;
    use super::*;
    use proptest::prelude::*;

    fn trace(moves: &[(i32, i32)], shift: (f64, f64, f64)) -> Trace {
        let mut trace = Trace::default();
        for (at, (x, y)) in moves.iter().enumerate() {
            let (x, y) = (f64::from(*x) / 2.0 + shift.0, f64::from(*y) / 2.0 + shift.1);
            trace.moves.push(Move { x, y, time: at as f64 * 16.0 + shift.2 });
        }
        trace
    }

    proptest! {
        #[test]
        fn a_shifted_recording_has_the_same_shape(
            moves in prop::collection::vec((0..4_000_i32, 0..4_000_i32), 2..60),
            shift in (-500.0..500.0_f64, -500.0..500.0_f64, 0.0..1e6_f64),
        ) {
            let (was, is) = (trace(&moves, (0.0, 0.0, 0.0)), trace(&moves, shift));
            prop_assert_eq!(shape(&was, [1, 2]), shape(&is, [1, 2]));
        }

        #[test]
        fn another_step_makes_another_shape(
            moves in prop::collection::vec((0..4_000_i32, 0..4_000_i32), 30..60),
        ) {
            let mut other = moves.clone();
            other[7].0 += 10;
            let (one, other) = (trace(&moves, (0.0, 0.0, 0.0)), trace(&other, (0.0, 0.0, 0.0)));
            prop_assert!(shape(&one, [1, 2]).is_some());
            prop_assert_ne!(shape(&one, [1, 2]), shape(&other, [1, 2]));
            prop_assert_ne!(shape(&one, [1, 2]), shape(&one, [1, 3]));
        }
    }

    #[test]
    fn too_little_has_none() {
        assert_eq!(shape(&Trace::default(), [1, 2]), None);
        let line: Vec<_> = (0..100).map(|at| (at * 4, at * 4)).collect();
        assert_eq!(shape(&trace(&line, (0.0, 0.0, 0.0)), [1, 2]), None, "everybody's loop draws this line");
        let keys = |gap: f64| {
            let keys = (0..20).map(|at| f64::from(at * at) * gap).collect();
            Trace { keys, ..Trace::default() }
        };
        assert!(shape(&keys(4.0), [1, 2]).is_some());
        assert_ne!(shape(&keys(4.0), [1, 2]), shape(&keys(6.0), [1, 2]));
    }
}
