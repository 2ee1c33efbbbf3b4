//! One running Palisade for each data folder: two would overwrite each other's history.
//!
//! The operating system lets go of the lock when the process ends, however it ends. Commands that only write the database
//! (`list add`, `keys create`) need none: the database sees to that itself.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};

use anyhow::{Context, bail};
use palisade_store::DataDir;

/// The data folder is ours while this lives.
#[derive(Debug)]
pub(crate) struct Hold {
    _file: File,
}

impl Hold {
    /// Takes `data`.
    ///
    /// # Errors
    /// Where another process serves from it (said with its number), or the lock cannot be made.
    pub(crate) fn of(data: &DataDir) -> anyhow::Result<Hold> {
        let path = data.lock();
        let cannot = || format!("{}: the data folder cannot be locked", path.display());
        let mut options = OpenOptions::new();
        let mut file =
            options.read(true).write(true).create(true).truncate(false).open(&path).with_context(cannot)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                bail!(
                    "{}: another palisade{} serves from this data folder; stop it, or name another folder with --data",
                    data.path().display(),
                    holder(&mut file)
                )
            }
            Err(TryLockError::Error(error)) => return Err(error).with_context(cannot),
        }
        // Only for the words above: a number that cannot be written is no reason to stop.
        let _ = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{}", std::process::id()));
        Ok(Hold { _file: file })
    }
}

/// Longest process number, with its line end.
const PID_BYTES_MAX: u64 = 16;

fn holder(file: &mut File) -> String {
    let mut text = String::new();
    let read = file.take(PID_BYTES_MAX).read_to_string(&mut text);
    match read.ok().and_then(|_| text.trim().parse::<u32>().ok()) {
        Some(pid) => format!(" (process {pid})"),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_is_told_who_holds_it() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::open(folder.path()).unwrap();
        let first = Hold::of(&data).unwrap();
        let error = Hold::of(&data).unwrap_err().to_string();
        let named = format!("another palisade (process {}) serves from this data folder", std::process::id());
        assert!(error.contains(&named) && error.contains("--data"), "{error}");
        drop(first);
        Hold::of(&data).unwrap();
    }

    #[test]
    fn rubbish_in_the_file_is_no_trouble() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::open(folder.path()).unwrap();
        std::fs::write(data.lock(), [0xff; 99]).unwrap();
        let first = Hold::of(&data).unwrap();
        assert_eq!(std::fs::read_to_string(data.lock()).unwrap(), format!("{}\n", std::process::id()));
        std::fs::write(data.lock(), "nobody").unwrap();
        assert!(Hold::of(&data).unwrap_err().to_string().contains("another palisade serves"));
        drop(first);
    }
}
