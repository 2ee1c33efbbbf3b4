//! Programs that look for what a site hides, or for its weaknesses.

use super::{Launch, Run};

pub(super) fn gobuster(run: &mut Run<'_>) -> Launch {
    let (at_once, delay) = (run.at_once().to_string(), format!("{}ms", run.pace_ms()));
    let mut args =
        vec!["dir", "--quiet", "--no-progress", "--no-error", "--wordlist", "names.txt", "--threads"];
    // Without, it gives up where pages that nobody has are refused.
    args.extend([&*at_once, "--status-codes-blacklist", "403,404,429", "--delay", &delay, "--url", run.url]);
    if run.random.once_in(4) {
        args.push("--random-agent");
    }
    let launch = Launch::command("gobuster", args);
    launch.with("names.txt", run.guesses())
}

pub(super) fn ffuf(run: &mut Run<'_>) -> Launch {
    let (at_once, pace) = (run.at_once().to_string(), format!("{:.2}", run.pace_ms() as f64 / 1_000.0));
    let place = match run.random.below(3) {
        0 => run.at("/search?q=FUZZ"),
        1 => run.at("/item/FUZZ"),
        _ => run.at("/FUZZ"),
    };
    let mut args = vec!["-s", "-w", "names.txt", "-t", &at_once, "-u", &place, "-mc", "200,301,302,401,403"];
    if pace != "0.00" {
        args.extend(["-p", &pace]);
    }
    let launch = Launch::command("ffuf", args);
    launch.with("names.txt", run.guesses())
}

pub(super) fn wfuzz(run: &mut Run<'_>) -> Launch {
    let (at_once, pace) = (run.at_once().to_string(), format!("{:.2}", run.pace_ms() as f64 / 1_000.0));
    let place = match run.random.below(3) {
        0 => run.at("/product?id=FUZZ"),
        _ => run.at("/FUZZ"),
    };
    let mut args = vec!["-z", "file,names.txt", "-t", &at_once, "--hc", "404"];
    if pace != "0.00" {
        args.extend(["-s", &pace]);
    }
    args.push(&place);
    let launch = Launch::command("wfuzz", args);
    launch.with("names.txt", run.guesses())
}

/// It does not count its requests; the relay does, since each has a connection of its own.
pub(super) fn sqlmap(run: &mut Run<'_>) -> Launch {
    let number = run.random.within(1, 200);
    let place = match run.random.below(3) {
        0 => run.at(&format!("/search?q=lamp&page={}", 1 + number % 3)),
        _ => run.at(&format!("/product?id={number}")),
    };
    let delay = format!("--delay={:.2}", run.random.pick(&[0, 0, 100, 300]) as f64 / 1_000.0);
    let mut args = vec!["--batch", "--disable-coloring", "--flush-session", "--output-dir=.", "--timeout=5"];
    args.extend(["--retries=0", &delay, "-u", &place]);
    if run.random.once_in(3) {
        args.push("--random-agent");
    }
    if run.random.once_in(3) {
        args.extend(["--level=2", "--technique=BEU"]);
    }
    Launch::command("sqlmap", args)
}

pub(super) fn whatweb(run: &mut Run<'_>) -> Launch {
    let (urls, level) = ((run.requests / 4).clamp(1, 12), run.random.pick(&["1", "3", "3"]));
    run.requests = urls;
    let mut args = vec!["--quiet".to_owned(), "--no-errors".to_owned(), "--max-threads=2".to_owned()];
    args.push(format!("--aggression={level}"));
    let targets = run.targets();
    args.extend(targets.iter().map(|target| run.at(target)));
    Launch::command("whatweb", args)
}
