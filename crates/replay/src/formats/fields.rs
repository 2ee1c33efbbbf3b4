//! The fields that labelled traffic and `/check` bodies share (SURFACE, "Formats"): a missing field is `Unseen`,
//! null is `Absent`.

use std::borrow::Cow;
use std::fmt;

use palisade_domain::{Fact, HeaderCase, HeaderOrder, HttpVersion};
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::draft::{Draft, Pairs, Rich, session_id};
use super::json::{Field, Str};
use super::text;

/// Longest fingerprint claim, in bytes (SURFACE, `X-Fingerprint`); longer ones count as unseen.
const FINGERPRINT_BYTES_MAX: usize = 4 * 1024;

/// All fields of both forms. One struct, since flattening one into another would copy every value.
#[derive(Default, Deserialize)]
pub(super) struct Fields<'a> {
    #[serde(default)]
    pub(super) time_ms: Option<f64>,
    #[serde(borrow, default)]
    pub(super) client: Option<Str<'a>>,
    #[serde(borrow, default)]
    pub(super) ip: Option<Str<'a>>,
    #[serde(borrow, default)]
    pub(super) path: Field<Str<'a>>,
    #[serde(borrow, default)]
    pub(super) endpoint: Field<Str<'a>>,
    #[serde(borrow, default)]
    pub(super) label: Option<Str<'a>>,
    #[serde(borrow, default)]
    pub(super) family: Option<Str<'a>>,
    #[serde(borrow, default)]
    pub(super) group: Option<Str<'a>>,
    #[serde(borrow, default)]
    pub(super) request_id: Option<Str<'a>>,
    #[serde(default)]
    pub(super) observe: Option<bool>,
    #[serde(borrow, default)]
    pub(super) actions: Option<Str<'a>>,
    #[serde(borrow, default)]
    session: Field<Str<'a>>,
    #[serde(borrow, default)]
    method: Field<Str<'a>>,
    #[serde(borrow, default)]
    host: Field<Str<'a>>,
    #[serde(default)]
    status: Field<u64>,
    #[serde(default)]
    bytes: Field<u64>,
    #[serde(default)]
    duration_ms: Field<f64>,
    #[serde(borrow, default)]
    scheme: Field<Str<'a>>,
    #[serde(borrow, default)]
    version: Field<Str<'a>>,
    #[serde(borrow, default, alias = "referer")]
    referrer: Field<Str<'a>>,
    #[serde(borrow, default)]
    user_agent: Field<Str<'a>>,
    #[serde(borrow, default)]
    headers: Field<HeaderPairs<'a>>,
    #[serde(borrow, default)]
    body: Field<Str<'a>>,
    #[serde(borrow, default)]
    ja4: Field<Str<'a>>,
    #[serde(default)]
    fingerprint: Field<serde_json::Value>,
}

impl<'a> Fields<'a> {
    /// Puts what both forms say about the request into `draft`; time, client, path and what only one form has are
    /// the form's own. What stands only in the header list (user agent, host, referrer) is taken from there.
    pub(super) fn fill(self, draft: &mut Draft<'a>) {
        let pseudo = match &self.headers.0 {
            Fact::Known(headers) => headers.pseudo.clone(),
            Fact::Absent | Fact::Unseen => Pseudo::default(),
        };
        let rich = Rich {
            session: self.session.text().map(|text| session_id(&text)),
            headers: self.headers.0.map(|headers| (headers.pairs, headers.order, headers.case)),
            body: self.body.text(),
            ja4: self.ja4.text(),
            fingerprint: fingerprint(self.fingerprint.0),
            ..Rich::default()
        };
        let or_header = |field: Field<Str<'a>>, name: &str| match field.text() {
            Fact::Unseen => rich.header(name).map(|value| Cow::Owned(value.to_owned())),
            seen => seen,
        };
        draft.method = self.method.text();
        draft.host = match (or_header(self.host, "host"), pseudo.authority) {
            (Fact::Absent, Some(authority)) => Fact::Known(authority),
            (host, _) => host,
        };
        draft.user_agent = or_header(self.user_agent, "user-agent");
        draft.referrer = or_header(self.referrer, "referer");
        draft.scheme = match (text::scheme(&self.scheme.text()), pseudo.scheme) {
            (Fact::Unseen, Some(scheme)) => text::scheme(&Fact::Known(scheme)),
            (scheme, _) => scheme,
        };
        draft.version = match self.version.text().map(|version| text::version(&version)) {
            // HTTP/1 has no pseudo-headers; HTTP/2 and 3 look alike from here.
            Fact::Unseen if pseudo.any => Fact::Known(HttpVersion::Http2),
            version => version,
        };
        draft.response.status = text::status(self.status.0);
        draft.response.bytes = self.bytes.0;
        draft.response.duration_ms = self.duration_ms.0.map(|millis| millis.max(0.0).round() as u64);
        if rich != Rich::default() {
            draft.rich = Some(Box::new(rich));
        }
    }
}

