//! What `train` and `evaluate` do otherwise with `--kind behaviour`: what they read, and what they do not take.

use std::path::PathBuf;

use palisade_learn::interactions::{self, Read, Skip};
use palisade_learn::train::KindSettings;
use palisade_model::{Kind, Subject};

use super::reading;
use super::train::Loaded;
use crate::exit::UsageError;

/// What a model of behaviour is for.
pub(crate) const SUMMARY: &str =
    "How likely a program moved a page's mouse, keys and fingers, from the trace of one visit.";

/// Where every model of behaviour errs.
pub(crate) const WEAKNESSES: [&str; 2] = [
    "What a visitor did not use, a mouse or keys, has a weight of its own: people who use only one of them must be among its data.",
    "A trace is what a client says: who replays a person's movements looks like that person to it.",
];

/// The settings of `kind`, as they are for what is judged.
pub(super) fn or(judged: Subject, kind: Kind) -> KindSettings {
    match judged {
        Subject::Traffic => KindSettings::of(kind),
        Subject::Behaviour => palisade_learn::behaviour::settings_of(kind),
    }
}

/// Options of traffic that interactions do not have.
///
/// # Errors
/// With the first of them.
pub(super) fn check(has_labels: bool, group: &str) -> Result<(), UsageError> {
    if has_labels {
        let why =
            "--labels: the label of an interaction stands on its line, as \"label\": \"human\" or \"bot\"";
        return Err(UsageError(why.to_owned()));
    }
    if group != "client" {
        let why = format!("--group {group}: a row is one visit; its \"group\" says what belongs together");
        return Err(UsageError(why));
    }
    Ok(())
}

/// Labelled interactions in numbers.
///
/// # Errors
/// Where a file cannot be read, or no line is a labelled interaction.
pub(super) fn read(files: &[PathBuf]) -> anyhow::Result<Loaded> {
    let found = reading::watched("reading interactions", || interactions::read(files));
    let (data, read) = found.map_err(|error| UsageError(error.to_string()))?;
    Ok(Loaded { data, table: table(&read) })
}

/// What was read, and what was left out and why.
pub(crate) fn table(read: &Read) -> String {
    let skipped = Skip::ALL
        .into_iter()
        .filter_map(|why| read.skipped.get(&why).map(|count| (format!("skipped: {}", why.name()), *count)));
    let contradicting = Some(("left out: visits with both labels".to_owned(), read.contradicting));
    let rows = std::iter::once(("interactions".to_owned(), read.interactions))
        .chain(skipped)
        .chain(contradicting.filter(|(_, count)| *count > 0));
    let mut text: String = rows.map(|(name, count)| format!("{name:>40}  {count}\n")).collect();
    for line in read.examples.iter().chain(&read.warnings) {
        text.push_str(line);
        text.push('\n');
    }
    if read.ended_at_bound {
        text.push_str("There were more than can be held: the lines after them were not read.\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_counts_and_names() {
        let read = Read {
            lines: 9,
            interactions: 7,
            skipped: [(Skip::NoLabel, 2)].into(),
            examples: vec!["a.ndjson:3: no label".to_owned()],
            contradicting: 1,
            ended_at_bound: true,
            warnings: vec!["a.ndjson: cut off".to_owned()],
        };
        let text = table(&read);
        for part in
            ["interactions  7", "skipped: no label  2", "both labels  1", "a.ndjson:3", "cut off", "not read"]
        {
            assert!(text.contains(part), "{part}: {text}");
        }
    }

    #[test]
    fn the_net_of_behaviour_is_smaller() {
        let layers = |judged| match or(judged, Kind::Neural) {
            KindSettings::Neural(net) => net.layers,
            _ => Vec::new(),
        };
        assert_eq!((layers(Subject::Behaviour), layers(Subject::Traffic)), (vec![64, 32], vec![64, 32, 16]));
    }
}
