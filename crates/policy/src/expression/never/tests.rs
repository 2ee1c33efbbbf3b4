use std::sync::LazyLock;

use palisade_detect::scorer;
use palisade_domain::{
    ClaimStatus, ClientKey, Fact, HeaderCase, HeaderList, HeaderOrder, Identity, IdentityClass, RequestFacts,
    Score, Timestamp, Vantage,
};
use proptest::prelude::*;

use super::*;
use crate::expression::{View, fold, path};

fn compile(text: &str) -> Condition {
    Condition::compile(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Whether `wide` is found to hold wherever `narrow` does.
fn implies(narrow: &Condition, wide: &Condition) -> bool {
    let mut left = 10 * STEPS_MAX;
    let (Some(mut all), Some(mut wide)) = (narrow.situation(), wide.situation()) else { return false };
    wide.set_certain_parts_aside(&mut left);
    all.implies(&wide, &mut left)
}

/// What `condition` asks in vain; empty where some request may satisfy it.
fn about(condition: &str) -> String {
    match compile(condition).never() {
        None => String::new(),
        Some(Never::False) => "false".to_owned(),
        Some(Never::Impossible(about)) => format!("alone {about}"),
        Some(Never::Contradiction(about)) => about,
    }
}

#[track_caller]
fn check(expect: &str, conditions: &[&str]) {
    for condition in conditions {
        assert_eq!(about(condition), expect, "{condition}");
    }
}

#[test]
fn what_excludes_itself_is_found() {
    check(
        "`method`",
        &[
            r#"method == "GET" && method == "POST""#,
            r#"method == "GET" && method != "GET""#,
            r#"method in ["GET", "HEAD"] && !(method in ["HEAD", "GET", "PUT"])"#,
            r#"present(method) && !present(method)"#,
            r#"method == "GET" && (method == "POST" || method == "PUT")"#,
            r#"!(method != "GET") && present(method) && method == "POST""#,
            r#"method.startsWith("P") && method in ["GET", "HEAD"]"#,
        ],
    );
    check(
        "`path`",
        &[
            r#"path.startsWith("/a") && path.startsWith("/b")"#,
            r#"path.endsWith(".php") && path.endsWith(".html")"#,
            r#"path.startsWith("/api/") && !path.startsWith("/api")"#,
            r#"path.startsWith("/api/") && !path.contains("/api")"#,
            r#"path == "/a" && size(path) > 2"#,
            r#"path.startsWith("/abc") && size(path) < 4"#,
            r#"size(path) > 10 && size(path) < 5"#,
            r#"path.matches("^/a") && !path.matches("^/a")"#,
            r#"path.matches("^/a") && path == "/b""#,
            r#"path == query && !present(path)"#,
        ],
    );
    check(
        "`ip`",
        &[
            r#"ip == "1.2.3.4" && ip == "5.6.7.8""#,
            r#"ip.inNetwork("10.0.0.0/8") && ip.inNetwork("192.168.0.0/16")"#,
            r#"ip in ["10.0.0.0/9", "10.128.0.0/9"] && ip.inNetwork("10.0.0.0/8") && !ip.inNetwork("10.0.0.0/8")"#,
            r#"ip.inNetwork("10.0.0.0/8") && !ip.inNetwork("10.0.0.0/9") && !ip.inNetwork("10.128.0.0/9")"#,
            r#"present(ip) && !ip.inNetwork("0.0.0.0/0") && !ip.inNetwork("::/0")"#,
            r#"!present(ip) && ip != "1.2.3.4""#,
        ],
    );
    check(
        "`score`",
        &[
            "score > 80 && score < 20",
            "score > 80 && score < 81",
            "score in [1, 2] && score != 1 && score != 2",
            "score >= 50 && !(score > 20)",
            "score > 90 ? score < 10 : score > 95",
        ],
    );
    check(r#"`headers["x-key"]`"#, &[r#"headers["X-Key"] == "a" && !("x-key" in headers)"#]);
    check("`is_bot`", &["is_bot && !is_bot", "is_bot ? !is_bot : is_bot"]);
    check("`identity.class`", &[r#"identity.class == "tool" && !is_bot"#]);
    check("\"ua.scanner\" in `signals`", &[r#""ua.scanner" in signals && !("ua.scanner" in signals)"#]);
    check("`referrer`", &[r#"referrer == url && referrer != url"#]);
    check(
        "`path` and `method`",
        &[
            r#"(path == "/a" && path == "/b") || (method == "GET" && method == "PUT")"#,
            r#"(path == "/a" || method == "GET") && path == "/b" && method == "PUT""#,
        ],
    );
    check("false", &["false", "is_bot && 1 > 2"]);
}

#[test]
fn what_can_never_be_is_found() {
    check(
        "alone `score`",
        &["score > 100", "score < 0", "!(score <= 100)", "score == 50.5", "score in [101, 200]"],
    );
    check("alone `site`", &["site == 0"]);
    check("alone `pages_per_minute`", &["pages_per_minute < 0"]);
    check("alone `identity.class`", &["!present(identity.class)", r#"identity.class.startsWith("x")"#]);
    check(
        "alone `path`",
        &[
            r#"path == "/a?b=1""#,
            r#"path.contains("?") && is_bot"#,
            r#"path.startsWith("//a")"#,
            r#"path == "/a/../b""#,
            r#"path == "/a#top""#,
            "size(path) < 0",
        ],
    );
    check("alone `host`", &[r#"host == "shop.example:8080""#, r#"host in ["shop.example."]"#]);
    check("`kind`", &[r#"kind.startsWith("n") && kind.endsWith("t")"#]);
}

#[test]
fn what_may_be_is_left_alone() {
    check(
        "",
        &[
            "true",
            "is_bot",
            r#"!(method == "GET") && !(method == "POST")"#,
            r#"!(method == "GET") && !(method != "GET")"#,
            r#"!path.startsWith("/a") && !present(path)"#,
            r#"path.startsWith("/a") && path.startsWith("/ab") && path.endsWith("b") && size(path) == 3"#,
            r#"path.startsWith("/ab") && path.endsWith("/abc") && path.contains("b")"#,
            r#"path.contains("//") || path.endsWith("/..")"#,
            r#"path == "http:a//b""#,
            r#"host == "a.example" && host.matches("(?-i)A")"#,
            r#"host == "[2001:db8::1]""#,
            r#"ip.inNetwork("10.0.0.0/8") && !ip.inNetwork("10.0.0.0/9")"#,
            r#"ip.inNetwork("10.0.0.0/8") && ip == "10.255.255.255""#,
            r#"ip != "1.2.3.4" && ip != "5.6.7.8""#,
            r#"!ip.inNetwork("0.0.0.0/0") && !ip.inNetwork("::/1")"#,
            r#"!ip.inNetwork("0.0.0.0/0") && ip.inNetwork("::/80") && !ip.inNetwork("::/96")"#,
            r#"!present(ip)"#,
            "score >= 50 && score <= 50",
            "pages_per_minute > 80 && pages_per_minute < 81",
            "score > 0 || score < 0 || is_bot",
            "site > 4000000000",
            r#"identity.class == "browser" && is_bot"#,
            r#"size(headers) > 5 || size(signals) == 0"#,
            r#"(is_bot ? path : query) == "/a" && path == "/b""#,
            "(is_bot ? 1.0 : score) < 0",
            "score > pages_per_minute && score < pages_per_minute",
            r#"referrer == url && url == referrer"#,
            r#"query == "?""#,
        ],
    );
}

#[test]
fn much_of_it_takes_no_longer_than_it_may() {
    // Two ways each, forty times: more than anybody can go.
    let pairs: Vec<String> =
        (0..40).map(|n| format!("(path.contains(\"a{n}\") || query.contains(\"b{n}\"))")).collect();
    let all = pairs.join("&&");
    let hidden = format!("(host == \"a\" || host == \"b\") && {all} && host == \"c\"");
    check("", &[&all]);
    check("`host`", &[&hidden]);
    // Pigeons in holes, each its own.
    let hole = |n: usize| format!("headers.p{n} in [\"a\", \"b\", \"c\", \"d\", \"e\"]");
    let apart = |a: usize, b: usize| {
        let both = |hole: &str| format!("!(headers.p{a} == \"{hole}\" && headers.p{b} == \"{hole}\")");
        ["a", "b", "c", "d", "e"].map(both).join(" && ")
    };
    let pairs = [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)].map(|(a, b)| apart(a, b));
    let pigeons = format!("{} && {}", [0, 1, 2, 3].map(hole).join(" && "), pairs.join(" && "));
    check("", &[&pigeons]);
    let compiled = compile(&all);
    assert!(implies(&compiled, &compiled));
    let chain = vec!["is_bot"; 128].join("==");
    check("", &[&chain]);
    let many: Vec<String> = (0..120).map(|n| format!("score!={n}")).collect();
    check("`score`", &[&many.join("&&")]);
}

#[test]
fn one_rule_implies_another() {
    let implies = |narrow: &str, wide: &str| {
        let (narrow, wide) = (compile(narrow), compile(wide));
        self::implies(&narrow, &wide)
    };
    for (narrow, wide) in [
        ("is_bot", "true"),
        ("is_bot", "score >= 0"),
        (r#"path == "/a/b""#, r#"path.startsWith("/a")"#),
        (r#"path.startsWith("/api/v1")"#, r#"path.startsWith("/api")"#),
        (r#"path.startsWith("/api")"#, "present(path)"),
        (r#"method == "PUT" && is_bot"#, r#"method in ["POST", "PUT"]"#),
        (r#"method in ["POST", "PUT"]"#, r#"method == "PUT" || method == "POST""#),
        (r#"method == "POST" || method == "PUT""#, r#"method != "GET""#),
        ("score > 80", "score > 50"),
        ("score > 80", "score >= 81"),
        (r#"ip == "10.1.2.3""#, r#"ip.inNetwork("10.0.0.0/8")"#),
        (r#"ip in ["10.0.0.0/9", "10.128.0.0/9"]"#, r#"ip.inNetwork("10.0.0.0/8")"#),
        (r#"identity.class in ["tool", "library"]"#, "is_bot"),
        ("is_bot && score > 3", "score > 3 && is_bot"),
        (r#"user_agent.matches("^curl") && is_bot"#, r#"user_agent.matches("^curl")"#),
        (r#"is_bot ? score > 50 : score > 60"#, "score > 50"),
    ] {
        assert!(implies(narrow, wide), "{narrow} is within {wide}");
    }
    for (narrow, wide) in [
        ("true", "is_bot"),
        (r#"path.startsWith("/a")"#, r#"path.startsWith("/ab")"#),
        (r#"method != "GET""#, r#"!(method == "GET") && present(host)"#),
        (r#"!(method == "GET")"#, r#"method != "GET""#),
        ("is_bot", "score >= 1"),
        (r#"ip in ["10.0.0.0/8", "::1"]"#, r#"ip.inNetwork("10.0.0.0/8")"#),
        (r#"user_agent.matches("^curl")"#, r#"user_agent.startsWith("curl")"#),
    ] {
        assert!(!implies(narrow, wide), "{narrow} is not within {wide}");
    }
}

const ATOMS: [&str; 38] = [
    r#"method == "GET""#,
    r#"method != "GET""#,
    r#"method in ["POST", "PUT"]"#,
    r#"path == "/a""#,
    r#"path.startsWith("/a")"#,
    r#"path.startsWith("/a/b")"#,
    r#"path.endsWith("b")"#,
    r#"path.endsWith("/..")"#,
    r#"path.contains("/a")"#,
    r#"path.contains("//")"#,
    r#"path.matches("^/a?$")"#,
    "size(path) < 3",
    "size(path) >= 4",
    r#"path in ["/", "/a/b", "//a"]"#,
    "present(path)",
    r#"query == "x=1""#,
    "path == query",
    "path != query",
    r#"host == "a.example""#,
    r#"host == "a.example:80""#,
    r#"host.matches("(?-i)^A")"#,
    r#"host.matches("^a")"#,
    r#"host.startsWith("A.")"#,
    "score > 50",
    "score <= 20",
    "score in [20, 51]",
    "pages_per_minute > 50",
    "score > pages_per_minute",
    r#"ip == "10.0.0.1""#,
    r#"ip != "10.0.0.1""#,
    r#"ip.inNetwork("10.0.0.0/8")"#,
    r#"ip in ["10.0.0.0/9", "2001:db8::/32"]"#,
    r#"ip.inNetwork("::/0")"#,
    "is_bot",
    r#"identity.class == "tool""#,
    r#"identity.class in ["browser", "unknown"]"#,
    r#"headers["x-a"] == "1""#,
    r#""x-a" in headers"#,
];

/// Some parts, joined in some way. Reading them again and again would take longest.
fn condition() -> impl Strategy<Value = Condition> {
    static READ: LazyLock<Vec<Condition>> = LazyLock::new(|| ATOMS.map(compile).to_vec());
    let atom = prop::sample::select(&READ[..]);
    atom.prop_recursive(4, 12, 3, |inner| {
        let two = || (inner.clone(), inner.clone());
        let three = (inner.clone(), inner.clone(), inner.clone());
        prop_oneof![
            4 => two().prop_map(|(a, b)| of(fold::and(a.test, b.test))),
            2 => two().prop_map(|(a, b)| of(fold::or(a.test, b.test))),
            2 => inner.prop_map(|a| of(fold::not(a.test))),
            1 => three.prop_map(|(a, b, c)| of(fold::choose(a.test, b.test, c.test))),
        ]
    })
}

fn of(test: Test) -> Condition {
    Condition { test }
}

#[derive(Clone, Debug)]
struct Sent {
    method: Option<&'static str>,
    host: Option<&'static str>,
    target: Option<&'static str>,
    client: Option<&'static str>,
    header: bool,
    class: IdentityClass,
    score: u8,
    pages: f32,
}

fn sent() -> impl Strategy<Value = Sent> {
    let some = |words: &'static [&'static str]| prop::option::weighted(0.8, prop::sample::select(words));
    (
        some(&["GET", "POST", "HEAD"]),
        some(&["a.example", "A.Example:80", "a.example:80.", "b.example.", "[::1]:80"]),
        some(&[
            "/",
            "/a",
            "/a/b",
            "//a",
            "/a/../b?x=1",
            "*",
            "/ab?x=1",
            "http://h//a//b",
            "/%61",
            "/a/.",
            "x/..",
        ]),
        some(&["10.0.0.1", "10.200.0.1", "192.0.2.1", "2001:db8::1", "::1", "::ffff:10.0.0.1"]),
        any::<bool>(),
        prop::sample::select(IdentityClass::ALL.to_vec()),
        prop::sample::select(vec![0_u8, 20, 21, 50, 51, 100]),
        prop::sample::select(vec![0.0_f32, 20.5, 50.0, 70.0]),
    )
        .prop_map(|(method, host, target, client, header, class, score, pages)| Sent {
            method,
            host,
            target,
            client,
            header,
            class,
            score,
            pages,
        })
}

fn fact(word: Option<&'static str>) -> Fact<&'static str> {
    word.map_or(Fact::Absent, Fact::Known)
}

/// Which of `conditions` hold for `sent`, its path in the plain spelling as rules see it.
fn holding(sent: &Sent, conditions: &[&Condition]) -> Vec<bool> {
    const HEADERS: [(&str, &str); 1] = [("X-A", "1")];
    let client =
        sent.client.map_or(ClientKey::Opaque("x"), |address| ClientKey::Ip(address.parse().unwrap()));
    let mut facts = RequestFacts::bare(client, Timestamp::default(), Vantage::GatewayClear);
    (facts.method, facts.host, facts.target) = (fact(sent.method), fact(sent.host), fact(sent.target));
    let (order, case) = (HeaderOrder::Wire, HeaderCase::Wire);
    let entries = if sent.header { &HEADERS[..] } else { &[] };
    facts.headers = Fact::Known(HeaderList { entries, order, case });
    let mut assessment = scorer::blank();
    assessment.score = Score::new(sent.score).unwrap();
    assessment.pages_per_minute = sent.pages;
    assessment.identity = Identity { class: sent.class, claimed: None, status: ClaimStatus::Unverified };
    let view = View::new(&facts, &assessment, None, Score::new(70).unwrap());
    let mut out = [0; 64];
    let plain =
        view.path().filter(|path| path::is_spelled(path)).and_then(|sent| path::plain(sent, &mut out));
    let view = view.plainly(plain);
    conditions.iter().map(|condition| condition.holds(&view)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// A rule that is called dead never fires.
    #[test]
    fn the_dead_stay_dead(condition in condition(), requests in prop::collection::vec(sent(), 24)) {
        if condition.never().is_some() {
            for sent in requests {
                prop_assert_eq!(holding(&sent, &[&condition]), [false], "{:?} {:?}", condition, sent);
            }
        }
    }

    /// Where a rule stands in the shadow of another, the other holds wherever it does.
    #[test]
    fn shadows_are_cast(
        narrow in condition(),
        wide in condition(),
        requests in prop::collection::vec(sent(), 24),
    ) {
        if implies(&narrow, &wide) {
            for sent in requests {
                let found = holding(&sent, &[&narrow, &wide]);
                prop_assert!(!found[0] || found[1], "{:?} {:?} {:?}", narrow, wide, sent);
            }
        }
    }

    /// What holds for some request is not called dead, however much of it is said.
    #[test]
    fn what_fires_is_not_called_dead(parts in prop::collection::vec(condition(), 1..8), sent in sent()) {
        let found = holding(&sent, &parts.iter().collect::<Vec<_>>());
        let said = parts.into_iter().zip(found).map(|(part, holds)| match holds {
            true => part.test,
            false => fold::not(part.test),
        });
        let all = of(said.reduce(fold::and).unwrap());
        prop_assert_eq!(all.never(), None, "{:?} {:?}", all, sent);
    }
}
