//! Seed 000's twelve features, computed right, and the one it meant to add.
//!
//! Every feature is finite for every trace. Where there is nothing to measure it is 0.0, as in seed 000; which is why a
//! score never takes a feature for evidence without looking at how much it was measured on.

use palisade_fingerprint::user_agent::{self, Os};

use super::trace::{Click, Phase, Touch, Trace};

/// What kind of device a user agent names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Device {
    /// A computer, and what names no device.
    Desktop,
    /// A phone.
    Mobile,
    /// A tablet. Tablets of Apple say since 2019 that they are computers, and are taken for them.
    Tablet,
}

impl Device {
    const ALL: [Device; 3] = [Device::Desktop, Device::Mobile, Device::Tablet];

    /// That of a user agent.
    pub fn of(agent: &str) -> Self {
        let parsed = user_agent::parse(agent);
        let bounded = user_agent::bounded(agent);
        let tablet = ["iPad", "Tablet", "Kindle", "Silk/"].iter().any(|word| bounded.contains(word));
        match (parsed.os, parsed.mobile) {
            (Os::Windows | Os::MacOs | Os::Linux | Os::ChromeOs, false) => Device::Desktop,
            _ if tablet => Device::Tablet,
            (_, true) => Device::Mobile,
            // Android without `Mobile` is how its browsers name a tablet.
            (Os::Android, false) => Device::Tablet,
            _ => Device::Desktop,
        }
    }

    /// `desktop`, `mobile`, `tablet`.
    pub fn name(self) -> &'static str {
        match self {
            Device::Desktop => "desktop",
            Device::Mobile => "mobile",
            Device::Tablet => "tablet",
        }
    }

    /// The device called `name`.
    pub fn named(name: &str) -> Option<Self> {
        Device::ALL.into_iter().find(|device| device.name() == name)
    }
}

/// What a trace comes to. All numbers are finite and, unless stated, 0.0 or more; 0.0 where nothing can be measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Features {
    /// Path of the mouse over the time it took, px/ms. Steps that go back in time count for neither.
    pub mouse_speed: f64,
    /// Mean time from one key press to the next, ms.
    pub key_press_interval_ms: f64,
    /// Distance scrolled, up and down, over the time it took, px/ms.
    pub scroll_speed: f64,
    /// From the first act that fills a form (a key, a button, a finger, a field) to the last use of a field, ms. Seed 000's
    /// client notes all fields when the form is sent, so that first and last field alone are no time apart.
    pub form_completion_ms: f64,
    /// Acts of all kinds, those beyond the bounds too.
    pub interaction_count: f64,
    /// Straight line from the first to the last position of the mouse over the path between, 0.0..=1.0.
    pub mouse_linearity: f64,
    /// Mean force of fingers and pens while they touch, where the client tells it.
    pub touch_pressure: f64,
    /// Mean distance from one position of a finger or pen to its next within one touch, px.
    pub touch_movement: f64,
    /// Mean time a button was down, ms.
    pub click_duration_ms: f64,
    /// Mean time a finger or pen was down, whatever lies between its start and its end, ms.
    pub touch_duration_ms: f64,
    /// From the page's load to the sending, as the client says; where it says nothing, from the first event to the last, ms.
    pub duration_ms: f64,
    /// Kind of device.
    pub device: Device,
    /// `duration_ms` for each field of the form, ms; 0.0 where the form is unknown.
    pub duration_per_field_ms: f64,
}

impl Features {
    /// How many numbers [`Features::vector`] has.
    pub const LEN: usize = 15;

    /// Their names, in the order of the vector.
    pub const NAMES: [&str; Features::LEN] = [
        "mouse_speed",
        "key_press_interval_ms",
        "scroll_speed",
        "form_completion_ms",
        "interaction_count",
        "mouse_linearity",
        "touch_pressure",
        "touch_movement",
        "click_duration_ms",
        "touch_duration_ms",
        "duration_ms",
        "device_desktop",
        "device_mobile",
        "device_tablet",
        "duration_per_field_ms",
    ];

    /// Those of a trace. `user_agent` is that of the request; without it the trace's own word counts.
    pub fn of(trace: &Trace, user_agent: Option<&str>) -> Self {
        let positions = || trace.moves.iter().map(|at| (at.x, at.y, at.time));
        let mouse = Path::of(positions());
        let scroll = Path::of(trace.scrolls.iter().map(|at| (0.0, at.top, at.time)));
        let duration_ms =
            trace.duration_ms.unwrap_or_else(|| trace.span().map_or(0.0, |(first, last)| last - first));
        let pressed = trace.touches.iter().chain(&trace.pens).filter(|at| at.phase != Phase::End);
        let fields = trace.form_length.map_or_else(|| fields_used(trace), f64::from);
        let touch_steps = Touched::of(&trace.touches).and(&Touched::of(&trace.pens));
        Features {
            mouse_speed: ratio(mouse.length, mouse.time),
            key_press_interval_ms: mean(forward_gaps(&trace.keys)),
            scroll_speed: ratio(scroll.length, scroll.time),
            form_completion_ms: form_completion(trace),
            interaction_count: trace.acts() as f64,
            mouse_linearity: ratio(mouse.straight, mouse.length).min(1.0),
            touch_pressure: mean(pressed.filter_map(|at| at.force)),
            touch_movement: touch_steps.movement(),
            click_duration_ms: mean(click_durations(&trace.clicks)),
            touch_duration_ms: touch_steps.duration(),
            duration_ms,
            device: user_agent.map(Device::of).or(trace.device_said()).unwrap_or(Device::Desktop),
            duration_per_field_ms: ratio(duration_ms, fields),
        }
    }

