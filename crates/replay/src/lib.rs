//! Log formats to facts, the replay run, the HTML report.
