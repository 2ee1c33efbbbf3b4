//! Fuzz targets, built and run with the toolchain that is there.
//!
//! libFuzzer's coverage needs flags that stable Rust refuses; `RUSTC_BOOTSTRAP=1` lets it have them, so neither nightly
//! nor cargo-fuzz is needed. The flags are those of cargo-fuzz. Corpora live in `fuzz/corpus/<target>` (small, our own,
//! committed), words of a language in `fuzz/dictionaries/<target>` where it has any, what is found while running in
//! `target/fuzz-corpus`, crashes in `fuzz/artifacts/<target>`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, ensure};

use crate::repo;

/// Longest input: more than any bound of a parser, so that each bound is crossed.
const INPUT_BYTES_MAX: u32 = 128 * 1024;

/// An input that takes longer is a finding: parsers of foreign bytes are linear.
const INPUT_SECONDS_MAX: u32 = 5;

/// Instrumentation for coverage and memory errors.
const FLAGS: &[&str] = &[
    "--cfg=fuzzing",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Cllvm-args=-simplifycfg-branch-fold-threshold=0",
    "-Zsanitizer=address",
    "-Ccodegen-units=1",
];

/// `xtask fuzz [TARGET [SECONDS]]`: one target, or all of them one after the other; 60 seconds each.
pub(crate) fn run(args: &[String]) -> anyhow::Result<()> {
    let root = repo::root();
    let known = targets(&root)?;
    let wanted = args.first().map(String::as_str).filter(|name| *name != "all");
    let seconds: u32 =
        args.get(1).map_or(Ok(60), |text| text.parse()).context("SECONDS is a whole number")?;
    if let Some(name) = wanted {
        ensure!(
            known.iter().any(|target| target == name),
            "no target {name:?}: there are {}",
            known.join(", ")
        );
    }
    repo::run(&mut build(&root, wanted)?)?;
    for target in known.iter().filter(|target| wanted.is_none_or(|name| name == *target)) {
        println!("fuzz {target} for {seconds} s");
        let log = repo::target_dir(&root).join(format!("checks/fuzz-{target}.log"));
        let limit = Duration::from_secs(u64::from(seconds) + 120);
        let ran = repo::run_logged(&mut runner(&root, target, seconds)?, &log, limit)?;
        ensure!(ran.ok, "{}\na finding; its input is in fuzz/artifacts/{target}", ran.output);
        println!("  {}", summary(&ran.output));
    }
    Ok(())
}

/// Names of all targets, from the files in `fuzz/fuzz_targets`.
pub(crate) fn targets(root: &Path) -> anyhow::Result<Vec<String>> {
    let folder = root.join("fuzz/fuzz_targets");
    let mut names = Vec::new();
    for entry in std::fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            names.extend(path.file_stem().map(|stem| stem.to_string_lossy().into_owned()));
        }
    }
    names.sort();
    Ok(names)
}

/// The command that builds `target`, or all.
pub(crate) fn build(root: &Path, target: Option<&str>) -> anyhow::Result<Command> {
    let manifest = root.join("fuzz/Cargo.toml").to_string_lossy().into_owned();
    let triple = host()?;
    let mut args = vec!["build", "--release", "--manifest-path", &manifest, "--target", &triple];
    args.extend(target.map_or_else(|| vec!["--bins"], |name| vec!["--bin", name]));
    let mut command = repo::cargo(root, &args);
    command
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_TARGET_DIR", repo::target_dir(root).join("fuzz"))
        .env("CARGO_ENCODED_RUSTFLAGS", FLAGS.join("\u{1f}"));
    Ok(command)
}

/// The command that runs the built `target` for `seconds`, beginning with its committed corpus.
pub(crate) fn runner(root: &Path, target: &str, seconds: u32) -> anyhow::Result<Command> {
    let found = repo::target_dir(root).join("fuzz-corpus").join(target);
    let artifacts = root.join("fuzz/artifacts").join(target);
    for folder in [&found, &artifacts] {
        std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    let words = Some(root.join("fuzz/dictionaries").join(target)).filter(|words| words.is_file());
    let mut command = Command::new(binary(root, target)?);
    command
        .current_dir(root)
        // SQLite is C, instrumented by another compiler than Rust's: its static locals look defined twice.
        .env("ASAN_OPTIONS", "detect_odr_violation=0")
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-max_len={INPUT_BYTES_MAX}"))
        .arg(format!("-timeout={INPUT_SECONDS_MAX}"))
        .arg(format!("-artifact_prefix={}/", artifacts.display()))
        .args(["-rss_limit_mb=2048", "-print_final_stats=1", "-verbosity=0"])
        .args(words.map(|words| format!("-dict={}", words.display())))
        .arg(found)
        .args(Some(root.join("fuzz/corpus").join(target)).filter(|seeds| seeds.is_dir()));
    Ok(command)
}

/// `1,000 runs, 500 a second, 60 MiB` from libFuzzer's last figures.
fn summary(output: &str) -> String {
    let figure = |name: &str| {
        let line = output.lines().find_map(|line| line.strip_prefix("stat::")?.strip_prefix(name));
        line.map_or("?", |rest| rest.trim_start_matches(':').trim()).to_owned()
    };
    format!(
        "{} runs, {} a second, {} MiB, slowest {} s, no finding",
        figure("number_of_executed_units"),
        figure("average_exec_per_sec"),
        figure("peak_rss_mb"),
        figure("slowest_unit_time_sec")
    )
}

fn binary(root: &Path, target: &str) -> anyhow::Result<PathBuf> {
    Ok(repo::target_dir(root).join("fuzz").join(host()?).join("release").join(target))
}

/// The triple of this machine. Naming it keeps build scripts and macros free of the flags.
fn host() -> anyhow::Result<String> {
    let output = Command::new("rustc").arg("-vV").output().context("rustc -vV")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc -vV names no host")?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_has_seeds_and_a_line_in_the_manifest() {
        let root = repo::root();
        let manifest = std::fs::read_to_string(root.join("fuzz/Cargo.toml")).unwrap();
        let all = targets(&root).unwrap();
        assert!(!all.is_empty());
        for target in all {
            assert!(
                manifest.contains(&format!("name = \"{target}\"")),
                "{target}: no [[bin]] in fuzz/Cargo.toml"
            );
            let seeds = root.join("fuzz/corpus").join(&target).read_dir().map_or(0, Iterator::count);
            assert!(seeds > 0, "{target}: no seeds in fuzz/corpus/{target}");
        }
    }

    #[test]
    fn figures_are_summed_up() {
        let output = "stat::number_of_executed_units: 7\nstat::average_exec_per_sec:     3\n";
        assert!(summary(output).starts_with("7 runs, 3 a second, ? MiB"));
    }

    #[test]
    fn the_flags_go_to_the_named_target_only() {
        let command = build(&repo::root(), None).unwrap();
        let args: Vec<_> = command.get_args().map(|arg| arg.to_string_lossy().into_owned()).collect();
        assert!(args.contains(&"--target".to_owned()));
    }
}
