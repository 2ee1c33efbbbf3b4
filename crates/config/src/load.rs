//! The shell around [`crate::read`]: finds the file, reads secrets from theirs.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::bounds::FILE_BYTES_MAX;
use crate::settings::SECRETS;
use crate::{ConfigErrors, Flags, Layers, Loaded, SourceFile, read};

/// Where the file is looked for when nobody names one; the first that exists is the only one read.
pub const SEARCH_PATHS: [&str; 2] = ["palisade.toml", "/etc/palisade/palisade.toml"];

/// The configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A file cannot be read.
    #[error("{}: cannot be read ({why}); check the name and its permission{}", path.display(), variable_note(variable.as_deref()))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The environment variable that names it.
        variable: Option<String>,
        /// Why.
        why: io::Error,
    },
    /// A secret is given twice.
    #[error("{variable} and {variable}_FILE are both set; unset one of them")]
    SecretTwice {
        /// The variable without `_FILE`.
        variable: String,
    },
    /// Unknown keys and bad values.
    #[error(transparent)]
    Invalid(#[from] ConfigErrors),
}

fn variable_note(variable: Option<&str>) -> String {
    variable.map(|name| format!(", or unset {name}")).unwrap_or_default()
}

/// Reads the file (`named`, else the first of [`SEARCH_PATHS`], else none), `environment` and `flags`.
///
/// # Errors
/// Where a file cannot be read, or with everything that is wrong in what was read.
pub fn load(
    named: Option<&Path>,
    environment: impl IntoIterator<Item = (String, String)>,
    flags: Flags,
    detectors: &[&str],
) -> Result<Loaded, LoadError> {
    let found = SEARCH_PATHS.iter().map(Path::new).find(|path| path.exists());
    let file = match named.or(found) {
        Some(path) => Some(Arc::new(SourceFile::new(path, read_text(path, None)?))),
        None => None,
    };
    let environment = with_secrets(environment.into_iter().collect())?;
    Ok(read(&Layers { file, environment, flags }, detectors)?)
}

/// Replaces `PALISADE_…_FILE` of a secret by what the file holds, without its line end.
fn with_secrets(mut environment: Vec<(String, String)>) -> Result<Vec<(String, String)>, LoadError> {
    for secret in SECRETS {
        let variable = format!("PALISADE_{}", secret.replace('.', "__").to_ascii_uppercase());
        let file_variable = format!("{variable}_FILE");
        let Some(at) = environment.iter().position(|(name, _)| *name == file_variable) else { continue };
        if environment.iter().any(|(name, _)| *name == variable) {
            return Err(LoadError::SecretTwice { variable });
        }
        let (_, path) = environment.swap_remove(at);
        let text = read_text(Path::new(&path), Some(&file_variable))?;
        environment.push((variable, text.trim_end_matches(['\r', '\n']).to_owned()));
    }
    Ok(environment)
}

fn read_text(path: &Path, variable: Option<&str>) -> Result<String, LoadError> {
    let unreadable =
        |why| LoadError::Unreadable { path: path.to_owned(), variable: variable.map(str::to_owned), why };
    let mut text = String::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(FILE_BYTES_MAX + 1).read_to_string(&mut text).map_err(unreadable)?;
    if text.len() as u64 > FILE_BYTES_MAX {
        return Err(unreadable(io::Error::other(format!("larger than {FILE_BYTES_MAX} bytes"))));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load_named(path: &Path, environment: &[(&str, &str)]) -> Result<Loaded, LoadError> {
        let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        load(Some(path), environment, Flags::default(), &[])
    }

    #[test]
    fn files_that_cannot_be_read_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("palisade.toml");
        assert!(load_named(&path, &[]).unwrap_err().to_string().contains("palisade.toml"), "missing");
        assert!(load_named(folder.path(), &[]).is_err(), "a folder");
        std::fs::write(&path, [0xff, 0xfe]).unwrap();
        assert!(load_named(&path, &[]).unwrap_err().to_string().contains("UTF-8"), "no text");
        std::fs::write(&path, "#".repeat(2 << 20)).unwrap();
        assert!(load_named(&path, &[]).unwrap_err().to_string().contains("larger"), "huge");
    }

    #[test]
    fn a_secret_may_lie_in_its_own_file() {
        const PLAIN: &str = "PALISADE_CHALLENGE__SECRET";
        const FILE: &str = "PALISADE_CHALLENGE__SECRET_FILE";
        let folder = tempfile::tempdir().unwrap();
        let (config, secret) = (folder.path().join("palisade.toml"), folder.path().join("secret"));
        std::fs::write(&config, "[challenge]\nprovider = \"turnstile\"\n").unwrap();
        std::fs::write(&secret, "hush\n").unwrap();
        let secret = secret.to_str().unwrap();
        let loaded = load_named(&config, &[(FILE, secret)]).unwrap();
        assert_eq!(loaded.settings.challenge.secret.as_ref().map(|secret| secret.expose()), Some("hush"));
        assert!(!format!("{loaded:?}").contains("hush"), "a secret is never shown");

        let both = load_named(&config, &[(FILE, secret), (PLAIN, "x")]).unwrap_err();
        assert!(matches!(both, LoadError::SecretTwice { .. }), "{both}");
        let missing = load_named(&config, &[(FILE, "/nowhere/at/all")]).unwrap_err();
        assert!(missing.to_string().contains(FILE), "{missing}");
    }
}
