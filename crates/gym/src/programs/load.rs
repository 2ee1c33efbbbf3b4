//! Programs that measure servers.

use super::{Launch, Run};

const WRK_LUA: &str = include_str!("../../programs/bounded.lua");

fn page(run: &mut Run<'_>) -> String {
    let target =
        run.random.pick(&["/", "/item/7", "/shelf/2", "/api/items", "/search?q=lamp", "/assets/site.css"]);
    run.at(target)
}

pub(super) fn ab(run: &mut Run<'_>) -> Launch {
    let at_once = run.at_once();
    let mut args = vec!["-q".to_owned(), "-n".to_owned(), run.requests.to_string(), "-c".to_owned()];
    args.push(at_once.to_string());
    if run.random.once_in(2) {
        args.push("-k".to_owned());
    }
    args.push(page(run));
    Launch::command("ab", args)
}

/// Its measure is time; a script of its own stops it after so many answers.
pub(super) fn wrk(run: &mut Run<'_>) -> Launch {
    let (at_once, delay_ms) = (run.at_once(), run.random.pick(&[0, 0, 20, 100]));
    let script = format!("local most, delay_ms = {}, {delay_ms}\n{WRK_LUA}", run.requests);
    let at_once = at_once.to_string();
    let page = page(run);
    Launch::command("wrk", ["-t", "1", "-c", &at_once, "-d", "8s", "-s", "bounded.lua", &page])
        .with("bounded.lua", script)
}

pub(super) fn siege(run: &mut Run<'_>) -> Launch {
    let at_once = run.at_once();
    let each = (run.requests / at_once).max(1);
    let (at_once, each) = (format!("--concurrent={at_once}"), format!("--reps={each}"));
    let pause = if run.random.once_in(2) { "--benchmark" } else { "--delay=1" };
    let urls = run.urls();
    Launch::command("siege", ["--quiet", "--file=urls.txt", "--no-follow", &at_once, &each, pause])
        .with("urls.txt", urls)
}

pub(super) fn hey(run: &mut Run<'_>) -> Launch {
    let (requests, at_once) = (run.requests.to_string(), run.at_once().to_string());
    let mut args = vec!["-n".to_owned(), requests, "-c".to_owned(), at_once];
    if run.random.once_in(3) {
        args.extend(["-q".to_owned(), "5".to_owned()]);
    }
    if run.random.once_in(3) {
        args.push("-disable-keepalive".to_owned());
    }
    args.push(page(run));
    Launch::command("hey", args)
}
