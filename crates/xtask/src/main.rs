//! Repository chores; `cargo xtask` lists them and the Makefile gives the daily ones short names.
//!
//! Chores that judge or run the tree (`test`, `tidy`, `fuzz`, `bench`) need nothing of the product: they still work,
//! and still report everything, when one of its crates does not compile. The others come with the feature `product`.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "chores talk to a terminal")]

mod bench;
mod finding;
mod fuzz;
mod repo;
mod suite;
mod tidy;

#[cfg(feature = "product")]
mod docs;
#[cfg(feature = "product")]
mod measure;
#[cfg(feature = "product")]
mod models;
#[cfg(feature = "product")]
mod update_data;
#[cfg(feature = "product")]
mod update_headers;
#[cfg(feature = "product")]
mod wasm;

#[cfg(feature = "product")]
use std::path::Path;
use std::process::ExitCode;

/// One chore: its name, what it does, and the function that does it with the words after its name.
struct Chore {
    name: &'static str,
    about: &'static str,
    run: fn(&[String]) -> anyhow::Result<()>,
}

/// Every chore, in the order of the help.
const CHORES: &[Chore] = &[
    Chore { name: "test", about: "every check CI makes, one after the other", run: suite::run },
    Chore { name: "tidy", about: "layers, purity, versions, file hygiene", run: tidy::run },
    Chore { name: "fuzz", about: "[TARGET [SECONDS]]: build and run fuzz targets", run: fuzz::run },
    Chore {
        name: "bench",
        about: "[NAME] [--quick]: criterion benches as one table, the gateway beside nginx",
        run: bench::run,
    },
    #[cfg(feature = "product")]
    Chore {
        name: "docs",
        about: "[--check]: docs/BOUNDS.md, docs/features.md, docs/behaviour-features.md, docs/detectors/",
        run: docs::run,
    },
    #[cfg(feature = "product")]
    Chore { name: "measure", about: "[NAME]: figures that need the data folder", run: measure::run },
    #[cfg(feature = "product")]
    Chore { name: "models", about: "[--check]: models/, the models that ship", run: models::run },
    #[cfg(feature = "product")]
    Chore { name: "wasm", about: "[--check]: web/wasm/, the kernels of the proof of work", run: wasm::run },
    #[cfg(feature = "product")]
    Chore { name: "update-data", about: "[DATA]: names and ranges of crawlers", run: update_data::run },
    #[cfg(feature = "product")]
    Chore {
        name: "update-headers",
        about: "[DATA]: header orders of browsers and programs",
        run: update_headers,
    },
];

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let Some((name, rest)) = args.split_first() else {
        print_help();
        return ExitCode::SUCCESS;
    };
    let Some(chore) = CHORES.iter().find(|chore| chore.name == name) else {
        eprintln!("xtask: there is no chore {name:?}\n");
        print_help();
        return ExitCode::from(2);
    };
    // Chores name files from the repository root, wherever they are called.
    match std::env::set_current_dir(repo::root()).map_err(Into::into).and_then(|()| (chore.run)(rest)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask {name}: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Where the data folder is when nobody says.
#[cfg(feature = "product")]
const DATA: &str = "../shared/data";

#[cfg(feature = "product")]
fn update_headers(args: &[String]) -> anyhow::Result<()> {
    let data = Path::new(args.first().map_or(DATA, String::as_str));
    update_headers::run(&data.join("client-captures"), Path::new("crates/fingerprint/data"))
}

fn print_help() {
    println!("cargo xtask CHORE\n");
    for Chore { name, about, .. } in CHORES {
        println!("  {name:<16}{about}");
    }
}
