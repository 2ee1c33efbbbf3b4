//! Opaque bytes saved in one piece: the client history at shutdown and every ten minutes.
//!
//! A snapshot is either the old one or the new one, never half of each: it is written beside its place, flushed to the
//! disk and renamed. The owner of the bytes gives them a `version` of its own; what they mean is none of our business.
//! A snapshot is a cache: when it is damaged, [`load`] moves it aside and the owner starts empty.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::bounds::SNAPSHOT_BYTES_MAX;

/// First bytes of every snapshot file.
const MAGIC: [u8; 8] = *b"PALISNAP";
/// Magic, version (u32), length (u64), CRC-32 of the payload (u32); numbers little-endian.
const HEADER_BYTES: usize = 8 + 4 + 8 + 4;

/// A snapshot was not written; the old one, if any, is untouched.
#[derive(Debug, thiserror::Error)]
#[error("{}: the snapshot could not be written ({why}); check space and permission there. The previous one is untouched", path.display())]
pub struct SaveError {
    /// The file asked for.
    pub path: PathBuf,
    /// Why.
    pub why: io::Error,
}

/// A snapshot cannot be used. The owner starts empty.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file is damaged; it was moved aside.
    #[error("{}: damaged ({damage}); moved to {} and starting without it", path.display(), moved_to.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where it is now.
        moved_to: PathBuf,
        /// What is wrong with it.
        damage: Damage,
    },
    /// The file is of another version of its owner's format; left where it is.
    #[error("{}: has version {found}, this binary reads {known}; starting without it (it is replaced at the next save)", path.display())]
    OtherVersion {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
        /// The version asked for.
        known: u32,
    },
    /// The file could not be read or moved.
    #[error("{}: cannot be read ({why}); check its permission, or remove it to start without it", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        why: io::Error,
    },
}

/// What is wrong with a snapshot's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// It does not start like a snapshot.
    #[error("not a snapshot")]
    Magic,
    /// Its length is not what its header says.
    #[error("{found} bytes where {expected} belong")]
    Length {
        /// Bytes the header promises.
        expected: u64,
        /// Bytes there are.
        found: u64,
    },
    /// Its check sum is wrong.
    #[error("check sum differs")]
    Checksum,
    /// It promises more than [`SNAPSHOT_BYTES_MAX`].
    #[error("{0} bytes are more than any snapshot has")]
    TooLarge(u64),
}

/// Writes `payload` to `path` in one step. After an error the previous file is as it was.
///
/// # Errors
/// Where the folder cannot be written or the disk is full.
pub fn save(path: &Path, version: u32, payload: &[u8]) -> Result<(), SaveError> {
    let temp = with_suffix(path, ".tmp");
    let result = write_synced(&temp, version, payload).and_then(|()| {
        fs::rename(&temp, path)?;
        sync_parent(path)
    });
    result.map_err(|why| {
        let _ = fs::remove_file(&temp); // Best effort: the next save overwrites it anyway.
        SaveError { path: path.to_owned(), why }
    })
}

/// Reads the snapshot at `path`; `None` where there is none.
///
/// # Errors
/// Where it is damaged (then it was moved to `<name>.corrupt`), of another version, or cannot be read.
pub fn load(path: &Path, version: u32) -> Result<Option<Vec<u8>>, LoadError> {
    let io_error = |why| LoadError::Io { path: path.to_owned(), why };
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io_error(error)),
    };
    match read(&mut file).map_err(io_error)? {
        Ok((found, payload)) if found == version => Ok(Some(payload)),
        Ok((found, _)) => Err(LoadError::OtherVersion { path: path.to_owned(), found, known: version }),
        Err(damage) => {
            let moved_to = set_aside(path).map_err(io_error)?;
            Err(LoadError::Damaged { path: path.to_owned(), moved_to, damage })
        }
    }
}

/// Moves a snapshot that its owner cannot read to `<name>.corrupt`, replacing an older one there; returns where it is.
///
/// # Errors
/// Where the folder cannot be written.
pub fn set_aside(path: &Path) -> io::Result<PathBuf> {
    let moved_to = with_suffix(path, ".corrupt");
    fs::rename(path, &moved_to)?;
    Ok(moved_to)
}

fn write_synced(path: &Path, version: u32, payload: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(&MAGIC)?;
    file.write_all(&version.to_le_bytes())?;
    file.write_all(&(payload.len() as u64).to_le_bytes())?;
    file.write_all(&crc32fast::hash(payload).to_le_bytes())?;
    file.write_all(payload)?;
    file.sync_all()
}

