use proptest::prelude::*;

use super::*;

const CALM: Asked =
    Asked { purpose: Purpose::Pass, score: 70, load: Load::Calm, pressure: 0, tries: 0, code: None };

/// The kinds for 0, 1, 2, … tries, until the end.
fn kinds(ladder: &Ladder, purpose: Purpose) -> Vec<&'static str> {
    let plan = |tries| ladder.plan(&Asked { purpose, tries, ..CALM });
    (0..=u8::MAX).map_while(|tries| plan(tries).kind.map(Kind::name)).collect()
}

fn check(steps: &[Step], purpose: Purpose, expected: &[&str]) {
    let twice: Vec<_> = expected.iter().flat_map(|kind| [*kind; 2]).collect();
    assert_eq!(kinds(&Ladder::new(steps, WORK_MS), purpose), twice, "{steps:?} {purpose:?}");
}

#[test]
fn two_tries_at_each_kind_mildest_first() {
    use Step::*;
    check(&[Behaviour, Work, NoScript], Purpose::Pass, &["work", "hard-work", "no-script"]);
    check(&[Behaviour, Work, NoScript], Purpose::Widget, &["behaviour", "work", "hard-work"]);
    check(&[Behaviour, Work, NoScript], Purpose::Check, &["behaviour", "work", "hard-work"]);
    check(&[NoScript], Purpose::Pass, &["no-script"]);
    check(&[NoScript], Purpose::Widget, &[]);
    check(&[Behaviour], Purpose::Pass, &["behaviour"]);
    check(&[Work, Provider, Text], Purpose::Pass, &["work", "hard-work", "provider", "text"]);
    check(&[Work, Work], Purpose::Pass, &["work", "hard-work"]);
    check(&[], Purpose::Pass, &[]);
    assert_eq!(Ladder::default(), Ladder::new(&[Behaviour, Work, NoScript], 500));
}

#[test]
fn a_step_has_one_name() {
    for step in Step::ALL {
        assert_eq!(Step::named(step.name()), Some(step));
    }
    assert_eq!(Step::named("hard-work"), None, "that is a kind, not a step");
}

#[test]
fn the_default_is_sixteen_puzzles() {
    let plan = Ladder::default().plan(&CALM);
    assert_eq!(plan.work, Some(WorkParams::HASH));
    assert_eq!(plan.no_script, Some(Waits { refresh_ms: 3_000, form_ms: 5_000 }));
    assert_eq!(plan.reason, None);
}

#[test]
fn a_slow_device_gets_another_kind_and_never_more_of_the_same() {
    let ladder = Ladder::default();
    let work = |tries| ladder.plan(&Asked { tries, code: Some(Code::WrongWork), score: 89, ..CALM }).work;
    assert_eq!(work(0), work(1));
    assert_eq!((work(2), work(3)), (Some(HARD_WORK), Some(HARD_WORK)));
    assert_eq!((work(4), work(6)), (None, None));
}

#[test]
fn pages_that_are_left_lead_to_the_last_kind() {
    for steps in [&Step::ALL[..], &[Step::Work], &[Step::NoScript], &[Step::Behaviour]] {
        let ladder = Ladder::new(steps, WORK_MS);
        let kind = |tries| ladder.plan(&Asked { tries, ..CALM }).kind;
        assert!(kind(ladder.last_try()).is_some(), "{steps:?}");
        assert_eq!(kind(ladder.last_try() + TRIES_EACH), None, "{steps:?}");
    }
    assert_eq!(Ladder::new(&[], WORK_MS).last_try(), 0);
}

#[test]
fn at_the_end_there_is_a_reason_and_nothing_to_do() {
    let end = |code| Ladder::default().plan(&Asked { tries: 6, code, ..CALM });
    let plan = Plan { kind: None, work: None, no_script: None, reason: Some(Code::TooManyTries) };
    assert_eq!(end(None), plan);
    assert_eq!(end(Some(Code::CookiesOff)), Plan { reason: Some(Code::CookiesOff), ..plan });
    // A page that was left once is no reason to say anything.
    assert_eq!(Ladder::default().plan(&Asked { tries: 1, ..CALM }).reason, None);
}

#[test]
fn no_script_stands_beside_every_kind_where_the_ladder_has_it() {
    for tries in 0..6 {
        assert!(Ladder::default().plan(&Asked { tries, ..CALM }).no_script.is_some());
        assert_eq!(Ladder::new(&[Step::Work], 500).plan(&Asked { tries, ..CALM }).no_script, None);
    }
}

#[test]
fn how_much_is_asked_for() {
    let puzzles = |asked: Asked| Ladder::default().plan(&asked).work.map(|work| work.puzzles);
    assert_eq!(puzzles(Asked { score: 0, ..CALM }), Some(16));
    assert_eq!(puzzles(Asked { score: 100, ..CALM }), Some(32));
    assert_eq!(puzzles(Asked { load: Load::Busy, ..CALM }), Some(24));
    assert_eq!(puzzles(Asked { load: Load::Flood, ..CALM }), Some(32));
    assert_eq!(puzzles(Asked { pressure: 16, ..CALM }), Some(16), "an office leaves a few pages behind");
    assert_eq!(puzzles(Asked { pressure: 256, ..CALM }), Some(32));
    assert_eq!(puzzles(Asked { score: 100, load: Load::Flood, pressure: u32::MAX, ..CALM }), Some(64));
    let small = Ladder::new(&[Step::Work], 0).plan(&CALM).work.map(|work| work.puzzles);
    let large = Ladder::new(&[Step::Work], u32::MAX).plan(&CALM).work.map(|work| work.puzzles);
    assert_eq!((small, large), (Some(1), Some(64)));
}

prop_compose! {
    fn asked()(
        score in 0u8..=100,
        load in prop::sample::select(&[Load::Calm, Load::Busy, Load::Flood][..]),
        pressure in prop_oneof![0u32..400, any::<u32>()],
        tries in any::<u8>(),
        purpose in prop::sample::select(&[Purpose::Pass, Purpose::Widget, Purpose::Check][..]),
    ) -> Asked {
        Asked { purpose, score, load, pressure, tries, code: None }
    }
}

proptest! {
    #[test]
    fn more_trouble_is_never_less_work_and_ends_at_the_worst_case(one in asked(), other in asked(), work_ms: u32) {
        let ladder = Ladder::new(&Step::ALL, work_ms);
        let more = Asked {
            score: one.score.max(other.score),
            load: one.load.max(other.load),
            pressure: one.pressure.max(other.pressure),
            ..one
        };
        let (less, more) = (ladder.plan(&one), ladder.plan(&more));
        prop_assert_eq!(less.kind, more.kind, "the kind follows from tries alone");
        let hashes = |plan: &Plan| plan.work.map(|work| u64::from(work.puzzles) << work.range_log2);
        prop_assert!(hashes(&less) <= hashes(&more));
        if more.kind == Some(Kind::Work) {
            prop_assert!(hashes(&more) <= Some(HASHES_MAX));
        }
        prop_assert_eq!(more.work.is_some(), matches!(more.kind, Some(Kind::Work | Kind::HardWork)));
        if let Some(work) = more.work {
            prop_assert_eq!(WorkParams::from_bytes(work.to_bytes()), Some(work), "a ticket can carry it");
        }
        if let (Some(less), Some(more)) = (less.no_script, more.no_script) {
            prop_assert!(less.refresh_ms <= more.refresh_ms && more.refresh_ms <= 6_000);
            prop_assert!(less.form_ms <= more.form_ms && more.form_ms <= 8_000);
        }
    }
}
