//! Any text is valid settings or a list of errors that each have a place. Valid settings say who set them.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use palisade_config::{Layers, Origin, SourceFile, read};

fuzz_target!(|text: &str| {
    let file = Some(Arc::new(SourceFile::new("fuzz.toml", text)));
    match read(&Layers { file, ..Layers::default() }, &["request_rate", "ua_missing"]) {
        Ok(loaded) => {
            let bands = loaded.settings.policy.bands;
            assert!(bands.monitor < bands.challenge && bands.challenge < bands.block && bands.block <= 100);
            assert!(loaded.effective.iter().all(|setting| !setting.origin.to_string().is_empty()));
        }
        Err(errors) => {
            for error in errors.iter() {
                assert!(matches!(error.origin, Origin::File { .. }), "{error}");
                assert!(!error.to_string().contains('\n'), "one line each");
            }
        }
    }
});
