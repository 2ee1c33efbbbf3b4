//! Real programs: where they are, and what to type where they are not.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use anyhow::Context as _;
use tokio::process::Command;

use crate::pace::guarded;

/// The repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("e2e/ lies in the repository").to_owned()
}

/// Where `make test` installs programs that are not packages of the system: `TARGET/tools`.
fn tools() -> PathBuf {
    let tests = std::env::current_exe().expect("a running program has a path");
    // target/PROFILE/deps/NAME
    tests.ancestors().nth(3).expect("tests lie in target/PROFILE/deps").join("tools")
}

/// The program `name`: installed by `make test`, or on the path.
///
/// # Errors
/// Where it is missing; says which Debian package has it, or which command installs it.
pub fn program(name: &str) -> anyhow::Result<PathBuf> {
    let own = tools().join("bin").join(name);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::iter::once(own)
        .chain(std::env::split_paths(&path).map(|folder| folder.join(name)))
        .find(|path| path.is_file());
    found.with_context(|| format!("{name} is missing; {}", how_to_get(name)))
}

/// What brings the program `name`.
fn how_to_get(name: &str) -> String {
    let package = match name {
        "geckodriver" => {
            return "`make test` installs it: cargo install geckodriver --root target/tools".to_owned();
        }
        "chromedriver" => "chromium-driver",
        "firefox-esr" => "firefox-esr",
        "Xvfb" => "xvfb",
        "node" => "nodejs",
        "script" => "bsdutils",
        "chromium" | "curl" | "dillo" | "git" | "links" | "lynx" | "w3m" | "xdotool" => name,
        name => return format!("`make test` needs the program {name}"),
    };
    format!("on Debian or Ubuntu: sudo apt-get install {package}")
}

/// The Python that `make test` gave its packages to (Flask, FastAPI, requests and what they need).
///
/// # Errors
/// Where it is missing; says what to type.
pub fn python() -> anyhow::Result<PathBuf> {
    let path = tools().join("python/bin/python");
    anyhow::ensure!(
        path.is_file(),
        "{} is missing; `make test` makes it: python3 -m venv target/tools/python && \
        target/tools/python/bin/pip install -r e2e/fixtures/requirements.txt",
        path.display()
    );
    Ok(path)
}

/// The folder of an npm package that `make test` installed with the lock file in `e2e/fixtures/SET`.
///
/// # Errors
/// Where it is missing; says what to type.
pub fn node_package(set: &str, name: &str) -> anyhow::Result<PathBuf> {
    let path = tools().join("node").join(set).join("node_modules").join(name);
    anyhow::ensure!(
        path.join("package.json").is_file(),
        "{} is missing; `make test` installs it: npm ci in a copy of e2e/fixtures/{set} at target/tools/node/{set}",
        path.display()
    );
    Ok(path)
}

/// Runs a program to its end.
///
/// # Errors
/// Where it cannot be started or hangs.
pub async fn run<A: AsRef<OsStr>>(
    program: &Path,
    args: impl IntoIterator<Item = A>,
) -> anyhow::Result<Output> {
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::null()).kill_on_drop(true);
    // A proxy of the machine is none of the test's.
    for name in ["http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"] {
        command.env_remove(name);
    }
    guarded(&program.display().to_string(), async { Ok(command.output().await?) }).await
}

/// Standard output of a run, as text.
pub fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// `bytes` in hexadecimal.
pub fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes that `text` writes in hexadecimal.
pub fn from_hex(text: &str) -> Option<Vec<u8>> {
    if !text.is_ascii() || !text.len().is_multiple_of(2) {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}
