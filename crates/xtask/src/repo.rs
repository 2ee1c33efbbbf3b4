//! Where the repository is, which files it has, and how programs are run in it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};

/// The repository root.
pub(crate) fn root() -> PathBuf {
    let here = std::env::var("CARGO_MANIFEST_DIR").unwrap_or_else(|_| env!("CARGO_MANIFEST_DIR").to_owned());
    let here = PathBuf::from(here);
    here.ancestors().nth(2).unwrap_or(&here).to_path_buf()
}

/// Where build results go.
pub(crate) fn target_dir(root: &Path) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |dir| root.join(dir))
}

/// Every file that is, or could be, committed: tracked ones and new ones that git does not ignore; paths from the
/// root, sorted, deleted ones left out.
pub(crate) fn files(root: &Path) -> anyhow::Result<Vec<String>> {
    let args = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    let listed = Command::new("git").args(args).current_dir(root).output().context("git ls-files")?;
    ensure!(listed.status.success(), "git ls-files: {}", String::from_utf8_lossy(&listed.stderr).trim());
    let listed = String::from_utf8_lossy(&listed.stdout);
    let mut files: Vec<String> = listed
        .split('\0')
        .filter(|path| !path.is_empty() && root.join(path).is_file())
        .map(str::to_owned)
        .collect();
    files.sort();
    files.dedup();
    Ok(files)
}

/// `cargo` with `args`, to be run at the root.
pub(crate) fn cargo(root: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(args).current_dir(root);
    command
}

/// Runs `command` with the terminal's own output; an exit code other than 0 is an error.
pub(crate) fn run(command: &mut Command) -> anyhow::Result<()> {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let shown = words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ");
    let status = command.status().with_context(|| shown.clone())?;
    ensure!(status.success(), "{shown}: {status}");
    Ok(())
}

/// What a program left behind.
pub(crate) struct Ran {
    /// Exit code 0.
    pub(crate) ok: bool,
    /// Both its outputs, as they came.
    pub(crate) output: String,
}

/// Runs `command` with both outputs in `log`, at most `limit`; it is stopped when that is over.
pub(crate) fn run_logged(command: &mut Command, log: &Path, limit: Duration) -> anyhow::Result<Ran> {
    if let Some(folder) = log.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let file = std::fs::File::create(log).with_context(|| log.display().to_string())?;
    command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
    let mut child = command.spawn().with_context(|| format!("{command:?}"))?;
    let end = Instant::now() + limit;
    let status = loop {
        match child.try_wait()? {
            Some(status) => break Some(status),
            None if Instant::now() >= end => {
                child.kill()?;
                child.wait()?;
                break None;
            }
            None => std::thread::sleep(Duration::from_millis(50)),
        }
    };
    let mut output = String::from_utf8_lossy(&std::fs::read(log)?).into_owned();
    if status.is_none() {
        output.push_str(&format!("\nstopped after {} s\n", limit.as_secs()));
    }
    Ok(Ran { ok: status.is_some_and(|status| status.success()), output })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_holds_the_workspace() {
        let root = root();
        assert!(root.join("crates/xtask/src/repo.rs").is_file());
        let files = files(&root).unwrap();
        assert!(files.contains(&"Cargo.toml".to_owned()));
        assert!(!files.iter().any(|file| file.starts_with("target/")));
    }

    #[test]
    fn output_and_exit_code_come_back() {
        let log = target_dir(&root()).join("tmp/xtask-repo-test.log");
        let ran = run_logged(
            Command::new("sh").args(["-c", "echo out; echo err >&2; exit 3"]),
            &log,
            Duration::from_secs(60),
        );
        let ran = ran.unwrap();
        assert!(!ran.ok && ran.output.contains("out") && ran.output.contains("err"));
        std::fs::remove_file(log).unwrap();
    }
}
