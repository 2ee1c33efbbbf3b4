use palisade_testkit::OwnedRequest;
use proptest::prelude::*;

use super::*;
use crate::schema::FeatureVector;
use crate::{Engine, EngineSettings, HashSeed, Observe, scorer};

/// The steps of a client that asked for these, each so many milliseconds after the one before.
fn steps(seed: u64, asked: &[(&str, &str, i64)]) -> Vec<Step> {
    let engine = Engine::new(EngineSettings::new(HashSeed([seed, 2])));
    let mut now_ms = 1_795_132_800_000;
    let mut vector = FeatureVector::unseen();
    for (method, target, after_ms) in asked {
        now_ms += after_ms;
        let mut request = OwnedRequest::log("203.0.113.7", now_ms, target, "x/1");
        request.method = Some((*method).to_owned());
        let headers = request.header_refs();
        let facts = request.facts(&headers);
        engine.measure_into(&facts, Observe::Note, &mut scorer::blank(), &mut vector);
    }
    vector.seen().steps.to_vec()
}

fn hows(asked: &[(&str, &str, i64)]) -> Vec<u16> {
    steps(1, asked).iter().map(|step| step.how).collect()
}

const SENDS: u16 = 1 << 7;

#[test]
fn each_page_is_told_by_method_relation_and_pause() {
    let found = hows(&[
        ("GET", "/a", 0),
        ("GET", "/a", 400),
        ("GET", "/a?page=2", 1_000),
        ("GET", "/b", 2_999),
        ("POST", "/b", 4_000),
        ("GET", "/a?page=2", 600_000),
        ("GET", "/b?other", 3_600_000),
    ]);
    let relation = |relation: Relation, pause: u16| (relation as u16) << 4 | pause;
    assert_eq!(
        found,
        [
            relation(Relation::First, 15),
            relation(Relation::SameTarget, 0),
            relation(Relation::SameRoute, 1),
            relation(Relation::New, 2),
            SENDS | relation(Relation::SameTarget, 3),
            relation(Relation::SeenTarget, 10),
            relation(Relation::SeenRoute, 10),
        ]
    );
}

#[test]
fn parts_of_pages_are_no_steps() {
    let found =
        steps(1, &[("GET", "/a", 0), ("GET", "/a.css", 10), ("GET", "/robots.txt", 10), ("GET", "/b", 10)]);
    assert_eq!(found.len(), 2);
    assert_ne!(found[0].place, found[1].place);
}

#[test]
fn places_are_the_same_under_every_key() {
    let asked = [("GET", "/shop/1", 0), ("GET", "/shop/22", 5_000), ("GET", "/cart", 3_000)];
    let found = steps(1, &asked);
    assert_eq!(found, steps(99, &asked));
    assert!(found[0].place == found[1].place && found[1].place != found[2].place);
}

#[test]
fn only_the_last_are_kept_each_with_its_own_method() {
    let asked: Vec<(&str, String, i64)> = (0..60)
        .map(|at| {
            (if at % 3 == 0 { "POST" } else { "GET" }, format!("/page-{}", (b'a' + at % 26) as char), 1_000)
        })
        .collect();
    let asked: Vec<(&str, &str, i64)> =
        asked.iter().map(|(method, path, ms)| (*method, &**path, *ms)).collect();
    let found = steps(1, &asked);
    assert_eq!(found.len(), PAGES_KEPT);
    for (at, step) in found.iter().enumerate() {
        let of = 60 - PAGES_KEPT + at;
        assert_eq!(step.how & SENDS != 0, of.is_multiple_of(3), "page {of}");
    }
}

#[test]
fn where_method_or_target_is_unseen_there_are_no_steps() {
    let engine = Engine::new(EngineSettings::new(HashSeed([1, 2])));
    let request = OwnedRequest::log("203.0.113.7", 1_795_132_800_000, "/a", "x/1");
    let mut facts = request.facts(&[]);
    let mut vector = FeatureVector::unseen();
    let mut count = |facts: &RequestFacts<'_>| {
        engine.measure_into(facts, Observe::Peek, &mut scorer::blank(), &mut vector);
        vector.seen().steps.len()
    };
    assert_eq!(count(&facts), 1);
    let method = std::mem::replace(&mut facts.method, palisade_domain::Fact::Unseen);
    assert_eq!(count(&facts), 0);
    (facts.method, facts.target) = (method, palisade_domain::Fact::Unseen);
    assert_eq!(count(&facts), 0);
}

proptest! {
    #[test]
    fn any_pages_give_symbols_of_their_range(
        asked in prop::collection::vec((any::<bool>(), 0_u8..6, 0_i64..2_000_000_000), 1..40),
    ) {
        let asked: Vec<(&str, String, i64)> = asked.iter()
            .map(|(sends, page, ms)| (if *sends { "POST" } else { "GET" }, format!("/p{page}/x"), *ms)).collect();
        let asked: Vec<(&str, &str, i64)> = asked.iter().map(|(method, path, ms)| (*method, &**path, *ms)).collect();
        let found = steps(1, &asked);
        prop_assert!(!found.is_empty() && found.len() <= PAGES_KEPT);
        prop_assert_eq!(found[0].how & 0x7f, 15);
        for step in &found {
            prop_assert!(step.how < 256 && step.place != sequence::NONE);
        }
        let again = Steps::from_slice(&found);
        prop_assert_eq!(again.as_slice(), &found[..]);
    }
}
