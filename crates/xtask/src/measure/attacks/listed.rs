//! The hand-made list of which log lines are attacks.

use std::path::Path;

use anyhow::{Context as _, bail};

/// The list as committed.
const LIST: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/data/attack-lines.tsv"));

/// What a line is, with the reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict<'a> {
    /// Carries an attack in method, path or user agent.
    Attack(&'a str),
    /// An ordinary request.
    Ordinary(&'a str),
    /// Not counted.
    Other(&'a str),
}

/// All files of the list.
pub(super) struct Listed {
    files: Vec<ListedFile>,
}

/// One log with its rows.
pub(super) struct ListedFile {
    pub(super) folder: String,
    pub(super) name: String,
    rows: Vec<(Vec<(u64, u64)>, Verdict<'static>)>,
}

impl Listed {
    /// Reads the list that this build carries.
    pub(super) fn read() -> anyhow::Result<Self> {
        let mut files: Vec<ListedFile> = Vec::new();
        for row in LIST.lines().filter(|row| !row.starts_with('#') && !row.is_empty()) {
            let columns: Vec<&'static str> = row.split('\t').collect();
            let [folder, name, lines, verdict, reason] = columns[..] else {
                bail!("five columns, not {row:?}")
            };
            let verdict = match verdict {
                "attack" => Verdict::Attack(reason),
                "ordinary" => Verdict::Ordinary(reason),
                "other" => Verdict::Other(reason),
                other => bail!("no such verdict: {other:?}"),
            };
            let ranges = ranges(lines).with_context(|| format!("lines {lines:?} of {name}"))?;
            match files.iter_mut().find(|file| file.folder == folder && file.name == name) {
                Some(file) => file.rows.push((ranges, verdict)),
                None => files.push(ListedFile {
                    folder: folder.to_owned(),
                    name: name.to_owned(),
                    rows: vec![(ranges, verdict)],
                }),
            }
        }
        Ok(Listed { files })
    }

    pub(super) fn files(&self) -> &[ListedFile] {
        &self.files
    }
}

impl ListedFile {
    /// What `line` is; lines that no row names are not counted.
    pub(super) fn verdict(&self, line: u64) -> Verdict<'static> {
        let covers = |ranges: &[(u64, u64)]| ranges.iter().any(|&(from, to)| (from..=to).contains(&line));
        self.rows.iter().find(|(ranges, _)| covers(ranges)).map_or(Verdict::Other("not listed"), |row| row.1)
    }
}

/// `all`, or `1-3,7`.
fn ranges(text: &str) -> anyhow::Result<Vec<(u64, u64)>> {
    if text == "all" {
        return Ok(vec![(1, u64::MAX)]);
    }
    text.split(',')
        .map(|part| {
            let (from, to) = part.split_once('-').unwrap_or((part, part));
            Ok((from.parse()?, to.parse()?))
        })
        .collect()
}

/// True for empty lines and comments.
pub(super) fn is_blank(path: &Path, line: u64) -> anyhow::Result<bool> {
    let text = std::fs::read(path)?;
    let found = text.split(|b| *b == b'\n').nth(line.saturating_sub(1) as usize).unwrap_or(b"").trim_ascii();
    Ok(found.is_empty() || found.starts_with(b"# "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_well_formed() {
        let listed = Listed::read().expect("the committed list");
        assert!(listed.files().len() > 50);
        let file = listed.files().iter().find(|file| file.name.starts_with("apache2-logs/")).expect("listed");
        assert!(
            matches!(file.verdict(2), Verdict::Attack(_)) && matches!(file.verdict(5), Verdict::Ordinary(_))
        );
    }
}
