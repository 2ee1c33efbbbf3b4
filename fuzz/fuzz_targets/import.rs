//! Files of another system. Beyond not crashing: what is written is a configuration that is taken, every name is told with
//! its place, every error is one line, and no secret stands in any text.

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

/// Nobody writes it but us.
const SECRET: &str = "q7Zt-kept-out-of-every-text";

fuzz_target!(|bytes: &[u8]| {
    // Whoever writes the secret where none belongs is told what is wrong there.
    if bytes.windows(SECRET.len()).any(|window| window == SECRET.as_bytes()) {
        return;
    }
    // NUL is in no text: it divides an input into files that belong together.
    let contents: Vec<&[u8]> = bytes.split(|byte| *byte == 0).take(3).collect();
    let taken = check(&contents);

    // A secret at the end of a file of the environment is in no text, whatever stands above it.
    if taken {
        for name in ["CAPTCHA_SECRET", "RECAPTCHA_SECRET_KEY", "WEBHOOK_SHARED_SECRET"] {
            let with = [contents[0], format!("\n{name}={SECRET}\n").as_bytes()].concat();
            check(&[&with]);
        }
    }
});

/// Imports `contents` and holds what is told to what is promised. True where it was taken.
fn check(contents: &[&[u8]]) -> bool {
    let files: Vec<_> = contents.iter().map(|bytes| ForeignFile { name: "x", bytes }).collect();
    let imported = match import(&files, &DETECTORS) {
        Ok(imported) => imported,
        Err(errors) => {
            let told = errors.to_string();
            assert!(told.starts_with("x:") && !told.contains(SECRET), "{told}");
            assert!(errors.iter().all(|error| !error.to_string().contains(char::is_control)), "{told}");
            return false;
        }
    };
    assert!(!imported.toml.contains(SECRET), "{}", imported.toml);
    assert_eq!(imported.recognised.len(), files.len());
    let file = Some(Arc::new(SourceFile::new("palisade.toml", imported.toml.as_str())));
    assert!(read(&Layers { file, ..Layers::default() }, &DETECTORS).is_ok(), "{}", imported.toml);
    assert!(!imported.names.is_empty());
    for name in &imported.names {
        assert!(name.line > 0 && !name.name.contains(char::is_control), "{name:?}");
        assert!(!format!("{name:?}").contains(SECRET), "{name:?}");
    }
    for secret in &imported.secrets {
        assert!(secret.variable.starts_with("PALISADE_") && secret.variable.ends_with("_FILE"));
        assert!(!secret.found_at().contains(SECRET));
    }
    true
}
