//! Out of the store: what was said about clients, and their requests as lines that a replay reads; interactions as rows.

use std::collections::{BTreeSet, HashMap};
use std::io::Write;

use palisade_detect::HashSeed;
use palisade_learn::bounds::CLIENTS_MAX;
use palisade_learn::dataset::Dataset;
use palisade_learn::interactions::{Read, Reader};
use palisade_learn::labels::{OWN_WEIGHT_MAX, Told, Way};
use palisade_store::{
    Client, Event, EventId, InteractionId, Label, LabelBasis, LabelId, LabelSource, LabelSubject,
    LabelVerdict, Page, Store,
};

use crate::ledger::TENANT;

/// The rule that refuses who walked into a trap that was shown to nobody else.
const TRAP_RULE: &str = "trap: keyed";

/// What was written of the stored events.
#[derive(Debug, Default)]
pub(crate) struct Written {
    /// Lines, one a request.
    pub(crate) lines: u64,
    /// Their clients.
    pub(crate) clients: BTreeSet<String>,
    /// Clients that walked into a trap, which is somebody's word as good as any.
    pub(crate) trapped: Vec<Told>,
}

/// Writes the line of every stored event that has one, in the order of storing. `progress` hears of each page, 0.0..=1.0.
///
/// # Errors
/// Where the store or `out` fails.
pub(crate) async fn events(
    store: &dyn Store,
    out: &mut impl Write,
    mut progress: impl FnMut(f64),
) -> anyhow::Result<Written> {
    let all = store.count_events(TENANT).await?.max(1);
    let (mut written, mut next, mut seen) = (Written::default(), EventId(0), 0_u64);
    loop {
        let page = store.export(TENANT, next, usize::MAX).await?;
        let Some(last) = page.last() else { break };
        next = EventId(last.id.0 + 1);
        seen += page.len() as u64;
        for row in &page {
            if let Some(facts) = &row.event.facts {
                writeln!(out, "{facts}")?;
                written.lines += 1;
                written.note(&row.event);
            }
        }
        progress((seen as f64 / all as f64).min(1.0));
    }
    out.flush()?;
    Ok(written)
}

impl Written {
    fn note(&mut self, event: &Event) {
        let client = name_of(&event.client);
        if event.rule == TRAP_RULE {
            self.trapped.push(Told {
                id: 0,
                client: client.clone(),
                is_bot: true,
                way: Way::Trap,
                author: "trap".to_owned(),
                is_own: false,
                weight: 1.0,
                at_ms: event.time.millis(),
                is_withdrawn: false,
            });
        }
        if self.clients.len() < CLIENTS_MAX {
            self.clients.insert(client);
        }
    }

    /// The clients by the names under which labels of challenges know them.
    pub(crate) fn unmasked(&self, seed: HashSeed) -> HashMap<String, String> {
        let masked = |client: &String| {
            let ip = client.parse().ok()?;
            Some((palisade_guard::kept::masked(seed, ip), client.clone()))
        };
        self.clients.iter().filter_map(masked).collect()
    }
}

/// Everything that was said about traffic, in the order of numbers. A client that goes by a hash gets its name from `unmasked`,
/// where it is there. Labels of events that are gone, and of interactions, are left out.
///
/// # Errors
/// Where the store fails.
pub(crate) async fn told(
    store: &dyn Store,
    unmasked: Option<&HashMap<String, String>>,
) -> anyhow::Result<Vec<Told>> {
    let (mut told, mut after) = (Vec::new(), 0);
    loop {
        let page = store.labels(TENANT, Page { after, ..Page::FIRST }).await?;
        let Some(last) = page.last() else { return Ok(told) };
        after = last.id.0;
        for label in page {
            if let Some(client) = client_of(store, &label.subject).await? {
                let client = unmasked.and_then(|names| names.get(&client)).cloned().unwrap_or(client);
                told.push(one(label, client));
            }
        }
    }
}

