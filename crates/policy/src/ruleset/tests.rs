use palisade_detect::scorer;
use palisade_domain::{
    ClaimStatus, ClientKey, Fact, Identity, IdentityClass, Rate, RequestFacts, Score, Timestamp, Vantage,
};
use proptest::prelude::*;

use super::*;

fn compile(rules: &[(&str, RuleEffect)]) -> Result<Ruleset, Vec<RuleError>> {
    let sources: Vec<RuleSource<'_>> =
        rules.iter().map(|(when, effect)| RuleSource::new(when, *effect)).collect();
    Ruleset::compile(&sources)
}

fn blocks(conditions: &[&str]) -> Ruleset {
    let rules: Vec<(&str, RuleEffect)> = conditions.iter().map(|when| (*when, RuleEffect::Block)).collect();
    compile(&rules).unwrap()
}

fn matching(rules: &Ruleset, method: &str, host: &str, target: &str, class: IdentityClass) -> Vec<usize> {
    with_view(method, host, target, class, |view| rules.matching(view))
}

/// What asking each rule without an index gives.
fn asked(rules: &Ruleset, method: &str, host: &str, target: &str, class: IdentityClass) -> Vec<usize> {
    let all = 0..rules.len();
    with_view(method, host, target, class, |view| {
        all.filter(|at| rules.rules[*at].condition.holds(view)).collect()
    })
}

