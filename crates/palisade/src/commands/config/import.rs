//! `palisade config import`: files of other systems in, palisade.toml and files of secrets out.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use palisade_config::import::{
    FILE_BYTES_MAX, ForeignFile, ImportErrors, Imported, ImportedName, ImportedSecret, NameFate, import,
};

use crate::commands::Global;
use crate::exit::{self, UsageError};
use crate::shell;

/// Read the configuration of another system and write palisade.toml
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Args {
    /// Files that belong together: a .env, config.yaml, bot_detection.py; docs/coming-from.md has every name
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// What to write; secrets go into files beside it
    #[arg(long, value_name = "FILE", default_value = "palisade.toml")]
    out: PathBuf,
}

/// Runs it.
///
/// # Errors
/// Where a file cannot be read, is none that can be imported, or something is there that would be overwritten.
pub(super) fn run(args: &Args, global: &Global) -> anyhow::Result<ExitCode> {
    let files = args.files.iter().map(|path| read(path)).collect::<Result<Vec<_>, _>>()?;
    let files: Vec<_> =
        files.iter().map(|(name, bytes)| ForeignFile { name: name.as_str(), bytes }).collect();
    match import(&files, &palisade_detect::detectors::names()) {
        Ok(imported) => {
            write(&args.out, &imported)?;
            if global.json {
                shell::say(&report_json(&args.out, &imported))?;
            } else {
                imported.names.iter().for_each(|name| shell::complain(&told(name)));
                shell::say(&summary(&args.out, &imported))?;
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(errors) if global.json => {
            shell::say(&errors_json(&errors))?;
            Ok(ExitCode::from(exit::USAGE))
        }
        Err(errors) => Err(UsageError(format!("nothing is imported\n{errors}")).into()),
    }
}

fn read(path: &Path) -> Result<(String, Vec<u8>), UsageError> {
    let unreadable = |why: io::Error| {
        UsageError(format!("{}: cannot be read ({why}); check the name and its permission", path.display()))
    };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    // One byte more than is taken, so that what is larger is refused and not cut.
    file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    Ok((path.display().to_string(), bytes))
}

/// Writes all of it or nothing.
fn write(out: &Path, imported: &Imported) -> anyhow::Result<()> {
    let mut files: Vec<(PathBuf, &str, u32)> = imported
        .secrets
        .iter()
        .map(|secret| (secret_path(out, secret), secret.secret.expose(), 0o600))
        .collect();
    files.push((out.to_owned(), &imported.toml, 0o644));
    for (at, (path, text, mode)) in files.iter().enumerate() {
        let made = OpenOptions::new().write(true).create_new(true).mode(*mode).open(path);
        let written = made.and_then(|mut file| {
            file.write_all(text.as_bytes()).inspect_err(|_| drop(fs::remove_file(path)))
        });
        if let Err(error) = written {
            files[..at].iter().for_each(|(path, ..)| drop(fs::remove_file(path)));
            return Err(match error.kind() {
                io::ErrorKind::AlreadyExists => UsageError(format!(
                    "{}: is there already and stays as it is; name another file with --out",
                    path.display()
                ))
                .into(),
                _ => anyhow::anyhow!(
                    "{}: cannot be written ({error}); check the folder and its permission, or name another file with --out",
                    path.display()
                ),
            });
        }
    }
    Ok(())
}

/// `palisade.toml` and `api.webhook_secret` are `palisade.api-webhook-secret`.
fn secret_path(out: &Path, secret: &ImportedSecret) -> PathBuf {
    out.with_extension(secret.key.replace(['.', '_'], "-"))
}

/// What became of a name, as one line.
fn told(name: &ImportedName) -> String {
    let ImportedName { file, line, name, fate } = name;
    match fate {
        NameFate::Mapped(key) => format!("{file}:{line}: {name}: mapped: {key}"),
        NameFate::Dropped(why) => format!("{file}:{line}: {name}: dropped: {why}"),
        NameFate::Unknown(Some(near)) => format!("{file}:{line}: {name}: unknown; did you mean {near}?"),
        NameFate::Unknown(None) => format!("{file}:{line}: {name}: unknown"),
    }
}

fn summary(out: &Path, imported: &Imported) -> String {
    let count = |is: fn(&NameFate) -> bool| imported.names.iter().filter(|name| is(&name.fate)).count();
    let mut text = format!(
        "{}: written from {}; {} mapped, {} dropped, {} unknown\n",
        out.display(),
        imported.recognised.join(" and "),
        count(|fate| matches!(fate, NameFate::Mapped(_))),
        count(|fate| matches!(fate, NameFate::Dropped(_))),
        count(|fate| matches!(fate, NameFate::Unknown(_))),
    );
    for secret in &imported.secrets {
        text.push_str(&format!("{}: holds {}\n", secret_path(out, secret).display(), secret.key));
    }
    text.push_str(&format!("start it with: {}\n", command(out, imported)));
    text
}

/// The line that starts the server with all of it.
fn command(out: &Path, imported: &Imported) -> String {
    let mut line = String::new();
    for secret in &imported.secrets {
        line.push_str(&format!("{}={} ", secret.variable, word(&secret_path(out, secret))));
    }
    line + &format!("palisade serve -c {}", word(out))
}

/// `path` as one word of a shell.
fn word(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+@".contains(c);
    if text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

fn report_json(out: &Path, imported: &Imported) -> String {
    let row =
        |name: &ImportedName| serde_json::json!({ "file": name.file, "line": name.line, "name": name.name });
    let with = |name: &ImportedName, field: &str, value: &str| {
        let mut row = row(name);
        row[field] = value.into();
        row
    };
    let (mut mapped, mut dropped, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
    for name in &imported.names {
        match &name.fate {
            NameFate::Mapped(key) => mapped.push(with(name, "key", key)),
            NameFate::Dropped(why) => dropped.push(with(name, "reason", why)),
            NameFate::Unknown(Some(near)) => unknown.push(with(name, "nearest", near)),
            NameFate::Unknown(None) => unknown.push(row(name)),
        }
    }
    let secrets: Vec<_> = imported
        .secrets
        .iter()
        .map(|secret| {
            serde_json::json!({
                "key": secret.key,
                "variable": secret.variable,
                "file": secret_path(out, secret).display().to_string(),
                "found_at": secret.found_at(),
            })
        })
        .collect();
    serde_json::json!({
        "written": out.display().to_string(),
        "recognised": imported.recognised,
        "mapped": mapped,
        "dropped": dropped,
        "unknown": unknown,
        "secrets": secrets,
        "command": command(out, imported),
    })
    .to_string()
}

fn errors_json(errors: &ImportErrors) -> String {
    let rows: Vec<_> = errors
        .iter()
        .map(|error| {
            serde_json::json!({
                "file": error.file, "line": error.line, "name": error.name, "problem": error.problem,
            })
        })
        .collect();
    serde_json::json!({ "written": null, "errors": rows }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_shell() {
        let check = |path: &str, expect: &str| assert_eq!(word(Path::new(path)), expect);
        check("/etc/palisade.toml", "/etc/palisade.toml");
        check("my site.toml", "'my site.toml'");
        check("it's", r"'it'\''s'");
    }

    /// Imports switch detectors by name; `config` does not know which exist.
    #[test]
    fn every_detector_that_an_import_names_is_there() {
        let names = palisade_detect::detectors::names();
        let known = palisade_config::import::known_names();
        let named = known.iter().filter_map(|name| name.fate.ok()?.strip_prefix("detection."));
        let mut count = 0;
        for name in named.flat_map(|list| list.split(", ")) {
            let name = name.trim_start_matches('.');
            assert!(names.contains(&name), "{name}");
            count += 1;
        }
        assert!(count > 10, "{count}");
    }
}
