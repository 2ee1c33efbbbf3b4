//! Any bytes are a page. What its head says of itself is plain text within bounds: written down by an operator it would be
//! taken as it is, and written into a page it reads the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palisade_visitor::Tags;
use palisade_visitor::open_graph::{PICTURES_MAX, TAG_BYTES_MAX, TAGS_MAX, is_page};

fuzz_target!(|data: &[u8]| {
    let tags = Tags::read(data);
    assert!(tags.iter().count() <= TAGS_MAX);
    let pairs: Vec<_> = tags.iter().map(|tag| (tag.name().to_owned(), tag.content().to_owned())).collect();
    for (name, content) in &pairs {
        assert!(
            (1..=TAG_BYTES_MAX).contains(&content.len()) && !content.contains(char::is_control),
            "{name}"
        );
    }
    assert_eq!(Tags::fixed(&pairs).as_ref(), Ok(&tags));
    let escape = |text: &str| text.replace('&', "&#38;").replace('"', "&#34;").replace('<', "&#60;");
    let page: String = tags
        .iter()
        .map(|tag| {
            format!("<meta {}=\"{}\" content=\"{}\">", tag.attribute(), tag.name(), escape(tag.content()))
        })
        .collect();
    assert_eq!(Tags::read(page.as_bytes()), tags);
    assert_eq!(tags.under(&tags), tags);
    for host in ["a.example", "", "[::1]:80"] {
        let pictures: Vec<_> = tags.pictures(host).collect();
        assert!(pictures.len() <= PICTURES_MAX && pictures.iter().all(|target| target.starts_with('/')));
    }
    if let Ok(text) = std::str::from_utf8(data) {
        is_page(text);
    }
});
