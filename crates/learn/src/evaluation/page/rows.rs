//! Rows of the page's tables, already in words.

use std::collections::BTreeMap;

use super::FeatureShape;
use super::chart;
use crate::evaluation::words::{between, count, fraction, or_dash, percent, shown, signed};
use crate::evaluation::{Curves, Evaluation, Interval, Mistake, VantageFigures};

/// Longest name shown, in characters.
pub(super) const NAME_CHARS: usize = 80;

/// Most models in the table; the rest is counted.
pub(super) const MODELS_MAX: usize = 24;

const FAMILIES_MAX: usize = 40;
const SHAPES_MAX: usize = 24;

/// Bins drawn of one shape; more are narrower than a pixel.
const BINS_MAX: usize = 256;

/// Baselines with a column of their own beside the families.
const BESIDE_MAX: usize = 3;

type Model = (String, Evaluation, Curves);

/// A figure with its interval below.
pub(super) struct Figure {
    pub(super) value: String,
    pub(super) interval: String,
}

impl Figure {
    fn new(value: Option<f64>, interval: Option<Interval>, number: fn(f64) -> String) -> Figure {
        let interval = interval.map_or_else(String::new, |interval| between(interval, number));
        Figure { value: or_dash(value, number), interval }
    }
}

/// One model in the table of all.
pub(super) struct ModelRow {
    pub(super) sample: String,
    pub(super) name: String,
    pub(super) auc: Figure,
    pub(super) precision: String,
    pub(super) error: String,
    pub(super) at: [String; 3],
    pub(super) caught: Figure,
    pub(super) hit: Figure,
}

pub(super) fn models(models: &[Model]) -> Vec<ModelRow> {
    let row = |(at, (name, of, _)): (usize, &Model)| ModelRow {
        sample: chart::sample(at),
        name: shown(name, NAME_CHARS),
        auc: Figure::new(of.auc, of.auc_interval, fraction),
        precision: or_dash(of.average_precision, fraction),
        error: or_dash(of.ece, fraction),
        at: [of.tpr_at.one_in_1000, of.tpr_at.one_in_200, of.tpr_at.one_in_100]
            .map(|tpr| or_dash(tpr, percent)),
        caught: Figure::new(of.tpr_measured, of.tpr_interval, percent),
        hit: Figure::new(of.fpr_measured, of.fpr_interval, percent),
    };
    models.iter().enumerate().take(MODELS_MAX).map(row).collect()
}

/// What was seen from one vantage.
pub(super) struct VantageRow {
    pub(super) name: &'static str,
    pub(super) bots: String,
    pub(super) people: String,
    pub(super) auc: Figure,
    pub(super) caught: Figure,
    pub(super) hit: Figure,
}

/// Nothing where there is only one vantage: the figures of all are its own.
pub(super) fn vantages(of: &BTreeMap<&'static str, VantageFigures>) -> Vec<VantageRow> {
    if of.len() < 2 {
        return Vec::new();
    }
    let row = |(name, of): (&&'static str, &VantageFigures)| VantageRow {
        name,
        bots: count(of.bots),
        people: count(of.humans),
        auc: Figure::new(of.auc, of.auc_interval, fraction),
        caught: Figure::new(of.tpr_measured, of.tpr_interval, percent),
        hit: Figure::new(of.fpr_measured, of.fpr_interval, percent),
    };
    of.iter().map(row).collect()
}

/// One family of bots.
pub(super) struct FamilyRow {
    pub(super) name: String,
    pub(super) n: String,
    pub(super) bar: String,
    pub(super) recall: String,
    pub(super) interval: String,
    /// The recall of the first baselines.
    pub(super) beside: Vec<String>,
}

/// Families of the first model, least caught first.
pub(super) struct Families {
    pub(super) headings: Vec<String>,
    pub(super) rows: Vec<FamilyRow>,
    /// How many are not shown.
    pub(super) more: usize,
}

