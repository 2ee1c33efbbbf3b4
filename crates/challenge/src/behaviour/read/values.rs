//! Values as clients write them: numbers that are none, texts in place of numbers, lists without end.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{AGENT_BYTES_MAX, RawAgent, is_word};
use crate::behaviour::trace::{EVENTS_MAX, MARKS_MAX, SOLUTIONS_MAX};

/// Longest name of a mark.
const MARK_BYTES_MAX: usize = 40;
/// Largest number of a mark: they are counts.
const MARK_MAX: f64 = 1e9;

/// A list of which the first [`EVENTS_MAX`] are kept and the rest counted.
#[derive(Debug)]
pub(super) struct Capped<T> {
    pub(super) kept: Vec<T>,
    pub(super) dropped: u64,
}

impl<T> Default for Capped<T> {
    fn default() -> Self {
        Capped { kept: Vec::new(), dropped: 0 }
    }
}

/// A number; null, which JavaScript writes for those that are none, is not a number.
#[derive(Clone, Copy, Debug)]
pub(super) struct Number(pub(super) f64);

impl Default for Number {
    fn default() -> Self {
        Number(f64::NAN)
    }
}

/// A value that may be null or missing.
#[derive(Clone, Copy, Debug)]
pub(in crate::behaviour) struct Maybe<T>(pub(in crate::behaviour) Option<T>);

impl<T> Default for Maybe<T> {
    fn default() -> Self {
        Maybe(None)
    }
}

/// A text of at most `MAX` bytes; anything else is none.
#[derive(Debug, Default)]
pub(in crate::behaviour) struct Text<const MAX: usize>(pub(in crate::behaviour) Option<String>);

impl<const MAX: usize> Text<MAX> {
    pub(in crate::behaviour) fn as_str(&self) -> &str {
        self.0.as_deref().unwrap_or_default()
    }
}

/// True, a number that is not 0, a text that is not empty: the text itself is dropped.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::behaviour) struct Flag(pub(in crate::behaviour) bool);

/// A label: 1, true, `"human"` or 0, false, `"bot"`. Null is none, all else [`Said::Other`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Said {
    /// Nothing was said.
    #[default]
    Nothing,
    /// A person.
    Human,
    /// A program.
    Bot,
    /// Something that is no label.
    Other,
}

/// A user agent as it came, or as seed 000 took it apart.
#[derive(Debug, Default)]
pub(super) enum AgentSaid {
    #[default]
    Nothing,
    Text(String),
    Parsed(RawAgent),
}

#[derive(Debug)]
pub(super) enum FieldSaid {
    Index(f64),
    Name(String),
}

impl Default for FieldSaid {
    fn default() -> Self {
        FieldSaid::Index(0.0)
    }
}

#[derive(Debug, Default)]
pub(super) struct Marks(pub(super) BTreeMap<String, f64>);

/// `None` for a list with anything else than numbers below 2^32, or with too many of them.
#[derive(Debug)]
pub(super) struct Solutions(pub(super) Option<Vec<u32>>);

impl Default for Solutions {
    fn default() -> Self {
        Solutions(Some(Vec::new()))
    }
}

/// What a JSON value can be, where more than one kind is welcome.
enum Any {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    Other,
}

struct AnyVisitor {
    text_bytes_max: usize,
}

impl<'de> Visitor<'de> for AnyVisitor {
    type Value = Any;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Any, E> {
        Ok(Any::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Any, E> {
        Ok(Any::Number(value as f64))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Any, E> {
        Ok(Any::Number(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Any, E> {
        Ok(Any::Number(value))
    }

    fn visit_str<E>(self, text: &str) -> Result<Any, E> {
        Ok(if text.len() <= self.text_bytes_max { Any::Text(text.to_owned()) } else { Any::Other })
    }

    fn visit_unit<E>(self) -> Result<Any, E> {
        Ok(Any::Null)
    }

    // The parser skips without recursion, however deep it goes.
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Any, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Any::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Any, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Any::Other)
    }
}

fn any<'de, D: Deserializer<'de>>(deserializer: D, text_bytes_max: usize) -> Result<Any, D::Error> {
    deserializer.deserialize_any(AnyVisitor { text_bytes_max })
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match any(deserializer, 0)? {
            Any::Number(number) => Ok(Number(number)),
            _ => Err(D::Error::custom("not a number")),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Maybe<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::deserialize(deserializer).map(Maybe)
    }
}

impl<'de, const MAX: usize> Deserialize<'de> for Text<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Text(match any(deserializer, MAX)? {
            Any::Text(text) => Some(text),
            _ => None,
        }))
    }
}

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Flag(match any(deserializer, 0)? {
            Any::Null => false,
            Any::Bool(value) => value,
            Any::Number(number) => number != 0.0,
            Any::Text(text) => !text.is_empty(),
            Any::Other => true,
        }))
    }
}

