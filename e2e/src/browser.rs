//! Browsers as people run them.
//!
//! Chromium runs with a window on a virtual screen (Xvfb): without one it calls itself `HeadlessChrome`, and a borrowed
//! user agent would contradict its client hints. Firefox says the same with and without a window. Both are moved by
//! WebDriver, of which nothing can be seen in their requests.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::Context as _;
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::{Child, Command};

use crate::pace::guarded;
use crate::palisade::Log;
use crate::tools::program;
use crate::webdriver::Browser;

/// So often chromedriver is started again because its port was taken.
const PORTS_TRIED: usize = 2;

/// Which browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Chromium with a window.
    Chromium,
    /// Firefox ESR.
    Firefox,
}

/// What a visitor has changed in the browser's settings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Habits {
    /// Scripts are off.
    pub no_script: bool,
    /// Cookies are off.
    pub no_cookies: bool,
    /// Pages see that Chromium is moved by a driver, as where nobody hides it; people's browsers are moved by none. Firefox
    /// always says it.
    pub shows_driver: bool,
    /// Animations are unwelcome.
    pub less_motion: bool,
    /// Languages in order, as `Accept-Language` says them; the browser's own where empty.
    pub languages: &'static str,
}

/// A browser, its driver and its screen; dropping it ends all of them.
pub struct Running {
    /// The browser.
    pub browser: Browser,
    // In the order in which they are ended.
    _driver: Driver,
    _screen: Option<Child>,
    _profile: TempDir,
}

impl Running {
    /// Starts a browser with an empty profile.
    ///
    /// # Errors
    /// Where a program is missing (the message names its package) or does not start.
    pub async fn start(kind: Kind) -> anyhow::Result<Running> {
        Self::with_habits(kind, Habits::default()).await
    }

    /// Starts a browser with an empty profile and these settings.
    ///
    /// # Errors
    /// As [`Running::start`].
    pub async fn with_habits(kind: Kind, habits: Habits) -> anyhow::Result<Running> {
        let profile = tempfile::tempdir()?;
        let (screen, display) = match kind {
            Kind::Chromium => screen().await.map(|(child, display)| (Some(child), Some(display)))?,
            Kind::Firefox => (None, None),
        };
        let mut started = driver(kind, profile.path(), display.as_deref()).await;
        // chromedriver takes the port that the system gave it for one address family for the other one too, and ends where
        // somebody else has it.
        for _ in 0..PORTS_TRIED {
            if started.is_err() && kind == Kind::Chromium {
                started = driver(kind, profile.path(), display.as_deref()).await;
            }
        }
        let (driver, address) = started?;
        let mut browser = Browser::open(address, &capabilities(kind, profile.path(), habits)?).await?;
        if kind == Kind::Chromium && !habits.shows_driver {
            browser.go_unseen().await?;
        }
        Ok(Running { browser, _driver: driver, _screen: screen, _profile: profile })
    }
}

/// A virtual screen and its name.
///
/// # Errors
/// Where Xvfb is missing or does not start.
pub async fn screen() -> anyhow::Result<(Child, String)> {
    let mut command = Command::new(program("Xvfb")?);
    command.args(["-displayfd", "1", "-screen", "0", "1280x900x24", "-nolisten", "tcp"]);
    let mut child = spawn(&mut command)?;
    let out = child.stdout.take().context("piped")?;
    let number = line_with(out, "Xvfb", |line| line.trim().parse::<u32>().ok()).await?;
    Ok((child, format!(":{number}")))
}

/// A driver and the browser that it started, a process group of their own: a browser outlives a driver that is killed.
struct Driver(Child);

