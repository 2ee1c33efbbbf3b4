//! Entries for people and for programs.

use palisade_domain::Timestamp;
use palisade_store::{Effect, ListEntry};
use serde::Serialize;

/// A table with a head, one entry a line, text of strangers made harmless.
pub(super) fn text(entries: &[ListEntry], now: Timestamp) -> String {
    let head = ["NETWORK", "EFFECT", "UNTIL", "SOURCE", "REASON"].map(str::to_owned);
    let rows: Vec<_> = std::iter::once(head).chain(entries.iter().map(|entry| row(entry, now))).collect();
    let widths: [usize; 5] =
        std::array::from_fn(|at| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or(0));
    let mut table = String::new();
    for row in &rows {
        let cells: Vec<_> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        table.push_str(cells.join("  ").trim_end());
        table.push('\n');
    }
    table
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
    let reason = entry.reason.replace(char::is_control, ".");
    [entry.network.to_string(), effect, until, entry.source.name().to_owned(), reason]
}

/// RFC 3339 in UTC, whole seconds; moments outside the years -9999 to 9999 as microseconds.
pub(super) fn moment(time: Timestamp) -> String {
    jiff::Timestamp::from_second(time.secs())
        .map_or_else(|_| format!("{} us", time.0), |moment| moment.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_readable() {
        assert_eq!(moment(Timestamp::from_secs(0)), "1970-01-01T00:00:00Z");
        assert_eq!(moment(Timestamp(1_767_225_600_999_999)), "2026-01-01T00:00:00Z");
        assert_eq!(moment(Timestamp(i64::MAX)), format!("{} us", i64::MAX));
    }
}
