//! How a pointer moved: strokes between pauses, and what tells a hand from a formula.
//!
//! A hand speeds up and slows down within every stroke, bends a little, and corrects itself. A program that draws a line or
//! a curve does so at the speed of its loop. Positions are whole pixels and times whole milliseconds, so a stroke is only
//! judged where its steps are long enough for rounding not to matter.

use super::features::ratio;

/// A position at a time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct At {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) time: f64,
}

/// A pause longer than this ends a stroke, ms. Seed 000's client notes a position each 100 ms.
const PAUSE_MS: f64 = 350.0;
/// Fewest steps of a stroke that is judged.
const STEPS_MIN: usize = 6;
/// Shortest mean step of a stroke whose speed is judged, px: a rounded pixel is then below a sixth of it.
const STEP_PX_MIN: f64 = 4.0;
/// Shortest chord of a stroke whose bend is judged, px.
const CHORD_PX_MIN: f64 = 60.0;
/// Deviation that rounding makes of a straight line, px: its points and both its ends are rounded.
const ROUNDING_PX: f64 = 1.0;
/// What rounding alone makes of turns, taken sideways, px (root mean square), and some room.
const SHAKE_PX_MIN: f64 = 1.5;
/// Shortest mean step of a stroke whose smoothness is judged, px.
const SMOOTH_STEP_PX_MIN: f64 = 8.0;
/// A step longer and faster than these is a jump, px and px/ms. The fastest hands measured stay below 20 px/ms.
const JUMP_PX: f64 = 300.0;
const JUMP_SPEED: f64 = 40.0;

/// What all strokes together come to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Motion {
    /// Steps with a distance.
    pub(super) steps: usize,
    /// Strokes whose bend was judged, and how many of them are straight lines.
    pub(super) bends: usize,
    pub(super) straight: usize,
    /// Mean over those of the largest distance from the chord, as a share of the chord.
    pub(super) bow: f64,
    /// Strokes whose speed was judged.
    pub(super) speeds: usize,
    /// Mean over those of the variation of speed (standard deviation over mean).
    pub(super) speed_variation: f64,
    /// Mean over those of when the stroke is fastest, as a share of its time, 0.0..=1.0.
    pub(super) peak_at: f64,
    /// Mean over those of how often the speed rises to a peak, 1.0 and up.
    pub(super) peaks: f64,
    /// Strokes that shake by more than rounding, of those.
    pub(super) shaking: usize,
    /// Mean over the shaking ones of how much of a turn is taken back by the next, -1.0..=1.0: near -2/3 for noise that was
    /// added to a line.
    pub(super) turn_echo: f64,
    /// Strokes whose smoothness was judged.
    pub(super) smooths: usize,
    /// Mean over those of the third differences of their positions (root mean square), px: near 1.8 where a formula was rounded
    /// to whole pixels, below that where it was not.
    pub(super) roughness_px: f64,
    /// Steps that no hand makes.
    pub(super) jumps: usize,
}

impl Motion {
    pub(super) fn of(positions: &[At]) -> Self {
        let mut motion = Motion::default();
        let mut stroke: Vec<At> = Vec::new();
        for at in positions {
            if let Some(last) = stroke.last() {
                let gap = at.time - last.time;
                let far = (at.x - last.x).hypot(at.y - last.y);
                if !(0.0..=PAUSE_MS).contains(&gap) {
                    motion.add(&stroke);
                    stroke.clear();
                } else if far == 0.0 {
                    continue;
                } else if far > JUMP_PX && far > JUMP_SPEED * gap {
                    motion.jumps += 1;
                }
            }
            stroke.push(*at);
        }
        motion.add(&stroke);
        motion.bow = ratio(motion.bow, motion.bends as f64);
        motion.speed_variation = ratio(motion.speed_variation, motion.speeds as f64);
        motion.peak_at = ratio(motion.peak_at, motion.speeds as f64);
        motion.peaks = ratio(motion.peaks, motion.speeds as f64);
        motion.turn_echo = ratio(motion.turn_echo, motion.shaking as f64);
        motion.roughness_px = ratio(motion.roughness_px, motion.smooths as f64);
        motion
    }

