//! Crawls: a spider, slow ones, and one from many addresses.

use serde_json::json;

use super::clients::FETCH_PY;
use super::{Launch, Run, Starter, chrome, orders};
use crate::bounds::ADDRESSES_PER_RUN;

const CRAWL_PY: &str = include_str!("../../programs/crawl.py");

/// Pages of a slow crawl: with their pauses they fit into a run.
const SLOW_PAGES_MAX: u32 = 14;

pub(super) fn scrapy(run: &mut Run<'_>) -> Launch {
    let orders = json!({
        "url": run.url,
        "pages": run.requests,
        "pace_ms": run.pace_ms(),
        "at_once": run.random.pick(&[1, 4, 16]),
        "obeys": !run.random.once_in(3),
        // What a new project's template suggests to fill in, and many do.
        "agent": if run.random.once_in(3) { json!("books (+http://www.yourdomain.example)") } else { json!(null) },
    });
    Launch::script(Starter::Python(CRAWL_PY), "scrapy", &orders)
}

fn slowly(run: &mut Run<'_>, how: &str, header_sets: &[Vec<(String, String)>]) -> Launch {
    run.requests = run.requests.min(SLOW_PAGES_MAX);
    let pace_ms = run.random.within(3_000, 6_000);
    let orders = orders(run, pace_ms, 1, header_sets);
    Launch::script(Starter::Python(FETCH_PY), how, &orders)
}

pub(super) fn slow_chrome(run: &mut Run<'_>) -> Launch {
    let headers = chrome::headers(&mut run.random);
    slowly(run, "exact", &[headers])
}

pub(super) fn slow_requests(run: &mut Run<'_>) -> Launch {
    slowly(run, "requests", &[])
}

/// As many sets of headers as addresses, so that each address seems to be another browser.
pub(super) fn distributed_chrome(run: &mut Run<'_>) -> Launch {
    let sets: Vec<_> = (0..ADDRESSES_PER_RUN).map(|_| chrome::headers(&mut run.random)).collect();
    apart(run, "exact-apart", &sets)
}

pub(super) fn distributed_requests(run: &mut Run<'_>) -> Launch {
    let agent = |run: &mut Run<'_>| vec![("User-Agent".to_owned(), chrome::agent(&mut run.random))];
    let sets: Vec<_> = (0..ADDRESSES_PER_RUN).map(|_| agent(run)).collect();
    apart(run, "requests-apart", &sets)
}

fn apart(run: &mut Run<'_>, how: &str, sets: &[Vec<(String, String)>]) -> Launch {
    let pace_ms = run.random.pick(&[0, 100, 400]);
    let orders = orders(run, pace_ms, 1, sets);
    Launch::script(Starter::Python(FETCH_PY), how, &orders)
}
