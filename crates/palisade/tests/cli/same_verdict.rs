//! One verdict: a log replayed and its lines as `/check` bodies through `assess --batch` say the same of each request.

use serde_json::{Value, json};

use crate::desk::{Desk, FIREFOX, line, sample_lines};

/// FNV-1a over what each verdict says, as `replay --json` gives it under `digest`.
fn digest(answers: &[Value]) -> String {
    let mut digest = 0xcbf2_9ce4_8422_2325_u64;
    let mut add = |value: u64| digest = (digest ^ value).wrapping_mul(0x0000_0100_0000_01b3);
    for answer in answers {
        let action = answer["action"].as_str().unwrap();
        let rank = ["allow", "monitor", "throttle", "challenge", "charge", "tarpit", "block"];
        add(answer["score"].as_u64().unwrap());
        add(rank.iter().position(|name| *name == action).unwrap() as u64);
        for signal in answer["signals"].as_array().unwrap() {
            signal["id"].as_str().unwrap().bytes().for_each(|byte| add(u64::from(byte)));
            add(signal["points"].as_i64().unwrap() as u64);
        }
    }
    format!("{digest:016x}")
}

/// What stands between the quotes, and what follows them.
fn quoted(rest: &str) -> Option<(&str, &str)> {
    rest.strip_prefix('"')?.split_once('"').map(|(text, rest)| (text, rest.trim_start()))
}

/// Milliseconds since the epoch of `30/Jun/2026:00:00:17 +0000`.
fn time_ms(text: &str) -> Option<i64> {
    let number = |at: std::ops::Range<usize>| text.get(at)?.parse::<i64>().ok();
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = months.iter().position(|month| Some(*month) == text.get(3..6))? as i64;
    let (day, year) = (number(0..2)?, number(7..11)?);
    // Days from civil (Howard Hinnant, chrono-compatible low-level date algorithms).
    let (y, m) = if month < 2 { (year - 1, month + 10) } else { (year, month - 2) };
    let days = 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719_468;
    let seconds = ((days * 24 + number(12..14)?) * 60 + number(15..17)?) * 60 + number(18..20)?;
    text.ends_with("+0000").then_some(seconds * 1_000)
}

/// A line of combined format as a `/check` body; `None` for lines that are escaped, torn or no HTTP.
fn check_body(line: &str) -> Option<(i64, String)> {
    let (head, rest) = line.split_once('[')?;
    let (time, rest) = rest.split_once(']')?;
    let (request, rest) = quoted(rest.trim_start())?;
    let mut numbers = rest.splitn(3, ' ');
    let status: u64 = numbers.next()?.parse().ok()?;
    let (referrer, rest) = quoted(numbers.nth(1)?)?;
    let (agent, rest) = quoted(rest)?;
    let [method, target, version] = request.split(' ').collect::<Vec<_>>()[..] else { return None };
    if line.contains('\\') || !rest.is_empty() || !target.starts_with('/') {
        return None;
    }
    let seen = |text: &str| if text == "-" { Value::Null } else { text.into() };
    let time_ms = time_ms(time)?;
    let body = json!({
        "ip": head.split(' ').next()?, "user_agent": seen(agent), "endpoint": target, "method": method,
        "status": status, "time_ms": time_ms, "referrer": seen(referrer), "version": version, "actions": "all",
    });
    Some((time_ms, body.to_string()))
}

