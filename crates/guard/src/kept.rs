//! What challenges leave to keep: interactions for training, and labels that say where they come from. Behind a queue; when it
//! is full, the newest is dropped and counted.

use std::sync::Arc;

use palisade_challenge::outcome::Said;
use palisade_detect::HashSeed;
use palisade_domain::{ClientIp, ClientKey, TenantId, Timestamp};
use palisade_store::bounds::LABELS_MAX;
use palisade_store::{
    Client, InteractionId, InteractionSource, LabelBasis, LabelSource, LabelSubject, LabelVerdict,
    NewInteraction, NewLabel, Store, Weight,
};
use tokio::sync::mpsc;

use crate::totals::Passage;
use crate::{Guard, keyed};

/// Interactions and labels that wait for the store.
pub const KEPT_MAX: usize = 512;

/// Most a label counts that our own decision caused (DESIGN section 10).
const CAUSED_MAX: f64 = 0.1;

/// Something to keep.
#[derive(Clone, Debug, PartialEq)]
pub enum Kept {
    /// What a widget recorded.
    Interaction {
        /// Whose site it was on.
        tenant: TenantId,
        /// Its number, as the result token says it.
        id: u128,
        /// When.
        time: Timestamp,
        /// The recording, without key values.
        data: String,
        /// What was thought of it: 0.0 a program, 1.0 a person.
        human: Option<f64>,
    },
    /// What a challenge says about a client.
    Label {
        /// Whose site it was on.
        tenant: TenantId,
        /// Whom.
        client: ClientIp,
        /// When.
        time: Timestamp,
        /// What.
        said: Said,
    },
}

impl Guard {
    /// A client under a hash of this installation's seed: the same client has the same one, and nobody else can make it.
    fn masked(&self, client: ClientIp) -> String {
        masked(self.settings.seed, client)
    }

    /// Keeps `kept`, as soon as the store takes it.
    pub fn keep(&self, kept: Kept) {
        if self.kept.try_send(kept).is_err() {
            self.totals.pass(Passage::KeptDropped, 1);
        }
    }
}

/// The name under which a label of a challenge knows `client`: whoever holds the seed can tell again whom it is about.
pub fn masked(seed: HashSeed, client: ClientIp) -> String {
    format!("client:{:016x}", keyed::of_client(seed, ClientKey::Ip(client)))
}

/// Stores what is kept until nobody can send any more, or `stop` ends; then what is left.
pub async fn run(
    guard: Arc<Guard>,
    mut kept: mpsc::Receiver<Kept>,
    store: Arc<dyn Store>,
    stop: impl Future<Output = ()> + Send,
) {
    let mut stop = std::pin::pin!(stop);
    let mut labels = Labels::default();
    loop {
        tokio::select! {
            biased;
            next = kept.recv() => match next {
                Some(next) => put(&guard, &*store, next, &mut labels).await,
                None => return,
            },
            () = &mut stop => break,
        }
    }
    while let Ok(next) = kept.try_recv() {
        put(&guard, &*store, next, &mut labels).await;
    }
}

/// Whether there is room for labels that nobody gave: the operator's own always find some.
#[derive(Debug, Default)]
struct Labels {
    /// How many may still be put before the store is asked again.
    free: usize,
}

/// Labels put between two counts.
const COUNTED_EVERY: usize = 256;

impl Labels {
    async fn has_room(&mut self, store: &dyn Store, tenant: TenantId) -> bool {
        if self.free == 0 {
            let held = store.count_labels(tenant).await.map_or(usize::MAX, |count| count as usize);
            if held >= LABELS_MAX / 2 {
                return false;
            }
            self.free = COUNTED_EVERY;
        }
        self.free -= 1;
        true
    }
}

/// What the store does not take is lost and counted: it is a sample.
async fn put(guard: &Guard, store: &dyn Store, kept: Kept, labels: &mut Labels) {
    let taken = match kept {
        Kept::Interaction { tenant, id, time, data, human } => {
            let new = NewInteraction {
                id: InteractionId(id),
                time,
                data,
                label: None,
                source: InteractionSource::Widget,
                score: human,
            };
            store.add_interaction(tenant, &new).await.is_ok()
        }
        Kept::Label { tenant, .. } if !labels.has_room(store, tenant).await => false,
        Kept::Label { tenant, client, time, said } => {
            // Whatever is not a number of the range counts nothing.
            let weight =
                Weight::new(said.weight.min(CAUSED_MAX)).or(Weight::new(0.0)).expect("0.0 is a weight");
            let verdict = if said.human { LabelVerdict::Human } else { LabelVerdict::Bot };
            let label = NewLabel {
                // Under a keyed hash: a label has no end, an address has.
                subject: LabelSubject::Client { client: Client::Opaque(guard.masked(client)), time },
                verdict,
                source: LabelSource::Challenge,
                author: String::new(),
                basis: LabelBasis::Work,
                weight,
                created_at: time,
            };
            store.put_label(tenant, &label).await.is_ok()
        }
    };
    if !taken {
        guard.totals.pass(Passage::KeptDropped, 1);
    }
}
