//! Documents that are generated from the code, so that they cannot say anything else: `docs/BOUNDS.md`, the two feature schemas and a
//! page per detector.

mod behaviour_features;
mod bounds;
mod cases;
mod detectors;
mod features;

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, bail};

use crate::finding::{Finding, conclude};
use crate::repo;

/// Path from the root and text of every generated document.
type Pages = BTreeMap<String, String>;

/// The folder that holds nothing but generated pages: what else is found in it is stale.
const GENERATED_FOLDER: &str = "docs/detectors";

/// `xtask docs` writes, `xtask docs --check` compares.
pub(crate) fn run(args: &[String]) -> anyhow::Result<()> {
    let root = repo::root();
    let mut pages = Pages::new();
    pages.insert("docs/BOUNDS.md".to_owned(), bounds::page(&root)?);
    pages.insert("docs/features.md".to_owned(), features::page());
    pages.insert("docs/behaviour-features.md".to_owned(), behaviour_features::page());
    detectors::pages(&root, &mut pages)?;
    match args {
        [] => write(&root, &pages),
        [flag] if flag == "--check" => {
            conclude(compare(&root, &pages)?, "docs: generated pages are up to date")
        }
        _ => bail!("takes nothing or --check"),
    }
}

fn write(root: &Path, pages: &Pages) -> anyhow::Result<()> {
    for (path, text) in pages {
        let file = root.join(path);
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder)?;
        }
        if std::fs::read_to_string(&file).ok().as_ref() != Some(text) {
            std::fs::write(&file, text).with_context(|| path.clone())?;
            println!("wrote {path}");
        }
    }
    for path in stale(root, pages)? {
        std::fs::remove_file(root.join(&path)).with_context(|| path.clone())?;
        println!("removed {path}");
    }
    Ok(())
}

fn compare(root: &Path, pages: &Pages) -> anyhow::Result<Vec<Finding>> {
    let finding =
        |path: &str, what: &str| Finding::new(path, 0, what, "run `make docs` and commit what it writes");
    let mut findings = Vec::new();
    for (path, text) in pages {
        match std::fs::read_to_string(root.join(path)) {
            Ok(found) if &found == text => {}
            Ok(_) => findings.push(finding(path, "differs from the code")),
            Err(_) => findings.push(finding(path, "is missing")),
        }
    }
    findings.extend(stale(root, pages)?.iter().map(|path| finding(path, "describes nothing that is there")));
    Ok(findings)
}

/// Pages of detectors that are gone.
fn stale(root: &Path, pages: &Pages) -> anyhow::Result<Vec<String>> {
    let Ok(folder) = root.join(GENERATED_FOLDER).read_dir() else { return Ok(Vec::new()) };
    let mut stale = Vec::new();
    for entry in folder {
        let path = format!("{GENERATED_FOLDER}/{}", entry?.file_name().to_string_lossy());
        if !pages.contains_key(&path) {
            stale.push(path);
        }
    }
    stale.sort();
    Ok(stale)
}

/// A cell of a Markdown table: on one line, its bars escaped.
fn cell(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_stays_one_cell() {
        assert_eq!(cell("a |\n b"), "a \\| b");
    }

    #[test]
    fn a_missing_page_is_named() {
        let pages = Pages::from([("docs/no-such-page.md".to_owned(), String::new())]);
        let findings = compare(&repo::root(), &pages).unwrap();
        assert!(findings.iter().any(|finding| finding.file == "docs/no-such-page.md"));
    }
}
