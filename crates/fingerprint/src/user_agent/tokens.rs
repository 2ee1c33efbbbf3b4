//! Products and comments of a user agent (RFC 9110 section 10.1.5), read leniently: real ones break every rule.

/// Most bytes of a user agent that are ever looked at. Longer ones exist only to hurt or to hide.
pub const BYTES_MAX: usize = 1024;

/// The first [`BYTES_MAX`] bytes of `text`, cut at a character boundary.
pub fn bounded(text: &str) -> &str {
    &text[..text.floor_char_boundary(BYTES_MAX)]
}

/// One piece of a user agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token<'a> {
    /// `name/version`, or a bare word (then `version` is empty). A word with `://` in it is never split.
    Product {
        /// What stands before the first slash.
        name: &'a str,
        /// What stands after it.
        version: &'a str,
    },
    /// The inside of `( … )` or `[ … ]`, nested ones included.
    Comment(&'a str),
}

/// The tokens of a user agent in order. Every byte is looked at once or twice, nothing is allocated.
#[derive(Clone, Debug)]
pub struct Tokens<'a> {
    rest: &'a str,
}

impl<'a> Tokens<'a> {
    /// Reads the first [`BYTES_MAX`] bytes of `ua`.
    pub fn new(ua: &'a str) -> Self {
        Tokens { rest: bounded(ua) }
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let start = self.rest.bytes().position(|byte| !is_separator(byte))?;
        let text = &self.rest[start..];
        if text.starts_with(['(', '[']) {
            let (inside, rest) = split_comment(text);
            self.rest = rest;
            return Some(Token::Comment(inside));
        }
        let end = text.bytes().position(|byte| is_separator(byte) || matches!(byte, b'(' | b'['));
        let (word, rest) = text.split_at(end.unwrap_or(text.len()));
        self.rest = rest;
        Some(product(word))
    }
}

/// All separators and brackets are ASCII, so bytes are enough: no cut ever falls inside a character.
fn is_separator(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b',' | b';' | b')' | b']')
}

fn product(word: &str) -> Token<'_> {
    match word.bytes().position(|byte| byte == b'/') {
        Some(slash) if slash > 0 && word.as_bytes()[slash - 1] != b':' => {
            Token::Product { name: &word[..slash], version: &word[slash + 1..] }
        }
        _ => Token::Product { name: word, version: "" },
    }
}

/// Splits at the bracket that closes the first one; without one the comment runs to the end.
fn split_comment(text: &str) -> (&str, &str) {
    let (open, close) = if text.starts_with('(') { (b'(', b')') } else { (b'[', b']') };
    let mut depth = 0_usize;
    for (at, byte) in text.bytes().enumerate() {
        if byte == open {
            depth += 1;
        } else if byte == close {
            depth -= 1;
            if depth == 0 {
                return (&text[1..at], &text[at + 1..]);
            }
        }
    }
    (&text[1..], "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words(ua: &str) -> Vec<String> {
        Tokens::new(ua)
            .map(|token| match token {
                Token::Product { name, version: "" } => name.to_owned(),
                Token::Product { name, version } => format!("{name}|{version}"),
                Token::Comment(inside) => format!("({inside})"),
            })
            .collect()
    }

    #[test]
    fn products_and_comments_are_told_apart() {
        assert_eq!(
            words("Mozilla/5.0(X11; a (b) c) Gecko/1 end"),
            ["Mozilla|5.0", "(X11; a (b) c)", "Gecko|1", "end"]
        );
        assert_eq!(words("x [FBAN/a;FBAV/1] y"), ["x", "(FBAN/a;FBAV/1)", "y"]);
        assert_eq!(words("a/1/2 +https://e.example/b"), ["a|1/2", "+https://e.example/b"]);
    }

    #[test]
    fn broken_ones_end_well() {
        assert_eq!(words("a (never closed"), ["a", "(never closed)"]);
        assert_eq!(words(") ] ; a"), ["a"]);
        assert!(words("").is_empty());
        assert_eq!(words("/leading"), ["/leading"]);
    }

    proptest! {
        #[test]
        fn any_text_is_read_to_its_end(text in ".{0,1500}") {
            let total: usize = Tokens::new(&text).map(|token| match token {
                Token::Product { name, version } => name.len() + version.len(),
                Token::Comment(inside) => inside.len(),
            }).sum();
            prop_assert!(total <= BYTES_MAX);
        }
    }
}
