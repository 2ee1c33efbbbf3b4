//! One feature path: what training reads from recorded traffic is what serving sees, number by number.
//! `UPDATE_GOLDEN=1 cargo test -p palisade-learn --test vectors` writes the numbers anew.

use std::fmt::Write as _;
use std::path::PathBuf;

use palisade_detect::schema::{self, FeatureVector};
use palisade_detect::{Engine, EngineSettings, HashSeed, Observe, scorer};
use palisade_domain::Timestamp;
use palisade_learn::dataset::{Dataset, DatasetOptions};
use palisade_model::Seen;
use palisade_replay::merge::{Feed, FeedOptions};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata/vectors")
}

fn feed_options() -> FeedOptions {
    FeedOptions { format: None, now: Timestamp::from_secs(1_900_000_000) }
}

fn traffic() -> Vec<PathBuf> {
    vec![folder().join("traffic.ndjson")]
}

/// The requests of each client and its numbers, those that are seen.
fn told(name: &str, requests: u32, Seen { numbers, steps }: Seen<'_>) -> String {
    let mut text = format!("{name} after {requests}\n");
    for (feature, value) in schema::features().iter().zip(numbers) {
        if !value.is_nan() && *value != 0.0 {
            // Writing to memory cannot fail.
            let _ = writeln!(text, "  {} {value:.5}", feature.name);
        }
    }
    let steps: Vec<String> =
        steps.iter().map(|step| format!("{:02x}-{:04x}", step.how, step.place)).collect();
    let _ = writeln!(text, "  steps {}", steps.join(" "));
    text
}

#[test]
fn training_reads_the_golden_numbers() {
    let options = DatasetOptions { feed: feed_options(), labels: None, by_session: false };
    let data = Dataset::read(&traffic(), &options, |_| {}).expect("labelled traffic");
    let mut text = format!("{}\n", schema::ID);
    for (at, row) in data.rows.iter().enumerate() {
        text += &told(&data.clients[row.client as usize], row.requests, data.seen(at));
    }
    let path = folder().join("vectors.txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &text).expect("it is written");
    }
    let golden = std::fs::read_to_string(&path).expect("the golden numbers");
    assert_eq!(text, golden, "numbers that differ need another schema id, or UPDATE_GOLDEN=1");
}

#[test]
fn serving_sees_what_training_reads() {
    let options = DatasetOptions { feed: feed_options(), labels: None, by_session: false };
    let data = Dataset::read(&traffic(), &options, |_| {}).expect("labelled traffic");
    // Another engine with another key: nothing of either is in the numbers.
    let engine = Engine::new(EngineSettings::new(HashSeed([77, 78])));
    let mut feed = Feed::open(&traffic(), feed_options()).expect("it opens");
    let mut served: Vec<(String, FeatureVector)> = Vec::new();
    while let Some(batch) = feed.next_batch() {
        for record in &batch {
            let headers = record.header_entries();
            let facts = record.facts(&headers);
            let (mut assessment, mut vector) = (scorer::blank(), FeatureVector::unseen());
            let noted = engine.measure_into(&facts, Observe::Note, &mut assessment, &mut vector);
            engine.finish(noted.ticket, &record.response(), facts.time);
            served.push((format!("{:?}", facts.client), vector));
        }
    }
    for (at, row) in data.rows.iter().enumerate() {
        let client = &data.clients[row.client as usize];
        let own: Vec<_> = served.iter().filter(|(name, _)| name.contains(client.as_str())).collect();
        let served = own[row.requests as usize - 1].1.seen();
        let mut numbers = served.numbers.iter().zip(data.row(at));
        let same = numbers.all(|(one, other)| one.to_bits() == other.to_bits());
        assert!(same && served.steps == data.seen(at).steps, "{client} after {}", row.requests);
    }
}
