//! Figures that need the data folder beside the repository, which is too large or too private to ship. Each fails where
//! a figure is worse than what this version promises.

mod anomaly;
mod attacks;
mod behaviour;
pub(crate) mod captures;
mod header_order;
mod payloads;
mod peers;
mod sessions;
mod shipped;
mod user_agents;

use std::path::{Path, PathBuf};

use anyhow::{bail, ensure};

/// One measurement: its name, what it tells, and the function that takes the data folder.
type Measurement = (&'static str, &'static str, fn(&Path) -> anyhow::Result<()>);

/// Every measurement.
const MEASUREMENTS: &[Measurement] = &[
    ("anomaly", "parameters and bodies unlike the benign ones that were learned from", anomaly::run),
    ("attacks", "attack lines of real logs go beyond monitor, readers of a real blog do not", attacks::run),
    (
        "behaviour",
        "hands of real people and of programs, by the hand-set score and by models",
        behaviour::run,
    ),
    ("pace", "what pace is worth to a model on a site that it does not know", |data| {
        let recorded = sessions::read(&data.join("weblog-human-bot-mklab/weblog_data.csv.gz"))?;
        let visits = sessions::labelled(&recorded.iter().collect())?;
        crate::models::pace::run(data, visits.path())
    }),
    ("payloads", "attack corpora against ordinary text, by class", payloads::run),
    (
        "captures",
        "recorded clients through the engine: browsers left alone, programs named, disguises seen",
        |data| captures::run(&data.join("client-captures")),
    ),
    ("header-order", "header orders of recorded clients, each browser left out in turn", |data| {
        header_order::run(&data.join("client-captures"))
    }),
    (
        "sessions",
        "people and driven browsers by what they do on a site, by models that never saw them",
        sessions::run,
    ),
    (
        "peers",
        "the same sessions by every kind of ours, by LightGBM and by a random forest in Python",
        peers::run,
    ),
    ("shipped", "whom the model that ships would hit: people of three recordings", shipped::run),
    (
        "user-agents",
        "programs nobody listed, people taken for programs, each tenth of the families left out",
        user_agents::run,
    ),
];

/// Those that are run only where they are named: they install something.
const NAMED_ONLY: [&str; 1] = ["peers"];

/// `xtask measure [NAME]`: one, or all but those of [`NAMED_ONLY`]; the data folder is `PALISADE_DATA`, or `../shared/data`.
pub(crate) fn run(args: &[String]) -> anyhow::Result<()> {
    let data =
        std::env::var_os("PALISADE_DATA").map_or_else(|| PathBuf::from("../shared/data"), PathBuf::from);
    ensure!(data.is_dir(), "{} is not there: set PALISADE_DATA to the folder with the data", data.display());
    let is_wanted = |name: &str| args.first().map_or(!NAMED_ONLY.contains(&name), |wanted| wanted == name);
    let wanted: Vec<_> = MEASUREMENTS.iter().filter(|(name, ..)| is_wanted(name)).collect();
    if wanted.is_empty() {
        let names: Vec<_> = MEASUREMENTS.iter().map(|(name, ..)| *name).collect();
        bail!("there are {}", names.join(", "));
    }
    let mut failed = Vec::new();
    for (name, about, measure) in wanted {
        println!("== {name}: {about}");
        if let Err(error) = measure(&data) {
            println!("{name} FAILED: {error:#}");
            failed.push(*name);
        }
    }
    ensure!(failed.is_empty(), "below what is promised: {}", failed.join(", "));
    Ok(())
}
