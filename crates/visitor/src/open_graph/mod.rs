//! What a page says of itself for link previews: Open Graph tags (<https://ogp.me>) and their kin, as plain text.
//!
//! A program that makes previews and that nobody knows is challenged like a browser, and reads the challenge page in place of
//! the site's. With these tags the preview shows what it would have shown. They are read from a page that anybody may see
//! ([`Tags::read`]), or written down by the operator ([`Tags::fixed`]); who fetches the page, and whether anybody may see it,
//! is the gateway's.
//!
//! Only names of a short list pass, and of each only a text within bounds, which is escaped when it is written again: nothing
//! that runs, loads or looks like anything comes along.

mod read;

use crate::visit::hostname;

/// Most tags of one page.
pub const TAGS_MAX: usize = 24;
/// Most bytes of what one tag says.
pub const TAG_BYTES_MAX: usize = 512;
/// Most bytes of all tags of one page, their names counted: a challenge page stays within its 15 KiB.
pub const TAGS_BYTES_MAX: usize = 1_536;
/// Most bytes of a page that are read for its tags; a head is shorter.
pub const PAGE_BYTES_MAX: usize = 64 << 10;
/// Most pictures of one page that are let pass for its preview.
pub const PICTURES_MAX: usize = 4;
/// Longest name of a tag.
const NAME_BYTES_MAX: usize = 64;

/// Beginnings of names that pass.
const FAMILIES: [&str; 3] = ["og:", "twitter:", "article:"];
/// Whole names that pass.
const NAMES: [&str; 2] = ["description", "fediverse:creator"];
/// Names of pictures.
const PICTURES: [&str; 5] =
    ["og:image", "og:image:url", "og:image:secure_url", "twitter:image", "twitter:image:src"];
/// Media types of pages.
const PAGES: [&str; 2] = ["text/html", "application/xhtml+xml"];
/// Last words of names that hold an address.
const ADDRESSES: [&str; 8] = ["url", "secure_url", "image", "video", "audio", "src", "player", "stream"];

/// No tags.
static NONE: Tags = Tags(Vec::new());

/// True for the `Content-Type` of a page that [`Tags::read`] can read, as far as it says.
pub fn is_page(content_type: &str) -> bool {
    let media_type = content_type.split(';').next().unwrap_or("").trim();
    PAGES.iter().any(|page| page.eq_ignore_ascii_case(media_type))
        && read::charset(content_type).is_none_or(read::is_utf_8)
}

/// The tags of one page, in its order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tags(Vec<Tag>);

/// One tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    name: String,
    content: String,
}

/// What is wrong with a tag that the operator wrote.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TagFault {
    /// No name that a preview reads.
    #[error("{name:?} is no tag of a preview: og:…, twitter:…, article:…, description, fediverse:creator")]
    Name {
        /// What was written.
        name: String,
    },
    /// It says nothing, or too much, or an address that is none.
    #[error("{name} holds 1 to {TAG_BYTES_MAX} bytes of text; an address begins with https://, http:// or /")]
    Content {
        /// Which.
        name: String,
    },
    /// Too many.
    #[error("{count} tags are more than {TAGS_MAX}")]
    Count {
        /// How many.
        count: usize,
    },
    /// Too much altogether.
    #[error("all tags together have {bytes} bytes, more than {TAGS_BYTES_MAX}")]
    Bytes {
        /// How much.
        bytes: usize,
    },
}

