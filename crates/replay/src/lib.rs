//! Log formats to facts, the replay run, the HTML report.

pub mod formats;
pub mod merge;
pub mod source;
