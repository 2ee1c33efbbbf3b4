//! Manifests: one place for versions and lints.

use super::source::crate_and_file;
use crate::finding::Finding;

/// Faults of a member's `Cargo.toml`.
pub(super) fn check(path: &str, text: &str) -> Vec<Finding> {
    if !matches!(crate_and_file(path), Some((_, "Cargo.toml"))) {
        return Vec::new();
    }
    let mut findings = own_versions(path, text);
    if !text.contains("[lints]\nworkspace = true") {
        let fix = "add `[lints]` with `workspace = true`";
        findings.push(Finding::new(path, 0, "the workspace's lints are not on", fix));
    }
    if !text.contains("publish.workspace = true") {
        let fix = "add `publish.workspace = true`";
        findings.push(Finding::new(path, 0, "the crate could be published by mistake", fix));
    }
    findings
}

fn own_versions(path: &str, text: &str) -> Vec<Finding> {
    let mut in_dependencies = false;
    let mut findings = Vec::new();
    for (at, line) in text.lines().enumerate() {
        if line.starts_with('[') {
            in_dependencies = line.contains("dependencies");
        } else if in_dependencies && line.contains('=') && !line.contains("workspace = true") {
            let name = line.split([' ', '=', '.']).next().unwrap_or(line);
            let what = format!("`{name}` has a version of its own here");
            let fix = "declare it in the root Cargo.toml and write `workspace = true`";
            findings.push(Finding::new(path, at + 1, what, fix));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "publish.workspace = true\n[lints]\nworkspace = true\n";

    #[test]
    fn versions_live_in_the_root() {
        let good = format!(
            "{HEAD}[dependencies]\nserde.workspace = true\nx = {{ workspace = true, optional = true }}\n"
        );
        assert!(check("crates/a/Cargo.toml", &good).is_empty());
        let bad = format!("{HEAD}[dev-dependencies]\nserde = \"1\"\n");
        let found = check("crates/a/Cargo.toml", &bad);
        assert_eq!((found.len(), found[0].line), (1, 5));
    }

    #[test]
    fn lints_and_publish_are_not_forgotten() {
        assert_eq!(check("crates/a/Cargo.toml", "[package]\n").len(), 2);
        assert!(check("fuzz/Cargo.toml", "[package]\n").is_empty());
    }
}
