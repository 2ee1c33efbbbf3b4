//! Where models come from: this build, or the trusted folder. The one place that opens them.

use std::path::{Path, PathBuf};

use palisade_config::settings::ModelSettings;
use palisade_learn::traffic;
use palisade_model::{Model, ModelUri, bounds};

/// The models that ship with this build, by name.
const BUILTIN: [(&str, &[u8]); 1] = [("http", include_bytes!("../../../models/http.model"))];

/// The builtin name of no model at all: the hand-set tables score alone.
pub(crate) const RULES: &str = "rules";

/// The model that ships as `name`.
///
/// # Errors
/// Where there is none.
pub(crate) fn builtin(name: &str) -> Result<Model, String> {
    let known = || BUILTIN.map(|(name, _)| format!("builtin:{name}")).join(", ");
    let found = BUILTIN.iter().find(|(known, _)| *known == name);
    let (_, bytes) =
        found.ok_or_else(|| format!("builtin:{name}: there is none; this build has {}", known()))?;
    read(bytes).map_err(|why| format!("builtin:{name}: {why}"))
}

/// The model at `path`.
///
/// # Errors
/// Where it cannot be read, or does not fit this release.
pub(crate) fn at(path: &Path) -> Result<Model, String> {
    let shown = path.display();
    let bytes = bounded(path).map_err(|why| format!("{shown}: {why}"))?;
    read(&bytes).map_err(|why| format!("{shown}: {why}"))
}

/// The model of `[model]`; `None` for `builtin:rules`. Files lie in the trusted folder, links followed.
///
/// # Errors
/// Where it is unknown, leads out of the folder, or does not fit this release.
pub(crate) fn configured(settings: &ModelSettings) -> Result<Option<Model>, String> {
    match &settings.uri {
        ModelUri::Builtin(name) if name == RULES => Ok(None),
        ModelUri::Builtin(name) => builtin(name).map(Some),
        ModelUri::File(file) => at(&trusted(&settings.trusted_dir, file)?).map(Some),
        ModelUri::Onnx(file) => Err(format!("{}: this build reads no ONNX", file.display())),
    }
}

/// `file`, by its real place, which is in `folder` or below it.
fn trusted(folder: &Path, file: &Path) -> Result<PathBuf, String> {
    let real = |path: &Path, what: &str| {
        path.canonicalize().map_err(|why| format!("{}: {what} cannot be found ({why})", path.display()))
    };
    let folder = real(folder, "model.trusted_dir")?;
    let place = real(&folder.join(file), "the model")?;
    if !place.starts_with(&folder) {
        let (place, folder) = (place.display(), folder.display());
        return Err(format!(
            "{place}: lies outside of model.trusted_dir, {folder}; models are loaded from there only"
        ));
    }
    Ok(place)
}

/// A file no longer than a model may be.
fn bounded(path: &Path) -> Result<Vec<u8>, String> {
    let found = std::fs::metadata(path).map_err(|why| format!("cannot be read ({why})"))?;
    if found.len() > bounds::FILE_BYTES_MAX as u64 {
        return Err(format!("has {} bytes, a model at most {}", found.len(), bounds::FILE_BYTES_MAX));
    }
    std::fs::read(path).map_err(|why| format!("cannot be read ({why})"))
}

fn read(bytes: &[u8]) -> Result<Model, String> {
    traffic::expected(|expect| Model::read(bytes, expect)).map_err(|why| why.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_model_that_ships_fits_this_release() {
        for (name, _) in BUILTIN {
            let model = builtin(name).unwrap_or_else(|why| panic!("{why}"));
            assert!(model.contribution_max().is_finite(), "without local labels {name} is held to a bound");
        }
        let error = builtin("htp").unwrap_err();
        assert!(error.contains("builtin:http"), "{error}");
    }

    #[test]
    fn models_come_from_the_trusted_folder_only() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let inside = folder.path().join("models");
        std::fs::create_dir(&inside).expect("it is made");
        std::fs::write(folder.path().join("outside.model"), BUILTIN[0].1).expect("it is written");
        std::fs::write(inside.join("shop.model"), BUILTIN[0].1).expect("it is written");
        std::os::unix::fs::symlink("../outside.model", inside.join("link.model")).expect("it is linked");
        let from = |file: &str| {
            let settings = ModelSettings {
                uri: ModelUri::File(file.into()),
                trusted_dir: inside.clone(),
                ..ModelSettings::default()
            };
            configured(&settings).map(|model| model.map(|model| model.id().to_owned()))
        };
        assert!(matches!(from("shop.model"), Ok(Some(_))));
        assert!(matches!(from(&inside.join("shop.model").display().to_string()), Ok(Some(_))));
        for outside in ["link.model".to_owned(), folder.path().join("outside.model").display().to_string()] {
            let error = from(&outside).unwrap_err();
            assert!(error.contains("outside of model.trusted_dir"), "{error}");
        }
        assert!(from("none.model").unwrap_err().contains("cannot be found"));
    }

    #[test]
    fn the_tables_alone_are_a_choice() {
        let settings = ModelSettings { uri: ModelUri::Builtin(RULES.to_owned()), ..ModelSettings::default() };
        assert!(matches!(configured(&settings), Ok(None)));
    }
}