impl Tags {
    /// None at all.
    pub fn none() -> &'static Tags {
        &NONE
    }

    /// Those of an HTML page, as much as came of it. A page in another character set than UTF-8 has none.
    pub fn read(html: &[u8]) -> Self {
        read::tags(&html[..html.len().min(PAGE_BYTES_MAX)])
    }

    /// Those that the operator wrote, name and content each.
    ///
    /// # Errors
    /// The first thing that is wrong with them.
    pub fn fixed(pairs: &[(String, String)]) -> Result<Self, TagFault> {
        if pairs.len() > TAGS_MAX {
            return Err(TagFault::Count { count: pairs.len() });
        }
        let tags = pairs.iter().map(|(name, content)| {
            if !is_known(name) {
                return Err(TagFault::Name { name: name.chars().take(NAME_BYTES_MAX).collect() });
            }
            let tag = (content.len() <= TAG_BYTES_MAX).then(|| Tag::new(name, content)).flatten();
            tag.ok_or_else(|| TagFault::Content { name: name.clone() })
        });
        let tags = Tags(tags.collect::<Result<_, _>>()?);
        let bytes = tags.0.iter().map(Tag::bytes).sum();
        if bytes > TAGS_BYTES_MAX { Err(TagFault::Bytes { bytes }) } else { Ok(tags) }
    }

    /// These, but what `fixed` says is said by it alone: also about the width of a picture that it replaces.
    #[must_use]
    pub fn under(&self, fixed: &Tags) -> Tags {
        let is_said = |name: &str| {
            fixed.0.iter().any(|tag| {
                name.strip_prefix(&tag.name).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
            })
        };
        let own = self.0.iter().filter(|tag| !is_said(&tag.name));
        let mut left = TAGS_BYTES_MAX;
        let fits = |tag: &&Tag| match left.checked_sub(tag.bytes()) {
            Some(rest) => {
                left = rest;
                true
            }
            None => false,
        };
        Tags(fixed.0.iter().chain(own).filter(fits).take(TAGS_MAX).cloned().collect())
    }

    /// True where nothing is said.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The tags.
    pub fn iter(&self) -> impl Iterator<Item = &Tag> {
        self.0.iter()
    }

    /// Path and query of the pictures that lie on `host` (with or without port), as they are asked for.
    pub fn pictures<'a>(&'a self, host: &'a str) -> impl Iterator<Item = &'a str> {
        let pictures = self.0.iter().filter(|tag| PICTURES.contains(&tag.name.as_str()));
        pictures.filter_map(move |tag| target_on(host, &tag.content)).take(PICTURES_MAX)
    }
}

impl Tag {
    /// A tag, where its name passes and its content is text within bounds. Text that is too long is cut, an address that is
    /// too long is none.
    fn new(name: &str, content: &str) -> Option<Tag> {
        let name = name.to_ascii_lowercase();
        let words = content.split(|letter: char| letter.is_whitespace() || letter.is_control());
        let mut content = words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
        if !is_known(&name) || content.is_empty() {
            return None;
        }
        if is_address(&name) {
            let plain = ["https://", "http://", "/"].iter().any(|start| content.starts_with(start));
            return (plain && content.len() <= TAG_BYTES_MAX).then_some(Tag { name, content });
        }
        if content.len() > TAG_BYTES_MAX {
            content.truncate(content.floor_char_boundary(TAG_BYTES_MAX - '…'.len_utf8()));
            content.push('…');
        }
        Some(Tag { name, content })
    }

    /// What it takes of a page.
    fn bytes(&self) -> usize {
        self.name.len() + self.content.len()
    }

    /// The attribute that holds the name: Open Graph is RDFa, the others are not.
    pub fn attribute(&self) -> &'static str {
        if self.name.starts_with("og:") || self.name.starts_with("article:") { "property" } else { "name" }
    }

    /// Its name, in lower case.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it says: text, 1..=512 bytes, not escaped.
    pub fn content(&self) -> &str {
        &self.content
    }
}

fn is_known(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'_' | b'-');
    let of_family = FAMILIES.iter().any(|start| {
        name.get(..start.len()).is_some_and(|begun| begun.eq_ignore_ascii_case(start))
            && name.len() > start.len()
    });
    let known = of_family || NAMES.iter().any(|known| name.eq_ignore_ascii_case(known));
    known && name.len() <= NAME_BYTES_MAX && name.bytes().all(plain)
}

fn is_address(name: &str) -> bool {
    name.rsplit(':').next().is_some_and(|last| ADDRESSES.contains(&last))
}

