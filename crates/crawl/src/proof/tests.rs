use super::*;
use crate::agents::Agents;
use proptest::prelude::*;
use std::net::{IpAddr, Ipv4Addr};

fn id(key: &str) -> OperatorId {
    OperatorId::from_key(key).unwrap()
}

fn collected(operator: OperatorId) -> Timestamp {
    ranges::builtin().of(operator).unwrap().collected
}

fn after_days(operator: OperatorId, days: i64) -> Timestamp {
    collected(operator).plus_millis(days * 86_400_000)
}

const GOOGLE: &str = "66.249.66.1";
const BING: &str = "157.55.39.1";

#[test]
fn a_hit_verifies_at_any_age() {
    let ip: ClientIp = GOOGLE.parse().unwrap();
    for days in [0, 365, 3_650] {
        let answer = by_range(id("googlebot"), ip, after_days(id("googlebot"), days));
        assert_eq!(answer, RangeAnswer::Hit);
        assert_eq!(status(answer, Fact::Unseen), ClaimStatus::Verified);
    }
}

#[test]
fn one_operators_range_proves_no_other() {
    let now = collected(id("googlebot"));
    assert_eq!(by_range(id("bing"), BING.parse().unwrap(), now), RangeAnswer::Hit);
    assert_eq!(by_range(id("googlebot"), BING.parse().unwrap(), now), RangeAnswer::Miss { age_days: 0 });
    assert_eq!(by_range(id("yandex"), GOOGLE.parse().unwrap(), now), RangeAnswer::NoRanges);
}

#[test]
fn forged_needs_both_witnesses() {
    use ClaimStatus::{Forged, Unverified, Verified};
    let check = |range, dns, expect| assert_eq!(status(range, dns), expect, "{range:?} {dns:?}");
    let miss = |age_days| RangeAnswer::Miss { age_days };
    check(miss(0), Fact::Unseen, Unverified);
    check(miss(14), Fact::Known(false), Forged);
    check(miss(14), Fact::Absent, Forged);
    check(miss(15), Fact::Known(false), Unverified);
    check(miss(400), Fact::Known(true), Verified);
    check(RangeAnswer::NoRanges, Fact::Known(false), Unverified);
    check(RangeAnswer::NoRanges, Fact::Known(true), Verified);
    check(RangeAnswer::Hit, Fact::Known(false), Verified);
}

#[test]
fn keys_are_unique_and_round_trip() {
    let keys: std::collections::HashSet<_> = OperatorId::all().map(OperatorId::key).collect();
    assert_eq!(keys.len(), OPERATORS.len());
    assert!(OperatorId::all().all(|operator| OperatorId::from_key(operator.key()) == Some(operator)));
    assert_eq!(OperatorId::from_key("nobody"), None);
}

/// The names of crawlers whose operators publish ranges.
const CRAWLERS: &[&str] = &[
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
    "DuckDuckBot/1.1; (+http://duckduckgo.com/duckduckbot.html)",
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; PerplexityBot/1.0; +https://perplexity.ai/perplexitybot)",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "Twitterbot/1.0",
    "TelegramBot (like TwitterBot)",
];

/// Random strangers under every crawler's name: 100,000 in all.
#[test]
fn strangers_are_never_verified() {
    let agents = Agents::builtin();
    let mut runner = proptest::test_runner::TestRunner::new_with_rng(
        ProptestConfig { cases: 12_500, failure_persistence: None, ..ProptestConfig::default() },
        proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    );
    let operators: Vec<_> = CRAWLERS.iter().map(|ua| agents.claim(ua).operator.unwrap()).collect();
    let strangers = (any::<u32>(), any::<u128>(), any::<bool>(), 0_i64..400);
    runner
        .run(&strangers, |(v4, v6, wide, days)| {
            let addr = if wide { IpAddr::V6(v6.into()) } else { IpAddr::V4(Ipv4Addr::from(v4)) };
            let ip = ClientIp::new(addr);
            for &operator in &operators {
                let held = ranges::builtin().of(operator).unwrap();
                let claim = status(by_range(operator, ip, after_days(operator, days)), Fact::Unseen);
                prop_assert_eq!(claim == ClaimStatus::Verified, held.set.contains(ip));
                prop_assert_ne!(claim, ClaimStatus::Forged);
            }
            Ok(())
        })
        .unwrap();
}

/// The first address of every published network, under the right name, with fresh and with year-old files.
#[test]
fn genuine_crawlers_are_verified() {
    for (operator, network) in ranges::builtin_networks() {
        for days in [0, 365] {
            let ip = ClientIp::new(network.addr());
            let answer = by_range(operator, ip, after_days(operator, days));
            assert_eq!(status(answer, Fact::Unseen), ClaimStatus::Verified, "{} {network}", operator.key());
        }
    }
}
