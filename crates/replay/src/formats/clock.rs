//! Times as logs write them. A time without a zone is taken as UTC.

use palisade_domain::{Resolution, Timestamp};

/// A moment and how finely the text gives it.
pub(super) type Moment = (Timestamp, Resolution);

/// Reads `10/Oct/2000:13:55:36 -0700`, also with a fraction of the second, with `GMT`, or without a zone.
pub(super) fn clf(text: &str) -> Option<Moment> {
    let bytes = text.as_bytes();
    if bytes.len() < 20 || bytes[2] != b'/' || bytes[6] != b'/' || bytes[11] != b':' {
        return None;
    }
    let day = digits(&bytes[0..2])?;
    let month = month(&bytes[3..6])?;
    let year = digits(&bytes[7..11])?;
    let seconds = time_of_day(&bytes[12..20])?;
    let (micros, resolution, zone) = fraction(&bytes[20..])?;
    let days = days_since_epoch(year, month, day)?;
    let local = (days * 86_400 + seconds - zone_offset(zone)?) * 1_000_000;
    Some((Timestamp(local + micros), resolution))
}

/// Reads RFC 3339 (`2024-05-01T12:00:00.123Z`), also with a blank instead of `T` and an offset without a colon.
pub(super) fn iso(text: &str) -> Option<Moment> {
    let bytes = text.as_bytes();
    if bytes.len() < 19 || !matches!((bytes[4], bytes[7]), (b'-', b'-') | (b'/', b'/')) {
        return None;
    }
    if !matches!(bytes[10], b'T' | b't' | b' ') {
        return None;
    }
    let days = days_since_epoch(digits(&bytes[0..4])?, digits(&bytes[5..7])?, digits(&bytes[8..10])?)?;
    let seconds = time_of_day(&bytes[11..19])?;
    let (micros, resolution, zone) = fraction(&bytes[19..])?;
    let local = (days * 86_400 + seconds - zone_offset(zone)?) * 1_000_000;
    Some((Timestamp(local + micros), resolution))
}

/// A number of seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by its size: each unit
/// covers the years 1973 to 5138.
pub(super) fn epoch(number: f64) -> Option<Moment> {
    if !number.is_finite() || number < 0.0 {
        return None;
    }
    let whole = number.fract() == 0.0;
    let (micros, resolution) = match number {
        n if n < 1e11 && whole => (n * 1e6, Resolution::Second),
        n if n < 1e11 => (n * 1e6, if is_whole_millis(n) { Resolution::Milli } else { Resolution::Micro }),
        n if n < 1e14 => (n * 1e3, if whole { Resolution::Milli } else { Resolution::Micro }),
        n if n < 1e17 => (n, Resolution::Micro),
        n if n < 1e20 => (n / 1e3, Resolution::Micro),
        _ => return None,
    };
    Some((Timestamp(micros.round() as i64), resolution))
}

/// A time as text of any of these forms.
pub(super) fn moment(text: &str) -> Option<Moment> {
    let text = text.trim().trim_start_matches('[').trim_end_matches(']');
    iso(text).or_else(|| clf(text)).or_else(|| epoch(text.parse().ok()?))
}

fn is_whole_millis(seconds: f64) -> bool {
    let millis = seconds * 1e3;
    (millis - millis.round()).abs() < 5e-4
}

fn digits(bytes: &[u8]) -> Option<i64> {
    bytes.iter().try_fold(0i64, |sum, b| b.is_ascii_digit().then(|| sum * 10 + i64::from(b - b'0')))
}

fn month(name: &[u8]) -> Option<i64> {
    const NAMES: &[u8; 36] = b"JanFebMarAprMayJunJulAugSepOctNovDec";
    NAMES.chunks(3).zip(1..).find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, number)| number)
}

/// `HH:MM:SS` as seconds; 60 is a leap second.
fn time_of_day(bytes: &[u8]) -> Option<i64> {
    if bytes[2] != b':' || bytes[5] != b':' {
        return None;
    }
    let (hours, minutes, seconds) = (digits(&bytes[0..2])?, digits(&bytes[3..5])?, digits(&bytes[6..8])?);
    (hours < 24 && minutes < 60 && seconds <= 60).then_some(hours * 3_600 + minutes * 60 + seconds)
}

