//! `wrk`: as many requests as the server answers, over connections that stay open.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};

use super::process;
use super::servers::Server;

/// Connections of all runs at saturation.
pub(super) const CONNECTIONS: usize = 64;

/// Its multiples are spread over one as evenly as can be, however many there are.
const GOLDEN: f64 = 0.618_033_988_749_894_9;

/// Takes its requests in turn from a file, from a share of it on, and counts as a program reads it.
const SCRIPT: &str = r#"
local requests, at = {}, 0
function init(args)
  for request in io.open(args[1], "rb"):read("*a"):gmatch("(.-)%z") do requests[#requests + 1] = request end
  at = math.floor(args[2] * #requests)
end
function request()
  at = at % #requests + 1
  return requests[at]
end
function done(summary, latency)
  local errors = summary.errors
  io.write(string.format("counted %d %d %d %d %d\n", summary.requests, summary.duration,
    errors.status, errors.connect + errors.read + errors.write + errors.timeout, latency:percentile(99)))
end
"#;

/// What one run of `wrk` saw, and what the server used for it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Sample {
    pub(super) per_second: f64,
    pub(super) cpu_us: f64,
    /// With every connection always waiting for an answer: mostly a count of the queue.
    pub(super) p99_ms: f64,
}

/// Writes `requests` and the script into `folder`, for [`saturate`].
pub(super) fn prepare<'a>(folder: &Path, requests: impl Iterator<Item = &'a str>) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder)?;
    std::fs::write(folder.join("wrk.lua"), SCRIPT)?;
    let joined: String = requests.flat_map(|request| [request, "\0"]).collect();
    Ok(std::fs::write(folder.join("requests"), joined)?)
}

/// Sends what [`prepare`] wrote to `address` for so long, and reads what `server` uses meanwhile. Each round begins somewhere else:
/// whoever asks for the same page again and again is no visitor.
///
/// # Errors
/// Where answers were no successes: a refusal is cheaper than a page. One in a thousand changes nothing, and who has asked evenly for
/// ten minutes may be refused.
pub(super) fn saturate(
    server: &Server,
    address: SocketAddr,
    folder: &Path,
    connections: usize,
    (seconds, round): (u64, usize),
) -> anyhow::Result<Sample> {
    let before = process::cpu_us(server.pid())?;
    let mut wrk = Command::new("wrk");
    wrk.arg(format!("-c{connections}")).arg("-t1").arg(format!("-d{seconds}s"));
    wrk.arg("-s")
        .arg(folder.join("wrk.lua"))
        .arg(format!("http://{address}"))
        .arg("--")
        .arg(folder.join("requests"))
        .arg(((round as f64 * GOLDEN).fract()).to_string());
    let ran = wrk.output().context("wrk does not start; on Debian or Ubuntu: sudo apt-get install wrk")?;
    let used = process::cpu_us(server.pid())? - before;
    let said = String::from_utf8_lossy(&ran.stdout);
    ensure!(ran.status.success(), "wrk: {}{said}", String::from_utf8_lossy(&ran.stderr));
    let counted = read(&said).with_context(|| format!("wrk says:\n{said}"))?;
    let Counted { requests, duration_us, refused, broken, p99_us } = counted;
    ensure!(
        refused <= requests / 1e3 && broken == 0.0,
        "{refused} refused and {broken} broken of {requests} requests"
    );
    ensure!(requests > 0.0, "nothing was answered");
    Ok(Sample { per_second: requests / duration_us * 1e6, cpu_us: used / requests, p99_ms: p99_us / 1e3 })
}

struct Counted {
    requests: f64,
    duration_us: f64,
    refused: f64,
    broken: f64,
    p99_us: f64,
}

fn read(said: &str) -> Option<Counted> {
    let line = said.lines().find_map(|line| line.strip_prefix("counted "))?;
    let mut numbers = line.split(' ').map_while(|word| word.parse().ok());
    let mut next = || numbers.next();
    Some(Counted {
        requests: next()?,
        duration_us: next()?,
        refused: next()?,
        broken: next()?,
        p99_us: next()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_is_found_among_what_wrk_says() {
        let said = "Running 3s test @ http://127.0.0.1:1\n  1 threads\ncounted 60000 3000000 0 1 4200\n";
        let counted = read(said).unwrap();
        assert_eq!((counted.requests, counted.duration_us, counted.broken), (60_000.0, 3e6, 1.0));
        assert!(read("counted 1 2\n").is_none());
    }
}
