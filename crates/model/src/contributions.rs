//! What each feature added, in a place of fixed size.

use crate::bounds::FEATURES_MAX;

/// Log-odds that each feature of a schema added to one sum; 2 KiB, no heap. Made once and used again.
#[derive(Clone, Debug)]
pub struct Contributions {
    values: [f32; FEATURES_MAX],
    features: usize,
    whole: f32,
    sequence: f32,
}

impl Contributions {
    /// Of no feature yet.
    pub const fn new() -> Self {
        Contributions { values: [0.0; FEATURES_MAX], features: 0, whole: 0.0, sequence: 0.0 }
    }

    /// Log-odds by position in the schema; as many as the schema has features. Of an additive model they are 0.0 and up,
    /// and a pair counts half for each of its two; of other kinds they may speak for a person, below 0.0.
    pub fn as_slice(&self) -> &[f32] {
        &self.values[..self.features]
    }

    /// Log-odds of one feature; 0.0 for a position that the schema does not have.
    pub fn of(&self, feature: u16) -> f32 {
        self.as_slice().get(usize::from(feature)).copied().unwrap_or(0.0)
    }

    /// Log-odds that no single feature is known to have added: of a [`crate::Foreign`] model all that it says beyond its base, of
    /// others 0.0. May speak for a person, below 0.0.
    pub fn whole(&self) -> f32 {
        self.whole
    }

    /// Sets [`Contributions::whole`].
    pub fn set_whole(&mut self, log_odds: f32) {
        self.whole = log_odds;
    }

    /// Log-odds of the order of steps, either way; 0.0 of models that do not look at it.
    pub fn sequence(&self) -> f32 {
        self.sequence
    }

    /// What features and steps say together: base and this are the sum, up to rounding.
    pub fn total(&self) -> f32 {
        self.as_slice().iter().sum::<f32>() + self.sequence
    }

    /// Nothing said by any of so many features, nor by all of them.
    pub fn reset(&mut self, features: usize) {
        self.whole = 0.0;
        self.features = features.min(FEATURES_MAX);
        self.values[..self.features].fill(0.0);
        self.sequence = 0.0;
    }

    /// What the order of steps says.
    pub(crate) fn set_sequence(&mut self, log_odds: f32) {
        self.sequence = log_odds;
    }

    /// Adds to what one feature says; nothing for a position that there is no room for.
    #[inline]
    pub fn add(&mut self, feature: u16, log_odds: f32) {
        if let Some(value) = self.values.get_mut(usize::from(feature)) {
            *value += log_odds;
        }
    }
}

impl Default for Contributions {
    fn default() -> Self {
        Contributions::new()
    }
}