fn with_view<T>(
    method: &str,
    host: &str,
    target: &str,
    class: IdentityClass,
    then: impl FnOnce(&View<'_>) -> T,
) -> T {
    let mut facts = RequestFacts::bare(ClientKey::Opaque("a"), Timestamp::default(), Vantage::Log);
    facts.method = Fact::Known(method);
    facts.host = Fact::Known(host);
    facts.target = Fact::Known(target);
    let mut assessment = scorer::blank();
    assessment.identity = Identity { class, claimed: None, status: ClaimStatus::Unverified };
    let view = View::new(&facts, &assessment, None, Score::new(70).unwrap());
    then(&view)
}

#[test]
fn rules_are_found_by_path_host_method_and_class() {
    let rules = blocks(&[
        r#"path.startsWith("/api/")"#,
        r#"host == "a.example""#,
        r#"method == "DELETE""#,
        r#"identity.class == "ai""#,
        r#"path == "/" && host == "B.example""#,
        "true",
        r#"path in ["/x", "/y"] || method == "PUT""#,
    ]);
    let check = |method, host, target, class, expect: &[usize]| {
        assert_eq!(matching(&rules, method, host, target, class), expect, "{method} {host} {target} {class}");
    };
    check("GET", "c.example", "/api/1", IdentityClass::Browser, &[0, 5]);
    check("DELETE", "A.Example:80", "/api", IdentityClass::Ai, &[1, 2, 3, 5]);
    check("GET", "b.EXAMPLE", "/?a=1", IdentityClass::Tool, &[4, 5]);
    check("PUT", "", "/z", IdentityClass::Tool, &[5, 6]);
    check("GET", "", "/y", IdentityClass::Tool, &[5, 6]);
}

#[test]
fn long_paths_and_many_methods_are_found_too() {
    let long = format!("/{}", "a".repeat(300));
    let mut conditions = vec![format!("path.startsWith(\"{long}\")"), format!("path == \"{long}b\"")];
    conditions.extend((0..40).map(|n| format!("method == \"M{n}\"")));
    let conditions: Vec<&str> = conditions.iter().map(String::as_str).collect();
    let rules = blocks(&conditions);
    assert_eq!(matching(&rules, "GET", "", &format!("{long}b"), IdentityClass::Unknown), [0, 1]);
    assert!(matching(&rules, "GET", "", &long[..200], IdentityClass::Unknown).is_empty());
    for n in 0..40 {
        assert_eq!(matching(&rules, &format!("M{n}"), "", "/", IdentityClass::Unknown), [n + 2]);
    }
}

#[test]
fn rules_that_can_never_fire_are_named() {
    let check = |conditions: &[&str], expect: &[(usize, &str)]| {
        let warnings = blocks(conditions).warnings();
        let found: Vec<(usize, String)> =
            warnings.iter().map(|warning| (warning.index, warning.reason.to_string())).collect();
        assert_eq!(found.len(), expect.len(), "{conditions:?}: {found:?}");
        for ((index, reason), (at, words)) in found.iter().zip(expect) {
            assert!(index == at && reason.contains(words), "{conditions:?}: {found:?}");
        }
    };
    check(&["is_bot", "score > 10"], &[]);
    check(&["false"], &[(0, "never true")]);
    check(&["score > 100"], &[(0, "`score`")]);
    check(&["200 <= score && path == \"/a\""], &[(0, "`score`")]);
    check(&["pages_per_minute < 0"], &[(0, "`pages_per_minute`")]);
    check(&["site == 0"], &[(0, "`site`")]);
    check(&["score >= 100", "score <= 0", "site == 1", "!(score > 100) && is_bot"], &[]);
    check(&[r#"path == "/a?b=1""#], &[(0, "`query`")]);
    check(&[r#"path in ["/a", "/b?c"]"#, r#"url == "/a?b=1""#, r#"path != "/a?""#], &[]);
    check(&[r#"method == "GET" && method == "POST""#], &[(0, "method")]);
    check(&[r#"path.startsWith("/a") && path == "/b""#], &[(0, "path")]);
    check(&[r#"path.startsWith("/a") && path.startsWith("/ab")"#], &[]);
    check(&[r#"host in ["a", "b"] && host != "a""#], &[]);
    check(&[r#"host.endsWith(".a") && host in ["a.b", "c.d"]"#], &[(0, "host")]);
    check(&["score > 50 && score < 40"], &[(0, "`score`")]);
    check(&["score >= 50 && score <= 50"], &[]);
    check(&["score == 50 && score > 50"], &[(0, "`score`")]);
    check(&["is_bot && !is_bot"], &[(0, "`is_bot`")]);
    check(&["true", "is_bot"], &[(1, "rule 1 decides first")]);
    check(&["is_bot", "is_bot"], &[(1, "rule 1 decides first")]);
    check(&[r#"path == "/a""#, r#"is_bot && path == "/a" && score > 3"#], &[(1, "rule 1 decides first")]);
    check(&[r#"path == "/a" && is_bot"#, r#"path == "/a""#], &[]);
    check(&[r#"ip == "1.2.3.4" && ip == "5.6.7.8""#], &[(0, "`ip`")]);
    check(&[r#"host == "shop.example:8080""#], &[(0, "without port")]);
    check(&[r#"path.startsWith("admin") && is_bot"#], &[(0, "paths begin with `/`")]);
    check(&[r#"method in ["get", "post"]"#], &[(0, "methods are in capitals")]);
    check(&[r#"method in ["get", "GET"]"#, r#"!(method == "get")"#, r#"path == "*""#], &[]);
    check(&[r#"path.endsWith("admin") || path == "admin""#], &[]);
    check(&[r#"path.startsWith("/api")"#, r#"path.startsWith("/api/v1")"#], &[(1, "rule 1 decides first")]);
    check(&["score >= 0", "false", "is_bot"], &[(1, "never true"), (2, "rule 1 decides first")]);
    check(&["false", "false"], &[(0, "never true"), (1, "never true")]);
}

#[test]
fn entries_that_work_against_their_action_are_named() {
    let check = |effect, entry, expect: &str| {
        for dry_run in [false, true] {
            let rule = RuleSource { entry: Some(entry), dry_run, ..RuleSource::new("is_bot", effect) };
            let warnings = Ruleset::compile(&[rule]).unwrap().warnings();
            let found: Vec<String> = warnings.iter().map(|warning| warning.reason.to_string()).collect();
            match expect {
                "" => assert!(found.is_empty(), "{effect:?} {entry:?}: {found:?}"),
                words => {
                    assert!(found.len() == 1 && found[0].contains(words), "{effect:?} {entry:?}: {found:?}");
                }
            }
        }
    };
    use EntryKind::{Block, Flag, Throttle};
    check(RuleEffect::Allow, Block, "other requests are refused");
    check(RuleEffect::Allow, Throttle, "other requests are slowed");
    check(RuleEffect::Allow, Flag, "flags add up to a block");
    check(RuleEffect::Challenge, Block, "told to prove itself");
    check(RuleEffect::Charge, Block, "told to pay");
    for gentle in [Throttle, Flag] {
        check(RuleEffect::Challenge, gentle, "");
        check(RuleEffect::Charge, gentle, "");
    }
    for entry in [Block, Throttle, Flag] {
        for effect in
            [RuleEffect::Monitor, RuleEffect::Throttle(Rate(3)), RuleEffect::Tarpit, RuleEffect::Block]
        {
            check(effect, entry, "");
        }
    }
}

#[test]
fn weights_rates_and_dry_runs_cover_nothing() {
    for effect in [RuleEffect::Weigh(5), RuleEffect::Throttle(Rate(3))] {
        let warnings = compile(&[("true", effect), ("true", RuleEffect::Block)]).unwrap().warnings();
        assert_eq!(warnings, []);
    }
    let tried = RuleSource { dry_run: true, ..RuleSource::new("true", RuleEffect::Block) };
    let warnings = Ruleset::compile(&[tried, RuleSource::new("true", RuleEffect::Block)]).unwrap().warnings();
    assert_eq!(warnings, []);
    let warnings =
        compile(&[("true", RuleEffect::Block), ("true", RuleEffect::Weigh(5))]).unwrap().warnings();
    assert_eq!(warnings, [], "weights come before what decides");
}

#[test]
fn every_refused_rule_is_named() {
    let errors = compile(&[
        ("is_bot", RuleEffect::Block),
        ("is_bto", RuleEffect::Block),
        ("true", RuleEffect::Allow),
        (r#"is_bot && path == 3"#, RuleEffect::Block),
    ])
    .unwrap_err();
    let found: Vec<(usize, usize)> = errors.iter().map(|error| (error.index, error.error.offset)).collect();
    assert_eq!(found, [(1, 0), (3, 18)]);
    assert!(errors[0].to_string().starts_with("rule 2: there is no `is_bto`"), "{}", errors[0]);
    let many = vec![RuleSource::new("true", RuleEffect::Monitor); RULES_MAX + 1];
    assert_eq!(Ruleset::compile(&many).unwrap_err().len(), 1);
}

#[test]
fn effects_have_the_names_of_configuration() {
    for name in palisade_domain::Action::NAMES {
        assert!(RuleEffect::named(name, 30).is_some(), "{name}");
    }
    assert_eq!(RuleEffect::named("throttle", 30), Some(RuleEffect::Throttle(Rate(30))));
    assert_eq!(RuleEffect::named("ban", 30), None);
    assert_eq!(EntryKind::named("flag"), Some(EntryKind::Flag));
}

const PARTS: [&str; 10] = [
    r#"path.startsWith("/a")"#,
    r#"path == "/a/b""#,
    r#"path.startsWith("/b/c")"#,
    r#"host == "one.example""#,
    r#"host in ["one.example", "two.example"]"#,
    r#"method == "GET""#,
    r#"method in ["POST", "PUT"]"#,
    r#"identity.class == "tool""#,
    r#"identity.class in ["ai", "browser"]"#,
    "score < 50",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// The index leaves out no rule that holds: it gives what asking every rule gives.
    #[test]
    fn the_index_loses_no_rule(
        rules in prop::collection::vec((0usize..10, 0usize..10, 0usize..10, any::<bool>(), any::<bool>()), 1..12),
        path in prop::sample::select(vec!["/", "/a", "/a/b", "/b/c/d", "/b"]),
        host in prop::sample::select(vec!["one.example", "TWO.example:8080", "three.example"]),
        method in prop::sample::select(vec!["GET", "POST", "PATCH"]),
        class in prop::sample::select(vec![IdentityClass::Tool, IdentityClass::Ai, IdentityClass::Search]),
    ) {
        let conditions: Vec<String> = rules.iter().map(|(a, b, c, first, second)| {
            let sign = |both: &bool| if *both { "&&" } else { "||" };
            format!("({} {} {}) {} {}", PARTS[*a], sign(first), PARTS[*b], sign(second), PARTS[*c])
        }).collect();
        let words: Vec<&str> = conditions.iter().map(String::as_str).collect();
        let all = blocks(&words);
        let found = matching(&all, method, host, path, class);
        prop_assert_eq!(found, asked(&all, method, host, path, class), "{:?}", words);
    }
}

/// A set of `count` rules, and the steps that reviewing it takes beside what is found.
fn reviewed(count: usize, of: impl Fn(usize) -> String) -> (usize, Vec<Warning>) {
    let conditions: Vec<String> = (0..count).map(of).collect();
    let rules = blocks(&conditions.iter().map(String::as_str).collect::<Vec<_>>());
    let mut review = Review::default();
    let warnings = review.among(&rules, 0..rules.len());
    (review.steps(), warnings)
}

#[test]
fn a_thousand_rules_are_reviewed_whole() {
    let last = RULES_MAX - 1;
    let plain = |at: usize| match at % 4 {
        _ if at == last => "path == \"/part-0/item\" && score > 90".to_owned(),
        0 => format!("path.startsWith(\"/part-{at}/\")"),
        1 => format!("user_agent.contains(\"bot{at};\")"),
        2 => format!("ip.inNetwork(\"10.{}.{}.0/24\") && score > 20", at / 256, at % 256),
        _ => format!("host == \"h{at}.example\" && method == \"POST\""),
    };
    let (steps, warnings) = reviewed(RULES_MAX, plain);
    assert!(steps < REVIEW_STEPS_MAX, "{steps}");
    assert_eq!(warnings, [Warning { index: last, offset: 0, reason: WarningReason::Covered { by: 0 } }]);
    for one_fact in
        ["user_agent.contains(\"bot{};\")", "path == \"/p{}\"", "path == \"/x\" && headers.a{} == \"1\""]
    {
        let (steps, warnings) = reviewed(RULES_MAX, |at| one_fact.replace("{}", &at.to_string()));
        assert!(steps < REVIEW_STEPS_MAX, "{one_fact}: {steps}");
        assert_eq!(warnings, [], "{one_fact}");
    }
}

#[test]
fn where_steps_run_out_nothing_more_is_found() {
    let any = |at: usize, fact: &str| {
        let ways: Vec<String> = (0..10).map(|way| format!("{fact}.contains(\"<{at}-{way}>\")")).collect();
        ways.join(" || ")
    };
    let alternatives = |at: usize| match at {
        1 | 399 => "is_bot".to_owned(),
        _ => format!("({}) && ({})", any(at, "user_agent"), any(at, "query")),
    };
    let (steps, warnings) = reviewed(3, |at| alternatives(at + 397));
    assert!(steps < REVIEW_STEPS_MAX && warnings.is_empty(), "{steps}");
    let (steps, warnings) = reviewed(400, alternatives);
    assert!(steps <= REVIEW_STEPS_MAX);
    // Found or not, never wrong.
    assert!(
        warnings
            .iter()
            .all(|warning| (warning.index, &warning.reason) == (399, &WarningReason::Covered { by: 1 }))
    );
}

#[test]
fn rules_of_two_places_are_reviewed_apart_and_across() {
    let rules = blocks(&[
        "is_bot",
        "is_bot && score > 3",
        r#"path == "/a""#,
        "is_bot && score > 9",
        r#"path == "/a" && is_bot"#,
        "score > 100",
    ]);
    let told = |warnings: Vec<Warning>| {
        let by = |reason| if let WarningReason::Covered { by } = reason { Some(by) } else { None };
        warnings.into_iter().map(|warning| (warning.index, by(warning.reason))).collect::<Vec<_>>()
    };
    let mut review = Review::default();
    assert_eq!(told(review.among(&rules, 0..2)), [(1, Some(0))]);
    assert_eq!(told(review.among(&rules, 2..6)), [(4, Some(2)), (5, None)]);
    assert_eq!(told(review.behind(&rules, 2, &[2, 3])), [(3, Some(0))]);
    assert_eq!(told(review.behind(&rules, 0, &[2, 3])), []);
    assert_eq!(told(rules.warnings()), [(1, Some(0)), (3, Some(0)), (4, Some(0)), (5, None)]);
}
