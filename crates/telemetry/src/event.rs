//! The events, one struct each. `emit` writes the line; what a struct does not hold cannot be logged.

use std::path::Path;

use tracing::{debug, error, info, warn};

mod gateway;

pub use gateway::{UpstreamBack, UpstreamDown};

/// Whose events they are, whichever module they come from.
pub(crate) const TARGET: &str = "palisade";

/// A replay begins.
#[derive(Clone, Copy, Debug)]
pub struct ReplayStarted {
    /// Log files to read.
    pub files: usize,
}

impl ReplayStarted {
    /// Level info.
    pub fn emit(&self) {
        info!(target: TARGET, { replay.files = self.files }, "replay started");
    }
}

/// A replay is done.
#[derive(Clone, Copy, Debug)]
pub struct ReplayFinished {
    /// Requests assessed.
    pub requests: u64,
    /// Lines skipped.
    pub skipped: u64,
    /// Distinct clients.
    pub clients: u64,
    /// Wall time in milliseconds.
    pub elapsed_ms: u64,
}

impl ReplayFinished {
    /// Level info.
    pub fn emit(&self) {
        info!(
            target: TARGET,
            {
                replay.requests = self.requests,
                replay.skipped = self.skipped,
                replay.clients = self.clients,
                replay.elapsed_ms = self.elapsed_ms,
                replay.requests_per_second = self.requests_per_second(),
            },
            "replay finished"
        );
    }

    /// Whole requests a second; what took less than a millisecond counts as one.
    pub fn requests_per_second(&self) -> u64 {
        self.requests.saturating_mul(1_000) / self.elapsed_ms.max(1)
    }
}

/// Lines of a log could not be read; once per reason.
#[derive(Clone, Copy, Debug)]
pub struct LinesSkipped {
    /// Why, such as `torn line`.
    pub reason: &'static str,
    /// How many.
    pub count: u64,
}

impl LinesSkipped {
    /// Level info: the summary says so as well.
    pub fn emit(&self) {
        info!(target: TARGET, { lines.reason = self.reason, lines.count = self.count }, "lines skipped");
    }
}

/// Where the configuration came from.
#[derive(Clone, Copy, Debug)]
pub enum ConfigSource<'a> {
    /// No file: defaults, environment and flags.
    Defaults,
    /// This file, under environment and flags.
    File(&'a Path),
}

/// The configuration is sound and in effect.
#[derive(Clone, Copy, Debug)]
pub struct ConfigLoaded<'a> {
    /// Where from.
    pub source: ConfigSource<'a>,
    /// Settings that differ from their default.
    pub settings_changed: usize,
}

impl ConfigLoaded<'_> {
    /// Level debug: true of every run.
    pub fn emit(&self) {
        let (source, file) = match self.source {
            ConfigSource::Defaults => ("defaults", None),
            ConfigSource::File(path) => ("file", Some(tracing::field::display(path.display()))),
        };
        let changed = self.settings_changed;
        debug!(
            target: TARGET,
            { config.source = source, config.file = file, config.settings_changed = changed },
            "configuration loaded"
        );
    }
}

/// A robots.txt of a site says something that is not understood.
#[derive(Clone, Copy, Debug)]
pub struct RobotsLineOdd<'a, P> {
    /// The file, as configured.
    pub file: &'a Path,
    /// The line, from 1.
    pub line: u32,
    /// What is wrong with it: words of ours.
    pub problem: P,
}

impl<P: std::fmt::Display> RobotsLineOdd<'_, P> {
    /// Level warn: a rule may not do what its author thinks.
    pub fn emit(&self) {
        let Self { file, line, problem } = self;
        warn!(target: TARGET, { robots.line = line }, "{}:{line}: {problem}", file.display());
    }
}

/// A store is open and its schema up to date.
#[derive(Clone, Copy, Debug)]
pub struct StoreOpened {
    /// `sqlite`.
    pub store: &'static str,
    /// List entries in it.
    pub list_entries: usize,
}

impl StoreOpened {
    /// Level info.
    pub fn emit(&self) {
        let Self { store, list_entries } = self;
        info!(target: TARGET, { store.kind = store, store.list_entries = list_entries }, "store opened");
    }
}

/// The history of an earlier run goes on.
#[derive(Clone, Copy, Debug)]
pub struct HistoryRestored {
    /// Clients known from it.
    pub clients: usize,
}

impl HistoryRestored {
    /// Level info.
    pub fn emit(&self) {
        info!(target: TARGET, { history.clients = self.clients }, "history restored");
    }
}

/// Why a history is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Discard {
    /// Damaged bytes; the file was moved aside.
    Damaged,
    /// Written by another version.
    OtherVersion,
    /// Kept under another hash seed.
    OtherSeed,
}

impl Discard {
    /// The label.
    pub fn name(self) -> &'static str {
        match self {
            Discard::Damaged => "damaged",
            Discard::OtherVersion => "other-version",
            Discard::OtherSeed => "other-seed",
        }
    }
}

/// The history of earlier runs cannot be used; this one begins empty.
#[derive(Clone, Copy, Debug)]
pub struct HistoryDiscarded<E> {
    /// Why, in a word.
    pub reason: Discard,
    /// The whole story with the file's name.
    pub error: E,
}

impl<E: std::fmt::Display> HistoryDiscarded<E> {
    /// Level warn: clients have to be learned again.
    pub fn emit(&self) {
        warn!(target: TARGET, { history.reason = self.reason.name() }, "{}", self.error);
    }
}

/// The history is on the disk.
#[derive(Clone, Copy, Debug)]
pub struct HistorySaved {
    /// Clients in it.
    pub clients: usize,
    /// Its size in bytes.
    pub bytes: usize,
}

impl HistorySaved {
    /// Level info.
    pub fn emit(&self) {
        let Self { clients, bytes } = self;
        info!(target: TARGET, { history.clients = clients, history.bytes = bytes }, "history saved");
    }
}

/// Something does not work as it should; the rest goes on. Once per trouble, not per request.
#[derive(Clone, Copy, Debug)]
pub struct Degraded<'a> {
    /// Which trouble, in a word.
    pub code: &'static str,
    /// What is wrong, what follows and what to do.
    pub message: &'a str,
}

impl Degraded<'_> {
    /// Level warn: `/ready` says the same until it is over.
    pub fn emit(&self) {
        warn!(target: TARGET, { degraded.code = self.code }, "{}", self.message);
    }
}

/// A trouble that was told before is over.
#[derive(Clone, Copy, Debug)]
pub struct Recovered {
    /// Which trouble, in a word.
    pub code: &'static str,
}

impl Recovered {
    /// Level info.
    pub fn emit(&self) {
        info!(target: TARGET, { degraded.code = self.code }, "works again");
    }
}

/// What could not be stored before the process ended.
#[derive(Clone, Copy, Debug)]
pub struct RecordsLost {
    /// Events.
    pub events: usize,
    /// List entries that rules asked for.
    pub list_entries: usize,
}

impl RecordsLost {
    /// Level error: the store has to be looked at.
    pub fn emit(&self) {
        let Self { events, list_entries } = self;
        error!(
            target: TARGET,
            { lost.events = events, lost.list_entries = list_entries },
            "the store took no more: records of the last moments are lost"
        );
    }
}

#[cfg(test)]
mod tests;
