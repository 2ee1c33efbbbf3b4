use palisade_domain::Assessment;
use palisade_model::{Direction, Expect, Form, Kind, Sequence, Shape, Step, sequence, testing};
use palisade_testkit::OwnedRequest;
use proptest::prelude::*;

use super::*;
use crate::scorer::{self, calibrate};
use crate::steps::Steps;
use crate::{DetectorSettings, Engine, EngineSettings, HashSeed, Observe};

fn feature(name: &str) -> u16 {
    schema::names().position(|known| known == name).unwrap_or_else(|| panic!("{name}")) as u16
}

/// A model whose shapes rise by `weights` from 0.0 on at the edge; it judges logs.
fn model(contribution_max: f32, shapes: &[(&str, f32, f32)]) -> Learned {
    let mut file = testing::file();
    file.contribution_max = contribution_max;
    file.schema.id = schema::ID.to_owned();
    file.schema.features = schema::names().map(str::to_owned).collect();
    file.views.truncate(1);
    let view = &mut file.views[0];
    view.shapes = shapes
        .iter()
        .map(|&(name, edge, weight)| Shape {
            feature: feature(name),
            edges: vec![edge],
            weights: vec![0.0, weight],
            unseen: 0.0,
            direction: Direction::Rising,
        })
        .collect();
    view.shapes.sort_by_key(|shape| shape.feature);
    view.features = view.shapes.iter().map(|shape| shape.feature).collect();
    let names: Vec<&str> = schema::names().collect();
    let vantages = Vantage::ALL.map(Vantage::name);
    let expect = Expect { schema_id: schema::ID, features: &names, vantages: &vantages };
    Learned::new(Arc::new(Model::new(file, &expect).expect("a valid model")))
}

/// A model of sequences: a second page at once after the first is worth `weight`; it judges logs.
fn of_sequences(contribution_max: f32, weight: f32) -> Learned {
    let mut file = testing::file_of(Kind::Markov);
    file.contribution_max = contribution_max;
    file.schema.id = schema::ID.to_owned();
    file.schema.features = schema::names().map(str::to_owned).collect();
    file.views.truncate(1);
    file.views[0].features.clear();
    // A new page within a second.
    let key = sequence::context(sequence::Track::How, &[], 0, 0)
        .map(|context| sequence::with_symbol(context, 5 << 4));
    let table = Sequence { steps_full: 8, keys: vec![key.expect("it is a key")], weights: vec![weight] };
    file.views[0].form = Form::Sequence(table);
    schema::expected(|expect| Learned::new(Arc::new(Model::new(file, expect).expect("a valid model"))))
}

/// A net of four features.
fn of_net() -> Learned {
    let mut file = testing::file_of(Kind::Neural);
    file.schema.id = schema::ID.to_owned();
    file.schema.features = schema::names().map(str::to_owned).collect();
    schema::expected(|expect| Learned::new(Arc::new(Model::new(file, expect).expect("a valid model"))))
}

fn engine(model: Option<Learned>) -> Engine {
    Engine::new(EngineSettings { model, ..EngineSettings::new(HashSeed([1, 2])) })
}

fn assessed(engine: &Engine, request: &OwnedRequest) -> Assessment {
    let headers = request.header_refs();
    engine.assess(&request.facts(&headers), Observe::Note).assessment
}

/// A request of a log by what calls itself `agent`.
fn request(agent: &str) -> OwnedRequest {
    OwnedRequest::log("203.0.113.7", 1_795_132_800_000, "/shop/shoes", agent)
}

const CURL: &str = "curl/8.5.0";

fn with(model: Learned, agent: &str) -> Assessment {
    let found = assessed(&engine(Some(model)), &request(agent));
    assert_eq!(found.points_total(), i32::from(found.score.value()), "{:?}", found.explanation);
    found
}

