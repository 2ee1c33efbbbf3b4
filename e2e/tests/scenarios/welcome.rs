//! Programs that nobody may hinder.

use std::net::IpAddr;
use std::path::Path;

use palisade_e2e::front::Front;
use palisade_e2e::palisade::Palisade;
use palisade_e2e::scenario::{Client, clients};
use palisade_e2e::site::{Arrived, Site};
use palisade_e2e::tools;
use serde_json::json;
use tokio::task::JoinSet;

use crate::{ENFORCE, defended};

#[tokio::test(flavor = "multi_thread")]
async fn welcome_programs_pass() {
    let mut runs = JoinSet::new();
    for enforce in ENFORCE {
        runs.spawn(async move { pass_under(enforce).await });
    }
    let faults: Vec<String> = runs.join_all().await.concat();
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

async fn pass_under(enforce: &'static str) -> Vec<String> {
    let site = Site::start().await.unwrap();
    let palisade = defended(&site, enforce, "").await;
    let mut playing = JoinSet::new();
    for client in clients("welcome").unwrap() {
        let gateway = palisade.gateway;
        playing.spawn(async move {
            let played = client.play(gateway, |_| false).await;
            (client, played)
        });
    }
    let mut faults = Vec::new();
    let key = palisade.key("check").await.unwrap();
    for (client, played) in playing.join_all().await {
        let mut fault = |what: String| faults.push(format!("enforce {enforce}: {}: {what}", client.name));
        match played {
            Ok(exchanges) => {
                exchanges
                    .iter()
                    .filter(|exchange| !exchange.passed())
                    .for_each(|exchange| fault(exchange.shown()));
            }
            Err(error) => fault(format!("{error:#}")),
        }
        let arrived: Vec<Arrived> = from(&site, &client.address);
        let sent = client.script().len();
        if arrived.len() != sent {
            fault(format!("{} of {sent} requests arrived", arrived.len()));
        }
        misjudged(&client, &arrived).into_iter().for_each(&mut fault);
        let known = identity(&palisade, &key, &client).await;
        if Some(&known) != client.identity.as_ref() {
            fault(format!("/check knows it as {known}"));
        }
    }
    faults
}

/// What the gateway told the site about its visitors.
fn misjudged(client: &Client, arrived: &[Arrived]) -> Vec<String> {
    let told = client.identity.as_deref().map(|identity| identity.replacen(' ', "; ", 1));
    let told = told.as_deref();
    let mut faults = Vec::new();
    for request in arrived {
        let action = request.header("x-palisade-action");
        if !matches!(action, Some("allow" | "monitor")) {
            faults.push(format!("{} {}: X-Palisade-Action {action:?}", request.method, request.target));
        }
        let identity = request.header("x-palisade-identity");
        if identity != told {
            faults.push(format!("{} is {identity:?}, not {told:?}", request.target));
        }
        if request.header("x-request-id").is_none() || request.header("x-palisade-score").is_none() {
            faults.push(format!("{} arrived without its number or score", request.target));
        }
    }
    faults.truncate(3);
    faults
}

fn from(site: &Site, client: &str) -> Vec<Arrived> {
    site.arrived().into_iter().filter(|request| request.client() == Some(client)).collect()
}

/// Class and status of the client, as `/check` names them.
async fn identity(palisade: &Palisade, key: &str, client: &Client) -> String {
    let (_, head, ..) = client.script().into_iter().next_back().unwrap();
    let agent = head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("user-agent").then(|| value.to_owned())
    });
    let mut line = head.split(' ');
    let (method, endpoint) = (line.next(), line.next());
    let question = json!({
        "ip": client.address, "user_agent": agent, "method": method, "endpoint": endpoint, "observe": false,
    });
    let answer = palisade.post("/check", key, &question).await.unwrap().json().unwrap();
    let word = |name: &str| answer["identity"][name].as_str().unwrap_or_default().to_owned();
    format!("{} {}", word("class"), word("status"))
}

/// The real programs: what they do is theirs to decide.
#[tokio::test(flavor = "multi_thread")]
async fn git_clones_and_readers_read() {
    let folder = tempfile::tempdir().unwrap();
    let repository = folder.path().join("shop.git");
    make_repository(folder.path(), &repository).await;
    let site = Site::with_repository(Some(repository)).await.unwrap();
    for enforce in ENFORCE {
        let palisade = defended(&site, enforce, "").await;
        let front = |client: &str| Front::start(palisade.gateway, client.parse::<IpAddr>().unwrap());

        let git = front("198.51.100.80").await.unwrap();
        let (url, into) = (format!("{}/git", git.url()), folder.path().join(enforce).display().to_string());
        let cloned = git_in(folder.path(), &["clone", &url, &into]).await;
        assert!(cloned.status.success(), "{enforce}: {}", String::from_utf8_lossy(&cloned.stderr));
        let log = git_in(Path::new(&into), &["log", "--format=%s"]).await;
        assert_eq!(tools::text(&log), "third\nsecond\nfirst\n", "{enforce}");

        let reader = front("198.51.100.81").await.unwrap();
        let script = format!(
            "import feedparser; f = feedparser.parse('{}/feed.xml'); print(f.status, f.entries[0].title)",
            reader.url()
        );
        let read = tools::run(&tools::python().unwrap(), ["-c", &script]).await.unwrap();
        assert_eq!(tools::text(&read), "200 Lamps are back\n", "{enforce}: {read:?}");

        let w3m = front("198.51.100.82").await.unwrap();
        for page in 1..=5 {
            let url = format!("{}/page{page}", w3m.url());
            let read = tools::run(&tools::program("w3m").unwrap(), ["-dump", &url]).await.unwrap();
            assert!(tools::text(&read).contains(&format!("Text of page {page}.")), "{enforce}: {read:?}");
        }
    }
}

async fn make_repository(folder: &Path, bare: &Path) {
    let work = folder.join("work");
    std::fs::create_dir(&work).unwrap();
    let git = async |args: &[&str]| {
        let done = git_in(&work, args).await;
        assert!(done.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&done.stderr));
    };
    git(&["init", "--quiet"]).await;
    for subject in ["first", "second", "third"] {
        std::fs::write(work.join("file.txt"), subject).unwrap();
        git(&["add", "file.txt"]).await;
        git(&["-c", "user.name=A", "-c", "user.email=a@shop.example", "commit", "--quiet", "-m", subject])
            .await;
    }
    git(&["clone", "--quiet", "--bare", ".", &bare.display().to_string()]).await;
    // What makes a repository readable as plain files.
    git(&["--git-dir", &bare.display().to_string(), "update-server-info"]).await;
}

async fn git_in(folder: &Path, args: &[&str]) -> std::process::Output {
    // Nobody's own settings.
    let fixed = ["-c", "protocol.version=0", "-c", "http.proxy=", "-c", "commit.gpgsign=false", "-C"];
    let folder = folder.display().to_string();
    let all = fixed.into_iter().chain([folder.as_str()]).chain(args.iter().copied());
    tools::run(&tools::program("git").unwrap(), all).await.unwrap()
}
