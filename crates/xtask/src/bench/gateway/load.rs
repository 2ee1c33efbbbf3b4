//! `wrk`: as many requests as the server answers, over connections that stay open.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};

use super::process;
use super::servers::Server;

/// Connections of all runs at saturation.
pub(super) const CONNECTIONS: usize = 64;

/// Takes its requests in turn from a file, where each ends with a line of its own, and counts as a program reads it.
const SCRIPT: &str = r#"
local requests, at = {}, 0
function init(args)
  for request in io.open(args[1], "rb"):read("*a"):gmatch("(.-)%z") do requests[#requests + 1] = request end
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

/// Sends what [`prepare`] wrote to `address` for so long, and reads what `server` uses meanwhile.
///
/// # Errors
/// Where a single answer was no success: a refusal is cheaper than a page.
pub(super) fn saturate(
    server: &Server,
    address: SocketAddr,
    folder: &Path,
    connections: usize,
    seconds: u64,
) -> anyhow::Result<Sample> {
    let before = process::cpu_us(server.pid())?;
    let mut wrk = Command::new("wrk");
    wrk.arg(format!("-c{connections}")).arg("-t1").arg(format!("-d{seconds}s"));
    wrk.arg("-s")
        .arg(folder.join("wrk.lua"))
        .arg(format!("http://{address}"))
        .arg("--")
        .arg(folder.join("requests"));
    let ran = wrk.output().context("wrk does not start; on Debian or Ubuntu: sudo apt-get install wrk")?;
    let used = process::cpu_us(server.pid())? - before;
    let said = String::from_utf8_lossy(&ran.stdout);
    ensure!(ran.status.success(), "wrk: {}{said}", String::from_utf8_lossy(&ran.stderr));
    let counted = read(&said).with_context(|| format!("wrk says:\n{said}"))?;
    let Counted { requests, duration_us, refused, broken, p99_us } = counted;
    ensure!(refused == 0.0 && broken == 0.0, "{refused} refused and {broken} broken of {requests} requests");
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
