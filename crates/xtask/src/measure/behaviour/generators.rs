//! Programs that move a mouse in a person's place: through the same strokes, from the same place to the same place, at the very
//! moments of the person's events. Nothing but the way between tells them from the person.
//!
//! The ways: what scripts do, what libraries for this purpose do (Bezier curves, WindMouse), what the science of reaching says
//! (minimum jerk: Flash and Hogan 1985; noise that grows with speed: Harris and Wolpert 1998), and other recordings.

use palisade_challenge::behaviour::trace::Move;

use super::movements::Movement;
use super::robots::Dice;

/// A pause longer than this ends a stroke, ms, as the features see it.
const PAUSE_MS: f64 = 350.0;
/// How often a mouse says where it is, ms: 125 times a second. A recorder that looks at another rhythm sees uneven steps, and would
/// tell a formula from a hand by that alone; so every program moves a mouse that reports.
const REPORT_MS: f64 = 8.0;
/// A stroke of fewer events is gone through in a straight line by all.
const EVENTS_MIN: usize = 4;

/// The way of one stroke: where it begins and ends, when its events are as shares of its time, and what to draw from.
struct Stroke<'a> {
    from: (f64, f64),
    to: (f64, f64),
    /// From 0.0 to 1.0, ascending.
    shares: &'a [f64],
    /// The person's own places, and those of a stroke of another person.
    own: &'a [Move],
    other: &'a [Move],
}

