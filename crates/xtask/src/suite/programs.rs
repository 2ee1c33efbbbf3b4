//! Programs that checks run and no package of the system brings: built or installed once into `target/tools`.

use std::path::PathBuf;
use std::process::Command;

use super::checks::LIMIT;
use super::{Place, shown};
use crate::repo;

/// The version whose rules deny.toml is written for.
const CARGO_DENY: &str = "cargo-deny@0.20.2";

/// Firefox is driven through it.
const GECKODRIVER: &str = "geckodriver@0.36.0";

/// The Python packages of whole-system tests.
const REQUIREMENTS: &str = "e2e/fixtures/requirements.txt";

/// The sets of npm packages of whole-system tests: folders of `e2e/fixtures` with a lock file.
const NODE_SETS: [&str; 2] = ["browser", "express"];

/// The path of cargo-deny.
pub(super) fn cargo_deny(place: &Place) -> anyhow::Result<PathBuf> {
    built(place, "cargo-deny", CARGO_DENY)
}

/// Brings geckodriver, and the packages of Python and Node.js that whole-system tests run.
pub(super) fn for_tests(place: &Place) -> anyhow::Result<()> {
    built(place, "geckodriver", GECKODRIVER)?;
    python(place)?;
    NODE_SETS.iter().try_for_each(|set| node(place, set))
}

/// The path of `name`, built from crates.io where it is missing.
fn built(place: &Place, name: &str, versioned: &str) -> anyhow::Result<PathBuf> {
    let tools = tools(place);
    let path = tools.join("bin").join(name);
    if !path.is_file() {
        let tools = shown(&tools);
        let args = ["install", "--locked", "--debug", "--root", &tools, versioned];
        let ran = repo::run_logged(&mut repo::cargo(&place.root, &args), &place.log(name), LIMIT)?;
        anyhow::ensure!(ran.ok, "{name} cannot be built\n{}", ran.output);
    }
    Ok(path)
}

/// A virtual environment with the packages of [`REQUIREMENTS`]; made anew when they change.
fn python(place: &Place) -> anyhow::Result<()> {
    let folder = tools(place).join("python");
    let wanted = std::fs::read(place.root.join(REQUIREMENTS))?;
    // Written last: a half-made environment has none.
    let installed = folder.join("installed.txt");
    if std::fs::read(&installed).ok().as_ref() == Some(&wanted) {
        return Ok(());
    }
    let mut made = Command::new("python3");
    made.args(["-m", "venv", "--clear", &shown(&folder)]);
    let ran = repo::run_logged(&mut made, &place.log("python"), LIMIT)?;
    anyhow::ensure!(ran.ok, "python3 -m venv failed (Debian: apt-get install python3-venv)\n{}", ran.output);
    let mut install = Command::new(folder.join("bin/python"));
    install.args(["-m", "pip", "install", "--quiet", "--requirement", REQUIREMENTS]).current_dir(&place.root);
    let ran = repo::run_logged(&mut install, &place.log("python"), LIMIT)?;
    anyhow::ensure!(ran.ok, "Python packages cannot be installed\n{}", ran.output);
    Ok(std::fs::write(installed, wanted)?)
}

/// The npm packages of `set`, in a folder of their own; installed anew when its lock file changes.
fn node(place: &Place, set: &str) -> anyhow::Result<()> {
    let fixtures = place.root.join("e2e/fixtures").join(set);
    let folder = tools(place).join("node").join(set);
    let wanted = std::fs::read(fixtures.join("package-lock.json"))?;
    // Written last: a half-made folder has none.
    let installed = folder.join("installed.json");
    if std::fs::read(&installed).ok().as_ref() == Some(&wanted) {
        return Ok(());
    }
    std::fs::create_dir_all(&folder)?;
    for name in ["package.json", "package-lock.json"] {
        std::fs::copy(fixtures.join(name), folder.join(name))?;
    }
    let mut install = Command::new("npm");
    install.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&folder);
    let ran = repo::run_logged(&mut install, &place.log("npm"), LIMIT)?;
    anyhow::ensure!(ran.ok, "npm packages cannot be installed (Debian: apt-get install npm)\n{}", ran.output);
    Ok(std::fs::write(installed, wanted)?)
}

fn tools(place: &Place) -> PathBuf {
    repo::target_dir(&place.root).join("tools")
}
