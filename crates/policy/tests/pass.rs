//! What a pass is good for: it turns a challenge into allow, for so many pages, and nothing else.

use std::sync::Arc;

use palisade_detect::{DetectorSettings, Engine, EngineSettings, HashSeed, Observe};
use palisade_domain::{Action, BlockReason, Enforcement, Fact, PassKind, Rate, SessionId, Vantage, Verdict};
use palisade_limits::BucketRate;
use palisade_policy::{
    Around, Judge, LimitSettings, ListEffect, ListEntry, ListMirror, Policy, RuleEffect, RuleSource, Ruleset,
};
use palisade_testkit::OwnedRequest;

const CHROME: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36";
const START_MS: i64 = 1_795_132_800_000;

/// What one pass holds for: `LimitSettings::pass_pages`.
const PAGES: usize = 600;
/// `LimitSettings::pass_requests`.
const REQUESTS: usize = 12_000;

/// Everything is challenged; parts of the site are refused or slowed instead.
fn judge() -> Judge {
    let rules = [
        RuleSource::new(r#"path.startsWith("/block")"#, RuleEffect::Block),
        RuleSource::new(r#"path.startsWith("/slow")"#, RuleEffect::Throttle(Rate(1))),
        RuleSource::new(r#"path.startsWith("/watched")"#, RuleEffect::Monitor),
        RuleSource::new(r#"path.startsWith("/")"#, RuleEffect::Challenge),
    ];
    judge_by(&rules)
}

fn judge_by(rules: &[RuleSource<'_>]) -> Judge {
    let rules = Ruleset::compile(rules).expect("the conditions are well formed");
    assert_eq!(rules.warnings(), []);
    // Nobody here loads anything but what is asked for: the limits of others are not what is counted.
    let limits = LimitSettings {
        network: None,
        loop_pages_in_ten_seconds: u32::MAX,
        loop_pages_per_minute: u32::MAX,
        ..LimitSettings::default()
    };
    let policy = Policy {
        rules: Arc::new(rules),
        enforcement: Enforcement::All,
        challenges: true,
        limits,
        ..Policy::default()
    };
    // Budgets are emptied at once here, which is a flood anywhere else.
    let quiet = DetectorSettings { enabled: false, ..DetectorSettings::default() };
    let detectors = [("request_flood".to_owned(), quiet)].into();
    Judge::new(Engine::new(EngineSettings { detectors, ..EngineSettings::new(HashSeed([3, 4])) }), policy)
}

/// One request: what it is for, and what it shows.
#[derive(Clone, Copy)]
struct Ask<'a> {
    target: &'a str,
    /// `Sec-Fetch-Mode` and `Sec-Fetch-Dest`.
    fetch: (&'static str, &'static str),
    session: Option<u128>,
    pass: Option<PassKind>,
    /// A picture that a challenged page has named.
    preview: bool,
    observe: Observe,
    at_ms: i64,
}

const PAGE: Ask<'static> = Ask {
    target: "/item",
    fetch: ("navigate", "document"),
    session: Some(7),
    pass: Some(PassKind::Work),
    preview: false,
    observe: Observe::Note,
    at_ms: 0,
};

fn ask(judge: &Judge, ask: Ask<'_>) -> Verdict {
    let mut request = OwnedRequest::log("203.0.113.5", START_MS + ask.at_ms, ask.target, CHROME);
    request.vantage = Vantage::GatewayClear;
    request.referrer = Some(None);
    let header = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    let (mode, dest) = ask.fetch;
    let headers = [
        ("Host", "shop.example"),
        ("User-Agent", CHROME),
        ("Accept", "*/*"),
        ("Sec-Fetch-Site", "same-origin"),
        ("Sec-Fetch-Mode", mode),
        ("Sec-Fetch-Dest", dest),
    ];
    request.headers = Some(headers.map(header).to_vec());
    let headers = request.header_refs();
    let mut facts = request.facts(&headers);
    facts.session = ask.session.map_or(Fact::Absent, |id| Fact::Known(SessionId(id)));
    facts.pass = ask.pass.map_or(Fact::Absent, Fact::Known);
    facts.preview = ask.preview;
    let judged = judge.request_around(&facts, ask.observe, &Around::default());
    if ask.observe == Observe::Note {
        judge.response(judged.ticket, &request.response(), facts.time);
    }
    judged.verdict
}

/// Passes by its pass; else it must have been challenged.
fn holds(judge: &Judge, one: Ask<'_>) -> bool {
    let decision = ask(judge, one).decision;
    match decision.rule {
        "pass" => {
            assert_eq!((decision.action, decision.enforced), (Action::Allow, Action::Allow));
            true
        }
        rule => {
            assert_eq!(
                (decision.action, decision.enforced, rule),
                (Action::Challenge, Action::Challenge, "rule")
            );
            false
        }
    }
}

/// How many pages pass, one after the other, until one is challenged.
fn pages_left(judge: &Judge, page: Ask<'_>) -> usize {
    (0..).take_while(|_| holds(judge, page)).count()
}

#[test]
fn a_pass_is_good_for_six_hundred_pages_and_thirty_a_minute() {
    assert_eq!(LimitSettings::default().pass_pages, BucketRate { per_minute: 30, burst: PAGES as u32 });
    let judge = judge();
    assert_eq!(pages_left(&judge, PAGE), PAGES);
    assert!(!holds(&judge, PAGE), "challenged again, and again");
    assert_eq!(pages_left(&judge, Ask { at_ms: 2_000, ..PAGE }), 1, "one each two seconds");
    assert_eq!(pages_left(&judge, Ask { at_ms: 62_000, ..PAGE }), 30);
    assert_eq!(pages_left(&judge, Ask { at_ms: 7_200_000, ..PAGE }), PAGES, "never more than at first");
}

#[test]
fn sessions_have_budgets_of_their_own() {
    let judge = judge();
    assert_eq!(pages_left(&judge, PAGE), PAGES);
    assert_eq!(pages_left(&judge, Ask { session: Some(8), ..PAGE }), PAGES);
    assert_eq!(pages_left(&judge, Ask { pass: Some(PassKind::Text), ..PAGE }), 0, "one session, one budget");
}

#[test]
fn what_says_it_is_no_page_has_an_end_too() {
    let judge = judge();
    let call = Ask { target: "/item", fetch: ("cors", "empty"), ..PAGE };
    assert_eq!(pages_left(&judge, call), REQUESTS);
    assert_eq!(pages_left(&judge, PAGE), 0, "everything together");
    assert_eq!(pages_left(&judge, Ask { at_ms: 60_000, ..call }), 600);
    assert_eq!(LimitSettings::default().pass_requests.burst as usize, REQUESTS);
}

#[test]
fn calls_and_parts_of_pages_cost_no_page() {
    let judge = judge();
    let call = Ask { target: "/api/items", fetch: ("cors", "empty"), ..PAGE };
    let part = Ask { target: "/s/site.css", fetch: ("no-cors", "style"), ..PAGE };
    for _ in 0..PAGES {
        assert!(holds(&judge, call) && holds(&judge, part));
    }
    assert_eq!(pages_left(&judge, PAGE), PAGES);
    assert!(holds(&judge, call) && holds(&judge, part), "and go on when pages do not");
}

#[test]
fn without_a_session_a_pass_does_not_hold() {
    let judge = judge();
    let call = Ask { target: "/api/items", fetch: ("cors", "empty"), ..PAGE };
    for one in [PAGE, call] {
        assert!(!holds(&judge, Ask { session: None, ..one }));
        assert!(!holds(&judge, Ask { pass: None, ..one }), "nor a session without a pass");
    }
}

#[test]
fn who_only_asks_uses_nothing_up() {
    let judge = judge();
    let peek = Ask { observe: Observe::Peek, ..PAGE };
    for _ in 0..2 * PAGES {
        assert!(holds(&judge, peek));
    }
    assert_eq!(pages_left(&judge, PAGE), PAGES);
    assert!(!holds(&judge, peek), "and is told the same");
}

#[test]
fn a_pass_turns_nothing_but_a_challenge_into_allow() {
    let judge = judge();
    for kind in PassKind::ALL {
        let said =
            |target| ask(&judge, Ask { target, session: Some(9), pass: Some(kind), ..PAGE }).decision.action;
        assert_eq!(said("/block"), Action::Block(BlockReason::Rule), "{kind:?}");
        assert_eq!(said("/watched"), Action::Monitor, "{kind:?}");
        assert_eq!(said("/item"), Action::Allow, "{kind:?}");
    }
    let slow = Ask { target: "/slow", ..PAGE };
    // The first within the rate comes to the rule behind it.
    assert!(holds(&judge, slow));
    assert_eq!(ask(&judge, slow).decision.action, Action::Throttle(Rate(1)));
    assert_eq!(pages_left(&judge, PAGE), PAGES - 1, "what was refused or slowed anyway costs no page");
    let judge = judge_by(&[]);
    let attack = ask(&judge, Ask { target: "/item?id=1%27+UNION+SELECT+password+FROM+users--", ..PAGE });
    assert_eq!(attack.decision.action, Action::Block(BlockReason::Attack), "a payload stays what it is");
}

/// The picture of a link preview turns a challenge into allow too, for a few, and nothing else.
#[test]
fn the_picture_of_a_preview_is_let_pass_and_nothing_else_is_lifted() {
    let judge = judge();
    let fetch = ("no-cors", "image");
    let picture = Ask { target: "/og.png", fetch, session: None, pass: None, preview: true, ..PAGE };
    let said = |one| ask(&judge, one).decision;
    assert_eq!((said(picture).enforced, said(picture).rule), (Action::Allow, "preview"));
    assert_eq!(said(Ask { preview: false, ..picture }).enforced, Action::Challenge);
    assert_eq!(said(Ask { target: "/block/og.png", ..picture }).enforced, Action::Block(BlockReason::Rule));
    let attack = Ask { target: "/og.png?id=1%27%20UNION%20SELECT%20password%20FROM%20users--", ..picture };
    assert_eq!(said(attack).enforced, Action::Block(BlockReason::Attack));
    let judge = self::judge();
    let passed = (0..100).take_while(|_| ask(&judge, picture).decision.enforced == Action::Allow).count();
    assert_eq!(passed, LimitSettings::default().doubtful_pages.burst as usize, "then it is challenged");
}

/// Nothing else stands between an attack and the site, where a rule of the operator's challenges everything and this cannot be
/// challenged.
#[test]
fn what_is_never_challenged_is_no_way_for_attacks() {
    let judge = judge();
    let no_pass = Ask { session: None, pass: None, ..PAGE };
    let feed = Ask { target: "/feed.xml?id=1%27%20UNION%20SELECT%20password%20FROM%20users--", ..no_pass };
    let attacked = ask(&judge, feed).decision;
    assert_eq!((attacked.enforced, attacked.rule), (Action::Block(BlockReason::Attack), "attack: request"));
    let honest = ask(&judge, Ask { target: "/feed.xml", ..no_pass }).decision;
    assert_eq!((honest.action, honest.enforced), (Action::Challenge, Action::Monitor));
}

/// Whoever would be refused after a challenge is refused at once, and a pass lifts none of it: a list, a trap, a flood of pages.
#[test]
fn an_own_rule_that_challenges_lifts_no_refusal() {
    let entry = |effect| ListEntry {
        network: "203.0.113.0/24".parse().expect("a network"),
        effect,
        expires_at: None,
        by_operator: false,
    };
    let refused = |effect, enforced, rule| {
        let judge = judge().with_lists(ListMirror::new([entry(effect)]));
        for one in [PAGE, Ask { session: None, pass: None, ..PAGE }] {
            let decision = ask(&judge, one).decision;
            assert_eq!((decision.enforced, decision.rule), (enforced, rule), "{:?}", one.pass);
        }
    };
    refused(ListEffect::Block, Action::Block(BlockReason::List), "list: block");
    refused(ListEffect::Throttle(Rate(0)), Action::Throttle(Rate(0)), "list: throttle");
    let judge = judge().with_lists(ListMirror::new([entry(ListEffect::Allow), entry(ListEffect::Flag)]));
    assert!(
        holds(&judge, PAGE) && !holds(&judge, Ask { pass: None, ..PAGE }),
        "the rule stands before the list"
    );
}

/// What the presets would say of the score is replaced by the challenge, or an operator could never ask instead of refusing.
#[test]
fn an_own_rule_that_challenges_stands_in_the_place_of_the_bands() {
    let heavy = [
        RuleSource::new("true", RuleEffect::Weigh(60)),
        RuleSource::new(r#"path.startsWith("/item")"#, RuleEffect::Challenge),
    ];
    let judge = judge_by(&heavy);
    let elsewhere = ask(&judge, Ask { target: "/other", ..PAGE }).decision;
    assert_eq!(elsewhere.action, Action::Block(BlockReason::Score));
    assert!(!holds(&judge, Ask { pass: None, ..PAGE }) && holds(&judge, PAGE));
}

/// Under `enforce = "hard"` a refusal that is not carried out takes nothing away from the rule.
#[test]
fn what_is_not_carried_out_replaces_no_challenge() {
    let rules = [RuleSource::new("true", RuleEffect::Challenge)];
    let policy = Policy {
        rules: Arc::new(Ruleset::compile(&rules).expect("well formed")),
        enforcement: Enforcement::Hard,
        challenges: true,
        ..Policy::default()
    };
    let judge = Judge::new(Engine::new(EngineSettings::new(HashSeed([3, 4]))), policy);
    let mut request = OwnedRequest::log("203.0.113.5", START_MS, "/item", CHROME);
    request.vantage = Vantage::GatewayClear;
    let around = Around { keyed_trap_hit: true, ..Around::default() };
    let decision = judge.request_around(&request.facts(&[]), Observe::Note, &around).verdict.decision;
    assert_eq!((decision.enforced, decision.rule), (Action::Challenge, "rule"));
}
