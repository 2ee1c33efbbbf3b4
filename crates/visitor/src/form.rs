//! `application/x-www-form-urlencoded` (URL standard, section 5): what our own forms send. A reader of its own: such a form is
//! small, whole and ours, so it is a text that is borrowed from; foreign forms are read in `intel`, calls of an API in `challenge`.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// Fields that are looked at; our forms have four.
const FIELDS_MAX: usize = 16;

/// Letters, digits and what needs no escape in a query (RFC 3986, section 2.3).
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'/');

/// The first field called `name`; none where it is missing or no UTF-8.
pub(crate) fn field<'a>(form: &'a str, name: &str) -> Option<Cow<'a, str>> {
    let value = form.split('&').take(FIELDS_MAX).find_map(|pair| {
        let (held, value) = pair.split_once('=')?;
        (held == name).then_some(value)
    })?;
    let value = if value.contains('+') { Cow::Owned(value.replace('+', " ")) } else { Cow::Borrowed(value) };
    match value {
        Cow::Borrowed(value) => percent_decode_str(value).decode_utf8().ok(),
        Cow::Owned(value) => {
            percent_decode_str(&value).decode_utf8().ok().map(|text| Cow::Owned(text.into_owned()))
        }
    }
}

/// `text` as a value in a query.
pub(crate) fn escaped(text: &str) -> String {
    utf8_percent_encode(text, ESCAPED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn fields_are_found_by_name() {
        let check =
            |form, name, expect: Option<&str>| assert_eq!(field(form, name).as_deref(), expect, "{form}");
        check("a=1&b=2", "b", Some("2"));
        check("a=1&a=2", "a", Some("1"));
        check("to=%2Fa%3Fb%3Dc+d", "to", Some("/a?b=c d"));
        check("a", "a", None);
        check("a=%ff", "a", None);
        check("a=%f", "a", Some("%f"));
        check("", "a", None);
        check(&format!("{}a=1", "b=2&".repeat(FIELDS_MAX)), "a", None);
    }

    proptest! {
        #[test]
        fn what_is_escaped_reads_the_same(text in "\\PC{0,60}") {
            let form = format!("x=&to={}", escaped(&text));
            let found = field(&form, "to");
            prop_assert_eq!(found.as_deref(), Some(text.as_str()));
        }
    }
}
