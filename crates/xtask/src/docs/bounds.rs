//! `docs/BOUNDS.md`: everything a stranger can make grow, where it ends and what happens then.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::ensure;
use palisade_limits::Bound;
use palisade_replay::count;

use super::cell;
use crate::repo;

/// Every crate that holds bounds, in the order of the layers.
const REGISTRY: &[(&str, &[Bound])] = &[
    ("limits", palisade_limits::BOUNDS),
    ("fingerprint", palisade_fingerprint::head::BOUNDS),
    ("model", palisade_model::BOUNDS),
    ("onnx", palisade_onnx::BOUNDS),
    ("crawl", palisade_crawl::robots::BOUNDS),
    ("crawl: published ranges", palisade_crawl::published::BOUNDS),
    ("crawl: signatures", palisade_crawl::signature::BOUNDS),
    ("crawl: key directories", palisade_crawl::signature::keys::BOUNDS),
    ("detect", palisade_detect::BOUNDS),
    ("policy", palisade_policy::BOUNDS),
    ("challenge", palisade_challenge::bounds::BOUNDS),
    ("challenge: tokens", palisade_challenge::token::bounds::BOUNDS),
    ("replay", palisade_replay::tally::BOUNDS),
    ("learn", palisade_learn::BOUNDS),
    ("config", palisade_config::BOUNDS),
    ("store", palisade_store::BOUNDS),
    ("visitor", palisade_visitor::BOUNDS),
    ("intel", palisade_intel::outbound::BOUNDS),
    ("intel: names", palisade_intel::names::BOUNDS),
    ("intel: providers", palisade_intel::providers::BOUNDS),
    ("guard", palisade_guard::BOUNDS),
    ("gateway", palisade_gateway::BOUNDS),
    ("api", palisade_api::BOUNDS),
    ("gym", palisade_gym::BOUNDS),
];

const HEAD: &str = "# Bounds\n\n\
    Whatever a stranger can make grow ends somewhere, and reaching the end is a designed state. Written by `make docs`\n\
    from the lists in the code (`BOUNDS` of each crate): change them there. A value that an operator may set is given\n\
    with its default.\n";

/// The document.
///
/// # Errors
/// A bound that says nothing, a name used twice, or a list in the code that is not in [`REGISTRY`].
pub(super) fn page(root: &Path) -> anyhow::Result<String> {
    every_list_is_registered(root)?;
    let mut names = BTreeSet::new();
    let mut text = HEAD.to_owned();
    for (name, bounds) in REGISTRY {
        text.push_str(&format!(
            "\n## {name}\n\n| bound | value | why | when it is reached |\n|---|---:|---|---|\n"
        ));
        for bound in *bounds {
            ensure!(bound.is_complete(), "{}: a column says nothing", bound.name);
            ensure!(names.insert(bound.name), "{}: two bounds have this name", bound.name);
            text.push_str(&row(bound));
        }
    }
    Ok(text)
}

fn row(bound: &Bound) -> String {
    let Bound { name, value, unit, reason, when_full } = bound;
    format!("| `{name}` | {} {} | {} | {} |\n", count(*value), cell(unit), cell(reason), cell(when_full))
}

/// A list nobody registered would be a bound nobody reads about.
fn every_list_is_registered(root: &Path) -> anyhow::Result<()> {
    for path in repo::files(root)? {
        let Some((name, _)) = path.strip_prefix("crates/").and_then(|rest| rest.split_once("/src/")) else {
            continue;
        };
        let text = std::fs::read_to_string(root.join(&path)).unwrap_or_default();
        let holds = text.lines().any(|line| line.starts_with("pub const BOUNDS"));
        ensure!(
            !holds || REGISTRY.iter().any(|(registered, _)| *registered == name),
            "{path}: its BOUNDS are in no document: add `{name}` to REGISTRY in crates/xtask/src/docs/bounds.rs"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bound_gets_a_row() {
        let text = page(&repo::root()).unwrap();
        let bounds: usize = REGISTRY.iter().map(|(_, bounds)| bounds.len()).sum();
        assert_eq!(text.lines().filter(|line| line.starts_with("| `")).count(), bounds);
    }
}
