//! The pace of a client, where it is part of what is tested: a person who reads, a program that asks once a second.
//!
//! No test waits here for something to become true: that is awaited itself, with [`GUARD`] against hanging.

use std::future::Future;
use std::time::Duration;

use tokio::time::Instant;

/// No single step of a test takes longer, unless something hangs.
pub const GUARD: Duration = Duration::from_secs(60);

/// A clock that starts now; a client asks it to wait until its next request is due.
#[derive(Clone, Copy, Debug)]
pub struct Pacer {
    start: Instant,
}

impl Pacer {
    /// Starts now.
    pub fn start() -> Self {
        Pacer { start: Instant::now() }
    }

    /// Waits until `offset` after the start; returns at once where that has passed.
    pub async fn until(&self, offset: Duration) {
        tokio::time::sleep_until(self.start + offset).await;
    }

    /// Time since the start.
    pub fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }
}

/// `step`, or an error that names it where it hangs.
///
/// # Errors
/// Where `step` fails, or takes longer than [`GUARD`].
pub async fn guarded<T>(name: &str, step: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    match tokio::time::timeout(GUARD, step).await {
        Ok(done) => done.map_err(|error| error.context(name.to_owned())),
        Err(_) => anyhow::bail!("{name}: nothing happened for {} s", GUARD.as_secs()),
    }
}
