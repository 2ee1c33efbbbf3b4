//! Weak labels for a log that has none: people load the parts of pages, declared programs say so.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use palisade_detect::schema::{self, FeatureVector};
use palisade_detect::{Engine, EngineSettings, HashSeed, scorer};
use palisade_domain::{ClientKey, IdentityClass, Timestamp};
use palisade_replay::labels::Labels;
use palisade_replay::merge::{Feed, FeedOptions};

/// Parts of pages that a client loads to count as a person's browser.
const PARTS_MIN: f32 = 1.0;

/// What was seen of one client.
#[derive(Default)]
struct Seen {
    parts: f32,
    pages: f32,
    program: Option<&'static str>,
}

/// Who is who in the access log at `path`; clients that are neither have no label. People load parts of pages, and `pages_min` pages or
/// more.
///
/// # Errors
/// Where it cannot be read.
pub(crate) fn labels(path: &Path, pages_min: u32) -> anyhow::Result<Labels> {
    let mut feed = Feed::open(
        &[PathBuf::from(path)],
        FeedOptions { format: None, now: Timestamp::from_secs(4_000_000_000) },
    )?;
    let engine = Engine::new(EngineSettings::new(HashSeed([1, 2])));
    let column = |name: &str| schema::names().position(|known| known == name).unwrap_or_default();
    let (parts, pages) = (column("assets"), column("pages"));
    let mut seen: BTreeMap<String, Seen> = BTreeMap::new();
    while let Some(batch) = feed.next_batch() {
        for record in &batch {
            let headers = record.header_entries();
            let facts = record.facts(&headers);
            let (mut assessment, mut vector) = (scorer::blank(), FeatureVector::unseen());
            let noted = engine.measure_into(&facts, record.observe(), &mut assessment, &mut vector);
            engine.finish(noted.ticket, &record.response(), facts.time);
            let ClientKey::Ip(client) = facts.client else { continue };
            let own = seen.entry(client.to_string()).or_default();
            own.parts = own.parts.max(vector.values()[parts].exp_m1());
            own.pages = own.pages.max(vector.values()[pages].exp_m1());
            if !matches!(assessment.identity.class, IdentityClass::Browser | IdentityClass::Unknown) {
                own.program = Some(assessment.identity.class.name());
            }
        }
    }
    let mut csv = "client,label,family\n".to_owned();
    for (client, own) in seen {
        // Writing to memory cannot fail.
        let _ = match own.program {
            Some(class) => writeln!(csv, "{client},bot,declared {class}"),
            None if own.parts >= PARTS_MIN && own.pages + 0.5 >= pages_min as f32 => {
                writeln!(csv, "{client},human,")
            }
            None => Ok(()),
        };
    }
    Labels::read(&csv).map_err(|errors| anyhow::anyhow!("{errors:?}"))
}
