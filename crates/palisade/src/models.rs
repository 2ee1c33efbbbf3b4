//! Where models come from: this build, or the trusted folder. The one place that opens them.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use palisade_challenge::behaviour::schema as hands;
use palisade_config::settings::ModelSettings;
use palisade_detect::{Learned, schema};
use palisade_model::{Expect, Foreign, Model, ModelError, ModelFile, ModelUri, Subject, bounds};
use sha2::{Digest as _, Sha256};

/// The models that ship with this build, by name.
const BUILTIN: [(&str, &[u8]); 1] = [("http", include_bytes!("../../../models/http.model"))];

/// The builtin name of no model at all: the hand-set tables score alone.
pub(crate) const RULES: &str = "rules";

/// A model that was read, ready to score.
#[derive(Clone, Debug)]
pub(crate) struct Opened {
    by: By,
    sha256: String,
}

#[derive(Clone, Debug)]
enum By {
    Own(Arc<Model>),
    #[cfg_attr(not(feature = "onnx"), expect(dead_code, reason = "this build reads none"))]
    Foreign(Arc<dyn Foreign>),
}

impl Opened {
    /// A model of ours, in the bytes of its file; where one is `wanted`, it is to judge that.
    fn own(bytes: &[u8], wanted: Option<Subject>) -> Result<Opened, String> {
        let model = any(bytes).map_err(|why| why.to_string())?;
        let model = wanted.map_or(Ok(model.clone()), |wanted| judging(model, wanted))?;
        Ok(Opened { by: By::Own(Arc::new(model)), sha256: digest(bytes) })
    }

    /// Its name.
    pub(crate) fn id(&self) -> &str {
        match &self.by {
            By::Own(model) => model.id(),
            By::Foreign(model) => model.id(),
        }
    }

    /// How it computes, in a word.
    pub(crate) fn kind(&self) -> &'static str {
        match &self.by {
            By::Own(model) => model.kind().name(),
            By::Foreign(model) => model.kind(),
        }
    }

    /// The digest of its file, in hex digits.
    pub(crate) fn sha256(&self) -> &str {
        &self.sha256
    }

    /// Ready for an engine.
    pub(crate) fn learned(&self) -> Learned {
        match &self.by {
            By::Own(model) => Learned::new(Arc::clone(model)),
            By::Foreign(model) => Learned::foreign(Arc::clone(model)),
        }
    }

    /// What the file of a model of ours says.
    pub(crate) fn model(&self) -> Option<&Model> {
        match &self.by {
            By::Own(model) => Some(model),
            By::Foreign(_) => None,
        }
    }
}

/// The model in `file`, whatever it judges, where this release can use it.
///
/// # Errors
/// With what is wrong with it.
pub(crate) fn any(file: &[u8]) -> Result<Model, ModelError> {
    let file = ModelFile::read(file)?;
    let make = |expect: &Expect<'_>| Model::new(file.clone(), expect);
    match file.subject {
        Subject::Traffic => schema::expected(make),
        Subject::Behaviour => hands::expected(make),
    }
}

/// `model`, where it judges `wanted`.
///
/// # Errors
/// Where it judges something else, with the schemas of both.
pub(crate) fn judging(model: Model, wanted: Subject) -> Result<Model, String> {
    let found = model.subject();
    if found == wanted {
        return Ok(model);
    }
    let schema_id = |subject| match subject {
        Subject::Traffic => schema::ID,
        Subject::Behaviour => hands::ID,
    };
    Err(format!(
        "it judges {} (schema {}), and what is to be judged here is {} ({}); {}",
        found.name(),
        schema_id(found),
        wanted.name(),
        schema_id(wanted),
        match found {
            Subject::Behaviour =>
                "models of behaviour are trained and evaluated with --kind behaviour, and no release serves them yet",
            Subject::Traffic => "models of traffic are evaluated without --kind",
        }
    ))
}

/// The model that ships as `name`, which is to judge `wanted`.
///
/// # Errors
/// Where there is none, or it judges something else.
pub(crate) fn builtin(name: &str, wanted: Subject) -> Result<Opened, String> {
    let known = || BUILTIN.map(|(name, _)| format!("builtin:{name}")).join(", ");
    let found = BUILTIN.iter().find(|(known, _)| *known == name);
    let (_, bytes) =
        found.ok_or_else(|| format!("builtin:{name}: there is none; this build has {}", known()))?;
    Opened::own(bytes, Some(wanted)).map_err(|why| format!("builtin:{name}: {why}"))
}