fn one(label: Label, client: String) -> Told {
    Told {
        id: label.id.0,
        client,
        is_bot: label.verdict == LabelVerdict::Bot,
        way: match label.source {
            LabelSource::Operator => Way::Operator,
            LabelSource::Application => Way::Application,
            LabelSource::Webhook => Way::Webhook,
            LabelSource::Trap => Way::Trap,
            LabelSource::Challenge => Way::Challenge,
            LabelSource::Escalation => Way::Escalation,
            LabelSource::Import => Way::Import,
        },
        author: label.author,
        is_own: label.basis != LabelBasis::Told,
        weight: label.weight.value(),
        at_ms: label.created_at.millis(),
        is_withdrawn: label.withdrawn_at.is_some(),
    }
}

async fn client_of(store: &dyn Store, subject: &LabelSubject) -> anyhow::Result<Option<String>> {
    Ok(match subject {
        LabelSubject::Client { client, .. } => Some(name_of(client)),
        LabelSubject::Event(id) => {
            let found = store.export(TENANT, *id, 1).await?;
            found.first().filter(|row| row.id == *id).map(|row| name_of(&row.event.client))
        }
        LabelSubject::Interaction(_) => None,
    })
}

/// Stored interactions as rows.
#[derive(Debug)]
pub(crate) struct Hands {
    /// A row each, of those that bear a label.
    pub(crate) data: Dataset,
    /// What was read, and what was left out.
    pub(crate) read: Read,
    /// The labels of those rows.
    pub(crate) labels: Vec<LabelId>,
}

/// Every stored interaction, with the newest word that counts about it. What repeats a decision of ours, or rests on proof of work
/// alone, weighs 0.1 at most and does not stand against anybody's word. `progress` hears of each page, 0.0..=1.0.
///
/// # Errors
/// Where the store fails.
pub(crate) async fn interactions(store: &dyn Store, mut progress: impl FnMut(f64)) -> anyhow::Result<Hands> {
    let said = said_of_hands(store).await?;
    let all = store.interactions_size(TENANT).await?.interactions.max(1);
    let (mut reader, mut labels) = (Reader::default(), Vec::new());
    let (mut after, mut seen) = (0, 0_u64);
    'pages: loop {
        let page = store.interactions(TENANT, Page { after, ..Page::FIRST }).await?;
        let Some(last) = page.last() else { break };
        after = last.number;
        seen += page.len() as u64;
        for stored in &page {
            let new = &stored.interaction;
            let label = said.get(&new.id);
            let known = label.map(|label| (label.verdict == LabelVerdict::Bot, worth(label)));
            let before = reader.visits();
            if reader.add_stored(&new.id.to_string(), &new.data, known).is_break() {
                break 'pages;
            }
            if reader.visits() > before {
                labels.extend(label.map(|label| label.id));
            }
        }
        progress((seen as f64 / all as f64).min(1.0));
    }
    let (data, read) = reader.finish();
    Ok(Hands { data, read, labels })
}

/// The label of each interaction that counts: somebody's word before our own opinion, then the newest.
async fn said_of_hands(store: &dyn Store) -> anyhow::Result<HashMap<InteractionId, Label>> {
    let (mut said, mut after) = (HashMap::new(), 0);
    let rank = |label: &Label| (label.basis == LabelBasis::Told, label.created_at, label.id);
    loop {
        let page = store.labels(TENANT, Page { after, ..Page::FIRST }).await?;
        let Some(last) = page.last() else { return Ok(said) };
        after = last.id.0;
        for label in page.into_iter().filter(|label| label.withdrawn_at.is_none()) {
            let LabelSubject::Interaction(id) = label.subject else { continue };
            if said.get(&id).is_none_or(|held| rank(held) < rank(&label)) {
                said.insert(id, label);
            }
        }
    }
}

fn worth(label: &Label) -> f64 {
    match label.basis {
        LabelBasis::Told => label.weight.value(),
        LabelBasis::Decision | LabelBasis::Work => label.weight.value().min(OWN_WEIGHT_MAX),
    }
}

/// A client as a replay names it.
pub(crate) fn name_of(client: &Client) -> String {
    match client {
        Client::Ip(ip) => ip.to_string(),
        Client::Opaque(name) => name.clone(),
    }
}
