//! The sample log that ships: two believable days of a small shop with a blog, in nginx's combined format.
//!
//! Everyone in it is invented. Addresses are those set aside for documentation (RFC 5737, RFC 3849), except for
//! crawlers whose operators publish their ranges: those stand at real addresses out of them, because that is what
//! makes them provable. Deterministic: the same seed gives the same bytes.

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, bail};
use flate2::write::GzEncoder;
use flate2::{Compression, GzBuilder};

mod attackers;
mod line;
mod people;
mod programs;
mod rng;
mod site;

use line::Log;
use rng::Rng;

/// The shipped log is the one of this seed.
const SEED: u64 = 20_260_630;

/// Midnight of the first day, 2026-06-30 (a Tuesday), in seconds since the epoch.
const START: i64 = 1_782_777_600;
const DAY: i64 = 86_400;
const DAYS: i64 = 2;

/// Writes the log: `[PATH [SEED]]`, by default the shipped one.
///
/// # Errors
/// Where the seed is no number or the file cannot be written.
pub(crate) fn run(args: &[String]) -> anyhow::Result<()> {
    let (path, seed) = match args {
        [] => (shipped(), SEED),
        [path] => (PathBuf::from(path), SEED),
        [path, seed] => (PathBuf::from(path), seed.parse().with_context(|| format!("seed {seed:?}"))?),
        _ => bail!("usage: sample-log [PATH [SEED]]"),
    };
    let log = generate(seed);
    let packed = gzip(&log).context("packing")?;
    std::fs::write(&path, &packed).with_context(|| path.display().to_string())?;
    let lines = log.iter().filter(|&&byte| byte == b'\n').count();
    println!("{}: {lines} lines, {} KB packed", path.display(), packed.len() / 1_000);
    Ok(())
}

fn shipped() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples/sample-access.log.gz")
}

/// All lines in the order of their time, as nginx would have written them.
fn generate(seed: u64) -> Vec<u8> {
    let mut log = Log::default();
    // Everybody draws from an own generator, so that a change to one leaves the others' lines as they are.
    people::visit(&mut log, Rng::new(seed ^ 1));
    programs::visit(&mut log, Rng::new(seed ^ 2));
    attackers::visit(&mut log, Rng::new(seed ^ 3));
    log.into_bytes(&mut Rng::new(seed ^ 4))
}

fn gzip(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut packer: GzEncoder<Vec<u8>> = GzBuilder::new().mtime(0).write(Vec::new(), Compression::best());
    packer.write_all(bytes)?;
    packer.finish()
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn shipped_log_is_the_generated_one() {
        let packed = std::fs::read(shipped()).unwrap();
        assert!(packed.len() <= 300_000, "{} bytes", packed.len());
        let mut shipped = Vec::new();
        flate2::read::GzDecoder::new(packed.as_slice()).read_to_end(&mut shipped).unwrap();
        assert!(shipped == generate(SEED), "run cargo xtask sample-log");
    }

    #[test]
    fn it_is_about_two_days_of_a_small_site() {
        let log = generate(SEED);
        let lines = log.split(|&byte| byte == b'\n').count();
        assert!((11_000..14_000).contains(&lines), "{lines} lines");
    }

    #[test]
    fn addresses_are_for_documentation_or_published() {
        const OWN: [&str; 4] = ["192.0.2.", "198.51.100.", "203.0.113.", "2001:db8:"];
        let log = String::from_utf8_lossy(&generate(SEED)).into_owned();
        let mut foreign = std::collections::BTreeSet::new();
        for line in log.lines().filter(|line| line.contains("] \"")) {
            let client = line.split(' ').next().unwrap();
            if !OWN.iter().any(|own| client.starts_with(own)) {
                let (network, _) = client.rsplit_once(['.', ':']).unwrap();
                foreign.insert(network.to_owned());
            }
        }
        let published: Vec<_> = programs::PUBLISHED.iter().map(|network| (*network).to_owned()).collect();
        assert!(foreign.iter().all(|network| published.contains(network)), "{foreign:?}");
    }

    #[test]
    fn seeds_differ_and_repeat() {
        assert!(generate(7) == generate(7));
        assert!(generate(7) != generate(8));
    }
}
