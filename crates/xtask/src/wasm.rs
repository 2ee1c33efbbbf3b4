//! The browser's kernels of the proof of work, as WASM: `web/wasm/work.wasm`, and `web/wasm/work-simd.wasm` for engines that
//! have vectors of 128 bits.
//!
//! They are generated, instruction by instruction, and not compiled: nobody needs a toolchain for another target, the
//! same bytes come out everywhere, and who reviews them reads this folder. What they compute is said in
//! `crates/challenge/src/work/function.rs`; `web/test/work.test.mjs` holds them to `testdata/work.json`.

mod code;
mod kernels;
mod module;
mod sha256;

use std::path::Path;

use anyhow::{Context, bail};

use crate::finding::{Finding, conclude};
use crate::repo;

/// Where the modules lie.
const FOLDER: &str = "web/wasm";

/// `xtask wasm` writes, `xtask wasm --check` compares.
pub(crate) fn run(args: &[String]) -> anyhow::Result<()> {
    let root = repo::root();
    match args {
        [] => write(&root),
        [flag] if flag == "--check" => {
            conclude(findings(&root), "wasm: both modules are what the generator makes")
        }
        _ => bail!("takes nothing or --check"),
    }
}

/// Name and bytes of every module.
fn modules() -> [(String, Vec<u8>); 2] {
    let named = |name: &str, lanes| (format!("{FOLDER}/{name}"), module::bytes(lanes));
    [named("work.wasm", code::Lanes::One), named("work-simd.wasm", code::Lanes::Four)]
}

fn write(root: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(root.join(FOLDER))?;
    for (path, bytes) in modules() {
        std::fs::write(root.join(&path), &bytes).with_context(|| path.clone())?;
        println!("wrote {path}: {} bytes", bytes.len());
    }
    Ok(())
}

fn findings(root: &Path) -> Vec<Finding> {
    let differs = |(path, bytes): &(String, Vec<u8>)| {
        (std::fs::read(root.join(path)).ok().as_ref() != Some(bytes)).then(|| {
            Finding::new(path, 0, "is not what the generator makes", "run `cargo xtask wasm` and commit it")
        })
    };
    modules().iter().filter_map(differs).collect()
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn the_committed_modules_are_what_the_generator_makes() {
        assert_eq!(findings(&repo::root()), Vec::new());
    }

    /// What a visitor's browser fetches.
    #[test]
    fn modules_are_small() {
        for (path, bytes) in modules() {
            let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
            gzip.write_all(&bytes).unwrap();
            let size = gzip.finish().unwrap().len();
            assert!(size <= 8 * 1024, "{path}: {size} bytes gzipped");
        }
    }

    #[test]
    fn only_one_module_asks_for_vectors() {
        // Prefix of vector instructions, with that of splatting a word: engines without vectors refuse a module that has it.
        let splat = [0xFD, 0x11];
        let has = |bytes: &[u8]| bytes.windows(2).any(|pair| pair == splat);
        let [scalar, simd] = modules();
        assert!(!has(&scalar.1) && has(&simd.1));
    }
}
