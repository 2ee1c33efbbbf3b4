//! Charts as SVG text. They stretch to their box, so text stands beside them in HTML and stays readable at any width.
//!
//! Only numbers and our own words go in: nothing here needs escaping, and nothing foreign may be passed.

use std::fmt::Write;
use std::ops::Range;

use palisade_domain::Timestamp;

use crate::summary::{ByAction, Timeline};
use crate::words::{DONE, count, counted, date_minute, strftime};

/// Width of one slot and height of a stack, in the chart's own units.
const SLOT: usize = 10;
const HEIGHT: u64 = 1_000;

/// Columns of a sparkline; finer timelines are summed up.
const SPARK_COLUMNS: usize = 60;

/// The narrowest piece of a bar, in percent of its box.
const BAR_PERCENT_MIN: f64 = 0.4;

/// A mark on an axis.
#[derive(Debug, PartialEq)]
pub(super) struct Tick {
    /// Where, in percent of the axis.
    pub(super) at: f64,
    /// What it says.
    pub(super) label: String,
    /// May be left out where there is little room.
    pub(super) is_minor: bool,
}

/// Requests over time, the layers of some actions on one another, mildest at the bottom.
#[derive(Debug)]
pub(super) struct Stack {
    pub(super) svg: String,
    pub(super) y_ticks: Vec<Tick>,
    pub(super) x_ticks: Vec<Tick>,
}

/// The stack of the actions with these `ranks`; `None` where there is nothing to show.
pub(super) fn stack(timeline: &Timeline, ranks: Range<usize>) -> Option<Stack> {
    let tallest = timeline.slots.iter().map(|slot| slot.0[ranks.clone()].iter().sum::<u64>()).max()?;
    if tallest == 0 {
        return None;
    }
    let top = nice_above(tallest);
    let width = timeline.slots.len() * SLOT;
    let mut svg = format!(
        "<svg class=\"stack\" viewBox=\"0 0 {width} {HEIGHT}\" preserveAspectRatio=\"none\" aria-hidden=\"true\">"
    );
    for rank in ranks.clone() {
        layer(&mut svg, timeline, ranks.start..rank, rank, top);
    }
    hover(&mut svg, timeline);
    svg.push_str("</svg>");
    Some(Stack { svg, y_ticks: y_ticks(top), x_ticks: x_ticks(timeline) })
}

/// One action's rectangles as one path, on top of those `below`.
fn layer(svg: &mut String, timeline: &Timeline, below: Range<usize>, rank: usize, top: u64) {
    if timeline.slots.iter().all(|slot| slot.0[rank] == 0) {
        return;
    }
    let scaled = |n: u64| n * HEIGHT / top;
    let inset = if timeline.slots.len() > 96 { 0 } else { 1 };
    let _ = write!(svg, "<path class=\"a{rank}\" d=\"");
    for (at, slot) in timeline.slots.iter().enumerate() {
        let base = slot.0[below.clone()].iter().sum::<u64>();
        let (low, high) = (scaled(base), scaled(base + slot.0[rank]));
        // A single refused request must not vanish below a pixel's height.
        let height = if slot.0[rank] > 0 { (high - low).max(6) } else { continue };
        let (x, y, w) = (at * SLOT, HEIGHT - low, SLOT - inset);
        let _ = write!(svg, "M{x} {y}v-{height}h{w}v{height}z");
    }
    svg.push_str("\"/>");
}

/// Invisible columns that say their numbers when pointed at; the style sheet gives them [`SLOT`] and [`HEIGHT`].
fn hover(svg: &mut String, timeline: &Timeline) {
    svg.push_str("<g class=\"hit\">");
    for (at, slot) in timeline.slots.iter().enumerate() {
        let (x, title) = (at * SLOT, slot_words(timeline, at, slot));
        let _ = write!(svg, "<rect x=\"{x}\"><title>{title}</title></rect>");
    }
    svg.push_str("</g>");
}

fn slot_words(timeline: &Timeline, at: usize, slot: &ByAction) -> String {
    let start = slot_start(timeline, at);
    let mut words = format!("{} UTC: {}", date_minute(start), counted(slot.total(), "request"));
    for (n, done) in slot.0.into_iter().zip(DONE).skip(1).filter(|(n, _)| *n > 0) {
        let _ = write!(words, ", {} {done}", count(n));
    }
    words
}

/// When slot `at` begins.
pub(super) fn slot_start(timeline: &Timeline, at: usize) -> Timestamp {
    timeline.start.plus_millis(timeline.slot_ms.saturating_mul(at as i64))
}

/// Nothing, half and all of `top`.
fn y_ticks(top: u64) -> Vec<Tick> {
    let halves: &[u64] = if top == 1 { &[0, 2] } else { &[0, 1, 2] };
    halves
        .iter()
        .map(|&half| Tick { at: half as f64 * 50.0, label: count(top * half / 2), is_minor: false })
        .collect()
}

