//! Time of the processor, which does not grow while others have it.

use std::collections::HashMap;

use anyhow::Context as _;

/// Ticks of `/proc/PID/stat` in a second, on every Linux that browsers run on.
const TICKS: f64 = 100.0;

/// Milliseconds that all processes below this one have run: driver and browser.
pub(crate) fn children_ms() -> anyhow::Result<f64> {
    let mut parents = HashMap::new();
    for entry in std::fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        // One that ended meanwhile counts no more; browsers keep their processes while a page works.
        if let Some((parent, ticks)) =
            std::fs::read_to_string(format!("/proc/{pid}/stat")).ok().and_then(|stat| parse(&stat))
        {
            parents.insert(pid, (parent, ticks));
        }
    }
    let own = std::process::id();
    let below = |pid: u32| {
        std::iter::successors(Some(pid), |pid| parents.get(pid).map(|(parent, _)| *parent))
            .skip(1)
            .any(|pid| pid == own)
    };
    Ok(parents.iter().filter(|(pid, _)| below(**pid)).map(|(_, (_, ticks))| ticks).sum::<f64>() * 1e3 / TICKS)
}

/// Parent, and ticks in user and system mode (proc(5)).
fn parse(stat: &str) -> Option<(u32, f64)> {
    // The name may hold blanks and brackets; what follows the last one does not.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at)?.parse::<f64>().ok();
    Some((fields.get(1)?.parse().ok()?, ticks(11)? + ticks(12)?))
}

/// Microseconds that this thread has run.
pub(crate) fn thread_micros() -> anyhow::Result<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    Ok(text.split(' ').next().context("a figure")?.parse::<f64>()? / 1e3)
}
