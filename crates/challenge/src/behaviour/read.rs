//! Bytes to a trace: lenient in names and in what is left out, strict in bounds, in one pass over the bytes.
//!
//! What is not named here (the value of a key above all) is skipped by the parser and never becomes a value.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::features::Device;
use super::trace::{
    Click, EVENTS_MAX, FORCE_MAX, FORM_LENGTH_MAX, Field, FormUse, MARKS_MAX, Move, POSITION_PX_MAX, Phase,
    SOLUTIONS_MAX, Scroll, SolvedBy, Switch, TIME_MS_MAX, TRACE_BYTES_MAX, Touch, Trace, Viewport,
    WorkAnswer,
};
use crate::code::Code;

/// Longest name of a mark.
const MARK_BYTES_MAX: usize = 40;
/// Largest number of a mark: they are counts.
const MARK_MAX: f64 = 1e9;
/// Longest user agent.
const AGENT_BYTES_MAX: usize = 1_024;

/// The `data` object, and with other names seed 000's stored file, as they are written.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Raw {
    #[serde(alias = "interaction_data")]
    interactions: RawInteractions,
    duration: Maybe<f64>,
    #[serde(rename = "loadTimestamp", alias = "load_timestamp")]
    load: Maybe<f64>,
    #[serde(rename = "userAgent")]
    user_agent: Text<AGENT_BYTES_MAX>,
    #[serde(rename = "user_agent")]
    stored_agent: AgentSaid,
    #[serde(alias = "viewPort")]
    viewport: Maybe<RawViewport>,
    #[serde(rename = "formLength")]
    form_length: Maybe<f64>,
    marks: Marks,
    honeypot: Flag,
    device: Text<16>,
    dropped: Maybe<f64>,
    ticket: Text<1024>,
    work: Maybe<RawWork>,
    action: Text<100>,
    hostname: Text<253>,
    pub(super) label: Said,
    pub(super) family: Text<64>,
    pub(super) group: Text<64>,
    pub(super) session_id: Text<128>,
    pub(super) interaction_id: Text<64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct RawInteractions {
    mouse_movements: Capped<RawPoint>,
    key_presses: Capped<RawMoment>,
    scroll_events: Capped<RawScroll>,
    form_interactions: Capped<RawForm>,
    touch_events: Capped<RawTouch>,
    pen_events: Capped<RawTouch>,
    mouse_clicks: Capped<RawTouch>,
    focus_events: Capped<RawSwitch>,
    visibility_events: Capped<RawSwitch>,
}

#[derive(Debug, Deserialize)]
struct RawPoint {
    x: Number,
    y: Number,
    time: Number,
}

/// A key press: `key` is not a field of it.
#[derive(Debug, Deserialize)]
struct RawMoment {
    time: Number,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawScroll {
    #[serde(default)]
    scroll_top: Maybe<f64>,
    /// The spelling of seed 000's schema: steps instead of positions.
    #[serde(default)]
    delta_y: Maybe<f64>,
    time: Number,
}

#[derive(Debug, Deserialize)]
struct RawForm {
    #[serde(default)]
    field: FieldSaid,
    time: Number,
}

#[derive(Debug, Deserialize)]
struct RawTouch {
    #[serde(rename = "type", default)]
    kind: Text<16>,
    x: Number,
    y: Number,
    time: Number,
    #[serde(default)]
    force: Maybe<f64>,
}

#[derive(Debug, Deserialize)]
struct RawSwitch {
    #[serde(rename = "type", alias = "state", default)]
    kind: Text<16>,
    time: Number,
}

#[derive(Clone, Copy, Debug, Deserialize)]
struct RawViewport {
    #[serde(default)]
    width: Number,
    #[serde(default)]
    height: Number,
}

/// What seed 000 stored of a user agent.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RawAgent {
    os: Text<64>,
    device: Text<64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct RawWork {
    solutions: Solutions,
    ms: Maybe<f64>,
    by: Text<32>,
}

impl Raw {
    pub(super) fn read(json: &[u8]) -> Result<Self, Code> {
        object(json)
    }

