//! A file that a command writes: checked before the work, put in place as a whole, never in the place of a file that is read.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::exit::UsageError;

/// Says so before the work, not after it, where the file that `flag` names cannot be written or would take the place of one of the
/// files that are `read`.
///
/// # Errors
/// In both cases.
pub(super) fn check<'a>(
    flag: &str,
    path: &Path,
    mut read: impl Iterator<Item = &'a PathBuf>,
) -> anyhow::Result<()> {
    if let Some(same) = read.find(|other| is_same(path, other)) {
        let (path, same) = (path.display(), same.display());
        return Err(UsageError(format!(
            "{flag}: {path} is {same}, which is read and would be overwritten. Name another file"
        ))
        .into());
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let reason = if path.is_dir() {
        "it is a directory; name a file in it"
    } else if !folder.is_dir() {
        "its folder does not exist"
    } else {
        return try_writing(flag, path);
    };
    Err(UsageError(format!("{flag}: {} cannot be written: {reason}", path.display())).into())
}

/// Leaves what is there as it is, and nothing where nothing was.
fn try_writing(flag: &str, path: &Path) -> anyhow::Result<()> {
    let is_new = !path.exists();
    std::fs::OpenOptions::new()
        .append(true)
        .create(true)
        .open(path)
        .with_context(|| format!("{flag}: {} cannot be written", path.display()))?;
    if is_new {
        let _ = std::fs::remove_file(path); // What is written takes its place.
    }
    Ok(())
}

/// Do both names lead to one file, also through links or standard input? Devices hold nothing to lose.
fn is_same(one: &Path, other: &Path) -> bool {
    let other = if other == Path::new("-") { Path::new("/dev/stdin") } else { other };
    let canonical = |path: &Path| std::fs::canonicalize(path).ok().filter(|path| path.is_file());
    match canonical(one).zip(canonical(other)) {
        Some((one, other)) => one == other || is_same_inode(&one, &other),
        None => false,
    }
}

#[cfg(unix)]
fn is_same_inode(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let inode = |path: &Path| std::fs::metadata(path).ok().map(|meta| (meta.dev(), meta.ino()));
    inode(one).zip(inode(other)).is_some_and(|(one, other)| one == other)
}

#[cfg(not(unix))]
fn is_same_inode(_: &Path, _: &Path) -> bool {
    false
}

/// Writes `page` beside `path` and moves it there: a run that is stopped leaves no half file. What is no ordinary
/// file (a pipe, `/dev/stdout`) is written to as it is; a link stays one.
///
/// # Errors
/// Where the folder cannot be written or is full.
pub(super) fn write(path: &Path, page: impl AsRef<[u8]>) -> io::Result<()> {
    let page = page.as_ref();
    let target = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if target.exists() && !target.is_file() {
        return std::fs::write(&target, page);
    }
    let mut name = target.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let beside = target.with_file_name(name);
    let written = File::create_new(&beside)
        .and_then(|mut file| {
            if let Ok(before) = std::fs::metadata(&target) {
                file.set_permissions(before.permissions())?; // Who may read it is not ours to change.
            }
            file.write_all(page)
        })
        .and_then(|()| std::fs::rename(&beside, &target));
    if written.is_err() {
        let _ = std::fs::remove_file(&beside); // The error that counts is the one before.
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_read_is_never_the_report() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("x.log");
        std::fs::write(&log, "log").unwrap();
        let twice = folder.path().join("./x.log");
        let mut names = vec![log.clone(), twice];
        #[cfg(unix)]
        {
            let [soft, hard] = ["soft", "hard"].map(|name| folder.path().join(name));
            std::os::unix::fs::symlink(&log, &soft).unwrap();
            std::fs::hard_link(&log, &hard).unwrap();
            names.extend([soft, hard]);
        }
        for name in &names {
            let error = check("--report", name, [&log].into_iter()).unwrap_err();
            assert!(error.is::<UsageError>() && error.to_string().contains("which is read"), "{error}");
        }
        assert_eq!(std::fs::read_to_string(&log).unwrap(), "log");
        check("--report", &folder.path().join("y.html"), [&log].into_iter()).unwrap();
    }

    #[test]
    fn the_page_takes_its_place_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.html");
        for page in ["first", "second"] {
            write(&path, page).unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), page);
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    }
}
