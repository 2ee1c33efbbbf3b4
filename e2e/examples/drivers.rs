//! What programs that move browsers get: a visit by each, against `balanced` with `enforce = "all"`, and against a rule that
//! challenges everybody. Prints the table of docs/drivers.md.
//!
//! `cargo build -p palisade && cargo run -p palisade-e2e --example drivers` (needs node, npm, python3 and both browsers; the
//! packages of e2e/fixtures/drivers are installed into target/tools/drivers).
#![expect(clippy::print_stdout, reason = "its table is what it is for")]

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::Context as _;
use axum::Router;
use axum::response::Html;
use axum::routing::get;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use palisade_e2e::browser::screen;
use palisade_e2e::front::Front;
use palisade_e2e::palisade::{Palisade, Setup};
use palisade_e2e::site::Site;
use palisade_e2e::tools::{program, root, text};
use serde_json::Value;
use tokio::process::Command;

/// A program, how it is started, and what stands in the table.
struct Driver {
    name: &'static str,
    package: &'static str,
    kind: &'static str,
    mode: &'static str,
}

const DRIVERS: [Driver; 9] = [
    Driver { name: "Selenium, Chromium", package: "selenium", kind: "chromium", mode: "headless" },
    Driver { name: "Selenium, Chromium", package: "selenium", kind: "chromium", mode: "headed" },
    Driver { name: "Selenium, Firefox", package: "selenium", kind: "firefox", mode: "headless" },
    Driver { name: "Playwright, Chromium", package: "playwright-core", kind: "playwright", mode: "headless" },
    Driver { name: "Playwright, Chromium", package: "playwright-core", kind: "playwright", mode: "headed" },
    Driver { name: "Puppeteer, Chromium", package: "puppeteer-core", kind: "puppeteer", mode: "headless" },
    Driver { name: "Puppeteer, Chromium", package: "puppeteer-core", kind: "puppeteer", mode: "headed" },
    Driver {
        name: "Puppeteer with stealth",
        package: "puppeteer-extra",
        kind: "puppeteer-stealth",
        mode: "headless",
    },
    Driver {
        name: "Puppeteer with stealth",
        package: "puppeteer-extra",
        kind: "puppeteer-stealth",
        mode: "headed",
    },
];

/// Nobody outside is asked anything.
const QUIET: &str =
    "[store]\nevent_sample = 1.0\n[intel]\ndns = \"off\"\nrefresh_ranges_hours = 0\nfetch_keys = false\n";

/// What is set, and its name in the table.
const POLICIES: [(&str, &str); 2] = [
    ("balanced", "[policy]\nenforce = \"all\"\n"),
    (
        "everybody is challenged",
        "[policy]\nenforce = \"all\"\nrules = [{ when = '''path.startsWith(\"/\")''', action = \"challenge\" }]\n",
    ),
];

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let place = installed().await?;
    println!(
        "| driver | version | says | policy | score | decisions on its requests | got | widget |\n|---|---|---|---|---|---|---|---|"
    );
    for driver in &DRIVERS {
        for (policy, config) in POLICIES {
            let row = measured(driver, &place, config).await;
            let (version, said) =
                (version(&place, driver.package)?, row.as_ref().map(said).unwrap_or_default());
            let cells = match &row {
                Ok(row) => {
                    format!("{} | {} | {} | {}", row.scores(), row.decisions(), row.got(), row.widget())
                }
                Err(error) => {
                    format!("| | did not run: {} |", format!("{error:#}").lines().last().unwrap_or_default())
                }
            };
            println!("| {}, {} | {version} | {said} | {policy} | {cells} |", driver.name, driver.mode);
        }
    }
    Ok(())
}

/// What came of one visit.
struct Row {
    visit: Value,
    /// Score and action of everything that reached the site.
    passed: Vec<(u8, String)>,
    /// Requests answered by us, by path.
    asked: usize,
    answers: usize,
}

impl Row {
    fn scores(&self) -> String {
        let scores = self.passed.iter().map(|(score, _)| *score);
        match (scores.clone().min(), scores.max()) {
            (Some(least), Some(most)) if least == most => format!("{least}"),
            (Some(least), Some(most)) => format!("{least} to {most}"),
            _ => "never in".to_owned(),
        }
    }

    fn decisions(&self) -> String {
        let mut counted: BTreeMap<&str, usize> = BTreeMap::new();
        for (_, action) in &self.passed {
            *counted.entry(action).or_default() += 1;
        }
        let mut told: Vec<String> =
            counted.iter().map(|(action, times)| format!("{action} {times}")).collect();
        let stopped = self.asked.saturating_sub(self.passed.len());
        if stopped > 0 {
            told.push(format!("answered by us {stopped}"));
        }
        told.join(", ")
    }

    /// What the token of the widget on a form says, 0 a program, 1 a person.
    fn widget(&self) -> String {
        let Some(token) = self.visit["token"].as_str() else { return "none".to_owned() };
        let claims = token.split('.').nth(1).and_then(|part| BASE64_URL_SAFE_NO_PAD.decode(part).ok());
        let claims: Option<Value> = claims.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        claims.map_or_else(
            || token.to_owned(),
            |claims| format!("{} ({})", claims["score"], claims["kind"].as_str().unwrap_or_default()),
        )
    }

