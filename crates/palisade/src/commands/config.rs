//! `palisade config`: check, show, begin and import a configuration.

mod import;

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use palisade_config::settings::{ServerSettings, VisitorPrefix};
use palisade_config::{ConfigErrors, EXAMPLE, Effective, Flags, LoadError, Loaded, SEARCH_PATHS};
use palisade_store::DataDir;

use super::{Global, serve};
use crate::exit::{self, UsageError};
use crate::not_yet;
use crate::prefix;
use crate::running;
use crate::setup;
use crate::shell;

/// Check, show, begin and import a configuration.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Verb,
}

#[derive(Clone, Debug, clap::Subcommand)]
enum Verb {
    /// Say whether the configuration is sound; every error at once, exit code 2 where there is one. Warnings do not count
    Check,
    /// Print every setting in effect and who set it
    Show,
    /// Write a palisade.toml with every key and its default, commented out
    Init,
    /// Read the configuration of another system and write palisade.toml; every name is told what became of it
    Import(import::Args),
}

/// Runs it.
///
/// # Errors
/// Where the configuration cannot be read or a file cannot be written.
pub(crate) fn run(args: Args, global: &Global) -> anyhow::Result<ExitCode> {
    match args.action {
        Verb::Check => check(global),
        Verb::Show => show(global),
        Verb::Init => init(global.config.as_deref().unwrap_or(Path::new(SEARCH_PATHS[0]))),
        Verb::Import(args) => import::run(&args, global),
    }
}

fn load(global: &Global) -> Result<Loaded, LoadError> {
    let environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let detectors = palisade_detect::detectors::names();
    palisade_config::load(global.config.as_deref(), environment, Flags::default(), &detectors)
}

fn check(global: &Global) -> anyhow::Result<ExitCode> {
    match load(global) {
        Ok(loaded) => {
            let mut warnings = setup::check(&loaded)?;
            running::check(&loaded.settings)?;
            warnings.extend(not_yet::warnings(&loaded));
            if global.json {
                let json = serde_json::json!({ "valid": true, "errors": [], "warnings": warnings });
                shell::say(&json.to_string())?;
            } else {
                warnings.iter().for_each(|line| shell::complain(line));
                shell::say(&format!("{}: {}", source(global), outcome(warnings.len())))?;
            }
        }
        Err(LoadError::Invalid(errors)) => {
            if global.json {
                shell::say(&errors_json(&errors))?;
            } else {
                shell::complain(&errors.to_string());
            }
            return Ok(ExitCode::from(exit::USAGE));
        }
        Err(error) => return Err(UsageError(error.to_string()).into()),
    }
    Ok(ExitCode::SUCCESS)
}

/// What came of a configuration that is taken.
fn outcome(warnings: usize) -> String {
    match warnings {
        0 => "nothing is wrong".to_owned(),
        1 => "one warning; the configuration is taken as it is".to_owned(),
        many => format!("{many} warnings; the configuration is taken as it is"),
    }
}

/// What was read, for people.
fn source(global: &Global) -> String {
    setup::config_file(global).map_or_else(
        || format!("no {} and no {}, so the defaults", SEARCH_PATHS[0], SEARCH_PATHS[1]),
        |path| path.display().to_string(),
    )
}

