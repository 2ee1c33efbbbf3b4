//! What is decided about whole sessions: own rules, limits, lists, presets; who is slowed and refused, and who never is.

use std::sync::Arc;

use palisade_detect::{Engine, EngineSettings, HashSeed, Observe};
use palisade_domain::{
    Action, BlockReason, Enforcement, Fact, Rate, RequestFacts, SessionId, Timestamp, Vantage,
};
use palisade_limits::BucketRate;
use palisade_policy::{
    Around, EntryKind, EntrySettings, Judge, Judged, Level, LimitSettings, ListEffect, ListEntry, ListMirror,
    PathLimit, Policy, Preset, RuleEffect, RuleSource, Ruleset, TroubleError,
};
use palisade_testkit::{Mix, OwnedRequest};

fn rate(per_minute: u32, burst: u32) -> BucketRate {
    BucketRate { per_minute, burst }
}

const CHROME: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36";
const START_MS: i64 = 1_795_132_800_000;

fn judge(policy: Policy) -> Judge {
    Judge::new(Engine::new(EngineSettings::new(HashSeed([3, 4]))), policy)
}

fn all(preset: Preset) -> Policy {
    Policy { enforcement: Enforcement::All, ..Policy::preset(preset) }
}

fn with_rules(policy: Policy, rules: &[RuleSource<'_>]) -> Policy {
    let rules = Ruleset::compile(rules).expect("the conditions are well formed");
    assert_eq!(rules.warnings(), []);
    Policy { rules: Arc::new(rules), ..policy }
}

/// `GET target` by `user_agent` from 203.0.113.5 with curl's headers, `at_ms` after the start.
fn get(at_ms: i64, target: &str, user_agent: &str) -> OwnedRequest {
    let mut request = OwnedRequest::log("203.0.113.5", START_MS + at_ms, target, user_agent);
    request.vantage = Vantage::GatewayClear;
    request.referrer = Some(None);
    let mut headers = vec![("Host".to_owned(), "shop.example".to_owned())];
    if !user_agent.is_empty() {
        headers.push(("User-Agent".to_owned(), user_agent.to_owned()));
    } else {
        request.user_agent = Some(None);
    }
    headers.push(("Accept".to_owned(), "*/*".to_owned()));
    request.headers = Some(headers);
    request
}

fn post(at_ms: i64, target: &str, user_agent: &str) -> OwnedRequest {
    OwnedRequest { method: Some("POST".to_owned()), ..get(at_ms, target, user_agent) }
}

fn ask(judge: &Judge, request: &OwnedRequest) -> Judged {
    ask_around(judge, request, &Around::default(), |_| ())
}

fn ask_around(
    judge: &Judge,
    request: &OwnedRequest,
    around: &Around,
    change: impl FnOnce(&mut RequestFacts<'_>),
) -> Judged {
    let headers = request.header_refs();
    let mut facts = request.facts(&headers);
    change(&mut facts);
    let judged = judge.request_around(&facts, Observe::Note, around);
    judge.response(judged.ticket, &request.response(), facts.time);
    let assessment = &judged.verdict.assessment;
    assert_eq!(assessment.points_total(), i32::from(assessment.score.value()), "points must add up");
    judged
}

fn enforced(judge: &Judge, request: &OwnedRequest) -> Action {
    ask(judge, request).verdict.decision.enforced
}

/// The first of `requests`, from 1, that is enforced as `name`.
fn first(judge: &Judge, name: &str, requests: impl IntoIterator<Item = OwnedRequest>) -> Option<usize> {
    requests.into_iter().position(|request| enforced(judge, &request).name() == name).map(|at| at + 1)
}

#[test]
fn python_once_a_second_is_throttled_within_sixty_requests() {
    let judge = judge(all(Preset::Balanced));
    let pages = (0..60).map(|n| get(n * 1_000, &format!("/item/{n}"), "python-requests/2.32.3"));
    let at = first(&judge, "throttle", pages);
    assert!(at.is_some_and(|at| at > 20), "{at:?}");
}

#[test]
fn a_scanner_walk_is_blocked_within_five_requests_whatever_is_enforced() {
    const WALK: [&str; 5] =
        ["/.env", "/.git/config", "/wp-login.php", "/phpmyadmin/index.php", "/.aws/credentials"];
    for enforcement in [Enforcement::Hard, Enforcement::All] {
        for user_agent in ["curl/8.5.0", CHROME, "", "python-requests/2.32.3"] {
            let judge = judge(Policy { enforcement, ..Policy::default() });
            let walk = (0..).zip(WALK).map(|(n, path)| get(n * 700, path, user_agent));
            assert!(first(&judge, "block", walk).is_some(), "{enforcement:?} {user_agent}");
        }
    }
}

#[test]
fn a_loop_at_fifty_a_second_is_throttled_within_two_seconds_whatever_it_calls_itself() {
    let agents = [
        CHROME,
        "",
        "curl/8.5.0",
        "python-requests/2.32.3",
        "MyCompanyApp/1.0",
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "FreshRSS/1.24.0 (Linux; https://freshrss.org)",
        "okhttp/4.12.0",
        "Lynx/2.9.0 libwww-FM/2.14",
    ];
    for user_agent in agents {
        let judge = judge(all(Preset::Balanced));
        let same = (0..100).map(|n| get(n * 20, "/", user_agent));
        let at = same.into_iter().position(|request| enforced(&judge, &request).is_beyond_monitor());
        assert!(at.is_some(), "{user_agent}");
    }
}

#[test]
fn two_hundred_browsers_behind_one_address_are_never_hindered() {
    const BROWSERS: u64 = 200;
    /// Each loads some ten pages a minute, with their parts.
    const REQUESTS_PER_MINUTE: u64 = BROWSERS * 40;
    let (judge, mix) = (judge(all(Preset::Balanced)), Mix::new(Vantage::GatewayTls));
    let client = get(0, "/", CHROME);
    let headers = client.header_refs();
    let shared = client.facts(&headers).client;
    let pages_and_parts = || (0..).filter(|n| mix.facts(*n).method == Fact::Known("GET"));
    for (at, n) in (0..2 * REQUESTS_PER_MINUTE).zip(pages_and_parts()) {
        let time = Timestamp::from_millis(START_MS + (at * 60_000 / REQUESTS_PER_MINUTE) as i64);
        let facts = RequestFacts { client: shared, time, ..mix.facts(n) };
        let judged = judge.request(&facts, Observe::Note);
        judge.response(judged.ticket, &mix.response(), time);
        let decision = &judged.verdict.decision;
        assert!(!decision.enforced.is_beyond_monitor(), "request {at}: {decision:?}");
        assert_eq!(judged.entry, None);
    }
    // All at once: a burst of pages with thirty parts each.
    for n in pages_and_parts().take(200 * 31) {
        let time = Timestamp::from_millis(START_MS + 600_000 + n as i64 / 2);
        let facts = RequestFacts { client: shared, time, ..mix.facts(n) };
        let decision = judge.request(&facts, Observe::Note).verdict.decision;
        assert!(decision.rule != "limit: network" && decision.rule != "limit: pages", "{decision:?}");
    }
}

#[test]
fn one_curl_is_watched_and_its_post_refused_under_strict() {
    let judge_balanced = judge(all(Preset::Balanced));
    assert_eq!(enforced(&judge_balanced, &get(0, "/", "curl/8.5.0")), Action::Monitor);
    for enforcement in [Enforcement::Hard, Enforcement::All] {
        let judge = judge(Policy { enforcement, ..Policy::preset(Preset::Strict) });
        assert_eq!(enforced(&judge, &get(0, "/", "curl/8.5.0")), Action::Monitor);
        let judged = ask(&judge, &post(1_000, "/api/orders", "curl/8.5.0"));
        assert_eq!(judged.verdict.decision.enforced, Action::Block(BlockReason::Class));
        assert_eq!(judged.verdict.decision.rule, "identity: writes");
        let clone = post(2_000, "/repo.git/git-upload-pack", "git/2.47.1");
        assert!(!enforced(&judge, &clone).is_beyond_monitor(), "fetching a repository is reading");
    }
    let out = judge(Policy::preset(Preset::AiCrawlersOut));
    let gpt = "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)";
    assert_eq!(enforced(&out, &get(0, "/", gpt)), Action::Block(BlockReason::Class));
}

#[test]
fn preflights_pass_unless_somebody_says_otherwise() {
    let mut preflight = get(0, "/api/orders", CHROME);
    preflight.method = Some("OPTIONS".to_owned());
    let headers = preflight.headers.as_mut().unwrap();
    headers.push(("Origin".to_owned(), "https://app.example".to_owned()));
    headers.push(("Access-Control-Request-Method".to_owned(), "DELETE".to_owned()));
    let judge_strict = judge(all(Preset::Strict));
    for n in 0..600 {
        preflight.time_ms += n;
        let decision = ask(&judge_strict, &preflight).verdict.decision;
        assert_eq!((decision.enforced, decision.rule), (Action::Allow, "preflight"));
    }
    let listed = ListMirror::new([entry("203.0.113.0/24", ListEffect::Block, true)]);
    assert_eq!(enforced(&judge_strict.with_lists(listed), &preflight), Action::Block(BlockReason::List));
}

#[test]
fn an_app_that_calls_an_api_is_never_hindered() {
    for preset in [Preset::Balanced, Preset::Strict] {
        let judge = judge(all(preset));
        for n in 0..300 {
            let request = get(n * 6_000, &format!("/api/v1/feed?page={n}"), "okhttp/4.12.0");
            let decision = ask(&judge, &request).verdict.decision;
            assert!(!decision.enforced.is_beyond_monitor(), "{preset:?} {n}: {decision:?}");
        }
    }
}

fn entry(network: &str, effect: ListEffect, by_operator: bool) -> ListEntry {
    ListEntry { network: network.parse().expect("a network"), effect, expires_at: None, by_operator }
}

#[test]
fn a_listed_rate_counts_every_request() {
    let listed = ListMirror::new([entry("203.0.113.5", ListEffect::Throttle(Rate(10)), false)]);
    let judge = judge(Policy::default()).with_lists(listed);
    let assets = (0..30).map(|n| get(n * 100, &format!("/s/{n}.css"), CHROME));
    let actions: Vec<Action> = assets.map(|request| ask(&judge, &request).verdict.decision.action).collect();
    assert_eq!(actions.iter().position(|action| *action == Action::Throttle(Rate(10))), Some(10));
    assert!(!matches!(
        ask(&judge, &get(63_000, "/s/x.css", CHROME)).verdict.decision.action,
        Action::Throttle(_)
    ));
}

#[test]
fn nothing_is_held_against_an_address_that_is_not_the_clients() {
    let listed = ListMirror::new([entry("203.0.113.0/24", ListEffect::Block, true)]);
    let limits = LimitSettings { network: Some(rate(5, 5)), ..LimitSettings::default() };
    let judge = judge(Policy { limits, ..all(Preset::Balanced) }).with_lists(listed);
    for n in 0..400 {
        let request = get(n * 20, "/", CHROME);
        let judged = ask_around(&judge, &request, &Around::default(), |facts| facts.client_hidden = true);
        let rule = judged.verdict.decision.rule;
        assert!(
            !rule.starts_with("limit") && !rule.starts_with("operator") && !rule.starts_with("list"),
            "{rule}"
        );
        assert_eq!(judged.entry, None);
    }
}

#[test]
fn the_first_of_the_operators_rules_decides_and_is_carried_out() {
    let rules = [
        RuleSource::new(r#"path.startsWith("/internal") && !inNetwork(ip, "10.0.0.0/8")"#, RuleEffect::Block),
        RuleSource { dry_run: true, ..RuleSource::new(r#"path.startsWith("/try")"#, RuleEffect::Block) },
        RuleSource::new(r#"path == "/open""#, RuleEffect::Allow),
        RuleSource::new(r#"path == "/maze""#, RuleEffect::Tarpit),
        RuleSource::new(r#"path == "/paid""#, RuleEffect::Charge),
        RuleSource::new(r#"path == "/slow""#, RuleEffect::Throttle(Rate(3))),
    ];
    let judge = judge(with_rules(Policy::default(), &rules));
    let check = |target: &str, name: &str, number: Option<u16>| {
        let decision = ask(&judge, &get(0, target, "curl/8.5.0")).verdict.decision;
        assert_eq!((decision.enforced.name(), decision.rule_number), (name, number), "{target}");
        assert_eq!(decision.rule == "rule", number.is_some());
    };
    check("/internal/x", "block", Some(1));
    check("/open", "allow", Some(3));
    check("/maze", "tarpit", Some(4));
    check("/paid", "charge", Some(5));
    check("/", "monitor", None);
    (0..3).for_each(|_| check("/slow", "monitor", None));
    check("/slow", "throttle", Some(6));
    let tried = ask(&judge, &get(0, "/try/1", "curl/8.5.0"));
    assert_eq!(tried.verdict.decision.enforced, Action::Monitor);
    let dry = tried.dry_run.expect("rule 2 would have blocked");
    assert_eq!((dry.action, dry.rule_number), (Action::Block(BlockReason::Rule), 2));
    let allowed = ListMirror::new([entry("203.0.113.5", ListEffect::Allow, true)]);
    assert_eq!(
        enforced(&judge.clone().with_lists(allowed), &get(0, "/internal", "curl/8.5.0")),
        Action::Allow
    );
    let observe = judge.clone().with_policies(vec![with_rules(Policy::preset(Preset::Observe), &rules)]);
    assert_eq!(
        enforced(&observe, &get(0, "/internal", "curl/8.5.0")),
        Action::Monitor,
        "observe changes nothing"
    );
}

#[test]
fn weights_show_in_the_explanation_and_move_the_bands() {
    let rules = [
        RuleSource {
            name: Some("old area"),
            ..RuleSource::new(r#"path.startsWith("/old")"#, RuleEffect::Weigh(60))
        },
        RuleSource::new(r#"query == "all""#, RuleEffect::Weigh(100)),
        RuleSource::new(r#"query == "kind""#, RuleEffect::Weigh(-100)),
        RuleSource { dry_run: true, ..RuleSource::new("true", RuleEffect::Weigh(9)) },
        RuleSource::new(r#"score > 99 && "list.rule" in signals"#, RuleEffect::Block),
    ];
    let judge = judge(with_rules(Policy::default(), &rules));
    let plain = ask(&judge, &get(0, "/", CHROME)).verdict.assessment.score.value();
    let heavy = ask(&judge, &get(1, "/old", CHROME)).verdict;
    assert!(heavy.assessment.score.value() >= plain.max(60), "{:?}", heavy.assessment);
    let line = heavy.assessment.explanation.iter().find(|line| line.id.0 == "list.rule").unwrap();
    assert_eq!(line.detail.to_string(), "rule old area adds 60 points");
    let tried =
        heavy.assessment.explanation.iter().find(|line| line.dry_run && line.id.0 == "list.rule").unwrap();
    assert_eq!(
        (tried.points, tried.detail.to_string().as_str()),
        (0, "rule 4, on dry run, would add 9 points")
    );
    let full = ask(&judge, &get(2, "/old?all", CHROME)).verdict;
    assert_eq!(full.assessment.score.value(), 100);
    assert_eq!(full.decision.rule_number, Some(5), "rules see the weighed score");
    assert_eq!(ask(&judge, &get(3, "/?kind", CHROME)).verdict.assessment.score.value(), 0);
}

#[test]
fn a_doubtful_browser_passes_watched_up_to_thirty_pages_a_minute() {
    let doubtful = [RuleSource::new(r#"kind == "navigation""#, RuleEffect::Challenge)];
    let judge = judge(with_rules(all(Preset::Balanced), &doubtful));
    let mut actions = Vec::new();
    for n in 0..40_i64 {
        let page = ask(&judge, &get(n * 1_200, &format!("/item/{n}"), CHROME)).verdict.decision;
        if page.action == Action::Challenge {
            actions.push(page.enforced);
        }
        for part in 0..2 {
            ask(&judge, &get(n * 1_200 + part, &format!("/s/{part}.css"), CHROME));
        }
    }
    assert!(actions.len() > 20, "{actions:?}");
    assert_eq!(actions.first(), Some(&Action::Monitor));
    assert!(actions.contains(&Action::Throttle(Rate(30))), "{actions:?}");
}

#[test]
fn limits_count_by_network_session_path_key_and_site() {
    let limits = LimitSettings {
        network: Some(rate(60, 4)),
        session: Some(rate(60, 3)),
        key: Some(rate(60, 2)),
        site: Some(rate(60, 30)),
        paths: vec![PathLimit { prefix: "/search".to_owned(), rate: rate(60, 1) }],
        ..LimitSettings::default()
    };
    let policy = Policy { limits, ..all(Preset::Balanced) };
    let over =
        |requests: usize, rule: &str, target: &str, around: &Around, session: Option<u128>, hidden: bool| {
            let judge = judge(policy.clone());
            for n in 1..=requests {
                let judged = ask_around(&judge, &get(0, target, CHROME), around, |facts| {
                    facts.client_hidden = hidden;
                    facts.session = session.map_or(Fact::Unseen, |id| Fact::Known(SessionId(id)));
                });
                let decision = judged.verdict.decision;
                assert_eq!(decision.rule == rule, n == requests, "{rule} {n}: {decision:?}");
            }
        };
    let calm = Around::default();
    over(5, "limit: network", "/api/x", &calm, None, false);
    over(4, "limit: session", "/api/x", &calm, Some(7), false);
    over(3, "limit: key", "/api/x", &Around { key: Some(9), ..calm }, None, false);
    over(2, "limit: path", "/search?q=1", &calm, None, false);
    over(2, "limit: path", "/search/more", &calm, None, false);
    over(5, "limit: network", "/searches", &calm, None, false);
    over(31, "limit: site", "/api/x", &calm, None, true);
}

#[test]
fn a_limit_that_somebody_set_is_carried_out_from_the_first_hour() {
    let paths = vec![PathLimit { prefix: "/search".to_owned(), rate: rate(60, 1) }];
    let limits = LimitSettings { network: Some(rate(60, 3)), paths, ..LimitSettings::default() };
    let judge = judge(Policy { limits, ..Policy::preset(Preset::Balanced) });
    assert!(!enforced(&judge, &get(0, "/search", CHROME)).is_beyond_monitor());
    assert!(matches!(enforced(&judge, &get(0, "/search", CHROME)), Action::Throttle(_)));
    // The limit of a network has a default: nobody need have asked for it.
    let over: Vec<Action> = (0..4).map(|_| enforced(&judge, &get(0, "/api/x", CHROME))).collect();
    assert!(over.iter().all(|action| !action.is_beyond_monitor()), "{over:?}");
}

#[test]
fn who_only_asks_takes_nothing() {
    let limits = LimitSettings { network: Some(rate(60, 3)), ..LimitSettings::default() };
    let judge = judge(Policy { limits, ..all(Preset::Balanced) });
    let request = get(0, "/api/x", CHROME);
    let headers = request.header_refs();
    let facts = request.facts(&headers);
    for _ in 0..10 {
        assert_ne!(judge.request(&facts, Observe::Peek).verdict.decision.rule, "limit: network");
    }
    (0..3).for_each(|_| {
        assert_ne!(judge.request(&facts, Observe::Note).verdict.decision.rule, "limit: network");
    });
    assert_eq!(judge.request(&facts, Observe::Peek).verdict.decision.rule, "limit: network");
}

#[test]
fn under_a_flood_only_what_looks_like_it_is_slowed() {
    let flood = Around { level: Level::Flood, in_flood: true, ..Around::default() };
    let run = |around: &Around, session: Option<u128>, with_parts: bool, user_agent: &str| {
        let judge = judge(all(Preset::Balanced));
        (0..20).any(|n| {
            if with_parts {
                (0..3).for_each(|part| {
                    drop(ask(&judge, &get(n * 2_000, &format!("/s/{part}.css"), user_agent)));
                });
            }
            let judged = ask_around(&judge, &get(n * 2_000, "/", user_agent), around, |facts| {
                facts.session = session.map_or(Fact::Unseen, |id| Fact::Known(SessionId(id)));
            });
            judged.verdict.decision.rule == "limit: flood"
        })
    };
    assert!(run(&flood, None, false, CHROME));
    assert!(!run(&flood, None, true, CHROME), "loads parts");
    assert!(!run(&flood, Some(1), false, CHROME), "has a session");
    assert!(!run(&flood, None, false, "curl/8.5.0"), "says what it is, and has its own rate");
    assert!(!run(&Around { in_flood: false, ..flood }, None, false, CHROME), "another face");
    assert!(!run(&Around { level: Level::Calm, ..flood }, None, false, CHROME));
}

/// Decisions and entries of a loop, in words.
fn looped(judge: &Judge, requests: i64) -> Vec<String> {
    let told = |n| {
        let judged = ask(judge, &get(n * 100, "/", CHROME));
        let decision = judged.verdict.decision;
        format!("{} {} {:?} {:?}", decision.enforced, decision.rule, decision.until, judged.entry)
    };
    (0..requests).map(told).collect()
}

#[test]
fn a_hundred_exceeded_limits_become_a_block_that_holds_at_once_and_again_in_a_replay() {
    let live = judge(all(Preset::Balanced));
    let told = looped(&live, 300);
    let written = told.iter().position(|words| words.contains("EntryWish")).expect("an entry is written");
    assert!(told[written].contains("Block") && told[written].contains("203.0.113.5/32"), "{}", told[written]);
    assert!(told[written + 1..].iter().all(|words| words.starts_with("block list: block Some(")), "{told:?}");
    assert_eq!(told, looped(&judge(all(Preset::Balanced)), 300), "a replay tells the same");
    let hard = looped(&judge(Policy::default()), 300);
    assert!(
        hard.iter().all(|words| words.ends_with("None")),
        "nothing is written for what is not carried out"
    );
}

#[test]
fn an_entry_that_an_operator_takes_back_is_over() {
    let judge = judge(all(Preset::Balanced));
    let mut wish = None;
    for n in 0..300 {
        wish = ask(&judge, &get(n * 100, "/", CHROME)).entry.or(wish);
    }
    let wish = wish.expect("an entry is written");
    let written = ListEntry {
        network: wish.network,
        effect: wish.effect,
        expires_at: Some(wish.until),
        by_operator: false,
    };
    let shown = judge.clone().with_lists(ListMirror::new([written]));
    assert_eq!(ask(&shown, &get(40_000, "/", CHROME)).verdict.decision.rule, "list: block");
    let taken_back = shown.with_lists(ListMirror::default());
    assert_ne!(ask(&taken_back, &get(41_000, "/a.css", CHROME)).verdict.decision.rule, "list: block");
}

#[test]
fn rules_have_entries_written_and_shared_networks_are_spared() {
    let wish = |entry| {
        [RuleSource { entry: Some(entry), ..RuleSource::new(r#"path == "/trap""#, RuleEffect::Monitor) }]
    };
    let settings = EntrySettings::default();
    let check = |kind, effect, lasts_ms: u64| {
        let judge = judge(with_rules(Policy::default(), &wish(kind)));
        let entry = ask(&judge, &get(0, "/trap", "curl/8.5.0")).entry.expect("the rule asks for it");
        assert_eq!((entry.effect, entry.rule_number), (effect, Some(1)));
        assert_eq!(entry.until, Timestamp::from_millis(START_MS + lasts_ms as i64));
        assert_eq!(ask(&judge, &get(1, "/trap", "curl/8.5.0")).entry, None, "it holds already");
    };
    check(EntryKind::Block, ListEffect::Block, settings.block_ms);
    check(EntryKind::Throttle, ListEffect::Throttle(Rate(10)), settings.throttle_ms);
    check(EntryKind::Flag, ListEffect::Flag, settings.flag_ms);
    // Somebody else at the same address reads pages with their parts.
    let judge = judge(with_rules(Policy::default(), &wish(EntryKind::Block)));
    for n in 0..10 {
        ask(&judge, &get(n * 500, &format!("/s/{n}.css"), CHROME));
    }
    assert_eq!(ask(&judge, &get(6_000, "/trap", "curl/8.5.0")).entry, None);
}

#[test]
fn a_reload_forgets_nothing() {
    let listed = ListMirror::new([entry("203.0.113.5", ListEffect::Throttle(Rate(2)), false)]);
    let before = judge(all(Preset::Balanced)).with_lists(listed);
    (0..2).for_each(|_| drop(ask(&before, &get(0, "/a.css", CHROME))));
    let after = before.clone().with_policies(vec![all(Preset::Strict)]);
    assert_eq!(enforced(&after, &get(1, "/a.css", CHROME)), Action::Throttle(Rate(2)));
}

/// The entry that 300 requests in a row from `at_ms` on lead to, in hours, and after how many of them.
fn provoked(judge: &Judge, at_ms: i64) -> Option<(i64, i64)> {
    (0..300).find_map(|n| {
        let at_ms = at_ms + n * 100;
        let entry = ask(judge, &get(at_ms, "/", CHROME)).entry?;
        Some((n, (entry.until.millis() - START_MS - at_ms) / 3_600_000))
    })
}

/// Another process: the same seed, and nothing but what `before` gave away at `at_ms`.
fn restarted(before: &Judge, policy: Policy, at_ms: i64) -> Judge {
    let after = judge(policy);
    let now = Timestamp::from_millis(START_MS + at_ms);
    after.restore_trouble(&before.trouble_to_bytes(), now).expect("our own bytes");
    after
}

#[test]
fn a_restart_forgets_neither_the_doubling_nor_what_was_counted() {
    const HOUR: i64 = 3_600_000;
    let policy = || all(Preset::Balanced);
    let first = judge(policy());
    let (took, hours) = provoked(&first, 0).expect("a block");
    assert_eq!(hours, 1);
    let after = restarted(&first, policy(), 60_000);
    assert_eq!(
        enforced(&after, &get(60_001, "/", CHROME)),
        Action::Block(BlockReason::List),
        "it still holds"
    );
    assert_eq!(provoked(&after, 2 * HOUR).map(|(_, hours)| hours), Some(2));
    let again = restarted(&after, policy(), 6 * HOUR);
    assert_eq!(provoked(&again, 6 * HOUR).map(|(_, hours)| hours), Some(4));
    let late = restarted(&again, policy(), 24 * 30 * HOUR);
    assert_eq!(provoked(&late, 24 * 30 * HOUR).map(|(_, hours)| hours), Some(1), "an old story");
    // Half of the violations before, half of them after.
    let half = judge(policy());
    (0..took - 50).for_each(|n| drop(ask(&half, &get(n * 100, "/", CHROME))));
    let (more, _) = provoked(&restarted(&half, policy(), HOUR), HOUR).expect("a block");
    assert!(more < took - 20, "{more} of {took}");
}

#[test]
fn flags_are_counted_on_after_a_restart() {
    const DAY: i64 = 24 * 3_600_000;
    let rule = RuleSource {
        entry: Some(EntryKind::Flag),
        ..RuleSource::new(r#"path == "/trap""#, RuleEffect::Monitor)
    };
    let policy = || with_rules(Policy::default(), std::slice::from_ref(&rule));
    let mut held = judge(policy());
    let mut effects = Vec::new();
    for day in 0..3 {
        held = restarted(&held, policy(), day * DAY);
        let entry = ask(&held, &get(day * DAY, "/trap", "curl/8.5.0")).entry;
        effects.push(entry.map(|entry| entry.effect));
    }
    assert_eq!(effects, [Some(ListEffect::Flag), None, Some(ListEffect::Block)]);
}

#[test]
fn what_is_nobodys_trouble_is_refused_whole() {
    let before = judge(all(Preset::Balanced));
    provoked(&before, 0).expect("a block");
    let bytes = before.trouble_to_bytes();
    let now = Timestamp::from_millis(START_MS);
    let check = |bytes: &[u8], expect: Result<usize, TroubleError>| {
        let judge = judge(all(Preset::Balanced));
        assert_eq!(judge.restore_trouble(bytes, now), expect);
        assert_eq!(judge.trouble_to_bytes().len(), expect.map_or(0, |_| bytes.len()));
    };
    check(&bytes, Ok(1));
    check(&[], Ok(0));
    check(&bytes[1..], Err(TroubleError::TooShort { bytes: bytes.len() - 1 }));
    check(&[&bytes[..], &vec![0xff; bytes.len()]].concat(), Err(TroubleError::BadValue { at: 1 }));
    check(&vec![0; bytes.len() * 50_001], Err(TroubleError::TooMany { found: 50_001, max: 50_000 }));
}

#[test]
fn every_step_of_the_order_has_a_name_and_a_sentence() {
    for preset in Preset::ALL {
        let steps = Policy::preset(preset).describe();
        assert_eq!(steps.first().map(|(name, _)| *name), Some("operator: allow"));
        assert_eq!(steps.last().map(|(name, _)| *name), Some("band"));
        assert!(steps.iter().all(|(_, says)| says.len() > 20));
    }
}

#[test]
fn a_rule_about_a_path_is_about_all_its_spellings() {
    let rules = [
        RuleSource::new(r#"path.startsWith("/admin")"#, RuleEffect::Block),
        RuleSource::new(r#"path.startsWith("/open/")"#, RuleEffect::Allow),
    ];
    let judge = judge(with_rules(all(Preset::Balanced), &rules));
    let check = |target: &str, expect: Option<u16>| {
        let found = ask(&judge, &get(0, target, CHROME)).verdict.decision.rule_number;
        assert_eq!(found, expect, "{target}");
    };
    for target in
        ["/admin/x", "/%61dmin/x", "//admin/x?y", "/./admin/x", "/open/../admin/x", "/open/%2e%2E/admin/x"]
    {
        check(target, Some(1));
    }
    check("/open/x", Some(2));
    check(&format!("/{}/../admin", "a".repeat(2_000)), Some(1));
}
