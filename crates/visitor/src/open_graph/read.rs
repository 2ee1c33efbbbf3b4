//! The head of an HTML page, read for its tags. The tokenizer is `html5gum`, which follows the standard's state machine and takes any
//! bytes; here stands what counts as the head.

use html5gum::emitters::callback::{CallbackEmitter, CallbackEvent};
use html5gum::{Span, Tokenizer};

use super::{TAGS_MAX, Tag, Tags};

/// Elements that may stand in a head; any other begins the body, where anybody may have written.
const OF_HEAD: [&[u8]; 9] =
    [b"html", b"head", b"base", b"link", b"meta", b"noscript", b"script", b"style", b"title"];

/// Names of UTF-8 (Encoding standard, section 4.2), and of what is part of it.
const UTF_8: [&str; 4] = ["utf-8", "utf8", "unicode-1-1-utf-8", "us-ascii"];

/// The tags of the head of `html`.
pub(super) fn tags(html: &[u8]) -> Tags {
    let mut head = Head::default();
    let mut emitter = CallbackEmitter::new(|event: CallbackEvent<'_>, _: Span<()>| head.see(&event));
    emitter.naively_switch_states(true);
    // The first and only token is the end of the head.
    let _ = Tokenizer::new_with_emitter(html, emitter).next();
    head.tags()
}

/// The head ends.
#[derive(Debug)]
struct Ended;

/// What was found so far.
#[derive(Debug, Default)]
struct Head {
    ended: bool,
    foreign: bool,
    inside: Inside,
    meta: Meta,
    attribute: Attribute,
    title: Option<String>,
    tags: Vec<Tag>,
}

/// Where the reader stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Inside {
    /// Between elements.
    #[default]
    Nothing,
    /// In the tag of a `meta`.
    Meta,
    /// In a tag or an element whose text says nothing.
    Other,
    /// In the title.
    Title,
}

/// The attributes of a `meta` that count.
#[derive(Debug, Default)]
struct Meta {
    property: Option<String>,
    name: Option<String>,
    content: Option<String>,
    charset: Option<String>,
    equivalent: Option<String>,
}

/// Which of them comes next.
#[derive(Clone, Copy, Debug, Default)]
enum Attribute {
    Property,
    Name,
    Content,
    Charset,
    Equivalent,
    #[default]
    Other,
}

impl Head {
    fn see(&mut self, event: &CallbackEvent<'_>) -> Option<Ended> {
        if !self.ended {
            self.take(event);
        }
        self.ended.then_some(Ended)
    }

    fn take(&mut self, event: &CallbackEvent<'_>) {
        match *event {
            CallbackEvent::OpenStartTag { name } => self.opens(name),
            CallbackEvent::AttributeName { name } => self.attribute = Attribute::named(name),
            CallbackEvent::AttributeValue { value } if self.inside == Inside::Meta => {
                self.meta.put(self.attribute, value);
            }
            CallbackEvent::CloseStartTag { .. } if self.inside == Inside::Meta => {
                self.inside = Inside::Nothing;
                self.note();
            }
            CallbackEvent::EndTag { name } => {
                self.inside = Inside::Nothing;
                self.ended = name == b"head";
            }
            CallbackEvent::String { value } => match self.inside {
                Inside::Title if self.title.is_none() => {
                    self.title = std::str::from_utf8(value).ok().map(str::to_owned);
                }
                Inside::Title | Inside::Other => {}
                Inside::Nothing | Inside::Meta => self.ended = !value.trim_ascii().is_empty(),
            },
            _ => {}
        }
    }

    fn opens(&mut self, name: &[u8]) {
        self.ended = !OF_HEAD.contains(&name);
        (self.meta, self.attribute) = (Meta::default(), Attribute::Other);
        self.inside = match name {
            b"meta" => Inside::Meta,
            b"title" => Inside::Title,
            b"script" | b"style" | b"noscript" => Inside::Other,
            _ => Inside::Nothing,
        };
    }

    /// A `meta` is whole.
    fn note(&mut self) {
        let meta = std::mem::take(&mut self.meta);
        self.foreign |= meta.is_foreign();
        let (Some(name), Some(content)) = (meta.property.or(meta.name), meta.content) else { return };
        if self.tags.len() < TAGS_MAX {
            self.tags.extend(Tag::new(name.trim(), &content));
        }
    }

    fn tags(mut self) -> Tags {
        if self.foreign {
            return Tags::default();
        }
        let has_title = self.tags.iter().any(|tag| tag.name() == "og:title");
        if let (false, Some(title)) = (has_title, &self.title) {
            self.tags.truncate(TAGS_MAX - 1);
            self.tags.extend(Tag::new("og:title", title));
        }
        Tags(self.tags)
    }
}

impl Meta {
    /// The first of a name counts; what is no UTF-8 is as good as missing.
    fn put(&mut self, attribute: Attribute, value: &[u8]) {
        let held = match attribute {
            Attribute::Property => &mut self.property,
            Attribute::Name => &mut self.name,
            Attribute::Content => &mut self.content,
            Attribute::Charset => &mut self.charset,
            Attribute::Equivalent => &mut self.equivalent,
            Attribute::Other => return,
        };
        if held.is_none() {
            *held = std::str::from_utf8(value).ok().map(str::to_owned);
        }
    }

    /// Does it say that the page is written in another character set?
    fn is_foreign(&self) -> bool {
        let says_type =
            self.equivalent.as_deref().is_some_and(|name| name.eq_ignore_ascii_case("content-type"));
        let of_type = self.content.as_deref().filter(|_| says_type);
        let other = |charset: &str| !is_utf_8(charset);
        self.charset.as_deref().is_some_and(other) || of_type.and_then(charset).is_some_and(other)
    }
}