fn fingerprint(claim: Fact<serde_json::Value>) -> Fact<Cow<'static, str>> {
    let text = claim.map(|claim| match claim {
        serde_json::Value::String(text) => text,
        other => other.to_string(),
    });
    match text {
        Fact::Known(text) if text.len() > FINGERPRINT_BYTES_MAX => Fact::Unseen,
        text => text.map(Cow::Owned),
    }
}

/// What HTTP/2 says in front of its headers.
#[derive(Clone, Default)]
struct Pseudo<'a> {
    any: bool,
    /// `:authority`, its name for the host.
    authority: Option<Cow<'a, str>>,
    /// `:scheme`
    scheme: Option<Cow<'a, str>>,
}

/// A header list: `[[name, value]…]` keeps order and case of the wire, an object loses both.
struct HeaderPairs<'a> {
    pairs: Pairs<'a>,
    pseudo: Pseudo<'a>,
    order: HeaderOrder,
    case: HeaderCase,
}

impl<'de: 'a, 'a> Deserialize<'de> for HeaderPairs<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(HeaderVisitor)
    }
}

struct HeaderVisitor;

impl<'de> Visitor<'de> for HeaderVisitor {
    type Value = HeaderPairs<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("headers as a list of [name, value] pairs or an object")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<HeaderPairs<'de>, A::Error> {
        let mut headers = HeaderPairs::new(HeaderOrder::Wire, HeaderCase::Wire);
        while let Some((name, value)) = seq.next_element::<(Str<'de>, Str<'de>)>()? {
            headers.push(name.0, value.0);
        }
        Ok(headers)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<HeaderPairs<'de>, A::Error> {
        let mut headers = HeaderPairs::new(HeaderOrder::Lost, HeaderCase::Lost);
        while let Some((name, values)) = map.next_entry::<Str<'de>, OneOrMany<'de>>()? {
            for value in values.0 {
                headers.push(name.0.clone(), value.0);
            }
        }
        Ok(headers)
    }
}

impl<'a> HeaderPairs<'a> {
    fn new(order: HeaderOrder, case: HeaderCase) -> Self {
        HeaderPairs { pairs: Pairs::new(), pseudo: Pseudo::default(), order, case }
    }

    /// HTTP/2 pseudo-headers are no headers.
    fn push(&mut self, name: Cow<'a, str>, value: Cow<'a, str>) {
        self.pseudo.any |= name.starts_with(':');
        match &*name {
            ":authority" => self.pseudo.authority = Some(value),
            ":scheme" => self.pseudo.scheme = Some(value),
            name if name.starts_with(':') => {}
            _ => self.pairs.push((name, value)),
        }
    }
}

struct OneOrMany<'a>(Vec<Str<'a>>);

impl<'de: 'a, 'a> Deserialize<'de> for OneOrMany<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ValueVisitor;
        impl<'de> Visitor<'de> for ValueVisitor {
            type Value = OneOrMany<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a header value or a list of them")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<OneOrMany<'de>, E> {
                Ok(OneOrMany(vec![Str(Cow::Borrowed(text))]))
            }
            fn visit_str<E>(self, text: &str) -> Result<OneOrMany<'de>, E> {
                Ok(OneOrMany(vec![Str(Cow::Owned(text.to_owned()))]))
            }
            fn visit_unit<E>(self) -> Result<OneOrMany<'de>, E> {
                Ok(OneOrMany(Vec::new()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<OneOrMany<'de>, A::Error> {
                let mut values = Vec::new();
                while let Some(value) = seq.next_element()? {
                    values.push(value);
                }
                Ok(OneOrMany(values))
            }
        }
        deserializer.deserialize_any(ValueVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(json: &str) -> (Vec<(String, String)>, HeaderOrder) {
        let line = format!("{{\"headers\":{json}}}");
        let fields: Fields<'_> = serde_json::from_str(&line).unwrap();
        let headers = fields.headers.0.known().unwrap();
        let pairs = headers.pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        (pairs, headers.order)
    }

    #[test]
    fn pairs_keep_their_order_and_objects_do_not() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            headers(r#"[["B","1"],[":path","/"],["A","2"]]"#),
            (vec![pair("B", "1"), pair("A", "2")], HeaderOrder::Wire)
        );
        let many = vec![pair("a", "1"), pair("b", "2"), pair("b", "3")];
        assert_eq!(headers(r#"{"a":"1","b":["2","3"],"c":null}"#), (many, HeaderOrder::Lost));
    }

    #[test]
    fn a_fingerprint_may_be_an_object_and_is_bounded() {
        let claim: Fields<'_> = serde_json::from_str(r#"{"fingerprint":{"canvas":"x"}}"#).unwrap();
        assert_eq!(fingerprint(claim.fingerprint.0), Fact::Known(Cow::Borrowed(r#"{"canvas":"x"}"#)));
        assert_eq!(fingerprint(Fact::Known("x".repeat(5_000).into())), Fact::Unseen);
    }
}
