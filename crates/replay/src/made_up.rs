//! Made-up summaries for the tests of everything that shows one.

use std::collections::BTreeMap;

use palisade_domain::{
    Action, Assessment, BlockReason, Coverage, Decision, Explanation, Identity, IdentityClass, Rate, Score,
    Timestamp, Verdict,
};

use crate::summary::{
    ByAction, Challenges, ClassCount, ClientSummary, ExplanationLine, FamilyCount, HinderedProgram,
    PageLoaders, PresetOutcome, SampleRequest, SkipNote, Summary, Timeline,
};
use crate::tally::Told;

/// 2026-03-01T00:00:00Z.
const START: Timestamp = Timestamp(1_772_323_200_000_000);
const HOUR_MS: i64 = 3_600_000;

/// A verdict of `score` and `action` and nothing else.
pub(crate) fn verdict(score: u8, action: Action) -> Verdict {
    let score = Score::new(score).expect("a score");
    let assessment = Assessment {
        score,
        base: score,
        log_odds: 0.0,
        model: None,
        identity: Identity::UNKNOWN,
        explanation: Explanation::new(),
        coverage: Coverage(1.0),
        pages_per_minute: 0.0,
    };
    Verdict {
        assessment,
        decision: Decision { action, enforced: action, rule: "made up", rule_number: None, until: None },
    }
}

/// One request with that verdict.
pub(crate) fn told(verdict: &Verdict) -> Told<'_> {
    Told { verdict, user_agent: None, time: START, method: "GET", target: "/", status: None, slot: 0 }
}

/// A log without a line.
pub(crate) fn empty() -> Summary {
    Summary {
        files: vec!["empty.log".to_owned()],
        requests: 0,
        clients: 0,
        skipped: 0,
        skips: Vec::new(),
        late: 0,
        span: None,
        by_action: ByAction::default(),
        by_enforced: ByAction::default(),
        preset: "balanced",
        enforce: "hard",
        signals: BTreeMap::new(),
        signal_examples: BTreeMap::new(),
        timeline: Timeline::default(),
        classes: Vec::new(),
        families: Vec::new(),
        clients_top: Vec::new(),
        presets: Vec::new(),
        hindered: Vec::new(),
        welcome_programs: 0,
        page_loaders: PageLoaders::default(),
        challenges: Challenges::default(),
        notes: Vec::new(),
        agreement: Default::default(),
        coverage: 0.0,
        elapsed_ms: 0,
    }
}

/// A day of a small site.
pub(crate) fn small() -> Summary {
    let slots: Vec<ByAction> = (0..24)
        .map(|hour| ByAction([20 + hour * 3 % 17, hour % 3, 0, 0, 0, 0, u64::from(hour == 9) * 12]))
        .collect();
    let mut by_action = ByAction::default();
    slots.iter().for_each(|slot| (0..7).for_each(|rank| by_action.0[rank] += slot.0[rank]));
    let refused = by_action.0[6];
    let hard = ByAction([by_action.0[0], by_action.0[1] + 4, 0, 0, 0, 0, refused - 4]);
    Summary {
        files: vec!["access.log".to_owned(), "access.log.1.gz".to_owned()],
        requests: by_action.total(),
        clients: 31,
        skipped: 3,
        skips: vec![
            SkipNote {
                reason: "torn",
                count: 2,
                samples: vec!["access.log:17: 192.0.2.7 - - [01/Mar".to_owned()],
            },
            SkipNote { reason: "binary", count: 1, samples: vec!["access.log:80: ..ELF..".to_owned()] },
        ],
        late: 1,
        span: Some((START, START.plus_millis(24 * HOUR_MS - 1_000))),
        by_action,
        by_enforced: hard,
        signals: BTreeMap::from([("assets.never", 9), ("path.scanner", 12), ("ua.missing", 2)]),
        signal_examples: BTreeMap::from([
            ("assets.never", "9 pages and not one style or image".to_owned()),
            ("path.scanner", "asks for /.env, which scanners look for".to_owned()),
        ]),
        timeline: Timeline { start: START, slot_ms: HOUR_MS, slots },
        classes: vec![class(IdentityClass::Browser, 25, 520, 12), class(IdentityClass::Search, 2, 60, 0)],
        families: vec![
            family("Chrome", IdentityClass::Browser, 18, 400),
            family("Googlebot", IdentityClass::Search, 1, 50),
        ],
        clients_top: vec![scanner("203.0.113.9")],
        presets: vec![
            outcome("balanced", by_action, hard, 1),
            outcome(
                "observe",
                ByAction([by_action.total(), 0, 0, 0, 0, 0, 0]),
                ByAction([by_action.total(), 0, 0, 0, 0, 0, 0]),
                0,
            ),
        ],
        welcome_programs: 2,
        page_loaders: PageLoaders { clients: 19, hindered: 0 },
        challenges: Challenges { requests: 31, clients: 12, without_pass: 4, passes: [0, 7, 1, 1, 0, 0] },
        notes: vec!["No line names a host: the log mixes all sites of the server.".to_owned()],
        agreement: Default::default(),
        coverage: 0.58,
        elapsed_ms: 42,
        ..empty()
    }
}

