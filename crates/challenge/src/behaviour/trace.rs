//! A visitor's trace: when and where something happened on the page, never what was typed.
//!
//! Times are milliseconds of the visitor's own clock, since 1970 or since any other moment; only differences are ever
//! relied on. Positions are CSS pixels.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::code::Code;

use super::features::Device;
use super::read::Raw;

/// Most bytes of a body with a trace.
pub const TRACE_BYTES_MAX: usize = 256 << 10;
/// Events kept of each kind, the first ones.
pub const EVENTS_MAX: usize = 1_024;
/// Marks of automation that are kept.
pub const MARKS_MAX: usize = 64;
/// Solutions of puzzles that are read.
pub const SOLUTIONS_MAX: usize = 64;
/// Farthest position from the page's corner, px: browsers lay out no longer pages.
pub const POSITION_PX_MAX: f64 = 33_554_432.0;
/// Latest time, ms: the year 2286.
pub const TIME_MS_MAX: f64 = 1e13;
/// Hardest touch; browsers say 0.0..=1.0, some drivers a little more.
pub const FORCE_MAX: f64 = 100.0;
/// Most fields of a form.
pub const FORM_LENGTH_MAX: u32 = 10_000;

/// A pointer was somewhere.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Move {
    /// px.
    pub x: f64,
    /// px.
    pub y: f64,
    /// ms.
    pub time: f64,
}

/// The page was scrolled.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scroll {
    /// How far from its top, px.
    pub top: f64,
    /// ms.
    pub time: f64,
}

/// A field of a form was used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Field(pub u32);

/// A field of a form was used, at a time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FormUse {
    /// Which: its index. Names of old clients are numbered as they appear and dropped.
    pub field: Field,
    /// ms.
    pub time: f64,
}

/// Where in a touch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It begins.
    Start,
    /// It moves.
    Move,
    /// It ends, or is taken over by the browser.
    End,
}

/// A finger or pen on the surface.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Touch {
    /// Where in the touch.
    pub phase: Phase,
    /// px.
    pub x: f64,
    /// px.
    pub y: f64,
    /// ms.
    pub time: f64,
    /// How hard, 0.0 to about 1.0; `None` where the client said nothing.
    pub force: Option<f64>,
}

/// A button of the mouse.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Click {
    /// True where it went down.
    pub down: bool,
    /// px.
    pub x: f64,
    /// px.
    pub y: f64,
    /// ms.
    pub time: f64,
}

/// Something was switched: the page's focus or visibility.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Switch {
    /// Gained focus; became visible.
    pub on: bool,
    /// ms.
    pub time: f64,
}

/// Width and height of the window's inside, px.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Viewport {
    /// px.
    pub width: f64,
    /// px.
    pub height: f64,
}

/// Which solver a browser used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SolvedBy {
    /// WebAssembly in a worker.
    WorkerWasm,
    /// JavaScript in a worker.
    WorkerJs,
    /// Slices on the page's own thread.
    Slices,
}

impl SolvedBy {
    /// Every solver.
    pub const ALL: [SolvedBy; 3] = [SolvedBy::WorkerWasm, SolvedBy::WorkerJs, SolvedBy::Slices];

    /// Its name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            SolvedBy::WorkerWasm => "worker-wasm",
            SolvedBy::WorkerJs => "worker-js",
            SolvedBy::Slices => "slices",
        }
    }
}

/// Solutions of puzzles, as sent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WorkAnswer {
    /// In the order of the puzzles; at most [`SOLUTIONS_MAX`].
    pub solutions: Vec<u32>,
    /// How long it took, as the client says.
    pub ms: Option<f64>,
    /// Which solver it says it used.
    pub by: Option<SolvedBy>,
}

/// What a widget recorded: at most [`EVENTS_MAX`] events of each kind, all numbers finite and within bounds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trace {
    /// Of the mouse.
    pub moves: Vec<Move>,
    /// Moments of key presses; which key is dropped while the bytes are read.
    pub keys: Vec<f64>,
    /// Of the page.
    pub scrolls: Vec<Scroll>,
    /// Of form fields.
    pub forms: Vec<FormUse>,
    /// Of fingers.
    pub touches: Vec<Touch>,
    /// Of a pen.
    pub pens: Vec<Touch>,
    /// Of mouse buttons.
    pub clicks: Vec<Click>,
    /// The page gained (on) or lost focus.
    pub focuses: Vec<Switch>,
    /// The page became visible (on) or hidden.
    pub visibilities: Vec<Switch>,
    /// Events beyond the bounds, counted only.
    pub dropped: u64,
    /// From the page's load to the sending of the trace, as the client says, ms.
    pub duration_ms: Option<f64>,
    /// When the page was loaded, ms.
    pub load_ms: Option<f64>,
    /// What the page's script was told about the browser.
    pub user_agent: Option<String>,
    /// The kind of device, where only that is known (stored data of seed 000).
    pub device: Option<Device>,
    /// The window.
    pub viewport: Option<Viewport>,
    /// Fields of the form.
    pub form_length: Option<u32>,
    /// Marks of automation: what the widget found, 1.0 for true.
    pub marks: BTreeMap<String, f64>,
    /// Was the field filled in that no person sees?
    pub honeypot: bool,
    /// The ticket that was sent inside.
    pub ticket: Option<String>,
    /// The solutions that were sent inside.
    pub work: Option<WorkAnswer>,
    /// What the form is for, as the page says.
    pub action: Option<String>,
    /// Where the page was, as it says.
    pub hostname: Option<String>,
}

