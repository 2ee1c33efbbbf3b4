//! What the template needs, already in words. The template only places it.

use askama::Template;

use super::Report;
use super::chart;
use super::rows::{self, Families, MistakeRow, ModelRow, NAME_CHARS, Shapes, VantageRow};
use crate::evaluation::words::{
    self, between, claim, count, counted, fraction, nominal_against_measured, or_dash, percent, plain, shown,
};
use crate::evaluation::{Confusion, Curves, Evaluation};

/// Longest note shown, in characters.
const NOTE_CHARS: usize = 1_000;

/// Most notes shown.
const NOTES_MAX: usize = 50;

/// The whole page.
#[derive(Template)]
#[template(path = "evaluation.html", whitespace = "minimize")]
pub(super) struct Page {
    style: String,
    title: String,
    about: Option<About>,
    models: Vec<ModelRow>,
    more_models: usize,
    legend: Vec<(String, String)>,
    charts: Option<Charts>,
    bins: Vec<[String; 3]>,
    vantages: Vec<VantageRow>,
    families: Families,
    shapes: Shapes,
    mistakes: Vec<MistakeRow>,
    notes: Vec<String>,
}

/// What is said of the first model alone.
struct About {
    model: String,
    data: String,
    first: String,
    more: Vec<String>,
    /// What scoring takes, where somebody measured.
    cost: Option<String>,
    figures: Vec<(String, String)>,
    threshold: String,
    nominal: String,
    measured: String,
    interval: String,
    floor: String,
    against: Option<String>,
    claim: String,
    confusion: Confusion,
}

/// The four charts.
struct Charts {
    roc: String,
    close: String,
    pr: String,
    reliability: String,
}

impl Page {
    pub(super) fn new(of: &Report<'_>) -> Page {
        let models = of.models;
        Page {
            style: format!("{}{}", palisade_replay::report::STYLE, include_str!("page.css")),
            title: shown(of.title, NAME_CHARS),
            about: models.first().map(|(name, found, _)| about(name, found, of.row_ns)),
            models: rows::models(models),
            more_models: models.len().saturating_sub(rows::MODELS_MAX),
            legend: legend(models),
            charts: charts(models),
            bins: models.first().map_or_else(Vec::new, |(_, _, curves)| bins(curves)),
            vantages: rows::vantages(&of.vantages),
            families: rows::families(models),
            shapes: rows::shapes(of.shapes),
            mistakes: models.first().map_or_else(Vec::new, |(_, of, _)| rows::mistakes(&of.worst)),
            notes: of.notes.iter().take(NOTES_MAX).map(|note| shown(note, NOTE_CHARS)).collect(),
        }
    }
}

fn about(name: &str, of: &Evaluation, row_ns: Option<f64>) -> About {
    let groups = counted(of.groups, "group", "groups");
    About {
        model: shown(name, NAME_CHARS),
        data: format!(
            "{} and {} in {groups}",
            counted(of.bots, "bot", "bots"),
            counted(of.humans, "person", "people")
        ),
        first: words::verdict(of),
        more: vec![words::order(of), claim(of)],
        cost: row_ns.map(words::cost_of_row),
        figures: figures(of),
        threshold: plain(of.threshold),
        nominal: or_dash(of.fpr_nominal, percent),
        measured: or_dash(of.fpr_measured, percent),
        interval: of.fpr_interval.map_or_else(|| "–".to_owned(), |interval| between(interval, percent)),
        floor: or_dash(of.fpr_floor(), percent),
        against: nominal_against_measured(of),
        claim: claim(of),
        confusion: of.confusion,
    }
}

fn figures(of: &Evaluation) -> Vec<(String, String)> {
    let people = counted(of.human_groups, "group", "groups");
    vec![
        (or_dash(of.auc, fraction), "AUC: how often a bot scores above a person".to_owned()),
        (or_dash(of.tpr_measured, percent), format!("of {} caught", counted(of.bots, "bot", "bots"))),
        (
            or_dash(of.fpr_measured, percent),
            format!("of {} hit, in {people}", counted(of.humans, "person", "people")),
        ),
        (or_dash(of.ece, fraction), "calibration error: how far scores are from shares".to_owned()),
    ]
}

fn legend(models: &[(String, Evaluation, Curves)]) -> Vec<(String, String)> {
    let lines = models.iter().enumerate().take(chart::LINES_MAX);
    lines.map(|(at, (name, _, _))| (chart::sample(at), shown(name, NAME_CHARS))).collect()
}

/// `None` where no model has both classes.
fn charts(models: &[(String, Evaluation, Curves)]) -> Option<Charts> {
    let (_, first, _) = models.iter().find(|(_, _, curves)| !curves.roc.is_empty())?;
    Some(Charts {
        roc: chart::roc(models, 1.0, None),
        close: chart::roc(models, chart::CLOSE, first.fpr_floor()),
        pr: chart::pr(models),
        reliability: chart::reliability(models),
    })
}

fn bins(curves: &Curves) -> Vec<[String; 3]> {
    let bin = |&(score, bots, n): &(f64, f64, u64)| {
        [fraction(score), percent(bots), count(usize::try_from(n).unwrap_or(usize::MAX))]
    };
    curves.reliability.iter().map(bin).collect()
}
