//! How payload screening does: the share of attack payloads it decides on, by class, and its false alarms on
//! ordinary values, forms, user agents and prose.

mod corpus;

use std::path::Path;

use anyhow::ensure;
use palisade_detect::{Engine, EngineSettings, HashSeed, Observe, detectors};
use palisade_domain::{BodyKind, BodyPrefix, ClientKey, Fact, HttpVersion, RequestFacts, Timestamp, Vantage};

use corpus::{Corpus, Side};

/// Evidence from which an attack is refused whoever sends it (`palisade_policy::rules`).
const DECIDES: f32 = 4.0;

/// Evidence from which a request is at least watched.
const NOTICED: f32 = 3.0;

/// What is printed and held for one corpus.
#[derive(Debug, Default)]
struct Tally {
    values: usize,
    in_query: usize,
    in_body: usize,
    misses: Vec<String>,
}

impl Tally {
    fn share(&self, count: usize) -> f64 {
        if self.values == 0 { 0.0 } else { 100.0 * count as f64 / self.values as f64 }
    }
}

/// Misses shown of a corpus below its line.
const MISSES_SHOWN: usize = 20;

/// Prints the table for the corpora below `data`.
///
/// # Errors
/// Where a corpus cannot be read or is below its line.
pub(crate) fn run(data: &Path) -> anyhow::Result<()> {
    let screen = Screen::new();
    println!("{:<28} {:>8} {:>10} {:>10}   line", "corpus", "values", "query %", "body %");
    let mut failures = Vec::new();
    for corpus in corpus::all(data)? {
        let tally = screen.tally(&corpus);
        let (query, body) = (tally.share(tally.in_query), tally.share(tally.in_body));
        println!("{:<28} {:>8} {query:>10.2} {body:>10.2}   {}", corpus.name, tally.values, corpus.line());
        if !corpus.holds(query, body) {
            tally.misses.iter().take(MISSES_SHOWN).for_each(|miss| println!("    {miss}"));
            failures.push(format!("{}: {query:.2} % in queries, {body:.2} % in bodies", corpus.name));
        }
    }
    ensure!(failures.is_empty(), "below the line: {}", failures.join("; "));
    Ok(())
}

/// An engine with payload screening alone.
struct Screen {
    engine: Engine,
}

impl Screen {
    fn new() -> Self {
        let settings = EngineSettings::new(HashSeed([1, 2]));
        let payload = detectors::all().into_iter().filter(|detector| detector.card().name == "payload");
        Screen { engine: Engine::with_detectors(settings, payload.collect()) }
    }

    fn tally(&self, corpus: &Corpus) -> Tally {
        let mut tally = Tally { values: corpus.values.len(), ..Tally::default() };
        let attack = corpus.side == Side::Attack;
        let counts = |evidence: f32| if attack { evidence >= DECIDES } else { evidence >= NOTICED };
        for value in &corpus.values {
            let query = if corpus.in_query { self.in_query(value) } else { 0.0 };
            let body = self.in_body(value);
            tally.in_query += usize::from(counts(query));
            tally.in_body += usize::from(counts(body));
            let worth_a_look = if attack { !counts(query) } else { counts(query) || counts(body) };
            if worth_a_look {
                tally.misses.push(format!("{query:.1} {body:.1} {}", corpus::shown(value)));
            }
        }
        tally
    }

    fn in_query(&self, value: &[u8]) -> f32 {
        let target = format!("/page?q={}", corpus::percent_encoded(value));
        let mut facts = facts();
        facts.target = Fact::Known(&target);
        self.evidence(&facts)
    }

    fn in_body(&self, value: &[u8]) -> f32 {
        let body = format!("name=Anne&text={}", corpus::percent_encoded(value));
        let bytes = &body.as_bytes()[..body.len().min(BodyPrefix::BYTES_MAX)];
        let mut facts = facts();
        facts.method = Fact::Known("POST");
        facts.target = Fact::Known("/page");
        facts.body = Fact::Known(BodyPrefix { kind: BodyKind::Form, bytes, complete: true });
        self.evidence(&facts)
    }

    fn evidence(&self, facts: &RequestFacts<'_>) -> f32 {
        let seen = self.engine.assess(facts, Observe::Peek);
        seen.assessment.explanation.iter().map(|line| line.evidence).fold(0.0, f32::max)
    }
}

fn facts() -> RequestFacts<'static> {
    let mut facts = RequestFacts::bare(ClientKey::Opaque("x"), Timestamp::from_secs(1), Vantage::Check);
    facts.method = Fact::Known("GET");
    facts.version = Fact::Known(HttpVersion::Http11);
    facts
}

/// Reads a file, unpacking it where it is packed.
fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    use std::io::Read as _;
    let bytes = std::fs::read(path).map_err(|error| anyhow::anyhow!("{}: {error}", path.display()))?;
    if path.extension().is_none_or(|extension| extension != "gz") {
        return Ok(bytes);
    }
    let mut text = Vec::new();
    flate2::read::MultiGzDecoder::new(&bytes[..]).read_to_end(&mut text)?;
    Ok(text)
}
