//! Browsers without any script, styles or images, as Debian has them: w3m, lynx, links, dillo.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use palisade_e2e::pace::Pacer;
use palisade_e2e::palisade::Log;
use palisade_e2e::tools::program;
use tokio::io::AsyncWriteExt as _;
use tokio::process::{Child, Command};

use crate::place::{EVERYTHING, HOME, Place};

/// So long a person at a terminal may have to press keys.
const PATIENCE: Duration = Duration::from_secs(75);

/// Keys, each with the time before it, in ms.
type Keys<'a> = &'a [(u64, &'a str)];

const DOWN: &str = "\x1b[B";
const ENTER: &str = "\r";
/// Links keeps every page it has shown, whatever the page says of that: to see another one at the same address, it is told so.
const CONTROL_R: &str = "\x12";

/// Somebody who presses these keys, again and again, until the page has come.
async fn presses(place: &Place, page: &str, home: &Path, line: &str, keys: Keys<'_>) {
    // `script` gives the program a terminal; what it shows is for whoever looks for a fault.
    let mut command = Command::new(program("script").unwrap());
    let line = format!("stty rows 40 cols 120; TERM=xterm exec {line}");
    command.args(["-q", "-f", "-c", &line, "/dev/null"]).env("HOME", home).current_dir(home);
    command.env("LANG", "C.UTF-8").env("WWW_HOME", "about:blank");
    for name in ["http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"] {
        command.env_remove(name);
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
    let mut child: Child = command.spawn().unwrap();
    let shown = Log::default();
    // Screens have no ends of lines: what is shown then is what was shown when it ended.
    shown.collect(child.stdout.take().unwrap());
    let mut keyboard = child.stdin.take().unwrap();
    let pacer = Pacer::start();
    let mut keys = keys.iter().cycle();
    while place.arrived_at(page).is_empty() {
        assert!(pacer.elapsed() < PATIENCE, "{line}: it is not in; {:?}", tail(&shown.text()));
        let (before_ms, key) = keys.next().unwrap();
        pacer.until(pacer.elapsed() + Duration::from_millis(*before_ms)).await;
        if keyboard.write_all(key.as_bytes()).await.is_err() || keyboard.flush().await.is_err() {
            panic!("{line}: it ended; {:?}", tail(&shown.text()));
        }
    }
    assert_eq!(place.arrived_at(page).len(), 1);
}

fn tail(text: &str) -> String {
    text.chars().skip(text.chars().count().saturating_sub(4000)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn w3m_gets_in() {
    let place = Place::challenging(EVERYTHING).await;
    let front = place.front(HOME).await;
    let home = tempfile::tempdir().unwrap();
    let w3m = program("w3m").unwrap();
    let line =
        format!("{} -cookie -o accept_cookie=1 -o accept_bad_cookie=0 {}/page3", w3m.display(), front.url());
    // To the next link or button, and press it.
    presses(&place, "/page3", home.path(), &line, &[(1500, "\t"), (1500, ENTER)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lynx_gets_in() {
    let place = Place::challenging(EVERYTHING).await;
    let front = place.front(HOME).await;
    let home = tempfile::tempdir().unwrap();
    let lynx = program("lynx").unwrap();
    let line = format!("{} -accept_all_cookies {}/page3", lynx.display(), front.url());
    presses(&place, "/page3", home.path(), &line, &[(1500, DOWN), (1500, ENTER)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn links_gets_in() {
    let place = Place::challenging(EVERYTHING).await;
    let front = place.front(HOME).await;
    let home = tempfile::tempdir().unwrap();
    let links = program("links").unwrap();
    let line = format!("{} -enable-cookies 1 {}/page3", links.display(), front.url());
    presses(&place, "/page3", home.path(), &line, &[(7000, DOWN), (500, ENTER), (2000, CONTROL_R)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn dillo_gets_in() {
    let place = Place::challenging(EVERYTHING).await;
    let front = place.front(HOME).await;
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join(".dillo");
    std::fs::create_dir(&folder).unwrap();
    // Its cookies are off until somebody says otherwise.
    std::fs::write(folder.join("cookiesrc"), "DEFAULT ACCEPT_SESSION\n").unwrap();
    std::fs::write(folder.join("dillorc"), "geometry=800x600+0+0\n").unwrap();
    let (_screen, display) = palisade_e2e::browser::screen().await.unwrap();
    let mut command = Command::new(program("dillo").unwrap());
    command.arg(format!("{}/page3", front.url())).env("HOME", home.path()).env("DISPLAY", &display);
    for name in ["http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"] {
        command.env_remove(name);
    }
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let _keeper = Keeper(home.path());
    let _dillo = command.spawn().unwrap();
    let xdotool = program("xdotool").unwrap();
    let pacer = Pacer::start();
    let mut keys = [(7000, "Tab"), (500, "space")].iter().cycle();
    while place.arrived_at("/page3").is_empty() {
        let seen: Vec<_> = front.passed().iter().map(|passed| passed.head.clone()).collect();
        assert!(pacer.elapsed() < PATIENCE, "dillo is not in; it sent {seen:#?}");
        let (before_ms, key) = keys.next().unwrap();
        pacer.until(pacer.elapsed() + Duration::from_millis(*before_ms)).await;
        let mut press = Command::new(&xdotool);
        press.args(["key", key]).env("DISPLAY", &display);
        press.stdout(Stdio::null()).stderr(Stdio::null()).status().await.unwrap();
    }
    assert_eq!(place.arrived_at("/page3").len(), 1);
}

/// Dillo leaves a process behind that keeps its cookies; it ends with the test.
struct Keeper<'a>(&'a Path);

impl Drop for Keeper<'_> {
    fn drop(&mut self) {
        let mut stop = std::process::Command::new("dpidc");
        let _ = stop.arg("stop").env("HOME", self.0).stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}