/// Splits a fraction of the second off: its microseconds, the resolution it shows, and what follows.
fn fraction(rest: &[u8]) -> Option<(i64, Resolution, &[u8])> {
    let [b'.' | b',', tail @ ..] = rest else { return Some((0, Resolution::Second, rest)) };
    let count = tail.iter().take_while(|b| b.is_ascii_digit()).count();
    if count == 0 {
        return None;
    }
    let micros = (0..6).fold(0, |sum, at| {
        let digit = if at < count { i64::from(tail[at] - b'0') } else { 0 };
        sum * 10 + digit
    });
    Some((micros, if count <= 3 { Resolution::Milli } else { Resolution::Micro }, &tail[count..]))
}

/// Seconds east of UTC.
fn zone_offset(zone: &[u8]) -> Option<i64> {
    let zone = zone.strip_prefix(b" ").unwrap_or(zone);
    let (sign, rest) = match zone {
        [] | [b'Z' | b'z'] | b"GMT" | b"UTC" => return Some(0),
        [b'+', rest @ ..] => (1, rest),
        [b'-', rest @ ..] => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = match rest {
        [a, b] => (digits(&[*a, *b])?, 0),
        [a, b, c, d] | [a, b, b':', c, d] => (digits(&[*a, *b])?, digits(&[*c, *d])?),
        _ => return None,
    };
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3_600 + minutes * 60))
}

/// Days from 1970-01-01 to a date of the Gregorian calendar (Howard Hinnant, "chrono-compatible low-level date
/// algorithms", `days_from_civil`); `None` where there is no such day.
fn days_since_epoch(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=length).contains(&day) {
        return None;
    }
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted.div_euclid(400);
    let year_of_era = shifted.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn times_are_read() {
        let check = |text: &str, micros: i64, resolution| {
            assert_eq!(moment(text), Some((Timestamp(micros), resolution)), "{text}");
        };
        check("10/Oct/2000:13:55:36 -0700", 971_211_336_000_000, Resolution::Second);
        check("[10/Oct/2000:20:55:36 +0000]", 971_211_336_000_000, Resolution::Second);
        check("10/Oct/2000:20:55:36.250", 971_211_336_250_000, Resolution::Milli);
        check("10/Oct/2000:20:55:36 GMT", 971_211_336_000_000, Resolution::Second);
        check("2000-10-10T20:55:36Z", 971_211_336_000_000, Resolution::Second);
        check("2000-10-10T22:55:36+02:00", 971_211_336_000_000, Resolution::Second);
        check("2000-10-10 22:55:36.5+0200", 971_211_336_500_000, Resolution::Milli);
        check("2000-10-10T20:55:36.123456789Z", 971_211_336_123_456, Resolution::Micro);
        check("971211336", 971_211_336_000_000, Resolution::Second);
        check("971211336.125", 971_211_336_125_000, Resolution::Milli);
        check("971211336125", 971_211_336_125_000, Resolution::Milli);
        check("971211336125001000", 971_211_336_125_001, Resolution::Micro);
        check("29/Feb/2024:23:59:60 +0000", 1_709_251_200_000_000, Resolution::Second);
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "10/Oct/2000",
            "10/Oct/2000:13:55",
            "31/Feb/2000:13:55:36 +0000",
            "10/Okt/2000:13:55:36 +0000",
            "10/Oct/2000:25:55:36 +0000",
            "10/Oct/2000:13:55:36 +9",
            "2000-13-10T20:55:36Z",
            "2000-10-10T20:55:36.Z",
            "-5",
            "NaN",
            "1e300",
        ] {
            assert_eq!(moment(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn both_notations_agree_with_jiff(secs in -62_000_000_000i64..250_000_000_000) {
            let there = jiff::Timestamp::from_second(secs).unwrap();
            prop_assume!(there.to_string().len() == 20);
            prop_assert_eq!(iso(&there.to_string()), Some((Timestamp::from_secs(secs), Resolution::Second)));
            let text = there.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string();
            prop_assert_eq!(clf(&text), Some((Timestamp::from_secs(secs), Resolution::Second)));
        }

        #[test]
        fn no_text_is_too_odd(text in "\\PC{0,40}") {
            let _ = moment(&text);
        }
    }
}
