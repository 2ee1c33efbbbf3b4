//! What must hold for every request: order of detectors, more evidence, unseen facts, sums that add up.

use palisade_detect::scorer::{self, Context, Finding, Findings};
use palisade_detect::{Engine, EngineSettings, HashSeed, Observe, SiteProfile, detectors};
use palisade_domain::{
    ClientKey, Coverage, Detail, Fact, HeaderCase, HeaderList, HeaderOrder, HttpVersion, Identity,
    RequestFacts, Scheme, Signal, Timestamp, Vantage,
};
use proptest::prelude::*;

fn settings() -> EngineSettings {
    let site = SiteProfile {
        robots: Some(palisade_crawl::robots::Robots::parse(b"User-agent: *\nDisallow: /private\n")),
        honeypot_fields: vec!["website".to_owned()],
        trap_paths: vec!["/trap".to_owned()],
        ..SiteProfile::default()
    };
    EngineSettings { site, ..EngineSettings::new(HashSeed([5, 6])) }
}

/// A finding of one of the real detectors with any evidence its card allows.
fn finding() -> impl Strategy<Value = Finding> {
    let cards: Vec<_> = detectors::all().iter().map(|detector| detector.card()).collect();
    (0..cards.len(), 0.0f32..=1.0, 0.0f32..=4.0, any::<bool>()).prop_map(
        move |(at, share, weight, dry_run)| {
            let card = cards[at];
            let signal = card.signal(card.signals[0], share * card.evidence_max, Detail::plain("made up"));
            Finding { signal, card, at, weight, dry_run }
        },
    )
}

fn context(shared_network: bool) -> Context {
    Context { identity: Identity::UNKNOWN, coverage: Coverage(1.0), pages_per_minute: 0.0, shared_network }
}

fn scored(findings: &[Finding]) -> palisade_domain::Assessment {
    scorer::assess(&mut findings.iter().copied().collect::<Findings>(), &context(false))
}

#[derive(Clone, Debug)]
struct Made {
    method: usize,
    target: usize,
    agent: usize,
    referrer: usize,
    headers: usize,
    http2: bool,
    https: bool,
}

const METHODS: [&str; 4] = ["GET", "POST", "PROPFIND", "get"];
const TARGETS: [&str; 7] =
    ["/", "/a/1?x=2", "/.env", "/q?id=1'%20OR%201=1--", "/private/x", "/trap", "\u{16}\u{3}\u{1}"];
const AGENTS: [Option<&str>; 6] = [
    None,
    Some("Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"),
    Some(
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
    ),
    Some("curl/8.5.0"),
    Some("sqlmap/1.7.2#stable (https://sqlmap.org)"),
    Some(""),
];
const REFERRERS: [Option<&str>; 3] = [None, Some("https://shop.example/"), Some("() { :;}; /bin/ping")];
const HEADERS: [&[(&str, &str)]; 4] = [
    &[("Host", "shop.example")],
    &[("Host", "shop.example"), ("Accept", "*/*"), ("Connection", "close")],
    &[
        ("host", "shop.example"),
        ("accept", "text/html"),
        ("accept-language", "en"),
        ("accept-encoding", "gzip, br"),
    ],
    &[
        ("Accept", "text/html"),
        ("Host", "shop.example"),
        ("sec-ch-ua", "\"Chromium\";v=\"99\""),
        ("Sec-Fetch-Mode", "navigate"),
    ],
];

fn made() -> impl Strategy<Value = Made> {
    (
        0..METHODS.len(),
        0..TARGETS.len(),
        0..AGENTS.len(),
        0..REFERRERS.len(),
        0..HEADERS.len(),
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(|(method, target, agent, referrer, headers, http2, https)| Made {
            method,
            target,
            agent,
            referrer,
            headers,
            http2,
            https,
        })
}

fn facts(made: &Made) -> RequestFacts<'static> {
    let client = ClientKey::Ip("192.0.2.77".parse().expect("a documentation address"));
    let mut facts = RequestFacts::bare(client, Timestamp::from_secs(1_795_132_800), Vantage::GatewayTls);
    facts.method = Fact::Known(METHODS[made.method]);
    facts.target = Fact::Known(TARGETS[made.target]);
    facts.user_agent = Fact::seen(AGENTS[made.agent]);
    facts.referrer = Fact::seen(REFERRERS[made.referrer]);
    facts.headers = Fact::Known(HeaderList {
        entries: HEADERS[made.headers],
        order: HeaderOrder::Wire,
        case: HeaderCase::Wire,
    });
    facts.version = Fact::Known(if made.http2 { HttpVersion::Http2 } else { HttpVersion::Http11 });
    facts.scheme = Fact::Known(if made.https { Scheme::Https } else { Scheme::Http });
    facts
}

