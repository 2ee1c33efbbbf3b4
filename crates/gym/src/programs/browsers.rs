//! Browsers moved by programs.

use serde_json::json;

use super::{Launch, Run, Starter, chrome};

const VISIT_PY: &str = include_str!("../../programs/visit.py");
const BROWSE_JS: &str = include_str!("../../programs/browse.cjs");

/// Requests that a page with its parts costs, about.
const REQUESTS_PER_PAGE: u32 = 4;

fn browsed(run: &mut Run<'_>, starter: Starter, how: &str, is_paused: bool, own_agent: bool) -> Launch {
    // With a person's pauses fewer pages fit into a run.
    let most = if is_paused { 7 } else { 20 };
    run.requests = (run.requests / REQUESTS_PER_PAGE).clamp(2, most);
    // Nobody looks at an API with a browser.
    let targets: Vec<String> =
        run.targets().iter().map(|target| target.replace("/api/items", "/item")).collect();
    let agent = own_agent.then(|| chrome::agent(&mut run.random));
    let orders = json!({
        "url": run.url,
        "targets": targets,
        "paused": is_paused,
        "follows": run.random.once_in(2),
        "seed": run.random.number() >> 12,
        "agent": agent,
    });
    Launch::script(starter, how, &orders)
}

pub(super) fn chromedriver(run: &mut Run<'_>) -> Launch {
    browsed(run, Starter::Python(VISIT_PY), "chromedriver", false, false)
}

pub(super) fn chromedriver_paused(run: &mut Run<'_>) -> Launch {
    let own_agent = run.random.once_in(2);
    browsed(run, Starter::Python(VISIT_PY), "chromedriver", true, own_agent)
}

pub(super) fn playwright(run: &mut Run<'_>) -> Launch {
    browsed(run, Starter::Node(BROWSE_JS), "playwright", false, false)
}

pub(super) fn playwright_agent(run: &mut Run<'_>) -> Launch {
    browsed(run, Starter::Node(BROWSE_JS), "playwright", false, true)
}

pub(super) fn playwright_paused(run: &mut Run<'_>) -> Launch {
    browsed(run, Starter::Node(BROWSE_JS), "playwright", true, true)
}

pub(super) fn stealth(run: &mut Run<'_>) -> Launch {
    browsed(run, Starter::Node(BROWSE_JS), "stealth", false, false)
}

pub(super) fn stealth_paused(run: &mut Run<'_>) -> Launch {
    browsed(run, Starter::Node(BROWSE_JS), "stealth", true, false)
}
