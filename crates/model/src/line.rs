//! Straight lines between points, without a rounding error that could turn an order round.

/// The height at `x` of the line from one point to another, held between theirs; both points ascend, strictly in `x`.
///
/// Never falls while `x` grows: each step rounds a function that does not, and the end is held to the second point.
pub(crate) fn between(x: f32, from: (f32, f32), to: (f32, f32)) -> f32 {
    let part = ((x - from.0) / (to.0 - from.0)).clamp(0.0, 1.0);
    (from.1 + (to.1 - from.1) * part).min(to.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_exact() {
        for (from, to) in
            [((0.1, 0.3), (0.7, 0.9)), ((-3.0, 0.0), (1e-6, 1e3)), ((1e-40, -7.7), (2e-40, 8.8))]
        {
            assert_eq!(between(from.0, from, to), from.1);
            assert_eq!(between(to.0, from, to), to.1);
        }
        assert_eq!(between(1.0, (0.0, 10.0), (4.0, 30.0)), 15.0);
    }
}
