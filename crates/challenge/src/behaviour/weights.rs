//! The hand-set weights: one line each, log-odds towards a person, none where it has nothing to say.
//!
//! The rules of thumb behind the numbers: what only a person's hand does is worth up to +1, because a program can learn it;
//! what a person's hand never does costs 1.5 to 4; what assistive technology, password managers, a bad clock or an old client
//! also do costs little or nothing, whatever else it looks like. Nobody is asked to move a mouse: keys alone, a
//! screen reader's clicks without a path, or a form that a password manager filled stay at or above one half.
//! How real traces and made ones fare is measured by `make measure M=behaviour`.

use super::features::{self, Device, Features, click_durations};
use super::motion::{At, Motion, variation};
use super::trace::{Phase, Touch, Trace};
use super::{Around, CLOCK_OFF_MS};
use crate::code::Code;

/// One weight.
#[derive(Clone, Copy, Debug)]
pub struct Weight {
    /// Its name in explanations.
    pub name: &'static str,
    /// What is told where it speaks against the visitor most.
    pub code: Code,
    pub(super) weigh: fn(&Seen<'_>) -> Option<f64>,
}

const fn weight(name: &'static str, code: Code, weigh: fn(&Seen<'_>) -> Option<f64>) -> Weight {
    Weight { name, code, weigh }
}

/// Every weight, in the order of explanations.
pub const ALL: &[Weight] = &[
    weight("marks", Code::LowScore, marks),
    weight("odd-browser", Code::LowScore, odd_browser),
    weight("scripted-events", Code::LowScore, scripted_events),
    weight("honeypot", Code::Honeypot, honeypot),
    weight("no-events", Code::EmptyTrace, no_events),
    weight("identical-events", Code::MalformedTrace, identical_events),
    weight("out-of-order", Code::TraceOutOfTime, out_of_order),
    weight("outside-the-visit", Code::TraceOutOfTime, outside_the_visit),
    weight("clock", Code::TraceOutOfTime, clock),
    weight("other-agent", Code::LowScore, other_agent),
    weight("hidden-pointer", Code::LowScore, hidden_pointer),
    weight("mouse-speed", Code::LowScore, |seen| speed(&seen.mouse)),
    weight("mouse-bend", Code::LowScore, |seen| bend(&seen.mouse)),
    weight("mouse-noise", Code::LowScore, |seen| noise(&seen.mouse)),
    weight("mouse-smooth", Code::LowScore, |seen| smooth(&seen.mouse)),
    weight("mouse-jumps", Code::LowScore, |seen| jumps(&seen.mouse)),
    weight("touch-speed", Code::LowScore, |seen| speed(&seen.fingers)),
    weight("touch-bend", Code::LowScore, |seen| bend(&seen.fingers)),
    weight("touch-duration", Code::LowScore, touch_duration),
    weight("touch-force", Code::LowScore, touch_force),
    weight("click-path", Code::LowScore, click_path),
    weight("click-duration", Code::LowScore, click_duration),
    weight("key-rhythm", Code::LowScore, key_rhythm),
    weight("form-time", Code::LowScore, form_time),
];

const _: () = assert!(ALL.len() <= super::CONTRIBUTIONS_MAX, "all of them fit into an explanation");

/// What the weights look at.
#[derive(Debug)]
pub(super) struct Seen<'a> {
    pub(super) trace: &'a Trace,
    around: &'a Around<'a>,
    pub(super) features: &'a Features,
    pub(super) mouse: Motion,
    pub(super) fingers: Motion,
}

impl<'a> Seen<'a> {
    pub(super) fn new(trace: &'a Trace, around: &'a Around<'a>, features: &'a Features) -> Self {
        let mouse: Vec<_> = trace.moves.iter().map(|at| At { x: at.x, y: at.y, time: at.time }).collect();
        let fingers = [&trace.touches, &trace.pens].map(|list| strokes(list)).concat();
        Seen { trace, around, features, mouse: Motion::of(&mouse), fingers: Motion::of(&fingers) }
    }

    pub(super) fn touched(&self) -> bool {
        !self.trace.touches.is_empty() || !self.trace.pens.is_empty()
    }
}