/// Holds `log` against itself, both ways; returns how many requests that were.
fn compare(log: &str, arguments: &str) -> usize {
    let mut lines: Vec<(i64, &str, String)> =
        log.lines().filter_map(|line| check_body(line).map(|(time, body)| (time, line, body))).collect();
    lines.sort_by_key(|(time, ..)| *time);
    let access_log: String = lines.iter().flat_map(|line| [line.1, "\n"]).collect();
    let bodies: String = lines.iter().flat_map(|line| [&line.2, "\n"]).collect();
    let desk = Desk::new();
    desk.file("access.log", access_log);
    let replayed = desk.run(&format!("replay access.log --json {arguments}")).json();
    let answered = desk.run_with(&format!("assess --batch {arguments}"), bodies, &[]).fine();
    let answers: Vec<Value> = answered.lines().map(|answer| serde_json::from_str(answer).unwrap()).collect();
    assert_eq!(answers.len(), lines.len(), "one line in, one line out");
    assert_eq!(replayed["requests"], lines.len(), "{}", replayed["skips"]);
    let mut by_signal = serde_json::Map::new();
    for id in answers.iter().flat_map(|answer| answer["signals"].as_array().unwrap()).map(|line| &line["id"])
    {
        let count = by_signal.entry(id.as_str().unwrap()).or_insert(0.into());
        *count = (count.as_u64().unwrap() + 1).into();
    }
    assert_eq!(replayed["signals"], Value::Object(by_signal));
    assert_eq!(replayed["digest"], digest(&answers));
    lines.len()
}

#[test]
fn the_sample_log_is_judged_alike() {
    let bytes = sample_lines();
    let log = String::from_utf8_lossy(&bytes);
    // The beginning has every kind of visitor; all of it would take the tests a minute.
    let cut: String = log.lines().take(4_000).map(|line| line.to_owned() + "\n").collect();
    assert!(compare(&cut, "") > 3_500);
}

#[test]
fn attacks_tools_and_rushes_are_judged_alike() {
    let mut log = String::new();
    for n in 0..200 {
        log += &line("192.0.2.10", n / 40, &format!("GET /item/{n}?q=a HTTP/1.1"), 200, FIREFOX);
        log += &line("198.51.100.7", n, "GET /?id=1'+UNION+SELECT+1-- HTTP/1.1", 404, "sqlmap/1.8");
        log += &line("2001:db8::5", n * 2, "POST /login HTTP/2.0", 401, "-");
        log += &line("203.0.113.4", n * 2, "GET /.env HTTP/1.0", 404, "curl/8.5.0");
    }
    assert_eq!(compare(&log, "--preset strict --enforce all"), 800);
}

#[test]
fn labelled_traffic_with_headers_is_judged_alike() {
    let headers = json!([
        ["Host", "shop.example"],
        ["User-Agent", FIREFOX],
        ["Accept", "*/*"],
        ["Connection", "close"]
    ]);
    let (mut labelled, mut bodies) = (String::new(), String::new());
    for n in 0..60 {
        let mut request = json!({
            "time_ms": 1_778_803_200_000_i64 + n * 37, "method": "GET", "status": 200, "headers": headers,
            "session": "a1", "fingerprint": {"canvas": "1f"}, "ja4": null,
        });
        let (path, ip) = (format!("/page/{n}?a=b"), "192.0.2.10");
        (request["client"], request["path"]) = (ip.into(), path.clone().into());
        labelled += &format!("{request}\n");
        let body = request.as_object_mut().unwrap();
        body.retain(|key, _| key != "client" && key != "path");
        body.extend([("ip".to_owned(), ip.into()), ("endpoint".to_owned(), path.into())]);
        body.insert("actions".to_owned(), "all".into());
        bodies += &format!("{request}\n");
    }
    let desk = Desk::new();
    let replayed = desk.file("traffic.ndjson", labelled).run("replay traffic.ndjson --json").json();
    let answered = desk.run_with("assess --batch", &bodies, &[]).fine();
    let answers: Vec<Value> = answered.lines().map(|answer| serde_json::from_str(answer).unwrap()).collect();
    assert_eq!(replayed["digest"], digest(&answers), "{}", replayed["signals"]);
    assert_eq!(answered, desk.run_with("assess --batch", &bodies, &[]).fine(), "and again");
    // Bodies are a log of their own, too.
    desk.file("bodies.ndjson", &bodies);
    assert_eq!(desk.run("replay bodies.ndjson --json").json()["digest"], replayed["digest"]);
}
