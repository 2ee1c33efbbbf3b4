//! Clients that are watched, slowed and refused; and that log, `/check` and report give the same reasons.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use palisade_e2e::front::Front;
use palisade_e2e::palisade::Palisade;
use palisade_e2e::scenario::{Client, Exchange, clients};
use palisade_e2e::site::Site;
use palisade_e2e::tools::{self, program, python, root};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::{ENFORCE, defended};

#[tokio::test(flavor = "multi_thread")]
async fn one_curl_is_monitored_and_passes() {
    for enforce in ENFORCE {
        let site = Site::start().await.unwrap();
        let palisade = defended(&site, enforce, "").await;
        let said = curl(&palisade, "203.0.113.10", &["/page1"]).await;
        assert_eq!(said.0, 200, "{enforce}: {}", said.1);
        let arrived = site.arrived();
        assert_eq!(arrived.len(), 1, "{enforce}");
        assert_eq!(arrived[0].header("x-palisade-action"), Some("monitor"), "{enforce}");
        assert_eq!(arrived[0].client(), Some("203.0.113.10"), "{enforce}");
        assert!(
            arrived[0].header("x-palisade-identity").is_some_and(|who| who.contains("tool")),
            "{enforce}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_by_curl_is_refused_under_strict() {
    for enforce in ENFORCE {
        let site = Site::start().await.unwrap();
        let palisade = defended(&site, enforce, "preset = \"strict\"").await;
        let post = ["/assess", "-H", "Content-Type: application/json", "-d", "{\"requirement\": \"Test\"}"];
        let (status, body) = curl(&palisade, "203.0.113.11", &post).await;
        assert_eq!(status, 403, "{enforce}: {body}");
        let said: Value = serde_json::from_str(&body).unwrap_or_else(|_| panic!("{enforce}: {body}"));
        let names: Vec<&String> = said.as_object().unwrap().keys().collect();
        assert_eq!(names, ["error", "message", "request_id"], "{enforce}");
        assert_eq!(site.arrived().len(), 0, "{enforce}: a refused request does not reach the site");
    }
}

/// Status and body of one call by the real curl, from `client`.
async fn curl(palisade: &Palisade, client: &str, args: &[&str]) -> (u16, String) {
    let front = Front::start(palisade.gateway, client.parse::<IpAddr>().unwrap()).await.unwrap();
    let (path, more) = args.split_first().unwrap();
    let url = format!("{}{path}", front.url());
    let mut all = vec!["-s", "--noproxy", "*", "-w", "\n%{http_code}", &url];
    all.extend(more);
    let ran = tools::run(&program("curl").unwrap(), all).await.unwrap();
    let said = tools::text(&ran);
    let (body, status) = said.rsplit_once('\n').unwrap_or_else(|| panic!("{ran:?}"));
    (status.parse().unwrap(), body.to_owned())
}

/// The real python-requests, once a second.
#[tokio::test(flavor = "multi_thread")]
async fn python_requests_once_a_second_is_throttled_within_sixty() {
    let site = Site::start().await.unwrap();
    let mut palisade = defended(&site, "all", "").await;
    let front = Front::start(palisade.gateway, "203.0.113.12".parse::<IpAddr>().unwrap()).await.unwrap();
    let script = root().join("e2e/fixtures/paced.py").display().to_string();
    let ran = tools::run(&python().unwrap(), [&script, &front.url(), "60", "1"]).await.unwrap();
    let said = tools::text(&ran);
    let last: Vec<&str> = said.lines().last().unwrap_or_default().split(' ').collect();
    let [number, "429", retry_after] = last[..] else { panic!("never throttled: {ran:?}") };
    let number: usize = number.parse().unwrap();
    assert!(number > 10, "a handful of pages is no reason: {number}");
    assert!(retry_after.parse::<u64>().is_ok_and(|seconds| (1..=60).contains(&seconds)), "{retry_after}");
    assert_eq!(site.arrived_from("203.0.113.12"), number - 1);

    palisade.terminate().await.unwrap();
    let events = palisade.events().await.unwrap();
    assert_eq!(events.len(), number, "{events:?}");
    let decided = events.last().unwrap();
    assert_eq!(
        (&decided["action"], &decided["enforced"]),
        (&json!("throttle"), &json!("throttle")),
        "{decided}"
    );
    let before = &events[events.len() - 2];
    assert_eq!(before["action"], "monitor", "{before}");
    same_in_report(&palisade, "203.0.113.12", decided).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn scanners_are_blocked_and_loops_are_throttled() {
    let mut runs = JoinSet::new();
    for client in clients("unwelcome").unwrap() {
        for enforce in ENFORCE {
            if client.enforce.iter().any(|named| named == enforce) {
                let client = client.clone();
                runs.spawn(async move {
                    let name = format!("enforce {enforce}: {}", client.name);
                    stopped(client, enforce).await.err().map(|error| format!("{name}: {error:#}"))
                });
            }
        }
    }
    let faults: Vec<String> = runs.join_all().await.into_iter().flatten().collect();
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

/// Plays `client` until it is stopped; meanwhile another Palisade is asked about each of its requests (`/check`). What
/// decided must be the same in the answer to the client, the event, the other's answer and the report of the events.
async fn stopped(client: Client, enforce: &'static str) -> anyhow::Result<()> {
    let site = Site::start().await?;
    let mut palisade = defended(&site, enforce, "").await;
    let asked = Arc::new(defended(&site, enforce, "").await);
    let key = asked.key("check").await?;
    let asking = tokio::spawn({
        let (client, asked) = (client.clone(), Arc::clone(&asked));
        async move { ask_about(&client, &asked, &key).await }
    });
    let exchanges = client.play(palisade.gateway, |exchange| !exchange.passed()).await?;
    let last = exchanges.last().filter(|exchange| !exchange.passed());
    let last = last.ok_or_else(|| anyhow::anyhow!("all {} requests passed", exchanges.len()))?;
    let outcome = match last.answer.status {
        403 if last.answer.header("x-palisade-challenge").is_some() => "challenge",
        403 => "block",
        _ => "throttle",
    };
    anyhow::ensure!(matches!(last.answer.status, 403 | 429), "{}", last.shown());
    anyhow::ensure!(client.outcome.iter().any(|named| named == outcome), "{}", last.shown());
    anyhow::ensure!(client.within_requests.is_none_or(|most| last.number <= most), "{}", last.shown());
    let in_time = client.within_ms.is_none_or(|most| last.due <= Duration::from_millis(most));
    anyhow::ensure!(in_time, "{}", last.shown());
    anyhow::ensure!(
        site.arrived_from(&client.address) == last.number - 1,
        "a refused request reached the site"
    );

    let answers = asking.await??;
    palisade.terminate().await?;
    let events = palisade.events().await?;
    let decided = event_of(&events, last)?;
    anyhow::ensure!(
        decided["action"] == outcome && decided["enforced"] == outcome,
        "the event says {decided}"
    );
    same_in_check(&client, decided, &answers)?;
    same_in_report(&palisade, &client.address, decided).await
}

/// The event whose number the refused client was given.
fn event_of<'a>(events: &'a [Value], refused: &Exchange) -> anyhow::Result<&'a Value> {
    let told = refused.answer.json()?["request_id"].take();
    let found = events.iter().find(|event| event["request_id"] == told);
    found.ok_or_else(|| anyhow::anyhow!("no event of {told} among {}", events.len()))
}

/// Asks `/check` about each request of `client`, in the client's own pace; the answers in order.
async fn ask_about(client: &Client, asked: &Palisade, key: &str) -> anyhow::Result<Vec<Value>> {
    let pacer = palisade_e2e::pace::Pacer::start();
    let mut answers = Vec::new();
    for (due, head, body, status) in client.script() {
        pacer.until(due).await;
        let mut lines = head.trim_end().lines();
        let mut first = lines.next().unwrap_or_default().split(' ');
        let (method, endpoint) = (first.next().unwrap_or_default(), first.next().unwrap_or_default());
        let headers: Vec<(&str, &str)> = lines.filter_map(|line| line.split_once(": ")).collect();
        let agent = headers.iter().find(|(name, _)| *name == "User-Agent").map(|(_, value)| *value);
        let question = json!({
            "ip": client.address, "user_agent": agent, "endpoint": endpoint, "method": method,
            "headers": headers, "body": body, "status": status, "actions": "all",
        });
        let answer = asked.post("/check", key, &question).await?;
        anyhow::ensure!(answer.status == 200, "/check: {}", answer.text());
        answers.push(answer.json()?);
        if answers.last().is_some_and(|answer| answer["enforce"] != "allow" && answer["enforce"] != "monitor")
        {
            break;
        }
    }
    Ok(answers)
}

/// Names and points of the reasons, strongest first; an event writes each as `[name, points]`.
fn reasons(of: &Value) -> Vec<(String, i64)> {
    let lines = of["signals"].as_array().into_iter().flatten();
    let parts = lines.map(|line| match line {
        Value::Array(pair) => (pair.first(), pair.get(1)),
        line => (line.get("id"), line.get("points")),
    });
    let named =
        |(id, points): (Option<&Value>, Option<&Value>)| Some((id?.as_str()?.to_owned(), points?.as_i64()?));
    parts.map(|pair| named(pair).unwrap_or_else(|| panic!("a reason without name or points: {of}"))).collect()
}

fn same_reasons(who: &str, said: &Value, decided: &Value) -> anyhow::Result<()> {
    let (said, expected) = (reasons(said), reasons(decided));
    anyhow::ensure!(said == expected, "{who} says {said:?}, the event {expected:?}");
    Ok(())
}

/// `/check` came to the same verdict for the same reasons. Of a client that is judged by its pace the points may differ:
/// two live runs are never a microsecond alike.
fn same_in_check(client: &Client, decided: &Value, answers: &[Value]) -> anyhow::Result<()> {
    let answer = answers.last().ok_or_else(|| anyhow::anyhow!("/check was not asked"))?;
    let paced = client.within_ms.is_some();
    for name in ["action", "rule", "score"].into_iter().filter(|name| !paced || *name != "score") {
        let (said, expected) = (&answer[name], &decided[name]);
        anyhow::ensure!(said == expected, "{name}: /check says {said}, the event {expected}");
    }
    if !paced {
        return same_reasons("/check", answer, decided);
    }
    let names = |of: &Value| reasons(of).into_iter().map(|(name, _)| name).collect::<BTreeSet<_>>();
    let (said, expected) = (names(answer), names(decided));
    // On a busy machine one of the two stops it some requests later, and may have seen one thing more by then.
    let alike = said.is_subset(&expected) || expected.is_subset(&said);
    anyhow::ensure!(alike && !said.is_empty(), "/check says {said:?}, the event {expected:?}");
    Ok(())
}

/// The report of the exported events names the client with the same verdict and the same reasons.
async fn same_in_report(palisade: &Palisade, client: &str, decided: &Value) -> anyhow::Result<()> {
    let file = palisade.data().join("events.ndjson");
    let events = palisade.events().await?;
    let lines: Vec<String> = events.iter().map(Value::to_string).collect();
    std::fs::write(&file, lines.join("\n"))?;
    let file = file.display().to_string();
    let report: Value = serde_json::from_str(&palisade.command(&["replay", &file, "--json"]).await?)?;
    anyhow::ensure!(report["requests"] == events.len(), "{report}");
    let top = report["clients_top"].as_array().into_iter().flatten();
    let found = top.into_iter().find(|entry| entry["client"] == client);
    let found = found.ok_or_else(|| anyhow::anyhow!("{client} is not in {report}"))?;
    for name in ["action", "score"] {
        let (said, expected) = (&found[name], &decided[name]);
        anyhow::ensure!(said == expected, "{name}: the report says {said}, the event {expected}");
    }
    same_reasons("the report", found, decided)
}
