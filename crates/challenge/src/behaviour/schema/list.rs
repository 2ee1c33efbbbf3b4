//! The visible list: one line for each feature, seed 000's first.
//!
//! Times, speeds and counts that have no end are logarithms, so that the step from 1 to 2 weighs more than that from 1,001 to
//! 1,002. A place on the page or a moment is none: only differences are.

use palisade_model::Direction::{self, Free, Rising};

use super::super::features::{Device, click_durations, forward_gaps, ratio};
use super::super::motion::{Motion, variation};
use super::super::weights::{self, Seen};
use super::Need::{self, Clicks, Form, Keys, Mouse, Scroll, Touch};
use super::{Feature, LEN};

/// A share of one.
const SHARE: (f32, f32) = (0.0, 1.0);
/// The logarithm of one plus a number of up to 10^13.
const LOG: (f32, f32) = (0.0, 30.0);

const ANY: Option<Need> = None;

const fn line(
    name: &'static str,
    unit: &'static str,
    range: (f32, f32),
    direction: Direction,
    needs: Option<Need>,
    says: &'static str,
    read: fn(&Seen<'_>) -> Option<f64>,
) -> Feature {
    Feature { name, unit, range: range.0..=range.1, direction, needs, says, read }
}

/// Every feature of the schema, in its order.
#[rustfmt::skip]
pub static FEATURES: [Feature; LEN] = [
    // Seed 000's twelve, and the one that it meant to add.
    line("mouse_speed", "log of 1 + px a second", LOG, Free, Some(Mouse), "How fast the mouse moved", |seen| (seen.trace.moves.len() >= 2).then(|| log(1_000.0 * seen.features.mouse_speed))),
    line("key_press_interval", "log of 1 + milliseconds", LOG, Free, Some(Keys), "Mean time from one key to the next", |seen| (seen.trace.keys.len() >= 2).then(|| log(seen.features.key_press_interval_ms))),
    line("scroll_speed", "log of 1 + px a second", LOG, Free, Some(Scroll), "How fast the page was scrolled", |seen| (seen.trace.scrolls.len() >= 2).then(|| log(1_000.0 * seen.features.scroll_speed))),
    line("form_completion", "log of 1 + milliseconds", LOG, Free, Some(Form), "Time from the first act on a form to the last use of a field", |seen| (!seen.trace.forms.is_empty()).then(|| log(seen.features.form_completion_ms))),
    line("interaction_count", "log of 1 + count", LOG, Free, ANY, "Moves, keys, clicks and other acts", |seen| Some(log(seen.features.interaction_count))),
    line("mouse_linearity", "share", SHARE, Free, Some(Mouse), "How straight the mouse went from its first place to its last", |seen| (seen.trace.moves.len() >= 2).then_some(seen.features.mouse_linearity)),
    line("touch_pressure", "force, 1 is usual", (0.0, 100.0), Free, Some(Touch), "Mean force of fingers and pens", |seen| (!weights::forces(seen.trace).is_empty()).then_some(seen.features.touch_pressure)),
    line("touch_movement", "log of 1 + px", LOG, Free, Some(Touch), "Mean distance from one place of a finger to its next", |seen| Some(log(seen.features.touch_movement))),
    line("click_duration", "log of 1 + milliseconds", LOG, Free, Some(Clicks), "Mean time that a button was down", |seen| click_durations(&seen.trace.clicks).next().map(|_| log(seen.features.click_duration_ms))),
    line("touch_duration", "log of 1 + milliseconds", LOG, Free, Some(Touch), "Mean time that a finger or pen was down", |seen| Some(log(seen.features.touch_duration_ms))),
    line("duration", "log of 1 + milliseconds", LOG, Free, ANY, "Time from the load of the page to the sending", |seen| (seen.trace.duration_ms.is_some() || seen.trace.span().is_some()).then(|| log(seen.features.duration_ms))),
    line("device", "0 computer, 1 tablet, 2 phone", (0.0, 2.0), Free, ANY, "What kind of device it was", |seen| Some(device(seen.features.device))),
    line("duration_per_field", "log of 1 + milliseconds", LOG, Free, Some(Form), "Time on the page for each field of the form", |seen| Some(log(seen.features.duration_per_field_ms))),
    // How the mouse moved: strokes between pauses.
    line("mouse_speed_variation", "standard deviation over mean", (0.0, 32.0), Free, Some(Mouse), "How much the speed varies within a stroke", |seen| judged(seen.mouse.speeds, seen.mouse.speed_variation)),
    line("mouse_peak_at", "share", SHARE, Free, Some(Mouse), "When a stroke is fastest, as a share of its time", |seen| judged(seen.mouse.speeds, seen.mouse.peak_at)),
    line("mouse_peaks", "log of 1 + count", LOG, Free, Some(Mouse), "How often a stroke speeds up", |seen| judged(seen.mouse.speeds, log(seen.mouse.peaks))),
    line("mouse_straight", "share", SHARE, Rising, Some(Mouse), "How many strokes are straight to the pixel", |seen| straight(&seen.mouse)),
    line("mouse_bow", "share of the chord", (0.0, 10.0), Free, Some(Mouse), "How far strokes bow out", |seen| judged(seen.mouse.bends, seen.mouse.bow)),
    line("mouse_turn_echo", "correlation", (-1.0, 1.0), Free, Some(Mouse), "How much of a turn the next one takes back, where a stroke shakes", |seen| judged(seen.mouse.shaking, seen.mouse.turn_echo)),
    line("mouse_roughness", "log of 1 + px", LOG, Free, Some(Mouse), "Third differences of places, where steps are long", |seen| judged(seen.mouse.smooths, log(seen.mouse.roughness_px))),
    line("mouse_jumps", "share", SHARE, Rising, Some(Mouse), "How many steps are further and faster than any hand goes", |seen| judged(seen.mouse.steps, ratio(seen.mouse.jumps as f64, seen.mouse.steps as f64))),
    // Fingers, keys and buttons.
    line("touch_speed_variation", "standard deviation over mean", (0.0, 32.0), Free, Some(Touch), "How much the speed of a finger varies while it drags", |seen| judged(seen.fingers.speeds, seen.fingers.speed_variation)),
    line("touch_straight", "share", SHARE, Rising, Some(Touch), "How many drags are straight to the pixel", |seen| straight(&seen.fingers)),
    line("touch_force_variation", "standard deviation over mean", (0.0, 32.0), Free, Some(Touch), "How much the force varies", force_variation),
    line("key_gap_variation", "standard deviation over mean", (0.0, 32.0), Free, Some(Keys), "How much the time between typed keys varies", |seen| weights::typed_variation(&forward_gaps(&seen.trace.keys).collect::<Vec<_>>())),
    line("click_unreached", "share", SHARE, Free, Some(Clicks), "How many clicks the mouse did not come near to", |seen| weights::clicks_reached(seen).map(|(near, far)| ratio(far as f64, (near + far) as f64))),
    // What the page's script found.
    line("marks_of_automation", "count", (0.0, 9.0), Rising, ANY, "Marks of a browser that a program drives", |seen| Some(weights::driven(seen) as f64)),
    line("odd_browser", "count", (0.0, 6.0), Rising, ANY, "What the browser lacks or has changed", |seen| Some(weights::oddities(seen) as f64)),
    line("scripted", "share", SHARE, Rising, ANY, "How many of the acts scripts of the page made", |seen| Some(ratio(weights::scripted(seen), seen.features.interaction_count))),
    line("honeypot", "0 or 1", SHARE, Rising, ANY, "Whether the field was filled in that no person sees", |seen| Some(f64::from(u8::from(seen.trace.honeypot)))),
    line("backwards", "share", SHARE, Rising, ANY, "How many events are told to be earlier than the one before", |seen| Some(weights::backwards(seen))),
];

/// Numbers below nothing are none: a mark may be any number.
fn log(value: f64) -> f64 {
    value.max(0.0).ln_1p()
}

/// `value` where it is a mean of at least one.
fn judged(count: usize, value: f64) -> Option<f64> {
    (count > 0).then_some(value)
}

fn straight(motion: &Motion) -> Option<f64> {
    judged(motion.bends, ratio(motion.straight as f64, motion.bends as f64))
}

/// Fewest forces whose variation says anything.
const FORCES_MIN: usize = 3;

fn force_variation(seen: &Seen<'_>) -> Option<f64> {
    let forces = weights::forces(seen.trace);
    (forces.len() >= FORCES_MIN).then(|| variation(forces.iter().copied()))
}

/// A tablet lies between a computer and a phone.
fn device(device: Device) -> f64 {
    match device {
        Device::Desktop => 0.0,
        Device::Tablet => 1.0,
        Device::Mobile => 2.0,
    }
}
