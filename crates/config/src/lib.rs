//! palisade.toml: positions kept, every error reported, validated settings out.
//!
//! Four layers, the later wins: file, environment (`PALISADE_SECTION__KEY`), `PORT`, flags. They are merged as one tree
//! whose values know where they came from; one reader walks it, so that errors carry a place and `config show` can say
//! who set what. [`read`] is pure; [`load`] finds the file.
//!
//! This crate knows shapes and ranges, not meanings: which detectors exist is told by the caller, rules stay text until
//! `policy` compiles them, and nothing here opens a socket or a database.

pub mod import;
pub mod settings;

mod bounds;
mod error;
mod layers;
mod load;
mod origin;
mod section;
mod tree;
mod value;

pub use bounds::BOUNDS;
pub use error::{ConfigError, ConfigErrors};
pub use layers::{Flags, Layers};
pub use load::{LoadError, SEARCH_PATHS, load};
pub use origin::{Origin, SourceFile};
pub use section::Effective;
pub use settings::Settings;

/// The example file: every key with its default, commented out. `palisade config init` writes it.
pub const EXAMPLE: &str = include_str!("../../../deploy/palisade.toml");

/// Valid settings, and where each came from.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The settings.
    pub settings: Settings,
    /// Every setting as it is in effect, in the order of the sections; secrets are not shown.
    pub effective: Vec<Effective>,
    /// Whether a file was read.
    pub has_file: bool,
}

impl Loaded {
    /// True where some site has an upstream: without one, and without a file, there is nothing to stand in front of.
    pub fn has_upstream(&self) -> bool {
        self.settings.sites.iter().any(|site| !site.upstreams.is_empty())
    }
}

/// Reads all layers; `detectors` are the names that may follow `detection.`.
///
/// # Errors
/// Every unknown key and bad value at once, in file order, then environment, then flags. A file that is not TOML is
/// reported alone: what it means cannot be told.
pub fn read(layers: &Layers, detectors: &[&str]) -> Result<Loaded, ConfigErrors> {
    let (tree, errors) = layers.merged()?;
    let mut report = section::Report::starting_with(errors);
    let settings = Settings::read(section::Section::root(&mut report, &tree), detectors);
    let has_file = layers.file.is_some();
    report.finish().map(|effective| Loaded { settings, effective, has_file })
}
