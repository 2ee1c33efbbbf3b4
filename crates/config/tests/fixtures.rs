//! `testdata/good` loads, `testdata/bad` is refused with the errors beside it; the file name is the rule.
//! `UPDATE_GOLDEN=1 cargo test -p palisade-config` rewrites the errors.

#![allow(clippy::unwrap_used)] // Helpers of tests are tests.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use palisade_config::{Layers, Loaded, SourceFile, read};

const DETECTORS: [&str; 3] = ["request_rate", "request_burst", "ua_missing"];

fn fixtures(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(folder);
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    assert!(files.len() > 3, "fixtures are there");
    files
}

fn read_text(text: &str) -> Result<Loaded, String> {
    let file = Some(Arc::new(SourceFile::new("palisade.toml", text)));
    read(&Layers { file, ..Layers::default() }, &DETECTORS).map_err(|errors| errors.to_string())
}

#[test]
fn good_files_load() {
    for path in fixtures("good") {
        if let Err(errors) = read_text(&fs::read_to_string(&path).unwrap()) {
            panic!("{}:\n{errors}", path.display());
        }
    }
}

#[test]
fn bad_files_are_refused_with_every_error() {
    for path in fixtures("bad") {
        let Err(found) = read_text(&fs::read_to_string(&path).unwrap()) else {
            panic!("{} loads", path.display());
        };
        let golden = path.with_extension("errors");
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&golden, format!("{found}\n")).unwrap();
        }
        let expected = fs::read_to_string(&golden).unwrap_or_default();
        assert_eq!(format!("{found}\n"), expected, "{}", path.display());
    }
}

#[test]
fn the_example_changes_nothing() {
    let example = read_text(palisade_config::EXAMPLE).unwrap();
    assert_eq!(example.settings, read_text("").unwrap().settings);
}

/// The example with its keys switched on says what the defaults are, key by key.
#[test]
fn the_example_names_every_key_with_its_default() {
    let active = activate(palisade_config::EXAMPLE);
    let example = read_text(&active).unwrap_or_else(|errors| panic!("{errors}\n{active}"));
    let default = read_text("").unwrap();
    for setting in &default.effective {
        let detector = ["detection.request_burst", "detection.ua_missing"];
        if detector.iter().any(|name| setting.key.starts_with(name)) {
            continue; // One detector stands for all.
        }
        let shown = example.effective.iter().find(|other| other.key == setting.key).unwrap();
        assert_ne!(shown.origin, palisade_config::Origin::Default, "{} is not in the example", setting.key);
        let same = shown.value.replace(['[', ']'], "") == setting.value.replace(['[', ']'], "");
        assert!(same, "{}: {} in the example, {} by default", setting.key, shown.value, setting.value);
    }
    assert_eq!(example.settings.sites.len(), 1);
    assert_eq!(example.settings.policy.rules.len(), 2);
}

/// Comments that are switched-off settings start right after the `#`; words have a blank between.
fn activate(example: &str) -> String {
    let mut text = String::new();
    for line in example.lines() {
        let rest = line.strip_prefix('#').filter(|rest| !rest.starts_with(' ') || rest.starts_with("    {"));
        text.push_str(rest.unwrap_or(line));
        text.push('\n');
    }
    text
}
