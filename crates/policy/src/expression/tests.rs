use palisade_detect::scorer;
use palisade_domain::{
    Assessment, ClaimStatus, ClientKey, Detail, Fact, HeaderCase, HeaderList, HeaderOrder, HttpVersion,
    Identity, IdentityClass, RequestFacts, Scheme, Score, SignalId, SignalPoints, Signature, SiteId,
    Timestamp, Vantage,
};
use proptest::prelude::*;

use super::*;

const HEADERS: [(&str, &str); 3] =
    [("Accept", "text/html"), ("X-Api-Version", "2"), ("Content-Type", "application/json")];

fn facts() -> RequestFacts<'static> {
    let client = ClientKey::Ip("192.0.2.7".parse().unwrap());
    let mut facts = RequestFacts::bare(client, Timestamp::from_secs(1), Vantage::GatewayClear);
    facts.site = SiteId(1);
    facts.method = Fact::Known("GET");
    facts.host = Fact::Known("Shop.Example:8080");
    facts.target = Fact::Known("/api/v1/items?page=2");
    facts.user_agent = Fact::Known("curl/8.5.0");
    facts.referrer = Fact::Absent;
    facts.version = Fact::Known(HttpVersion::Http11);
    facts.scheme = Fact::Known(Scheme::Https);
    let (order, case) = (HeaderOrder::Wire, HeaderCase::Wire);
    facts.headers = Fact::Known(HeaderList { entries: &HEADERS, order, case });
    facts.host_name = Fact::Known("crawl-1.Bot.example");
    facts.signature = Fact::Known(Signature::Verified("https://bot.example"));
    facts
}

fn assessment() -> Assessment {
    let mut assessment = scorer::blank();
    assessment.score = Score::new(64).unwrap();
    assessment.pages_per_minute = 12.5;
    assessment.identity =
        Identity { class: IdentityClass::Tool, claimed: Some("curl"), status: ClaimStatus::Unverified };
    let line = |id, dry_run| SignalPoints {
        id: SignalId(id),
        points: 3,
        evidence: 1.0,
        detail: Detail::plain("a test"),
        dry_run,
    };
    assessment.explanation.push(line("ua.scanner", false));
    assessment.explanation.push(line("rate.flood", true));
    assessment
}

fn holds(condition: &str) -> bool {
    let (facts, assessment) = (facts(), assessment());
    let view = View::new(&facts, &assessment, None, Score::new(70).unwrap());
    let compiled = Condition::compile(condition).unwrap_or_else(|error| panic!("{condition}: {error}"));
    compiled.holds(&view)
}

#[track_caller]
fn check(expect: bool, conditions: &[&str]) {
    for condition in conditions {
        assert_eq!(holds(condition), expect, "{condition}");
    }
}

#[test]
fn texts_are_compared() {
    check(
        true,
        &[
            r#"method == "GET""#,
            r#""GET" == method"#,
            r#"method != "POST""#,
            r#"method in ["HEAD", "GET"]"#,
            r#"path == "/api/v1/items""#,
            r#"path.startsWith("/api")"#,
            r#"startsWith(path, "/api")"#,
            r#"path.endsWith("items") && path.contains("/v1/")"#,
            r#"query == "page=2" && url == "/api/v1/items?page=2""#,
            r#"user_agent.matches("^curl/[0-9]+[.]")"#,
            r#"matches(user_agent, 'curl')"#,
            r#"version == "1.1" && scheme == "https""#,
            r#"identity.class == "tool" && identity.claimed == "curl" && identity.status == "unverified""#,
            r#"signed_by == "https://bot.example""#,
            r#"path == "/api/" + "v1/items""#,
            r#"(score > 50 ? path : query) == "/api/v1/items""#,
            r#"size(path) == 13 && size(user_agent) < 20"#,
            r#"path.startsWith("")"#,
        ],
    );
    check(
        false,
        &[
            r#"method == "get""#,
            r#"path == "/API/v1/items""#,
            r#"path in ["/", "/api"]"#,
            r#"path in []"#,
            r#"user_agent.matches("^wget")"#,
            r#"ja4 == "t13d1516h2_8daaf6152771_b186095e22b6""#,
        ],
    );
}

