//! Criterion's benches of all crates in one table, and a running Palisade beside nginx ([`gateway`]). What takes too long to be done
//! often, a training, is a bench of its own that prints its line itself.

mod gateway;

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context, ensure};
use cargo_metadata::{MetadataCommand, TargetKind};
use serde_json::Value;

use crate::repo;

/// What a bench may cost, in nanoseconds per element, by its name, or by its start where that ends in `/`. Shown, not enforced: figures of a busy
/// machine fail nobody.
const BUDGETS: &[(&str, f64)] = &[
    ("EdDSA/check", 60_000.0),
    ("assessment/", 5_000.0),
    ("pass/check", 2_000.0),
    ("rules/", 3_000.0),
    ("signature/verified, cold, first generation", 60_000.0),
    ("signature/verified, cold, second generation", 60_000.0),
    ("signature/verified, seen before", 1_000.0),
    ("user_agent/claim", 1_000.0),
    ("user_agent/parse", 1_000.0),
    // 100,000 a second.
    ("work/hash/issue and check, with the ticket", 10_000.0),
];

/// Times per bench in seconds, for those that criterion runs: there are some two hundred, and all of them shall take
/// minutes. Medians of 0.6 s of a function of microseconds are as good as those of five.
const SHORT: [&str; 4] = ["--warm-up-time", "0.2", "--measurement-time", "0.6"];

/// The measurement that is no bench of criterion's; `gateway/models` is a part of it.
const GATEWAY: &str = "gateway";

/// `xtask bench [NAME | gateway/PART] [--quick] [--binary=PATH]`: benches whose package or name holds NAME; `--quick` for a first look,
/// `--binary` for a Palisade that is built already.
///
/// Criterion's are built without link-time optimisation, which would take longer than all the measuring; what ships is
/// a little faster.
pub(crate) fn run(args: &[String]) -> anyhow::Result<()> {
    let root = repo::root();
    let quick = args.iter().any(|arg| arg == "--quick");
    let wanted = args.iter().find(|arg| !arg.starts_with('-')).map_or("", String::as_str);
    let start = SystemTime::now();
    let (wanted, part) = wanted.split_once('/').unwrap_or((wanted, ""));
    let benches = if part.is_empty() { benches(&root, wanted)? } else { Vec::new() };
    let with_gateway = if part.is_empty() {
        GATEWAY.contains(wanted)
    } else {
        wanted == GATEWAY && gateway::PARTS.contains(&part)
    };
    ensure!(
        with_gateway || !benches.is_empty(),
        "no bench is called that; parts of {GATEWAY} are {GATEWAY}/{}",
        gateway::PARTS.join(&format!(", {GATEWAY}/"))
    );
    for (package, bench) in benches {
        let mut args = vec![
            "bench",
            "--quiet",
            "--profile",
            "measure",
            "--package",
            &package,
            "--bench",
            &bench,
            "--",
            "--quiet",
        ];
        args.extend(if quick { &["--quick"][..] } else { &SHORT });
        repo::run(&mut repo::cargo(&root, &args))?;
    }
    let results = results(&repo::target_dir(&root).join("criterion"), start);
    if !results.is_empty() {
        println!("\n{}", table(&results));
    }
    let binary = args.iter().find_map(|arg| arg.strip_prefix("--binary=")).map(PathBuf::from);
    if with_gateway { gateway::run(&root, part, quick, binary) } else { Ok(()) }
}

/// Package and name of every bench that holds `wanted`.
fn benches(root: &Path, wanted: &str) -> anyhow::Result<Vec<(String, String)>> {
    let metadata = MetadataCommand::new().manifest_path(root.join("Cargo.toml")).no_deps().exec()?;
    let mut found = Vec::new();
    for package in metadata.workspace_packages() {
        for target in package.targets.iter().filter(|target| target.kind.contains(&TargetKind::Bench)) {
            if package.name.contains(wanted) || target.name.contains(wanted) {
                found.push((package.name.to_string(), target.name.clone()));
            }
        }
    }
    found.sort();
    Ok(found)
}

/// One measured bench; times in nanoseconds per iteration.
#[derive(Debug, PartialEq)]
struct Measured {
    id: String,
    median_ns: f64,
    low_ns: f64,
    high_ns: f64,
    elements: Option<f64>,
}

