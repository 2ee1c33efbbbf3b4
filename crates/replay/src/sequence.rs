//! Puts our own lines back into the order in which they were judged, ends included.
//!
//! Lines come sorted by the time of arrival; what history remembers depends on the order of judging and on which ends
//! were noted between. Both stand in the lines: requests and ends of one process count in one sequence. While nothing is
//! missing from it, everything goes on at once; where something is (a sample, lost lines), what is next is whatever came
//! when nothing earlier can come any more.

use std::collections::BTreeMap;

use palisade_detect::history::Ticket;
use palisade_domain::{ResponseFacts, Timestamp};

use crate::formats::{Ended, Record};

/// How long an arrival may lie before its judging: a slow head and a held body, and some more.
const HELD_MICROS: i64 = 60 * 1_000_000;

/// Bytes of records that wait for what comes before them.
pub(crate) const WAITING_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Ends that wait for their turn.
pub(crate) const ENDS_MAX: usize = 262_144;

/// Processes whose lines are told apart at a time.
pub(crate) const RUNS_MAX: usize = 64;

/// An end to be noted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct End {
    pub(crate) ticket: Ticket,
    pub(crate) response: ResponseFacts,
    pub(crate) time: Timestamp,
}

/// What comes next.
#[derive(Debug)]
pub(crate) enum Step {
    /// A request is judged.
    Request(Record),
    /// The end of an earlier one is noted.
    End(End),
}

/// Will more come?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    More,
    Over,
}

/// The sequences of all processes under way.
#[derive(Debug, Default)]
pub(crate) struct Sequencer {
    runs: Vec<Run>,
    newest: Timestamp,
    waiting_bytes: usize,
    ends: usize,
    /// Tells ends of equal number apart: lines of strangers may hold anything.
    ends_counted: u64,
}

#[derive(Debug)]
struct Run {
    id: u64,
    /// The first number that has not had its turn.
    next: u64,
    /// By number, file and line.
    waiting: BTreeMap<(u64, u32, u64), Record>,
    ends: BTreeMap<(u64, u64), End>,
}

/// What a run has to offer next.
#[derive(Clone, Copy)]
struct Candidate {
    sequence: u64,
    time: Timestamp,
    is_end: bool,
}

impl Sequencer {
    /// Takes a record that says its place; gives back one that does not, or that belongs to one process too many: its
    /// turn is now.
    pub(crate) fn push(&mut self, record: Record) -> Option<Record> {
        self.newest = self.newest.max(record.time);
        let Some(place) = record.place() else { return Some(record) };
        let Some(at) = self.run(place.run) else { return Some(record) };
        self.waiting_bytes += record.size();
        let key = (place.sequence, record.file, record.line);
        let before = self.runs[at].waiting.insert(key, record);
        debug_assert!(before.is_none(), "a file has a line once");
        None
    }

    /// Takes the end of a request that had its turn.
    pub(crate) fn push_end(&mut self, run: u64, ended: Ended, end: End) {
        if let Some(at) = self.run(run) {
            self.ends_counted += 1;
            self.ends += 1;
            self.runs[at].ends.insert((ended.sequence, self.ends_counted), end);
        }
    }

    /// What has its turn, if anything has.
    pub(crate) fn pop(&mut self, flow: Flow) -> Option<Step> {
        let is_full = self.waiting_bytes > WAITING_BYTES_MAX || self.ends > ENDS_MAX;
        let forced = flow == Flow::Over || is_full;
        let due = Timestamp(self.newest.0.saturating_sub(HELD_MICROS));
        let (run, found) = self
            .runs
            .iter_mut()
            .filter_map(|run| run.candidate().map(|found| (run, found)))
            .filter(|(run, found)| forced || found.sequence <= run.next || found.time < due)
            .min_by_key(|(_, found)| found.time)?;
        run.next = run.next.max(found.sequence.saturating_add(1));
        if found.is_end {
            self.ends -= 1;
            return run.ends.pop_first().map(|(_, end)| Step::End(end));
        }
        let (_, record) = run.waiting.pop_first()?;
        self.waiting_bytes -= record.size();
        Some(Step::Request(record))
    }

    /// The place of a run in the list; a new one takes that of one that has nothing under way.
    fn run(&mut self, id: u64) -> Option<usize> {
        if let Some(at) = self.runs.iter().position(|run| run.id == id) {
            return Some(at);
        }
        let fresh = Run { id, next: 0, waiting: BTreeMap::new(), ends: BTreeMap::new() };
        if self.runs.len() < RUNS_MAX {
            self.runs.push(fresh);
            return Some(self.runs.len() - 1);
        }
        let at = self.runs.iter().position(|run| run.waiting.is_empty() && run.ends.is_empty())?;
        self.runs[at] = fresh;
        Some(at)
    }
}