/// Whole minutes, hours, days or years, at most eight marks.
fn x_ticks(timeline: &Timeline) -> Vec<Tick> {
    const MINUTE: i64 = 60_000;
    const DAY: i64 = 1_440 * MINUTE;
    const MINUTES: [i64; 8] = [1, 5, 15, 30, 60, 180, 360, 720];
    const DAYS: [i64; 10] = [1, 2, 7, 14, 30, 90, 365, 730, 1_825, 7_300];
    let span = timeline.slot_ms.saturating_mul(timeline.slots.len() as i64).max(1);
    let steps = MINUTES.map(|n| n * MINUTE).into_iter().chain(DAYS.map(|n| n * DAY));
    let Some(step) = steps.into_iter().find(|step| span / step <= 8) else { return Vec::new() };
    let start = timeline.start.millis();
    let mut at = start.div_euclid(step).saturating_add(1).saturating_mul(step);
    let mut ticks = Vec::new();
    while at < start.saturating_add(span) && ticks.len() < 10 {
        let format = match at.rem_euclid(DAY) {
            _ if step > 30 * DAY => "%b %Y",
            0 => "%-d %b",
            _ => "%H:%M",
        };
        let label = strftime(Timestamp::from_millis(at), format);
        // Noon and midnight stay rather than six o'clock.
        let is_minor = if step < DAY { at.rem_euclid(2 * step) != 0 } else { ticks.len() % 2 == 1 };
        ticks.push(Tick { at: (at - start) as f64 / span as f64 * 100.0, label, is_minor });
        at = at.saturating_add(step);
    }
    ticks
}

/// The smallest of 1, 2, 4, 6, 8, 10 times a power of ten that is not below `n`.
fn nice_above(n: u64) -> u64 {
    let mut power = 1_u64;
    loop {
        for factor in [1, 2, 4, 6, 8] {
            let nice = power.saturating_mul(factor);
            if nice >= n {
                return nice;
            }
        }
        power = power.saturating_mul(10);
    }
}

/// A client's requests over time, as columns against its own busiest moment. `slots` is the length of the whole
/// log's timeline: a client's own may end with its last request.
pub(super) fn spark(counts: &[u32], slots: usize) -> String {
    let mut counts = counts.to_vec();
    counts.resize(slots.max(1), 0);
    let group = counts.len().div_ceil(SPARK_COLUMNS).max(1);
    let sums: Vec<u64> =
        counts.chunks(group).map(|chunk| chunk.iter().map(|&n| u64::from(n)).sum()).collect();
    let top = sums.iter().copied().max().unwrap_or(0).max(1);
    let width = sums.len().max(1) * 4;
    let mut svg = format!(
        "<svg class=\"spark\" viewBox=\"0 0 {width} 24\" preserveAspectRatio=\"none\" aria-hidden=\"true\">\
         <path d=\"M0 23.5h{width}v.5h-{width}z\"/><path d=\""
    );
    for (at, n) in sums.iter().enumerate().filter(|(_, n)| **n > 0) {
        let height = (n * 23 / top).max(2);
        let _ = write!(svg, "M{} 24v-{height}h3v{height}z", at * 4);
    }
    svg.push_str("\"/></svg>");
    svg
}

/// A horizontal bar of pieces `(class, amount)` that fill `whole` together, or a part of it.
pub(super) fn bar(pieces: &[(&str, u64)], whole: u64) -> String {
    let mut svg = "<svg class=\"bar\" aria-hidden=\"true\">".to_owned();
    let percent = |n: u64| (n as f64 / whole.max(1) as f64 * 100.0).min(100.0);
    let mut before = 0;
    for &(class, amount) in pieces.iter().filter(|piece| piece.1 > 0) {
        let from = percent(before);
        // A single request stays visible, also at the far end.
        let width = (percent(before + amount) - from).max(BAR_PERCENT_MIN);
        let x = from.min(100.0 - BAR_PERCENT_MIN);
        let _ = write!(svg, "<rect class=\"{class}\" x=\"{x:.2}%\" width=\"{width:.2}%\"/>");
        before += amount;
    }
    svg.push_str("</svg>");
    svg
}

/// The bar of all actions.
pub(super) fn actions_bar(actions: &ByAction) -> String {
    const CLASSES: [&str; 7] = ["a0", "a1", "a2", "a3", "a4", "a5", "a6"];
    let pieces: Vec<_> = CLASSES.into_iter().zip(actions.0).collect();
    bar(&pieces, actions.total())
}

/// One step of a score, from one value to the next, on the scale 0 to 100.
pub(super) fn step(class: &str, from: i32, to: i32) -> String {
    let (low, high) = (from.min(to).clamp(0, 100), from.max(to).clamp(0, 100));
    let width = (high - low).max(1);
    format!(
        "<svg class=\"step\" aria-hidden=\"true\"><rect class=\"{class}\" x=\"{}%\" width=\"{width}%\"/></svg>",
        low.min(100 - width)
    )
}