/// Positions of fingers that drag: a tap has no path. Two fingers at a time have none that could be judged.
fn strokes(touches: &[Touch]) -> Vec<At> {
    let mut down = 0_u32;
    let mut several = false;
    for at in touches {
        match at.phase {
            Phase::Start => down += 1,
            Phase::End => down = down.saturating_sub(1),
            Phase::Move => {}
        }
        several |= down > 1;
    }
    let moves = touches.iter().filter(|at| at.phase == Phase::Move && !several);
    moves.map(|at| At { x: at.x, y: at.y, time: at.time }).collect()
}

/// Marks that a browser driven by a program bears; `webdriver` is what the WebDriver standard asks of it, the others are
/// what drivers leave behind.
const DRIVEN: [&str; 9] = [
    "webdriver",
    "automation",
    "chromedriver",
    "headless",
    "nightmare",
    "phantom",
    "playwright",
    "puppeteer",
    "selenium",
];
/// Marks of browsers that are not as most are: some run by programs, some by people who changed them.
const ODD: [&str; 6] = ["navigatorPatched", "noChrome", "noLanguages", "noPlugins", "noTouch", "noWindow"];

/// How many marks of automation it bears.
pub(super) fn driven(seen: &Seen<'_>) -> usize {
    marked(seen, &DRIVEN)
}

/// How many oddities its browser has.
pub(super) fn oddities(seen: &Seen<'_>) -> usize {
    marked(seen, &ODD)
}

/// How many of its events scripts of the page made.
pub(super) fn scripted(seen: &Seen<'_>) -> f64 {
    seen.trace.marks.get("scripted").copied().unwrap_or(0.0)
}

/// How many of `names` are marked.
fn marked(seen: &Seen<'_>, names: &[&str]) -> usize {
    let marks = &seen.trace.marks;
    names.iter().filter(|name| marks.get(**name).is_some_and(|value| *value > 0.0)).count()
}

/// -4.0 where a mark of automation is set, however many there are: they go together.
fn marks(seen: &Seen<'_>) -> Option<f64> {
    (driven(seen) > 0).then_some(-4.0)
}

/// -0.5 for each oddity of the browser, -1.5 at most: no odd browser alone is shut out.
fn odd_browser(seen: &Seen<'_>) -> Option<f64> {
    let odd = oddities(seen);
    (odd > 0).then(|| -0.5 * odd.min(3) as f64)
}

/// Fewest events made by scripts that say anything.
const SCRIPTED_MIN: f64 = 24.0;

/// -2.0 where scripts of the page made 24 events or more, and half of all: password managers make a few for each field.
fn scripted_events(seen: &Seen<'_>) -> Option<f64> {
    let scripted = scripted(seen);
    (scripted >= SCRIPTED_MIN && scripted * 2.0 >= seen.trace.acts() as f64).then_some(-2.0)
}

/// -4.0 where the field was filled in that no person sees.
fn honeypot(seen: &Seen<'_>) -> Option<f64> {
    seen.trace.honeypot.then_some(-4.0)
}

/// -0.4 where nothing at all happened. Nobody must move: who waits for the challenge page does nothing, and does the work.
fn no_events(seen: &Seen<'_>) -> Option<f64> {
    let trace = seen.trace;
    let nothing = trace.acts() == 0 && trace.focuses.is_empty() && trace.visibilities.is_empty();
    nothing.then_some(-0.4)
}

/// Fewest events of a kind that may all be the same by chance, less one.
const IDENTICAL_MIN: usize = 6;

/// -3.0 where all events of a kind have one time and one place: nobody could have made them.
fn identical_events(seen: &Seen<'_>) -> Option<f64> {
    let trace = seen.trace;
    fn same<T: PartialEq>(events: &[T]) -> bool {
        events.len() >= IDENTICAL_MIN && events.iter().all(|event| *event == events[0])
    }
    let touches = same(&trace.touches) || same(&trace.pens) || same(&trace.clicks);
    // Fields are all noted at once by old clients, each with its own index.
    (same(&trace.moves) || same(&trace.keys) || same(&trace.scrolls) || touches).then_some(-3.0)
}

/// Further back than this is no late delivery, ms.
const BACK_MS: f64 = 50.0;