impl<'de> Deserialize<'de> for Said {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match any(deserializer, 8)? {
            Any::Null => Said::Nothing,
            Any::Bool(true) => Said::Human,
            Any::Bool(false) => Said::Bot,
            Any::Number(1.0) => Said::Human,
            Any::Number(0.0) => Said::Bot,
            Any::Text(text) if text == "human" => Said::Human,
            Any::Text(text) if text == "bot" => Said::Bot,
            _ => Said::Other,
        })
    }
}

impl<'de> Deserialize<'de> for FieldSaid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match any(deserializer, 256)? {
            Any::Number(index) => FieldSaid::Index(index),
            Any::Text(name) => FieldSaid::Name(name),
            _ => FieldSaid::default(),
        })
    }
}

impl<'de> Deserialize<'de> for AgentSaid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Said;
        impl<'de> Visitor<'de> for Said {
            type Value = AgentSaid;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a user agent")
            }

            fn visit_unit<E>(self) -> Result<AgentSaid, E> {
                Ok(AgentSaid::Nothing)
            }

            fn visit_str<E>(self, text: &str) -> Result<AgentSaid, E> {
                let fits = text.len() <= AGENT_BYTES_MAX;
                Ok(if fits { AgentSaid::Text(text.to_owned()) } else { AgentSaid::Nothing })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<AgentSaid, A::Error> {
                RawAgent::deserialize(MapAccessDeserializer::new(map)).map(AgentSaid::Parsed)
            }
        }
        deserializer.deserialize_any(Said)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Capped<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for List<T> {
            type Value = Capped<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of events")
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Capped::default())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut all = Capped::default();
                while all.kept.len() < EVENTS_MAX {
                    let Some(event) = list.next_element()? else { return Ok(all) };
                    all.kept.push(event);
                }
                while list.next_element::<IgnoredAny>()?.is_some() {
                    all.dropped += 1;
                }
                Ok(all)
            }
        }
        deserializer.deserialize_any(List(PhantomData))
    }
}

impl<'de> Deserialize<'de> for Marks {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Named;
        impl<'de> Visitor<'de> for Named {
            type Value = Marks;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of marks")
            }

            fn visit_unit<E>(self) -> Result<Marks, E> {
                Ok(Marks::default())
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Marks, A::Error> {
                let mut marks = BTreeMap::new();
                while let Some((Text::<MARK_BYTES_MAX>(name), Mark(value))) = map.next_entry()? {
                    if let (Some(name), Some(value)) = (name.filter(|name| is_word(name)), value)
                        && marks.len() < MARKS_MAX
                    {
                        marks.insert(name, value);
                    }
                }
                Ok(Marks(marks))
            }
        }
        deserializer.deserialize_any(Named)
    }
}

/// A boolean or a number; texts of marks are not read.
struct Mark(Option<f64>);

impl<'de> Deserialize<'de> for Mark {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Mark(match any(deserializer, 0)? {
            Any::Bool(value) => Some(f64::from(u8::from(value))),
            Any::Number(number) => Some(number).filter(|number| number.abs() <= MARK_MAX),
            _ => None,
        }))
    }
}

impl<'de> Deserialize<'de> for Solutions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List;
        impl<'de> Visitor<'de> for List {
            type Value = Solutions;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of solutions")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Solutions, A::Error> {
                let mut all = Some(Vec::new());
                while let Some(Solution(solution)) = list.next_element()? {
                    all = match (all, solution) {
                        (Some(mut all), Some(solution)) if all.len() < SOLUTIONS_MAX => {
                            all.push(solution);
                            Some(all)
                        }
                        _ => None,
                    };
                }
                Ok(Solutions(all))
            }
        }
        deserializer.deserialize_any(List)
    }
}

struct Solution(Option<u32>);

impl<'de> Deserialize<'de> for Solution {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Solution(match any(deserializer, 0)? {
            Any::Number(number) if number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&number) => {
                Some(number as u32)
            }
            _ => None,
        }))
    }
}
