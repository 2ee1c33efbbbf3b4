//! ONNX files: refused or sound, within their bounds, and no opinion is ever outside of 0 to 1.
//!
//! What does not name features is given the properties, so that the graph behind them is reached.

#![no_main]

use libfuzzer_sys::fuzz_target;
use palisade_model::{Expect, Foreign as _};
use palisade_onnx::OnnxModel;

const NAMES: [&str; 8] = [
    "request_rate",
    "user_agent",
    "pages",
    "assets",
    "gap_median",
    "header_count",
    "path_length",
    "evidence.ua_program",
];

/// `metadata_props` of a model that takes all of them, as protocol buffers have it.
fn properties() -> Vec<u8> {
    let entry = |key: &str, value: &str| {
        let mut inner = vec![0x0a, key.len() as u8];
        inner.extend_from_slice(key.as_bytes());
        inner.extend_from_slice(&[0x12, value.len() as u8]);
        inner.extend_from_slice(value.as_bytes());
        let mut bytes = vec![0x72, inner.len() as u8];
        // Lengths of two bytes, where one is not enough.
        if inner.len() >= 0x80 {
            bytes = vec![0x72, inner.len() as u8 | 0x80, (inner.len() >> 7) as u8];
        }
        bytes.extend(inner);
        bytes
    };
    let features = NAMES.join(",");
    assert!(features.len() < 0x80, "the length of a value is written in one byte");
    [entry("palisade.schema", "http-1"), entry("palisade.features", &features)].concat()
}

fuzz_target!(|bytes: &[u8]| {
    let expect = Expect { schema_id: "http-1", features: &NAMES, vantages: &["log"] };
    let named = [bytes, &properties()].concat();
    for bytes in [bytes, &named] {
        let Ok(model) = OnnxModel::read("fuzz", bytes, &expect) else { continue };
        for row in [[f32::NAN; 8], [0.0; 8], [1e30; 8], [-1.5, 0.25, 3.0, f32::NAN, 9.0, -0.0, 1.0, 2.0]] {
            let found = model.probability(&row);
            assert!(found.is_none_or(|found| (0.0..=1.0).contains(&found)));
        }
    }
});