/// How many of the steps from one event to the next of its kind go back in time by more than a clock's rounding, 0.0..=1.0.
pub(super) fn backwards(seen: &Seen<'_>) -> f64 {
    let (mut back, mut all) = (0_usize, 0_usize);
    for times in seen.trace.streams() {
        all += times.len().saturating_sub(1);
        back += times.windows(2).filter(|pair| pair[1] < pair[0] - 1.0).count();
    }
    features::ratio(back as f64, all as f64)
}

/// -3.0 where times of one kind of events go far back more than once, or a fourth of them go back at all. A clock that is
/// set goes back once; browsers deliver few events late.
fn out_of_order(seen: &Seen<'_>) -> Option<f64> {
    let back = |times: &[f64], by: f64| times.windows(2).filter(|pair| pair[1] < pair[0] - by).count();
    let disordered = |times: &Vec<f64>| {
        let (far, all) = (back(times, BACK_MS), back(times, 1.0));
        far > 1 || (all >= 3 && all * 4 > times.len())
    };
    seen.trace.streams().iter().any(disordered).then_some(-3.0)
}

/// Slack for events against the page's load and the trace's sending, ms.
const VISIT_SLACK_MS: f64 = 10_000.0;

/// -3.0 where events lie before the page was loaded or after the trace was sent, or go on for longer than the visit says it
/// lasted: durations, whatever the clock says.
fn outside_the_visit(seen: &Seen<'_>) -> Option<f64> {
    let trace = seen.trace;
    let (first, last) = trace.span()?;
    let duration = trace.duration_ms?;
    let too_long = last - first > duration + VISIT_SLACK_MS;
    // Only where both tell time by the same clock: since 1970, or since the load.
    let load = trace.load_ms.filter(|load| is_absolute(*load) == is_absolute(first));
    let elsewhere =
        load.is_some_and(|load| first < load - VISIT_SLACK_MS || last > load + duration + VISIT_SLACK_MS);
    (too_long || elsewhere).then_some(-3.0)
}

/// Since 1970, and not since the page's load.
fn is_absolute(ms: f64) -> bool {
    ms > 1e11
}

/// The visitor's clock when it sent the trace, against ours: none up to 10 minutes, -0.5 beyond (a badly set clock, or an old
/// recording), -3.0 beyond 26 hours (no time zone is further off).
fn clock(seen: &Seen<'_>) -> Option<f64> {
    let load = seen.trace.load_ms.filter(|load| is_absolute(*load))?;
    let sent = load + seen.trace.duration_ms.unwrap_or(0.0);
    let off = (sent - seen.around.now.millis() as f64).abs();
    if off <= CLOCK_OFF_MS { None } else { Some(if off <= 26.0 * 3_600_000.0 { -0.5 } else { -3.0 }) }
}

/// -1.0 where the page's script was told another user agent than the server.
fn other_agent(seen: &Seen<'_>) -> Option<f64> {
    let (told, sent) = (seen.trace.user_agent.as_deref()?, seen.around.user_agent?);
    (told != sent).then_some(-1.0)
}

/// Time in which what began before a page was hidden may still arrive, ms.
const HIDING_MS: f64 = 1_000.0;

/// -1.5 where a pointer moved at least three times over a page that was hidden.
fn hidden_pointer(seen: &Seen<'_>) -> Option<f64> {
    let switches = &seen.trace.visibilities;
    let hidden = |time: f64| {
        let before = switches.partition_point(|at| at.time <= time);
        let last = before.checked_sub(1).map(|at| switches[at]);
        last.is_some_and(|at| !at.on && time - at.time > HIDING_MS)
    };
    (seen.trace.moves.iter().filter(|at| hidden(at.time)).count() >= 3).then_some(-1.5)
}

/// How a hand speeds up and slows down, over strokes whose steps are long enough: -2.5 for a constant speed (variation below
/// 0.05), -1.5 below 0.12, +0.8 from 0.3 up.
fn speed(motion: &Motion) -> Option<f64> {
    if motion.speeds == 0 {
        return None;
    }
    match motion.speed_variation {
        constant if constant < 0.05 => Some(-2.5),
        nearly if nearly < 0.12 => Some(-1.5),
        varied if varied >= 0.3 => Some(0.8),
        _ => None,
    }
}

