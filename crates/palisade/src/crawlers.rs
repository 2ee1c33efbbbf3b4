//! Published ranges of crawlers in the data folder: read at the start, fetched anew on schedule or by command.
//!
//! What ships with the build is the floor; a newer file in `ranges/` takes its place. A file that cannot be used is said
//! once and passed over: the shipped ranges go on.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use palisade_crawl::proof::OperatorId;
use palisade_crawl::published::{self, Source};
use palisade_crawl::ranges::{self, RangeBook, Ranges};
use palisade_domain::{NetPrefix, Timestamp};
use palisade_intel::Outbound;
use palisade_store::DataDir;

use crate::shell;

/// What came of one operator's update.
#[derive(Debug)]
pub(crate) struct Update {
    /// The operator's key.
    pub(crate) operator: &'static str,
    /// Networks written, or why there are none.
    pub(crate) outcome: Result<usize, String>,
}

/// Every operator's ranges: shipped, or newer from the data folder.
pub(crate) fn book(data: Option<&DataDir>) -> RangeBook {
    let mut book = ranges::builtin().clone();
    let Some(data) = data else { return book };
    for operator in OperatorId::all() {
        let path = data.ranges().join(format!("{}.txt", operator.key()));
        match read(&path) {
            Ok(None) => {}
            Ok(Some(fetched)) => {
                if book.of(operator).is_none_or(|shipped| shipped.collected < fetched.collected) {
                    book.put(operator, fetched);
                }
            }
            Err(problem) => shell::complain(&format!(
                "palisade: {}: {problem}; it is passed over, `palisade crawlers update` writes it anew",
                path.display()
            )),
        }
    }
    book
}

fn read(path: &Path) -> Result<Option<Ranges>, String> {
    match fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.to_string()),
        Ok(text) => Ranges::read(&text).map(Some).map_err(|error| error.to_string()),
    }
}

/// Fetches what `wanted` names (all, where it is empty) and writes it. An operator that cannot be fetched keeps what it
/// has.
pub(crate) async fn update(
    outbound: &Outbound,
    sources: &[Source],
    wanted: &[String],
    data: &DataDir,
    now: Timestamp,
) -> Vec<Update> {
    let mut updates = Vec::new();
    for source in sources {
        if !wanted.is_empty() && !wanted.iter().any(|name| name == source.operator) {
            continue;
        }
        let outcome = match palisade_intel::ranges::fetch(outbound, source).await {
            Ok(networks) => write(data, source.operator, &networks, now)
                .map(|()| networks.len())
                .map_err(|error| format!("cannot be written: {error}")),
            Err(error) => Err(error.to_string()),
        };
        updates.push(Update { operator: source.operator, outcome });
    }
    updates
}

/// Writes beside its place first: a reader sees the old file or the new one.
fn write(data: &DataDir, operator: &str, networks: &[NetPrefix], now: Timestamp) -> io::Result<()> {
    let folder = data.ranges();
    fs::create_dir_all(&folder)?;
    let temp = folder.join(format!("{operator}.{}.new", std::process::id()));
    let mut file = fs::File::create(&temp)?;
    file.write_all(ranges::to_text(networks, now).as_bytes())?;
    file.sync_all()?;
    fs::rename(&temp, folder.join(format!("{operator}.txt")))
}

/// The operators whose ranges are missing or were collected before `oldest`, of those that publish some.
pub(crate) fn stale(book: &RangeBook, oldest: Timestamp) -> Vec<String> {
    published::operators()
        .filter(|(operator, _)| book.of(*operator).is_none_or(|held| held.collected < oldest))
        .map(|(operator, _)| operator.key().to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_file_takes_the_place_of_what_ships() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::open(folder.path()).unwrap();
        let bing = OperatorId::from_key("bing").unwrap();
        let shipped = ranges::builtin().of(bing).unwrap();
        let network: NetPrefix = "203.0.113.0/24".parse().unwrap();
        let inside = "203.0.113.9".parse().unwrap();
        let newer = shipped.collected.plus_millis(2 * 86_400_000);
        write(&data, "bing", &[network], newer).unwrap();
        assert!(book(Some(&data)).of(bing).unwrap().set.contains(inside));
        write(&data, "bing", &[network], shipped.collected.plus_millis(-86_400_000)).unwrap();
        assert!(!book(Some(&data)).of(bing).unwrap().set.contains(inside));
        fs::write(data.ranges().join("bing.txt"), "nonsense").unwrap();
        assert!(!book(Some(&data)).of(bing).unwrap().set.contains(inside));
        assert!(stale(&book(None), newer).contains(&"bing".to_owned()));
        assert!(!stale(&book(None), shipped.collected).contains(&"bing".to_owned()));
    }
}
