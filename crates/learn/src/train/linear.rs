//! Logistic regression on values in standard deviations, by Newton's method, with a pull towards nothing.
//!
//! What is unseen is at the mean, and has a weight of its own where it comes and goes.

use palisade_model::bounds::LOG_ODDS_MAX;
use palisade_model::{Form, Linear, Term};

use super::rows::Rows;
use super::standard::Standard;

/// How to train.
#[derive(Clone, Debug, PartialEq)]
pub struct LinearSettings {
    /// Weight that pulls every weight towards nothing, clients.
    pub ridge: f64,
    /// Most steps of Newton's method.
    pub steps: usize,
    /// Nothing here is random; kept for the model's card.
    pub seed: u64,
}

impl Default for LinearSettings {
    fn default() -> Self {
        LinearSettings { ridge: 1.0, steps: 50, seed: 1 }
    }
}

/// Longest step of a weight.
const STEP_MAX: f64 = 2.0;

/// Trains on `rows`.
pub(super) fn train(rows: &Rows<'_>, settings: &LinearSettings) -> (f32, Form) {
    let standards: Vec<(usize, Standard)> =
        rows.columns.iter().map(|column| (*column, Standard::of(rows, *column))).collect();
    let standards: Vec<_> =
        standards.into_iter().filter(|(_, standard)| standard.varies || standard.comes_and_goes).collect();
    let inputs = inputs(rows, &standards);
    let weights = fitted(rows, &inputs, settings);
    let held = |weight: f64| (weight as f32).clamp(-LOG_ODDS_MAX, LOG_ODDS_MAX);
    let mut rest = weights[1..].iter();
    let mut next = |is: bool| if is { rest.next().copied().unwrap_or(0.0) } else { 0.0 };
    let terms = standards.iter().map(|(column, standard)| Term {
        feature: *column as u16,
        mean: standard.mean,
        scale: standard.scale,
        weight: held(next(standard.varies)),
        unseen: held(next(standard.comes_and_goes)),
    });
    let terms = terms.collect();
    (held(weights[0]), Form::Linear(Linear { terms }))
}

/// Row by row: 1, then for each column its deviations where it varies, and 1 for unseen where it comes and goes.
fn inputs(rows: &Rows<'_>, standards: &[(usize, Standard)]) -> Vec<Vec<f64>> {
    let mut inputs = vec![vec![1.0]; rows.len()];
    for (column, standard) in standards {
        for (row, value) in inputs.iter_mut().zip(rows.values(*column)) {
            let away = standard.deviations(value);
            row.extend(standard.varies.then(|| f64::from(away.unwrap_or(0.0))));
            row.extend(standard.comes_and_goes.then(|| f64::from(u8::from(away.is_none()))));
        }
    }
    inputs
}

/// The most probable weights, that of the intercept first.
fn fitted(rows: &Rows<'_>, inputs: &[Vec<f64>], settings: &LinearSettings) -> Vec<f64> {
    let width = inputs.first().map_or(1, Vec::len);
    let mut weights = vec![0.0; width];
    for _ in 0..settings.steps {
        let mut gradient: Vec<f64> = weights.iter().map(|weight| -settings.ridge * weight).collect();
        let mut curvature = vec![0.0; width * width];
        (0..width).for_each(|at| curvature[at * width + at] = settings.ridge);
        // The intercept is pulled nowhere, or classes of one size would not stay so.
        (gradient[0], curvature[0]) = (0.0, 1e-6);
        for (row, input) in inputs.iter().enumerate() {
            let sum: f64 = input.iter().zip(&weights).map(|(value, weight)| value * weight).sum();
            let chance = 1.0 / (1.0 + (-sum).exp());
            let weight = f64::from(rows.weights[row]);
            let error = weight * (f64::from(rows.target(row)) - chance);
            let curve = weight * (chance * (1.0 - chance)).max(1e-9);
            for (at, value) in input.iter().enumerate() {
                gradient[at] += error * value;
                let scaled = curve * value;
                // The lower half is enough.
                let line = &mut curvature[at * width..=at * width + at];
                line.iter_mut().zip(input).for_each(|(sum, other)| *sum += scaled * other);
            }
        }
        let Some(step) = solved(curvature, gradient) else { break };
        let longest = step.iter().fold(0.0_f64, |longest, step| longest.max(step.abs()));
        let shorter = if longest > STEP_MAX { STEP_MAX / longest } else { 1.0 };
        weights.iter_mut().zip(&step).for_each(|(weight, step)| *weight += step * shorter);
        if longest < 1e-9 {
            break;
        }
    }
    weights
}