fn show(global: &Global) -> anyhow::Result<ExitCode> {
    let loaded = load(global).map_err(setup::refused)?;
    let data = DataDir::unopened(global.data.as_deref().unwrap_or(serve::DATA.as_ref()));
    let drawn = drawn_prefix(&loaded.settings.server, &data);
    shell::say(&if global.json {
        settings_json(&loaded.effective, drawn.as_ref())
    } else {
        settings_text(&loaded.effective)
            + &drawn.map(|drawn| prefix_text(&drawn, &data)).unwrap_or_default()
            + &policy_text(&setup::describe_policy(&loaded)?)
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Which random prefix `data` has, or why none; nothing where the configuration names the prefix.
fn drawn_prefix(settings: &ServerSettings, data: &DataDir) -> Option<anyhow::Result<Option<String>>> {
    (settings.visitor_prefix == VisitorPrefix::Random).then(|| prefix::drawn(&data.visitor_prefix()))
}

/// The same as a comment behind the settings.
fn prefix_text(drawn: &anyhow::Result<Option<String>>, data: &DataDir) -> String {
    let file = data.visitor_prefix();
    let file = file.display();
    let says = match drawn {
        Ok(Some(prefix)) => format!("is {prefix}, as {file} keeps it"),
        Ok(None) => format!("is not drawn yet: the first start makes {file} (--data names another folder)"),
        Err(error) => format!("is not known: {error:#}"),
    };
    format!("\n# server.visitor_prefix {says}\n")
}

/// The steps of the policy, in the order in which they are asked, as comments behind the settings.
fn policy_text(steps: &[(&'static str, String)]) -> String {
    let width = steps.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let lines: String = steps.iter().map(|(name, says)| format!("# {name:<width$}  {says}\n")).collect();
    format!("\n# The order in which a request is decided; the first that speaks decides:\n{lines}")
}

/// One setting a line; what differs from the default is told where it was set.
fn settings_text(settings: &[Effective]) -> String {
    let line = |setting: &Effective| format!("{} = {}", setting.key, setting.value);
    let width =
        settings.iter().map(|setting| line(setting).chars().count()).filter(|width| *width <= 60).max();
    let width = width.unwrap_or(0);
    let mut text = String::new();
    for setting in settings {
        text.push_str(&format!("{:width$}  # {}\n", line(setting), setting.origin));
    }
    text
}

/// A random prefix stands beside its setting as `in_effect`; null where it is not known.
fn settings_json(settings: &[Effective], drawn: Option<&anyhow::Result<Option<String>>>) -> String {
    let rows: Vec<_> = settings
        .iter()
        .map(|setting| {
            let mut row = serde_json::json!({
                "key": setting.key, "value": setting.value, "origin": setting.origin.to_string(),
            });
            if let Some(drawn) = drawn.filter(|_| setting.key == "server.visitor_prefix") {
                row["in_effect"] = drawn.as_ref().ok().cloned().flatten().into();
            }
            row
        })
        .collect();
    serde_json::Value::Array(rows).to_string()
}

fn errors_json(errors: &ConfigErrors) -> String {
    let rows: Vec<_> = errors
        .iter()
        .map(|error| {
            serde_json::json!({
                "at": error.origin.to_string(), "key": error.key, "problem": error.problem,
            })
        })
        .collect();
    serde_json::json!({ "valid": false, "errors": rows, "warnings": [] }).to_string()
}

/// Never overwrites: somebody's settings may be in there.
fn init(path: &Path) -> anyhow::Result<ExitCode> {
    let made = File::create_new(path).and_then(|mut file| file.write_all(EXAMPLE.as_bytes()));
    match made {
        Ok(()) => {
            shell::say(&format!("{}: written; every key is there, commented out", path.display()))?;
            Ok(ExitCode::SUCCESS)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(UsageError(format!(
            "{}: is there already and stays as it is; name another file with --config",
            path.display()
        ))
        .into()),
        Err(error) => Err(anyhow::anyhow!(
            "{}: cannot be written ({error}); check the folder and its permission, or name another file with --config",
            path.display()
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_file(text: &str) -> (tempfile::TempDir, Global) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("palisade.toml");
        std::fs::write(&path, text).unwrap();
        (folder, Global { config: Some(path), ..Global::default() })
    }

    fn typed(action: Verb, global: &Global) -> anyhow::Result<ExitCode> {
        run(Args { action }, global)
    }

    #[test]
    fn a_sound_file_is_fine_and_a_bad_one_is_not() {
        let (_folder, sound) = in_file("[policy]\npreset = \"strict\"\n");
        assert_eq!(typed(Verb::Check, &sound).unwrap(), ExitCode::SUCCESS);
        let (_folder, bad) = in_file("[policy.bands]\nblock = 120\n");
        assert_eq!(typed(Verb::Check, &bad).unwrap(), ExitCode::from(exit::USAGE));
        let error = typed(Verb::Show, &bad).unwrap_err();
        assert!(
            error.is::<UsageError>()
                && error.to_string().contains("palisade.toml:2:9: policy.bands.block: 120")
        );
    }

    #[test]
    fn every_shipped_detector_can_be_set() {
        for name in palisade_detect::detectors::names() {
            let (_folder, global) = in_file(&format!("[detection.{name}]\nweight = 0.5\n"));
            assert!(load(&global).is_ok(), "{name}");
        }
    }

    #[test]
    fn who_set_what_is_shown() {
        let (_folder, global) = in_file("[policy]\npreset = \"strict\"\n");
        let effective = load(&global).unwrap().effective;
        let text = settings_text(&effective);
        let line = text.lines().find(|line| line.starts_with("policy.preset")).unwrap();
        assert!(
            line.starts_with("policy.preset = \"strict\"") && line.ends_with("palisade.toml:2:10"),
            "{line}"
        );
        let json: serde_json::Value = serde_json::from_str(&settings_json(&effective, None)).unwrap();
        assert_eq!(json.as_array().map(Vec::len), Some(effective.len()));
    }

    #[test]
    fn a_random_prefix_is_shown_as_it_was_drawn() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::open(folder.path()).unwrap();
        let shown = |word: &str| {
            let (_file, global) = in_file(&format!("[server]\nvisitor_prefix = \"{word}\"\n"));
            let loaded = load(&global).unwrap();
            let drawn = drawn_prefix(&loaded.settings.server, &data);
            let json: serde_json::Value =
                serde_json::from_str(&settings_json(&loaded.effective, drawn.as_ref())).unwrap();
            let rows = json.as_array().unwrap();
            let row = rows.iter().find(|row| row["key"] == "server.visitor_prefix").unwrap();
            (row.get("in_effect").cloned(), drawn.map(|drawn| prefix_text(&drawn, &data)).unwrap_or_default())
        };
        assert_eq!(shown("/x-7f3a/"), (None, String::new()));
        let (json, text) = shown("random");
        assert!(json == Some(serde_json::Value::Null) && text.contains("is not drawn yet"), "{text}");
        std::fs::write(data.visitor_prefix(), "/3f9a0c11be42/\n").unwrap();
        let (json, text) = shown("random");
        assert!(json == Some("/3f9a0c11be42/".into()) && text.contains("is /3f9a0c11be42/, as"), "{text}");
        std::fs::write(data.visitor_prefix(), "garbage").unwrap();
        let (json, text) = shown("random");
        assert!(json == Some(serde_json::Value::Null) && text.contains("is not known: "), "{text}");
    }

    #[test]
    fn errors_are_pure_json_on_request() {
        let (_folder, global) = in_file("[polcy]\n");
        let Err(LoadError::Invalid(errors)) = load(&global) else { panic!("must be refused") };
        let json: serde_json::Value = serde_json::from_str(&errors_json(&errors)).unwrap();
        assert_eq!(json["errors"][0]["key"], "polcy");
        assert_eq!(json["valid"], false);
    }

    #[test]
    fn init_writes_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("palisade.toml");
        init(&path).unwrap();
        std::fs::write(&path, "# mine\n").unwrap();
        let again = init(&path).unwrap_err();
        assert!(again.is::<UsageError>(), "{again}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "# mine\n");
        let nowhere = init(&folder.path().join("no/palisade.toml")).unwrap_err();
        assert!(!nowhere.is::<UsageError>() && nowhere.to_string().contains("--config"), "{nowhere}");
    }
}
