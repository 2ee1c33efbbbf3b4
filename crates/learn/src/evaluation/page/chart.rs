//! Charts as SVG text. Lettering stands beside them in HTML and stays readable at any width.
//!
//! Only numbers and our own words go in: nothing here needs escaping, and nothing foreign may be passed.

use std::fmt::Write;

use crate::evaluation::{Curves, Evaluation, Interval};

/// Models that have a line of their own; more could not be told apart.
pub(super) const LINES_MAX: usize = 6;

/// Share of people up to which the second ROC chart looks closely.
pub(super) const CLOSE: f64 = 0.05;

/// Beginning of a square chart, 100 units each way, zero at the bottom left.
const SQUARE: &str =
    "<svg class=\"square\" viewBox=\"0 0 100 100\" preserveAspectRatio=\"none\" aria-hidden=\"true\">";

type Points = [(f64, f64)];

/// ROC curves of `models` where at most `width` of people are hit, with each model's threshold as a dot. What lies
/// left of `floor` cannot be claimed and is shaded.
pub(super) fn roc(models: &[(String, Evaluation, Curves)], width: f64, floor: Option<f64>) -> String {
    let mut svg = SQUARE.to_owned();
    if let Some(floor) = floor {
        let _ = write!(
            svg,
            "<rect class=\"unknown\" width=\"{}\" height=\"100\"/>",
            short((floor / width).min(1.0))
        );
    }
    line(&mut svg, "chance", &[(0.0, 0.0), (1.0, width)]);
    for (at, (_, _, curves)) in models.iter().enumerate().take(LINES_MAX).rev() {
        line(&mut svg, &format!("l{at}"), &until(&curves.roc, width));
    }
    for (at, (_, of, _)) in models.iter().enumerate().take(LINES_MAX).rev() {
        if let (Some(fpr), Some(tpr)) = (of.fpr_measured.filter(|&fpr| fpr <= width), of.tpr_measured) {
            dot(&mut svg, &format!("d{at}"), (fpr / width, tpr));
        }
    }
    svg + "</svg>"
}

/// Precision over recall; the dashed line is the share of bots, which is what guessing gives.
pub(super) fn pr(models: &[(String, Evaluation, Curves)]) -> String {
    let mut svg = SQUARE.to_owned();
    if let Some((_, of, _)) = models.first().filter(|(_, of, _)| of.n > 0) {
        let bots = of.bots as f64 / of.n as f64;
        line(&mut svg, "chance", &[(0.0, bots), (1.0, bots)]);
    }
    for (at, (_, _, curves)) in models.iter().enumerate().take(LINES_MAX).rev() {
        line(&mut svg, &format!("l{at}"), &steps(&curves.pr));
    }
    svg + "</svg>"
}

/// Share of bots over mean score; on the dashed diagonal scores mean what they say.
pub(super) fn reliability(models: &[(String, Evaluation, Curves)]) -> String {
    let mut svg = SQUARE.to_owned();
    line(&mut svg, "chance", &[(0.0, 0.0), (1.0, 1.0)]);
    for (at, (_, _, curves)) in models.iter().enumerate().take(LINES_MAX).rev() {
        let points: Vec<_> = curves.reliability.iter().map(|bin| (bin.0, bin.1)).collect();
        line(&mut svg, &format!("l{at}"), &points);
        if at == 0 {
            points.iter().for_each(|&point| dot(&mut svg, "d0", point));
        }
    }
    svg + "</svg>"
}

/// `points` joined by upright and level lines: precision between two thresholds is that of the lower one, so that
/// the area is the average precision and no slope flatters.
fn steps(points: &Points) -> Vec<(f64, f64)> {
    let corners = points.windows(2).flat_map(|pair| [(pair[0].0, pair[1].1), pair[1]]);
    points.first().copied().into_iter().chain(corners).collect()
}

/// `points` up to where their first coordinate is `width`, which then is 1.0.
fn until(points: &Points, width: f64) -> Vec<(f64, f64)> {
    let mut out: Vec<(f64, f64)> = Vec::new();
    for &(x, y) in points {
        if x > width {
            let (from_x, from_y) = out.last().map_or((0.0, 0.0), |&(x, y)| (x * width, y));
            let share = if x > from_x { (width - from_x) / (x - from_x) } else { 0.0 };
            out.push((1.0, from_y + (y - from_y) * share));
            break;
        }
        out.push((x / width, y));
    }
    out
}

fn line(svg: &mut String, class: &str, points: &Points) {
    if points.is_empty() {
        return;
    }
    let _ = write!(svg, "<polyline class=\"{class}\" points=\"");
    for (at, &(x, y)) in points.iter().enumerate() {
        let gap = if at == 0 { "" } else { " " };
        let _ = write!(svg, "{gap}{},{}", short(x), short(1.0 - y));
    }
    svg.push_str("\"/>");
}