/// Everything criterion wrote below `folder` since `start`, by name.
fn results(folder: &Path, start: SystemTime) -> Vec<Measured> {
    let mut measured = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir().into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() && path.ends_with("new") {
                measured.extend(fresh(&path, start).and_then(|path| read(&path).ok()));
            } else if path.is_dir() {
                folders.push(path);
            }
        }
    }
    measured.sort_by(|a, b| a.id.cmp(&b.id));
    measured
}

fn fresh(path: &Path, start: SystemTime) -> Option<PathBuf> {
    let written = path.join("estimates.json").metadata().ok()?.modified().ok()?;
    (written >= start).then(|| path.to_path_buf())
}

fn read(folder: &Path) -> anyhow::Result<Measured> {
    let json = |name: &str| -> anyhow::Result<Value> {
        Ok(serde_json::from_slice(&std::fs::read(folder.join(name))?)?)
    };
    measured(&json("benchmark.json")?, &json("estimates.json")?).context("criterion's files look different")
}

fn measured(bench: &Value, estimates: &Value) -> Option<Measured> {
    let median = &estimates["median"];
    Some(Measured {
        id: bench["full_id"].as_str()?.to_owned(),
        median_ns: median["point_estimate"].as_f64()?,
        low_ns: median["confidence_interval"]["lower_bound"].as_f64()?,
        high_ns: median["confidence_interval"]["upper_bound"].as_f64()?,
        elements: bench["throughput"]["Elements"].as_f64(),
    })
}

/// The table: a bench that counts elements is given per element.
fn table(measured: &[Measured]) -> String {
    let width = measured.iter().map(|one| one.id.len()).max().unwrap_or(0).max(8);
    let mut text = format!("{:<width$}  {:>10}  {:>23}  budget\n", "bench", "median", "95 % interval");
    for one in measured {
        let per = one.elements.filter(|&count| count > 0.0).unwrap_or(1.0);
        let interval = format!("{} to {}", time(one.low_ns / per), time(one.high_ns / per));
        let budget = budget(&one.id, one.median_ns / per);
        text.push_str(&format!(
            "{:<width$}  {:>10}  {interval:>23}  {budget}\n",
            one.id,
            time(one.median_ns / per)
        ));
    }
    text
}

/// `≤ 5.00 µs`, and whether it is kept; nothing where there is no budget.
fn budget(id: &str, median_ns: f64) -> String {
    let named = |name: &str| id == name || (name.ends_with('/') && id.starts_with(name));
    let Some((_, most_ns)) = BUDGETS.iter().find(|(name, _)| named(name)) else {
        return String::new();
    };
    format!("≤ {}{}", time(*most_ns), if median_ns > *most_ns { "  MISSED" } else { "" })
}

/// A time in the unit that reads best.
fn time(ns: f64) -> String {
    match ns {
        ns if ns < 1_000.0 => format!("{ns:.1} ns"),
        ns if ns < 1_000_000.0 => format!("{:.2} µs", ns / 1_000.0),
        ns if ns < 1_000_000_000.0 => format!("{:.2} ms", ns / 1_000_000.0),
        ns => format!("{:.2} s", ns / 1_000_000_000.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bench_of_many_elements_is_given_per_element() {
        let bench = serde_json::json!({ "full_id": "a/b", "throughput": { "Elements": 100 } });
        let interval = serde_json::json!({ "lower_bound": 400_000.0, "upper_bound": 600_000.0 });
        let estimates =
            serde_json::json!({ "median": { "point_estimate": 500_000.0, "confidence_interval": interval } });
        let one = measured(&bench, &estimates).unwrap();
        let text = table(&[one]);
        assert!(text.contains("5.00 µs") && text.contains("4.00 µs to 6.00 µs"), "{text}");
    }

    #[test]
    fn a_missed_budget_is_named() {
        assert_eq!(budget("assessment/mix", 4_000.0), "≤ 5.00 µs");
        assert!(budget("assessment/mix", 6_000.0).ends_with("MISSED"));
        assert_eq!(budget("user_agent/claim, longest", 6_000.0), "");
    }

    #[test]
    fn foreign_files_are_left_alone() {
        assert_eq!(measured(&Value::Null, &Value::Null), None);
    }
}
