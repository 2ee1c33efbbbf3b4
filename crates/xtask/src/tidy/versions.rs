//! One version of each dependency, and none of those that were decided against.

use std::collections::BTreeMap;

use cargo_metadata::Metadata;

use crate::finding::Finding;

/// Dependencies that are there in several versions, and why that is borne. An entry that is no longer needed is a
/// fault too.
const TOLERATED: &[(&str, &str)] = &[
    ("block-buffer", SQLX_ON_RUSTCRYPTO_0_10),
    ("cpufeatures", SQLX_ON_RUSTCRYPTO_0_10),
    ("crypto-common", SQLX_ON_RUSTCRYPTO_0_10),
    ("digest", SQLX_ON_RUSTCRYPTO_0_10),
    ("sha2", SQLX_ON_RUSTCRYPTO_0_10),
    ("sha1", SQLX_ON_RUSTCRYPTO_0_10),
    ("base64", "reqwest 0.13 has gone to 0.23; sqlx, sfv and our own stay on 0.22 until the others follow"),
    ("core-foundation", "Apple only: two crates of rustls' platform verifier disagree"),
    ("getrandom", "ring 0.17 still asks for 0.2 and tungstenite's rand for 0.3; our own is 0.4"),
    ("rand", TUNGSTENITE_ON_RAND_0_9),
    ("rand_chacha", TUNGSTENITE_ON_RAND_0_9),
    ("rand_core", TUNGSTENITE_ON_RAND_0_9),
    ("r-efi", "UEFI only: comes with the two newer versions of getrandom"),
    ("windows-sys", "Windows only: ring 0.17 still asks for 0.52"),
    ("hashbrown", "sqlx 0.9 and its hashlink still ask for 0.16; the rest of the tree has 0.17"),
    ("itertools", "criterion, for benches only, still asks for 0.13; tract has gone to 0.15"),
    ("nom", "cel still asks for 7, tract has gone to 8"),
    (
        "syn",
        "at build time only: sqlx-macros and tracing-attributes still ask for 2, the other derives for 3",
    ),
];

/// One reason for the whole family.
const SQLX_ON_RUSTCRYPTO_0_10: &str = "sqlx-core 0.9 still asks for sha2 0.10, its macros for 0.11";

/// One reason for both.
const TUNGSTENITE_ON_RAND_0_9: &str =
    "tungstenite (WebSockets of the demo's site) still asks for 0.9, hickory for 0.10, rsa for 0.8";

/// Dependencies that were decided against.
const NEVER: &[(&str, &str)] = &[
    ("aws-lc-sys", "needs cmake and doubles the build: choose ring (`default-features = false`)"),
    ("openssl-sys", "TLS is rustls with ring: turn the default features off"),
];

/// Name and version of each package of the lock file.
pub(super) fn packages(metadata: &Metadata) -> Vec<(String, String)> {
    metadata.packages.iter().map(|p| (p.name.to_string(), p.version.to_string())).collect()
}

/// Faults of the lock file.
pub(super) fn check(packages: &[(String, String)]) -> Vec<Finding> {
    judge(packages, TOLERATED)
}

fn judge(packages: &[(String, String)], tolerated: &[(&str, &str)]) -> Vec<Finding> {
    let fault = |what: String, fix: &str| Finding::new("Cargo.lock", 0, what, fix);
    let mut by_name: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, version) in packages {
        by_name.entry(name).or_default().push(version);
    }
    let mut findings = Vec::new();
    for (name, versions) in &by_name {
        let is_tolerated = tolerated.iter().any(|(tolerated, _)| tolerated == name);
        if versions.len() > 1 && !is_tolerated {
            let what = format!("`{name}` is there as {}", versions.join(" and "));
            let fix =
                "agree on one (`cargo tree -i` shows who asks), or give it a line with a reason in TOLERATED";
            findings.push(fault(what, fix));
        }
        if let Some((_, fix)) = NEVER.iter().find(|(never, _)| never == name) {
            findings.push(fault(format!("`{name}` is in the tree"), fix));
        }
    }
    for (name, _) in tolerated {
        if by_name.get(name).is_none_or(|versions| versions.len() < 2) {
            let fix = "delete its line in TOLERATED (crates/xtask/src/tidy/versions.rs)";
            findings.push(fault(format!("`{name}` has one version by now"), fix));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(names: &[(&str, &str)], tolerated: &[(&str, &str)]) -> usize {
        let packages: Vec<_> = names.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        judge(&packages, tolerated).len()
    }

    #[test]
    fn duplicates_need_a_reason() {
        let twice = [("a", "1.0.0"), ("a", "2.0.0"), ("b", "1.0.0")];
        assert_eq!(judged(&twice, &[]), 1);
        assert_eq!(judged(&twice, &[("a", "because")]), 0);
        assert_eq!(judged(&twice, &[("a", "because"), ("b", "no longer true")]), 1);
    }

    #[test]
    fn what_was_decided_against_is_found() {
        assert_eq!(judged(&[("aws-lc-sys", "0.30.0")], &[]), 1);
    }
}