impl Run {
    fn candidate(&self) -> Option<Candidate> {
        let request = self.waiting.first_key_value().map(|(key, record)| Candidate {
            sequence: key.0,
            time: record.time,
            is_end: false,
        });
        let end = self.ends.first_key_value().map(|(key, end)| Candidate {
            sequence: key.0,
            time: end.time,
            is_end: true,
        });
        [request, end].into_iter().flatten().min_by_key(|found| found.sequence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::Format;
    use proptest::prelude::*;

    fn record(run: u64, sequence: u64, end: Option<u64>, time_us: i64) -> Record {
        let end =
            end.map(|end| format!(",\"end_seq\":{end},\"end_time_us\":{}", time_us + 1)).unwrap_or_default();
        let line = format!(
            "{{\"palisade\":1,\"time_us\":{time_us},\"resolution\":\"micro\",\"client\":\"a\",\"run\":\"{run:x}\",\
             \"seq\":{sequence},\"vantage\":\"check\"{end}}}"
        );
        Format::Palisade.parse(&line, &mut String::new()).unwrap()
    }

    fn ticket() -> Ticket {
        use palisade_detect::{Engine, EngineSettings, HashSeed, Observe};
        let record = record(1, 1, None, 1);
        let engine = Engine::new(EngineSettings::new(HashSeed([1, 2])));
        engine.assess(&record.facts(&[]), Observe::Peek).ticket
    }

    /// What came out so far: numbers of requests, and of ends with a minus.
    #[derive(Default)]
    struct Out {
        sequencer: Sequencer,
        order: Vec<i64>,
    }

    impl Out {
        fn push(&mut self, mut record: Record, ticket: Ticket) {
            record.line =
                self.sequencer.ends_counted + self.sequencer.waiting_bytes as u64 + self.order.len() as u64;
            assert!(self.sequencer.push(record).is_none());
            self.go_on(Flow::More, ticket);
        }

        fn go_on(&mut self, flow: Flow, ticket: Ticket) {
            while let Some(step) = self.sequencer.pop(flow) {
                match step {
                    Step::End(end) => self.order.push(-end.response.bytes.known().map_or(0, |n| n as i64)),
                    Step::Request(record) => {
                        let place = record.place().unwrap();
                        self.order.push(place.sequence as i64);
                        if let Some(ended) = place.end {
                            let bytes = palisade_domain::Fact::Known(ended.sequence);
                            let response = ResponseFacts { bytes, ..ResponseFacts::default() };
                            self.sequencer.push_end(
                                place.run,
                                ended,
                                End { ticket, response, time: ended.time },
                            );
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn a_whole_sequence_goes_on_at_once() {
        let (ticket, mut out) = (ticket(), Out::default());
        out.push(record(1, 1, Some(4), 10), ticket);
        assert_eq!(out.order, [0i64; 0], "number 0 may still come");
        out.push(record(1, 0, Some(2), 11), ticket);
        assert_eq!(out.order, [0, 1, -2]);
        out.push(record(1, 3, Some(5), 12), ticket);
        assert_eq!(out.order, [0, 1, -2, 3, -4, -5]);
    }

    #[test]
    fn a_gap_is_waited_for_and_no_longer() {
        let (ticket, mut out) = (ticket(), Out::default());
        out.push(record(1, 5, None, 10), ticket);
        out.push(record(1, 9, None, HELD_MICROS), ticket);
        assert!(out.order.is_empty());
        out.push(record(1, 10, None, HELD_MICROS + 11), ticket);
        assert_eq!(out.order, [5]);
        out.go_on(Flow::Over, ticket);
        assert_eq!(out.order, [5, 9, 10]);
    }

    #[test]
    fn processes_have_their_own_numbers() {
        let (ticket, mut out) = (ticket(), Out::default());
        out.push(record(1, 0, Some(3), 10), ticket);
        out.push(record(2, 0, None, 1_000), ticket);
        out.push(record(2, 1, None, 1_001), ticket);
        assert_eq!(out.order, [0, 0, 1]);
        for run in 3..200 {
            out.push(record(run, 0, None, 2_000), ticket);
        }
        assert!(out.sequencer.runs.len() <= RUNS_MAX);
        out.go_on(Flow::Over, ticket);
        assert!(out.order.contains(&-3));
    }

    #[test]
    fn too_many_that_wait_go_on() {
        let (ticket, mut out) = (ticket(), Out::default());
        let size = record(1, 1, None, 1).size();
        let count = WAITING_BYTES_MAX / size + 10;
        (0..count as u64).for_each(|n| out.push(record(1, 10 + 2 * n, None, n as i64), ticket));
        assert!(!out.order.is_empty() && out.sequencer.waiting_bytes <= WAITING_BYTES_MAX);
    }

    proptest! {
        #[test]
        fn order_within_the_time_held_is_restored(order in Just((0u64..40).collect::<Vec<_>>()).prop_shuffle()) {
            let (ticket, mut out) = (ticket(), Out::default());
            // Numbers 0, 1 are a request and its end, 2, 3 the next …
            for n in order {
                out.push(record(1, 2 * n, Some(2 * n + 1), 1_000), ticket);
            }
            out.go_on(Flow::Over, ticket);
            let expect: Vec<i64> = (0..40).flat_map(|n| [2 * n, -(2 * n + 1)]).collect();
            prop_assert_eq!(out.order, expect);
        }

        #[test]
        fn any_numbers_come_out_once(all in prop::collection::vec((0u64..3, any::<u64>(), any::<Option<u64>>(), 0i64..100_000_000), 0..40)) {
            let (ticket, mut out) = (ticket(), Out::default());
            let ends = all.iter().filter(|(_, _, end, _)| end.is_some()).count();
            for (at, &(run, sequence, end, time)) in all.iter().enumerate() {
                let mut record = record(run, sequence, end, time);
                record.line = at as u64;
                prop_assert!(out.sequencer.push(record).is_none());
                out.go_on(Flow::More, ticket);
            }
            out.go_on(Flow::Over, ticket);
            prop_assert_eq!(out.order.len(), all.len() + ends);
        }
    }
}