#[test]
fn a_bounded_model_adds_to_the_tables_and_no_more_than_its_bound() {
    let alone = assessed(&engine(None), &request(CURL));
    let found = with(model(4.5, &[("path_length", 0.0, 20.0)]), CURL);
    assert!((found.log_odds - alone.log_odds - 4.5).abs() < 1e-5);
    let line = found.signal(SignalId("model.path_length")).expect("it is told");
    assert!((line.evidence - 4.5).abs() < 1e-5 && line.points > 0);
    assert_eq!(
        found.signal(SignalId("identity.program")).map(|line| line.evidence),
        Some(alone.explanation[0].evidence)
    );
    let opinion = found.model.expect("it has one");
    assert!(opinion.score > 90.0 && opinion.probability > 0.9);
}

#[test]
fn a_model_bounded_below_a_challenge_lifts_nobody_out_of_a_band() {
    let alone = scorer::calibrate(0.5);
    let lifted = |by_rules: f32, bound: f32| {
        scorer::calibrate(Opinion { log_odds: 7.0, base: -5.0, probability: 0.9, bound }.with(by_rules))
    };
    assert!(alone < 70.0 && lifted(0.5, 3.5) < 70.0 && lifted(0.5, 3.5) > alone);
    assert!(lifted(-3.0, 3.5) > 45.0 && lifted(-3.0, 3.5) < 49.5, "below monitor it stays below monitor");
    assert!(lifted(2.0, 3.5) == scorer::calibrate(2.0), "what the tables challenge stays as it is");
    assert!(lifted(0.5, CHALLENGE_BOUND + 0.1) > 70.0);
}

#[test]
fn a_bounded_model_that_says_less_leaves_the_tables_alone() {
    let alone = assessed(&engine(None), &request(CURL));
    let found = with(model(1.5, &[("path_length", 15.0, 20.0)]), CURL);
    assert_eq!((found.log_odds, found.explanation), (alone.log_odds, alone.explanation));
}

#[test]
fn a_trusted_model_stands_in_their_place() {
    let found = with(model(f32::INFINITY, &[("evidence.ua_program", 0.5, 3.2)]), CURL);
    let line = found
        .signal(SignalId("identity.program"))
        .expect("the detector is told with what the model makes of it");
    assert_eq!(line.evidence, 3.2);
    let anchors = testing::anchors();
    let opinion = found.model.expect("it has one");
    assert!((calibrate(found.log_odds) - opinion.score).abs() < 1e-3);
    assert!(opinion.score < anchors.score(2.5), "{opinion:?}");
}

#[test]
fn evidence_that_a_trusted_model_never_saw_is_left_to_the_tables() {
    let without = with(model(f32::INFINITY, &[("path_length", 15.0, 1.0)]), CURL);
    let line = without.signal(SignalId("identity.program")).expect("the tables know it");
    let alone = assessed(&engine(None), &request(CURL));
    assert_eq!(line.evidence, alone.explanation[0].evidence);
    let person = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";
    let quiet = with(model(f32::INFINITY, &[("path_length", 15.0, 1.0)]), person);
    assert!(without.log_odds > quiet.log_odds + 1.0, "{} {}", without.log_odds, quiet.log_odds);
}

#[test]
fn weights_of_the_operator_hold_for_a_trusted_model_too() {
    let settings = |weight, dry_run| {
        let chosen = DetectorSettings { weight, dry_run, ..DetectorSettings::default() };
        let model = Some(model(f32::INFINITY, &[("evidence.ua_program", 0.5, 3.2)]));
        let detectors = [("ua_program".to_owned(), chosen)].into();
        EngineSettings { detectors, model, ..EngineSettings::new(HashSeed([1, 2])) }
    };
    let score = |settings| assessed(&Engine::new(settings), &request(CURL)).log_odds;
    let (none, half, whole) =
        (score(settings(0.0, None)), score(settings(0.5, None)), score(settings(1.0, None)));
    assert!(none < half && half < whole, "{none} {half} {whole}");
    assert_eq!(score(settings(1.0, Some(true))), none);
}

