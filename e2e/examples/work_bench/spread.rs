//! Figures and how far they lie apart.

use std::fmt;

/// Sorted figures.
pub(crate) struct Spread {
    sorted: Vec<f64>,
    /// The middle one.
    pub(crate) median: f64,
}

impl Spread {
    /// Of at least one figure.
    pub(crate) fn of(mut figures: Vec<f64>) -> Self {
        figures.sort_by(f64::total_cmp);
        let mut spread = Spread { sorted: figures, median: 0.0 };
        spread.median = spread.rank(0.5);
        spread
    }

    /// The figure that `share` of them do not exceed (nearest rank).
    pub(crate) fn rank(&self, share: f64) -> f64 {
        let rank = (share * self.sorted.len() as f64).ceil() as usize;
        self.sorted[rank.clamp(1, self.sorted.len()) - 1]
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = f.precision().unwrap_or(1);
        let (least, most) = (self.rank(0.0), self.rank(1.0));
        write!(f, "{:.digits$} ({least:.digits$} to {most:.digits$})", self.median)
    }
}
