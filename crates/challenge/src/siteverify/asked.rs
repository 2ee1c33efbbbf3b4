//! A question, in each of the forms in which the vendors' libraries ask it. A reader of its own: a call of an API is read in one
//! way only or refused, where forms of pages are read leniently (`intel::providers::field`) and our own whole (`visitor`).

use std::borrow::Cow;
use std::fmt;

use serde::Deserializer;
use serde::de::{IgnoredAny, MapAccess, Visitor};

use crate::token::bounds::SITEVERIFY_BYTES_MAX;

/// Where the token stands; several vendors, several names. Where more than one is sent, the first of these counts.
const RESPONSES: [&str; 8] = [
    "response",
    "solution",
    "cf-turnstile-response",
    "h-captcha-response",
    "g-recaptcha-response",
    "frc-captcha-solution",
    "captcha_token",
    "token",
];
const SECRET: &str = "secret";
const SITE_KEY: &str = "sitekey";
const IDEMPOTENCY_KEY: &str = "idempotency_key";
/// Longest idempotency key, in bytes: Turnstile's is a UUID of 36.
const IDEMPOTENCY_BYTES_MAX: usize = 64;
/// Most fields that are looked at; libraries send at most six.
const FIELDS_MAX: usize = 64;

/// What is asked. Has no `Debug`: it holds a secret.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// The secret of the site's server; empty where there is none.
    pub secret: String,
    /// The token; empty where there is none.
    pub response: String,
    /// The site key that the token must be for, where one is named.
    pub site_key: Option<String>,
    /// Under which name the verdict is to be repeated.
    pub idempotency_key: Option<String>,
}

/// Why a question cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Malformed {
    /// Longer than any question.
    #[error("too-large")]
    TooLarge,
    /// No form and no JSON object, a field that is no text, or one that is there twice.
    #[error("unreadable-body")]
    Unreadable,
}

impl Malformed {
    /// Its one word.
    pub fn word(self) -> &'static str {
        match self {
            Malformed::TooLarge => "too-large",
            Malformed::Unreadable => "unreadable-body",
        }
    }
}

impl Asked {
    /// Reads a question: a form (`application/x-www-form-urlencoded`, `multipart/form-data`), a JSON object or a query.
    /// What the body does not say may stand in the query. Fields that nobody knows (`remoteip` too: a token is not bound to
    /// an address) are left alone.
    ///
    /// # Errors
    /// Where it cannot be read in one way only.
    pub fn read(content_type: Option<&str>, query: Option<&str>, body: &[u8]) -> Result<Self, Malformed> {
        if body.len() + query.map_or(0, str::len) > SITEVERIFY_BYTES_MAX {
            return Err(Malformed::TooLarge);
        }
        let mut fields = Fields::default();
        let kind = content_type.unwrap_or_default();
        let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if essence == "multipart/form-data" {
            multipart(kind, body, &mut fields)?;
        } else if essence.ends_with("json") || body.trim_ascii_start().starts_with(b"{") {
            json(body, &mut fields)?;
        } else {
            urlencoded(body, &mut fields)?;
        }
        if let Some(query) = query {
            let mut more = Fields::default();
            urlencoded(query.as_bytes(), &mut more)?;
            fields.fill(more);
        }
        fields.asked()
    }
}

/// The fields that somebody reads, each at most once.
#[derive(Default)]
struct Fields(Vec<(&'static str, String)>);

impl Fields {
    /// The name, where it is one that somebody reads.
    fn known(name: &str) -> Option<&'static str> {
        let names = [SECRET, SITE_KEY, IDEMPOTENCY_KEY];
        names.into_iter().chain(RESPONSES).find(|known| *known == name)
    }

    fn put(&mut self, name: &'static str, value: String) -> Result<(), Malformed> {
        if self.0.iter().any(|(held, _)| *held == name) {
            return Err(Malformed::Unreadable);
        }
        self.0.push((name, value));
        Ok(())
    }

    /// Takes from `more` what is not here.
    fn fill(&mut self, more: Fields) {
        for (name, value) in more.0 {
            if self.0.iter().all(|(held, _)| *held != name) {
                self.0.push((name, value));
            }
        }
    }

    fn take(&mut self, name: &str) -> Option<String> {
        let at = self.0.iter().position(|(held, _)| *held == name)?;
        Some(self.0.swap_remove(at).1).filter(|value| !value.is_empty())
    }

    fn asked(mut self) -> Result<Asked, Malformed> {
        let idempotency_key = self.take(IDEMPOTENCY_KEY);
        if idempotency_key.as_ref().is_some_and(|key| key.len() > IDEMPOTENCY_BYTES_MAX) {
            return Err(Malformed::Unreadable);
        }
        Ok(Asked {
            // A line break at the end is what a secret gets that is read from a file.
            secret: self.take(SECRET).map_or_else(String::new, |secret| secret.trim().to_owned()),
            response: RESPONSES.iter().find_map(|name| self.take(name)).unwrap_or_default(),
            site_key: self.take(SITE_KEY),
            idempotency_key,
        })
    }
}

/// `a=1&b=2` (WHATWG URL, section 5.1).
fn urlencoded(form: &[u8], fields: &mut Fields) -> Result<(), Malformed> {
    for pair in form.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()).take(FIELDS_MAX) {
        let at = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
        let (name, value) = (&pair[..at], pair.get(at + 1..).unwrap_or_default());
        if let Some(name) = Fields::known(&decoded(name)?) {
            fields.put(name, decoded(value)?.into_owned())?;
        }
    }
    Ok(())
}