pub(super) fn families(models: &[Model]) -> Families {
    let Some(((_, first, _), rest)) = models.split_first() else {
        return Families { headings: Vec::new(), rows: Vec::new(), more: 0 };
    };
    let beside = &rest[..rest.len().min(BESIDE_MAX)];
    let mut found: Vec<_> = first.per_family.iter().collect();
    found.sort_by(|one, other| one.1.recall.total_cmp(&other.1.recall).then_with(|| one.0.cmp(other.0)));
    let row = |(name, family): &(&String, &crate::evaluation::FamilyRecall)| FamilyRow {
        name: shown(name, NAME_CHARS),
        n: count(family.n),
        bar: chart::bar(family.recall, family.recall_interval),
        recall: percent(family.recall),
        interval: between(family.recall_interval, percent),
        beside: beside
            .iter()
            .map(|(_, of, _)| or_dash(of.per_family.get(*name).map(|family| family.recall), percent))
            .collect(),
    };
    Families {
        headings: beside.iter().map(|(name, _, _)| shown(name, NAME_CHARS)).collect(),
        rows: found.iter().take(FAMILIES_MAX).map(row).collect(),
        more: found.len().saturating_sub(FAMILIES_MAX),
    }
}

/// One feature's shape.
pub(super) struct ShapeRow {
    pub(super) name: String,
    pub(super) svg: String,
    /// Least and largest weight.
    pub(super) range: String,
    /// Where an edge stands, in percent of the width, and what it is.
    pub(super) ticks: Vec<(String, String)>,
}

/// Shapes on one scale, the widest first.
pub(super) struct Shapes {
    pub(super) rows: Vec<ShapeRow>,
    /// The weight at a box's edge.
    pub(super) widest: String,
    /// How many are not shown.
    pub(super) more: usize,
}

pub(super) fn shapes(shapes: &[FeatureShape]) -> Shapes {
    let mut found: Vec<(&FeatureShape, Vec<f64>)> = shapes
        .iter()
        .map(|shape| (shape, weights(shape)))
        .filter(|(_, weights)| !weights.is_empty())
        .collect();
    let width = |weights: &[f64]| weights.iter().fold(0.0_f64, |most, weight| most.max(weight.abs()));
    found.sort_by(|one, other| {
        width(&other.1).total_cmp(&width(&one.1)).then_with(|| one.0.name.cmp(&other.0.name))
    });
    let more = found.len().saturating_sub(SHAPES_MAX);
    found.truncate(SHAPES_MAX);
    let widest = found.first().map_or(0.0, |(_, weights)| width(weights)).max(0.01);
    let row = |(shape, weights): &(&FeatureShape, Vec<f64>)| {
        let (least, most) =
            weights.iter().fold((f64::MAX, f64::MIN), |(lo, hi), &weight| (lo.min(weight), hi.max(weight)));
        ShapeRow {
            name: shown(&shape.name, NAME_CHARS),
            svg: chart::shape(weights, widest),
            range: format!("{} to {}", evidence(least), evidence(most)),
            ticks: ticks(shape, weights.len()),
        }
    };
    Shapes { rows: found.iter().map(row).collect(), widest: compact(widest), more }
}

/// Its weights, those that are no number as 0.
fn weights(shape: &FeatureShape) -> Vec<f64> {
    let finite = |&weight: &f32| if weight.is_finite() { f64::from(weight) } else { 0.0 };
    shape.weights.iter().take(BINS_MAX).map(finite).collect()
}

/// At most five edges, evenly chosen.
fn ticks(shape: &FeatureShape, bins: usize) -> Vec<(String, String)> {
    // Without an outermost edge, the first edge ends the first bin.
    let first = usize::from(shape.edges.len() < bins);
    let inner: Vec<_> =
        shape.edges.iter().take(bins + 1).enumerate().filter(|(_, edge)| edge.is_finite()).collect();
    let step = inner.len().div_ceil(5).max(1);
    let tick = |&(at, edge): &(usize, &f32)| {
        (format!("{:.2}", (at + first) as f64 / bins as f64 * 100.0), compact(f64::from(*edge)))
    };
    inner.iter().step_by(step).map(tick).collect()
}

