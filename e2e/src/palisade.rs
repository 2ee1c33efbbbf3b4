//! The binary under test: found, started on ports of the system's choice, watched, and ended.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::Context as _;
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::{Child, Command};

use crate::pace::{Pacer, guarded};
use crate::wire::{self, Answer};

/// It is ready by then, also on a busy machine; the budget of a start is a second.
const START_MAX: Duration = Duration::from_secs(20);

/// How often it is asked whether it is.
const ASK_EVERY: Duration = Duration::from_millis(20);

/// The path of the binary under test: `PALISADE_BIN`, else the one beside the running tests.
///
/// # Panics
/// Where there is none; the message says which command builds it.
pub fn binary() -> PathBuf {
    if let Some(named) = std::env::var_os("PALISADE_BIN") {
        return PathBuf::from(named);
    }
    let tests = std::env::current_exe().expect("a running program has a path");
    let profile = tests.parent().and_then(Path::parent).expect("tests lie in target/PROFILE/deps");
    let path = profile.join("palisade");
    let named = match profile.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => String::new(),
        Some(profile) => format!(" --profile {profile}"),
    };
    assert!(path.is_file(), "{} is missing; build it first: cargo build -p palisade{named}", path.display());
    path
}

/// What is defended and how.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// `palisade.toml`.
    pub config: String,
    /// The site in front of which the gateway stands.
    pub upstream: Option<SocketAddr>,
    /// Further arguments.
    pub args: Vec<String>,
    /// Environment variables.
    pub env: Vec<(String, String)>,
    /// A line of shell that the process begins with, such as a limit it runs under; none where it is empty.
    pub under: String,
}

impl Setup {
    /// In front of `upstream`, with nothing configured.
    pub fn before(upstream: SocketAddr) -> Self {
        Setup { upstream: Some(upstream), ..Setup::default() }
    }

    /// The same with these lines of configuration.
    pub fn with(self, config: &str) -> Self {
        Setup { config: format!("{}{config}\n", self.config), ..self }
    }
}

/// A running `palisade serve`; dropping it ends the process and removes its data folder.
pub struct Palisade {
    child: Child,
    /// Where visitors go; nowhere where there is no site to defend.
    pub gateway: SocketAddr,
    /// Where applications ask.
    pub api: SocketAddr,
    folder: TempDir,
    log: Log,
}

/// What a process has written so far.
#[derive(Clone, Debug, Default)]
pub struct Log(Arc<Mutex<String>>);

impl Log {
    /// All of it.
    pub fn text(&self) -> String {
        self.0.lock().expect("writers do not panic").clone()
    }

    /// Collects what `stream` says until it ends.
    pub fn collect(&self, stream: impl AsyncRead + Unpin + Send + 'static) {
        let log = self.clone();
        tokio::spawn(async move {
            let mut lines = BufReader::new(stream).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                log.push(&line);
            }
        });
    }

    fn push(&self, line: &str) {
        let mut text = self.0.lock().expect("writers do not panic");
        text.push_str(line);
        text.push('\n');
    }
}

impl Palisade {
    /// Starts `palisade serve` and returns when it is ready.
    ///
    /// # Errors
    /// Where it ends before it listens, or does not become ready; with all it wrote.
    pub async fn serve(setup: &Setup) -> anyhow::Result<Palisade> {
        Self::start("serve", setup).await
    }

    /// Starts `palisade COMMAND` (`serve` or `demo`) and returns when it is ready.
    ///
    /// # Errors
    /// As [`Palisade::serve`].
    pub async fn start(command: &str, setup: &Setup) -> anyhow::Result<Palisade> {
        Self::start_in(tempfile::tempdir()?, command, setup).await
    }

    /// Kills it, whatever it is doing (SIGKILL), and starts `palisade serve` again on the same data.
    ///
    /// # Errors
    /// As [`Palisade::serve`].
    pub async fn killed_and_served_again(self, setup: &Setup) -> anyhow::Result<Palisade> {
        let Palisade { mut child, folder, .. } = self;
        guarded("palisade is killed", async { Ok(child.kill().await?) }).await?;
        Self::start_in(folder, "serve", setup).await
    }

    async fn start_in(folder: TempDir, command: &str, setup: &Setup) -> anyhow::Result<Palisade> {
        let config = folder.path().join("palisade.toml");
        std::fs::write(&config, &setup.config)?;
        let mut process = match setup.under.as_str() {
            "" => Command::new(binary()),
            under => {
                let mut shell = Command::new("/bin/sh");
                shell.arg("-c").arg(format!("{under}; exec \"$0\" \"$@\"")).arg(binary());
                shell
            }
        };
        process.arg(command).args(["--listen", "127.0.0.1:0", "--api", "127.0.0.1:0"]);
        process.arg("--data").arg(folder.path().join("data")).arg("-c").arg(&config);
        if let Some(upstream) = setup.upstream {
            process.args(["--upstream", &format!("http://{upstream}")]);
        }
        process.args(&setup.args).current_dir(folder.path());
        process.env_remove("PORT").envs(setup.env.iter().cloned());
        process.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = process.spawn().context("palisade cannot be started")?;
        let log = Log::default();
        log.collect(child.stdout.take().expect("piped above"));
        let stderr = child.stderr.take().expect("piped above");
        let listening = guarded("palisade says where it listens", listening(stderr, log.clone())).await;
        let (gateway, api) =
            listening.with_context(|| format!("palisade {command} wrote:\n{}", log.text()))?;
        let palisade = Palisade { child, gateway, api, folder, log };
        palisade.await_ready().await?;
        Ok(palisade)
    }

