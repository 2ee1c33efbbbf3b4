//! A deadline that costs nothing while things move.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep};

/// Starts with the first wait and is cleared by every move. The timer behind it is armed once and looked at when it
/// fires: moving on does not touch the runtime.
#[derive(Debug, Default)]
pub(crate) struct Deadline {
    until: Option<Instant>,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Deadline {
    /// Something moved.
    pub(crate) fn clear(&mut self) {
        self.until = None;
    }

    /// Ready where nothing has moved for `limit`, since this was first asked.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, limit: Duration) -> Poll<()> {
        let until = *self.until.get_or_insert_with(|| Instant::now() + limit);
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(until)));
        if sleep.deadline() > until {
            sleep.as_mut().reset(until);
        }
        while sleep.as_mut().poll(cx).is_ready() {
            if sleep.deadline() >= until {
                return Poll::Ready(());
            }
            sleep.as_mut().reset(until);
        }
        Poll::Pending
    }
}
