//! The one page a refused or unlucky person sees: no script, no image, no third-party host, one inline style whose
//! digest the content security policy names.

use askama::Template;
use palisade_domain::RequestId;

use crate::words::{Sentence, Words};

/// The style of every page.
const STYLE: &str = include_str!("../templates/page.css");

/// What a page may load: nothing but its own style, by its digest.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'sha256-GDfh2uyalvUtszKD46jl7AKby4F+ZHS58/AiJoIXmK4='; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

#[derive(Template)]
#[template(path = "page.html")]
struct Page<'a> {
    words: &'a Words,
    title: &'a str,
    text: &'a str,
    style: &'a str,
    id: Option<RequestId>,
    codes: &'a str,
}

/// The page that says `sentence` in the language of `words`, with the reference number where there is one.
pub fn render(words: &Words, sentence: Sentence, id: Option<RequestId>) -> String {
    render_with_codes(words, sentence, id, "")
}

/// As [`render`], with reasons below the reference number; none where `codes` is empty.
pub(crate) fn render_with_codes(
    words: &Words,
    sentence: Sentence,
    id: Option<RequestId>,
    codes: &str,
) -> String {
    let page = Page { words, title: sentence.title, text: sentence.text, style: STYLE, id, codes };
    page.render().expect("a page of bounded texts is written to memory")
}

#[cfg(test)]
mod tests {
    use base64::Engine;

    use super::*;
    use crate::words::LANGUAGES;

    #[test]
    fn the_policy_names_the_style() {
        let digest = ring::digest::digest(&ring::digest::SHA256, STYLE.as_bytes());
        let digest = base64::engine::general_purpose::STANDARD.encode(digest);
        assert!(CONTENT_SECURITY_POLICY.contains(&digest), "style-src must be sha256-{digest}");
    }

    #[test]
    fn pages_are_small_whole_and_carry_the_number() {
        for words in LANGUAGES {
            let page = render(words, words.refused, Some(RequestId(7)));
            assert!(page.len() < 4 * 1024, "{} bytes", page.len());
            assert!(page.contains(&format!("<html lang=\"{}\" dir=\"{}\">", words.tag, words.dir)));
            assert!(page.contains("<bdi>0000000000007</bdi>") && page.contains(words.contact));
            assert!(!page.contains("http") && !page.contains("<script"), "{page}");
            assert!(!render(words, words.about, None).contains("<dl>"));
        }
    }
}
