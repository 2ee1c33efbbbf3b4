//! Any bytes are a request head or an error; a head that was read is read the same again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palisade_domain::HttpVersion;
use palisade_fingerprint::head::{self, BYTES_MAX, HEADERS_MAX};
use palisade_fingerprint::header_order::{self, Engine, Shape, programs};

fuzz_target!(|data: &[u8]| {
    let Ok(head) = head::parse(data) else { return };
    assert!(head.bytes <= BYTES_MAX && head.headers.len() <= HEADERS_MAX);
    assert_eq!(head::parse(&data[..head.bytes]).as_ref(), Ok(&head));
    head.with_list(|list| {
        assert_eq!(header_order::fingerprint(&list), header_order::fingerprint(&list));
        let shape = Shape::of(&list).expect("the order is known");
        assert!(shape.same_order_as(&shape));
        for version in [HttpVersion::Http11, HttpVersion::Http2] {
            programs::name_by_headers(&list, version);
            for engine in [Engine::Blink, Engine::Gecko, Engine::QtWebEngine] {
                header_order::conflicts(&list, version, engine);
            }
        }
        assert!(header_order::conflicts(&list, HttpVersion::Http11, Engine::WebKit).is_none());
    });
});
