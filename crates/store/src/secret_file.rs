//! Small files for this user's eyes only, made once: keys, seeds, secrets.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// Makes `path` with `text`, where there is nothing yet; what is there already stays. It is written beside its place first:
/// another process sees all of it or nothing.
///
/// # Errors
/// Where it cannot be written.
pub fn make(path: &Path, text: &str) -> io::Result<()> {
    let temp = path.with_extension(format!("new.{}", std::process::id()));
    let made = write(&temp, text).and_then(|()| link(&temp, path));
    let _ = fs::remove_file(&temp); // Best effort; where it was renamed it is gone.
    made
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Never replaces what is there. File systems without links rename, which has a race of one instant.
fn link(temp: &Path, path: &Path) -> io::Result<()> {
    match fs::hard_link(temp, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(_) => fs::rename(temp, path),
        Ok(()) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_stays_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        for text in ["first", "second"] {
            make(&path, text).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), "first");
        }
        assert_eq!(folder.path().read_dir().unwrap().count(), 1);
        #[cfg(unix)]
        {
            let mode = std::os::unix::fs::PermissionsExt::mode(&path.metadata().unwrap().permissions());
            assert_eq!(mode & 0o777, 0o600);
        }
        assert!(make(&folder.path().join("none/secret"), "x").is_err());
    }
}