/// Solves `matrix * x = right` for a symmetric positive matrix, of which the lower half is read (Cholesky). None where it is
/// not positive.
fn solved(mut matrix: Vec<f64>, mut right: Vec<f64>) -> Option<Vec<f64>> {
    let width = right.len();
    for row in 0..width {
        for column in 0..=row {
            let before = (0..column).map(|at| matrix[row * width + at] * matrix[column * width + at]);
            let rest = matrix[row * width + column] - before.sum::<f64>();
            matrix[row * width + column] = match row == column {
                true if rest > 0.0 && rest.is_finite() => rest.sqrt(),
                true => return None,
                false => rest / matrix[column * width + column],
            };
        }
    }
    for row in 0..width {
        let before = (0..row).map(|at| matrix[row * width + at] * right[at]);
        right[row] = (right[row] - before.sum::<f64>()) / matrix[row * width + row];
    }
    for row in (0..width).rev() {
        let after = (row + 1..width).map(|at| matrix[at * width + row] * right[at]);
        right[row] = (right[row] - after.sum::<f64>()) / matrix[row * width + row];
    }
    right.iter().all(|value| value.is_finite()).then_some(right)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::testing::made_up;

    #[test]
    fn equations_are_solved() {
        let matrix = vec![4.0, 0.0, 0.0, 2.0, 3.0, 0.0, 0.6, 1.0, 2.0];
        let found = solved(matrix, vec![9.8, 12.0, 9.6]).expect("it is positive");
        // By hand: x = (1, 2, 3) gives 4+4+1.8, 2+6+3, 0.6+2+6.
        let expect = solved(vec![4.0, 0.0, 0.0, 2.0, 3.0, 0.0, 0.6, 1.0, 2.0], vec![9.8, 11.0, 8.6])
            .expect("as above");
        assert!(
            expect.iter().zip([1.0, 2.0, 3.0]).all(|(one, other)| (one - other).abs() < 1e-9),
            "{expect:?}"
        );
        assert_ne!(found, expect);
        assert_eq!(solved(vec![0.0], vec![1.0]), None);
        assert_eq!(solved(vec![1.0, 0.0, 2.0, 1.0], vec![1.0, 1.0]), None);
    }

    #[test]
    fn weights_are_those_that_made_the_data() {
        // Two normal columns whose means lie 1.5 and -1 apart: log-odds of 1.5 and -1 for one of their unit.
        let data = made_up(4_000, 3, 1);
        let rows = Rows::new(&data, &[0, 1, 2], |_| true);
        let (_, Form::Linear(linear)) = train(&rows, &LinearSettings::default()) else {
            panic!("it is linear")
        };
        let by_unit: Vec<f32> = linear.terms.iter().map(|term| term.weight / term.scale).collect();
        let expect = [1.5, -1.0, 0.0];
        assert!(by_unit.iter().zip(expect).all(|(one, other)| (one - other).abs() < 0.15), "{by_unit:?}");
    }

    #[test]
    fn what_is_unseen_has_a_weight_of_its_own() {
        let mut data = made_up(600, 2, 1);
        for row in 0..600 {
            data.values[row * 2] = 0.0;
            data.values[row * 2 + 1] = if row % 4 == 1 { f32::NAN } else { 1.0 };
        }
        let rows = Rows::new(&data, &[0, 1], |_| true);
        let (_, Form::Linear(linear)) = train(&rows, &LinearSettings::default()) else {
            panic!("it is linear")
        };
        let [term] = linear.terms[..] else { panic!("{linear:?}") };
        assert!(term.feature == 1 && term.weight == 0.0 && term.unseen > 3.0, "{term:?}");
    }
}
