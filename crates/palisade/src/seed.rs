//! The installation's hash seed: 128 random bits in the data folder, made once, read by this user only.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use anyhow::{Context, bail};
use palisade_detect::HashSeed;
use palisade_store::{DataDir, secret_file};

/// Hexadecimal digits of a seed.
const DIGITS: usize = 32;

/// The seed of `data`, made where there is none yet.
///
/// # Errors
/// Where it cannot be read or made, or is no seed: a wrong one would quietly forget every client.
pub(crate) fn of(data: &DataDir) -> anyhow::Result<HashSeed> {
    let path = data.hash_seed();
    if let Some(seed) = read(&path)? {
        return Ok(seed);
    }
    make(&path).with_context(|| format!("{}: cannot be made", path.display()))?;
    // Whoever was first has made it.
    read(&path)?.with_context(|| format!("{}: was removed while it was made", path.display()))
}

fn read(path: &Path) -> anyhow::Result<Option<HashSeed>> {
    let mut text = String::new();
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file,
    };
    let read = file.and_then(|file| file.take(DIGITS as u64 + 2).read_to_string(&mut text));
    match read {
        Err(error) if error.kind() != io::ErrorKind::InvalidData => {
            Err(error).with_context(|| format!("{}: cannot be read; check its permission", path.display()))
        }
        _ => match parse(text.trim_end()) {
            Some(seed) => Ok(Some(seed)),
            None => bail!(
                "{}: is no hash seed ({DIGITS} hexadecimal digits); restore it from a backup, or remove it together \
                 with history.snapshot to begin anew",
                path.display()
            ),
        },
    }
}

fn parse(text: &str) -> Option<HashSeed> {
    if text.len() != DIGITS || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let (first, second) = text.split_at(DIGITS / 2);
    Some(HashSeed([u64::from_str_radix(first, 16).ok()?, u64::from_str_radix(second, 16).ok()?]))
}

fn make(path: &Path) -> anyhow::Result<()> {
    let (first, second) = (getrandom::u64()?, getrandom::u64()?);
    Ok(secret_file::make(path, &format!("{first:016x}{second:016x}\n"))?)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn it_is_made_once_and_for_this_user() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::open(folder.path()).unwrap();
        let made = of(&data).unwrap();
        assert_eq!(of(&data).unwrap().0, made.0);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(data.hash_seed()).unwrap().permissions().mode() & 0o777, 0o600);
        }
        let elsewhere = tempfile::tempdir().unwrap();
        assert_ne!(of(&DataDir::open(elsewhere.path()).unwrap()).unwrap().0, made.0);
    }

    #[test]
    fn what_is_no_seed_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::open(folder.path()).unwrap();
        for text in [&b""[..], b"+123456789abcdef0123456789abcdef", b"0123", b"\xff\xfe", &[b'1'; 99]] {
            fs::write(data.hash_seed(), text).unwrap();
            let error = of(&data).unwrap_err().to_string();
            assert!(error.contains("hash.seed: is no hash seed"), "{error}");
        }
    }
}
