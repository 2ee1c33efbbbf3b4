//! A reading without its text: what is kept of a user agent that may come again.

use super::UserAgent;

/// A [`UserAgent`] that borrows nothing, to be put back on an equal text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Detached {
    /// Its product is one of [`OWN_WORDS`], or unset where `product` says where it stands.
    agent: UserAgent<'static>,
    /// First byte and length of the product in the text.
    product: Option<(u16, u16)>,
}

/// Products that a reading names without taking them from the text.
const OWN_WORDS: [&str; 4] = ["MSIE", "Safari", "AppleWebKit", "Mozilla"];

impl UserAgent<'_> {
    /// The reading taken off `text`, which it was read from.
    pub fn detach(&self, text: &str) -> Detached {
        let own = OWN_WORDS.into_iter().find(|word| *word == self.product);
        let product = if own.is_some() { None } else { place(text, self.product) };
        let UserAgent { family, major, engine, os, mobile, .. } = *self;
        Detached {
            agent: UserAgent { family, major, engine, os, mobile, product: own.unwrap_or("") },
            product,
        }
    }
}

impl Detached {
    /// The reading put back on `text`, which equals the text it was taken off.
    pub fn attach<'a>(&self, text: &'a str) -> UserAgent<'a> {
        let product = match self.product {
            Some((start, len)) => {
                text.get(usize::from(start)..).and_then(|rest| rest.get(..usize::from(len)))
            }
            None => Some(self.agent.product),
        };
        UserAgent { product: product.unwrap_or(""), ..self.agent }
    }
}

/// Where `part`, a slice of `text`, begins, and how long it is. Readings look at [`super::BYTES_MAX`] bytes only.
fn place(text: &str, part: &str) -> Option<(u16, u16)> {
    let start = (part.as_ptr() as usize).checked_sub(text.as_ptr() as usize)?;
    Some((u16::try_from(start).ok()?, u16::try_from(part.len()).ok()?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::user_agent::parse;

    fn check(text: &str) {
        let again = text.to_owned();
        assert_eq!(parse(text).detach(text).attach(&again), parse(&again), "{text}");
    }

    #[test]
    fn a_reading_survives_without_its_text() {
        check(
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36",
        );
        check("Mozilla/5.0 (compatible; MSIE 9.0; Windows NT 6.1; Trident/5.0)");
        check("curl/8.5.0");
        check("");
    }

    proptest! {
        #[test]
        fn any_reading_survives(text in "(Mozilla/5.0|Version/4.0|Safari/5|MSIE 9|Trident/7|Chrome/1|Edg/2|curl/1|iPhone|é|\\PC|[ ();/]){0,20}") {
            check(&text);
        }
    }
}