    /// Asks `/ready` until it says so.
    async fn await_ready(&self) -> anyhow::Result<()> {
        let pacer = Pacer::start();
        let mut ask = Duration::ZERO;
        loop {
            let ready = guarded("GET /ready", wire::get(self.api, "/ready")).await?;
            if ready.status == 200 {
                return Ok(());
            }
            let said = ready.text();
            anyhow::ensure!(pacer.elapsed() < START_MAX, "never ready: {said}\n{}", self.log());
            ask += ASK_EVERY;
            pacer.until(ask).await;
        }
    }

    /// Everything it wrote so far.
    pub fn log(&self) -> String {
        self.log.text()
    }

    /// Its data folder.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Its configuration file.
    pub fn config(&self) -> PathBuf {
        self.folder.path().join("palisade.toml")
    }

    /// The process number.
    pub fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// Runs another command of the binary on the same data folder and configuration; its standard output.
    ///
    /// # Errors
    /// Where it cannot be run or answers with another exit code than 0.
    pub async fn command(&self, args: &[&str]) -> anyhow::Result<String> {
        let mut command = Command::new(binary());
        command.args(args).arg("--data").arg(self.data()).arg("-c").arg(self.config());
        command.current_dir(self.folder.path()).stdin(Stdio::null());
        let out = guarded("a command of palisade", async { Ok(command.output().await?) }).await?;
        let (stdout, stderr) = (String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
        anyhow::ensure!(out.status.success(), "palisade {args:?}: {}\n{stdout}\n{stderr}", out.status);
        Ok(stdout.into_owned())
    }

    /// An API key with `scope`.
    ///
    /// # Errors
    /// Where none can be made.
    pub async fn key(&self, scope: &str) -> anyhow::Result<String> {
        let printed = self.command(&["keys", "create", "--name", "e2e", "--scope", scope, "--json"]).await?;
        let answer: Value = serde_json::from_str(&printed).context("keys create --json prints JSON")?;
        Ok(answer["key"].as_str().context("a key")?.to_owned())
    }

    /// `POST path` on the API, with a key.
    ///
    /// # Errors
    /// Where it cannot be reached.
    pub async fn post(&self, path: &str, key: &str, body: &Value) -> anyhow::Result<Answer> {
        let auth = format!("Bearer {key}");
        let headers = [("Authorization", auth.as_str()), ("Content-Type", "application/json")];
        wire::request(self.api, "POST", path, &headers, body.to_string().as_bytes()).await
    }

    /// Every event of a run that has ended, oldest first, as `palisade store export` writes them.
    ///
    /// # Errors
    /// Where they cannot be read.
    pub async fn events(&self) -> anyhow::Result<Vec<Value>> {
        let lines = self.command(&["store", "export"]).await?;
        lines.lines().map(|line| serde_json::from_str(line).with_context(|| line.to_owned())).collect()
    }

    /// Has it read its configuration again (SIGHUP); returns when that is in effect.
    ///
    /// # Errors
    /// Where it does not take it.
    pub async fn reload(&self) -> anyhow::Result<()> {
        let said = |what: &str| self.log().matches(what).count();
        let (taken, refused) = (said("is in effect"), said("not reloaded"));
        let pid = self.pid().context("it has ended already")?.to_string();
        Command::new("kill").args(["-HUP", &pid]).status().await?;
        let pacer = Pacer::start();
        while said("is in effect") == taken {
            let fault = said("not reloaded") > refused || pacer.elapsed() > START_MAX;
            anyhow::ensure!(!fault, "not reloaded:\n{}", self.log());
            pacer.until(pacer.elapsed() + ASK_EVERY).await;
        }
        Ok(())
    }

    /// Asks it to finish what is under way and end (SIGTERM); returns its exit code.
    ///
    /// # Errors
    /// Where it does not end.
    pub async fn terminate(&mut self) -> anyhow::Result<Option<i32>> {
        let pid = self.pid().context("it has ended already")?.to_string();
        Command::new("kill").args(["-TERM", &pid]).status().await?;
        let ended = guarded("palisade ends after SIGTERM", async { Ok(self.child.wait().await?) }).await?;
        Ok(ended.code())
    }
}

/// Stands for a listener that was not asked for.
const OFF: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 0));

/// Reads lines until the one that names the listeners, and goes on collecting behind it.
async fn listening(
    stderr: impl AsyncRead + Unpin + Send + 'static,
    log: Log,
) -> anyhow::Result<(SocketAddr, SocketAddr)> {
    let mut lines = BufReader::new(stderr).lines();
    while let Some(line) = lines.next_line().await? {
        log.push(&line);
        if line.contains("palisade: listening ") {
            let address = |name: &str| -> anyhow::Result<SocketAddr> {
                let word = line.split_whitespace().find_map(|word| word.strip_prefix(name));
                match word.with_context(|| format!("{name} in {line:?}"))? {
                    "off" => Ok(OFF),
                    word => Ok(word.parse()?),
                }
            };
            let found = (address("gateway=")?, address("api=")?);
            tokio::spawn(async move {
                while let Ok(Some(line)) = lines.next_line().await {
                    log.push(&line);
                }
            });
            return Ok(found);
        }
    }
    anyhow::bail!("it ended before it listened")
}