/// The model of a word on the command line, whatever it judges: `builtin:NAME`, `onnx:FILE`, an ONNX file by its ending, else one of
/// ours.
///
/// # Errors
/// Where there is none, or it does not fit this release.
pub(crate) fn whichever(named: &str) -> Result<Opened, String> {
    match named.strip_prefix("builtin:") {
        Some(name) => builtin(name, Subject::Traffic),
        None => match place(named) {
            (path, true) => onnx_at(path),
            (path, false) => own_at(path, None),
        },
    }
}

/// The file that a word on the command line means, and whether it is ONNX.
fn place(named: &str) -> (&Path, bool) {
    match named.strip_prefix("onnx:") {
        Some(file) => (Path::new(file), true),
        None => {
            let path = Path::new(named);
            (path, path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("onnx")))
        }
    }
}

/// The model that whoever calls has named on the command line: `onnx:FILE`, an ONNX file by its ending, else one of ours.
///
/// # Errors
/// Where it cannot be read, or does not fit this release.
#[cfg(feature = "train")]
pub(crate) fn named(named: &str, wanted: Subject) -> Result<Opened, String> {
    match (place(named), wanted) {
        ((path, false), _) => own_at(path, Some(wanted)),
        ((path, true), Subject::Traffic) => onnx_at(path),
        ((path, true), Subject::Behaviour) => {
            Err(format!("{}: ONNX files judge traffic; models of behaviour are our own", path.display()))
        }
    }
}

fn own_at(path: &Path, wanted: Option<Subject>) -> Result<Opened, String> {
    let read = bounded(path, bounds::FILE_BYTES_MAX).and_then(|bytes| Opened::own(&bytes, wanted));
    read.map_err(|why| format!("{}: {why}", path.display()))
}

#[cfg(feature = "onnx")]
fn onnx_at(path: &Path) -> Result<Opened, String> {
    use palisade_onnx::OnnxModel;

    let read = bounded(path, palisade_onnx::bounds::FILE_BYTES_MAX).and_then(|bytes| {
        let model = schema::expected(|expect| OnnxModel::read(&name_of(path), &bytes, expect));
        let model = model.map_err(|why| why.to_string())?;
        Ok(Opened { by: By::Foreign(Arc::new(model)), sha256: digest(&bytes) })
    });
    read.map_err(|why| format!("{}: {why}", path.display()))
}

#[cfg(not(feature = "onnx"))]
fn onnx_at(path: &Path) -> Result<Opened, String> {
    let why =
        "this build reads no ONNX (it was made with --no-default-features); use one with the feature onnx";
    Err(format!("{}: {why}", path.display()))
}