impl Attribute {
    fn named(name: &[u8]) -> Self {
        match name {
            b"property" => Attribute::Property,
            b"name" => Attribute::Name,
            b"content" => Attribute::Content,
            b"charset" => Attribute::Charset,
            b"http-equiv" => Attribute::Equivalent,
            _ => Attribute::Other,
        }
    }
}

/// The character set that a media type names.
pub(super) fn charset(media_type: &str) -> Option<&str> {
    let mut parameters = media_type.split(';').skip(1);
    let pair = parameters.find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then_some(value)
    });
    pair.map(|value| value.trim().trim_matches(['"', '\'']))
}

pub(super) fn is_utf_8(charset: &str) -> bool {
    UTF_8.iter().any(|known| known.eq_ignore_ascii_case(charset.trim()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{NAME_BYTES_MAX, TAG_BYTES_MAX};
    use super::*;

    fn check(html: &str, expect: &[(&str, &str)]) {
        let found = tags(html.as_bytes());
        let found: Vec<_> = found.iter().map(|tag| (tag.name(), tag.content())).collect();
        assert_eq!(found, expect, "{html}");
    }

    const TITLE: &str = "<meta property=og:title content=a>";

    #[test]
    fn tags_of_the_head_are_read() {
        check(
            "<!DOCTYPE html><html prefix='og: https://ogp.me/ns#'><head><meta charset=utf-8><title>T</title>\
            <script>var a = '<meta property=og:url content=/evil>'</script><style>p > a {}</style>\
            <META PROPERTY='OG:Title' CONTENT='A &quot;lamp&quot; &amp; &#x263A;'><meta name=\"twitter:card\" content=summary />\
            <meta name=description content=' of\n glass '><meta name=viewport content=x><meta property=og:type>\
            <meta content=/p.png property=og:image></head><body><meta property=og:url content=/body>",
            &[
                ("og:title", "A \"lamp\" & ☺"),
                ("twitter:card", "summary"),
                ("description", "of glass"),
                ("og:image", "/p.png"),
            ],
        );
        check("<title> Only\n a title </title>", &[("og:title", "Only a title")]);
        check("<title>a</title><title>b</title>", &[("og:title", "a")]);
        check("<meta name=og:title property=og:type content=a content=b>", &[("og:type", "a")]);
        check("", &[]);
    }

    #[test]
    fn the_body_says_nothing() {
        check(&format!("<p>{TITLE}"), &[]);
        check(&format!("text{TITLE}"), &[]);
        check(&format!("<svg><title>{TITLE}"), &[]);
        check(&format!("<head></head>{TITLE}"), &[]);
        check(&format!("<body>{TITLE}"), &[]);
        check(&format!("<template>{TITLE}</template>"), &[]);
        check(&format!("<!-- {TITLE} -->"), &[]);
        check(&format!("<script>{TITLE}"), &[]);
        check(&format!("<noscript><style></style></noscript> {TITLE}"), &[("og:title", "a")]);
    }

    #[test]
    fn what_is_cut_gives_what_was_whole() {
        check(&format!("{TITLE}<meta property=og:url content=/a"), &[("og:title", "a")]);
        check(&format!("{TITLE}<title>b"), &[("og:title", "a")]);
        let many = TITLE.repeat(99);
        assert_eq!(tags(many.as_bytes()).iter().count(), TAGS_MAX);
        let untitled = format!("<title>t</title>{}", "<meta property=og:type content=a>".repeat(99));
        let found = tags(untitled.as_bytes());
        assert_eq!((found.iter().count(), found.iter().last().map(Tag::name)), (TAGS_MAX, Some("og:title")));
    }

    #[test]
    fn other_character_sets_are_not_guessed_at() {
        check(&format!("{TITLE}<meta charset=windows-1251>"), &[]);
        check(&format!("{TITLE}<meta http-equiv=Content-Type content='text/html; charset=Shift_JIS'>"), &[]);
        check(
            &format!("{TITLE}<meta http-equiv=content-type content='text/html;charset=\"UTF-8\"'>"),
            &[("og:title", "a")],
        );
        let broken =
            [b"<meta property=og:title content='", &b"\xff"[..], b"'><meta property=og:type content=b>"]
                .concat();
        assert_eq!(tags(&broken).iter().map(Tag::name).collect::<Vec<_>>(), ["og:type"]);
    }

    /// Pieces of which pages are made, good and bad.
    fn piece() -> impl Strategy<Value = Vec<u8>> {
        const PIECES: [&str; 24] = [
            "<meta ",
            "property=",
            "name=",
            "content=",
            "og:title",
            "og:image",
            "\"",
            "'",
            ">",
            "<",
            "</",
            "<title>",
            "</title>",
            "<script>",
            "</script>",
            "<!--",
            "-->",
            "&amp;",
            "&#x0;",
            "&",
            "=",
            "<head>",
            " ",
            "javascript:x",
        ];
        prop_oneof![
            4 => prop::sample::select(&PIECES[..]).prop_map(|piece| piece.as_bytes().to_vec()),
            1 => prop::collection::vec(any::<u8>(), 0..9),
        ]
    }

    proptest! {
        #[test]
        fn whatever_comes_stays_within_bounds(pieces in prop::collection::vec(piece(), 0..60)) {
            let html = pieces.concat();
            let found = tags(&html);
            prop_assert!(found.iter().count() <= TAGS_MAX);
            for tag in found.iter() {
                prop_assert!((1..=TAG_BYTES_MAX).contains(&tag.content().len()));
                prop_assert!(tag.name().len() <= NAME_BYTES_MAX && super::super::is_known(tag.name()));
                prop_assert!(!tag.content().contains(char::is_control));
            }
            prop_assert!(found.pictures("a.example").all(|target| target.starts_with('/')));
        }
    }
}
