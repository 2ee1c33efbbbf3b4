//! File, environment, `PORT` and flags, merged into one tree; the later wins.

use std::sync::Arc;

use crate::tree::{self, Entry, Node, Value};
use crate::{ConfigError, ConfigErrors, Origin, SourceFile};

/// What was said on the command line; empty fields were not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// `--listen`
    pub listen: Vec<String>,
    /// `--api`
    pub api: Vec<String>,
    /// `--desk`
    pub desk: Vec<String>,
    /// `--upstream`: of the site that answers every host, which is added where there is none.
    pub upstream: Vec<String>,
}

/// Everything that can set something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layers {
    /// The file, where there is one.
    pub file: Option<Arc<SourceFile>>,
    /// Environment variables; those that do not concern us are passed over.
    pub environment: Vec<(String, String)>,
    /// Command line flags.
    pub flags: Flags,
}

/// What every environment variable of ours starts with.
const PREFIX: &str = "PALISADE_";
/// Deeper keys than any setting has.
const DEPTH_MAX: usize = 6;

impl Layers {
    /// One tree of all layers, and what is wrong with names in the environment.
    ///
    /// # Errors
    /// Where the file is not TOML.
    pub(crate) fn merged(&self) -> Result<(Node, Vec<ConfigError>), ConfigErrors> {
        let mut tree = self.file.as_ref().map_or_else(|| Ok(Node::empty()), tree::parse)?;
        let mut errors = Vec::new();
        for (name, value) in &self.environment {
            let origin = Origin::Environment(name.clone());
            match key_of(name) {
                Some(Ok(path)) => {
                    let path: Vec<_> = path.iter().map(String::as_str).collect();
                    // A list of sites is taken apart here, for flags to mend it.
                    let sites = (path == ["sites"]).then(|| tree::parse_inline(value, &origin)).flatten();
                    tree.set(&path, sites.unwrap_or_else(|| Node::text(value, origin)));
                }
                Some(Err(problem)) => errors.push(ConfigError { origin, key: String::new(), problem }),
                None => {}
            }
        }
        if let Some((name, port)) = self.environment.iter().find(|(name, _)| name == "PORT") {
            let origin = Origin::Environment(name.clone());
            tree.set(&["server", "listen"], Node::text(&format!(":{}", port.trim()), origin));
        }
        self.flags.lay_over(&mut tree);
        Ok((tree, errors))
    }
}

impl Flags {
    fn lay_over(&self, tree: &mut Node) {
        let flags = [
            ("--listen", "listen", &self.listen),
            ("--api", "api", &self.api),
            ("--desk", "desk", &self.desk),
        ];
        for (flag, key, values) in flags {
            if !values.is_empty() {
                tree.set(&["server", key], list(flag, values));
            }
        }
        if !self.upstream.is_empty() {
            set_upstreams(tree, list("--upstream", &self.upstream));
        }
    }
}

fn list(flag: &'static str, values: &[String]) -> Node {
    let origin = Origin::Flag(flag);
    let items = values.iter().map(|value| Node::text(value, origin.clone())).collect();
    Node { origin, value: Value::Array(items) }
}

/// Sets the upstreams of the first site that answers every host; adds one where there is none.
fn set_upstreams(tree: &mut Node, upstreams: Node) {
    if let Some(Node { value: Value::Array(sites), .. }) = tree.get_mut("sites")
        && let Some(site) = sites.iter_mut().find(|site| answers_every_host(site))
    {
        site.set(&["upstreams"], upstreams);
        return;
    }
    let origin = upstreams.origin.clone();
    let mut site = Node { origin: origin.clone(), value: Value::Table(Vec::new()) };
    site.set(&["upstreams"], upstreams);
    match tree.get_mut("sites") {
        Some(Node { value: Value::Array(sites), .. }) => sites.push(site),
        _ => tree.set(&["sites"], Node { origin, value: Value::Array(vec![site]) }),
    }
}

fn answers_every_host(site: &Node) -> bool {
    let Value::Table(entries) = &site.value else { return false };
    let Some(Entry { node: hosts, .. }) = entries.iter().find(|entry| entry.key == "hosts") else {
        return true;
    };
    let is_star = |node: &Node| matches!(&node.value, Value::String(host) if host == "*");
    is_star(hosts) || matches!(&hosts.value, Value::Array(items) if items.iter().any(is_star))
}

/// The key an environment variable sets; `None` where it is none of ours. Names without `__` (a file name, a log
/// level) belong to others, but for the one list that is no section.
fn key_of(name: &str) -> Option<Result<Vec<String>, String>> {
    if name == "PALISADE_SITES" {
        return Some(Ok(vec!["sites".to_owned()]));
    }
    let key = name.strip_prefix(PREFIX).filter(|key| key.contains("__"))?;
    let path: Vec<_> = key.split("__").map(str::to_ascii_lowercase).collect();
    let fits = path.len() <= DEPTH_MAX && path.iter().all(|part| !part.is_empty());
    Some(fits.then_some(path).ok_or_else(|| "is no setting; write PALISADE_SECTION__KEY".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_variables_are_told_from_others() {
        let path = |name| key_of(name).map(|path| path.map(|parts| parts.join(".")));
        assert_eq!(path("PALISADE_POLICY__BANDS__BLOCK"), Some(Ok("policy.bands.block".into())));
        assert_eq!(path("PALISADE_STORE__EVENT_SAMPLE"), Some(Ok("store.event_sample".into())));
        assert_eq!(path("PALISADE_SITES"), Some(Ok("sites".into())));
        assert_eq!(path("PALISADE_LOG"), None);
        assert_eq!(path("HOME__X"), None);
        assert!(path("PALISADE___X").is_some_and(|path| path.is_err()));
        assert!(path(&format!("PALISADE_{}", "A__".repeat(999))).is_some_and(|path| path.is_err()));
    }
}