impl Drop for Driver {
    fn drop(&mut self) {
        let group = self.0.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        if let Some(group) = group {
            // Fails where it ended by itself.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

/// A driver on a port of the system's choice.
async fn driver(kind: Kind, home: &Path, display: Option<&str>) -> anyhow::Result<(Driver, SocketAddr)> {
    let (name, args) = match kind {
        Kind::Chromium => ("chromedriver", ["--port=0", "--log-level=SEVERE"].as_slice()),
        Kind::Firefox => ("geckodriver", ["--port", "0", "--log", "info"].as_slice()),
    };
    let mut command = Command::new(program(name)?);
    command.args(args).env("HOME", home).env("TMPDIR", home).env_remove("DISPLAY");
    command.envs(display.map(|display| ("DISPLAY", display)));
    for name in ["http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"] {
        command.env_remove(name);
    }
    let mut driver = Driver(spawn(command.process_group(0))?);
    let out = driver.0.stdout.take().context("piped")?;
    let port = line_with(out, name, |line| match kind {
        Kind::Chromium => line.strip_suffix('.')?.rsplit_once("on port ")?.1.parse::<u16>().ok(),
        Kind::Firefox => line.rsplit_once("Listening on 127.0.0.1:")?.1.trim().parse().ok(),
    })
    .await?;
    Ok((driver, SocketAddr::from(([127, 0, 0, 1], port))))
}

fn spawn(command: &mut Command) -> anyhow::Result<Child> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
    command.spawn().with_context(|| format!("{:?} cannot be started", command.as_std().get_program()))
}

/// What `find` finds in the first line where it finds something; the rest is read on behind it.
async fn line_with<T>(
    out: impl AsyncRead + Unpin + Send + 'static,
    name: &str,
    find: impl Fn(&str) -> Option<T>,
) -> anyhow::Result<T> {
    let mut lines = BufReader::new(out).lines();
    guarded(&format!("{name} says where it listens"), async {
        while let Some(line) = lines.next_line().await? {
            if let Some(found) = find(&line) {
                Log::default().collect(lines.into_inner());
                return Ok(found);
            }
        }
        anyhow::bail!("{name} ended at once")
    })
    .await
}

/// Connections of the browser's own (updates, safe browsing, captive portals) are switched off: tests stay on loopback.
fn capabilities(kind: Kind, profile: &Path, habits: Habits) -> anyhow::Result<Value> {
    Ok(match kind {
        Kind::Chromium => {
            let profile = format!("--user-data-dir={}", profile.join("chromium").display());
            let mut args = vec![
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--disable-quic",
                "--no-first-run",
                "--no-default-browser-check",
                "--no-proxy-server",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--password-store=basic",
                &profile,
            ];
            if !habits.shows_driver {
                args.push("--disable-blink-features=AutomationControlled");
            }
            if habits.less_motion {
                args.push("--force-prefers-reduced-motion");
            }
            let mut prefs = json!({});
            for (off, name) in [(habits.no_script, "javascript"), (habits.no_cookies, "cookies")] {
                if off {
                    prefs[format!("profile.default_content_setting_values.{name}")] = json!(2);
                }
            }
            if !habits.languages.is_empty() {
                prefs["intl.accept_languages"] = json!(habits.languages);
            }
            let binary: PathBuf = program("chromium")?;
            let options = json!({"binary": binary, "args": args, "prefs": prefs});
            json!({"browserName": "chrome", "goog:chromeOptions": options})
        }
        Kind::Firefox => {
            let mut prefs = json!({
                "javascript.enabled": !habits.no_script,
                "ui.prefersReducedMotion": u8::from(habits.less_motion),
                "network.proxy.type": 0,
                "network.captive-portal-service.enabled": false,
                "network.connectivity-service.enabled": false,
                "browser.safebrowsing.downloads.remote.enabled": false,
                "browser.safebrowsing.malware.enabled": false,
                "browser.safebrowsing.phishing.enabled": false,
                "app.normandy.enabled": false,
                "app.update.auto": false,
                "extensions.update.enabled": false,
                "services.settings.server": "data:,#remote-settings-dummy/v1"
            });
            if habits.no_cookies {
                prefs["network.cookie.cookieBehavior"] = json!(2);
            }
            if !habits.languages.is_empty() {
                prefs["intl.accept_languages"] = json!(habits.languages);
            }
            let binary: PathBuf = program("firefox-esr")?;
            let options = json!({"binary": binary, "args": ["-headless"], "prefs": prefs});
            json!({"browserName": "firefox", "moz:firefoxOptions": options})
        }
    })
}
