//! Which step comes next, and how much of it.
//!
//! The operator names the steps, mildest first. A visitor gets [`TRIES_EACH`] tries at each kind; then comes the next kind, not
//! more of the same: a device that is slow is not punished for it. How much work the cheap kind asks for follows from score, load
//! and the pressure of the visitor's network, and ends at [`HASHES_MAX`]. After the last kind comes a page with the
//! reason and no further task, until the tries are forgotten.

mod pressure;
mod tries;

use palisade_domain::PassKind;

use crate::code::Code;
use crate::noscript::Waits;
use crate::ticket::Purpose;
use crate::work::{WorkKind, WorkParams};

pub use pressure::{HALF_LIFE_MS, NETWORKS_MAX, Pressure};
pub use tries::{ASIDE_MS, LIFETIME_MS, Try, cookie_name};

/// How often one kind is tried before the next one comes.
pub const TRIES_EACH: u8 = 2;
/// Most steps in a ladder.
pub const STEPS_MAX: usize = 5;

/// Puzzles of the cheap kind at [`WORK_MS`], for a score at the challenge band, a calm site and a quiet network.
pub const PUZZLES: u8 = WorkParams::HASH.puzzles;
/// Most puzzles of the cheap kind, whatever comes together.
pub const PUZZLES_MAX: u8 = 64;
/// Solutions of the cheap kind are below two to this.
pub const RANGE_LOG2: u8 = WorkParams::HASH.range_log2;
/// The worst case of the cheap kind in hashes: about 8.4 million, half of that on average. No visitor is ever asked for more.
pub const HASHES_MAX: u64 = (PUZZLES_MAX as u64) << RANGE_LOG2;
/// What [`PUZZLES`] take on average in a usual browser, ms: the default of `challenge.work_ms`.
pub const WORK_MS: u32 = 500;
/// The memory-hard kind: always the same amount, for it comes after something failed.
pub const HARD_WORK: WorkParams = WorkParams::MEMORY;

/// One step of a ladder as the operator names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// How the visitor moves, invisibly.
    Behaviour,
    /// Proof of work: the cheap kind, then the memory-hard one.
    Work,
    /// Cookies, style sheets, a timed button.
    NoScript,
    /// A text image with audio.
    Text,
    /// An external provider.
    Provider,
}

impl Step {
    /// Every step, mildest first.
    pub const ALL: [Step; 5] = [Step::Behaviour, Step::Work, Step::NoScript, Step::Text, Step::Provider];

    /// The name in `challenge.ladder`.
    pub fn name(self) -> &'static str {
        match self {
            Step::Behaviour => "behaviour",
            Step::Work => "work",
            Step::NoScript => "no-script",
            Step::Text => "text",
            Step::Provider => "provider",
        }
    }

    /// The step called `name`.
    pub fn named(name: &str) -> Option<Self> {
        Step::ALL.into_iter().find(|step| step.name() == name)
    }

    /// The kinds of challenge it stands for, in their order.
    fn kinds(self) -> &'static [Kind] {
        match self {
            Step::Behaviour => &[Kind::Behaviour],
            Step::Work => &[Kind::Work, Kind::HardWork],
            Step::NoScript => &[Kind::NoScript],
            Step::Text => &[Kind::Text],
            Step::Provider => &[Kind::Provider],
        }
    }
}

/// One kind of challenge: what a visitor is asked for at once. A step may stand for several, one after the other.
pub type Kind = PassKind;

/// How much the site is under.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Load {
    /// The usual.
    #[default]
    Calm,
    /// Far more requests than usual.
    Busy,
    /// A flood.
    Flood,
}

/// About whom the ladder is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// What the answer is for: a widget cannot go without script, and a page knows nothing about behaviour yet.
    pub purpose: Purpose,
    /// Score of the request, 0..=100 bot.
    pub score: u8,
    /// How much the site is under.
    pub load: Load,
    /// [`Pressure`] of the visitor's network; 0 where the network is unseen.
    pub pressure: u32,
    /// Challenges that led nowhere ([`Try::count`]).
    pub tries: u8,
    /// Why the last answer was not taken ([`Try::code`]).
    pub code: Option<Code>,
}