    fn add(&mut self, stroke: &[At]) {
        let steps = stroke.len().saturating_sub(1);
        self.steps += steps;
        if steps < STEPS_MIN {
            return;
        }
        let (first, last) = (stroke[0], stroke[steps]);
        let chord = (last.x - first.x).hypot(last.y - first.y);
        if chord >= CHORD_PX_MIN {
            self.bends += 1;
            let off = |at: &At| {
                ((last.x - first.x) * (at.y - first.y) - (last.y - first.y) * (at.x - first.x)).abs() / chord
            };
            let farthest = stroke.iter().map(off).fold(0.0, f64::max);
            self.straight += usize::from(farthest <= ROUNDING_PX);
            self.bow += farthest / chord;
        }
        let length: f64 = stroke.windows(2).map(|pair| distance(pair[0], pair[1])).sum();
        if length / steps as f64 >= STEP_PX_MIN {
            self.speeds += 1;
            self.speed_variation += speed_variation(stroke);
            let (peak_at, peaks) = peaks(stroke);
            self.peak_at += peak_at;
            self.peaks += peaks;
            if let Some(echo) = turn_echo(stroke) {
                self.shaking += 1;
                self.turn_echo += echo;
            }
        }
        if length / steps as f64 >= SMOOTH_STEP_PX_MIN {
            self.smooths += 1;
            self.roughness_px += roughness(stroke);
        }
    }
}

fn distance(from: At, to: At) -> f64 {
    (to.x - from.x).hypot(to.y - from.y)
}

/// The speed of each step, px/ms. Steps of one time are one step; times are whole milliseconds, and a browser's frames are
/// 7 or more.
fn speeds(stroke: &[At]) -> impl Iterator<Item = f64> + Clone {
    stroke.windows(2).map(|pair| distance(pair[0], pair[1]) / (pair[1].time - pair[0].time).max(1.0))
}

fn speed_variation(stroke: &[At]) -> f64 {
    variation(speeds(stroke))
}

/// A peak that is lower than this share of the highest is a tremor.
const PEAK_SHARE_MIN: f64 = 0.1;

/// When the stroke is fastest, as a share of its time, and how often its speed peaks; each step's speed is the mean with its
/// neighbours', or rounding would make peaks of its own.
fn peaks(stroke: &[At]) -> (f64, f64) {
    let raw: Vec<f64> = speeds(stroke).collect();
    let mean_at = |at: usize| {
        let near = &raw[at.saturating_sub(1)..raw.len().min(at + 2)];
        near.iter().sum::<f64>() / near.len() as f64
    };
    let smooth: Vec<f64> = (0..raw.len()).map(mean_at).collect();
    let (fastest, top) = smooth
        .iter()
        .copied()
        .enumerate()
        .fold((0, 0.0), |best, (at, speed)| if speed > best.1 { (at, speed) } else { best });
    let is_peak = |at: &usize| {
        let before = at.checked_sub(1).map_or(0.0, |before| smooth[before]);
        let after = smooth.get(at + 1).copied().unwrap_or(0.0);
        smooth[*at] > before && smooth[*at] >= after && smooth[*at] >= PEAK_SHARE_MIN * top
    };
    let count = (0..smooth.len()).filter(is_peak).count();
    let (first, last) = (stroke[0].time, stroke[stroke.len() - 1].time);
    let middle = (stroke[fastest].time + stroke[fastest + 1].time) / 2.0;
    (ratio(middle - first, last - first).clamp(0.0, 1.0), count.max(1) as f64)
}

/// Standard deviation over mean; 0.0 where the mean is 0.
pub(super) fn variation(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let mean = super::features::mean(values.clone());
    let spread = super::features::mean(values.map(|value| (value - mean).powi(2)));
    ratio(spread.sqrt(), mean)
}

/// Correlation of each turn with the next; `None` where they are as small as rounding makes them.
fn turn_echo(stroke: &[At]) -> Option<f64> {
    let turns: Vec<f64> = stroke
        .windows(3)
        .map(|at| {
            let heading = |from: At, to: At| (to.y - from.y).atan2(to.x - from.x);
            let turn = heading(at[1], at[2]) - heading(at[0], at[1]);
            turn - (turn / std::f64::consts::TAU).round() * std::f64::consts::TAU
        })
        .collect();
    let step = super::features::mean(stroke.windows(2).map(|pair| distance(pair[0], pair[1])));
    let energy = super::features::mean(turns.iter().map(|turn| turn * turn));
    if energy.sqrt() * step < SHAKE_PX_MIN {
        return None;
    }
    let echo: f64 = turns.windows(2).map(|pair| pair[0] * pair[1]).sum();
    Some(echo / (energy * turns.len() as f64))
}

/// Root mean square of the third differences.
fn roughness(stroke: &[At]) -> f64 {
    let third = |at: &[At]| {
        let of = |axis: fn(&At) -> f64| axis(&at[3]) - 3.0 * axis(&at[2]) + 3.0 * axis(&at[1]) - axis(&at[0]);
        of(|at| at.x).powi(2) + of(|at| at.y).powi(2)
    };
    super::features::mean(stroke.windows(4).map(third)).sqrt()
}