/// An action's mark: the harsher, the fuller, so that it is read without its colour too. Refers to [`marks`].
pub(super) fn mark(rank: usize) -> String {
    format!("<svg class=\"mark\" aria-hidden=\"true\"><use href=\"#m{rank}\"/></svg>")
}

/// The drawings behind [`mark`], once per page.
pub(super) fn marks() -> String {
    let mut svg = "<svg class=\"defs\" width=\"0\" height=\"0\" aria-hidden=\"true\">".to_owned();
    for rank in 0..7 {
        let height = 2 * (rank + 1);
        let _ = write!(
            svg,
            "<symbol id=\"m{rank}\" viewBox=\"0 0 10 16\"><rect class=\"frame\" x=\".5\" y=\".5\" width=\"9\" \
             height=\"15\" rx=\"1\"/><rect class=\"a{rank}\" x=\"1\" y=\"{}\" width=\"8\" height=\"{height}\"/></symbol>",
            15 - height
        );
    }
    svg.push_str("</svg>");
    svg
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timeline(slots: &[[u64; 7]], slot_ms: i64) -> Timeline {
        let start = Timestamp::from_secs(1_772_323_200);
        Timeline { start, slot_ms, slots: slots.iter().map(|&slot| ByAction(slot)).collect() }
    }

    #[test]
    fn layers_stand_on_one_another() {
        let chart = stack(&timeline(&[[50, 0, 0, 0, 0, 0, 50]], 3_600_000), 0..7).unwrap();
        assert!(chart.svg.contains("<path class=\"a0\" d=\"M0 1000v-500h9v500z\"/>"), "{}", chart.svg);
        assert!(chart.svg.contains("<path class=\"a6\" d=\"M0 500v-500h9v500z\"/>"), "{}", chart.svg);
        assert!(!chart.svg.contains("a3"));
    }

    #[test]
    fn one_request_among_many_is_still_seen() {
        let chart = stack(&timeline(&[[99_999, 0, 0, 0, 0, 0, 1]], 1_000), 0..7).unwrap();
        assert!(chart.svg.contains("v-6h9v6z"));
    }

    #[test]
    fn nothing_is_no_chart() {
        assert!(stack(&timeline(&[], 1_000), 0..7).is_none());
        assert!(stack(&timeline(&[[5, 0, 0, 0, 0, 0, 0]], 1_000), 2..7).is_none());
    }

    #[test]
    fn axes_are_round() {
        assert_eq!([1, 3, 7, 11, 1_000, 8_001].map(nice_above), [1, 4, 8, 20, 1_000, 10_000]);
        let two_days = timeline(&[[1, 0, 0, 0, 0, 0, 0]; 48], 3_600_000);
        let labels: Vec<_> = x_ticks(&two_days).into_iter().map(|tick| tick.label).collect();
        assert_eq!(labels, ["06:00", "12:00", "18:00", "2 Mar", "06:00", "12:00", "18:00"]);
        let major: Vec<_> = x_ticks(&two_days).into_iter().filter(|tick| !tick.is_minor).collect();
        assert_eq!(
            major.iter().map(|tick| tick.label.as_str()).collect::<Vec<_>>(),
            ["12:00", "2 Mar", "12:00"]
        );
    }

    #[test]
    fn long_axes_name_the_year() {
        let decade = timeline(&[[1, 0, 0, 0, 0, 0, 0]; 120], 2_592_000_000);
        let labels: Vec<_> = x_ticks(&decade).into_iter().map(|tick| tick.label).collect();
        assert_eq!(labels[0], "Dec 2027");
        assert!(labels.iter().all(|label| label.contains(" 20")), "{labels:?}");
    }

    #[test]
    fn impossible_timelines_are_no_panic() {
        for (start, slot_ms) in [(i64::MAX, i64::MAX), (i64::MIN, 1), (0, 0), (0, -5)] {
            let timeline = Timeline { start: Timestamp(start), slot_ms, slots: vec![ByAction([1; 7]); 3] };
            assert!(stack(&timeline, 0..7).is_some());
        }
    }

    #[test]
    fn bars_and_steps_stay_in_their_box() {
        assert!(bar(&[("a0", 999_999), ("a6", 1)], 1_000_000).contains("x=\"99.60%\" width=\"0.40%\""));
        assert!(step("up", 100, 140).contains("x=\"99%\""));
        assert!(step("down", 60, 20).contains("x=\"20%\" width=\"40%\""));
    }

    #[test]
    fn sparks_share_one_axis() {
        assert!(spark(&[], 0).ends_with("</svg>"));
        assert!(spark(&[0, 7], 20).contains("viewBox=\"0 0 80 24\""));
        assert!(spark(&[1; 240], 240).contains("viewBox=\"0 0 240 24\""));
    }
}
