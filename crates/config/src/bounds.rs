//! Bounds of what is read. The operator writes the file, but `config check` may be run on anybody's.

use palisade_limits::Bound;

/// Most bytes of a configuration file or secret file.
pub const FILE_BYTES_MAX: u64 = 1 << 20;
/// Most items of one list.
pub(crate) const LIST_ITEMS_MAX: usize = 10_000;
/// Most texts under names of the operator's choice.
pub(crate) const TEXTS_MAX: usize = 100;
/// Most `[[sites]]`.
pub(crate) const SITES_MAX: usize = 1_000;
/// Most rules of one policy.
pub(crate) const RULES_MAX: usize = 1_000;
/// Most errors that are shown.
pub(crate) const ERRORS_MAX: usize = 100;
/// Characters of a foreign value that an error repeats.
pub(crate) const QUOTE_CHARS_MAX: usize = 48;

/// Most names of one imported file.
pub(crate) const IMPORT_NAMES_MAX: usize = 10_000;
/// Most bytes of one imported value.
pub(crate) const IMPORT_VALUE_BYTES_MAX: usize = 16 << 10;
/// Deepest nesting of an imported file.
pub(crate) const IMPORT_DEPTH_MAX: usize = 16;

/// The named bounds of this crate.
pub const BOUNDS: &[Bound] = &[
    Bound::new("config.file_bytes_max", FILE_BYTES_MAX, "bytes", "a thousand sites fit ten times", REFUSED),
    Bound::new(
        "config.list_items_max",
        LIST_ITEMS_MAX as u64,
        "items",
        "lists of proxies and paths are short",
        REFUSED,
    ),
    Bound::new(
        "config.texts_max",
        TEXTS_MAX as u64,
        "texts of one table",
        "previews read a dozen tags",
        REFUSED,
    ),
    Bound::new("config.sites_max", SITES_MAX as u64, "sites", "one process serves no more", REFUSED),
    Bound::new(
        "config.rules_max",
        RULES_MAX as u64,
        "rules",
        "what the policy budget is measured with",
        REFUSED,
    ),
    Bound::new(
        "config.import_names_max",
        IMPORT_NAMES_MAX as u64,
        "names",
        "the longest of the files has three hundred",
        "the import is refused and says so",
    ),
    Bound::new(
        "config.import_value_bytes_max",
        IMPORT_VALUE_BYTES_MAX as u64,
        "bytes",
        "a list of networks fits; variables in variables could double without end",
        "the import is refused and says so",
    ),
    Bound::new(
        "config.import_depth_max",
        IMPORT_DEPTH_MAX as u64,
        "levels",
        "the files have two",
        "the import is refused and says so",
    ),
    Bound::new(
        "config.errors_max",
        ERRORS_MAX as u64,
        "errors",
        "nobody reads more at once",
        "the rest is counted in one line",
    ),
];

const REFUSED: &str = "the configuration is refused and says so";
