//! The exponential, the same to the last bit on every machine: only sums, products and bits, unlike that of a system's library.

/// `e` to the power of `x`, within three parts in ten million; beyond ±87 as at ±87.
#[inline]
pub fn exp(x: f32) -> f32 {
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    let x = x.clamp(-87.0, 87.0);
    // To the nearest whole power of two: adding this and taking it away leaves no fraction.
    const WHOLE: f32 = 12_582_912.0;
    let raised = x * std::f32::consts::LOG2_E + WHOLE;
    let power = raised - WHOLE;
    let rest = x - power * LN_2_HIGH - power * LN_2_LOW;
    // Cephes' polynomial for e^rest on ±ln(2)/2 (S. Moshier, 1992).
    let mut sum = 1.987_569_1e-4;
    for factor in [1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5] {
        sum = sum * rest + factor;
    }
    let fraction = sum * rest * rest + rest + 1.0;
    // The whole number stands in the lowest bits of the raised one: unlike a conversion, reading it there costs nothing, and goes
    // for several at once.
    let whole = raised.to_bits().wrapping_sub(WHOLE.to_bits());
    fraction * f32::from_bits(whole.wrapping_add(127) << 23)
}

/// From log-odds to a chance, 0.0..=1.0.
#[inline]
pub fn chance(log_odds: f32) -> f32 {
    1.0 / (1.0 + exp(-log_odds))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn as_exact_as_a_float_needs(x in -87.0_f32..87.0) {
            let exact = f64::from(x).exp();
            prop_assert!((f64::from(exp(x)) / exact - 1.0).abs() < 3e-7, "{x}: {} {exact}", exp(x));
        }

        #[test]
        fn powers_are_read_as_they_would_be_converted(x in -87.0_f32..87.0) {
            const WHOLE: f32 = 12_582_912.0;
            let raised = x * std::f32::consts::LOG2_E + WHOLE;
            let read = raised.to_bits().wrapping_sub(WHOLE.to_bits()) as i32;
            prop_assert_eq!(read, (raised - WHOLE) as i32);
        }

        #[test]
        fn chances_are_chances(x in any::<f32>().prop_filter("a number", |x| !x.is_nan())) {
            prop_assert!((0.0..=1.0).contains(&chance(x)));
        }
    }

    #[test]
    fn known_values() {
        assert_eq!(exp(0.0), 1.0);
        assert_eq!(chance(0.0), 0.5);
        assert!(exp(-1_000.0) > 0.0 && exp(1_000.0).is_finite());
    }
}
