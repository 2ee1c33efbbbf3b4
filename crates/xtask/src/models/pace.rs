//! What pace is worth on a site that a model does not know: models like the one that ships, without more and more of what rests on
//! how fast one reads, held against families they never saw and against people of another site.

use std::collections::BTreeMap;
use std::path::Path;

use palisade_domain::Timestamp;
use palisade_learn::dataset::{Dataset, DatasetOptions};
use palisade_learn::evaluation::Scored;
use palisade_learn::traffic::{self, CHALLENGE, Split, TrafficSettings};
use palisade_learn::train::{AdditiveSettings, KindSettings};
use palisade_replay::merge::FeedOptions;

use super::{origins, read, settings, with_the_tables};

/// What is left out, each row beside those above it.
const STEPS: [(&str, &[&str]); 4] = [
    ("nothing more", &[]),
    (
        "longest pauses, mean pace, pages",
        &["gap_most", "reads_gap_most", "gaps_beyond_a_minute", "pace", "pages"],
    ),
    ("all pauses", &["gap_least", "gap_median", "reads_gap_mean", "reads_gap_deviation"]),
    ("how they spread", &["gap_spread"]),
];

/// Prints one row for each of [`STEPS`]. `people` is labelled traffic of a site that no model knows.
///
/// # Errors
/// Where data are missing.
pub(crate) fn run(data: &Path, people: &Path) -> anyhow::Result<()> {
    let origins = origins(data);
    let rows = read(&origins, data)?;
    let options = DatasetOptions {
        feed: FeedOptions { format: None, now: Timestamp::from_secs(4_000_000_000) },
        labels: None,
        by_session: false,
    };
    let elsewhere = Dataset::read(&[people.to_owned()], &options, |_| {})?;
    // Two of the eight models that are averaged: the figures are to be compared with each other.
    let few = AdditiveSettings { bags: 2, ..AdditiveSettings::default() };
    let mut settings = TrafficSettings {
        kind: KindSettings::Additive(few),
        contribution_max: f32::INFINITY,
        repeats: 1,
        ..settings(&origins, &rows)?
    };
    println!(
        "| left out | families it never saw | or by the tables | people of another site hit |\n|---|---|---|---|"
    );
    let hit = hits(&traffic::score_by_rules(&elsewhere));
    println!("| the tables alone | | {:.1} % | {hit} |", recall(&traffic::score_by_rules(&rows)));
    for (name, more) in STEPS {
        settings.without.extend(more.iter().map(|feature| (*feature).to_owned()));
        let unseen = traffic::held_out(&rows, &settings, Split::Families)?;
        let model = traffic::train(&rows, &settings)?.model;
        println!(
            "| {name} | {:.1} % | {:.1} % | {} |",
            recall(&unseen),
            recall(&with_the_tables(unseen.clone(), &rows)),
            hits(&traffic::score(&model, &elsewhere)),
        );
    }
    Ok(())
}

/// Mean over the gym's families of the share that is challenged, in hundredths.
fn recall(rows: &[Scored]) -> f64 {
    let mut families: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
    let of_gym = |family: &&str| !family.starts_with("declared ") && !family.starts_with("other ");
    for row in rows.iter().filter(|row| row.is_bot) {
        let Some(family) = row.family.as_deref().filter(of_gym) else { continue };
        let (all, hit) = families.entry(family).or_default();
        *all += 1.0;
        *hit += f64::from(u8::from(row.score >= CHALLENGE));
    }
    100.0 * families.values().map(|(all, hit)| hit / all).sum::<f64>() / families.len() as f64
}

/// How many people are challenged, of how many.
fn hits(rows: &[Scored]) -> String {
    let people = rows.iter().filter(|row| !row.is_bot);
    format!("{} of {}", people.clone().filter(|row| row.score >= CHALLENGE).count(), people.count())
}
