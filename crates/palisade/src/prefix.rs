//! Where pages and scripts for visitors lie: the path that the configuration names, or one that the first start drew.

use std::io;
use std::path::Path;

use anyhow::{Context, bail};
use palisade_config::settings::{ServerSettings, VisitorPrefix};
use palisade_store::{DataDir, secret_file};

/// The prefix in effect; a random one is made where `data` has none yet.
///
/// # Errors
/// Where it cannot be read or made, or is none: another one would break pages that name it.
pub(crate) fn of(settings: &ServerSettings, data: &DataDir) -> anyhow::Result<String> {
    let path = match &settings.visitor_prefix {
        VisitorPrefix::Path(path) => return Ok(path.clone()),
        VisitorPrefix::Random => data.visitor_prefix(),
    };
    if let Some(prefix) = drawn(&path)? {
        return Ok(prefix);
    }
    let random = getrandom::u64()? >> 16;
    secret_file::make(&path, &format!("/{random:012x}/\n"))
        .with_context(|| format!("{}: cannot be made", path.display()))?;
    // Whoever was first has made it.
    drawn(&path)?.with_context(|| format!("{}: was removed while it was made", path.display()))
}

/// The random prefix in the file at `path`; none where nothing was drawn yet.
///
/// # Errors
/// Where it cannot be read, or is none.
pub(crate) fn drawn(path: &Path) -> anyhow::Result<Option<String>> {
    let text = match std::fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        read => read.with_context(|| format!("{}: cannot be read; check its permission", path.display()))?,
    };
    match text.trim_end().parse() {
        Ok(VisitorPrefix::Path(prefix)) => Ok(Some(prefix)),
        Ok(VisitorPrefix::Random) | Err(_) => bail!(
            "{}: is no prefix (a path such as /3f9a0c11be42/); restore it from a backup, or remove it and another one is made",
            path.display()
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn settings(prefix: &str) -> ServerSettings {
        ServerSettings { visitor_prefix: prefix.parse().unwrap(), ..ServerSettings::default() }
    }

    fn folder() -> (tempfile::TempDir, DataDir) {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::open(folder.path()).unwrap();
        (folder, data)
    }

    #[test]
    fn a_random_one_is_drawn_once() {
        let (folder, data) = folder();
        let made = of(&settings("random"), &data).unwrap();
        assert!(made.len() == 14 && made.parse::<VisitorPrefix>().is_ok(), "{made}");
        assert_eq!(of(&settings("random"), &data).unwrap(), made);
        assert_eq!(folder.path().read_dir().unwrap().count(), 1, "nothing else is left");
        assert_ne!(of(&settings("random"), &self::folder().1).ok(), Some(made));
    }

    #[test]
    fn one_that_is_named_leaves_no_file() {
        let (folder, data) = folder();
        assert_eq!(of(&settings("/x-7f3a/"), &data).unwrap(), "/x-7f3a/");
        assert_eq!(of(&ServerSettings::default(), &data).unwrap(), palisade_visitor::route::PREFIX);
        assert_eq!(folder.path().read_dir().unwrap().count(), 0);
    }

    #[test]
    fn what_is_no_prefix_is_named() {
        let (_folder, data) = folder();
        for text in [&b""[..], b"random\n", b"/", b"/x", b"/api/", b"\xff"] {
            fs::write(data.visitor_prefix(), text).unwrap();
            let error = format!("{:#}", of(&settings("random"), &data).unwrap_err());
            assert!(error.contains("visitor.prefix: "), "{error}");
        }
    }

    /// Where a prefix lay among the API's own paths, one of the two would never be reached.
    #[test]
    fn no_prefix_lies_where_the_api_has_paths() {
        let document = palisade_api::openapi::document();
        let several = document.paths.paths.keys().filter_map(|path| path.strip_prefix('/')?.split_once('/'));
        let mut first: Vec<&str> = several.map(|(first, _)| first).collect();
        first.push("auth");
        assert!(first.len() > 5, "{first:?}");
        for first in first {
            for prefix in [format!("/{first}/"), format!("/{first}/x/")] {
                assert!(prefix.parse::<VisitorPrefix>().is_err(), "{prefix}");
            }
        }
    }
}
