//! How an exchange ended, told to the guard wherever that happens.

use std::fmt;
use std::rc::Rc;

use palisade_domain::Timestamp;
use palisade_guard::Pending;

use crate::body::response_facts;
use crate::clock;
use crate::connection::Client;
use crate::worker::Worker;

/// Follows an exchange. Dropped when the last byte is written or the client is gone; then the guard hears of it.
pub(crate) struct Ending {
    worker: Rc<Worker>,
    /// Keeps the connection from being idle.
    _busy: Rc<()>,
    pending: Option<Pending>,
    since: Timestamp,
    status: Option<u16>,
    cookie: bool,
    is_ours: bool,
    bytes: u64,
}

impl Ending {
    pub(crate) fn new(client: &Client, pending: Option<Pending>, since: Timestamp) -> Self {
        let (worker, busy) = (Rc::clone(&client.worker), Rc::clone(&client.busy));
        Ending { worker, _busy: busy, pending, since, status: None, cookie: false, is_ours: false, bytes: 0 }
    }

    pub(crate) fn worker(&self) -> &Rc<Worker> {
        &self.worker
    }

    /// The answer is ours, in place of the site's.
    pub(crate) fn answered_by_us(&mut self, status: u16) {
        (self.status, self.is_ours) = (Some(status), true);
    }

    /// The head of the site's answer is known.
    pub(crate) fn answered(&mut self, status: u16, cookie: bool) {
        (self.status, self.cookie) = (Some(status), cookie);
    }

    /// So many more bytes of its body went out.
    pub(crate) fn add(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        if let Some(pending) = self.pending.take() {
            let now = clock::now();
            let duration_ms = now.millis_since(self.since);
            let facts = response_facts(self.status, self.bytes, duration_ms, self.cookie, self.is_ours);
            self.worker.guard.response(pending, &facts, now);
        }
    }
}

impl fmt::Debug for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ending")
            .field("status", &self.status)
            .field("bytes", &self.bytes)
            .finish_non_exhaustive()
    }
}
