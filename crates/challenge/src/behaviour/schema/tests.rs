use std::collections::BTreeSet;

use palisade_domain::Timestamp;
use proptest::prelude::*;

use super::super::features::Features;
use super::super::trace::{Click, Move, Phase, Touch};
use super::super::{Around, judge};
use super::*;

fn numbers(trace: &Trace) -> Numbers {
    judge(trace, &Around { now: Timestamp(0), ticket: None, user_agent: None, key: [1, 2] }).numbers
}

fn line(steps: u32, step_ms: f64) -> Trace {
    let at = |at: u32| Move { x: f64::from(at) * 8.0, y: 40.0, time: 1_000.0 + f64::from(at) * step_ms };
    Trace { moves: (0..steps).map(at).collect(), ..Trace::default() }
}

#[test]
fn every_feature_is_described_and_has_one_name() {
    let known: BTreeSet<_> = names().collect();
    assert_eq!((known.len(), FEATURES.len()), (LEN, LEN));
    for feature in &FEATURES {
        assert!(feature.range.start() < feature.range.end(), "{}", feature.name);
        assert!(!feature.unit.is_empty() && feature.says.len() > 10, "{feature:?}");
        assert!(
            feature.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'),
            "{}",
            feature.name
        );
    }
}

#[test]
fn the_first_are_those_of_seed_000() {
    // As seed 000 counts them: its kind of device is one feature, whatever it is written as.
    let theirs: Vec<_> = Features::NAMES.iter().filter(|name| !name.starts_with("device_")).collect();
    assert_eq!(theirs.len() + 1, SEED_FEATURES);
    for name in theirs {
        let plain = name.trim_end_matches("_ms");
        let at = names().position(|ours| ours == plain).unwrap_or_else(|| panic!("{name}"));
        assert!(at < SEED_FEATURES, "{name}");
    }
    assert!(names().take(SEED_FEATURES).any(|name| name == "device"));
}

#[test]
fn what_was_not_used_is_not_measured() {
    let nothing = numbers(&Trace::default());
    for feature in FEATURES.iter().filter(|feature| feature.needs.is_some()) {
        assert_eq!(nothing.get(feature.name), None, "{}", feature.name);
    }
    assert_eq!(nothing.get("interaction_count"), Some(0.0));
    assert_eq!(nothing.get("duration"), None, "nobody said how long it took");
    let keys = numbers(&Trace { keys: vec![0.0, 120.0], ..Trace::default() });
    assert_eq!(keys.get("key_press_interval"), Some(121.0_f32.ln()));
    assert_eq!((keys.get("key_gap_variation"), keys.get("mouse_speed")), (None, None));
}

#[test]
fn a_line_at_one_speed_is_seen_as_one() {
    let found = numbers(&line(40, 16.0));
    assert_eq!(found.get("mouse_straight"), Some(1.0));
    assert_eq!(found.get("mouse_linearity"), Some(1.0));
    assert!(found.get("mouse_speed_variation").is_some_and(|variation| variation < 1e-6));
    assert_eq!(found.get("mouse_peaks"), Some(1.0_f32.ln_1p()), "it never slows down");
    assert_eq!(found.get("mouse_speed"), Some(501.0_f32.ln()), "8 px each 16 ms");
}

#[test]
fn a_stroke_that_speeds_up_twice_has_two_peaks() {
    let mut trace = Trace::default();
    let mut x = 0.0;
    for (at, step) in [5.0, 20.0, 40.0, 20.0, 5.0, 5.0, 5.0, 20.0, 40.0, 20.0, 5.0].into_iter().enumerate() {
        trace.moves.push(Move { x, y: 0.0, time: at as f64 * 16.0 });
        x += step;
    }
    trace.moves.push(Move { x, y: 0.0, time: 11.0 * 16.0 });
    let found = numbers(&trace);
    assert_eq!(found.get("mouse_peaks"), Some(2.0_f32.ln_1p()));
    assert!(found.get("mouse_peak_at").is_some_and(|at| (at - 2.5 / 11.0).abs() < 1e-3), "{found:?}");
}

#[test]
fn expectations_name_this_schema() {
    expected(|expect| {
        assert_eq!(
            (expect.schema_id, expect.features.len(), expect.vantages.len()),
            (ID, LEN, VANTAGES.len())
        );
    });
    for need in Need::ALL {
        assert!(!need.is_met_by(&Trace::default()), "{}", need.name());
        assert!(FEATURES.iter().any(|feature| feature.needs == Some(need)), "{}", need.name());
    }
}

proptest! {
    /// Whatever a client sends: finite, in range or not measured, and no place or moment of its own.
    #[test]
    fn numbers_stay_in_range_and_do_not_tell_where_or_when(
        moves in prop::collection::vec((-5_000_i32..5_000, -5_000_i32..5_000, 0_u32..60_000), 0..60),
        clicks in prop::collection::vec((any::<bool>(), 0_u32..60_000), 0..12),
        touches in prop::collection::vec((0_u8..3, -500_i32..500, 0_u32..60_000, 0.0..100.0_f64), 0..30),
        keys in prop::collection::vec(0_u32..60_000, 0..40),
        shift in (-2_000_i32..2_000, -2_000_i32..2_000, 0_u32..1_000_000),
    ) {
        let trace = |dx: i32, dy: i32, dt: u32| {
            let phase = |at: u8| [Phase::Start, Phase::Move, Phase::End][usize::from(at)];
            let time = |ms: u32| f64::from(ms + dt);
            let place = |x: i32, y: i32| (f64::from(x + dx), f64::from(y + dy));
            Trace {
                moves: moves.iter().map(|&(x, y, ms)| {
                    let (x, y) = place(x, y);
                    Move { x, y, time: time(ms) }
                }).collect(),
                clicks: clicks.iter().map(|&(down, ms)| {
                    let (x, y) = place(7, 9);
                    Click { down, x, y, time: time(ms) }
                }).collect(),
                touches: touches.iter().map(|&(at, x, ms, force)| {
                    let (x, y) = place(x, -x);
                    Touch { phase: phase(at), x, y, time: time(ms), force: Some(force) }
                }).collect(),
                keys: keys.iter().map(|ms| time(*ms)).collect(),
                ..Trace::default()
            }
        };
        let here = numbers(&trace(0, 0, 0));
        for (feature, value) in FEATURES.iter().zip(here.values()) {
            prop_assert!(value.is_nan() || feature.range.contains(value), "{}: {value}", feature.name);
        }
        prop_assert_eq!(here, numbers(&trace(shift.0, shift.1, shift.2)));
    }
}
