//! What no compiler and no linter holds: the arrows between crates, purity, one version of each dependency, and the
//! form of files. Every rule says where it was broken and what mends it.

mod layers;
mod manifests;
mod purity;
mod source;
mod text;
mod versions;

use anyhow::Context;
use cargo_metadata::MetadataCommand;

use crate::finding::{Finding, conclude};
use crate::repo;

/// `xtask tidy`.
pub(crate) fn run(_args: &[String]) -> anyhow::Result<()> {
    conclude(findings()?, "tidy: layers, purity, versions and files are in order")
}

/// Everything there is to mend.
pub(crate) fn findings() -> anyhow::Result<Vec<Finding>> {
    let root = repo::root();
    let metadata = MetadataCommand::new()
        .manifest_path(root.join("Cargo.toml"))
        .other_options(vec!["--locked".to_owned()])
        .exec()
        .context("cargo metadata")?;
    let mut findings = layers::check(&layers::edges(&metadata));
    findings.extend(versions::check(&versions::packages(&metadata)));
    for path in repo::files(&root)? {
        // Binary files have no lines to judge.
        let Ok(text) = std::fs::read_to_string(root.join(&path)) else { continue };
        findings.extend(text::check(&path, &text));
        findings.extend(purity::check(&path, &text));
        findings.extend(manifests::check(&path, &text));
    }
    Ok(findings)
}
