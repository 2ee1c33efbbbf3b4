//! Every bound of this crate, with its reason.

use palisade_limits::Bound;

/// Bytes of a file.
pub const FILE_BYTES_MAX: usize = 4 << 20;

/// Nodes of the graph.
pub const NODES_MAX: usize = 512;

/// Attributes of one node.
pub const ATTRIBUTES_MAX: usize = 64;

/// Initializers, inputs, outputs and described values of the graph, each.
pub const VALUES_MAX: usize = 2_048;

/// Pairs of names and texts beside the graph, and operator sets it imports, each.
pub const PROPERTIES_MAX: usize = 256;

/// Numbers of one value, while one row is computed.
pub const ELEMENTS_MAX: usize = 1 << 20;

/// Axes of one value.
pub const RANK_MAX: usize = 4;

const REFUSED: &str = "refused when the file is read, with its place; the model before it stays";

/// The named bounds of this crate.
pub const BOUNDS: &[Bound] = &[
    refusing(
        "onnx.file_bytes_max",
        FILE_BYTES_MAX,
        "bytes of a file",
        "a hundred trees of depth 8 take half of it; decoded it is at most some twenty times as much",
    ),
    refusing("onnx.nodes_max", NODES_MAX, "nodes of a graph", "a node costs a row half a microsecond"),
    refusing(
        "onnx.attributes_max",
        ATTRIBUTES_MAX,
        "attributes of a node",
        "three times what an ensemble of trees has; each is a struct when decoded",
    ),
    refusing(
        "onnx.values_max",
        VALUES_MAX,
        "initializers, inputs, outputs and described values, each",
        "four for each node; each is a struct when decoded",
    ),
    refusing(
        "onnx.properties_max",
        PROPERTIES_MAX,
        "properties and imported operator sets, each",
        "there are five of ours and a few of the converters",
    ),
    refusing(
        "onnx.elements_max",
        ELEMENTS_MAX,
        "numbers of a value",
        "two small values that are added can be a huge one; this one takes 4 MiB and a millisecond",
    ),
    refusing("onnx.rank_max", RANK_MAX, "axes of a value", "a row of features has two"),
];

const fn refusing(name: &'static str, value: usize, unit: &'static str, reason: &'static str) -> Bound {
    Bound { name, value: value as u64, unit, reason, when_full: REFUSED }
}