/// Straight lines to the pixel: -1.5 where four strokes of five are (of one, too), +0.4 where fewer than half are. Hands draw
/// short or level lines straight now and then, so few of them say nothing.
fn bend(motion: &Motion) -> Option<f64> {
    if motion.bends == 0 {
        return None;
    }
    let share = features::ratio(motion.straight as f64, motion.bends as f64);
    if share >= 0.8 {
        Some(if motion.bends >= 2 { -1.5 } else { -0.8 })
    } else {
        (share < 0.5).then_some(0.4)
    }
}

/// Below this roughness a stroke was computed, px.
const SMOOTH_PX: f64 = 2.0;

/// -1.0 where turns are taken back by the next step so regularly as noise on a line is.
fn noise(motion: &Motion) -> Option<f64> {
    (motion.shaking > 0 && motion.turn_echo < -0.5 && motion.steps >= 12).then_some(-1.0)
}

/// -1.5 where all strokes together are as smooth as a formula, rounded to whole pixels or not.
fn smooth(motion: &Motion) -> Option<f64> {
    (motion.smooths > 0 && motion.roughness_px < SMOOTH_PX).then_some(-1.5)
}

/// -1.0 where a fifth of the steps, three at least, are jumps that no hand makes. Remote desktops jump now and then.
fn jumps(motion: &Motion) -> Option<f64> {
    (motion.jumps >= 3 && motion.jumps * 5 >= motion.steps).then_some(-1.0)
}

/// The forces of fingers and pens while they touch.
pub(super) fn forces(trace: &Trace) -> Vec<f64> {
    let down = trace.touches.iter().chain(&trace.pens).filter(|at| at.phase != Phase::End);
    down.filter_map(|at| at.force).collect()
}

/// How long fingers stay: -1.2 where two touches or more have no duration (below 5 ms), +0.6 from 20 ms to 3 s.
fn touch_duration(seen: &Seen<'_>) -> Option<f64> {
    let starts = seen.trace.touches.iter().chain(&seen.trace.pens).filter(|at| at.phase == Phase::Start);
    match (starts.count(), seen.features.touch_duration_ms) {
        (0, _) => None,
        (2.., short) if short < 5.0 => Some(-1.2),
        (_, usual) if (20.0..=3_000.0).contains(&usual) => Some(0.6),
        _ => None,
    }
}

/// +0.4 where the force of a touch changes. Many screens tell none, so its absence says nothing.
fn touch_force(seen: &Seen<'_>) -> Option<f64> {
    let force = forces(seen.trace);
    (force.len() >= 3 && variation(force.iter().copied()) > 0.01).then_some(0.4)
}

/// Fewest moves of somebody who uses a mouse.
const MOVES_MIN: usize = 8;
/// How far a click may be from the last position that was noted, px: an old client notes one each 100 ms.
const CLICK_PX_MAX: f64 = 120.0;
/// A single step so long that ends on the very place of the click is a leap, px.
const LEAP_PX: f64 = 200.0;
const LEAP_END_PX: f64 = 1.5;

/// How many clicks the mouse came near to before, and how many it did not. `None` where that says nothing: without moves, as
/// assistive technology clicks without a path, and fingers do.
pub(super) fn clicks_reached(seen: &Seen<'_>) -> Option<(usize, usize)> {
    let moves = &seen.trace.moves;
    if moves.len() < MOVES_MIN || seen.touched() || seen.trace.dropped > 0 {
        return None;
    }
    let downs = seen.trace.clicks.iter().filter(|at| at.down);
    let (mut near, mut far) = (0, 0);
    for click in downs {
        let before = moves.partition_point(|at| at.time <= click.time);
        let around = &moves[before.saturating_sub(1)..moves.len().min(before + 1)];
        let reached = around.iter().any(|at| (at.x - click.x).hypot(at.y - click.y) <= CLICK_PX_MAX);
        // A hand comes nearer before it arrives; a driver is simply there.
        let at = before.saturating_sub(1);
        let leapt = at > 0
            && (moves[at].x - click.x).hypot(moves[at].y - click.y) <= LEAP_END_PX
            && (moves[at].x - moves[at - 1].x).hypot(moves[at].y - moves[at - 1].y) >= LEAP_PX;
        if reached && !leapt { near += 1 } else { far += 1 }
    }
    (near + far > 0).then_some((near, far))
}