#[test]
fn host_names_ignore_letter_case_and_port() {
    check(
        true,
        &[
            r#"host == "shop.example""#,
            r#"host == "SHOP.example""#,
            r#"host in ["a.example", "Shop.Example"]"#,
            r#"host.endsWith(".EXAMPLE") && host.startsWith("shop") && host.contains("P.E")"#,
            r#"host.matches("^shop[.]")"#,
            r#"host_name.endsWith(".bot.example")"#,
        ],
    );
    check(false, &[r#"host != "shop.example""#, r#"host.contains("8080")"#]);
}

#[test]
fn numbers_lists_and_addresses_are_compared() {
    check(
        true,
        &[
            "score >= 64 && score <= 64.0 && score > 63 && 65 > score && score == 64 && score != 1",
            "score in [63, 64]",
            "score > 8 * 8 - 1",
            "score > -1",
            "pages_per_minute > 12",
            "site == 2",
            "is_bot",
            "is_bot == true && !(is_bot == false)",
            r#""ua.scanner" in signals && size(signals) == 1"#,
            r#"!("rate.flood" in signals)"#,
            r#"inNetwork(ip, "192.0.2.0/24") && ip.inNetwork("192.0.2.7")"#,
            r#"inNetwork(ip, ["10.0.0.0/8", "192.0.2.0/29"])"#,
            r#"ip in ["192.0.2.7", "2001:db8::/32"] && ip == "192.0.2.7" && ip != "192.0.2.8""#,
            "true ? score == 64 : false",
        ],
    );
    check(false, &["score > 64", r#"inNetwork(ip, "10.0.0.0/8")"#, "1 == 2", r#"ip == "::1""#]);
}

#[test]
fn headers_are_looked_up_by_any_case() {
    check(
        true,
        &[
            r#"headers["x-api-version"] == "2" && headers["ACCEPT"].contains("html")"#,
            r#"headers.accept == "text/html" && has(headers.accept)"#,
            r#""content-type" in headers && !("cookie" in headers)"#,
            "size(headers) == 3",
            r#"present(user_agent) && present(ip) && has(identity.claimed)"#,
        ],
    );
    check(false, &["has(headers.cookie)", "present(referrer)", "present(ja4)"]);
}

#[test]
fn what_is_not_known_makes_a_comparison_false_and_never_an_error() {
    check(
        false,
        &[
            r#"referrer == "x""#,
            r#"referrer != "x""#,
            r#"referrer.contains("")"#,
            "size(referrer) < 10",
            r#"headers["cookie"] != "a""#,
            r#"kind == "navigation""#,
            "referrer == ja4",
        ],
    );
    check(
        true,
        &[r#"!(referrer == "x")"#, r#"!present(referrer) || referrer.startsWith("https://shop.example/")"#],
    );
}

#[test]
fn constants_are_folded() {
    let constant = |condition| Condition::compile(condition).unwrap().constant();
    for condition in
        ["true", "1 < 2 || is_bot", r#""a" in ["a"]"#, "!false", "size(\"é\") == 1", "false ? is_bot : true"]
    {
        assert_eq!(constant(condition), Some(true), "{condition}");
    }
    for condition in ["false", "is_bot && 2 < 1", r#"method in []"#, r#""abc".matches("x")"#, "true && !true"]
    {
        assert_eq!(constant(condition), Some(false), "{condition}");
    }
    assert_eq!(constant("is_bot"), None);
    let same = |a, b| assert_eq!(Condition::compile(a).unwrap(), Condition::compile(b).unwrap(), "{a} {b}");
    same("score > 5 && (is_bot && true)", "5 < score && is_bot");
    same("!(!is_bot)", "is_bot ? true : false");
}

#[track_caller]
fn refuse(condition: &str, at: &str, words: &str) {
    let error = Condition::compile(condition).expect_err(condition);
    assert_eq!(
        &condition[error.offset..][..at.len().min(condition.len() - error.offset)],
        at,
        "{condition}: {error}"
    );
    assert!(error.to_string().contains(words), "{condition}: {error}");
}

#[test]
fn what_is_refused_is_named_with_its_place() {
    refuse(r#"metod == "GET""#, "metod", "did you mean `method`?");
    refuse(r#"is_bot && user_agnet == "x""#, "user_agnet", "did you mean `user_agent`?");
    refuse(r#"identity.clas == "ai""#, "identity.clas", "did you mean `class`?");
    refuse(r#"path.startWith("/a")"#, "startWith", "did you mean `startsWith`?");
    refuse(r#"identity.class == "serch""#, "\"serch\"", "did you mean `search`?");
    refuse(r#"method == "é" && scheme == "ftp""#, "\"ftp\"", "never \"ftp\"");
    refuse(r#""payload.sq" in signals"#, "\"payload.sq\"", "signals");
    refuse("path > 5", "5", "a text is wanted here, this is a number");
    refuse("score == \"5\"", "\"5\"", "a number is wanted here, this is a text");
    refuse("path", "path", "true or false");
    refuse("score && is_bot", "score", "true or false");
    refuse(r#"path < "/a""#, "path", "an order of texts");
    refuse("score + 1 > 5", "score", "arithmetic on facts");
    refuse("path.matches(query)", "query", "a pattern that is not written out");
    refuse(r#"path.matches("(")"#, "\"(\"", "pattern is refused");
    refuse(r#"path.matches("(\\w{100}){100}")"#, "\"(", "KiB");
    refuse(r#"inNetwork(ip, "10.0.0.0/40")"#, "\"10", "no address or network");
    refuse(r#"ip.startsWith("10.")"#, "ip", "inNetwork");
    refuse("headers.exists(h, h == \"x\")", "headers", "macro");
    refuse("[1, 2].all(x, x > score)", "[", "macro");
    refuse("headers[path] == \"x\"", "path", "a header's name in quotes");
    refuse("{\"a\": 1} == score", "{", "a map");
    refuse("has(referrer)", "", "present(referrer)");
    refuse("referrer == null", "null", "null");
    refuse(r#"path == "é" && is_bot is_bot"#, "is_bot", "not understood");
    refuse("is_bot &&", "", "ends too early");
    refuse("", "", "ends too early");
    refuse("is_bot is_bot", "is_bot", "not understood");
    refuse("path.startsWith()", "startsWith", "more or fewer arguments");
    refuse("identity == \"x\"", "", "identity");
    refuse(r#"signals == "x""#, "", "wanted");
}

#[test]
fn other_languages_are_answered_in_this_one() {
    refuse(r#"path = "/a""#, "= ", "`==` compares");
    refuse("path == /a", "/a", "in quotes");
    refuse("ip == 192.0.2.1", ".2", "in quotes");
    refuse(r#"is_bot and path == "/a""#, "and", "`&&`");
    refuse(r#"is_bot & path == "/a""#, "& ", "`&&`");
    refuse("is_bot OR is_bot", "OR", "`||`");
    refuse("is_bot | is_bot", "| ", "`||`");
    refuse("not is_bot", "is_bot", "`!`");
    refuse(r#"path =~ "^/a""#, "=~", "matches");
    refuse(r#"path ~ "^/a""#, "~", "matches");
    refuse(r#"path contains "a""#, "contains", "path.contains");
    refuse("score > 50 && < 60", "< 60", "from here on: `< 60`");
    refuse("50 < score < 60", "50", "50 < score && score < 60");
    refuse(r#"headers.user-agent == "x""#, "headers", "headers[\"user-agent\"]");
    refuse(r#"ip in "10.0.0.0/8""#, "\"10", "a list in brackets");
    refuse(r#"country == "DE""#, "country", "there are method, host,");
    refuse("method == GET", "GET", "texts stand in quotes");
    refuse(r#"identity == "curl""#, "identity", "write identity.class");
    refuse(r#"path.lower() == "/a""#, "lower", "there are startsWith,");
    refuse(r#""sql" in signals"#, "\"sql\"", "did you mean `payload.sql`?");
}

#[test]
fn too_long_too_deep_and_too_large_are_refused_before_they_are_read() {
    refuse(&format!("path == \"{}\"", "a".repeat(CONDITION_BYTES_MAX)), "path", "bytes");
    refuse(&format!("{}is_bot{}", "(".repeat(500), ")".repeat(500)), "(", "deeper");
    refuse(&format!("is_bot{}", " ? is_bot : is_bot".repeat(100)), "?", "deeper");
    refuse(&vec!["1"; 700].join("=="), "=", "parts");
    refuse(&vec!["1"; 1_500].join("+"), "+", "parts");
    // Just within: the reader and the checker have stack enough.
    let chain = vec!["is_bot"; 128].join("==");
    assert!(Condition::compile(&chain).is_ok());
    let depth = CONDITION_DEPTH_MAX;
    assert!(Condition::compile(&format!("{}is_bot{}", "(".repeat(depth), ")".repeat(depth))).is_ok());
    assert!(Condition::compile(&vec!["is_bot"; 400].join("&&")).is_ok());
    assert!(Condition::compile(&format!("ip in [{}]", vec!["\"10.0.0.1\""; 200].join(","))).is_ok());
}

#[test]
fn keys_say_what_a_request_must_show() {
    let keys = |condition| Condition::compile(condition).unwrap().keys();
    let words = |list: &[&str]| Some(list.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
    let found =
        keys(r#"host == "A.example" && path.startsWith("/x") && method in ["GET", "HEAD"] && is_bot"#);
    assert_eq!((found.hosts, found.paths), (words(&["a.example"]), words(&["/x"])));
    assert_eq!(found.methods, words(&["GET", "HEAD"]));
    assert_eq!(keys(r#"path == "/a" || path.startsWith("/b")"#).paths, words(&["/a", "/b"]));
    assert_eq!(keys(r#"path == "/a" || is_bot"#), Keys::default());
    assert_eq!(keys(r#"!(path == "/a")"#), Keys::default());
    assert_eq!(keys(r#"is_bot ? path == "/a" : path == "/c""#).paths, words(&["/a", "/c"]));
    let tools = keys(r#"identity.class in ["tool", "library"]"#).class_bits();
    assert_eq!(tools, class_bit(IdentityClass::Tool) | class_bit(IdentityClass::Library));
}

#[test]
fn every_name_of_the_list_can_be_used() {
    for (name, meaning) in names::NAMES {
        let condition = match meaning {
            names::Meaning::Text(_) => format!("present({name})"),
            names::Meaning::Number(_) => format!("{name} > 0"),
            names::Meaning::IsBot => name.to_owned(),
            names::Meaning::Address => format!("present({name})"),
            names::Meaning::Headers | names::Meaning::Signals => format!("size({name}) > 0"),
            names::Meaning::Identity => format!("present({name}.class)"),
        };
        assert!(Condition::compile(&condition).is_ok(), "{condition}");
    }
    for class in IdentityClass::ALL {
        assert!(Condition::compile(&format!("identity.class == \"{}\"", class.name())).is_ok());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_text_does_harm(text in "[a-z_.()\\[\\]\"' =&|!?:,0-9é+-]{0,60}") {
        if let Err(error) = Condition::compile(&text) {
            prop_assert!(text.is_char_boundary(error.offset), "{error}");
            prop_assert!(!error.to_string().contains('\n'), "{error}");
        }
    }

    #[test]
    fn keys_never_exclude_a_request_that_the_condition_takes(
        parts in prop::collection::vec((0usize..6, any::<bool>()), 1..5),
    ) {
        let words = [
            r#"path.startsWith("/api")"#, r#"method == "GET""#, r#"host == "shop.example""#,
            r#"path == "/x""#, r#"identity.class == "tool""#, "is_bot",
        ];
        let mut condition = words[0].to_owned();
        for (word, both) in parts {
            condition = format!("({condition} {} {})", if both { "&&" } else { "||" }, words[word]);
        }
        let compiled = Condition::compile(&condition).unwrap();
        let keys = compiled.keys();
        if holds(&condition) {
            prop_assert!(keys.paths.is_none_or(|starts| starts.iter().any(|start| "/api/v1/items".starts_with(start.as_str()))));
            prop_assert!(keys.hosts.is_none_or(|hosts| hosts.iter().any(|host| host == "shop.example")));
            prop_assert!(keys.methods.is_none_or(|methods| methods.iter().any(|method| method == "GET")));
        }
    }
}
