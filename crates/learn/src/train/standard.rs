//! Values in standard deviations from their mean, just as scoring computes them.

use palisade_model::bounds::DEVIATIONS_MAX;

use super::rows::Rows;

/// Mean and spread of a column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Standard {
    pub(super) mean: f32,
    /// Standard deviation, above 0.0; 1.0 where the column is constant.
    pub(super) scale: f32,
    /// Whether it takes more than one value.
    pub(super) varies: bool,
    /// Whether it is unseen in some rows, and seen in others.
    pub(super) comes_and_goes: bool,
}

impl Standard {
    /// Of `column`, by weight; infinite values are left out.
    pub(super) fn of(rows: &Rows<'_>, column: usize) -> Standard {
        let (mut weight, mut sum, mut squares, mut unseen) = (0.0_f64, 0.0_f64, 0.0_f64, 0_usize);
        let values = || rows.values(column).zip(&rows.weights).filter(|(value, _)| value.is_finite());
        for (value, by) in values() {
            weight += f64::from(*by);
            sum += f64::from(*by) * f64::from(value);
        }
        let mean = if weight > 0.0 { sum / weight } else { 0.0 };
        for (value, by) in values() {
            squares += f64::from(*by) * (f64::from(value) - mean).powi(2);
        }
        unseen += rows.values(column).filter(|value| value.is_nan()).count();
        let scale = if weight > 0.0 { (squares / weight).sqrt() as f32 } else { 0.0 };
        // What varies by less than this is rounding.
        let varies = scale.is_finite() && f64::from(scale) > 1e-6 * mean.abs() && scale > 1e-12;
        Standard {
            mean: mean as f32,
            scale: if varies { scale } else { 1.0 },
            varies,
            comes_and_goes: unseen > 0 && unseen < rows.len(),
        }
    }

    /// Deviations of `value` from the mean, held within what scoring tells apart; none where it is unseen.
    pub(super) fn deviations(&self, value: f32) -> Option<f32> {
        let away = ((value - self.mean) / self.scale).clamp(-DEVIATIONS_MAX, DEVIATIONS_MAX);
        (!value.is_nan()).then_some(away)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::testing::made_up;

    #[test]
    fn means_and_spreads() {
        let mut data = made_up(40, 4, 1);
        for (at, row) in data.values.chunks_mut(4).enumerate() {
            row.copy_from_slice(&[
                at as f32,
                7.0,
                f32::NAN,
                if at % 4 == 0 { f32::INFINITY } else { at as f32 },
            ]);
        }
        data.values[0] = f32::NAN;
        let rows = Rows::new(&data, &[0, 1, 2, 3], |_| true);
        let [first, constant, unseen, wild] = [0, 1, 2, 3].map(|column| Standard::of(&rows, column));
        assert!((first.mean - 20.0).abs() < 0.1 && (first.scale - 11.25).abs() < 0.1, "{first:?}");
        assert!(first.varies && first.comes_and_goes);
        assert_eq!(constant, Standard { mean: 7.0, scale: 1.0, varies: false, comes_and_goes: false });
        assert!(!unseen.varies && !unseen.comes_and_goes);
        assert!(wild.varies && wild.mean.is_finite());
        assert_eq!((first.deviations(f32::NAN), first.deviations(f32::INFINITY)), (None, Some(10.0)));
        assert_eq!(first.deviations(first.mean), Some(0.0));
    }
}