#[test]
fn where_no_view_judges_the_tables_do() {
    let other = OwnedRequest { vantage: Vantage::Check, ..request(CURL) };
    let (alone, found) = (
        assessed(&engine(None), &other),
        assessed(&engine(Some(model(f32::INFINITY, &[("path_length", 0.0, 20.0)]))), &other),
    );
    assert_eq!(alone, found);
    assert_eq!(found.model, None);
}

#[test]
fn the_strongest_features_are_named_and_the_rest_is_one_line() {
    let names: Vec<&str> = schema::names().take(FEATURES_NAMED + 3).collect();
    let shapes: Vec<(&str, f32, f32)> =
        names.iter().enumerate().map(|(at, name)| (*name, -1.0, 0.1 + at as f32)).collect();
    let model = model(f32::INFINITY, &shapes);
    let mut contributions = Contributions::new();
    let vector = FeatureVector::of(&[0.0; 51]);
    model.opinion(Vantage::Log, &vector, &mut contributions).expect("it judges logs");
    let told = told(&vector, &contributions);
    assert_eq!(told.len(), FEATURES_NAMED + 1);
    assert_eq!(told[0].id.0, format!("model.{}", names[names.len() - 1]));
    assert!(told[..FEATURES_NAMED].windows(2).all(|two| two[0].evidence >= two[1].evidence));
    let last = told.last().expect("there are some");
    assert!(last.id == OTHER && (last.evidence - (0.1 + 1.1 + 2.1)).abs() < 1e-5);
}

#[test]
fn values_are_told_as_people_think_of_them() {
    let say =
        |name: &str, value: f32| sentences()[usize::from(feature(name))].told(1.0, value).detail.to_string();
    assert_eq!(say("pages", 10.0_f32.ln_1p()), "Page requests since the client was first seen: 10");
    assert_eq!(say("gap_median", 1_500.0_f32.ln()), "Middle time between two of the last pages: 1.50 s");
    assert_eq!(
        say("reads_gap_deviation", 2.0_f32.ln()),
        "How much the times from page to page differ: 2-fold"
    );
    assert_eq!(say("timing_regularity", 0.25), "How evenly page requests are spaced: 0.25");
    assert_eq!(say("gap_median", f32::NAN), "Middle time between two of the last pages: not known yet");
}

/// A foreign model that takes the evidence about the user agent and the pages' count, as far as it is shown them.
#[derive(Debug)]
struct Elsewhere {
    features: Vec<u16>,
    bound: f32,
    says: fn(agent: f32, wide: f32) -> Option<f32>,
}

impl palisade_model::Foreign for Elsewhere {
    fn id(&self) -> &str {
        "elsewhere"
    }
    fn kind(&self) -> &'static str {
        "onnx"
    }
    fn features(&self) -> &[u16] {
        &self.features
    }
    fn contribution_max(&self) -> f32 {
        self.bound
    }
    fn probability(&self, features: &[f32]) -> Option<f32> {
        let value = |at: usize| features[usize::from(self.features[at])];
        (self.says)(value(0), value(1))
    }
    fn no_opinions(&self) -> u64 {
        0
    }
}

fn elsewhere(bound: f32, says: fn(f32, f32) -> Option<f32>) -> Learned {
    let features = vec![feature("evidence.ua_program"), feature("pages")];
    Learned::foreign(Arc::new(Elsewhere { features, bound, says }))
}

/// Says 0.9 of whoever the detector of programs speaks of, 0.02 of all others.
fn by_agent(agent: f32, _: f32) -> Option<f32> {
    Some(if agent > 0.0 { 0.9 } else { 0.02 })
}

#[test]
fn a_foreign_model_is_bounded_by_its_file_and_told_in_one_line() {
    let alone = assessed(&engine(None), &request(CURL));
    let found = with(elsewhere(4.5, by_agent), CURL);
    let said = 9.0_f32.ln();
    assert!((found.log_odds - said).abs() < 1e-4 && found.log_odds > alone.log_odds, "{found:?}");
    let opinion = found.model.expect("it has one");
    assert!((opinion.score - 90.0).abs() < 1e-3 && (opinion.probability - 0.9).abs() < 1e-5, "{opinion:?}");
    let line = found.signal(FOREIGN).expect("it is told");
    assert!((line.evidence - (said - alone.log_odds)).abs() < 1e-4 && line.points > 0);
}