/// A busy week with fifty clients to look at, one of everything.
pub(crate) fn rich() -> Summary {
    let slots: Vec<ByAction> = (0..168).map(busy_hour).collect();
    let mut by_action = ByAction::default();
    slots.iter().for_each(|slot| (0..7).for_each(|rank| by_action.0[rank] += slot.0[rank]));
    let mut summary = small();
    summary.requests = by_action.total();
    summary.clients = 8_031;
    summary.span = Some((START, START.plus_millis(168 * HOUR_MS)));
    summary.by_action = by_action;
    summary.by_enforced =
        ByAction([by_action.0[0], by_action.0[1..6].iter().sum(), 0, 0, 0, 0, by_action.0[6]]);
    summary.timeline.slots = slots;
    summary.classes = IdentityClass::ALL
        .into_iter()
        .zip(1..)
        .map(|(name, n)| class(name, 4_000 / (n * n), 90_000 / (n * n), 300 / n))
        .collect();
    summary.clients_top = (0..50_u8).map(|n| client(n, &summary.timeline)).collect();
    summary.presets = ["balanced", "strict", "ai-crawlers-out", "observe"]
        .map(|name| outcome(name, by_action, summary.by_enforced, 61))
        .to_vec();
    summary.hindered = vec![HinderedProgram {
        name: "GPTBot",
        class: IdentityClass::Ai,
        status: "unverified",
        clients: 3,
        requests: 41,
        action: "throttle",
        rule: "class: ai",
    }];
    summary.welcome_programs = 23;
    summary
}

/// Everything foreign in it tries to break out.
pub(crate) fn hostile() -> Summary {
    let evil =
        "\"><script>alert(1)</script>'&\u{202e}\u{1b}[2J<img src=x onerror=alert(1)>\r\n</style></details>";
    let long = "A".repeat(10_000);
    let mut summary = small();
    summary.files = vec![evil.to_owned()];
    summary.notes = vec![evil.to_owned(), long.clone()];
    summary.families[0].name = evil.to_owned();
    summary.skips[0].samples = vec![evil.to_owned(), long.clone()];
    summary.signal_examples.insert("ua.missing", evil.to_owned());
    let client = &mut summary.clients_top[0];
    client.client = evil.to_owned();
    client.user_agent = Some(format!("{evil}{long}"));
    client.lines[0].detail = evil.to_owned();
    client.samples[0].target = format!("{evil}{long}");
    client.samples[0].method = evil.to_owned();
    summary
}

fn busy_hour(hour: u64) -> ByAction {
    let day = [
        20, 14, 10, 8, 9, 15, 40, 90, 160, 210, 230, 240, 235, 220, 230, 225, 210, 190, 170, 160, 140, 100,
        60, 35,
    ];
    let people = day[(hour % 24) as usize] * 3;
    let burst = if hour % 41 == 7 { 160 } else { 0 };
    ByAction([
        people,
        people / 11,
        hour % 5,
        hour * 7 % 9,
        0,
        u64::from(hour == 90),
        burst + u64::from(hour % 13 == 2),
    ])
}

fn class(class: IdentityClass, clients: u64, requests: u64, beyond_monitor: u64) -> ClassCount {
    ClassCount { class, clients, requests, beyond_monitor }
}

fn family(name: &str, class: IdentityClass, clients: u64, requests: u64) -> FamilyCount {
    FamilyCount { name: name.to_owned(), class, clients, requests }
}

fn outcome(name: &'static str, all: ByAction, hard: ByAction, clients_beyond_monitor: u64) -> PresetOutcome {
    PresetOutcome { name, summary: "what it does in one sentence", all, hard, clients_beyond_monitor }
}

fn line(id: &'static str, points: i16, detail: &str) -> ExplanationLine {
    ExplanationLine { id, points, detail: detail.to_owned(), dry_run: false }
}

/// Asks for what is not there and is refused; 12 + 58 + 20 + 7 = 97.
fn scanner(name: &str) -> ClientSummary {
    let at = START.plus_millis(9 * HOUR_MS);
    let sample = |secs: i64, target: &str, status| SampleRequest {
        time: at.plus_millis(secs * 1_000),
        method: "GET".to_owned(),
        target: target.to_owned(),
        status: Some(status),
        action: Action::Block(BlockReason::Attack),
        score: 97,
    };
    ClientSummary {
        client: name.to_owned(),
        requests: 12,
        score: 97,
        action: Action::Block(BlockReason::Attack),
        rule: "attack",
        class: IdentityClass::Browser,
        claimed: None,
        status: "unverified",
        user_agent: Some("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/41.0.2228.0 Safari/537.36".to_owned()),
        base: 12,
        lines: vec![
            line("path.scanner", 58, "asks for /.env, which scanners look for"),
            line("errors.client", 20, "12 of 12 requests were answered with an error"),
            line("ua.stale", 7, "Chrome 41 is 11 years old"),
            ExplanationLine { dry_run: true, ..line("entropy.coverage", 0, "12 different paths in 12 requests") },
        ],
        by_action: ByAction([0, 0, 0, 0, 0, 0, 12]),
        span: (at, at.plus_millis(60_000)),
        timeline: (0..24).map(|hour| u32::from(hour == 9) * 12).collect(),
        samples: vec![sample(0, "/.env", 404), sample(4, "/wp-login.php?x=1", 404)],
    }
}

fn client(n: u8, timeline: &Timeline) -> ClientSummary {
    let mut client = scanner(&format!("203.0.113.{n}"));
    client.timeline = (0..timeline.slots.len() as u32).map(|slot| (slot * (u32::from(n) + 3)) % 23).collect();
    client.samples = client.samples.iter().cycle().take(8).cloned().collect();
    client.requests = 4_000 / (u64::from(n) + 1);
    if n > 30 {
        client.action = Action::Throttle(Rate(30));
        client.class = IdentityClass::Library;
        client.claimed = Some("python-requests");
        client.rule = "class: library";
    }
    client
}