/// Every way of seeing one fact less.
fn hidden<'a>(facts: &RequestFacts<'a>) -> Vec<(&'static str, RequestFacts<'a>)> {
    let less = |hide: fn(&mut RequestFacts<'a>)| {
        let mut less = *facts;
        hide(&mut less);
        less
    };
    vec![
        ("method", less(|facts| facts.method = Fact::Unseen)),
        ("target", less(|facts| facts.target = Fact::Unseen)),
        ("user agent", less(|facts| facts.user_agent = Fact::Unseen)),
        ("referrer", less(|facts| facts.referrer = Fact::Unseen)),
        ("headers", less(|facts| facts.headers = Fact::Unseen)),
        ("version", less(|facts| facts.version = Fact::Unseen)),
        ("scheme", less(|facts| facts.scheme = Fact::Unseen)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_order_of_findings_does_not_matter(mut findings in prop::collection::vec(finding(), 0..20)) {
        let forward = scored(&findings);
        findings.reverse();
        prop_assert_eq!(scored(&findings).score, forward.score);
    }

    #[test]
    fn more_evidence_never_lowers_the_score(findings in prop::collection::vec(finding(), 0..20), more in finding()) {
        let before = scored(&findings);
        let after = scored(&[findings, vec![more]].concat());
        prop_assert!(after.score >= before.score);
    }

    #[test]
    fn base_and_points_add_up_to_the_score(findings in prop::collection::vec(finding(), 0..30)) {
        let assessment = scored(&findings);
        prop_assert_eq!(assessment.points_total(), i32::from(assessment.score.value()));
        prop_assert!(assessment.explanation.iter().all(|line| line.points >= 0));
        let dry: i32 = assessment.explanation.iter().filter(|line| line.dry_run).map(|line| i32::from(line.points)).sum();
        prop_assert_eq!(dry, 0, "a dry run is worth nothing");
    }

    #[test]
    fn the_order_of_detectors_does_not_matter(made in made()) {
        let facts = facts(&made);
        let mut backwards = detectors::all();
        backwards.reverse();
        let forward = Engine::new(settings()).assess(&facts, Observe::Note).assessment;
        let backward = Engine::with_detectors(settings(), backwards).assess(&facts, Observe::Note).assessment;
        prop_assert_eq!(forward.score, backward.score);
        prop_assert_eq!(forward.explanation, backward.explanation);
    }

    #[test]
    fn an_unseen_fact_never_adds(made in made()) {
        let facts = facts(&made);
        let full = Engine::new(settings()).assess(&facts, Observe::Note).assessment;
        for (name, less) in hidden(&facts) {
            let seen = Engine::new(settings()).assess(&less, Observe::Note).assessment;
            let known = |id| full.explanation.iter().any(|line| line.id == id);
            prop_assert!(
                seen.score <= full.score,
                "without {}: {} > {}, new: {:?}",
                name, seen.score.value(), full.score.value(),
                seen.explanation.iter().filter(|line| !known(line.id)).collect::<Vec<_>>()
            );
            prop_assert!(seen.coverage <= full.coverage);
        }
    }

    #[test]
    fn two_engines_agree(requests in prop::collection::vec(made(), 1..40)) {
        let (one, two) = (Engine::new(settings()), Engine::new(settings()));
        for (at, made) in requests.iter().enumerate() {
            let mut facts = facts(made);
            facts.time = facts.time.plus_millis(at as i64 * 700);
            let (a, b) = (one.assess(&facts, Observe::Note), two.assess(&facts, Observe::Note));
            prop_assert_eq!(a.assessment, b.assessment);
        }
    }
}

#[test]
fn asking_leaves_no_trace() {
    let engine = Engine::new(settings());
    let made = Made { method: 0, target: 1, agent: 2, referrer: 0, headers: 0, http2: false, https: true };
    let facts = facts(&made);
    let first = engine.assess(&facts, Observe::Peek).assessment;
    (0..200).for_each(|_| drop(engine.assess(&facts, Observe::Peek)));
    assert_eq!(engine.assess(&facts, Observe::Peek).assessment, first);
    assert_eq!(engine.history().clients(), 0);
}

#[test]
fn a_stranger_cannot_grow_history_without_bound() {
    let engine = Engine::with_detectors(settings(), Vec::new());
    let made = Made { method: 0, target: 0, agent: 1, referrer: 0, headers: 0, http2: false, https: true };
    let mut facts = facts(&made);
    let flood = palisade_detect::history::CLIENTS_MAX as u32 + 50_000;
    for n in 0..flood {
        facts.client =
            ClientKey::Ip(palisade_domain::ClientIp::new(std::net::IpAddr::V4((0x0b00_0000 + n).into())));
        let seen = engine.assess(&facts, Observe::Note);
        assert!(seen.assessment.explanation.is_empty());
    }
    assert!(engine.history().clients() <= palisade_detect::history::CLIENTS_MAX);
    assert!(engine.history().forgotten() > 0);
    assert!(engine.history().bytes() / engine.history().clients() <= 600, "bytes per known client");
}

#[test]
fn a_signal_fits_the_list_of_a_request() {
    assert!(detectors::all().len() <= Signal::PER_REQUEST_MAX);
}
