//! Out of the store: what was said about clients, and their requests as lines that a replay reads.

use std::collections::{BTreeSet, HashMap};
use std::io::Write;

use palisade_detect::HashSeed;
use palisade_learn::bounds::CLIENTS_MAX;
use palisade_learn::labels::{Told, Way};
use palisade_store::{
    Client, Event, EventId, Label, LabelBasis, LabelSource, LabelSubject, LabelVerdict, Page, Store,
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

/// A client as a replay names it.
pub(crate) fn name_of(client: &Client) -> String {
    match client {
        Client::Ip(ip) => ip.to_string(),
        Client::Opaque(name) => name.clone(),
    }
}