/// Makes the rename itself durable; where folders cannot be opened (Windows) the system does so.
fn sync_parent(path: &Path) -> io::Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match File::open(parent) {
        Ok(folder) if cfg!(unix) => folder.sync_all(),
        _ => Ok(()),
    }
}

/// Version and payload, or what is wrong. Never allocates more than the file holds.
fn read(file: &mut File) -> io::Result<Result<(u32, Vec<u8>), Damage>> {
    let bytes = file.metadata()?.len();
    let mut header = [0; HEADER_BYTES];
    if bytes < HEADER_BYTES as u64 {
        return Ok(Err(Damage::Magic));
    }
    file.read_exact(&mut header)?;
    let (magic, rest) = header.split_at(MAGIC.len());
    let (version, rest) = rest.split_at(4);
    let (length, checksum) = rest.split_at(8);
    if magic != MAGIC {
        return Ok(Err(Damage::Magic));
    }
    let expected = u64::from_le_bytes(length.try_into().expect("split at 8"));
    let found = bytes - HEADER_BYTES as u64;
    if expected > SNAPSHOT_BYTES_MAX {
        return Ok(Err(Damage::TooLarge(expected)));
    }
    if expected != found {
        return Ok(Err(Damage::Length { expected, found }));
    }
    let mut payload = Vec::with_capacity(usize::try_from(found).unwrap_or(0));
    file.take(expected).read_to_end(&mut payload)?;
    if crc32fast::hash(&payload).to_le_bytes() != *checksum {
        return Ok(Err(Damage::Checksum));
    }
    Ok(Ok((u32::from_le_bytes(version.try_into().expect("split at 4")), payload)))
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn place() -> (tempfile::TempDir, PathBuf) {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("history.snapshot");
        (temp, path)
    }

    #[test]
    fn what_is_saved_is_loaded() {
        let (temp, path) = place();
        assert!(load(&path, 1).unwrap().is_none());
        for payload in [&b""[..], b"one", b"another"] {
            save(&path, 1, payload).unwrap();
            assert_eq!(load(&path, 1).unwrap().as_deref(), Some(payload));
        }
        assert_eq!(fs::read_dir(temp.path()).unwrap().count(), 1, "no temporary file stays");
    }

    #[test]
    fn damage_is_named_and_moved_aside() {
        let check = |damage: Damage, spoil: fn(&mut Vec<u8>)| {
            let (_temp, path) = place();
            save(&path, 1, b"payload").unwrap();
            let mut bytes = fs::read(&path).unwrap();
            spoil(&mut bytes);
            fs::write(&path, &bytes).unwrap();
            let error = load(&path, 1).unwrap_err();
            assert!(error.to_string().contains("history.snapshot.corrupt"), "{error}");
            assert!(matches!(error, LoadError::Damaged { damage: found, .. } if found == damage), "{error}");
            assert_eq!(fs::read(with_suffix(&path, ".corrupt")).unwrap(), bytes, "kept for a look");
            assert!(load(&path, 1).unwrap().is_none(), "the next start is empty");
        };
        check(Damage::Magic, Vec::clear);
        check(Damage::Magic, |bytes| bytes[0] = b'X');
        check(Damage::Length { expected: 7, found: 6 }, |bytes| bytes.truncate(bytes.len() - 1));
        check(Damage::TooLarge(u64::MAX), |bytes| bytes[12..20].fill(0xff));
        check(Damage::Checksum, |bytes| *bytes.last_mut().unwrap() ^= 1);
    }

    #[test]
    fn another_version_is_left_alone() {
        let (_temp, path) = place();
        save(&path, 2, b"new").unwrap();
        assert!(matches!(load(&path, 1), Err(LoadError::OtherVersion { found: 2, known: 1, .. })));
        assert!(path.exists());
    }

    #[test]
    fn an_unwritable_place_keeps_the_old() {
        let (_temp, path) = place();
        fs::write(&path, "a regular file").unwrap();
        let error = save(&path.join("below"), 1, b"x").unwrap_err();
        assert!(error.to_string().contains("below"), "{error}");
        assert_eq!(fs::read(&path).unwrap(), b"a regular file");
    }

    proptest! {
        #[test]
        fn any_bytes_are_refused_or_read(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let (_temp, path) = place();
            fs::write(&path, &bytes).unwrap();
            prop_assert!(load(&path, 1).is_err());
        }
    }
}