/// `0.05`, `12.5`, `3k`, `40M`: a number in few characters.
fn compact(value: f64) -> String {
    let (scaled, unit) = match value.abs() {
        v if v >= 1e15 => return format!("{value:.0e}"),
        v if v >= 1e9 => (value / 1e9, "G"),
        v if v >= 1e6 => (value / 1e6, "M"),
        v if v >= 1e4 => (value / 1e3, "k"),
        v if v > 0.0 && v < 1e-3 => return format!("{value:.0e}"),
        _ => (value, ""),
    };
    let decimals = match scaled.abs() {
        v if v >= 100.0 => 0,
        v if v >= 10.0 => 1,
        v if v >= 1.0 => 2,
        _ => 3,
    };
    let text = format!("{scaled:.decimals$}");
    let text = if decimals > 0 { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{}{unit}", text.replace('-', "\u{2212}"))
}

/// One mistake with its reasons.
pub(super) struct MistakeRow {
    pub(super) name: String,
    pub(super) kind: &'static str,
    /// Truth as a class of the style sheet.
    pub(super) class: &'static str,
    pub(super) family: Option<String>,
    pub(super) score: String,
    pub(super) reasons: Vec<ReasonRow>,
    pub(super) is_open: bool,
}

/// One reason of a mistake.
pub(super) struct ReasonRow {
    pub(super) name: String,
    pub(super) value: String,
    pub(super) bar: String,
}

/// How many mistakes are open at first, so that a reader sees what is inside.
const OPEN: usize = 2;

pub(super) fn mistakes(worst: &[Mistake]) -> Vec<MistakeRow> {
    let values = worst.iter().flat_map(|mistake| &mistake.reasons).map(|(_, value)| value.abs());
    let widest = values.filter(|value| value.is_finite()).fold(0.0, f64::max);
    let reason = |(name, value): &(String, f64)| ReasonRow {
        name: shown(name, NAME_CHARS),
        value: evidence(*value),
        bar: chart::evidence(*value, widest),
    };
    let row = |(at, mistake): (usize, &Mistake)| MistakeRow {
        name: shown(&mistake.name, NAME_CHARS),
        kind: if mistake.is_bot { "bot missed" } else { "person hit" },
        class: if mistake.is_bot { "missed" } else { "hit" },
        family: mistake.family.as_deref().map(|family| shown(family, NAME_CHARS)),
        score: fraction(mistake.score),
        reasons: mistake.reasons.iter().map(reason).collect(),
        is_open: at < OPEN,
    };
    worst.iter().enumerate().map(row).collect()
}

/// Log-odds in few characters, however large.
fn evidence(value: f64) -> String {
    if value.abs() < 1e4 { signed(value) } else { format!("{value:+.0e}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_compact() {
        let cases = [
            (0.0, "0"),
            (0.05, "0.05"),
            (12.5, "12.5"),
            (600.0, "600"),
            (-3.0, "\u{2212}3"),
            (1_500_000.0, "1.5M"),
            (20_000.0, "20k"),
            (0.00001, "1e-5"),
        ];
        for (value, text) in cases {
            assert_eq!(compact(value), text);
        }
        assert!(compact(f64::from(f32::MAX)).len() < 8);
    }

    #[test]
    fn edges_stand_between_bins() {
        let shape = |edges: &[f32], bins| FeatureShape {
            name: "x".to_owned(),
            edges: edges.to_vec(),
            weights: vec![0.0; bins],
        };
        let inner = ticks(&shape(&[5.0], 2), 2);
        assert_eq!(inner, [("50.00".to_owned(), "5".to_owned())]);
        let outer = ticks(&shape(&[0.0, 5.0, 9.0], 2), 2);
        assert_eq!(outer.iter().map(|tick| tick.0.as_str()).collect::<Vec<_>>(), ["0.00", "50.00", "100.00"]);
        let many: Vec<f32> = (0..64).map(|at| at as f32).collect();
        assert!(ticks(&shape(&many, 65), 65).len() <= 5);
        assert!(ticks(&shape(&[f32::NAN, f32::INFINITY], 3), 3).is_empty());
    }

    #[test]
    fn widest_shapes_come_first() {
        let shape = |name: &str, weights: &[f32]| FeatureShape {
            name: name.to_owned(),
            edges: Vec::new(),
            weights: weights.to_vec(),
        };
        let made = shapes(&[shape("a", &[0.1]), shape("b", &[-2.0, f32::NAN]), shape("c", &[])]);
        assert_eq!(made.rows.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), ["b", "a"]);
        assert_eq!(made.rows[0].range, "\u{2212}2.00 to +0.00");
        assert_eq!(shapes(&vec![shape("a", &[1.0]); 30]).more, 6);
    }
}
