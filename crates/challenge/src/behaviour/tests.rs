//! Whole traces: golden features, hostile bytes, and what the score makes of people and programs.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::trace::{Click, EVENTS_MAX, Move, Phase, TRACE_BYTES_MAX, Touch};
use super::*;

const NOW: Timestamp = Timestamp(1_700_000_010_000_000);
const AROUND: Around<'static> = Around {
    now: NOW,
    ticket: Some(Lifetime { issued: NOW, expires: Timestamp(NOW.0 + 300_000_000) }),
    user_agent: None,
    key: [1, 2],
};

const GOLDEN: [(&str, &str); 4] = [
    ("desktop", include_str!("../../testdata/behaviour/desktop.json")),
    ("touch", include_str!("../../testdata/behaviour/touch.json")),
    ("still", include_str!("../../testdata/behaviour/still.json")),
    ("seed000-stored", include_str!("../../testdata/behaviour/seed000-stored.json")),
];

/// Features of the golden vectors agree to this much.
const TOLERANCE: f64 = 1e-9;

fn golden(json: &str) -> (Interaction, Value) {
    let case: Value = serde_json::from_str(json).expect("a vector");
    let interaction = Interaction::read(case["data"].to_string().as_bytes()).expect("a trace");
    (interaction, case["features"].clone())
}

#[test]
fn features_are_those_computed_by_hand() {
    for (name, json) in GOLDEN {
        let (interaction, expect) = golden(json);
        let found = Features::of(&interaction.trace, None).vector();
        assert_eq!(expect.as_object().map(serde_json::Map::len), Some(Features::LEN), "{name}");
        for (feature, found) in Features::NAMES.iter().zip(found) {
            let expect = expect[feature].as_f64().expect("a number");
            assert!((found - expect).abs() <= TOLERANCE, "{name} {feature}: {found} is not {expect}");
        }
    }
}

#[test]
fn what_may_be_stored_says_the_same_and_no_key() {
    for (name, json) in GOLDEN {
        let trace = golden(json).0.trace;
        let stored = trace.to_json();
        assert!(
            !stored.contains("hunter2") && !stored.contains("email") && !stored.contains("key\""),
            "{stored}"
        );
        let again = Trace::read(stored.as_bytes()).expect("our own spelling");
        assert_eq!(again.to_json(), stored, "{name}");
        assert_eq!(Features::of(&again, None), Features::of(&trace, None), "{name}");
    }
}

#[test]
fn a_stored_file_of_seed_000_keeps_what_it_knew() {
    let (interaction, _) = golden(GOLDEN[3].1);
    assert_eq!(interaction.label, Said::Human);
    assert_eq!(interaction.session_id.as_deref(), Some("0d1c2b3a-0000-4000-8000-00000000000a"));
    assert_eq!(interaction.id.as_deref(), Some("5e6f7a8b-0000-4000-8000-00000000000b"));
    assert_eq!((interaction.trace.load_ms, interaction.trace.duration_ms), (Some(1.7e12), Some(4_000.0)));
}

#[test]
fn labels_have_three_spellings_each() {
    let check = |label: Value, expect| {
        let read =
            Interaction::read(json!({"label": label, "family": "f", "group": "g"}).to_string().as_bytes());
        assert_eq!(read.map(|read| read.label), Ok(expect), "{label}");
    };
    for human in [json!(1), json!(1.0), json!(true), json!("human")] {
        check(human, Said::Human);
    }
    for bot in [json!(0), json!(0.0), json!(false), json!("bot")] {
        check(bot, Said::Bot);
    }
    check(Value::Null, Said::Nothing);
    for other in [json!("x"), json!(0.5), json!(2), json!([1]), json!({"a": 1})] {
        check(other, Said::Other);
    }
}

