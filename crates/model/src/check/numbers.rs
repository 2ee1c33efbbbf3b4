//! Numbers: finite, in range, in order.

use super::Checked;
use crate::bounds::LOG_ODDS_MAX;
use crate::error::ModelError;

/// Log-odds from `min` up to the bound.
pub(super) fn log_odds(place: &str, value: f32, min: f32) -> Checked {
    range(place, f64::from(value), f64::from(min), f64::from(LOG_ODDS_MAX))
}

/// Log-odds within the bound either way.
pub(super) fn any_log_odds(place: &str, value: f32) -> Checked {
    log_odds(place, value, -LOG_ODDS_MAX)
}

/// Log-odds that nothing lowers: 0.0 and up.
pub(super) fn weights(place: &str, weights: &[f32]) -> Checked {
    weights.iter().enumerate().try_for_each(|(at, &weight)| {
        // The place is written only where it is needed: there are millions of weights.
        if (0.0..=LOG_ODDS_MAX).contains(&weight) {
            Ok(())
        } else {
            log_odds(&format!("{place}[{at}]"), weight, 0.0)
        }
    })
}

/// A number between two, both included.
pub(super) fn range(place: &str, value: f64, min: f64, max: f64) -> Checked {
    let place = || place.to_owned();
    if !value.is_finite() {
        return Err(ModelError::NotANumber { place: place() });
    }
    if !(min..=max).contains(&value) {
        return Err(ModelError::OutOfRange { place: place(), value, min, max });
    }
    Ok(())
}

/// Finite, each above the one before it.
pub(super) fn ascending(place: &str, values: impl Iterator<Item = f32>) -> Checked {
    let mut before = f32::NEG_INFINITY;
    for (at, value) in values.enumerate() {
        if !value.is_finite() {
            return Err(ModelError::NotANumber { place: format!("{place}[{at}]") });
        }
        if value <= before {
            return Err(ModelError::NotAscending { place: place.to_owned(), at });
        }
        before = value;
    }
    Ok(())
}

/// As many entries as there must be.
pub(super) fn length(place: &str, found: usize, expected: usize) -> Checked {
    if found == expected {
        return Ok(());
    }
    Err(ModelError::Length { place: place.to_owned(), found, expected })
}
