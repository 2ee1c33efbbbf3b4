//! A started program with all that it started: none of it outlives its run.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tokio::io::AsyncReadExt as _;
use tokio::process::{Child, Command};

use crate::bounds::WORDS_BYTES_MAX;

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// By itself.
    Done,
    /// By itself, unhappily. Programs that are refused often end so.
    Failed {
        /// Its exit code; `None` where a signal ended it.
        code: Option<i32>,
        /// What it said last.
        words: String,
    },
    /// By us: its time was over.
    Stopped,
    /// It could not be started, with the reason.
    NotStarted(String),
}

/// A process with its children; dropping it ends all of them.
struct Family {
    child: Child,
    pid: Option<Pid>,
}

impl Drop for Family {
    fn drop(&mut self) {
        let Some(pid) = self.pid else { return };
        // Drivers give their browser a process group of its own, so that the group alone is not enough.
        let children = descendants(Path::new("/proc"), pid.as_raw_nonzero().get());
        // Who is gone already is gone.
        let _ = kill_process_group(pid, Signal::KILL);
        for child in children.into_iter().filter_map(Pid::from_raw) {
            let _ = kill_process(child, Signal::KILL);
        }
    }
}

/// Runs `command` to its end, or for `time`.
///
/// # Errors
/// Where it cannot be started.
pub async fn to_its_end(mut command: Command, time: Duration) -> std::io::Result<Ended> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let child = command.process_group(0).kill_on_drop(true).spawn()?;
    let pid = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    let mut family = Family { child, pid };
    let said = family.child.stderr.take();
    let words = tokio::spawn(async move {
        let mut last = Vec::new();
        let Some(mut said) = said else { return last };
        let mut buffer = [0; 1024];
        // A program that talks on must not be held up by a pipe that nobody empties.
        while let Ok(read @ 1..) = said.read(&mut buffer).await {
            last.extend_from_slice(&buffer[..read]);
            let beyond = last.len().saturating_sub(WORDS_BYTES_MAX as usize);
            last.drain(..beyond);
        }
        last
    });
    let Ok(status) = tokio::time::timeout(time, family.child.wait()).await else {
        words.abort();
        return Ok(Ended::Stopped);
    };
    let status = status?;
    // Children that hold the pipe open go first.
    drop(family);
    let words = words.await.unwrap_or_default();
    let words = String::from_utf8_lossy(&words).trim().replace(char::is_control, " ");
    Ok(if status.success() { Ended::Done } else { Ended::Failed { code: status.code(), words } })
}

/// Whoever descends from `ancestor`, as `proc` (Linux: `/proc`) has it; nobody where there is no such folder.
fn descendants(proc: &Path, ancestor: i32) -> Vec<i32> {
    let entries = std::fs::read_dir(proc).into_iter().flatten().flatten();
    let parents: Vec<(i32, i32)> = entries
        .filter_map(|entry| {
            let pid = entry.file_name().to_str()?.parse().ok()?;
            Some((pid, parent(&std::fs::read_to_string(entry.path().join("stat")).ok()?)?))
        })
        .collect();
    let mut found = vec![ancestor];
    let mut at = 0;
    while let Some(&parent) = found.get(at) {
        let children = parents.iter().filter(|(child, of)| *of == parent && !found.contains(child));
        let children: Vec<i32> = children.map(|(child, _)| *child).collect();
        found.extend(children);
        at += 1;
    }
    found.split_off(1)
}

/// The parent in `PID (NAME) STATE PARENT …`; the name may hold anything.
fn parent(stat: &str) -> Option<i32> {
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    async fn ended(program: &str, args: &[&str]) -> Ended {
        let mut command = Command::new(program);
        command.args(args);
        to_its_end(command, MINUTE).await.unwrap()
    }

    #[tokio::test]
    async fn the_end_of_a_run_is_told() {
        assert_eq!(ended("true", &[]).await, Ended::Done);
        let refused = Ended::Failed { code: Some(3), words: "no".to_owned() };
        assert_eq!(ended("sh", &["-c", "echo no >&2; exit 3"]).await, refused);
    }

    #[tokio::test]
    async fn words_are_kept_to_their_bound() {
        let Ended::Failed { words, .. } =
            ended("sh", &["-c", "head -c 100000 /dev/zero | tr '\\0' x >&2; exit 1"]).await
        else {
            panic!("it fails")
        };
        assert_eq!(words.len() as u64, WORDS_BYTES_MAX);
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_goes_on_is_stopped_with_its_children() {
        // The clock of this test jumps to the end of the run as soon as nothing else happens.
        assert_eq!(ended("sh", &["-c", "sleep 600 & wait"]).await, Ended::Stopped);
    }

    #[test]
    fn children_and_their_children_are_found() {
        let proc = tempfile::tempdir().unwrap();
        for (pid, parent, name) in
            [(7, 1, "node"), (8, 7, "a) S 1 (b"), (9, 8, "gpu"), (10, 1, "other"), (11, 11, "odd")]
        {
            let folder = proc.path().join(pid.to_string());
            std::fs::create_dir(&folder).unwrap();
            std::fs::write(folder.join("stat"), format!("{pid} ({name}) S {parent} {pid} 0")).unwrap();
        }
        std::fs::create_dir(proc.path().join("12")).unwrap();
        std::fs::write(proc.path().join("uptime"), "1 2").unwrap();
        assert_eq!(descendants(proc.path(), 7), [8, 9]);
        assert_eq!(descendants(proc.path(), 11), [0; 0]);
        assert_eq!(descendants(&proc.path().join("nowhere"), 7), [0; 0]);
        assert_eq!(parent("no stat"), None);
    }
}