    fn got(&self) -> String {
        let pages = self.visit["pages"].as_array().map(Vec::as_slice).unwrap_or_default();
        let in_time = pages.iter().filter(|page| page["arrived"] == true).count();
        let form = if self.visit["form"] == true { "its form was taken" } else { "its form was not taken" };
        let first = pages.iter().find(|page| page["first"] == 403).and_then(|page| page["ms"].as_u64());
        let solved = match (self.answers, first) {
            (0, _) => String::new(),
            (times, Some(ms)) => {
                format!(", answered {times} challenge(s), the first within {ms} ms of asking for the page")
            }
            (times, None) => format!(", answered {times} challenge(s)"),
        };
        format!("{in_time} of {} pages, {form}{solved}", pages.len())
    }
}

fn said(row: &Row) -> String {
    let agent = row.visit["agent"].as_str().unwrap_or_default();
    let headless = if agent.contains("Headless") { "`HeadlessChrome`" } else { "an ordinary user agent" };
    let webdriver =
        if row.visit["webdriver"] == true { "`navigator.webdriver`" } else { "no `navigator.webdriver`" };
    format!("{headless}, {webdriver}")
}

async fn measured(driver: &Driver, place: &Path, config: &str) -> anyhow::Result<Row> {
    let guarded = || async {
        Html("<!doctype html><script src=\"/.palisade/captcha.js\"></script><form><input name=name></form>")
    };
    let site = Site::with_pages(Router::new().route("/guarded", get(guarded))).await?;
    let palisade = Palisade::serve(&Setup::before(site.address).with(QUIET).with(config)).await?;
    let front = Front::start(palisade.gateway, IpAddr::from([203, 0, 113, 90])).await?;
    let profile = tempfile::tempdir()?;
    let (_screen, display) = screen().await?;
    let mut command = match driver.package {
        "selenium" => {
            let (browser, control) = match driver.kind {
                "firefox" => ("firefox-esr", "geckodriver"),
                _ => ("chromium", "chromedriver"),
            };
            let mut command = Command::new(place.join("python/bin/python"));
            command
                .arg(place.join("visit.py"))
                .arg(driver.kind)
                .arg(program(browser)?)
                .arg(program(control)?);
            command
        }
        _ => {
            let mut command = Command::new(program("node")?);
            command.arg(place.join("visit.cjs")).arg(driver.kind).arg(program("chromium")?);
            command
        }
    };
    command.arg(front.url()).arg(driver.mode).env("DISPLAY", display);
    command.env("HOME", profile.path()).env("TMPDIR", profile.path()).current_dir(place);
    for name in ["http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"] {
        command.env_remove(name);
    }
    let ran = command.stdin(Stdio::null()).kill_on_drop(true).output().await?;
    anyhow::ensure!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let visit: Value = serde_json::from_str(text(&ran).trim()).context("the visit prints JSON")?;
    let arrived = site.arrived();
    let passed = arrived.iter().filter_map(|request| {
        Some((
            request.header("x-palisade-score")?.parse().ok()?,
            request.header("x-palisade-action")?.to_owned(),
        ))
    });
    let seen = front.passed();
    let ours = |target: &str| target.starts_with("/.palisade/");
    Ok(Row {
        visit,
        passed: passed.collect(),
        asked: seen.iter().filter(|passed| !ours(passed.line().1)).count(),
        answers: seen.iter().filter(|passed| passed.line() == ("POST", "/.palisade/answer")).count(),
    })
}

/// The folder with the packages of `e2e/fixtures/drivers`.
async fn installed() -> anyhow::Result<PathBuf> {
    let from = root().join("e2e/fixtures/drivers");
    let place = root().join("target/tools/drivers");
    std::fs::create_dir_all(&place)?;
    for name in ["package.json", "package-lock.json", "requirements.txt", "visit.cjs", "visit.py"] {
        std::fs::copy(from.join(name), place.join(name)).with_context(|| name.to_owned())?;
    }
    if !place.join("node_modules/puppeteer-core").is_dir() {
        done(
            Command::new("npm")
                .args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"])
                .current_dir(&place),
        )
        .await?;
    }
    if !place.join("python/bin/python").is_file() {
        done(Command::new("python3").args(["-m", "venv", "python"]).current_dir(&place)).await?;
    }
    let mut pip = Command::new(place.join("python/bin/python"));
    done(pip.args(["-m", "pip", "install", "--quiet", "-r", "requirements.txt"]).current_dir(&place)).await?;
    Ok(place)
}

async fn done(command: &mut Command) -> anyhow::Result<()> {
    let status = command.status().await?;
    anyhow::ensure!(status.success(), "{:?}: {status}", command.as_std());
    Ok(())
}

/// As the lock file and the requirements name it.
fn version(place: &Path, package: &str) -> anyhow::Result<String> {
    if package == "selenium" {
        let text = std::fs::read_to_string(place.join("requirements.txt"))?;
        return Ok(text.trim().replace("==", " "));
    }
    let lock: Value = serde_json::from_str(&std::fs::read_to_string(place.join("package-lock.json"))?)?;
    let of = |name: &str| {
        let found = lock["packages"][format!("node_modules/{name}")]["version"].as_str().unwrap_or_default();
        format!("{name} {found}")
    };
    Ok(match package {
        "puppeteer-extra" => format!("{}, {}", of("puppeteer-core"), of("puppeteer-extra-plugin-stealth")),
        package => of(package),
    })
}