fn decoded(text: &[u8]) -> Result<Cow<'_, str>, Malformed> {
    if !text.iter().any(|byte| matches!(byte, b'%' | b'+')) {
        return std::str::from_utf8(text).map(Cow::Borrowed).map_err(|_| Malformed::Unreadable);
    }
    let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        let hex =
            (*byte == b'%').then(|| Some((digit(text.get(at + 1))?, digit(text.get(at + 2))?))).flatten();
        match (byte, hex) {
            (_, Some((high, low))) => {
                out.push((high << 4 | low) as u8);
                at += 2;
            }
            (b'+', _) => out.push(b' '),
            _ => out.push(*byte),
        }
        at += 1;
    }
    String::from_utf8(out).map(Cow::Owned).map_err(|_| Malformed::Unreadable)
}

/// What `fetch` makes of a `FormData`, and PHP's curl of an array (RFC 7578).
fn multipart(content_type: &str, body: &[u8], fields: &mut Fields) -> Result<(), Malformed> {
    let unreadable = Malformed::Unreadable;
    let mut parameters = content_type.split(';').skip(1).filter_map(|parameter| parameter.split_once('='));
    let (_, boundary) =
        parameters.find(|(name, _)| name.trim().eq_ignore_ascii_case("boundary")).ok_or(unreadable)?;
    let boundary = boundary.trim().trim_matches('"');
    if boundary.is_empty() || boundary.len() > 70 {
        return Err(unreadable);
    }
    let text = std::str::from_utf8(body).map_err(|_| unreadable)?;
    // The first boundary has no line break before it.
    let delimiter = format!("--{boundary}");
    let mut parts = text.split(&delimiter);
    let before = parts.next().unwrap_or_default();
    if !before.is_empty() && !before.ends_with("\r\n") {
        return Err(unreadable);
    }
    for part in parts.take(FIELDS_MAX) {
        if part.starts_with("--") {
            return Ok(());
        }
        let part = part.strip_prefix("\r\n").and_then(|part| part.strip_suffix("\r\n")).ok_or(unreadable)?;
        // A part without headers begins with the empty line that ends them.
        let (head, value) = part.split_once("\r\n\r\n").ok_or(unreadable)?;
        let name = head.split("\r\n").find_map(disposition_name).ok_or(unreadable)?;
        if let Some(name) = Fields::known(name) {
            fields.put(name, value.to_owned())?;
        }
    }
    // It broke off.
    Err(unreadable)
}

/// `Content-Disposition: form-data; name="secret"`
fn disposition_name(line: &str) -> Option<&str> {
    let (header, value) = line.split_once(':')?;
    if !header.trim().eq_ignore_ascii_case("content-disposition") {
        return None;
    }
    value.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("name").then(|| value.trim().trim_matches('"'))
    })
}

