//! Log formats to facts, the replay run, the HTML report.

pub mod agreement;
pub mod anonymise;
pub mod answer;
pub mod doctor;
pub mod export;
pub mod formats;
pub mod json;
pub mod labels;
pub mod merge;
pub mod report;
pub mod run;
mod sequence;
pub mod source;
pub mod summary;
pub mod tally;
pub mod terminal;
pub mod timeline;
mod words;

pub use words::{count, shown};

#[cfg(test)]
mod made_up;
