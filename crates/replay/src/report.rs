//! The page: one self-contained HTML file that a person can read without knowing Palisade.
//!
//! It loads nothing, runs no script and says so in its own content security policy, so it can be mailed, archived and
//! opened anywhere. Everything foreign in it goes through `words::shown` and the template's escaping.
//! It shows names of clients as it is given them: making them anonymous is the run's business.

use askama::Template;
use palisade_domain::Timestamp;

use crate::summary::Summary;

mod chart;
mod view;

/// What every page of ours begins with, in any report: colours, type, masthead, lead, sections and tables. What a page needs beside
/// it stands behind it.
pub const STYLE: &str = include_str!("../templates/page.css");

/// What the page cannot know by itself.
#[derive(Clone, Debug)]
pub struct ReportOptions {
    /// Its heading, such as the site's name.
    pub title: String,
    /// When it is made.
    pub generated_at: Timestamp,
}

/// The page cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The template fails.
    #[error("the report cannot be written: {0}")]
    Template(#[from] askama::Error),
}

/// The page of `summary`: UTF-8, below 400 KB for fifty clients.
///
/// # Errors
/// Where the template fails, which takes running out of memory.
pub fn html(summary: &Summary, options: &ReportOptions) -> Result<String, ReportError> {
    Ok(without_indent(&view::Page::new(summary, options).render()?))
}

/// The template's indentation is for us; fifty clients of it are a tenth of the page. No line of the page begins
/// with a foreign space: `words::shown` leaves no line breaks.
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