#[test]
fn a_trusted_foreign_model_stands_in_the_tables_place() {
    let found = with(elsewhere(f32::INFINITY, by_agent), CURL);
    assert_eq!((found.score.value(), found.base.value()), (90, 2), "{found:?}");
    assert_eq!(found.signal(FOREIGN).map(|line| line.points), Some(88), "its own evidence counts within it");
    let program = found.signal(SignalId("identity.program")).expect("it is shown");
    assert_eq!(program.points, 0);
}

#[test]
fn a_foreign_model_without_an_opinion_leaves_the_tables_alone() {
    let alone = assessed(&engine(None), &request(CURL));
    assert_eq!(with(elsewhere(f32::INFINITY, |_, _| None), CURL), alone);
}

#[test]
fn weights_of_the_operator_reach_what_a_foreign_model_is_shown() {
    let chosen = DetectorSettings { dry_run: Some(true), ..DetectorSettings::default() };
    let detectors = [("ua_program".to_owned(), chosen)].into();
    let model = Some(elsewhere(f32::INFINITY, by_agent));
    let settings = EngineSettings { detectors, model, ..EngineSettings::new(HashSeed([1, 2])) };
    assert_eq!(assessed(&Engine::new(settings), &request(CURL)).score.value(), 2);
}

/// What a person's browser is told after two pages at once, by a model of sequences.
fn after_two_pages(model: Option<Learned>) -> Assessment {
    const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";
    let engine = engine(model);
    assessed(&engine, &request(FIREFOX));
    assessed(&engine, &OwnedRequest { target: Some("/cart".to_owned()), ..request(FIREFOX) })
}

#[test]
fn a_model_of_sequences_sees_the_order_of_pages_and_says_so_in_one_line() {
    for bound in [3.8, f32::INFINITY] {
        let found = after_two_pages(Some(of_sequences(bound, 9.0)));
        let line = found.signal(SEQUENCE).expect("it is told");
        assert!(line.evidence > 0.0 && line.points > 0, "{line:?}");
        assert_eq!(found.points_total(), i32::from(found.score.value()), "{:?}", found.explanation);
        assert!(found.log_odds > after_two_pages(None).log_odds);
    }
    let quiet = after_two_pages(Some(of_sequences(3.8, -9.0)));
    assert_eq!(quiet.signal(SEQUENCE), None);
    assert!(quiet.log_odds >= after_two_pages(None).log_odds, "bounded: never below the tables");
}

#[test]
fn steps_that_were_recorded_are_scored_as_those_that_are_seen() {
    let model = of_sequences(f32::INFINITY, 2.0);
    let mut contributions = Contributions::new();
    let steps = Steps::from_slice(&[Step { how: 15, place: 1 }, Step { how: 5 << 4, place: 2 }]);
    let mut log_odds = |vector: FeatureVector| {
        model.opinion(Vantage::Log, &vector, &mut contributions).map(|opinion| opinion.log_odds)
    };
    let (without, with) =
        (log_odds(FeatureVector::unseen()), log_odds(FeatureVector::unseen().with_steps(steps)));
    assert!(with > without, "{with:?} {without:?}");
    assert!(model.reads_steps() && !self::model(1.0, &[]).reads_steps());
}

proptest! {
    #[test]
    fn the_scale_is_that_of_the_score(score in 0.05_f32..99.95) {
        prop_assert!((scorer::calibrate(on_scale(score)) - score).abs() < 0.01);
    }

    #[test]
    fn a_bound_holds_and_more_evidence_never_lowers(
        by_rules in -3.0_f32..9.0, more in 0.0_f32..5.0, said in -7.0_f32..7.0, bound in 0.0_f32..6.0,
    ) {
        let opinion = Opinion { log_odds: said, base: -5.0, probability: 0.5, bound };
        let with = opinion.with(by_rules);
        prop_assert!(with >= by_rules && with <= by_rules + bound + 1e-5);
        prop_assert!(opinion.with(by_rules + more) >= with - 1e-5);
    }
}