    pub(super) fn into_trace(self) -> Result<Trace, Code> {
        let Raw { interactions: all, .. } = self;
        let dropped = [
            all.mouse_movements.dropped,
            all.key_presses.dropped,
            all.scroll_events.dropped,
            all.form_interactions.dropped,
            all.touch_events.dropped,
            all.pen_events.dropped,
            all.mouse_clicks.dropped,
        ];
        let before = within(self.dropped.0.unwrap_or(0.0), 0.0, 1e9)? as u64;
        let (agent, said) = match self.stored_agent {
            AgentSaid::Nothing => (None, None),
            AgentSaid::Text(text) => (Some(text), None),
            AgentSaid::Parsed(agent) => (None, Some(agent.device())),
        };
        let trace = Trace {
            moves: map(&all.mouse_movements, |at| {
                Ok(Move { x: place(at.x)?, y: place(at.y)?, time: time(at.time)? })
            })?,
            keys: map(&all.key_presses, |at| time(at.time))?,
            scrolls: scrolls(&all.scroll_events)?,
            forms: forms(&all.form_interactions)?,
            touches: map(&all.touch_events, touch)?,
            pens: map(&all.pen_events, touch)?,
            clicks: map(&all.mouse_clicks, |at| {
                let down = matches!(at.kind.as_str(), "down" | "mousedown" | "pointerdown");
                Ok(Click { down, x: place(at.x)?, y: place(at.y)?, time: time(at.time)? })
            })?,
            focuses: map(&all.focus_events, switch)?,
            visibilities: map(&all.visibility_events, switch)?,
            dropped: before + dropped.into_iter().sum::<u64>(),
            duration_ms: self.duration.0.map(|ms| within(ms, 0.0, TIME_MS_MAX)).transpose()?,
            load_ms: self.load.0.map(|ms| within(ms, 0.0, TIME_MS_MAX)).transpose()?,
            user_agent: self.user_agent.0.or(agent),
            device: Device::named(self.device.as_str()).or(said),
            viewport: self.viewport.0.map(viewport).transpose()?,
            form_length: form_length(self.form_length.0)?,
            marks: self.marks.0,
            honeypot: self.honeypot.0,
            ticket: self.ticket.0,
            work: self.work.0.map(RawWork::into_answer).transpose()?,
            action: self.action.0.filter(|action| is_word(action)),
            hostname: self.hostname.0,
        };
        Ok(trace)
    }
}

/// One JSON object within [`TRACE_BYTES_MAX`].
pub(super) fn object<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Result<T, Code> {
    if json.len() > TRACE_BYTES_MAX {
        return Err(Code::TooLarge);
    }
    // A list would be read as an object without names.
    if json.trim_ascii_start().first() != Some(&b'{') {
        return Err(Code::BadRequest);
    }
    serde_json::from_slice(json).map_err(|error| {
        // 1e999 is a number to JSON and none to anybody else.
        let infinite = error.is_syntax() && error.to_string().starts_with("number out of range");
        if error.is_data() || infinite { Code::MalformedTrace } else { Code::BadRequest }
    })
}

impl RawWork {
    pub(super) fn into_answer(self) -> Result<WorkAnswer, Code> {
        Ok(WorkAnswer {
            solutions: self.solutions.0.ok_or(Code::MalformedWork)?,
            ms: self.ms.0.filter(|ms| (0.0..=TIME_MS_MAX).contains(ms)),
            by: SolvedBy::ALL.into_iter().find(|by| by.name() == self.by.as_str()),
        })
    }
}

impl RawAgent {
    /// What ua-parser's words come to: device `iPad`, system `Android`.
    fn device(&self) -> Device {
        let (device, os) = (self.device.as_str(), self.os.as_str());
        if device.contains("iPad") || device.contains("Tablet") {
            Device::Tablet
        } else if matches!(os, "Android" | "iOS") || device.contains("iPhone") {
            Device::Mobile
        } else {
            Device::Desktop
        }
    }
}

/// Letters, digits, `_`, `/`, `-`, `.`: what actions are made of.
pub(super) fn is_word(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_/-.".contains(&byte))
}

fn within(value: f64, min: f64, max: f64) -> Result<f64, Code> {
    // Not a number is in no range.
    if (min..=max).contains(&value) { Ok(value) } else { Err(Code::MalformedTrace) }
}

fn place(Number(px): Number) -> Result<f64, Code> {
    within(px, -POSITION_PX_MAX, POSITION_PX_MAX)
}

fn time(Number(ms): Number) -> Result<f64, Code> {
    within(ms, 0.0, TIME_MS_MAX)
}

fn map<T, U>(events: &Capped<T>, read: impl Fn(&T) -> Result<U, Code>) -> Result<Vec<U>, Code> {
    events.kept.iter().map(read).collect()
}

fn touch(at: &RawTouch) -> Result<Touch, Code> {
    let phase = match at.kind.as_str() {
        "start" | "touchstart" | "down" | "pointerdown" => Phase::Start,
        "end" | "touchend" | "up" | "pointerup" | "cancel" | "touchcancel" => Phase::End,
        _ => Phase::Move,
    };
    let force = at.force.0.map(|force| within(force, 0.0, FORCE_MAX)).transpose()?;
    Ok(Touch { phase, x: place(at.x)?, y: place(at.y)?, time: time(at.time)?, force })
}

fn switch(at: &RawSwitch) -> Result<Switch, Code> {
    let on = matches!(at.kind.as_str(), "focus" | "focusin" | "visible");
    Ok(Switch { on, time: time(at.time)? })
}

fn scrolls(events: &Capped<RawScroll>) -> Result<Vec<Scroll>, Code> {
    let mut top = 0.0_f64;
    map(events, |at| Ok((at.scroll_top.0, at.delta_y.0, time(at.time)?)))?
        .into_iter()
        .map(|(position, step, time)| {
            top = match (position, step) {
                (Some(position), _) => place(Number(position))?,
                (None, Some(step)) => place(Number(top + place(Number(step))?))?,
                (None, None) => top,
            };
            Ok(Scroll { top, time })
        })
        .collect()
}

/// Names become numbers in the order in which they appear, and are dropped.
fn forms(events: &Capped<RawForm>) -> Result<Vec<FormUse>, Code> {
    let mut names: BTreeMap<&str, u32> = BTreeMap::new();
    let mut all = Vec::with_capacity(events.kept.len());
    for at in &events.kept {
        let field = match &at.field {
            FieldSaid::Index(index) => within(*index, 0.0, f64::from(FORM_LENGTH_MAX))? as u32,
            FieldSaid::Name(name) => {
                let next = names.len() as u32;
                *names.entry(name).or_insert(next)
            }
        };
        all.push(FormUse { field: Field(field), time: time(at.time)? });
    }
    Ok(all)
}

fn viewport(port: RawViewport) -> Result<Viewport, Code> {
    let side = |Number(px): Number| within(px, 0.0, POSITION_PX_MAX);
    Ok(Viewport { width: side(port.width)?, height: side(port.height)? })
}

fn form_length(fields: Option<f64>) -> Result<Option<u32>, Code> {
    Ok(match fields {
        Some(fields) => {
            Some(within(fields, 0.0, f64::from(FORM_LENGTH_MAX))? as u32).filter(|fields| *fields > 0)
        }
        None => None,
    })
}

/// A list of which the first [`EVENTS_MAX`] are kept and the rest counted.
#[derive(Debug)]
struct Capped<T> {
    kept: Vec<T>,
    dropped: u64,
}

impl<T> Default for Capped<T> {
    fn default() -> Self {
        Capped { kept: Vec::new(), dropped: 0 }
    }
}

/// A number; null, which JavaScript writes for those that are none, is not a number.
#[derive(Clone, Copy, Debug)]
struct Number(f64);

impl Default for Number {
    fn default() -> Self {
        Number(f64::NAN)
    }
}

/// A value that may be null or missing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Maybe<T>(pub(super) Option<T>);

impl<T> Default for Maybe<T> {
    fn default() -> Self {
        Maybe(None)
    }
}

/// A text of at most `MAX` bytes; anything else is none.
#[derive(Debug, Default)]
pub(super) struct Text<const MAX: usize>(pub(super) Option<String>);

impl<const MAX: usize> Text<MAX> {
    pub(super) fn as_str(&self) -> &str {
        self.0.as_deref().unwrap_or_default()
    }
}

/// True, a number that is not 0, a text that is not empty: the text itself is dropped.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Flag(pub(super) bool);

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
enum AgentSaid {
    #[default]
    Nothing,
    Text(String),
    Parsed(RawAgent),
}

#[derive(Debug)]
enum FieldSaid {
    Index(f64),
    Name(String),
}

impl Default for FieldSaid {
    fn default() -> Self {
        FieldSaid::Index(0.0)
    }
}

#[derive(Debug, Default)]
struct Marks(BTreeMap<String, f64>);

/// `None` for a list with anything else than numbers below 2^32, or with too many of them.
#[derive(Debug)]
struct Solutions(Option<Vec<u32>>);

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