/// A line without length: its round ends are a dot of constant size however the chart is stretched.
fn dot(svg: &mut String, class: &str, (x, y): (f64, f64)) {
    let _ = write!(svg, "<path class=\"dot {class}\" d=\"M{} {}h0\"/>", short(x), short(1.0 - y));
}

/// A fraction in hundredths, with two decimals at most; nothing where it is none.
fn short(value: f64) -> String {
    let value = if value.is_finite() { value.clamp(0.0, 1.0) * 100.0 } else { 0.0 };
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A model's mark in legends: a piece of its line.
pub(super) fn sample(at: usize) -> String {
    if at >= LINES_MAX {
        return String::new();
    }
    format!(
        "<svg class=\"sample\" viewBox=\"0 0 28 8\" aria-hidden=\"true\"><path class=\"l{at}\" d=\"M1 4h26\"/></svg>"
    )
}

/// A share as a bar with its interval as a line over it.
pub(super) fn bar(share: f64, interval: Interval) -> String {
    let (lo, width) = (interval.lo, (interval.hi - interval.lo).max(0.004));
    format!(
        "<svg class=\"bar\" aria-hidden=\"true\"><rect class=\"ink\" width=\"{}%\" height=\"100%\"/>\
         <rect class=\"span\" x=\"{}%\" y=\"42%\" width=\"{}%\" height=\"16%\"/></svg>",
        short(share),
        short(lo.min(0.996)),
        short(width)
    )
}

/// Evidence left or right of the middle, as a part of `widest`.
pub(super) fn evidence(value: f64, widest: f64) -> String {
    let half = if widest > 0.0 { (value.abs() / widest).min(1.0) / 2.0 } else { 0.0 };
    let (class, from) = if value < 0.0 { ("down", 0.5 - half) } else { ("up", 0.5) };
    format!(
        "<svg class=\"evidence\" aria-hidden=\"true\"><rect class=\"{class}\" x=\"{}%\" width=\"{}%\" height=\"100%\"/></svg>",
        short(from),
        short(half)
    )
}

/// A feature's weights as steps of equal width around zero, `widest` reaching the box's edge.
pub(super) fn shape(weights: &[f64], widest: f64) -> String {
    let width = weights.len() * 10;
    let mut svg = format!(
        "<svg class=\"shape\" viewBox=\"0 0 {width} 100\" preserveAspectRatio=\"none\" aria-hidden=\"true\">"
    );
    for (class, is_shown) in
        [("up", (|weight| weight > 0.0) as fn(f64) -> bool), ("down", |weight| weight < 0.0)]
    {
        let _ = write!(svg, "<path class=\"{class}\" d=\"");
        for (at, &weight) in weights.iter().enumerate().filter(|(_, weight)| is_shown(**weight)) {
            let height = -(weight / widest).clamp(-1.0, 1.0) * 50.0;
            let _ = write!(svg, "M{} 50h10v{height:.1}h-10z", at * 10);
        }
        svg.push_str("\"/>");
    }
    let _ = write!(svg, "<path class=\"zero\" d=\"M0 50h{width}\"/></svg>");
    svg
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn close_looks_end_at_their_edge() {
        assert_eq!(until(&[(0.0, 0.0), (0.0, 0.5), (1.0, 1.0)], 0.5), [(0.0, 0.0), (0.0, 0.5), (1.0, 0.75)]);
        assert_eq!(until(&[(0.0, 0.2), (0.5, 0.4)], 0.5), [(0.0, 0.2), (1.0, 0.4)]);
        assert_eq!(until(&[], 0.5), []);
    }

    #[test]
    fn precision_goes_in_steps() {
        assert_eq!(steps(&[(0.0, 1.0), (0.5, 0.8)]), [(0.0, 1.0), (0.0, 0.8), (0.5, 0.8)]);
        assert_eq!(steps(&[]), []);
    }

    #[test]
    fn bars_stay_in_their_box() {
        let made = bar(1.0, Interval { lo: 1.0, hi: 1.0 });
        assert!(made.contains("x=\"99.6%\"") && made.contains("width=\"0.4%\""), "{made}");
        assert!(evidence(-2.0, 2.0).contains("class=\"down\" x=\"0%\" width=\"50%\""));
        assert!(evidence(5.0, 2.0).contains("class=\"up\" x=\"50%\" width=\"50%\""));
        assert!(evidence(0.0, 0.0).contains("width=\"0%\""));
    }

    #[test]
    fn shapes_stand_on_zero() {
        let made = shape(&[1.0, -0.5], 2.0);
        assert!(made.contains("<path class=\"up\" d=\"M0 50h10v-25.0h-10z\"/>"), "{made}");
        assert!(made.contains("<path class=\"down\" d=\"M10 50h10v12.5h-10z\"/>"), "{made}");
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!([0.5, 1.0 / 3.0, f64::NAN, 7.0].map(short), ["50", "33.33", "0", "100"]);
    }
}
