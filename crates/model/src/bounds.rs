//! Every bound of this crate, with its reason.

use palisade_limits::Bound;

/// Bytes of a model file.
pub const FILE_BYTES_MAX: usize = 16 << 20;

/// Features of a schema.
pub const FEATURES_MAX: usize = 512;

/// Bins of a shape, and of each side of a pair; one more than it has edges.
pub const BINS_MAX: usize = 256;

/// Pairs of a view.
pub const PAIRS_MAX: usize = 64;

/// Views of a model.
pub const VIEWS_MAX: usize = 16;

/// Vantages of a view.
pub const VANTAGES_MAX: usize = 16;

/// Trees of a view.
pub const TREES_MAX: usize = 1_000;

/// Splits of a tree.
pub const SPLITS_MAX: usize = 4_095;

/// Splits between the root of a tree and its farthest leaf.
pub const DEPTH_MAX: usize = 16;

/// Layers of a net, the last with its one output included.
pub const LAYERS_MAX: usize = 6;

/// Outputs of a layer.
pub const WIDTH_MAX: usize = 512;

/// Distance from the mean that is still told apart, in standard deviations, either way.
pub const DEVIATIONS_MAX: f32 = 10.0;

/// Keys of a model of sequences.
pub const SEQUENCE_KEYS_MAX: usize = 131_072;

/// Steps of a client that a model of sequences looks at, the last ones.
pub const STEPS_MAX: usize = 64;

/// Log-odds, either way, of one key of a model of sequences.
pub const STEP_LOG_ODDS_MAX: f32 = 20.0;

/// Points of a calibration.
pub const POINTS_MAX: usize = 1_000;

/// Sources of the rows a model was trained from.
pub const SOURCES_MAX: usize = 1_000;

/// Settings a model was trained with.
pub const SETTINGS_MAX: usize = 256;

/// Weaknesses named on a card.
pub const WEAKNESSES_MAX: usize = 64;

/// Values among the metrics, lists and maps included.
pub const FIGURES_MAX: usize = 10_000;

/// Lists and maps around one figure.
pub const FIGURE_DEPTH_MAX: usize = 16;

/// Bytes of a name.
pub const NAME_BYTES_MAX: usize = 128;

/// Bytes of a text.
pub const TEXT_BYTES_MAX: usize = 8_192;

/// Log-odds, either way, of anything but an edge.
pub const LOG_ODDS_MAX: f32 = 1_000.0;

const REFUSED: &str = "refused when the model is read or made, with its place; the model before it stays";

/// The named bounds of this crate.
pub const BOUNDS: &[Bound] = &[
    refusing(
        "model.file_bytes_max",
        FILE_BYTES_MAX,
        "bytes",
        "a hundred times what 60 features of 32 bins take in four views; it is held in memory while it is read",
    ),
    refusing(
        "model.features_max",
        FEATURES_MAX,
        "features of a schema",
        "contributions of one request live on the stack, four bytes each",
    ),
    refusing("model.bins_max", BINS_MAX, "bins of a shape", "beyond this a shape repeats single rows"),
    refusing("model.pairs_max", PAIRS_MAX, "pairs of a view", "each costs as much time as two shapes"),
    refusing(
        "model.trees_max",
        TREES_MAX,
        "trees of a view",
        "ten times what is trained; each costs some twenty nanoseconds of every request",
    ),
    refusing("model.splits_max", SPLITS_MAX, "splits of a tree", "beyond this a tree repeats single rows"),
    refusing(
        "model.depth_max",
        DEPTH_MAX,
        "splits one after the other",
        "each waits for the one before it; twice what is trained",
    ),
    refusing(
        "model.layers_max",
        LAYERS_MAX,
        "layers of a net",
        "with the widest layers and the greatest weights no sum leaves what a number can hold",
    ),
    refusing("model.width_max", WIDTH_MAX, "outputs of a layer", "what a layer gives lives on the stack"),
    Bound {
        name: "model.deviations_max",
        value: DEVIATIONS_MAX as u64,
        unit: "standard deviations, either way",
        reason: "a single absurd value shall not decide alone",
        when_full: "values beyond count as this far",
    },
    refusing(
        "model.sequence_keys_max",
        SEQUENCE_KEYS_MAX,
        "keys of a model of sequences",
        "two megabytes of memory a view, more than a processor keeps at hand",
    ),
    Bound {
        name: "model.steps_max",
        value: STEPS_MAX as u64,
        unit: "steps of a client",
        reason: "each costs some ten searches; history keeps fewer",
        when_full: "only the last are looked at",
    },
    refusing(
        "model.step_log_odds_max",
        STEP_LOG_ODDS_MAX as usize,
        "log-odds of one key, either way",
        "a step that one side never makes is less than a chance of one in a million",
    ),
    refusing("model.views_max", VIEWS_MAX, "views", "there are fewer vantages"),
    refusing("model.vantages_max", VANTAGES_MAX, "vantages of a view", "there are fewer"),
    refusing(
        "model.points_max",
        POINTS_MAX,
        "points of a calibration",
        "searched for each request; a smooth curve needs a few dozen",
    ),
    refusing("model.sources_max", SOURCES_MAX, "sources", "a card is read by people"),
    refusing("model.settings_max", SETTINGS_MAX, "settings of a training", "a card is read by people"),
    refusing("model.weaknesses_max", WEAKNESSES_MAX, "weaknesses", "a card is read by people"),
    refusing("model.figures_max", FIGURES_MAX, "values among the metrics", "a card is read by people"),
    refusing("model.figure_depth_max", FIGURE_DEPTH_MAX, "levels of metrics", "the check is recursive"),
    refusing("model.name_bytes_max", NAME_BYTES_MAX, "bytes of a name", "a name stands in one line"),
    refusing("model.text_bytes_max", TEXT_BYTES_MAX, "bytes of a text", "a card is read by people"),
    refusing(
        "model.log_odds_max",
        LOG_ODDS_MAX as usize,
        "log-odds, either way",
        "far beyond certainty, and no sum of them leaves what a number can hold",
    ),
];

const fn refusing(name: &'static str, value: usize, unit: &'static str, reason: &'static str) -> Bound {
    Bound { name, value: value as u64, unit, reason, when_full: REFUSED }
}
