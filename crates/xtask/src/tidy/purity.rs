//! Crates that decide are pure: they have no files, sockets, clock, randomness, async or terminal of their own.

use super::source::{crate_and_file, is_test_file, shipped_lines};
use crate::finding::Finding;

/// DESIGN section 3: `domain` to `waf`.
const PURE: &[&str] =
    &["domain", "limits", "fingerprint", "model", "crawl", "detect", "policy", "challenge", "tarpit", "waf"];

/// What a pure crate never says, and what it does instead.
const IMPURE: &[(&str, &str)] = &[
    ("std::fs", "take bytes as an argument, the shell reads files"),
    ("std::env", "take the value as an argument"),
    ("std::process", "return a value, the shell runs programs"),
    ("std::thread", "let the caller decide where it runs"),
    ("TcpStream", "return what to send, the shell has the sockets"),
    ("TcpListener", "return what to send, the shell has the sockets"),
    ("UdpSocket", "return what to send, the shell has the sockets"),
    ("SystemTime", "take `now` as an argument"),
    ("Instant::now", "take `now` as an argument"),
    ("tokio", "no async here: the shell waits"),
    ("async fn", "no async here: the shell waits"),
    ("rand::", "take randomness as an argument"),
    ("getrandom", "take randomness as an argument"),
    ("RandomState", "take the hash seed as an argument: equal facts must give equal verdicts"),
    ("println!", "return evidence, the shell logs it"),
    ("print!", "return evidence, the shell logs it"),
    ("tracing::", "return evidence, the shell logs it"),
];

/// Files that say such a word and are pure all the same, with the reason.
const PURE_ALL_THE_SAME: &[(&str, &str, &str)] = &[
    (
        "crates/policy/src/expression/parse.rs",
        "std::thread",
        "a foreign parser needs more stack than a worker has: the thread is joined at once and nothing else is shared",
    ),
    ("crates/challenge/src/token/key.rs", "rand::", RANDOMNESS_AS_AN_ARGUMENT),
    ("crates/challenge/src/token/keyring.rs", "rand::", RANDOMNESS_AS_AN_ARGUMENT),
];

/// RSA signing is blinded.
const RANDOMNESS_AS_AN_ARGUMENT: &str =
    "ring's trait is the type of the argument by which randomness comes in";

/// Dependencies that would bring what [`IMPURE`] keeps out; `domain` carries no wire format either.
const IMPURE_DEPENDENCIES: &[&str] =
    &["tokio", "rand", "getrandom", "hyper", "reqwest", "sqlx", "tracing", "async-trait"];

/// What breaks purity in one file.
pub(super) fn check(path: &str, text: &str) -> Vec<Finding> {
    let Some((name, file)) = crate_and_file(path).filter(|(name, _)| PURE.contains(name)) else {
        return Vec::new();
    };
    if file == "Cargo.toml" {
        return check_manifest(name, path, text);
    }
    if !file.starts_with("src/") || !file.ends_with(".rs") || is_test_file(path) {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for (number, line) in shipped_lines(text) {
        let excused =
            |word: &str| PURE_ALL_THE_SAME.iter().any(|(file, held, _)| *file == path && *held == word);
        for (word, fix) in IMPURE.iter().filter(|(word, _)| says(line, word) && !excused(word)) {
            findings.push(Finding::new(path, number, format!("`{word}` in the pure crate `{name}`"), *fix));
        }
    }
    findings
}

/// `word` in `line`, not as the end of a longer name (`rand::` is not in `operand::`).
fn says(line: &str, word: &str) -> bool {
    let longer = |at: usize| line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
    line.match_indices(word).any(|(at, _)| !longer(at))
}

fn check_manifest(name: &str, path: &str, text: &str) -> Vec<Finding> {
    let mut section = "";
    let mut findings = Vec::new();
    for (at, line) in text.lines().enumerate() {
        if line.starts_with('[') {
            section = line.trim();
        }
        let dependency = line.split(['.', ' ', '=']).next().unwrap_or("");
        let serde_in_domain = name == "domain" && dependency == "serde";
        if section == "[dependencies]" && (IMPURE_DEPENDENCIES.contains(&dependency) || serde_in_domain) {
            let what = format!("the pure crate `{name}` depends on `{dependency}`");
            findings.push(Finding::new(path, at + 1, what, "move what needs it into the shell"));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_in_a_pure_crate_is_found_outside_tests_only() {
        let text =
            "use std::time::Instant;\nfn f() { Instant::now(); }\n#[cfg(test)]\nmod tests {\nInstant::now();";
        let found = check("crates/detect/src/a.rs", text);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].line, 2);
        assert!(check("crates/store/src/a.rs", text).is_empty(), "the shell has a clock");
        assert!(check("crates/detect/tests/a.rs", text).is_empty());
    }

    #[test]
    fn words_inside_longer_names_do_not_count() {
        assert!(check("crates/detect/src/a.rs", "operand::go(); pretokio();").is_empty());
        assert_eq!(check("crates/detect/src/a.rs", "rand::random()").len(), 1);
    }

    #[test]
    fn dependencies_count_too() {
        let manifest = "[dependencies]\ntokio.workspace = true\n[dev-dependencies]\nrand.workspace = true\n";
        assert_eq!(check("crates/crawl/Cargo.toml", manifest).len(), 1);
        assert_eq!(check("crates/domain/Cargo.toml", "[dependencies]\nserde = 1\n").len(), 1);
        assert!(check("crates/crawl/Cargo.toml", "[dependencies]\nserde = 1\n").is_empty());
    }
}