/// Path and query of `address`, where it is one of `host` and more than its front page.
fn target_on<'a>(host: &str, address: &'a str) -> Option<&'a str> {
    let address = address.split('#').next()?;
    let after_scheme = ["https://", "http://", "//"].iter().find_map(|start| address.strip_prefix(start));
    let target = match after_scheme {
        None => address,
        Some(rest) => {
            let (authority, target) = rest.split_at(rest.find('/')?);
            if !hostname(authority).eq_ignore_ascii_case(hostname(host)) {
                return None;
            }
            target
        }
    };
    (target.starts_with('/') && target.len() > 1).then_some(target)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixed(pairs: &[(&str, &str)]) -> Result<Tags, TagFault> {
        let pairs: Vec<_> =
            pairs.iter().map(|(name, content)| ((*name).to_owned(), (*content).to_owned())).collect();
        Tags::fixed(&pairs)
    }

    fn shown(tags: &Tags) -> Vec<(&str, &str)> {
        tags.iter().map(|tag| (tag.name(), tag.content())).collect()
    }

    #[test]
    fn what_the_operator_writes_is_checked() {
        let tags =
            fixed(&[("og:title", " A\n lamp "), ("Description", "x"), ("og:image", "/a.png")]).unwrap();
        assert_eq!(shown(&tags), [("og:title", "A lamp"), ("description", "x"), ("og:image", "/a.png")]);
        for name in
            ["og:", "title", "refresh", "og:ti tle", "og:\"", "ög:title", &format!("og:{}", "a".repeat(62))]
        {
            assert!(matches!(fixed(&[(name, "x")]), Err(TagFault::Name { .. })), "{name}");
        }
        let long = "a".repeat(TAG_BYTES_MAX + 1);
        for (name, content) in
            [("og:title", " "), ("og:title", &long), ("og:url", "javascript:x"), ("og:image", "a.png")]
        {
            assert!(matches!(fixed(&[(name, content)]), Err(TagFault::Content { .. })), "{name} {content}");
        }
        assert_eq!(fixed(&[("og:title", "x"); TAGS_MAX + 1]), Err(TagFault::Count { count: TAGS_MAX + 1 }));
    }

    #[test]
    fn what_is_fixed_is_said_by_nobody_else() {
        let own =
            fixed(&[("og:title", "a"), ("og:image", "/b"), ("og:image:width", "1"), ("og:imagery", "c")])
                .unwrap();
        let both = own.under(&fixed(&[("og:image", "/f")]).unwrap());
        assert_eq!(shown(&both), [("og:image", "/f"), ("og:title", "a"), ("og:imagery", "c")]);
        let many = fixed(&[("og:locale:alternate", "a"); TAGS_MAX]).unwrap();
        assert_eq!(many.under(&own).iter().count(), TAGS_MAX);
    }

    #[test]
    fn pages_are_told_by_their_type() {
        let check = |content_type, expect| assert_eq!(is_page(content_type), expect, "{content_type}");
        check("text/html", true);
        check("Text/HTML; Charset=\"utf-8\"", true);
        check("application/xhtml+xml;charset=UTF-8", true);
        check("text/html; charset=iso-8859-1", false);
        check("text/plain", false);
        check("", false);
    }

    #[test]
    fn text_is_cut_where_a_letter_ends() {
        let tag = Tag::new("og:title", &"ä".repeat(400)).unwrap();
        assert!(tag.content().len() <= TAG_BYTES_MAX && tag.content().ends_with("ä…"));
        assert_eq!(Tag::new("og:url", &format!("https://a.example/{}", "a".repeat(500))), None);
    }

    #[test]
    fn pictures_of_the_same_host_have_a_target() {
        let check = |address, expect| assert_eq!(target_on("A.example:8443", address), expect, "{address}");
        check("https://a.example/og.png?v=1#x", Some("/og.png?v=1"));
        check("http://a.EXAMPLE:80/og.png", Some("/og.png"));
        check("//a.example/og.png", Some("/og.png"));
        check("/og.png", Some("/og.png"));
        check("/", None);
        check("https://a.example/", None);
        check("https://a.example", None);
        check("https://a.example?x=/y", None);
        check("https://b.example/og.png", None);
        check("https://a.example@b.example/og.png", None);
        check("https://a.example.b.example/og.png", None);
        let tags = fixed(&[("og:image", "/1"), ("og:url", "/2"), ("twitter:image", "/3")]).unwrap();
        assert_eq!(tags.pictures("a.example").collect::<Vec<_>>(), ["/1", "/3"]);
        assert_eq!(fixed(&[("og:image", "/1"); 9]).unwrap().pictures("a").count(), PICTURES_MAX);
    }
}
