//! Where programs are on this machine, which version, and what to type where they are missing. Nothing is downloaded here.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

/// How long a program may take to say its version.
const VERSION_WAIT: Duration = Duration::from_secs(20);

/// What has to be there before a program can run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// A command on the path.
    Command {
        /// What it is called.
        name: &'static str,
        /// The Debian package that has it.
        package: &'static str,
        /// What it is asked to say its version; empty where it cannot.
        version: &'static [&'static str],
    },
    /// A Python package in the folder's virtual environment.
    Python(&'static str),
    /// A Node package in the folder.
    Node(&'static str),
}

/// A program that is not here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} is missing; {how}")]
pub struct Missing {
    /// What it is called.
    pub what: String,
    /// What to type.
    pub how: String,
}

/// Where to look.
#[derive(Clone, Debug)]
pub struct Tools {
    /// Folders with commands.
    path: Vec<PathBuf>,
    /// Where `scripts/gym.sh` installed packages.
    folder: PathBuf,
}

impl Tools {
    /// Looks for commands in `path` (as the variable `PATH` has it) and for packages in `folder`.
    pub fn new(path: Option<OsString>, folder: PathBuf) -> Tools {
        let path = std::env::split_paths(&path.unwrap_or_default()).collect();
        Tools { path, folder }
    }

    /// The folder that `scripts/gym.sh` installs into: what `PALISADE_GYM` says, else `palisade-gym` in the user's cache.
    pub fn usual_folder(variable: impl Fn(&str) -> Option<OsString>) -> PathBuf {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let cache = || set("XDG_CACHE_HOME").or_else(|| set("HOME").map(|home| home.join(".cache")));
        set("PALISADE_GYM").unwrap_or_else(|| cache().unwrap_or_else(std::env::temp_dir).join("palisade-gym"))
    }

    /// The file that is run, or looked into, for `need`.
    ///
    /// # Errors
    /// Where it is missing, with what to type.
    pub fn find(&self, need: Need) -> Result<PathBuf, Missing> {
        let (found, what, how) = match need {
            Need::Command { name, package, .. } => (
                self.command(name),
                name.to_owned(),
                format!("sudo apt-get install {package} (or all of them: scripts/gym.sh)"),
            ),
            Need::Python(package) => (
                self.python_package(package),
                format!("the Python package {package}"),
                "scripts/gym.sh python".to_owned(),
            ),
            Need::Node(package) => (
                Some(self.node_modules().join(package).join("package.json")),
                format!("the Node package {package}"),
                "scripts/gym.sh node".to_owned(),
            ),
        };
        found.filter(|path| path.exists()).ok_or(Missing { what, how })
    }

    fn command(&self, name: &str) -> Option<PathBuf> {
        self.path.iter().map(|folder| folder.join(name)).find(|path| path.is_file())
    }

    /// The interpreter that has the Python packages.
    pub fn python(&self) -> PathBuf {
        self.folder.join("python/bin/python")
    }

    /// Where Node looks for packages.
    pub fn node_modules(&self) -> PathBuf {
        self.folder.join("node/node_modules")
    }

    /// `NAME-VERSION.dist-info`, as pip writes it.
    fn python_package(&self, package: &str) -> Option<PathBuf> {
        let libraries = entries(&self.folder.join("python/lib"));
        let installed = libraries.into_iter().flat_map(|python| entries(&python.join("site-packages")));
        installed.into_iter().find(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
            name.strip_suffix(".dist-info")
                .and_then(|name| name.split_once('-'))
                .is_some_and(|(name, _)| name == package)
        })
    }

    /// The version of what was found at `found` for `need`; `None` where it does not say.
    pub async fn version(&self, need: Need, found: &Path) -> Option<String> {
        match need {
            Need::Command { version: [], .. } => None,
            Need::Command { version, .. } => {
                let mut command = Command::new(found);
                let home = tempfile::tempdir().ok()?;
                command.args(version).env("HOME", home.path()).stdin(Stdio::null()).kill_on_drop(true);
                let output = tokio::time::timeout(VERSION_WAIT, command.output()).await.ok()?.ok()?;
                let said = [output.stdout, output.stderr].concat();
                version_in(&String::from_utf8_lossy(&said))
            }
            Need::Python(_) => version_in(&found.file_stem()?.to_string_lossy()),
            Need::Node(_) => {
                let package: serde_json::Value = serde_json::from_slice(&std::fs::read(found).ok()?).ok()?;
                Some(package.get("version")?.as_str()?.to_owned())
            }
        }
    }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path())).collect()
}

