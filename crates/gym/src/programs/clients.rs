//! Programs that fetch, as they are and dressed as a browser.

use std::fmt::Write as _;

use super::{Launch, Run, Starter, chrome, orders};

/// One client library each, by its name.
pub(super) const FETCH_PY: &str = include_str!("../../programs/fetch.py");
const FETCH_JS: &str = include_str!("../../programs/fetch.cjs");

pub(super) fn curl(run: &mut Run<'_>) -> Launch {
    let compressed = run.random.once_in(3);
    curl_with(run, &[], compressed)
}

pub(super) fn curl_agent(run: &mut Run<'_>) -> Launch {
    let agent = chrome::agent(&mut run.random);
    curl_with(run, &[("User-Agent".to_owned(), agent)], true)
}

pub(super) fn curl_chrome(run: &mut Run<'_>) -> Launch {
    let headers = chrome::headers(&mut run.random);
    curl_with(run, &headers, false)
}

/// Its own configuration file: all pages over one connection, as fast as it goes or so many a minute.
fn curl_with(run: &mut Run<'_>, headers: &[(String, String)], compressed: bool) -> Launch {
    let pace_ms = run.pace_ms();
    let quoted = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
    let mut file = "silent\ngloboff\n".to_owned();
    // Writing to memory cannot fail.
    if let Some(per_minute) = 60_000_u64.checked_div(pace_ms) {
        let _ = writeln!(file, "rate = \"{}/m\"", per_minute.max(1));
    }
    if compressed {
        file.push_str("compressed\n");
    }
    for (name, value) in headers {
        let _ = writeln!(file, "header = \"{}\"", quoted(&format!("{name}: {value}")));
    }
    for target in run.targets() {
        let _ = write!(file, "url = \"{}\"\noutput = \"/dev/null\"\n", quoted(&run.at(&target)));
    }
    // Nothing of the user's own settings.
    Launch::command("curl", ["--disable", "--config", "curl.conf"]).with("curl.conf", file)
}

pub(super) fn wget(run: &mut Run<'_>) -> Launch {
    let pace_ms = run.pace_ms();
    let mut args = vec!["--no-config".to_owned(), "--quiet".to_owned(), "--tries=1".to_owned()];
    if pace_ms > 0 {
        args.push(format!("--wait={:.2}", pace_ms as f64 / 1_000.0));
        args.push("--random-wait".to_owned());
    }
    if run.random.once_in(2) {
        // Its own end of a walk is counted in bytes; a page has about 2,500.
        let quota = u64::from(run.requests) * 2_500;
        args.extend(["--recursive", "--level=4", "--no-directories", "--delete-after"].map(str::to_owned));
        args.push(format!("--quota={quota}"));
        if run.random.once_in(2) {
            args.push("--page-requisites".to_owned());
        }
        if run.random.once_in(3) {
            args.push("--execute=robots=off".to_owned());
        }
        args.push(run.at("/"));
        return Launch::command("wget", args);
    }
    args.extend(["--output-document=/dev/null", "--input-file=urls.txt"].map(str::to_owned));
    let urls = run.urls();
    Launch::command("wget", args).with("urls.txt", urls)
}

/// Pace and headers as `dressed` has them, one after the other.
fn fetched(run: &mut Run<'_>, starter: Starter, how: &str, header_sets: &[Vec<(String, String)>]) -> Launch {
    let pace_ms = run.pace_ms();
    let at_once = if how == "aiohttp" || how == "fetch" { run.at_once() } else { 1 };
    let orders = orders(run, pace_ms, at_once, header_sets);
    Launch::script(starter, how, &orders)
}

fn agent_only(run: &mut Run<'_>) -> Vec<Vec<(String, String)>> {
    vec![vec![("User-Agent".to_owned(), chrome::agent(&mut run.random))]]
}

pub(super) fn requests(run: &mut Run<'_>) -> Launch {
    fetched(run, Starter::Python(FETCH_PY), "requests", &[])
}

pub(super) fn requests_agent(run: &mut Run<'_>) -> Launch {
    let agent = agent_only(run);
    fetched(run, Starter::Python(FETCH_PY), "requests", &agent)
}

pub(super) fn httpx(run: &mut Run<'_>) -> Launch {
    fetched(run, Starter::Python(FETCH_PY), "httpx", &[])
}

pub(super) fn aiohttp(run: &mut Run<'_>) -> Launch {
    fetched(run, Starter::Python(FETCH_PY), "aiohttp", &[])
}

pub(super) fn http_client_chrome(run: &mut Run<'_>) -> Launch {
    let headers = chrome::headers(&mut run.random);
    fetched(run, Starter::Python(FETCH_PY), "exact", &[headers])
}

pub(super) fn node_fetch(run: &mut Run<'_>) -> Launch {
    fetched(run, Starter::Node(FETCH_JS), "fetch", &[])
}

pub(super) fn axios(run: &mut Run<'_>) -> Launch {
    fetched(run, Starter::Node(FETCH_JS), "axios", &[])
}

pub(super) fn axios_agent(run: &mut Run<'_>) -> Launch {
    let agent = agent_only(run);
    fetched(run, Starter::Node(FETCH_JS), "axios", &agent)
}

pub(super) fn node_http_chrome(run: &mut Run<'_>) -> Launch {
    let headers = chrome::headers(&mut run.random);
    fetched(run, Starter::Node(FETCH_JS), "exact", &[headers])
}
