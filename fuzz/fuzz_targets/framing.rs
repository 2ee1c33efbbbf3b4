//! Framing: any bytes are judged, and a head that is sound is read by the parser too, with the same end.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palisade_fingerprint::{framing, head};

fuzz_target!(|data: &[u8]| {
    let fault = framing::check(data);
    if let (None, Some(end)) = (fault, data.windows(4).position(|four| four == b"\r\n\r\n")) {
        let sound = &data[..end + 4];
        // An empty line ahead is not yet a head.
        if !sound.starts_with(b"\r\n\r\n") {
            let head = head::parse(sound).unwrap_or_else(|error| panic!("{error}: {}", sound.escape_ascii()));
            assert_eq!(head.bytes, sound.len());
        }
    }
});
