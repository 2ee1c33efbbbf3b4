//! What the JSON formats share: fields that are known, null or missing, and flat objects read without a tree.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use palisade_domain::Fact;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A string that borrows from the line where nothing in it is escaped.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Str<'a>(pub(super) Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Str<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct StrVisitor;
        impl<'de> Visitor<'de> for StrVisitor {
            type Value = Str<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Str<'de>, E> {
                Ok(Str(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Str<'de>, E> {
                Ok(Str(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(StrVisitor)
    }
}

/// A field: missing is `Unseen`, null is `Absent`. Needs `#[serde(default)]`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Field<T>(pub(super) Fact<T>);

impl<T> Default for Field<T> {
    fn default() -> Self {
        Field(Fact::Unseen)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Field<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::<T>::deserialize(deserializer).map(|value| Field(Fact::seen(value)))
    }
}

impl<'a> Field<Str<'a>> {
    /// As a text fact.
    pub(super) fn text(self) -> Fact<Cow<'a, str>> {
        self.0.map(|text| text.0)
    }
}

/// A value of a flat object. Arrays and objects are [`Scalar::Other`].
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Scalar<'a> {
    Null,
    Text(Cow<'a, str>),
    Number(f64),
    Other,
}

impl<'a> Scalar<'a> {
    /// As a text fact: null, nothing and `-` are `Absent`.
    pub(super) fn text(self) -> Fact<Cow<'a, str>> {
        match self {
            Scalar::Text(text) if text.is_empty() || text == "-" => Fact::Absent,
            Scalar::Text(text) => Fact::Known(text),
            Scalar::Number(number) => Fact::Known(Cow::Owned(number.to_string())),
            Scalar::Null => Fact::Absent,
            Scalar::Other => Fact::Unseen,
        }
    }

    /// As a number, also from text (nginx quotes everything).
    pub(super) fn number(&self) -> Option<f64> {
        match self {
            Scalar::Number(number) => Some(*number),
            Scalar::Text(text) => text.parse().ok(),
            Scalar::Null | Scalar::Other => None,
        }
    }

    /// As a count; `Absent` where it holds none.
    pub(super) fn count(&self) -> Fact<u64> {
        Fact::seen(self.number().filter(|number| *number >= 0.0).map(|number| number as u64))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Scalar<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor)
    }
}

struct ScalarVisitor;

impl<'de> Visitor<'de> for ScalarVisitor {
    type Value = Scalar<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Null)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Other)
    }

    fn visit_i64<E>(self, number: i64) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Number(number as f64))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Number(number as f64))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Number(number))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Scalar<'de>, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Scalar::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Scalar<'de>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Scalar::Other)
    }
}

/// Calls `take` with each key and value of the object on `line`. `None` where the line is no JSON object.
pub(super) fn each<'a>(line: &'a str, take: impl FnMut(Cow<'a, str>, Scalar<'a>)) -> Option<()> {
    let mut deserializer = serde_json::Deserializer::from_str(line);
    Each { take, marker: PhantomData }.deserialize(&mut deserializer).ok()?;
    deserializer.end().ok()
}

struct Each<'a, F> {
    take: F,
    marker: PhantomData<&'a ()>,
}

impl<'de, F: FnMut(Cow<'de, str>, Scalar<'de>)> DeserializeSeed<'de> for Each<'de, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, F: FnMut(Cow<'de, str>, Scalar<'de>)> Visitor<'de> for Each<'de, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some((key, value)) = map.next_entry::<Str<'de>, Scalar<'de>>()? {
            (self.take)(key.0, value);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flat_objects_are_walked() {
        let mut seen = Vec::new();
        let line = r#"{"a":"x","b":null,"c":1.5,"d":[1,{"e":2}],"f":{},"g":"\u00e9","h":true}"#;
        each(line, |key, value| seen.push((key.into_owned(), value))).unwrap();
        let expect: Vec<(String, Scalar<'_>)> = vec![
            ("a".into(), Scalar::Text("x".into())),
            ("b".into(), Scalar::Null),
            ("c".into(), Scalar::Number(1.5)),
            ("d".into(), Scalar::Other),
            ("f".into(), Scalar::Other),
            ("g".into(), Scalar::Text("é".into())),
            ("h".into(), Scalar::Other),
        ];
        assert_eq!(seen, expect);
        assert_eq!(each("[1]", |_, _| ()), None);
        assert_eq!(each("{\"a\":1} x", |_, _| ()), None);
    }

    #[test]
    fn missing_and_null_differ() {
        #[derive(Deserialize)]
        struct Line<'a> {
            #[serde(borrow, default)]
            a: Field<Str<'a>>,
            #[serde(borrow, default)]
            b: Field<Str<'a>>,
        }
        let line: Line<'_> = serde_json::from_str(r#"{"a":null}"#).unwrap();
        assert_eq!((line.a.text(), line.b.text()), (Fact::Absent, Fact::Unseen));
    }
}
