//! The form of files: length, first words, words that must not be committed.

use super::source::is_test_file;
use crate::finding::Finding;

/// A file of code beyond this wants to be a folder.
const LINES_MAX: usize = 700;

/// What must not stand in any committed text, and why. Written in two halves, or this file would find itself.
const NEVER: &[(&str, &str, &str)] = &[
    ("/wo", "rk/shared", "a path of one machine: name the data by its own name"),
    ("/wo", "rk/main", "a path of one machine: use a path from the repository root"),
    ("/ro", "ot/.cargo", "a path of one machine: leave it to cargo"),
    ("/ro", "ot/.rustup", "a path of one machine: leave it to rustup"),
    ("/usr/local/", "cargo", "a path of one machine: leave it to cargo"),
    ("arti", "factory", "a private registry: dependencies come from crates.io"),
    ("replace-", "with =", "a private registry: dependencies come from crates.io"),
    ("extra-index", "-url", "a private registry: packages come from their public home"),
    ("<<<<", "<<< ", "a merge that was not finished: finish it"),
];

/// What must not stand in shipped or tested code.
const NEVER_IN_CODE: &[(&str, &str, &str)] = &[
    ("todo", "!(", "do it, or leave it out"),
    ("unimple", "mented!(", "do it, or leave it out"),
    ("dbg", "!(", "take the debug print out"),
    ("// TO", "DO", "do it, or open an issue"),
    ("// FIX", "ME", "mend it, or open an issue"),
    ("#[ign", "ore]", "make the test run, or delete it"),
    ("thread::sl", "eep", "use a fake clock or an explicit deadline"),
];

/// Files whose job needs a word of [`NEVER_IN_CODE`].
const EXCEPTIONS: &[(&str, &str)] = &[
    ("crates/xtask/src/repo.rs", "thread::sl"),
    // Measuring keeps time.
    ("crates/xtask/src/bench/gateway.rs", "thread::sl"),
    ("crates/xtask/src/bench/gateway/pacer.rs", "thread::sl"),
    ("crates/xtask/src/bench/gateway/retrain.rs", "thread::sl"),
    ("crates/xtask/src/bench/gateway/servers.rs", "thread::sl"),
];

/// Faults of one text file.
pub(super) fn check(path: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    words(path, text, NEVER, &mut findings);
    if !path.ends_with(".rs") {
        return findings;
    }
    words(path, text, NEVER_IN_CODE, &mut findings);
    let lines = text.lines().count();
    if lines > LINES_MAX {
        let fix = "make it a folder of smaller concepts";
        findings.push(Finding::new(path, lines, format!("{lines} lines, more than {LINES_MAX}"), fix));
    }
    let opens_module = !is_test_file(path) && path.contains("/src/");
    if opens_module && !text.starts_with("//!") {
        let fix = "begin with `//!`: what it owns, what it does not";
        findings.push(Finding::new(path, 1, "the module does not say what it is", fix));
    }
    findings
}

fn words(path: &str, text: &str, never: &[(&str, &str, &str)], findings: &mut Vec<Finding>) {
    for (first, second, fix) in never {
        let word = format!("{first}{second}");
        if EXCEPTIONS.contains(&(path, first)) || !text.contains(&word) {
            continue;
        }
        for (at, _) in text.lines().enumerate().filter(|(_, line)| line.contains(&word)) {
            findings.push(Finding::new(path, at + 1, format!("`{word}`"), *fix));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machine_paths_are_found_everywhere() {
        let text = format!("a\nsee /wo{}/x\n", "rk/shared");
        assert_eq!(check("docs/a.md", &text)[0].line, 2);
        assert!(check("docs/a.md", "GET /worker/ HTTP/1.1").is_empty());
    }

    #[test]
    fn unfinished_code_is_found() {
        let text = format!("//! Doc.\nfn f() {{ to{}) }}\n", "do!(");
        assert_eq!(check("crates/a/src/b.rs", &text).len(), 1);
        assert!(check("crates/a/testdata/b.log", &text).is_empty(), "data may say anything");
    }

    #[test]
    fn long_and_nameless_files_are_found() {
        assert_eq!(check("crates/a/src/b.rs", "fn f() {}\n").len(), 1);
        assert!(check("crates/a/tests/b.rs", "fn f() {}\n").is_empty());
        let long = format!("//! Doc.\n{}", "\n".repeat(LINES_MAX));
        assert_eq!(check("crates/a/src/b.rs", &long).len(), 1);
    }
}