impl Trace {
    /// Reads the widget's `data` object, of any version since seed 000's.
    ///
    /// # Errors
    /// [`Code::TooLarge`], [`Code::BadRequest`] for what is no JSON object, [`Code::MalformedTrace`] for numbers that are
    /// none or beyond what a page can have, [`Code::MalformedWork`].
    pub fn read(data: &[u8]) -> Result<Self, Code> {
        Raw::read(data)?.into_trace()
    }

    /// Every kept event, and those that were dropped; focus and visibility are no acts and do not count.
    pub fn acts(&self) -> u64 {
        let kept = self.moves.len()
            + self.keys.len()
            + self.scrolls.len()
            + self.forms.len()
            + self.touches.len()
            + self.pens.len()
            + self.clicks.len();
        kept as u64 + self.dropped
    }

    /// All times of all events, stream by stream.
    pub(super) fn streams(&self) -> [Vec<f64>; 9] {
        let switches = |list: &[Switch]| list.iter().map(|event| event.time).collect();
        let touches = |list: &[Touch]| list.iter().map(|event| event.time).collect();
        [
            self.moves.iter().map(|event| event.time).collect(),
            self.keys.clone(),
            self.scrolls.iter().map(|event| event.time).collect(),
            self.forms.iter().map(|event| event.time).collect(),
            touches(&self.touches),
            touches(&self.pens),
            self.clicks.iter().map(|event| event.time).collect(),
            switches(&self.focuses),
            switches(&self.visibilities),
        ]
    }

    /// The first and the last moment anything happened.
    pub fn span(&self) -> Option<(f64, f64)> {
        let times = || self.streams().into_iter().flatten();
        let first = times().reduce(f64::min)?;
        Some((first, times().fold(first, f64::max)))
    }

    /// What may be stored: a `data` object in one spelling, to thousandths, without ticket, work, action and host, without the user
    /// agent's text (its kind of device stays), and, as in every trace, without any key, value or name.
    pub fn to_json(&self) -> String {
        Value::Object(self.to_map()).to_string()
    }

    pub(super) fn to_map(&self) -> Map<String, Value> {
        let mut interactions = Map::new();
        let mut put = |name: &str, events: Vec<Value>| {
            interactions.insert(name.to_owned(), Value::Array(events));
        };
        put(
            "mouseMovements",
            self.moves.iter().map(|at| json!({"x": n(at.x), "y": n(at.y), "time": n(at.time)})).collect(),
        );
        put("keyPresses", self.keys.iter().map(|time| json!({"time": n(*time)})).collect());
        put(
            "scrollEvents",
            self.scrolls.iter().map(|at| json!({"scrollTop": n(at.top), "time": n(at.time)})).collect(),
        );
        put(
            "formInteractions",
            self.forms.iter().map(|at| json!({"field": at.field.0, "time": n(at.time)})).collect(),
        );
        put("touchEvents", self.touches.iter().map(touch).collect());
        put("penEvents", self.pens.iter().map(touch).collect());
        let word = |down| if down { "down" } else { "up" };
        put(
            "mouseClicks",
            self.clicks
                .iter()
                .map(|at| json!({"type": word(at.down), "x": n(at.x), "y": n(at.y), "time": n(at.time)}))
                .collect(),
        );
        let word = |on| if on { "focus" } else { "blur" };
        put(
            "focusEvents",
            self.focuses.iter().map(|at| json!({"type": word(at.on), "time": n(at.time)})).collect(),
        );
        let word = |on| if on { "visible" } else { "hidden" };
        put(
            "visibilityEvents",
            self.visibilities.iter().map(|at| json!({"state": word(at.on), "time": n(at.time)})).collect(),
        );
        let mut data = Map::new();
        data.insert("interactions".to_owned(), Value::Object(interactions));
        let mut put = |name: &str, value: Option<Value>| {
            data.extend(value.map(|value| (name.to_owned(), value)));
        };
        put("dropped", (self.dropped > 0).then(|| json!(self.dropped)));
        put("duration", self.duration_ms.map(n));
        put("loadTimestamp", self.load_ms.map(n));
        put("device", self.device_said().map(|device| json!(device.name())));
        put("viewport", self.viewport.map(|port| json!({"width": n(port.width), "height": n(port.height)})));
        put("formLength", self.form_length.map(|length| json!(length)));
        let marks = || self.marks.iter().map(|(name, value)| (name.clone(), n(*value)));
        put("marks", (!self.marks.is_empty()).then(|| Value::Object(marks().collect())));
        put("honeypot", self.honeypot.then_some(Value::Bool(true)));
        data
    }

    /// The kind of device that the client says it is.
    pub(super) fn device_said(&self) -> Option<Device> {
        self.user_agent.as_deref().map(Device::of).or(self.device)
    }
}

fn touch(at: &Touch) -> Value {
    let word = match at.phase {
        Phase::Start => "start",
        Phase::Move => "move",
        Phase::End => "end",
    };
    let mut event = json!({"type": word, "x": n(at.x), "y": n(at.y), "time": n(at.time)});
    if let (Some(force), Some(event)) = (at.force, event.as_object_mut()) {
        event.insert("force".to_owned(), n(force));
    }
    event
}

/// Thousandths are kept, of moments since 1970 tenths of a millisecond; a whole number is written as one: half the bytes.
fn n(number: f64) -> Value {
    let parts = if number.abs() < 1e9 { 1_000.0 } else { 10.0 };
    let number = (number * parts).round() / parts;
    if number.fract() == 0.0 && number.abs() < 9e15 { json!(number as i64) } else { json!(number) }
}
