//! The page: one self-contained HTML file that shows what a model is worth, and what the data cannot say of it.
//!
//! It loads nothing, runs no script and says so in its own content security policy, so it can be mailed, archived and
//! opened anywhere. Names are shown as given: making them anonymous is the caller's business.

use std::collections::BTreeMap;

use askama::Template;

use super::{Curves, Evaluation, VantageFigures};

mod chart;
mod rows;
mod view;

/// What a feature adds to the score, bin by bin.
#[derive(Clone, Debug, PartialEq)]
pub struct FeatureShape {
    /// The feature, with its unit.
    pub name: String,
    /// Where one bin ends and the next begins, rising, in the feature's unit: one fewer than `weights`. With as many
    /// or more, the outermost are taken for the range's ends.
    pub edges: Vec<f32>,
    /// Log-odds of each bin, positive towards bot.
    pub weights: Vec<f32>,
}

/// What a page is made of.
#[derive(Clone, Debug, Default)]
pub struct Report<'a> {
    /// Its heading.
    pub title: &'a str,
    /// The model in question first, its baselines after it, each by name.
    pub models: &'a [(String, Evaluation, Curves)],
    /// The first model's figures by vantage; shown where there are several.
    pub vantages: BTreeMap<&'static str, VantageFigures>,
    /// Nanoseconds that the first model takes for a row; none where nobody measured.
    pub row_ns: Option<f64>,
    /// The first model's shapes.
    pub shapes: &'a [FeatureShape],
    /// What is to be known beside it, a paragraph each.
    pub notes: &'a [String],
}

/// The page of `report`: UTF-8, below 400 KB for six models.
///
/// Curves show at most six models, families at most forty, shapes at most twenty-four, the widest first. Text of
/// others is escaped, cut and stripped of what would turn a line around.
pub fn page(report: &Report<'_>) -> String {
    let made = view::Page::new(report).render();
    without_indent(&made.expect("every field is a string already: formatting it cannot fail"))
}

/// The template's indentation is for us. No line begins with a foreign space: `shown` leaves no line breaks.
fn without_indent(page: &str) -> String {
    let mut out = String::with_capacity(page.len());
    for line in page.lines().map(str::trim_start).filter(|line| !line.is_empty()) {
        out.push_str(line);
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests;
