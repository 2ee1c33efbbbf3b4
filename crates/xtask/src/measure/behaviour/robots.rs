//! Programs that pretend to be people, from the clumsiest to some that know what is looked at.

use palisade_challenge::behaviour::Trace;
use palisade_challenge::behaviour::trace::{Click, Move};

/// Repeatable numbers from 0.0 to 1.0.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn roll(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub(super) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.roll()
    }
}

/// Makes one trace.
type Make = fn(&mut Dice) -> Trace;

/// One move of a pointer from one place to another.
struct Way {
    bend: f64,
    jitter: f64,
    eased: bool,
    whole_pixels: bool,
}

const LINE: Way = Way { bend: 0.0, jitter: 0.0, eased: false, whole_pixels: true };

/// `count` of every kind.
pub(super) fn all(count: u64) -> Vec<(&'static str, Vec<Trace>)> {
    let kinds: [(&str, Make); 13] = [
        ("no event at all", |_| Trace::default()),
        ("straight, constant speed", |dice| mouse(dice, &LINE)),
        ("straight, constant speed, parts of pixels", |dice| {
            mouse(dice, &Way { whole_pixels: false, ..LINE })
        }),
        ("straight, eased", |dice| mouse(dice, &Way { eased: true, ..LINE })),
        ("curve, constant speed", |dice| mouse(dice, &Way { bend: 0.2, ..LINE })),
        ("curve, eased", |dice| mouse(dice, &Way { bend: 0.2, eased: true, ..LINE })),
        ("straight, jittered by 2 px", |dice| mouse(dice, &Way { jitter: 2.0, ..LINE })),
        ("curve, jittered by 2 px", |dice| mouse(dice, &Way { jitter: 2.0, bend: 0.2, ..LINE })),
        ("curve, eased, jittered by 1 px", |dice| {
            mouse(dice, &Way { jitter: 1.0, bend: 0.2, eased: true, ..LINE })
        }),
        ("jumps to each click", jumping),
        ("keys without delay", |dice| typing(dice, 0.0, 1.0)),
        ("keys each 100 ms", |dice| typing(dice, 99.0, 102.0)),
        ("keys each 50 to 150 ms at random", |dice| typing(dice, 50.0, 150.0)),
    ];
    let mut dice = Dice(0x5eed);
    kinds.map(|(name, make)| (name, (0..count).map(|_| make(&mut dice)).collect())).into()
}

/// Three ways between places, with a click at each end, as a browser's frames show them.
fn mouse(dice: &mut Dice, way: &Way) -> Trace {
    let mut trace = Trace::default();
    let mut time = 1_000.0;
    let mut from = (dice.between(0.0, 1_000.0), dice.between(0.0, 700.0));
    for _ in 0..3 {
        let to = (dice.between(0.0, 1_000.0), dice.between(0.0, 700.0));
        let frames = dice.between(25.0, 50.0).round();
        let off = (dice.roll() - 0.5) * way.bend * 4.0;
        let middle =
            ((from.0 + to.0) / 2.0 - (to.1 - from.1) * off, (from.1 + to.1) / 2.0 + (to.0 - from.0) * off);
        for frame in 0..=frames as u32 {
            let even = f64::from(frame) / frames;
            let t = if way.eased { even * even * (3.0 - 2.0 * even) } else { even };
            let curve = |a: f64, b: f64, c: f64| (1.0 - t).powi(2) * a + 2.0 * t * (1.0 - t) * b + t * t * c;
            let mut shake = || (dice.roll() - 0.5) * 2.0 * way.jitter;
            let place = (curve(from.0, middle.0, to.0) + shake(), curve(from.1, middle.1, to.1) + shake());
            let (x, y) = if way.whole_pixels { (place.0.round(), place.1.round()) } else { place };
            trace.moves.push(Move { x, y, time });
            time += if frame % 3 == 0 { 16.0 } else { 17.0 };
        }
        for down in [true, false] {
            trace.clicks.push(Click { down, x: to.0, y: to.1, time });
            time += 1.0;
        }
        time += 800.0;
        from = to;
    }
    trace
}

/// A move to each place in one step, and a click there: what drivers do when they are told to click.
fn jumping(dice: &mut Dice) -> Trace {
    let mut trace = Trace::default();
    let mut time = 1_000.0;
    for _ in 0..10 {
        let (x, y) = (dice.between(0.0, 1_000.0).round(), dice.between(0.0, 700.0).round());
        trace.moves.push(Move { x, y, time });
        for down in [true, false] {
            time += 1.0;
            trace.clicks.push(Click { down, x, y, time });
        }
        time += 200.0;
    }
    trace
}

fn typing(dice: &mut Dice, low: f64, high: f64) -> Trace {
    let mut trace = Trace::default();
    let mut time = 1_000.0;
    for _ in 0..30 {
        time += dice.between(low, high).round();
        trace.keys.push(time);
    }
    trace
}
