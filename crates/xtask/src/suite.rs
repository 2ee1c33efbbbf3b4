//! `make test`: every check CI makes. A check that fails does not stop the others; the last line sums up.

mod browser;
mod checks;
mod programs;
mod tally;

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::repo;
use tally::Tally;

/// How one check ended.
enum Outcome {
    /// It counts as one that passed; a few words may follow.
    Passed,
    /// It counts as one that failed; what it printed.
    Failed(String),
    /// It could not be made here and counts as none; why.
    Skipped(String),
    /// It was many tests.
    Tests { tally: Tally, output: String },
}

/// Where checks run and leave their output.
struct Place {
    root: PathBuf,
    logs: PathBuf,
}

impl Place {
    /// The file that keeps the whole output of the check `name`.
    fn log(&self, name: &str) -> PathBuf {
        self.logs.join(format!("{}.log", name.replace(' ', "-")))
    }
}

/// A check: its name and what it does.
type Check = (&'static str, fn(&Place) -> anyhow::Result<Outcome>);

/// In this order: the quick ones first.
const CHECKS: &[Check] = &[
    ("formatting", checks::formatting),
    ("shell scripts", checks::scripts),
    ("tidy", checks::tidy),
    ("licences", checks::licences),
    ("advisories", checks::advisories),
    ("browser code", browser::browser_code),
    ("lints", checks::lints),
    ("slim build", checks::slim_build),
    ("programs for tests", checks::programs_for_tests),
    ("tests", checks::tests),
    ("generated pages", checks::generated_pages),
    ("documentation", checks::documentation),
    ("fuzz targets", checks::fuzz_targets),
];

/// `xtask test`.
pub(crate) fn run(_args: &[String]) -> anyhow::Result<()> {
    let root = repo::root();
    let place = Place { logs: repo::target_dir(&root).join("checks"), root };
    let mut total = Tally::default();
    for check in CHECKS {
        total += report(&place, check);
    }
    let sum = format!("{} passed, {} failed\n", total.passed, total.failed);
    std::fs::write(place.logs.join("sum"), &sum)?;
    print!("{sum}");
    if total.failed > 0 {
        // Standard output ends with the sum; the shell is told by the exit code alone.
        std::process::exit(1);
    }
    Ok(())
}

/// Runs one check and prints what became of it.
fn report(place: &Place, (name, check): &Check) -> Tally {
    if std::io::stderr().is_terminal() {
        // Overwritten by the line that says how it went, which is longer.
        eprint!("{name} …\r");
    }
    let start = Instant::now();
    let outcome = check(place).unwrap_or_else(|error| Outcome::Failed(format!("{error:#}\n")));
    let took = format!("{:.0} s", start.elapsed().as_secs_f64());
    match outcome {
        Outcome::Passed => {
            println!("ok       {name} ({took})");
            Tally { passed: 1, failed: 0 }
        }
        Outcome::Skipped(why) => {
            println!("skipped  {name}: {why}");
            Tally::default()
        }
        Outcome::Failed(output) => {
            fail(name, &took, &output);
            Tally { passed: 0, failed: 1 }
        }
        Outcome::Tests { tally, .. } if tally.failed == 0 => {
            println!("ok       {name}: {} passed ({took})", tally.passed);
            tally
        }
        Outcome::Tests { tally, output } => {
            fail(name, &took, &output);
            tally
        }
    }
}

fn fail(name: &str, took: &str, output: &str) {
    println!("---- {name} ----\n{}\n----", output.trim_end());
    println!("FAILED   {name} ({took})");
}

/// A path that can be given to a program.
fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
