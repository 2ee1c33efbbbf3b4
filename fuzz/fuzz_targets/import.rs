//! A file of another system. Beyond not crashing: what is written is a configuration that is taken, and every name is told
//! with its place.

#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use palisade_config::import::{ForeignFile, import};
use palisade_config::{Layers, SourceFile, read};

const DETECTORS: [&str; 11] = [
    "honeypot_field",
    "identical_bodies",
    "page_sequence",
    "request_burst",
    "request_gaps",
    "script_token",
    "timing_regularity",
    "ua_automation",
    "ua_missing",
    "ua_program",
    "ua_scanner",
];

fuzz_target!(|bytes: &[u8]| {
    let imported = match import(&[ForeignFile { name: "x", bytes }], &DETECTORS) {
        Ok(imported) => imported,
        Err(errors) => {
            assert!(errors.to_string().starts_with("x:"));
            return;
        }
    };
    let file = Some(Arc::new(SourceFile::new("palisade.toml", imported.toml.as_str())));
    assert!(read(&Layers { file, ..Layers::default() }, &DETECTORS).is_ok(), "{}", imported.toml);
    assert!(!imported.names.is_empty());
    assert!(imported.names.iter().all(|name| name.line > 0 && !name.name.contains(char::is_control)));
});