/// The model of `[model]`; `None` for `builtin:rules`. Files lie in the trusted folder, links followed.
///
/// # Errors
/// Where it is unknown, leads out of the folder, or does not fit this release.
pub(crate) fn configured(settings: &ModelSettings) -> Result<Option<Opened>, String> {
    match &settings.uri {
        ModelUri::Builtin(name) if name == RULES => Ok(None),
        ModelUri::Builtin(name) => builtin(name, Subject::Traffic).map(Some),
        ModelUri::File(file) => {
            own_at(&trusted(&settings.trusted_dir, file)?, Some(Subject::Traffic)).map(Some)
        }
        ModelUri::Onnx(file) => onnx_at(&trusted(&settings.trusted_dir, file)?).map(Some),
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

/// A file of at most so many bytes.
fn bounded(path: &Path, bytes_max: usize) -> Result<Vec<u8>, String> {
    let found = std::fs::metadata(path).map_err(|why| format!("cannot be read ({why})"))?;
    if !found.is_file() {
        return Err("is no file".to_owned());
    }
    if found.len() > bytes_max as u64 {
        return Err(format!("has {} bytes, a model at most {bytes_max}", found.len()));
    }
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(|why| format!("cannot be read ({why})"))?;
    // What grows while it is read, or has no end, is cut, and then refused by what is missing.
    file.take(bytes_max as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|why| format!("cannot be read ({why})"))?;
    Ok(bytes)
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A name for the model at `path`, of the characters that names of models have.
#[cfg(any(feature = "onnx", feature = "train"))]
pub(crate) fn name_of(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    let plain =
        |letter: char| if letter.is_ascii_alphanumeric() || "._-".contains(letter) { letter } else { '-' };
    let name: String = stem.chars().map(plain).take(bounds::NAME_BYTES_MAX).collect();
    if name.is_empty() { "model".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_model_that_ships_fits_this_release() {
        for (name, _) in BUILTIN {
            let opened = builtin(name, Subject::Traffic).unwrap_or_else(|why| panic!("{why}"));
            let By::Own(model) = &opened.by else { panic!("what ships is ours") };
            assert!(model.contribution_max().is_finite(), "without local labels {name} is held to a bound");
        }
        let error = builtin("htp", Subject::Traffic).unwrap_err();
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

    /// The model that ships, as a release with fewer features in another order would have written it.
    #[test]
    fn a_model_of_an_older_release_is_read_by_the_names_of_its_features() {
        use palisade_detect::schema::FeatureVector;
        use palisade_domain::Vantage;
        use palisade_model::{Contributions, Expect};

        let vantages = Vantage::ALL.map(Vantage::name);
        let ships = schema::expected(|expect| Model::read(BUILTIN[0].1, expect)).expect("it fits");
        let is_used =
            |at: &usize| ships.file().views.iter().any(|view| view.features.contains(&(*at as u16)));
        let names: Vec<&str> = schema::names().collect();
        let (used, unused): (Vec<usize>, Vec<usize>) = (0..names.len()).rev().partition(|at| is_used(at));
        assert!(!unused.is_empty(), "there is something that an older release may not have had");
        let reordered: Vec<&str> = used.iter().chain(&unused).map(|at| names[*at]).collect();
        let expect = Expect { schema_id: schema::ID, features: &reordered, vantages: &vantages };
        let mut file = Model::read(BUILTIN[0].1, &expect).expect("only the order is another").file().clone();
        file.schema.features.truncate(used.len());
        let expect = Expect { features: &reordered[..used.len()], ..expect };
        let older = Model::new(file, &expect).expect("it uses none of the others");

        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(folder.path().join("older.model"), older.to_bytes()).expect("it is written");
        let (uri, trusted_dir) = (ModelUri::File("older.model".into()), folder.path().to_owned());
        let settings = ModelSettings { uri, trusted_dir, ..ModelSettings::default() };
        let opened = configured(&settings).expect("every feature is known").expect("it is a model");
        assert_eq!(opened.sha256(), digest(&older.to_bytes()), "it is called by the file as it lies there");
        let (one, other) = (builtin("http", Subject::Traffic).expect("it ships").learned(), opened.learned());
        for row in 0..40 {
            let value = |at: usize| {
                if (at + row).is_multiple_of(5) { f32::NAN } else { ((at * 7 + row * 3) % 11) as f32 }
            };
            let vector = FeatureVector::of(&(0..names.len()).map(value).collect::<Vec<_>>());
            for vantage in Vantage::ALL {
                let (mut why, mut too) = (Contributions::new(), Contributions::new());
                let said = one.opinion(vantage, &vector, &mut why);
                assert_eq!(said, other.opinion(vantage, &vector, &mut too));
                assert_eq!(why.as_slice(), too.as_slice());
            }
        }
    }

    #[cfg(feature = "onnx")]
    #[test]
    fn onnx_files_come_from_the_trusted_folder_only() {
        let bytes = include_bytes!("../../onnx/testdata/forest.onnx");
        let folder = tempfile::tempdir().expect("a temporary folder");
        let inside = folder.path().join("models");
        std::fs::create_dir(&inside).expect("it is made");
        std::fs::write(inside.join("Forest 1.onnx"), bytes).expect("it is written");
        std::fs::write(folder.path().join("outside.onnx"), bytes).expect("it is written");
        std::os::unix::fs::symlink("../outside.onnx", inside.join("link.onnx")).expect("it is linked");
        let long = std::fs::File::create(inside.join("long.onnx")).expect("it is made");
        long.set_len(palisade_onnx::bounds::FILE_BYTES_MAX as u64 + 1).expect("it is long");
        std::fs::write(inside.join("cut.onnx"), &bytes[..99]).expect("it is written");
        let from = |file: &str| {
            let (uri, trusted_dir) = (ModelUri::parse(file).expect("it is a name"), inside.clone());
            configured(&ModelSettings { uri, trusted_dir, ..ModelSettings::default() })
        };
        let opened = from("onnx:Forest 1.onnx").expect("it is read").expect("it is a model");
        assert_eq!((opened.id(), opened.kind(), opened.sha256()), ("forest-1", "onnx", &*digest(bytes)));
        assert_eq!(opened.learned().no_opinions(), Some(0));
        let refused = |file: &str, says: &str| {
            let error = from(file).expect_err("it is refused");
            assert!(error.contains(says), "{file}: {error}");
        };
        refused("link.onnx", "outside of model.trusted_dir");
        refused(&folder.path().join("outside.onnx").display().to_string(), "outside of model.trusted_dir");
        refused("long.onnx", "has 4194305 bytes, a model at most 4194304");
        refused("cut.onnx", "this is no ONNX file");
        refused("none.onnx", "cannot be found");
    }

    #[test]
    fn the_tables_alone_are_a_choice() {
        let settings = ModelSettings { uri: ModelUri::Builtin(RULES.to_owned()), ..ModelSettings::default() };
        assert!(matches!(configured(&settings), Ok(None)));
    }
}
