//! What a running process has used, from /proc (proc_pid_stat(5), proc_pid_status(5)).

use std::fs;

use anyhow::Context;

/// Ticks of user and system time a second: `USER_HZ`, 100 on every Linux that we ship for.
const TICKS_PER_SECOND: f64 = 100.0;

/// User and system time so far of `pid` and the processes it started, in microseconds.
pub(super) fn cpu_us(pid: u32) -> anyhow::Result<f64> {
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    let family = children.split_whitespace().filter_map(|child| child.parse().ok()).chain([pid]);
    family.map(own_cpu_us).sum()
}

fn own_cpu_us(pid: u32) -> anyhow::Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).with_context(|| format!("process {pid}"))?;
    ticks(&stat).map(|ticks| ticks / TICKS_PER_SECOND * 1e6).context("/proc/PID/stat looks different")
}

/// Fields 14 and 15; the name before them may hold anything, brackets too.
fn ticks(stat: &str) -> Option<f64> {
    let (_, after_name) = stat.rsplit_once(") ")?;
    let fields: Vec<f64> =
        after_name.split(' ').skip(11).take(2).filter_map(|field| field.parse().ok()).collect();
    (fields.len() == 2).then(|| fields.iter().sum())
}

/// What the host of a virtual machine took from it, and all time of its processors, so far and in ticks (proc_stat(5)). Nothing where it
/// is told nowhere.
pub(super) fn stolen() -> [f64; 2] {
    let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
    stolen_of(&stat).unwrap_or_default()
}

fn stolen_of(stat: &str) -> Option<[f64; 2]> {
    let line = stat.lines().find_map(|line| line.strip_prefix("cpu "))?;
    // user nice system idle iowait irq softirq steal; guests are counted among the first two.
    let ticks: Vec<f64> = line.split_whitespace().take(8).filter_map(|field| field.parse().ok()).collect();
    (ticks.len() == 8).then(|| [ticks[7], ticks.iter().sum()])
}

/// Memory that `pid` has resident, in MiB.
pub(super) fn resident_mib(pid: u32) -> anyhow::Result<f64> {
    let status =
        fs::read_to_string(format!("/proc/{pid}/status")).with_context(|| format!("process {pid}"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    let kib: f64 = line.trim().trim_end_matches(" kB").parse().with_context(|| line.to_owned())?;
    Ok(kib / 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stolen_time_is_the_eighth_field() {
        let stat = "cpu  100 20 30 400 5 0 6 39 7 8\ncpu0 1 2 3 4 5 6 7 8 9 10\n";
        assert_eq!(stolen_of(stat), Some([39.0, 600.0]));
        assert_eq!(stolen_of("cpu  1 2\n"), None);
        let [stolen, all] = stolen();
        assert!(stolen <= all);
    }

    #[test]
    fn times_are_found_behind_any_name() {
        let stat = "7 (a) b (c) S 1 7 7 0 -1 4194560 123 0 0 0 250 50 0 0 20 0 4 0 1 1 1";
        assert_eq!(ticks(stat), Some(300.0));
        assert_eq!(ticks("7 (a) S 1"), None);
    }

    #[test]
    fn this_process_uses_memory() {
        let pid = std::process::id();
        assert!(resident_mib(pid).unwrap() > 0.5);
        assert!(cpu_us(pid).unwrap() >= 0.0);
    }
}
