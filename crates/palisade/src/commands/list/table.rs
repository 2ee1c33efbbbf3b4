//! Entries for people and for programs.

use palisade_domain::Timestamp;
use palisade_store::{Effect, ListEntry};
use serde::Serialize;

use crate::columns::{aligned, harmless, moment};

/// A table with a head, one entry a line, text of strangers made harmless.
pub(super) fn text(entries: &[ListEntry], now: Timestamp) -> String {
    let head = ["NETWORK", "EFFECT", "UNTIL", "SOURCE", "REASON"].map(str::to_owned);
    let rows: Vec<_> = std::iter::once(head).chain(entries.iter().map(|entry| row(entry, now))).collect();
    aligned(&rows)
}

/// A list of objects; moments in RFC 3339.
pub(super) fn json(entries: &[ListEntry]) -> serde_json::Result<String> {
    let rows: Vec<_> = entries
        .iter()
        .map(|entry| JsonEntry {
            id: entry.id.0,
            network: entry.network.to_string(),
            effect: entry.effect.kind().name(),
            per_minute: entry.effect.rate().map(|rate| rate.0),
            expires_at: entry.expires_at.map(moment),
            source: entry.source.name(),
            reason: &entry.reason,
            created_at: moment(entry.created_at),
        })
        .collect();
    serde_json::to_string(&rows)
}

#[derive(Serialize)]
struct JsonEntry<'a> {
    id: i64,
    network: String,
    effect: &'static str,
    per_minute: Option<u32>,
    expires_at: Option<String>,
    source: &'static str,
    reason: &'a str,
    created_at: String,
}

fn row(entry: &ListEntry, now: Timestamp) -> [String; 5] {
    let effect = match entry.effect {
        Effect::Throttle(rate) => format!("throttle {}/m", rate.0),
        other => other.kind().name().to_owned(),
    };
    let until = match entry.expires_at {
        None => "for good".to_owned(),
        Some(end) if end > now => moment(end),
        Some(end) => format!("{} (over)", moment(end)),
    };
    let reason = harmless(&entry.reason);
    [entry.network.to_string(), effect, until, entry.source.name().to_owned(), reason]
}