    /// As numbers: what a model takes.
    pub fn vector(&self) -> [f64; Features::LEN] {
        let is = |device| f64::from(u8::from(self.device == device));
        [
            self.mouse_speed,
            self.key_press_interval_ms,
            self.scroll_speed,
            self.form_completion_ms,
            self.interaction_count,
            self.mouse_linearity,
            self.touch_pressure,
            self.touch_movement,
            self.click_duration_ms,
            self.touch_duration_ms,
            self.duration_ms,
            is(Device::Desktop),
            is(Device::Mobile),
            is(Device::Tablet),
            self.duration_per_field_ms,
        ]
    }
}

/// Length, duration and chord of a path.
struct Path {
    length: f64,
    time: f64,
    straight: f64,
}

impl Path {
    fn of(positions: impl Iterator<Item = (f64, f64, f64)> + Clone) -> Self {
        let mut path = Path { length: 0.0, time: 0.0, straight: 0.0 };
        for (from, to) in positions.clone().zip(positions.clone().skip(1)) {
            let gap = to.2 - from.2;
            if gap >= 0.0 {
                path.length += (to.0 - from.0).hypot(to.1 - from.1);
                path.time += gap;
            }
        }
        let mut ends = positions;
        if let Some(first) = ends.next()
            && let Some(last) = ends.last()
        {
            path.straight = (last.0 - first.0).hypot(last.1 - first.1);
        }
        path
    }
}

/// Sums over touches.
#[derive(Default)]
struct Touched {
    steps: f64,
    distance: f64,
    touches: f64,
    time: f64,
}

impl Touched {
    /// Most fingers that are down at a time.
    const FINGERS_MAX: usize = 16;

    /// Positions have no name of their finger, so each belongs to the nearest one that is down.
    fn of(events: &[Touch]) -> Self {
        let mut sums = Touched::default();
        let mut down: Vec<(Touch, Touch)> = Vec::new();
        for at in events {
            let nearest = down.iter().enumerate().min_by(|(_, (_, a)), (_, (_, b))| {
                let far = |from: &Touch| (at.x - from.x).hypot(at.y - from.y);
                far(a).total_cmp(&far(b))
            });
            let nearest = nearest.map(|(index, _)| index);
            match (at.phase, nearest) {
                (Phase::Start, _) => {
                    if down.len() == Touched::FINGERS_MAX {
                        down.remove(0);
                    }
                    down.push((*at, *at));
                }
                (Phase::Move | Phase::End, Some(index)) => {
                    let (start, before) = down[index];
                    sums.steps += 1.0;
                    sums.distance += (at.x - before.x).hypot(at.y - before.y);
                    down[index].1 = *at;
                    if at.phase == Phase::End {
                        down.remove(index);
                        if at.time >= start.time {
                            sums.touches += 1.0;
                            sums.time += at.time - start.time;
                        }
                    }
                }
                (Phase::Move | Phase::End, None) => {}
            }
        }
        sums
    }

    fn and(&self, other: &Touched) -> Touched {
        Touched {
            steps: self.steps + other.steps,
            distance: self.distance + other.distance,
            touches: self.touches + other.touches,
            time: self.time + other.time,
        }
    }

    fn movement(&self) -> f64 {
        ratio(self.distance, self.steps)
    }

    fn duration(&self) -> f64 {
        ratio(self.time, self.touches)
    }
}

/// From each press to the next release. A press without one is dropped.
pub(super) fn click_durations(clicks: &[Click]) -> impl Iterator<Item = f64> {
    let mut down = None;
    clicks.iter().filter_map(move |at| {
        if at.down {
            down = Some(at.time);
            return None;
        }
        down.take().map(|since| at.time - since).filter(|time| *time >= 0.0)
    })
}

/// Gaps between neighbours that do not go back.
pub(super) fn forward_gaps(times: &[f64]) -> impl Iterator<Item = f64> {
    times.windows(2).map(|pair| pair[1] - pair[0]).filter(|gap| *gap >= 0.0)
}

fn form_completion(trace: &Trace) -> f64 {
    let Some(last) = trace.forms.iter().map(|at| at.time).reduce(f64::max) else { return 0.0 };
    let fields = trace.forms.iter().map(|at| at.time);
    let touches = trace.touches.iter().chain(&trace.pens).map(|at| at.time);
    let acts =
        fields.chain(trace.keys.iter().copied()).chain(trace.clicks.iter().map(|at| at.time)).chain(touches);
    last - acts.fold(last, f64::min)
}

/// Different fields that were used.
fn fields_used(trace: &Trace) -> f64 {
    let mut fields: Vec<_> = trace.forms.iter().map(|at| at.field).collect();
    fields.sort_unstable();
    fields.dedup();
    fields.len() as f64
}

pub(super) fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    ratio(sum, count)
}

/// 0.0 where there is nothing to divide by: no clock and no screen has a millionth of a unit.
pub(super) fn ratio(part: f64, whole: f64) -> f64 {
    if whole > 1e-6 { part / whole } else { 0.0 }
}
