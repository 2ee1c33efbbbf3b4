use proptest::prelude::*;
use serde::Deserialize;

use super::*;

#[derive(Deserialize)]
struct Case {
    test: String,
    robots_txt: String,
    user_agent: String,
    url: String,
    allowed: bool,
}

/// Google's interface takes URLs that are already encoded; RFC 9309 section 2.2.2 normalises both sides.
const RFC_SAYS_OTHERWISE: [(&str, &str); 3] = [
    ("Allow: /foo/bar/ツ", "http://foo.bar/foo/bar/ツ"),
    ("Allow: /foo/bar/%E3%83%84", "http://foo.bar/foo/bar/ツ"),
    ("Allow: /foo/bar/%62%61%7A", "http://foo.bar/foo/bar/baz"),
];

#[test]
fn googles_cases() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("../../testdata/robots/cases.json")).unwrap();
    assert_eq!(cases.len(), 142);
    let mut otherwise = 0;
    for case in &cases {
        let differs =
            RFC_SAYS_OTHERWISE.iter().any(|(rule, url)| case.robots_txt.contains(rule) && case.url == *url);
        otherwise += usize::from(differs);
        let allowed = Robots::parse(case.robots_txt.as_bytes()).allows(&case.user_agent, &case.url);
        assert_eq!(allowed, case.allowed != differs, "{}: {:?} {}", case.test, case.robots_txt, case.url);
    }
    assert_eq!(otherwise, RFC_SAYS_OTHERWISE.len());
}

fn check(file: &str, agent: &str, target: &str, allowed: bool) {
    assert_eq!(Robots::parse(file.as_bytes()).allows(agent, target), allowed, "{file:?} {agent} {target}");
}

/// RFC 9309, section 5.1.
#[test]
fn the_simple_example() {
    let file = "User-Agent: *\nDisallow: *.gif$\nDisallow: /example/\nAllow: /publications/\n\n\
        User-Agent: foobot\nDisallow:/\nAllow:/example/page.html\nAllow:/example/allowed.gif\n\n\
        User-Agent: barbot\nUser-Agent: bazbot\nDisallow: /example/page.html\n\nUser-Agent: quxbot\n";
    check(file, "anybot", "/a.gif", false);
    check(file, "anybot", "/a.gif?x", true);
    check(file, "anybot", "/publications/", true);
    check(file, "foobot", "/", false);
    check(file, "foobot", "/example/page.html", true);
    check(file, "barbot", "/example/page.html", false);
    check(file, "bazbot", "/example/page.html", false);
    check(file, "bazbot", "/example/", true);
    check(file, "quxbot", "/example/", true);
}

/// RFC 9309, section 5.2, and 2.2.2 on ties.
#[test]
fn the_longest_match_decides() {
    let file = "User-Agent: foobot\nAllow: /example/page/\nDisallow: /example/page/disallowed.gif\n";
    check(file, "foobot", "/example/page/disallowed.gif", false);
    check(file, "foobot", "/example/page/", true);
    check("User-agent: a\nDisallow: /x\nAllow: /x\n", "a", "/x", true);
}

/// RFC 9309, section 2.2.1: groups of one name are one group, and the name alone counts.
#[test]
fn groups_of_one_name_are_one() {
    let file = "user-agent: ExampleBot\ndisallow: /foo\n\nuser-agent: other\ndisallow: /\n\n\
        user-agent: examplebot/1.0\nallow: /foo/bar\ndisallow: /baz\n\nuser-agent: *\ndisallow: /qux\n";
    check(file, "EXAMPLEBOT", "/foo", false);
    check(file, "ExampleBot/2.0", "/baz", false);
    check(file, "ExampleBot", "/foo/bar", true);
    check(file, "ExampleBot", "/qux", true);
    check(file, "ExampleBotOther", "/qux", false);
    check(file, "Example", "/foo", true);
}

#[test]
fn names_of_the_real_world() {
    check("User-agent: MJ12bot\nDisallow: /\n", "MJ12bot/v1.4.8", "/", false);
    check("User-agent: MJ12bot\nDisallow: /\n", "MJ", "/", true);
    check("User-agent: FooBot2.1\nDisallow: /\n", "FooBot", "/", false);
    check("User-agent: Mail.RU_Bot\nDisallow: /\n", "mail.ru_bot", "/", false);
    check("User-agent: 008\nDisallow: /\n", "008", "/", false);
    check("User-agent: * # all\nDisallow: /\n", "anyone", "/", false);
    check("User-agent: *\nDisallow: /\n", "", "/", false);
}

#[test]
fn its_own_file_is_always_allowed() {
    let file = "User-agent: *\nDisallow: /\n";
    check(file, "a", "/robots.txt", true);
    check(file, "a", "https://shop.example/robots.txt?x=1", true);
    check(file, "a", "/robots.txt.bak", false);
    check(file, "a", "/sub/robots.txt", false);
}

#[test]
fn any_line_ending_and_a_mark_at_the_start() {
    for end in ["\n", "\r", "\r\n"] {
        let file = format!("\u{feff}User-agent: a{end}{end}Disallow: /x{end}Allow: /x/y");
        check(&file, "a", "/x", false);
        check(&file, "a", "/x/y", true);
    }
}

