//! Where things lie in the data folder. Every path below `--data` is named here.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The data folder: exists, is a folder, and may be written by this user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataDir {
    root: PathBuf,
}

/// The data folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataDirError {
    /// Something that is no folder has its name.
    #[error("{}: is not a folder; name another one with --data", path.display())]
    NotAFolder {
        /// The folder asked for.
        path: PathBuf,
    },
    /// It could not be made.
    #[error("{}: the data folder cannot be made ({why}); make it yourself or name another one with --data", path.display())]
    CannotMake {
        /// The folder asked for.
        path: PathBuf,
        /// Why.
        why: io::Error,
    },
    /// Files cannot be made in it.
    #[error("{}: the data folder cannot be written ({why}); give this user write permission, free some space, or name another one with --data", path.display())]
    CannotWrite {
        /// The folder asked for.
        path: PathBuf,
        /// Why.
        why: io::Error,
    },
}

impl DataDir {
    /// The folder at `path`, made when missing (for this user only, where the system knows users).
    ///
    /// # Errors
    /// Where it cannot be made or written: better now than at the first verdict worth keeping.
    pub fn open(path: &Path) -> Result<Self, DataDirError> {
        if path.exists() && !path.is_dir() {
            return Err(DataDirError::NotAFolder { path: path.to_owned() });
        }
        make_folder(path).map_err(|why| DataDirError::CannotMake { path: path.to_owned(), why })?;
        let dir = DataDir { root: path.to_owned() };
        dir.probe().map_err(|why| DataDirError::CannotWrite { path: path.to_owned(), why })?;
        Ok(dir)
    }

    /// The folder at `path` as it is, for those who look: nothing is made, and files in it may be missing.
    pub fn unopened(path: &Path) -> Self {
        DataDir { root: path.to_owned() }
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.root
    }

    /// The SQLite database.
    pub fn database(&self) -> PathBuf {
        self.root.join("palisade.db")
    }

    /// The saved client history, see [`crate::snapshot`].
    pub fn history_snapshot(&self) -> PathBuf {
        self.root.join("history.snapshot")
    }

    /// Who was in trouble and what is usual for a site, see [`crate::snapshot`].
    pub fn guard_snapshot(&self) -> PathBuf {
        self.root.join("guard.snapshot")
    }

    /// What was used and may not be used again.
    pub fn claims_snapshot(&self) -> PathBuf {
        self.root.join("claims.snapshot")
    }

    /// Which number each site has, see [`crate::snapshot`].
    pub fn sites_snapshot(&self) -> PathBuf {
        self.root.join("sites.snapshot")
    }

    /// The installation's hash seed: made once, a secret of this user. Without it the saved history means nothing.
    pub fn hash_seed(&self) -> PathBuf {
        self.root.join("hash.seed")
    }

    /// What all keys of challenges follow from: made once, a secret of this user.
    pub fn challenge_secret(&self) -> PathBuf {
        self.root.join("challenge.secret")
    }

    /// The keys that sign result tokens, one file each: secrets of this user.
    pub fn token_keys(&self) -> PathBuf {
        self.root.join("keys")
    }

    /// Where trainings work: a lock, the list of jobs, and stored requests while one reads them.
    pub fn training(&self) -> PathBuf {
        self.root.join("training")
    }

    /// What the paths of pages for visitors begin with, where the configuration has it drawn.
    pub fn visitor_prefix(&self) -> PathBuf {
        self.root.join("visitor.prefix")
    }

    /// What the first start made and shows once: a key and the webhook secret, see [`crate::first_run`].
    pub fn first_run(&self) -> PathBuf {
        self.root.join("first-run.txt")
    }

    /// The secret that webhooks are signed with.
    pub fn webhook_secret(&self) -> PathBuf {
        self.root.join("webhook.secret")
    }

    /// The heads of the audit log, one a day, see [`crate::heads`].
    pub fn audit_heads(&self) -> PathBuf {
        self.root.join("audit-heads.ndjson")
    }

    /// Published ranges of crawlers, one file an operator.
    pub fn ranges(&self) -> PathBuf {
        self.root.join("ranges")
    }

    /// Held by the one process that serves from this folder.
    pub fn lock(&self) -> PathBuf {
        self.root.join("palisade.lock")
    }

    fn probe(&self) -> io::Result<()> {
        let probe = self.root.join(format!(".probe-{}", std::process::id()));
        fs::write(&probe, b"palisade may write here\n")?;
        fs::remove_file(&probe)
    }
}

#[cfg(unix)]
fn make_folder(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

#[cfg(not(unix))]
fn make_folder(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_folder_is_made() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("a/b");
        let dir = DataDir::open(&path).unwrap();
        assert_eq!(dir.database(), path.join("palisade.db"));
        assert_eq!(fs::read_dir(&path).unwrap().count(), 0, "the probe is gone");
        assert_eq!(DataDir::open(&path).unwrap(), dir);
    }

    #[test]
    fn a_file_is_no_folder() {
        let temp = tempfile::tempdir().unwrap();
        let file = temp.path().join("file");
        fs::write(&file, "x").unwrap();
        assert!(matches!(DataDir::open(&file), Err(DataDirError::NotAFolder { .. })));
        let below = DataDir::open(&file.join("data")).unwrap_err();
        assert!(matches!(below, DataDirError::CannotMake { .. }), "{below}");
        assert!(below.to_string().contains("--data"), "{below}");
    }
}
