//! Which crate may use which: the table of DESIGN section 3, as data.

use cargo_metadata::{DependencyKind, Metadata};

use crate::finding::Finding;

/// Top to bottom: a crate uses only crates of rows above its own. Crates that share a row never see each other: the
/// two edges, and the stores beside the first one.
const LAYERS: &[&[&str]] = &[
    &["domain"],
    &["limits"],
    &["fingerprint"],
    &["model"],
    &["onnx"],
    &["crawl"],
    &["detect"],
    &["policy"],
    &["challenge"],
    &["tarpit"],
    &["waf"],
    &["replay"],
    &["learn"],
    &["ocr"],
    &["config"],
    &["store"],
    &["store-redis", "store-postgres"],
    &["visitor"],
    &["intel"],
    &["advisor"],
    &["telemetry"],
    &["guard"],
    &["gateway", "api"],
    &["gym"],
    &["palisade"],
    &["testkit"],
    &["axum"],
    &["e2e"],
    &["xtask"],
];

/// Only the binary puts these together.
const FOR_PALISADE_ONLY: &[&str] = &["gateway", "api"];

/// Never part of what is shipped.
const NEVER_SHIPPED: &[&str] = &["testkit", "e2e", "xtask"];

/// One arrow between two crates of this repository, by short name (`detect` for `palisade-detect`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Edge {
    from: String,
    to: String,
    for_tests: bool,
}

/// Every arrow of the workspace; a crate without any appears as an arrow to itself, so that it is placed too.
pub(super) fn edges(metadata: &Metadata) -> Vec<Edge> {
    let members = metadata.workspace_packages();
    let is_member = |name: &str| members.iter().any(|member| member.name.as_str() == name);
    let mut edges = Vec::new();
    for member in &members {
        let from = short(member.name.as_str());
        edges.push(Edge { from: from.clone(), to: from.clone(), for_tests: true });
        for dependency in member.dependencies.iter().filter(|dependency| is_member(&dependency.name)) {
            let for_tests = dependency.kind == DependencyKind::Development;
            edges.push(Edge { from: from.clone(), to: short(&dependency.name), for_tests });
        }
    }
    edges
}

/// Arrows that point the wrong way.
pub(super) fn check(edges: &[Edge]) -> Vec<Finding> {
    edges.iter().filter_map(fault).collect()
}

fn fault(edge: &Edge) -> Option<Finding> {
    let Edge { from, to, for_tests } = edge;
    let manifest = format!("crates/{from}/Cargo.toml");
    let Some(own) = row(from) else {
        return Some(Finding::new(
            manifest,
            0,
            format!("`{from}` is in no layer"),
            "give it its row in LAYERS (crates/xtask/src/tidy/layers.rs) and in ARCHITECTURE.md",
        ));
    };
    let ships = !NEVER_SHIPPED.contains(&from.as_str());
    let is_fine = from == to || (to == "testkit" && *for_tests);
    let fix = if is_fine {
        return None;
    } else if ships && NEVER_SHIPPED.contains(&to.as_str()) {
        "it is never shipped: testkit is a dev-dependency, xtask is nobody's"
    } else if FOR_PALISADE_ONLY.contains(&to.as_str()) && ships && from != "palisade" {
        "only `palisade` puts the edges together: move what both need into a crate above them"
    } else if row(to).is_some_and(|theirs| theirs < own) {
        return None;
    } else {
        "arrows point up the table only: pass the value in, or move the noun into a crate above both"
    };
    Some(Finding::new(manifest, 0, format!("`{from}` uses `{to}`"), fix))
}

fn row(name: &str) -> Option<usize> {
    LAYERS.iter().position(|row| row.contains(&name))
}

fn short(package: &str) -> String {
    package.strip_prefix("palisade-").unwrap_or(package).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(from: &str, to: &str, for_tests: bool) -> usize {
        check(&[Edge { from: from.to_owned(), to: to.to_owned(), for_tests }]).len()
    }

    #[test]
    fn arrows_point_up_the_table() {
        assert_eq!(faults("detect", "domain", false), 0);
        assert_eq!(faults("palisade", "replay", false), 0);
        assert_eq!(faults("domain", "detect", false), 1);
        assert_eq!(faults("detect", "policy", true), 1, "tests keep to the table too");
    }

    #[test]
    fn edges_and_stores_never_meet() {
        assert_eq!(faults("gateway", "api", false), 1);
        assert_eq!(faults("api", "gateway", false), 1);
        assert_eq!(faults("gym", "gateway", false), 1);
        assert_eq!(faults("palisade", "gateway", false), 0);
        assert_eq!(faults("store-redis", "store-postgres", false), 1);
        assert_eq!(faults("store-redis", "store", false), 0);
    }

    #[test]
    fn what_is_never_shipped_is_for_tests_only() {
        assert_eq!(faults("detect", "testkit", true), 0);
        assert_eq!(faults("detect", "testkit", false), 1);
        assert_eq!(faults("palisade", "xtask", true), 1);
        assert_eq!(faults("xtask", "testkit", false), 0);
    }

    #[test]
    fn every_crate_has_a_place() {
        assert_eq!(faults("utils", "utils", true), 1);
        assert_eq!(faults("domain", "domain", true), 0);
    }
}
