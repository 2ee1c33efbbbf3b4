//! Browser code in `web/`: types by TypeScript's compiler, tests by Node. Sizes of what is served are among the tests.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use super::checks::LIMIT;
use super::tally::Tally;
use super::{Outcome, Place, shown};
use crate::repo;

/// Types and tests of everything in `web/`.
pub(super) fn browser_code(place: &Place) -> anyhow::Result<Outcome> {
    let web = place.root.join("web");
    packages(place, &web)?;
    let mut tsc = Command::new("node");
    tsc.args(["node_modules/typescript/bin/tsc", "--project", "tsconfig.json"]).current_dir(&web);
    let types = repo::run_logged(&mut tsc, &place.log("browser types"), LIMIT)?;
    let mut node = Command::new("node");
    node.args(["--test", "--test-reporter=tap"]).args(test_files(&web)?).current_dir(&web);
    let tests = repo::run_logged(&mut node, &place.log("browser tests"), LIMIT)?;
    let mut tally = Tally::of_node_test(&tests.output, tests.ok);
    tally += Tally { passed: usize::from(types.ok), failed: usize::from(!types.ok) };
    let mut output = String::new();
    if !types.ok {
        output.push_str(&types.output);
    }
    if !tests.ok {
        output.push_str(&failed_tests(&tests.output));
    }
    Ok(Outcome::Tests { tally, output })
}

/// Installs what package-lock.json names; again when it changes.
fn packages(place: &Place, web: &Path) -> anyhow::Result<()> {
    let wanted = std::fs::read(web.join("package-lock.json"))?;
    // Written last: a half-made folder has none.
    let installed = web.join("node_modules/installed.json");
    if std::fs::read(&installed).ok().as_ref() == Some(&wanted) {
        return Ok(());
    }
    let mut npm = Command::new("npm");
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(web);
    let ran = repo::run_logged(&mut npm, &place.log("browser packages"), LIMIT)
        .context("npm is missing (Debian: apt-get install nodejs npm)")?;
    anyhow::ensure!(ran.ok, "npm ci failed in web/\n{}", ran.output);
    Ok(std::fs::write(installed, wanted)?)
}

/// `web/test/*.test.mjs`: versions of Node read folders and patterns differently.
fn test_files(web: &Path) -> anyhow::Result<Vec<String>> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(web.join("test"))?
        .map(|entry| Ok(entry?.path()))
        .collect::<std::io::Result<_>>()?;
    files.retain(|path| shown(path).ends_with(".test.mjs"));
    files.sort();
    Ok(files.iter().map(|path| shown(path)).collect())
}

/// The failed tests of a TAP report with what they said; everything where none is found.
fn failed_tests(report: &str) -> String {
    let mut kept = String::new();
    let mut keeping = false;
    for line in report.lines() {
        let text = line.trim_start();
        if text.starts_with("ok ") || text.starts_with("# Subtest") {
            keeping = false;
        }
        keeping |= text.starts_with("not ok ");
        if keeping {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    if kept.is_empty() { report.to_owned() } else { kept }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failed_tests_are_shown_with_what_they_said() {
        let report = "TAP version 13\n# Subtest: a\nok 1 - a\n# Subtest: b\nnot ok 2 - b\n  ---\n  error: 'x'\n  ...\n\
            # Subtest: c\nok 3 - c\n1..3\n";
        let shown = failed_tests(report);
        assert!(shown.contains("error: 'x'") && !shown.contains("ok 1") && !shown.contains("ok 3"));
        assert_eq!(failed_tests("node: bad option\n"), "node: bad option\n");
    }

    #[test]
    fn test_files_are_found() {
        let files = test_files(&repo::root().join("web")).unwrap();
        assert!(files.iter().any(|file| file.ends_with("/captcha.test.mjs")));
        assert!(!files.iter().any(|file| file.ends_with("/stage.mjs")));
    }
}
