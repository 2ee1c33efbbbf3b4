//! Bytes to a trace: lenient in names and in what is left out, strict in bounds, in one pass over the bytes.
//!
//! What is not named here (the value of a key above all) is skipped by the parser and never becomes a value.

mod values;

use std::collections::BTreeMap;

use serde::Deserialize;

pub use values::Said;
use values::{AgentSaid, Capped, FieldSaid, Marks, Number, Solutions};
pub(super) use values::{Flag, Maybe, Text};

use super::features::Device;
use super::trace::{
    Click, FORCE_MAX, FORM_LENGTH_MAX, Field, FormUse, Move, POSITION_PX_MAX, Phase, Scroll, SolvedBy,
    Switch, TIME_MS_MAX, TRACE_BYTES_MAX, Touch, Trace, Viewport, WorkAnswer,
};
use crate::code::Code;

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

/// Which field an event of `data` lacks, where that is why [`Trace::read`] finds it malformed: one of ours, never a text of
/// theirs.
pub fn missing_field(data: &[u8]) -> Option<String> {
    if data.len() > TRACE_BYTES_MAX {
        return None;
    }
    let error = serde_json::from_slice::<Raw>(data).err().filter(serde_json::Error::is_data)?.to_string();
    let (field, _) = error.strip_prefix("missing field `")?.split_once('`')?;
    Some(field.to_owned())
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
