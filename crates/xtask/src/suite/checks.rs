//! The checks themselves.

use std::process::Command;
use std::time::Duration;

use super::tally::{Tally, failures};
use super::{Outcome, Place, programs, shown};
use crate::finding::conclude;
use crate::{fuzz, repo, tidy};

/// No check takes longer by far; one that hangs ends here.
pub(super) const LIMIT: Duration = Duration::from_secs(25 * 60);

/// A list of advisories that has not come by then will not come.
const FETCH_LIMIT: Duration = Duration::from_secs(60);

/// Each fuzz target runs this long: enough to replay its corpus and to see that it works.
const SMOKE_SECONDS: u32 = 5;

pub(super) fn formatting(place: &Place) -> anyhow::Result<Outcome> {
    let fuzz = shown(&place.root.join("fuzz/Cargo.toml"));
    // Names of files are enough: `make fmt` mends them.
    let main = cargo(place, "formatting", &["fmt", "--all", "--check", "--", "-l"])?;
    let fuzz = cargo(place, "formatting of fuzz", &["fmt", "--manifest-path", &fuzz, "--check", "--", "-l"])?;
    Ok(match both(main, fuzz) {
        Outcome::Failed(files) => Outcome::Failed(format!("{files}run `make fmt`\n")),
        fine => fine,
    })
}

pub(super) fn scripts(place: &Place) -> anyhow::Result<Outcome> {
    let mut faults = String::new();
    for path in repo::files(&place.root)?.iter().filter(|path| path.ends_with(".sh") || *path == ".ci/run") {
        let mut command = Command::new("sh");
        command.args(["-n", path]).current_dir(&place.root);
        let ran = repo::run_logged(&mut command, &place.log("shell scripts"), LIMIT)?;
        if !ran.ok {
            faults.push_str(&ran.output);
        }
    }
    Ok(if faults.is_empty() { Outcome::Passed } else { Outcome::Failed(faults) })
}

pub(super) fn tidy(_place: &Place) -> anyhow::Result<Outcome> {
    Ok(match conclude(tidy::findings()?, "") {
        Ok(()) => Outcome::Passed,
        Err(error) => Outcome::Failed(error.to_string()),
    })
}

pub(super) fn licences(place: &Place) -> anyhow::Result<Outcome> {
    let deny = programs::cargo_deny(place)?;
    let mut command = Command::new(deny);
    command
        .args(["--locked", "--workspace", "check", "licenses", "bans", "sources"])
        .current_dir(&place.root);
    judged(repo::run_logged(&mut command, &place.log("licences"), LIMIT)?)
}

pub(super) fn advisories(place: &Place) -> anyhow::Result<Outcome> {
    let deny = programs::cargo_deny(place)?;
    let mut fetch = Command::new(&deny);
    fetch.args(["fetch", "db"]).env("GIT_TERMINAL_PROMPT", "0").current_dir(&place.root);
    if !repo::run_logged(&mut fetch, &place.log("advisories"), FETCH_LIMIT)?.ok {
        return Ok(Outcome::Skipped("the advisory database cannot be reached from here".to_owned()));
    }
    let mut command = Command::new(&deny);
    command
        .args(["--locked", "--workspace", "check", "--disable-fetch", "advisories"])
        .current_dir(&place.root);
    judged(repo::run_logged(&mut command, &place.log("advisories"), LIMIT)?)
}

pub(super) fn lints(place: &Place) -> anyhow::Result<Outcome> {
    let mut args = vec!["clippy", "--locked", "--quiet", "--workspace", "--all-targets", "--profile", "ci"];
    args.extend(["--", "-D", "warnings"]);
    cargo(place, "lints", &args)
}

/// The gateway that trains nothing and reads no ONNX, without a warning. Only its last crate is looked at anew: about ten seconds.
pub(super) fn slim_build(place: &Place) -> anyhow::Result<Outcome> {
    let mut args = vec!["clippy", "--locked", "--quiet", "--package", "palisade", "--no-default-features"];
    args.extend(["--profile", "ci", "--", "-D", "warnings"]);
    cargo(place, "slim build", &args)
}

/// What whole-system tests run and no package of the system brings; tests that miss it fail and name it.
pub(super) fn programs_for_tests(place: &Place) -> anyhow::Result<Outcome> {
    Ok(match programs::for_tests(place) {
        Ok(()) => Outcome::Passed,
        Err(error) => Outcome::Failed(format!("{error:#}\n")),
    })
}

pub(super) fn tests(place: &Place) -> anyhow::Result<Outcome> {
    let args = ["test", "--locked", "--workspace", "--profile", "ci", "--no-fail-fast"];
    let ran = repo::run_logged(&mut repo::cargo(&place.root, &args), &place.log("tests"), LIMIT)?;
    let output = if ran.ok { String::new() } else { failures(&ran.output) };
    Ok(Outcome::Tests { tally: Tally::of_cargo_test(&ran.output, ran.ok), output })
}

pub(super) fn generated_pages(place: &Place) -> anyhow::Result<Outcome> {
    let args =
        ["run", "--locked", "--quiet", "--profile", "ci", "--package", "xtask", "--", "docs", "--check"];
    cargo(place, "generated pages", &args)
}

pub(super) fn documentation(place: &Place) -> anyhow::Result<Outcome> {
    let args = ["doc", "--locked", "--quiet", "--workspace", "--no-deps", "--profile", "ci"];
    let mut command = repo::cargo(&place.root, &args);
    command.env("RUSTDOCFLAGS", "-D warnings");
    judged(repo::run_logged(&mut command, &place.log("documentation"), LIMIT)?)
}

pub(super) fn fuzz_targets(place: &Place) -> anyhow::Result<Outcome> {
    let built = repo::run_logged(&mut fuzz::build(&place.root, None)?, &place.log("fuzz build"), LIMIT)?;
    if !built.ok {
        return Ok(Outcome::Failed(built.output));
    }
    let (mut tally, mut output) = (Tally::default(), String::new());
    for target in fuzz::targets(&place.root)? {
        let mut command = fuzz::runner(&place.root, &target, SMOKE_SECONDS)?;
        let ran = repo::run_logged(&mut command, &place.log(&format!("fuzz {target}")), LIMIT)?;
        tally += Tally { passed: usize::from(ran.ok), failed: usize::from(!ran.ok) };
        if !ran.ok {
            output.push_str(&ran.output);
        }
    }
    Ok(Outcome::Tests { tally, output })
}

fn cargo(place: &Place, name: &str, args: &[&str]) -> anyhow::Result<Outcome> {
    judged(repo::run_logged(&mut repo::cargo(&place.root, args), &place.log(name), LIMIT)?)
}

fn judged(ran: repo::Ran) -> anyhow::Result<Outcome> {
    Ok(if ran.ok { Outcome::Passed } else { Outcome::Failed(ran.output) })
}

fn both(first: Outcome, second: Outcome) -> Outcome {
    match (first, second) {
        (Outcome::Failed(first), Outcome::Failed(second)) => Outcome::Failed(first + &second),
        (Outcome::Failed(output), _) | (_, Outcome::Failed(output)) => Outcome::Failed(output),
        _ => Outcome::Passed,
    }
}
