//! How long something lasts, as people type it: `90s`, `30m`, `24h`, `7d`, `2w`.

use std::str::FromStr;

/// A length of time, one second to ten years.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    secs: i64,
}

/// Ten years: who means longer leaves it out.
const SECS_MAX: i64 = 10 * 366 * 86_400;

impl Span {
    /// In milliseconds.
    pub(crate) fn millis(self) -> i64 {
        self.secs * 1_000
    }
}

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let units = [('s', 1), ('m', 60), ('h', 3_600), ('d', 86_400), ('w', 7 * 86_400)];
        let secs = units.iter().find_map(|&(unit, secs)| {
            let count: i64 = text.strip_suffix(unit)?.parse().ok()?;
            count.checked_mul(secs)
        });
        match secs {
            Some(secs @ 1..=SECS_MAX) => Ok(Span { secs }),
            Some(_) => {
                Err("must be between 1s and 10 years; leave --for out to keep it until removed".to_owned())
            }
            None => Err("is no length of time; write 90s, 30m, 24h, 7d or 2w".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_and_refused() {
        let check = |text: &str, secs| assert_eq!(text.parse(), Ok(Span { secs }), "{text}");
        check("90s", 90);
        check("30m", 1_800);
        check("24h", 86_400);
        check("2w", 1_209_600);
        for bad in ["", "s", "24", "24 h", "-1h", "0s", "1.5h", "é", "99999999999999999999s", "9000w"] {
            assert!(bad.parse::<Span>().is_err(), "{bad}");
        }
    }
}
