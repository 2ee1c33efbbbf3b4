//! The queue between the hot side and everything slow. Full is a designed state: the newest is dropped and counted.

use std::sync::Arc;

use palisade_domain::{ClientIp, RequestId, SiteId, Timestamp};
use palisade_policy::EntryWish;
use palisade_store::Event;
use tokio::sync::{broadcast, mpsc};

/// What a slow part is asked.
#[derive(Clone, Debug)]
pub enum Question {
    /// The confirmed name of an address.
    Name(ClientIp),
    /// The key directory of a Web Bot Auth origin.
    Keys(String),
}

/// One verdict for those who watch: the terminal of the demo, later the desk.
#[derive(Clone, Debug)]
pub struct Watched {
    /// Its reference number.
    pub id: RequestId,
    /// The event as it would be stored.
    pub event: Arc<Event>,
}

/// Where watchers subscribe.
pub type Verdicts = broadcast::Receiver<Watched>;

/// An event on its way to the store.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// Its reference number.
    pub id: RequestId,
    /// The event.
    pub event: Event,
}

/// An entry on its way to the store.
#[derive(Clone, Copy, Debug)]
pub struct Wished {
    /// On which site.
    pub site: SiteId,
    /// When.
    pub time: Timestamp,
    /// The entry.
    pub wish: EntryWish,
}

/// The cold ends of all queues; the worker empties them.
#[derive(Debug)]
pub struct Backlog {
    /// Events to be stored.
    pub events: mpsc::Receiver<Recorded>,
    /// Entries to be written.
    pub entries: mpsc::Receiver<Wished>,
    /// Questions for the outside world.
    pub questions: mpsc::Receiver<Question>,
}
