//! Replay equals live (DESIGN section 2): what one judge saw, exported, mixed up as a store would return it, and
//! replayed, gives the same verdicts.

// Clippy allows these in tests only inside `#[test]`; the helpers below are tests as well.
#![allow(clippy::unwrap_used)]

use std::io::Write;
use std::path::{Path, PathBuf};

use palisade_detect::{Engine, EngineSettings, HashSeed, Observe, SiteProfile, detectors};
use palisade_domain::{Enforcement, Fact, RequestFacts, RequestId, ResponseFacts, Timestamp, Vantage};
use palisade_policy::{Around, Judge, Judged, Policy, Preset};
use palisade_replay::agreement::Agreement;
use palisade_replay::export::{self, Judgement, Masks, OpenLine};
use palisade_replay::merge::FeedOptions;
use palisade_replay::run::{ReplayOptions, replay};
use palisade_testkit::{CaseTable, Mix, OwnedRequest};

const SEED: HashSeed = HashSeed([11, 12]);
const FIRST_ID: u64 = 1_000;

fn site() -> SiteProfile {
    SiteProfile {
        honeypot_fields: vec!["website".to_owned()],
        trap_paths: vec!["/trap/".to_owned()],
        login_paths: vec!["/account/enter".to_owned()],
        script_token: Some("palisade_token".to_owned()),
        ..SiteProfile::default()
    }
}

fn judge() -> Judge {
    let engine = Engine::new(EngineSettings { site: site(), ..EngineSettings::new(SEED) });
    Judge::new(engine, Policy { enforcement: Enforcement::All, ..Policy::preset(Preset::Strict) })
}

/// Deterministic numbers: runs of this test are alike.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

/// A live run with one worker: judges, remembers, writes lines as requests end.
struct Live {
    judge: Judge,
    sequence: u64,
    lines: Vec<String>,
}

struct UnderWay {
    judged: Judged,
    line: OpenLine,
}

impl Live {
    fn new() -> Self {
        Live { judge: judge(), sequence: 0, lines: Vec::new() }
    }

    fn next(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence - 1
    }

    fn request(&mut self, facts: &RequestFacts<'_>, observe: Observe) -> UnderWay {
        let around = Around::default();
        let judged = self.judge.request_around(facts, observe, &around);
        let sequence = self.next();
        let id = RequestId(FIRST_ID + sequence);
        let judgement = Judgement { id, sequence, verdict: &judged.verdict, around: &around, observe };
        let line = export::request_line(facts, &judgement, &Masks::new(SEED));
        UnderWay { judged, line }
    }

    fn end(&mut self, under_way: UnderWay, response: &ResponseFacts, now: Timestamp) {
        self.judge.response(under_way.judged.ticket, response, now);
        let sequence = self.next();
        self.lines.push(export::finish(under_way.line, response, sequence, now));
    }
}

fn replayed(lines: &[String], folder: &Path) -> (u64, Agreement) {
    let path = folder.join("events.ndjson");
    let mut file = std::fs::File::create(&path).unwrap();
    lines.iter().for_each(|line| writeln!(file, "{line}").unwrap());
    let now = Timestamp(4_000_000_000_000_000);
    let options = ReplayOptions { feed: FeedOptions { format: None, now }, anonymise: false, labels: None };
    let replayed = replay(&[path], &judge(), &options, |_| {}).unwrap();
    assert_eq!(replayed.summary.skipped, 0);
    (replayed.summary.requests, replayed.summary.agreement)
}

/// Every session of every detector's table: attacks, people, programs.
fn sessions() -> Vec<OwnedRequest> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../detect/testdata");
    let mut all = Vec::new();
    for name in detectors::names() {
        let json = std::fs::read_to_string(folder.join(format!("{name}.json"))).unwrap();
        let table = CaseTable::read(&json).unwrap();
        for case in table.positives.iter().chain(&table.lookalike) {
            all.extend(case.expand());
        }
    }
    all
}