#[test]
fn a_net_is_known_for_one() {
    assert!(engine(Some(of_net())).has_net());
    assert!(!engine(Some(of_sequences(3.8, 1.0))).has_net());
    assert!(!engine(None).has_net());
}

#[test]
fn a_model_gets_the_numbers_it_looks_at_and_no_others() {
    let net = of_net();
    let wanted = |at| net.wants(at);
    assert!((0..4).all(wanted) && !(4..200).any(wanted));
    // The same request by an engine that reads all numbers.
    let (some, all) = (engine(Some(net.clone())), engine(None));
    for agent in [CURL, "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0"] {
        let (request, mut vector) = (request(agent), schema::FeatureVector::unseen());
        let headers = request.header_refs();
        let mut blank = crate::scorer::blank();
        all.measure_into(&request.facts(&headers), Observe::Note, &mut blank, &mut vector);
        let opinion = net.opinion(Vantage::Log, &vector, &mut Contributions::new()).expect("it judges logs");
        let found = assessed(&some, &request).model.expect("a model was asked");
        assert_eq!(
            (found.probability, found.score),
            (opinion.probability, crate::scorer::calibrate(opinion.log_odds))
        );
    }
}

/// As [`Shadow::counts`].
type Sides = [((bool, bool), u64); 4];

/// An engine whose live model has a challenger, and what both make of a client's second page.
fn beside(agent: &str, live: Learned, challenger: Option<Learned>) -> (Assessment, Sides) {
    let settings = EngineSettings { model: Some(live), challenger, ..EngineSettings::new(HashSeed([1, 2])) };
    let engine = Engine::new(settings);
    assessed(&engine, &request(agent));
    let second = OwnedRequest::log("203.0.113.7", 1_795_132_801_000, "/shop/hats/red", agent);
    let found = assessed(&engine, &second);
    (found, engine.shadow().counts())
}

#[test]
fn a_challenger_changes_nothing_of_what_the_live_model_says() {
    let lives: [fn() -> Learned; 3] = [
        || model(4.5, &[("path_length", 0.0, 12.0), ("pages", 0.0, 6.0)]),
        || model(f32::INFINITY, &[("path_length", 0.0, 1.5), ("evidence.ua_program", 0.5, 2.0)]),
        || elsewhere(4.5, by_agent),
    ];
    let challengers: [fn() -> Learned; 4] = [
        || model(3.8, &[("path_depth", 0.0, 3.0)]),
        || model(f32::INFINITY, &[("path_depth", 0.0, 9.0), ("path_length", 0.0, 2.0)]),
        || of_sequences(f32::INFINITY, 2.0),
        || elsewhere(f32::INFINITY, by_agent),
    ];
    let person = "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0";
    for (agent, live) in [CURL, person].into_iter().flat_map(|agent| lives.map(|live| (agent, live))) {
        let (alone, _) = beside(agent, live(), None);
        let is_told = alone.explanation.iter().any(|line| line.id.0.starts_with("model."));
        assert!(is_told || agent == person, "{alone:?}");
        for challenger in challengers {
            let (found, counts) = beside(agent, live(), Some(challenger()));
            assert_eq!(
                (found.log_odds, &found.explanation, found.model.map(|model| model.score)),
                (alone.log_odds, &alone.explanation, alone.model.map(|model| model.score))
            );
            // What the challenger says is what it would say in office.
            let (theirs, _) = beside(agent, challenger(), None);
            let challenges = |found: &Assessment| found.log_odds >= CHALLENGE;
            let noted = counts.iter().find(|(both, _)| *both == (challenges(&alone), challenges(&theirs)));
            assert!(noted.is_some_and(|(_, count)| *count > 0), "{counts:?}");
        }
    }
}