fn json(body: &[u8], fields: &mut Fields) -> Result<(), Malformed> {
    struct Object<'a>(&'a mut Fields);
    impl<'de> Visitor<'de> for Object<'_> {
        type Value = ();

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
            while let Some(name) = map.next_key::<String>()? {
                match Fields::known(&name) {
                    Some(name) => {
                        let value: Option<String> = map.next_value()?;
                        self.0.put(name, value.unwrap_or_default()).map_err(serde::de::Error::custom)?;
                    }
                    None => drop(map.next_value::<IgnoredAny>()?),
                }
            }
            Ok(())
        }
    }
    let mut reader = serde_json::Deserializer::from_slice(body);
    let read = reader.deserialize_map(Object(fields)).and_then(|()| reader.end());
    read.map_err(|_| Malformed::Unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FORM: Option<&str> = Some("application/x-www-form-urlencoded");
    const JSON: Option<&str> = Some("application/json");

    fn check(content_type: Option<&str>, query: Option<&str>, body: &str, expect: Option<[&str; 4]>) {
        let read = Asked::read(content_type, query, body.as_bytes()).ok();
        let shown = read.as_ref().map(|asked| {
            let (site_key, key) = (asked.site_key.as_deref(), asked.idempotency_key.as_deref());
            [&asked.secret[..], &asked.response, site_key.unwrap_or(""), key.unwrap_or("")]
        });
        assert_eq!(shown, expect, "{content_type:?} {query:?} {body}");
    }

    #[test]
    fn forms_json_and_queries_are_read_alike() {
        let both = Some(["s", "a.b", "", ""]);
        check(FORM, None, "secret=s&response=a.b", both);
        check(
            Some("application/x-www-form-urlencoded; charset=utf-8"),
            None,
            "secret=s&response=a%2Eb",
            both,
        );
        check(None, None, "secret=s&response=a.b", both);
        check(FORM, None, "secret=s&response=a.b&remoteip=192.0.2.1&remoteip=again&x", both);
        check(JSON, None, r#"{"secret":"s","response":"a.b","remoteip":null,"x":[{}]}"#, both);
        check(
            Some("Application/JSON; charset=utf-8"),
            None,
            r#" {"secret":"s","response":"a\u002eb"} "#,
            both,
        );
        check(FORM, None, r#"{"secret":"s","response":"a.b"}"#, both);
        check(None, Some("secret=s&response=a.b"), "", both);
        check(FORM, Some("secret=other&response=a.b"), "secret=s", both);
        check(FORM, None, "secret=s%0A&response=a.b", both);
    }

    #[test]
    fn every_vendors_names_are_known() {
        for name in RESPONSES {
            check(FORM, None, &format!("secret=s&{name}=t"), Some(["s", "t", "", ""]));
            check(JSON, None, &format!(r#"{{"secret":"s","{name}":"t"}}"#), Some(["s", "t", "", ""]));
        }
        check(FORM, None, "secret=s&g-recaptcha-response=t&h-captcha-response=t", Some(["s", "t", "", ""]));
        check(FORM, None, "secret=s&response=&solution=t", Some(["s", "t", "", ""]));
        check(FORM, None, "secret=s&response=t&sitekey=k&idempotency_key=i", Some(["s", "t", "k", "i"]));
        check(FORM, None, "", Some(["", "", "", ""]));
        check(JSON, None, "{}", Some(["", "", "", ""]));
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_not_read() {
        check(FORM, None, "secret=s&response=a&response=b", None);
        check(FORM, None, "secret=s&secret=s", None);
        check(JSON, None, r#"{"secret":"s","secret":"t"}"#, None);
        check(JSON, None, r#"{"secret":1}"#, None);
        check(JSON, None, r#"{"secret":"s"}{"#, None);
        check(JSON, None, "[]", None);
        check(JSON, None, "", None);
        check(FORM, None, "secret=%ff&response=x", None);
        check(FORM, None, &format!("secret=s&idempotency_key={}", "i".repeat(65)), None);
        check(JSON, None, &"[".repeat(9_000), None);
        check(JSON, None, &format!(r#"{{"x":{}"#, r#"{"x":"#.repeat(2_000)), None);
        let long = format!("secret=s&response={}", "x".repeat(SITEVERIFY_BYTES_MAX));
        assert!(Asked::read(FORM, None, long.as_bytes()) == Err(Malformed::TooLarge));
    }

    #[test]
    fn form_data_is_read() {
        let kind = Some("multipart/form-data; boundary=----geckoformboundary1");
        let part = |name: &str, value: &str| {
            format!(
                "------geckoformboundary1\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            )
        };
        let end = "------geckoformboundary1--\r\n";
        let both =
            format!("{}{}{}{end}", part("secret", "s"), part("response", "a.b"), part("remoteip", "::1"));
        check(kind, None, &both, Some(["s", "a.b", "", ""]));
        check(
            Some("multipart/form-data; boundary=\"----geckoformboundary1\""),
            None,
            &both,
            Some(["s", "a.b", "", ""]),
        );
        check(kind, None, &both.replace(end, ""), None);
        check(kind, None, &format!("{}{}{end}", part("secret", "s"), part("secret", "s")), None);
        check(kind, None, &both.replace("\r\n\r\n", "\r\n"), None);
        check(Some("multipart/form-data"), None, &both, None);
        check(kind, None, "", None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(
            kind in prop::option::of("(multipart/form-data; boundary=a|application/json|[ -~]{0,40})"),
            query in prop::option::of("[ -~]{0,60}"),
            body in prop::collection::vec(any::<u8>(), 0..200),
        ) {
            let _ = Asked::read(kind.as_deref(), query.as_deref(), &body);
        }

        #[test]
        fn a_form_says_what_json_says(secret in "[^\u{0}-\u{20}]{1,20}", response in "\\PC{1,40}") {
            let encode = |text: &str| text.bytes().map(|byte| format!("%{byte:02x}")).collect::<String>();
            let form = format!("secret={}&response={}", encode(&secret), encode(&response));
            let json = serde_json::json!({"secret": secret, "response": response}).to_string();
            let (form, json) = (Asked::read(FORM, None, form.as_bytes()), Asked::read(JSON, None, json.as_bytes()));
            prop_assert!(form.is_ok() && form == json);
        }
    }
}
