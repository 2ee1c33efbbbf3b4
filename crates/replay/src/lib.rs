//! Log formats to facts, the replay run, the HTML report.

pub mod formats;
pub mod merge;
pub mod source;
pub mod anonymise;
pub mod doctor;
pub mod labels;
pub mod run;
pub mod summary;
pub mod tally;
pub mod timeline;
pub mod answer;
pub mod json;
pub mod report;
pub mod terminal;
mod words;

#[cfg(test)]
mod made_up;
