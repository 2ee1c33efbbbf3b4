//! Steps of a client in their order, and the numbers under which a model of sequences keeps what it knows of them.
//!
//! A step has two symbols: *how* it was made, which means the same on every site, and *where* it went, which means something
//! only where the model was trained. Each has a track of its own, so that a place nobody knows says nothing and takes
//! nothing from the other. What the symbols mean is the business of whoever makes them.

/// What is seen of one request: numbers in the order of the schema, and the last steps of its client, oldest first.
///
/// Whatever is a list of numbers is also a request without steps.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen<'a> {
    /// One per feature; one that is no number, or beyond the end, was unseen.
    pub numbers: &'a [f32],
    /// Oldest first; of more than [`crate::bounds::STEPS_MAX`] only the last are looked at.
    pub steps: &'a [Step],
}

impl<'a, T: AsRef<[f32]> + ?Sized> From<&'a T> for Seen<'a> {
    fn from(numbers: &'a T) -> Self {
        Seen { numbers: numbers.as_ref(), steps: &[] }
    }
}

/// One step of a client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Step {
    /// How it was made, below [`NONE`].
    pub how: u16,
    /// Where it went, below [`NONE`].
    pub place: u16,
}

/// The symbol that no step has: what stands for all symbols that were not seen after a context.
pub const NONE: u16 = u16::MAX;

/// Steps before the one that is looked at, at most.
pub const ORDER_MAX: usize = 2;

/// One of the two sides of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Track {
    /// [`Step::how`].
    How,
    /// [`Step::place`].
    Place,
}

impl Track {
    /// Both.
    pub const ALL: [Track; 2] = [Track::How, Track::Place];

    /// The symbol of `step` on this track; [`NONE`] is taken as the symbol before it.
    #[inline]
    pub fn symbol(self, step: Step) -> u16 {
        let symbol = match self {
            Track::How => step.how,
            Track::Place => step.place,
        };
        symbol.min(NONE - 1)
    }
}

/// Bits of a symbol.
const SYMBOL_BITS: u32 = 16;
/// Where the number of steps before is kept, and above it the track.
const ORDER_AT: u32 = SYMBOL_BITS * (ORDER_MAX as u32 + 1);
const TRACK_AT: u32 = ORDER_AT + 2;

/// What all symbols after the `order` steps before `steps[at]` share in their keys: those steps on `track`, and that no symbol
/// follows. [`with_symbol`] puts one there.
///
/// `None` where there are fewer steps, or `order` is above [`ORDER_MAX`].
#[inline]
pub fn context(track: Track, steps: &[Step], at: usize, order: usize) -> Option<u64> {
    let from = at.checked_sub(order).filter(|_| order <= ORDER_MAX)?;
    let mut key = (track as u64) << TRACK_AT | (order as u64) << ORDER_AT;
    // The step just before stands next to the symbol.
    for (back, step) in steps.get(from..at)?.iter().rev().enumerate() {
        key |= u64::from(track.symbol(*step)) << (SYMBOL_BITS * (back as u32 + 1));
    }
    Some(key | u64::from(NONE))
}

/// The key of `symbol` after `context`, or the other way round: a key with another symbol.
#[inline]
pub fn with_symbol(context: u64, symbol: u16) -> u64 {
    context & !u64::from(NONE) | u64::from(symbol)
}

/// The same after one step less, the oldest left out; `None` after no step.
pub fn shortened(key: u64) -> Option<u64> {
    let order = order_of(key).checked_sub(1)?;
    let oldest = u64::from(NONE) << (SYMBOL_BITS * (order as u32 + 1));
    Some(key & !oldest & !(0b11 << ORDER_AT) | (order as u64) << ORDER_AT)
}

/// How many steps a key has before its symbol.
pub fn order_of(key: u64) -> usize {
    (key >> ORDER_AT & 0b11) as usize
}

/// Its track.
pub fn track_of(key: u64) -> Track {
    if key >> TRACK_AT & 1 == 0 { Track::How } else { Track::Place }
}

/// True for what [`context`] and [`with_symbol`] make, and nothing else.
pub(crate) fn is_key(key: u64) -> bool {
    let order = order_of(key);
    let symbols = key & ((1 << ORDER_AT) - 1);
    let mut before = (1..=order as u32).map(|back| (key >> (SYMBOL_BITS * back)) as u16);
    order <= ORDER_MAX
        && key >> (TRACK_AT + 1) == 0
        && symbols >> (SYMBOL_BITS * (order as u32 + 1)) == 0
        && before.all(|symbol| symbol != NONE)
}

#[cfg(test)]
mod tests;
