//! Where a training works, and how it keeps out of the way.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufWriter, Read as _};
use std::path::PathBuf;

use anyhow::Context as _;
use palisade_store::DataDir;
use rustix::process::{Resource, Rlimit, getrlimit, nice, setrlimit};

use crate::exit::UsageError;

/// Seconds of processor time that a training may take.
const CPU_SECS_MAX: u64 = 4 * 3_600;
/// The politest there is: whoever else wants the processor gets it.
const NICE: i32 = 19;

/// The folder of trainings in the data folder.
#[derive(Clone, Debug)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// That of `data`, made where it is missing, for this user only.
    ///
    /// # Errors
    /// Where it cannot be made.
    pub(crate) fn open(data: &DataDir) -> anyhow::Result<Folder> {
        let path = data.training();
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&path).with_context(|| format!("{}: cannot be made", path.display()))?;
        Ok(Folder(path))
    }

    /// Holds the folder for one training; the system lets go of it when the process ends, however it does.
    ///
    /// # Errors
    /// While another holds it.
    pub(super) fn lock(&self) -> anyhow::Result<File> {
        let path = self.0.join("lock");
        let file = File::create(&path).with_context(|| format!("{}: cannot be made", path.display()))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => {
                let words = "another training is under way in this data folder; wait for it, or cancel it";
                Err(UsageError(words.to_owned()).into())
            }
            Err(TryLockError::Error(error)) => Err(error).with_context(|| path.display().to_string()),
        }
    }

    /// Where the list of jobs is kept.
    pub(crate) fn jobs(&self) -> PathBuf {
        self.0.join("jobs.json")
    }

    /// Where stored requests are put for the replay.
    pub(super) fn traffic_path(&self) -> PathBuf {
        self.0.join("traffic.ndjson")
    }

    /// The file for stored requests, empty: what a killed training left there goes.
    ///
    /// # Errors
    /// Where it cannot be made.
    pub(super) fn traffic(&self) -> anyhow::Result<BufWriter<File>> {
        let path = self.traffic_path();
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path).with_context(|| format!("{}: cannot be made", path.display()))?;
        Ok(BufWriter::with_capacity(1 << 20, file))
    }

    /// `error` with the file that could not be written, where it is about that file.
    pub(super) fn blamed(&self, error: anyhow::Error) -> anyhow::Error {
        if !error.is::<io::Error>() {
            return error;
        }
        let path = self.traffic_path();
        let way = "stored requests cannot be written there; free space, or move the data folder (--data), and train again";
        error.context(format!("{}: {way}", path.display()))
    }

    /// Removes what nobody needs any more; requests of people do not stay in two places.
    pub(super) fn clear(&self) {
        let _ = std::fs::remove_file(self.traffic_path());
    }
}

/// Gives way to everything else, takes no more than its share of processor time, and ends with whoever began it.
///
/// # Errors
/// Where the system refuses.
pub(super) fn step_back() -> io::Result<()> {
    // A lower priority is never refused.
    nice(NICE)?;
    let before = getrlimit(Resource::Cpu);
    let current = before.maximum.map_or(CPU_SECS_MAX, |maximum| maximum.min(CPU_SECS_MAX));
    setrlimit(Resource::Cpu, Rlimit { current: Some(current), maximum: before.maximum })?;
    std::thread::spawn(|| {
        // Ends when the other end is gone, whether it was closed or its owner was killed.
        let _ = io::stdin().lock().read_to_end(&mut Vec::with_capacity(64));
        std::process::exit(i32::from(crate::exit::RUNTIME));
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_training_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let folder = Folder::open(&DataDir::open(folder.path()).unwrap()).unwrap();
        let held = folder.lock().unwrap();
        assert!(folder.lock().unwrap_err().is::<UsageError>());
        drop(held);
        folder.lock().unwrap();
    }

    #[test]
    fn what_was_written_is_read_by_this_user_only_and_goes() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(&DataDir::open(place.path()).unwrap()).unwrap();
        drop(folder.traffic().unwrap());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = |path: PathBuf| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!((mode(folder.traffic_path()), mode(folder.0.clone())), (0o600, 0o700));
        }
        folder.clear();
        assert!(!folder.traffic_path().exists());
    }
}
