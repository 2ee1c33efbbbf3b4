//! Settings that are read and checked but that no command carries out yet: whoever wrote them is told.

use palisade_config::{Loaded, Origin};

/// Keys, and beginnings of keys, that nothing acts on. A line goes where its setting begins to work.
const IDLE: [&str; 3] = ["policy.on_failure", "server.desk", "server.proxy_protocol"];

/// A line for each such setting that somebody wrote, with its place as errors have it.
pub(crate) fn warnings(loaded: &Loaded) -> Vec<String> {
    let is_idle = |key: &str| IDLE.iter().any(|idle| key.starts_with(idle));
    let ladder = &loaded.settings.challenge.ladder;
    let text = (ladder.contains(&"text"))
        .then(|| "challenge.ladder: \"text\" is not built yet and is left out of the ladder".to_owned());
    loaded
        .effective
        .iter()
        .filter(|setting| setting.origin != Origin::Default && is_idle(&setting.key))
        .map(|setting| format!("{}: {}: has no effect yet", setting.origin, setting.key))
        .chain(text)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    use palisade_config::{Layers, SourceFile};

    fn said(text: &str) -> Vec<String> {
        let layers = Layers { file: Some(Arc::new(SourceFile::new("p.toml", text))), ..Layers::default() };
        warnings(&palisade_config::read(&layers, &[]).unwrap())
    }

    #[test]
    fn what_works_is_not_mentioned() {
        assert!(said("[policy]\npreset = \"strict\"\n").is_empty());
    }

    #[test]
    fn what_does_not_work_yet_is_named_with_its_place() {
        let rule = "[[policy.rules]]\nwhen = \"true\"\naction = \"block\"\n";
        assert!(said(rule).is_empty(), "own rules are carried out");
        let others = said("[server]\nproxy_protocol = true\n[policy]\non_failure = \"closed\"\n");
        assert_eq!(others.len(), 2, "{others:?}");
        assert!(others.contains(&"p.toml:2:18: server.proxy_protocol: has no effect yet".to_owned()));
        assert!(others.contains(&"p.toml:4:14: policy.on_failure: has no effect yet".to_owned()));
    }
}