/// Judges all of `requests`, judging up to half a second after arrival and ending up to four seconds later.
fn run(requests: &[OwnedRequest], dice: &mut Dice) -> Live {
    enum What {
        Request,
        End,
    }
    let mut moments = Vec::new();
    let mut arrivals = Vec::new();
    for (at, request) in requests.iter().enumerate() {
        let arrival = request.time_ms * 1_000 + dice.below(1_000) as i64;
        let judged = arrival + dice.below(500_000) as i64;
        let end = judged + dice.below(4_000_000) as i64;
        arrivals.push(arrival);
        moments.push((judged, at, What::Request));
        moments.push((end, at, What::End));
    }
    moments.sort_by_key(|(time, at, _)| (*time, *at));
    let mut live = Live::new();
    let mut under_way: Vec<Option<UnderWay>> = requests.iter().map(|_| None).collect();
    for (time, at, what) in moments {
        match what {
            What::Request => {
                let headers = requests[at].header_refs();
                let mut facts = requests[at].facts(&headers);
                facts.time = Timestamp(arrivals[at]);
                let observe = if at % 50 == 7 { Observe::Peek } else { Observe::Note };
                under_way[at] = Some(live.request(&facts, observe));
            }
            What::End => {
                let started = under_way[at].take().expect("ends come after their requests");
                let mut response = requests[at].response();
                response.is_ours = at % 13 == 0;
                response.login_ok = if at % 9 == 0 { Fact::Known(at % 2 == 0) } else { Fact::Absent };
                live.end(started, &response, Timestamp(time));
            }
        }
    }
    live
}

#[test]
fn every_session_of_every_table_replays_to_its_verdicts() {
    let folder = tempfile::tempdir().unwrap();
    let requests = sessions();
    let live = run(&requests, &mut Dice(1));
    let (count, agreement) = replayed(&live.lines, folder.path());
    assert_eq!(count, requests.len() as u64);
    assert_eq!((agreement.same, &agreement.signals), (count, &Default::default()));
}

#[test]
fn the_order_of_lines_does_not_matter() {
    let folder = tempfile::tempdir().unwrap();
    let mut requests = sessions();
    requests.truncate(6_000);
    let mut live = run(&requests, &mut Dice(2));
    let mut dice = Dice(3);
    for at in (1..live.lines.len()).rev() {
        live.lines.swap(at, dice.below(at as u64 + 1) as usize);
    }
    let (count, agreement) = replayed(&live.lines, folder.path());
    assert_eq!((agreement.compared, agreement.same), (count, count));
}

#[test]
fn the_measured_mix_replays_to_its_verdicts() {
    let folder = tempfile::tempdir().unwrap();
    let (mix, mut live) = (Mix::new(Vantage::GatewayTls), Live::new());
    for n in 0..3_000 {
        // Few clients and many requests each: history decides.
        let mut facts = mix.facts(n % 40);
        facts.time = Timestamp(1_795_132_800_000_000 + n as i64 * 20_123);
        let started = live.request(&facts, Observe::Note);
        let end = Timestamp(facts.time.0 + 900);
        live.end(started, &mix.response(), end);
    }
    let (count, agreement) = replayed(&live.lines, folder.path());
    assert_eq!((count, agreement.same), (3_000, 3_000));
}

#[test]
fn a_line_that_was_changed_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let request = OwnedRequest::log("192.0.2.1", 1_795_132_800_000, "/.env", "curl/8.5.0");
    let mut live = run(&[request], &mut Dice(4));
    live.lines[0] = live.lines[0].replace("path.scanner", "path.other");
    let (_, agreement) = replayed(&live.lines, folder.path());
    assert_eq!((agreement.compared, agreement.same), (1, 0));
    assert_eq!(agreement.signals.keys().collect::<Vec<_>>(), ["path.other", "path.scanner"]);
}