/// Draws a place for each event of a stroke.
type Draw = fn(&Stroke<'_>, &mut Dice) -> Vec<(f64, f64)>;

/// How many generators there are.
pub(super) const COUNT: usize = 8;

/// The names of all generators.
pub(super) fn names() -> [&'static str; COUNT] {
    ALL.map(|(name, _)| name)
}

/// Every generator, with its name.
const ALL: [(&str, Draw); COUNT] = [
    ("straight line, constant speed", |stroke, _| along(stroke, |share| share)),
    ("straight line, eased", |stroke, _| along(stroke, eased)),
    ("Bezier curve, eased", |stroke, dice| bezier(stroke, dice)),
    ("Bezier curve, eased, jitter of 1 px", |stroke, dice| jittered(bezier(stroke, dice), 1.0, dice)),
    ("WindMouse", wind_mouse),
    ("minimum jerk with noise", minimum_jerk),
    ("replay with jitter of 2 px", |stroke, dice| {
        jittered(stroke.own.iter().map(|at| (at.x, at.y)).collect(), 2.0, dice)
    }),
    ("replay of another person's stroke, turned to fit", turned),
];

/// `movement` by the program number `family` of [`names`]. `other` is what it may replay of somebody else.
pub(super) fn drawn(movement: &Movement, other: &Movement, family: usize, dice: &mut Dice) -> Vec<Move> {
    let (_, draw) = ALL[family];
    let mut moves = Vec::with_capacity(movement.moves.len());
    let others = strokes(&other.moves);
    for own in strokes(&movement.moves) {
        let (first, last) = (own[0], own[own.len() - 1]);
        let time = last.time - first.time;
        if own.len() < EVENTS_MIN || time <= 0.0 {
            moves.extend_from_slice(own);
            continue;
        }
        let phase = dice.between(0.0, REPORT_MS);
        let reported = |time: f64| ((time - phase) / REPORT_MS).floor() * REPORT_MS + phase;
        let mut shares: Vec<f64> =
            own.iter().map(|at| ((reported(at.time) - first.time) / time).clamp(0.0, 1.0)).collect();
        if let Some(end) = shares.last_mut() {
            *end = 1.0;
        }
        // One that is about as long: a long one, squeezed into few events, has no shape left.
        let near = |stroke: &&&[Move]| stroke.len().abs_diff(own.len());
        let other = others.iter().min_by_key(near).copied().unwrap_or(own);
        let stroke = Stroke { from: (first.x, first.y), to: (last.x, last.y), shares: &shares, own, other };
        let places = draw(&stroke, dice);
        for (at, (x, y)) in own.iter().zip(places) {
            moves.push(Move { x: x.round(), y: y.round(), time: at.time });
        }
    }
    moves.dedup_by(|next, before| (next.x, next.y) == (before.x, before.y));
    moves
}

fn strokes(moves: &[Move]) -> Vec<&[Move]> {
    moves.chunk_by(|before, next| (0.0..=PAUSE_MS).contains(&(next.time - before.time))).collect()
}

/// Slow, fast, slow.
fn eased(share: f64) -> f64 {
    share * share * (3.0 - 2.0 * share)
}

fn between(from: f64, to: f64, share: f64) -> f64 {
    from + (to - from) * share
}

fn along(stroke: &Stroke<'_>, how_far: fn(f64) -> f64) -> Vec<(f64, f64)> {
    let Stroke { from, to, shares, .. } = stroke;
    let place = |share: &f64| {
        let far = how_far(*share);
        (between(from.0, to.0, far), between(from.1, to.1, far))
    };
    shares.iter().map(place).collect()
}

/// A cubic curve whose two handles lie on one side, at random.
fn bezier(stroke: &Stroke<'_>, dice: &mut Dice) -> Vec<(f64, f64)> {
    let Stroke { from, to, shares, .. } = stroke;
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let side = if dice.roll() < 0.5 { -1.0 } else { 1.0 };
    let mut handle = |low: f64, high: f64| {
        let (far, off) = (dice.between(low, high), side * dice.between(0.02, 0.3));
        (from.0 + dx * far - dy * off, from.1 + dy * far + dx * off)
    };
    let (one, two) = (handle(0.1, 0.5), handle(0.5, 0.9));
    let place = |share: &f64| {
        let (t, s) = (eased(*share), 1.0 - eased(*share));
        let axis = |a: f64, b: f64, c: f64, d: f64| {
            s * s * s * a + 3.0 * s * s * t * b + 3.0 * s * t * t * c + t * t * t * d
        };
        (axis(from.0, one.0, two.0, to.0), axis(from.1, one.1, two.1, to.1))
    };
    shares.iter().map(place).collect()
}

fn jittered(places: Vec<(f64, f64)>, px: f64, dice: &mut Dice) -> Vec<(f64, f64)> {
    let mut off = || dice.between(-px, px);
    places.into_iter().map(|(x, y)| (x + off(), y + off())).collect()
}

/// Steps that WindMouse takes at most: it may circle around its end.
const WIND_STEPS_MAX: usize = 5_000;

/// WindMouse (Benjamin J. Land): a pull towards the end and a wind that changes at random, which dies down near it.
fn wind_mouse(stroke: &Stroke<'_>, dice: &mut Dice) -> Vec<(f64, f64)> {
    const PULL: f64 = 9.0;
    const WIND: f64 = 3.0;
    const NEAR_PX: f64 = 12.0;
    let (mut at, mut speed, mut wind) = (stroke.from, (0.0, 0.0), (0.0, 0.0));
    let (mut fastest, mut way) = (15.0, vec![stroke.from]);
    while way.len() < WIND_STEPS_MAX {
        let (dx, dy) = (stroke.to.0 - at.0, stroke.to.1 - at.1);
        let far = f64::hypot(dx, dy);
        if far < 1.0 {
            break;
        }
        let blow = WIND.min(far);
        if far >= NEAR_PX {
            let mut gust =
                |wind: f64| wind / 3.0_f64.sqrt() + dice.between(-1.0, 1.0) * blow / 5.0_f64.sqrt();
            wind = (gust(wind.0), gust(wind.1));
        } else {
            wind = (wind.0 / 3.0_f64.sqrt(), wind.1 / 3.0_f64.sqrt());
            fastest = if fastest < 3.0 { dice.between(3.0, 6.0) } else { fastest / 5.0_f64.sqrt() };
        }
        speed = (speed.0 + wind.0 + PULL * dx / far, speed.1 + wind.1 + PULL * dy / far);
        let size = f64::hypot(speed.0, speed.1);
        if size > fastest {
            let clip = fastest / 2.0 + dice.roll() * fastest / 2.0;
            speed = (speed.0 / size * clip, speed.1 / size * clip);
        }
        at = (at.0 + speed.0, at.1 + speed.1);
        way.push(at);
    }
    way.push(stroke.to);
    sampled(&way, stroke.shares)
}

/// A way of even steps in time, at `shares` of it.
fn sampled(way: &[(f64, f64)], shares: &[f64]) -> Vec<(f64, f64)> {
    let last = way.len() - 1;
    let place = |share: &f64| {
        let exact = share * last as f64;
        let at = (exact as usize).min(last.saturating_sub(1));
        let (from, to) = (way[at], way[(at + 1).min(last)]);
        let rest = exact - at as f64;
        (between(from.0, to.0, rest), between(from.1, to.1, rest))
    };
    shares.iter().map(place).collect()
}

/// The smoothest reach, bowed a little, with noise that is as large as the speed and does not change at once.
fn minimum_jerk(stroke: &Stroke<'_>, dice: &mut Dice) -> Vec<(f64, f64)> {
    let Stroke { from, to, shares, .. } = stroke;
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let bow = dice.between(-0.12, 0.12);
    let mut off = (0.0, 0.0);
    let mut place = |share: &f64| {
        let t = *share;
        let far = t * t * t * (10.0 - 15.0 * t + 6.0 * t * t);
        let speed = 30.0 * t * t * (1.0 - t) * (1.0 - t);
        let side = 4.0 * bow * far * (1.0 - far);
        let noise = 0.02 * f64::hypot(dx, dy) * speed;
        off = (0.7 * off.0 + noise * dice.between(-1.0, 1.0), 0.7 * off.1 + noise * dice.between(-1.0, 1.0));
        (from.0 + dx * far - dy * side + off.0, from.1 + dy * far + dx * side + off.1)
    };
    shares.iter().map(&mut place).collect()
}

/// Another person's stroke, turned and stretched to begin and end here, at this person's pace of events.
fn turned(stroke: &Stroke<'_>, _: &mut Dice) -> Vec<(f64, f64)> {
    let Stroke { from, to, shares, other, .. } = stroke;
    let places: Vec<(f64, f64)> = other.iter().map(|at| (at.x, at.y)).collect();
    let (first, last) = (places[0], places[places.len() - 1]);
    let (ax, ay) = (last.0 - first.0, last.1 - first.1);
    let size = ax * ax + ay * ay;
    if size < 1.0 {
        return along(stroke, eased);
    }
    let (bx, by) = (to.0 - from.0, to.1 - from.1);
    // Division of complex numbers: what turns and stretches one chord into the other.
    let (re, im) = ((bx * ax + by * ay) / size, (by * ax - bx * ay) / size);
    let fit = |(x, y): (f64, f64)| {
        let (dx, dy) = (x - first.0, y - first.1);
        (from.0 + re * dx - im * dy, from.1 + im * dx + re * dy)
    };
    let first_time = other[0].time;
    let whole = (other[other.len() - 1].time - first_time).max(1.0);
    let times: Vec<f64> = other.iter().map(|at| (at.time - first_time) / whole).collect();
    let place = |share: &f64| {
        let at = times.partition_point(|time| time <= share).clamp(1, times.len() - 1);
        let step = (times[at] - times[at - 1]).max(1e-9);
        let rest = ((share - times[at - 1]) / step).clamp(0.0, 1.0);
        let (one, two) = (places[at - 1], places[at]);
        fit((between(one.0, two.0, rest), between(one.1, two.1, rest)))
    };
    shares.iter().map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn movement() -> Movement {
        let at = |step: u32| {
            let share = f64::from(step) / 30.0;
            Move {
                x: (400.0 * eased(share)).round(),
                y: (90.0 * share).round(),
                time: f64::from(step) * 16.0,
            }
        };
        Movement { person: "somebody".to_owned(), rate: "16 ms", moves: (0..=30).map(at).collect() }
    }

    #[test]
    fn every_program_keeps_the_person_s_ends_and_moments() {
        let own = movement();
        for (family, name) in names().into_iter().enumerate() {
            let made = drawn(&own, &own, family, &mut Dice(1));
            let near = |one: &Move, other: &Move| (one.x - other.x).hypot(one.y - other.y) <= 3.0;
            assert!(near(&made[0], &own.moves[0]), "{name}: {made:?}");
            assert!(made.iter().all(|at| own.moves.iter().any(|was| was.time == at.time)), "{name}");
            let last = made.last().expect("it moves");
            assert!(near(last, &own.moves[30]), "{name}: {last:?}");
            assert!(made.iter().all(|at| at.x.fract() == 0.0 && at.y.fract() == 0.0), "{name}");
            assert_eq!(drawn(&own, &own, family, &mut Dice(1)), made, "{name}: the seed decides");
        }
    }

    #[test]
    fn a_replay_turned_onto_itself_is_itself() {
        let own = movement();
        let found = drawn(&own, &own, ALL.len() - 1, &mut Dice(1));
        for made in found {
            let was = own.moves.iter().find(|was| was.time == made.time).expect("one of its moments");
            // It is where the mouse last said it was: half a step behind, of 20 px where it is fastest.
            assert!((made.x - was.x).abs() <= 11.0 && (made.y - was.y).abs() <= 3.0, "{made:?} {was:?}");
        }
    }

    #[test]
    fn pauses_end_strokes() {
        let at = |time: f64| Move { x: time, y: 0.0, time };
        assert_eq!(strokes(&[at(0.0), at(10.0), at(400.0), at(410.0)]).len(), 2);
    }
}