/// -1.2 where most clicks, two at least, are far from where the mouse was last seen or reached by a leap, +0.4 where they are
/// near.
fn click_path(seen: &Seen<'_>) -> Option<f64> {
    match clicks_reached(seen)? {
        (near, far) if far > near && far >= 2 => Some(-1.2),
        (near, 0) if near > 0 => Some(0.4),
        _ => None,
    }
}

/// How long buttons stay down: -0.5 where three clicks or more by mouse last no 5 ms (touch pads that are tapped come near
/// that), +0.4 from 25 ms to 1 s.
fn click_duration(seen: &Seen<'_>) -> Option<f64> {
    if seen.touched() {
        return None;
    }
    let clicks = click_durations(&seen.trace.clicks).count();
    match (clicks, seen.features.click_duration_ms) {
        (0, _) => None,
        (3.., short) if short < 5.0 && seen.trace.moves.len() >= MOVES_MIN => Some(-0.5),
        (_, usual) if (25.0..=1_000.0).contains(&usual) => Some(0.4),
        _ => None,
    }
}

/// Fewest gaps between keys that have a rhythm.
const KEY_GAPS_MIN: usize = 8;
/// Gaps of a key that is held down and repeats, ms, at the usual settings.
const REPEAT_MS: std::ops::RangeInclusive<f64> = 10.0..=60.0;

/// Most keys that a password manager types for somebody: a name, a password and what lies between.
const TYPED_FOR_ONE_MAX: usize = 64;

/// How much the gaps between typed keys vary (standard deviation over mean); `None` for too few of them. A held key repeats
/// evenly: that is a key, not a rhythm. A long pause is thought, not rhythm either.
pub(super) fn typed_variation(gaps: &[f64]) -> Option<f64> {
    let typed: Vec<f64> =
        gaps.iter().copied().filter(|gap| !REPEAT_MS.contains(gap) && *gap < 2_000.0).collect();
    (typed.len() >= KEY_GAPS_MIN).then(|| variation(typed.iter().copied()))
}

/// The rhythm of keys: where the middle gap is below 5 ms no finger typed, which costs 2.0; 1.0 where it may have been a
/// password manager that types, and nothing where a pointer was used beside it. -1.5 where all gaps are the same and no held
/// key makes them, +0.8 where they vary as fingers do.
fn key_rhythm(seen: &Seen<'_>) -> Option<f64> {
    let mut gaps: Vec<f64> = features::forward_gaps(&seen.trace.keys).collect();
    if gaps.len() < KEY_GAPS_MIN {
        return None;
    }
    gaps.sort_unstable_by(f64::total_cmp);
    let middle = gaps[gaps.len() / 2];
    if middle < 5.0 {
        let pointed = seen.touched() || seen.trace.moves.len() >= MOVES_MIN;
        return match (gaps.len(), pointed) {
            (..TYPED_FOR_ONE_MAX, true) => None,
            (..TYPED_FOR_ONE_MAX, false) => Some(-1.0),
            _ => Some(-2.0),
        };
    }
    match typed_variation(&gaps)? {
        even if even < 0.06 => Some(-1.5),
        varied if varied >= 0.15 => Some(0.8),
        _ => None,
    }
}

/// -0.7 where a form of three fields or more took less than 30 ms a field and not one key, button or finger was used since
/// the load, though no computer's password manager is that far from a person: it is still above what a mark costs.
fn form_time(seen: &Seen<'_>) -> Option<f64> {
    let trace = seen.trace;
    let acted =
        !trace.keys.is_empty() || !trace.clicks.is_empty() || seen.touched() || !trace.moves.is_empty();
    let fields = trace.form_length.unwrap_or(0);
    let quick = seen.features.duration_per_field_ms < 30.0 && trace.duration_ms.is_some();
    let desktop = seen.features.device == Device::Desktop;
    (fields >= 3 && quick && !acted && desktop).then_some(-0.7)
}