/// What is asked for next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The kind; `None` at the ladder's end: a page with `reason` and nothing to do.
    pub kind: Option<Kind>,
    /// The work of it, for [`Kind::Work`] and [`Kind::HardWork`].
    pub work: Option<WorkParams>,
    /// What a visitor without script finds beside it, whatever the kind; `None` where the ladder has no such step, or at its end.
    pub no_script: Option<Waits>,
    /// Why it comes again, as a person may read it; `None` where nothing went wrong so far.
    pub reason: Option<Code>,
}

/// A configured ladder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ladder {
    kinds: Vec<Kind>,
    puzzles: u8,
}

impl Default for Ladder {
    fn default() -> Self {
        Ladder::new(&[Step::Behaviour, Step::Work, Step::NoScript], WORK_MS)
    }
}

impl Ladder {
    /// With these steps, each once; `work_ms` is what the cheap kind may take on average in a usual browser at the lowest
    /// challenged score.
    pub fn new(steps: &[Step], work_ms: u32) -> Self {
        let mut kinds: Vec<Kind> = Vec::with_capacity(STEPS_MAX + 1);
        for kind in steps.iter().flat_map(|step| step.kinds()) {
            if !kinds.contains(kind) {
                kinds.push(*kind);
            }
        }
        let puzzles = u64::from(work_ms) * u64::from(PUZZLES) / u64::from(WORK_MS);
        Ladder { kinds, puzzles: puzzles.clamp(1, u64::from(PUZZLES_MAX)) as u8 }
    }

    /// True where work is one of its steps.
    pub fn asks_work(&self) -> bool {
        self.kinds.contains(&Kind::Work)
    }

    /// The first try at the last kind for a pass: as far as pages lead that are only left.
    pub fn last_try(&self) -> u8 {
        let before = self.kinds_for(Purpose::Pass).count().saturating_sub(1);
        u8::try_from(before).unwrap_or(u8::MAX).saturating_mul(TRIES_EACH)
    }

    /// What is asked for next.
    pub fn plan(&self, asked: &Asked) -> Plan {
        let strain = strain_percent(asked);
        let kind = self.kinds_for(asked.purpose).nth(usize::from(asked.tries / TRIES_EACH));
        let work = match kind {
            Some(Kind::Work) => Some(self.cheap(strain)),
            Some(Kind::HardWork) => Some(HARD_WORK),
            _ => None,
        };
        let no_script = self.kinds_for(asked.purpose).any(|kind| kind == Kind::NoScript) && kind.is_some();
        let reason = asked.code.or((asked.tries >= TRIES_EACH).then_some(Code::TooManyTries));
        Plan { kind, work, no_script: no_script.then(|| waits(strain)), reason }
    }

    /// The kinds that make sense there, mildest first. A page that was just opened has seen no behaviour: it is asked for
    /// alone only where the ladder has nothing else.
    fn kinds_for(&self, purpose: Purpose) -> impl Iterator<Item = Kind> {
        let only = self.kinds == [Kind::Behaviour];
        self.kinds.iter().copied().filter(move |kind| match kind {
            Kind::Behaviour => purpose != Purpose::Pass || only,
            Kind::NoScript => purpose == Purpose::Pass,
            _ => true,
        })
    }

    /// More puzzles, never a wider range: many small ones take nearly the same time on every try.
    fn cheap(&self, strain: u32) -> WorkParams {
        let puzzles = (u32::from(self.puzzles) * strain / 100).min(u32::from(PUZZLES_MAX)) as u8;
        WorkParams { kind: WorkKind::Hash, puzzles: puzzles.max(1), range_log2: RANGE_LOG2 }
    }
}

/// How much of the default is asked for, 100..=400 percent: the score doubles it at most, so does the load, so does the
/// network's pressure, and all together stay at four times.
fn strain_percent(asked: &Asked) -> u32 {
    // 70 is where the band of challenges begins by default.
    let score = 100 + u32::from(asked.score.clamp(70, 100) - 70) * 100 / 30;
    let load = match asked.load {
        Load::Calm => 100,
        Load::Busy => 150,
        Load::Flood => 200,
    };
    // A household or an office leaves a few pages behind; from 16 on it counts, at 256 in full.
    let pressure = 100 + asked.pressure.saturating_sub(16).min(240) * 100 / 240;
    (score * load * pressure / 10_000).min(400)
}

/// 3 s to 6 s for the chain, 5 s to 8 s for the button.
fn waits(strain: u32) -> Waits {
    Waits { refresh_ms: 2_000 + strain * 10, form_ms: 4_000 + strain * 10 }
}

#[cfg(test)]
mod tests;
