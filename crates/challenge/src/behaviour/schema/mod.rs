//! The feature schema of behaviour models: what a hand did on a page in numbers, the same while learning and while judging.
//!
//! ```text
//!   trace ──► Features, Motion ──► weights.rs ──► the hand-set score ──┐
//!                          └─────► list.rs, one line each ──► Numbers ─┴──► Behaviour
//! ```
//!
//! What a visitor did not do cannot be measured: it is NaN, never a number that means something. No address, no session, no
//! time of day, no text of a user agent and no place on the page is a number here.

mod list;

use std::ops::RangeInclusive;

use palisade_domain::Vantage;
use palisade_model::{Direction, Expect};

use super::trace::Trace;
use super::weights::Seen;

pub use list::FEATURES;

/// The name of this schema. A model says which one it was made for; a change of any name, unit or meaning is another one.
pub const ID: &str = "behaviour-1";

/// How many of [`FEATURES`], the first ones, are seed 000's: twelve that it had and the one it meant to add. Its net has as
/// many inputs.
pub const SEED_FEATURES: usize = 13;

/// How many features there are.
pub const LEN: usize = 31;

/// Where traces arrive: what a hand did is the same wherever its trace is read, so a model has one view for all of these.
pub const VANTAGES: [Vantage; 3] = [Vantage::Check, Vantage::GatewayClear, Vantage::GatewayTls];

/// What a visitor must have used for a feature to be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Need {
    /// A mouse that moved.
    Mouse,
    /// A mouse's buttons.
    Clicks,
    /// Keys.
    Keys,
    /// The page's scrolling.
    Scroll,
    /// A field of a form.
    Form,
    /// A finger or a pen.
    Touch,
}

impl Need {
    /// Every need.
    pub const ALL: [Need; 6] = [Need::Mouse, Need::Clicks, Need::Keys, Need::Scroll, Need::Form, Need::Touch];

    /// Its word in documents.
    pub fn name(self) -> &'static str {
        match self {
            Need::Mouse => "mouse",
            Need::Clicks => "clicks",
            Need::Keys => "keys",
            Need::Scroll => "scrolling",
            Need::Form => "a form",
            Need::Touch => "touch",
        }
    }

    /// Was it used in `trace`?
    pub fn is_met_by(self, trace: &Trace) -> bool {
        match self {
            Need::Mouse => !trace.moves.is_empty(),
            Need::Clicks => !trace.clicks.is_empty(),
            Need::Keys => !trace.keys.is_empty(),
            Need::Scroll => !trace.scrolls.is_empty(),
            Need::Form => trace.form_length.is_some() || !trace.forms.is_empty(),
            Need::Touch => !trace.touches.is_empty() || !trace.pens.is_empty(),
        }
    }
}

/// What a feature is.
#[derive(Clone, Debug)]
pub struct Feature {
    /// Its name.
    pub name: &'static str,
    /// Its unit.
    pub unit: &'static str,
    /// From its least to its greatest value; what lies beyond is taken for the end.
    pub range: RangeInclusive<f32>,
    /// What more of it means: rising never speaks for a person, falling never for a program.
    pub direction: Direction,
    /// Without it the feature is no number; `None` where every trace has it.
    pub needs: Option<Need>,
    /// What it is, in a sentence.
    pub says: &'static str,
    /// `None` where there is too little to measure.
    read: fn(&Seen<'_>) -> Option<f64>,
}

/// The names of [`FEATURES`], in their order.
pub fn names() -> impl ExactSizeIterator<Item = &'static str> + Clone {
    FEATURES.iter().map(|feature| feature.name)
}

/// What a model of behaviour must fit in this release.
pub fn expected<R>(f: impl FnOnce(&Expect<'_>) -> R) -> R {
    let features: Vec<&str> = names().collect();
    let vantages = VANTAGES.map(Vantage::name);
    f(&Expect { schema_id: ID, features: &features, vantages: &vantages })
}

/// One trace in numbers, in the order of [`FEATURES`]. NaN was not measured.
#[derive(Clone, Copy, Debug)]
pub struct Numbers([f32; LEN]);

/// Numbers are equal when their bits are: what was not measured equals itself.
impl PartialEq for Numbers {
    fn eq(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).all(|(one, other)| one.to_bits() == other.to_bits())
    }
}

impl Numbers {
    /// The values.
    pub fn values(&self) -> &[f32] {
        &self.0
    }

    /// That of the feature called `name`; `None` where there is no such feature, or it was not measured.
    pub fn get(&self, name: &str) -> Option<f32> {
        let at = names().position(|known| known == name)?;
        self.0.get(at).copied().filter(|value| !value.is_nan())
    }

    /// What the list says of a trace. The one place where numbers come from.
    pub(super) fn of(seen: &Seen<'_>) -> Self {
        let mut numbers = Numbers([f32::NAN; LEN]);
        for (number, feature) in numbers.0.iter_mut().zip(&FEATURES) {
            if feature.needs.is_some_and(|need| !need.is_met_by(seen.trace)) {
                continue;
            }
            let read = (feature.read)(seen).filter(|value| value.is_finite());
            let (least, most) = (*feature.range.start(), *feature.range.end());
            *number = read.map_or(f32::NAN, |value| (value as f32).clamp(least, most));
        }
        numbers
    }
}

#[cfg(test)]
mod tests;