#[test]
fn bytes_that_are_no_text_are_compared_as_bytes() {
    let robots = Robots::parse(b"User-agent: a\nDisallow: /caf\xe9\n\xff\xfe\x00\n");
    assert!(!robots.allows("a", "/caf%E9"));
    assert!(robots.allows("a", "/caf"));
    let problems: Vec<_> = robots.warnings().iter().map(|w| (w.line, w.problem)).collect();
    assert_eq!(problems, [(2, Problem::NotUtf8), (3, Problem::NoField)]);
}

#[test]
fn what_is_wrong_is_named() {
    let robots = Robots::parse(
        b"disallow: /early\nUser-agent a\nDisalow: /x\nDisallow: y\nUser-agent:\nwhat is this\nFoo: bar\n: x\n",
    );
    let problems: Vec<_> = robots.warnings().iter().map(|w| (w.line, w.problem)).collect();
    assert_eq!(
        problems,
        [
            (1, Problem::NoAgent),
            (2, Problem::NoColon),
            (3, Problem::Misspelt),
            (4, Problem::NoSlash),
            (5, Problem::EmptyAgent),
            (6, Problem::NoField),
            (8, Problem::NoField),
        ]
    );
    assert!(!robots.allows("a", "/x"));
    assert_eq!(
        robots.warnings()[1].to_string(),
        "robots.txt:2: a colon is missing; read as if it were there"
    );
    assert_eq!(Robots::parse(&b"x\n".repeat(10_000)).warnings().len(), WARNINGS_MAX);
}

#[test]
fn the_rest_of_a_huge_file_is_ignored() {
    let mut file = b"User-agent: *\nDisallow: /secret\n".to_vec();
    file.resize(BYTES_MAX - 10, b'#');
    file.extend(b"\nDisallow: /late\nDisallow: /later\n");
    let robots = Robots::parse(&file);
    assert!(!robots.allows("a", "/secret") && robots.allows("a", "/late"));
    assert_eq!(robots.warnings(), [Warning { line: 4, problem: Problem::TooLong }]);
}

#[test]
fn other_lines_are_facts_with_a_scope() {
    let robots = Robots::parse(
        b"License: https://shop.example/l.xml\nUser-agent: b\nUser-agent: A\nCrawl-delay: 5\nDisallow: /x\n\
        Sitemap: https://shop.example/s.xml # map\nUser-agent: *\nContent-Signal: search=yes, ai-train=no\n\
        Content-Usage: train-ai=n\nHost: shop.example\n",
    );
    let seen: Vec<_> = robots
        .records()
        .iter()
        .map(|record| (record.line, record.name, &*record.value, robots.scope(record).join(" ")))
        .collect();
    assert_eq!(
        seen,
        [
            (1, RecordName::License, "https://shop.example/l.xml", String::new()),
            (4, RecordName::CrawlDelay, "5", "a b".to_owned()),
            (6, RecordName::Sitemap, "https://shop.example/s.xml", String::new()),
            (8, RecordName::ContentSignal, "search=yes, ai-train=no", "*".to_owned()),
            (9, RecordName::ContentUsage, "train-ai=n", "*".to_owned()),
        ]
    );
    assert!(!robots.allows("b", "/x"), "a crawl delay does not end the list of names");
    assert!(robots.names("a") && !robots.names("c") && !robots.names("*"));
}

#[test]
fn nothing_forbids_nothing() {
    assert!(Robots::none().allows("a", "/"));
    assert_eq!(Robots::parse(b""), Robots::none());
    check("User-agent: *\nDisallow:\n", "a", "/", true);
}

proptest! {
    #[test]
    fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..600), agent in ".{0,10}", target in ".{0,30}") {
        let robots = Robots::parse(&bytes);
        robots.allows(&agent, &target);
        prop_assert!(robots.warnings().len() <= WARNINGS_MAX);
    }

    #[test]
    fn order_of_rules_does_not_matter(
        mut rules in prop::collection::vec(("(dis)?allow", "/[ab*]{0,4}[$]?"), 1..8),
        target in "/[ab]{0,5}",
    ) {
        let file = |rules: &[(String, String)]| {
            let lines = rules.iter().map(|(field, path)| format!("{field}: {path}\n"));
            format!("user-agent: *\n{}", lines.collect::<String>())
        };
        let forward = Robots::parse(file(&rules).as_bytes()).allows("a", &target);
        rules.reverse();
        prop_assert_eq!(forward, Robots::parse(file(&rules).as_bytes()).allows("a", &target));
    }

    #[test]
    fn an_allow_as_long_as_any_wins(
        rules in prop::collection::vec("/[ab*]{0,4}", 0..8), target in "/[ab]{5,9}",
    ) {
        let forbidden = rules.iter().map(|path| format!("disallow: {path}\n")).collect::<String>();
        let file = format!("user-agent: *\n{forbidden}allow: {target}\n");
        prop_assert!(Robots::parse(file.as_bytes()).allows("a", &target));
    }
}