#[test]
fn every_bad_body_has_its_code() {
    let check = |body: &[u8], expect: Code| {
        let shown = String::from_utf8_lossy(&body[..body.len().min(80)]).into_owned();
        assert_eq!(Trace::read(body).err(), Some(expect), "{shown}");
        let wrapped = [b"{\"data\":", body, b"}"].concat();
        assert!(body == b"[]" || Submission::read(&wrapped).is_err(), "{shown}");
    };
    for body in [
        &b""[..],
        b" ",
        b"{",
        b"[]",
        b"5",
        b"\"x\"",
        b"{\"a\":}",
        b"\xff",
        b"{\"interactions\":{\"keyPresses\":[{",
    ] {
        check(body, Code::BadRequest);
    }
    check(&vec![b' '; 10 << 20], Code::TooLarge);
    check(
        &[b"{\"interactions\":{\"keyPresses\":[", &b"{\"time\":1},".repeat(1 << 20)[..]].concat(),
        Code::TooLarge,
    );
    let moved = |x: &str, time: &str| {
        format!(r#"{{"interactions":{{"mouseMovements":[{{"x":{x},"y":1,"time":{time}}}]}}}}"#)
    };
    for bad in ["1e999", "-1e999", "null", "\"1\"", "1e8", "-1e8", "[1]", "true"] {
        check(moved(bad, "1").as_bytes(), Code::MalformedTrace);
    }
    for bad in ["1e999", "null", "-1", "1e14", "\"now\""] {
        check(moved("1", bad).as_bytes(), Code::MalformedTrace);
    }
    for bad in [
        r#"{"duration":-1}"#,
        r#"{"duration":1e300}"#,
        r#"{"loadTimestamp":"x"}"#,
        r#"{"formLength":-3}"#,
        r#"{"viewport":{"width":-1,"height":1}}"#,
        r#"{"interactions":{"touchEvents":[{"type":"start","x":1,"y":1,"time":1,"force":-1}]}}"#,
        r#"{"interactions":{"mouseMovements":5}}"#,
        r#"{"interactions":{"mouseMovements":[5]}}"#,
        r#"{"interactions":{"mouseMovements":[{"x":1,"y":1}]}}"#,
    ] {
        check(bad.as_bytes(), Code::MalformedTrace);
    }
    for bad in [
        json!({"work": {"solutions": [1, -1]}}),
        json!({"work": {"solutions": [1.5]}}),
        json!({"work": {"solutions": ["1"]}}),
        json!({"work": {"solutions": [4_294_967_296_u64]}}),
        json!({"work": {"solutions": vec![1; 65]}}),
    ] {
        check(bad.to_string().as_bytes(), Code::MalformedWork);
    }
}

#[test]
fn an_event_without_a_field_says_which() {
    let check = |json: &str, expect: Option<&str>| {
        assert_eq!(missing_field(json.as_bytes()).as_deref(), expect, "{json}");
    };
    check(r#"{"interactions":{"mouseMovements":[{"x":1,"y":1}]}}"#, Some("time"));
    check(r#"{"interactions":{"mouseMovements":[{"x":1,"time":1}]}}"#, Some("y"));
    check(r#"{"interactions":{"keyPresses":[{"time":1},{"key":"a"}]}}"#, Some("time"));
    check(r#"{"interactions":{"scrollEvents":[{}]}}"#, Some("time"));
    check(r#"{"interactions":{"keyPresses":[{"time":null}]}}"#, None);
    check(r#"{"interactions":{"keyPresses":"missing field `secret`"}}"#, None);
    check(r#"{"interactions":{"keyPresses":[{"time":1}]}}"#, None);
    check("{", None);
    check(&"[".repeat(TRACE_BYTES_MAX + 1), None);
}

#[test]
fn nesting_is_skipped_without_recursion() {
    let deep = "[".repeat(60_000) + &"]".repeat(60_000);
    let objects = "{\"a\":".repeat(20_000) + "1" + &"}".repeat(20_000);
    for bomb in [&deep, &objects] {
        for name in ["unknown", "ticket", "honeypot", "label"] {
            let read = Trace::read(format!("{{\"{name}\":{bomb}}}").as_bytes());
            assert!(read.is_ok() || read == Err(Code::BadRequest), "{name}: {read:?}");
        }
        let read = Trace::read(format!("{{\"interactions\":{bomb}}}").as_bytes());
        assert!(matches!(read, Ok(_) | Err(Code::MalformedTrace | Code::BadRequest)), "{read:?}");
    }
}

#[test]
fn the_first_events_are_kept_and_the_rest_counted() {
    let keys = (0..3_000).map(|at| format!("{{\"time\":{at}}}")).collect::<Vec<_>>().join(",");
    let trace =
        Trace::read(format!("{{\"interactions\":{{\"keyPresses\":[{keys}]}}}}").as_bytes()).expect("a trace");
    assert_eq!((trace.keys.len(), trace.dropped), (EVENTS_MAX, 3_000 - EVENTS_MAX as u64));
    assert_eq!(trace.keys.last().copied(), Some(EVENTS_MAX as f64 - 1.0));
    assert_eq!(Features::of(&trace, None).interaction_count, 3_000.0);
    assert_eq!(Trace::read(trace.to_json().as_bytes()).map(|again| again.acts()), Ok(3_000));
}

#[test]
fn a_submission_is_read_in_one_pass() {
    let body = json!({
        "ticket": "outer", "save": true, "site_key": "k",
        "data": {
            "ticket": "inner", "action": "login", "hostname": "example.org", "honeypot": "filled in",
            "work": {"solutions": [3, 0, 4_294_967_295_u64], "ms": 12.5, "by": "worker-js"},
            "marks": {"webdriver": true, "plugins": 3, "text": "dropped", "bad name": true, "none": false},
        },
    });
    let read = Submission::read(body.to_string().as_bytes()).expect("a submission");
    let trace = read.trace.expect("a trace");
    assert_eq!(read.ticket.as_deref(), Some("outer"));
    assert_eq!((read.action.as_deref(), read.hostname.as_deref()), (Some("login"), Some("example.org")));
    assert_eq!((read.save, read.site_key.as_deref()), (true, Some("k")));
    let work = read.work.expect("work");
    assert_eq!(
        (work.solutions, work.ms, work.by),
        (vec![3, 0, u32::MAX], Some(12.5), Some(SolvedBy::WorkerJs))
    );
    assert!(trace.honeypot);
    let marks: Vec<_> = trace.marks.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    assert_eq!(marks, [("none", 0.0), ("plugins", 3.0), ("webdriver", 1.0)]);

    let bare =
        Submission::read(br#"{"ticket":5,"action":"a b","work":null,"data":null}"#).expect("a submission");
    assert_eq!(bare, Submission::default());
}

/// Noise that is the same each time, -1.0..=1.0.
fn noise(at: usize) -> f64 {
    let bits = (at as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    ((bits ^ bits >> 29).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 40) as f64 / 8_388_608.0 - 1.0
}

/// A reach as hands make it: slow, fast, slow, bent, never quite even.
fn reach(from: (f64, f64), to: (f64, f64), since: f64, trace: &mut Trace) -> f64 {
    let mut time = since;
    let frames = 28;
    let mut walk = 0.0;
    for frame in 0..=frames {
        let even = f64::from(frame) / f64::from(frames);
        walk = 0.7 * walk + 6.0 * noise(frame as usize + since as usize);
        let t = (even * even * (3.0 - 2.0 * even) + 0.01 * noise(frame as usize * 3)).clamp(0.0, 1.0);
        let bend = 24.0 * (even * std::f64::consts::PI).sin() + walk * (1.0 - even);
        let (x, y) = ((to.0 - from.0) * t + from.0 + bend, (to.1 - from.1) * t + from.1 - bend);
        trace.moves.push(Move { x: x.round(), y: y.round(), time });
        time += if frame % 3 == 0 { 16.0 } else { 17.0 };
    }
    time
}

fn click(trace: &mut Trace, (x, y): (f64, f64), time: f64, held: f64) {
    trace.clicks.extend([Click { down: true, x, y, time }, Click { down: false, x, y, time: time + held }]);
}

fn by_hand() -> Trace {
    let mut trace =
        Trace { load_ms: Some(1_700_000_000_000.0), duration_ms: Some(10_000.0), ..Trace::default() };
    let since = 1_700_000_001_000.0;
    let arrived = reach((100.0, 600.0), (640.0, 300.0), since, &mut trace);
    click(&mut trace, (640.0, 300.0), arrived + 90.0, 84.0);
    let gaps = [0.0, 140.0, 95.0, 210.0, 120.0, 88.0, 160.0, 310.0, 105.0, 130.0, 92.0];
    let mut time = arrived + 700.0;
    trace.keys.extend(gaps.iter().map(|gap| {
        time += gap;
        time
    }));
    let arrived = reach((640.0, 300.0), (500.0, 520.0), time + 400.0, &mut trace);
    click(&mut trace, (500.0, 520.0), arrived + 60.0, 71.0);
    trace
}

fn human(trace: &Trace) -> f64 {
    judge(trace, &AROUND).human
}

#[test]
fn people_are_at_least_one_half() {
    let typed = || by_hand().keys;
    let fields = |time: f64| {
        [0, 1].map(|field| super::trace::FormUse { field: super::trace::Field(field), time }).to_vec()
    };
    let tap = |x: f64, time: f64| {
        let touch = |phase, time| Touch { phase, x, y: 300.0, time, force: None };
        [touch(Phase::Start, time), touch(Phase::End, time + 80.0)]
    };
    let mut spoken = Trace::default();
    click(&mut spoken, (300.0, 300.0), 4_000.0, 0.0);
    let check = |name: &str, trace: &Trace| {
        let found = judge(trace, &AROUND);
        assert!(found.human >= 0.5, "{name}: {} {:?}", found.human, found.contributions);
    };
    let typed_for_one: Vec<f64> = (0..40).map(|at| 1_700_000_006_000.0 + 2.0 * f64::from(at)).collect();
    check("mouse and keys", &by_hand());
    check("a password manager that types", &Trace { keys: typed_for_one, ..by_hand() });
    check("keys alone", &Trace { keys: typed(), ..Trace::default() });
    check(
        "keys of a screen reader, few and far between",
        &Trace { keys: vec![1e3, 9e3, 30e3], ..Trace::default() },
    );
    check("a screen reader's or a voice's click without a path", &spoken);
    check(
        "a password manager",
        &Trace { forms: fields(1_000.0), duration_ms: Some(3_000.0), form_length: Some(2), ..spoken.clone() },
    );
    check("taps", &Trace { touches: [tap(90.0, 1e3), tap(200.0, 3e3)].concat(), ..Trace::default() });
    check(
        "a held key",
        &Trace { keys: (0..60).map(|at| 1e3 + 33.0 * f64::from(at)).collect(), ..Trace::default() },
    );
    check(
        "a clock that was set once",
        &Trace {
            keys: typed()
                .iter()
                .enumerate()
                .map(|(at, time)| if at > 5 { time - 4_000.0 } else { *time })
                .collect(),
            ..Trace::default()
        },
    );
    let off = 600_000.0;
    for off in [off, -off] {
        let trace = by_hand();
        let moves = trace.moves.iter().map(|at| Move { time: at.time + off, ..*at }).collect();
        let keys = trace.keys.iter().map(|time| time + off).collect();
        let clicks = trace.clicks.iter().map(|at| Click { time: at.time + off, ..*at }).collect();
        let shifted = Trace { moves, keys, clicks, load_ms: trace.load_ms.map(|load| load + off), ..trace };
        check("a clock 10 minutes off", &shifted);
        assert_eq!(human(&shifted), human(&by_hand()), "and it makes no difference");
    }
}

#[test]
fn programs_are_below_one_half_and_told_why() {
    let check = |name: &str, trace: &Trace, reason: Code| {
        let found = judge(trace, &AROUND);
        assert!(found.human < 0.5, "{name}: {} {:?}", found.human, found.contributions);
        assert_eq!(found.reason, Some(reason), "{name}: {:?}", found.contributions);
    };
    let line = |shape: &dyn Fn(f64) -> (f64, f64)| {
        let at = |n: u32| (shape(f64::from(n)), 1_000.0 + 16.0 * f64::from(n));
        let moves = (0..40).map(at).map(|((x, y), time)| Move { x, y, time }).collect();
        Trace { moves, ..Trace::default() }
    };
    let same = Move { x: 5.0, y: 5.0, time: 1_000.0 };
    check("nothing", &Trace::default(), Code::EmptyTrace);
    check("a line", &line(&|n| (10.0 * n, 5.0 * n)), Code::LowScore);
    check(
        "a circle",
        &line(&|n| ((n / 8.0).cos() * 200.0 + 300.0, (n / 8.0).sin() * 200.0 + 300.0)),
        Code::LowScore,
    );
    check("all the same", &Trace { moves: vec![same; 50], ..Trace::default() }, Code::MalformedTrace);
    check(
        "keys each 100 ms",
        &Trace { keys: (0..20).map(|n| 1e3 + 100.0 * f64::from(n)).collect(), ..Trace::default() },
        Code::LowScore,
    );
    check(
        "keys at once",
        &Trace { keys: (0..20).map(|n| 1e3 + f64::from(n)).collect(), ..Trace::default() },
        Code::LowScore,
    );
    let marked = |name: &str| Trace { marks: [(name.to_owned(), 1.0)].into(), ..by_hand() };
    check("a driven browser", &marked("webdriver"), Code::LowScore);
    check("the honeypot", &Trace { honeypot: true, ..by_hand() }, Code::Honeypot);
    assert!(human(&marked("noPlugins")) >= 0.5, "one oddity is not enough");

    let mut backwards = by_hand();
    backwards.moves.reverse();
    check("backwards", &backwards, Code::TraceOutOfTime);
    let before = Trace { load_ms: Some(1_700_000_000_000.0 + 9e6), ..by_hand() };
    check("events before the load", &before, Code::TraceOutOfTime);
    let longer = Trace { duration_ms: Some(5.0), keys: vec![1.7e12, 1.7e12 + 1e6], ..Trace::default() };
    check("longer than the visit", &longer, Code::TraceOutOfTime);
    let years = |trace: Trace, off: f64| Trace {
        load_ms: trace.load_ms.map(|load| load + off),
        moves: trace.moves.iter().map(|at| Move { time: at.time + off, ..*at }).collect(),
        keys: trace.keys.iter().map(|time| time + off).collect(),
        clicks: trace.clicks.iter().map(|at| Click { time: at.time + off, ..*at }).collect(),
        ..trace
    };
    check("from next year", &years(by_hand(), 3e10), Code::TraceOutOfTime);
    check("from last year", &years(by_hand(), -3e10), Code::TraceOutOfTime);
}

#[test]
fn without_a_ticket_and_a_second_time_a_trace_is_worth_less() {
    let trace = by_hand();
    let without = judge(&trace, &Around { ticket: None, ..AROUND });
    assert!(human(&trace) > NO_TICKET_HUMAN_MAX);
    assert_eq!(without.human, NO_TICKET_HUMAN_MAX);
    let again = judge(&trace, &AROUND).repeated();
    assert_eq!((again.human, again.reason), (REPEATED_HUMAN_MAX, Some(Code::RepeatedTrace)));
    assert_eq!(judge(&trace, &AROUND).shape, without.shape);
}

#[test]
fn contributions_make_the_score() {
    for trace in [by_hand(), Trace::default(), Trace { honeypot: true, ..Trace::default() }] {
        let found = judge(&trace, &AROUND);
        let sum: f64 = found.contributions.iter().map(|line| line.log_odds).sum();
        let expect = (1.0 / (1.0 + (-sum).exp())).clamp(HUMAN_MIN, 1.0 - HUMAN_MIN);
        assert!((found.human - expect).abs() < 1e-12);
    }
    let mut names: Vec<_> = weights::ALL.iter().map(|weight| weight.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), weights::ALL.len(), "every weight has a name of its own");
}

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        Just(0.0),
        0.0..2_000.0,
        0.0..1e13_f64,
        Just(5e-324),
        Just(33_554_432.0),
        (0..50_u32).prop_map(f64::from)
    ]
}

fn place() -> impl Strategy<Value = f64> {
    prop_oneof![-33_554_432.0..33_554_432.0_f64, 0.0..1_000.0_f64, Just(0.0), Just(5e-324)]
}

prop_compose! {
    fn any_trace()(
        moves in prop::collection::vec((place(), place(), number()), 0..40),
        keys in prop::collection::vec(number(), 0..40),
        touches in prop::collection::vec((0..3_u8, place(), place(), number(), prop::option::of(0.0..100.0_f64)), 0..40),
        clicks in prop::collection::vec((any::<bool>(), place(), place(), number()), 0..20),
        switches in prop::collection::vec((any::<bool>(), number()), 0..10),
        duration_ms in prop::option::of(number()),
        load_ms in prop::option::of(number()),
        form_length in prop::option::of(1..9_u32),
    ) -> Trace {
        let phase = |n| [Phase::Start, Phase::Move, Phase::End][usize::from(n)];
        Trace {
            moves: moves.into_iter().map(|(x, y, time)| Move { x, y, time }).collect(),
            keys,
            touches: touches.into_iter().map(|(n, x, y, time, force)| Touch { phase: phase(n), x, y, time, force }).collect(),
            clicks: clicks.into_iter().map(|(down, x, y, time)| Click { down, x, y, time }).collect(),
            visibilities: switches.into_iter().map(|(on, time)| super::trace::Switch { on, time }).collect(),
            duration_ms,
            load_ms,
            form_length,
            ..Trace::default()
        }
    }
}

proptest! {
    #[test]
    fn features_and_scores_are_always_finite(trace in any_trace()) {
        let found = judge(&trace, &AROUND);
        for (name, value) in Features::NAMES.iter().zip(found.features.vector()) {
            prop_assert!(value.is_finite() && value >= 0.0, "{} is {}", name, value);
        }
        prop_assert!(found.features.mouse_linearity <= 1.0);
        prop_assert!((HUMAN_MIN..=1.0 - HUMAN_MIN).contains(&found.human));
        prop_assert!(found.contributions.iter().all(|line| line.log_odds.is_finite()));
    }

    #[test]
    fn a_stored_trace_reads_back(trace in any_trace()) {
        let stored = trace.to_json();
        let again = Trace::read(stored.as_bytes());
        prop_assert_eq!(again.as_ref().map(Trace::acts), Ok(trace.acts()));
        prop_assert_eq!(again.map(|again| again.to_json()), Ok(stored));
    }

    /// Neither where on the page nor in which direction, nor when, makes a hand.
    #[test]
    fn lengths_and_times_do_not_depend_on_place_direction_and_moment(
        moves in prop::collection::vec((0.0..1_000.0_f64, 0.0..1_000.0_f64, 1.0..50.0_f64), 2..40),
        shift in (-1e4..1e4_f64, -1e4..1e4_f64),
        angle in 0.0..std::f64::consts::TAU,
        later in 0.0..1e6_f64,
    ) {
        let mut time = 0.0;
        let mut one = Trace::default();
        let mut other = Trace::default();
        for (x, y, gap) in moves {
            time += gap;
            one.moves.push(Move { x, y, time });
            let turned = (x * angle.cos() - y * angle.sin(), x * angle.sin() + y * angle.cos());
            other.moves.push(Move { x: turned.0 + shift.0, y: turned.1 + shift.1, time: time + later });
        }
        let (one, other) = (Features::of(&one, None).vector(), Features::of(&other, None).vector());
        for (name, (one, other)) in Features::NAMES.iter().zip(one.into_iter().zip(other)) {
            prop_assert!((one - other).abs() <= 1e-6 * (1.0 + one.abs()), "{}: {} and {}", name, one, other);
        }
    }

    #[test]
    fn any_bytes_are_answered(body in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = Trace::read(&body);
        let _ = Submission::read(&body);
        let _ = Interaction::read(&body);
    }
}

/// A caller who looks at `success` only offers no other way: nobody who is merely odd is refused there, and what says it is driven is.
#[test]
fn success_alone_is_refused_to_programs_and_to_nobody_else() {
    let min = crate::challenges::SITEVERIFY_SCORE_MIN;
    let marked = |names: &[&str]| Trace {
        marks: names.iter().map(|name| ((*name).to_owned(), 1.0)).collect(),
        ..Trace::default()
    };
    let quarter_ms = 15.0 * 60_000.0;
    let people = [
        ("nothing done yet", Trace::default()),
        ("no plugins", marked(&["noPlugins"])),
        ("three oddities", marked(&["noPlugins", "noLanguages", "noTouch"])),
        (
            "a clock that is a quarter of an hour off",
            Trace {
                load_ms: Some(NOW.millis() as f64 - quarter_ms),
                duration_ms: Some(0.0),
                ..Trace::default()
            },
        ),
        ("another user agent", Trace { user_agent: Some("another".to_owned()), ..Trace::default() }),
        (
            "a password manager that types",
            Trace { keys: (0..24).map(|at| 1e3 + 3.0 * f64::from(at)).collect(), ..Trace::default() },
        ),
    ];
    let around = Around { user_agent: Some("one"), ..AROUND };
    for (name, trace) in people {
        let human = judge(&trace, &around).human;
        assert!(human >= min, "{name}: {human}");
    }
    for mark in ["webdriver", "headless", "selenium"] {
        assert!(judge(&marked(&[mark]), &around).human < min, "{mark}");
    }
    assert!(judge(&by_hand(), &around).repeated().human < min);
}