/// The first word of `text` that looks like a version.
fn version_in(text: &str) -> Option<String> {
    let words = text.split(|letter: char| letter.is_whitespace() || "-/:#(,".contains(letter));
    let word = words.map(|word| word.trim_start_matches('v')).find(|word| {
        word.starts_with(|letter: char| letter.is_ascii_digit()) && word.contains('.') && word.len() <= 24
    });
    word.map(|word| word.trim_end_matches('.').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_in_what_programs_say() {
        let check = |text, expect: &str| assert_eq!(version_in(text).as_deref().unwrap_or(""), expect);
        check("curl 7.88.1 (x86_64-pc-linux-gnu) libcurl/7.88.1", "7.88.1");
        check("This is ApacheBench, Version 2.3 <$Revision$>", "2.3");
        check("wrk debian/4.1.0-3+b2 [epoll]", "4.1.0");
        check("ffuf version: 1.1.0\n", "1.1.0");
        check("1.7.2#stable", "1.7.2");
        check("requests-2.34.2", "2.34.2");
        check("Usage: hey [options...] <url>", "");
    }

    #[test]
    fn what_is_missing_says_what_to_type() {
        let folder = tempfile::tempdir().unwrap();
        let tools = Tools::new(None, folder.path().to_owned());
        let how = |need| tools.find(need).unwrap_err().to_string();
        let ab = Need::Command { name: "ab", package: "apache2-utils", version: &[] };
        assert!(how(ab).contains("ab is missing; sudo apt-get install apache2-utils"));
        assert!(how(Need::Python("httpx")).contains("scripts/gym.sh python"));
        assert!(how(Need::Node("axios")).contains("scripts/gym.sh node"));
    }

    #[tokio::test]
    async fn packages_are_found_with_their_versions() {
        let folder = tempfile::tempdir().unwrap();
        let python = folder.path().join("python/lib/python3.11/site-packages");
        std::fs::create_dir_all(python.join("Scrapy-2.19.0.dist-info")).unwrap();
        let axios = folder.path().join("node/node_modules/axios");
        std::fs::create_dir_all(&axios).unwrap();
        std::fs::write(axios.join("package.json"), r#"{"version":"1.21.1"}"#).unwrap();
        let tools = Tools::new(None, folder.path().to_owned());
        for (need, version) in [(Need::Python("scrapy"), "2.19.0"), (Need::Node("axios"), "1.21.1")] {
            let found = tools.find(need).unwrap();
            assert_eq!(tools.version(need, &found).await.as_deref(), Some(version));
        }
    }

    #[test]
    fn the_folder_is_the_users_cache_unless_named() {
        let folder = |set: &'static [(&str, &str)]| {
            Tools::usual_folder(|name| {
                set.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value))
            })
        };
        assert_eq!(folder(&[("HOME", "/home/a")]), Path::new("/home/a/.cache/palisade-gym"));
        assert_eq!(folder(&[("HOME", "/home/a"), ("XDG_CACHE_HOME", "/c")]), Path::new("/c/palisade-gym"));
        assert_eq!(folder(&[("PALISADE_GYM", "/g"), ("XDG_CACHE_HOME", "/c")]), Path::new("/g"));
    }
}
