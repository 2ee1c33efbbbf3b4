//! Finding a widget's response in the body of a form, of which perhaps only the start is known. Pure.
//!
//! Reads the three shapes that pages send: `application/x-www-form-urlencoded` (WHATWG URL, section 5),
//! `multipart/form-data` (RFC 7578) and the top level of a JSON object (RFC 8259). Linear in the bytes given, and no
//! field is found that is not there whole: a value that the end of the start cuts off is not one.

mod json;
mod multipart;
mod urlencoded;

/// The names under which responses come: ours, those of the vendors' widgets, and what pages of reCAPTCHA v3 that fill
/// a field themselves have come to call it.
pub const FIELDS: [&str; 5] = [
    "captcha_token",
    "g-recaptcha-response",
    "h-captcha-response",
    "cf-turnstile-response",
    "recaptcha_token",
];

/// Fields of a body that are looked at.
pub const PARTS_MAX: usize = 1_024;

/// The longest of [`FIELDS`], in bytes.
const NAME_BYTES_MAX: usize = 21;

/// The fields of [`FIELDS`] that a body has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Given {
    values: [Option<String>; FIELDS.len()],
}

/// What a body has of [`FIELDS`]. `prefix` is its start; `whole` says that it is all of it.
///
/// Of a field that comes more than once the first value that is not empty counts: pages with two forms' worth of
/// widgets send an empty one too.
pub fn extract(content_type: &str, prefix: &[u8], whole: bool) -> Given {
    let mut given = Given::default();
    let (essence, parameters) = content_type.split_once(';').unwrap_or((content_type, ""));
    let essence = essence.trim().to_ascii_lowercase();
    match essence.as_str() {
        "application/x-www-form-urlencoded" => urlencoded::read(prefix, whole, &mut given),
        "multipart/form-data" => multipart::read(parameters, prefix, &mut given),
        json if json == "application/json" || json.ends_with("+json") => json::read(prefix, &mut given),
        _ => {}
    }
    given
}

impl Given {
    /// The value of field `name`, never empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        let at = FIELDS.iter().position(|field| *field == name)?;
        self.values[at].as_deref()
    }

    /// The value of the first of `names` that is there.
    pub fn first(&self, names: &[&str]) -> Option<&str> {
        names.iter().find_map(|name| self.get(name))
    }

    /// Is field `name` one to look for?
    fn wants(&self, name: &[u8]) -> Option<usize> {
        let at = FIELDS.iter().position(|field| field.as_bytes() == name)?;
        self.values[at].is_none().then_some(at)
    }

    fn put(&mut self, at: usize, value: String) {
        if !value.is_empty() {
            self.values[at] = Some(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FORM: &str = "application/x-www-form-urlencoded";

    #[test]
    fn the_longest_name_is_known() {
        assert_eq!(FIELDS.iter().map(|field| field.len()).max(), Some(NAME_BYTES_MAX));
    }

    #[test]
    fn shapes_are_told_by_their_type() {
        let check = |content_type: &str, body: &str, expect: Option<&str>| {
            let given = extract(content_type, body.as_bytes(), true);
            assert_eq!(given.get("captcha_token"), expect, "{content_type} {body}");
        };
        check(FORM, "captcha_token=t", Some("t"));
        check("Application/X-WWW-Form-Urlencoded; charset=UTF-8", "captcha_token=t", Some("t"));
        check("application/json", r#"{"captcha_token":"t"}"#, Some("t"));
        check("application/json; charset=utf-8", r#"{"captcha_token":"t"}"#, Some("t"));
        check("application/vnd.shop+json", r#"{"captcha_token":"t"}"#, Some("t"));
        let parts = "--b\r\nContent-Disposition: form-data; name=\"captcha_token\"\r\n\r\nt\r\n--b--\r\n";
        check("multipart/form-data; boundary=b", parts, Some("t"));
        check("text/plain", "captcha_token=t", None);
        check("", "captcha_token=t", None);
    }

    #[test]
    fn the_best_name_wins() {
        let given = extract(FORM, b"g-recaptcha-response=g&h-captcha-response=h&captcha_token=", true);
        assert_eq!(given.first(&["h-captcha-response", "g-recaptcha-response"]), Some("h"));
        assert_eq!(given.first(&["cf-turnstile-response", "g-recaptcha-response"]), Some("g"));
        assert_eq!(given.first(&["captcha_token"]), None, "an empty one is none");
        assert_eq!(given.first(&["another"]), None);
    }

    proptest! {
        #[test]
        fn no_bytes_do_harm(content_type in "(application/json|multipart/form-data; boundary=.{0,3}|application/x-www-form-urlencoded)", body: Vec<u8>, whole: bool) {
            extract(&content_type, &body, whole);
        }

        /// What is found at the start of a body is found in the whole of it.
        #[test]
        fn a_start_never_says_what_the_whole_does_not(
            values in proptest::collection::vec("[ -~]{0,12}", 5),
            shape in 0_usize..3,
            cut in 0_usize..600,
        ) {
            let pairs: Vec<(&str, &str)> = FIELDS.iter().copied().zip(values.iter().map(String::as_str)).collect();
            let (content_type, body) = match shape {
                0 => {
                    let escape = |text: &str| text.bytes().map(|byte| format!("%{byte:02x}")).collect::<String>();
                    let pairs: Vec<String> =
                        pairs.iter().map(|(name, value)| format!("{}={}", escape(name), escape(value))).collect();
                    (FORM, pairs.join("&"))
                }
                1 => {
                    let object: serde_json::Map<String, serde_json::Value> =
                        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
                    ("application/json", serde_json::Value::Object(object).to_string())
                }
                _ => {
                    let part = |(name, value): &(&str, &str)| {
                        format!("--b0und\r\ncontent-disposition: form-data; name={name}\r\n\r\n{value}\r\n")
                    };
                    let parts: String = pairs.iter().map(part).collect();
                    ("multipart/form-data; boundary=\"b0und\"", format!("{parts}--b0und--\r\n"))
                }
            };
            let whole = extract(content_type, body.as_bytes(), true);
            for (name, value) in &pairs {
                prop_assert_eq!(whole.get(name), Some(*value).filter(|value| !value.is_empty()));
            }
            let start = extract(content_type, &body.as_bytes()[..cut.min(body.len())], false);
            for name in FIELDS {
                if let Some(value) = start.get(name) {
                    prop_assert_eq!(Some(value), whole.get(name));
                }
            }
        }
    }
}
