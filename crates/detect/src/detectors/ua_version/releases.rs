//! When which version of Chromium and Firefox came out.

use palisade_domain::Timestamp;
use palisade_fingerprint::user_agent::{Engine, Family, UserAgent};

/// A line of releases with known dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line {
    Chromium,
    Firefox,
}

/// Major version and the day it was released. Between two rows versions come evenly.
type Release = (u16, i64);

const CHROMIUM: [Release; 16] = [
    (1, day(2008, 12, 11)),
    (10, day(2011, 3, 8)),
    (20, day(2012, 6, 26)),
    (30, day(2013, 10, 1)),
    (40, day(2015, 1, 21)),
    (50, day(2016, 4, 13)),
    (60, day(2017, 7, 25)),
    (70, day(2018, 10, 16)),
    (80, day(2020, 2, 4)),
    (90, day(2021, 4, 14)),
    (100, day(2022, 3, 29)),
    (110, day(2023, 2, 7)),
    (120, day(2023, 12, 5)),
    (130, day(2024, 10, 15)),
    (140, day(2025, 9, 2)),
    (152, day(2026, 8, 11)),
];

const FIREFOX: [Release; 16] = [
    (1, day(2004, 11, 9)),
    (3, day(2008, 6, 17)),
    (4, day(2011, 3, 22)),
    (10, day(2012, 1, 31)),
    (20, day(2013, 4, 2)),
    (30, day(2014, 6, 10)),
    (40, day(2015, 8, 11)),
    (50, day(2016, 11, 15)),
    (60, day(2018, 5, 9)),
    (70, day(2019, 10, 22)),
    (80, day(2020, 8, 25)),
    (90, day(2021, 7, 13)),
    (100, day(2022, 5, 3)),
    (120, day(2023, 11, 21)),
    (140, day(2025, 6, 24)),
    (153, day(2026, 7, 21)),
];

/// Beyond the last known release a version is expected every two weeks: the fastest pace announced so far, so that a
/// build of Palisade that is years old never takes a new browser for an impossible one before its time.
const DAYS_PER_FUTURE_VERSION: i64 = 14;

impl Line {
    /// The line and version `agent` claims, where it names the browser itself and not an app around it.
    pub(super) fn of(agent: &UserAgent<'_>) -> Option<(Line, u16)> {
        match (agent.family, agent.engine) {
            (Family::QtWebEngine | Family::WebView | Family::OtherBrowser | Family::App, _) => None,
            (_, Engine::Blink(major)) => Some((Line::Chromium, major?)),
            (Family::Firefox, Engine::Gecko(_)) => Some((Line::Firefox, agent.major?)),
            _ => None,
        }
    }

    fn releases(self) -> &'static [Release] {
        match self {
            Line::Chromium => &CHROMIUM,
            Line::Firefox => &FIREFOX,
        }
    }

    /// The day version `major` came out, about; `None` for versions that are not out as far as is known.
    pub(super) fn released(self, major: u16) -> Option<i64> {
        let releases = self.releases();
        let after = releases.iter().position(|&(known, _)| known >= major)?;
        let (next, next_day) = releases[after];
        let Some(&(last, last_day)) = after.checked_sub(1).and_then(|at| releases.get(at)) else {
            return Some(next_day);
        };
        Some(last_day + (next_day - last_day) * i64::from(major - last) / i64::from(next - last))
    }

    /// The newest version that may be out on `today`; `None` before the first.
    pub(super) fn newest(self, today: i64) -> Option<u16> {
        let releases = self.releases();
        let at = releases.iter().rposition(|&(_, day)| day <= today)?;
        let (known, known_day) = releases[at];
        let pace = releases.get(at + 1).map_or(DAYS_PER_FUTURE_VERSION, |&(next, next_day)| {
            (next_day - known_day) / i64::from(next - known)
        });
        let further = (today - known_day) / pace.max(1);
        Some(known.saturating_add(u16::try_from(further).unwrap_or(u16::MAX)))
    }
}

/// The day of a moment, counted from 1970-01-01.
pub(super) fn day_of(time: Timestamp) -> i64 {
    time.secs().div_euclid(86_400)
}

/// Days from 1970-01-01 to a date of the Gregorian calendar (Hinnant, "chrono-compatible low-level date algorithms").
pub(super) const fn day(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted() {
        assert_eq!((day(1970, 1, 1), day(2000, 3, 1), day(2026, 11, 20)), (0, 11_017, 20_777));
        assert_eq!(day_of(Timestamp::from_secs(day(2026, 11, 20) * 86_400 + 5)), 20_777);
    }

    #[test]
    fn tables_rise() {
        for line in [Line::Chromium, Line::Firefox] {
            assert!(line.releases().windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 < pair[1].1));
        }
    }

    #[test]
    fn versions_come_out_when_they_did() {
        let near = |line: Line, major, date: i64| {
            let found = line.released(major).unwrap();
            assert!((found - date).abs() <= 21, "{line:?} {major}: {} days off", found - date);
        };
        near(Line::Chromium, 49, day(2016, 3, 2));
        near(Line::Chromium, 87, day(2020, 11, 17));
        near(Line::Chromium, 109, day(2023, 1, 10));
        near(Line::Chromium, 124, day(2024, 4, 16));
        near(Line::Firefox, 115, day(2023, 7, 4));
        near(Line::Firefox, 128, day(2024, 7, 9));
        assert_eq!(Line::Chromium.released(400), None);
    }

    #[test]
    fn no_day_is_too_early_for_what_was_out() {
        for line in [Line::Chromium, Line::Firefox] {
            for major in 1..150 {
                let newest = line.newest(line.released(major).unwrap()).unwrap();
                assert!(newest + 1 >= major, "{line:?} {major} {newest}");
            }
            assert_eq!(line.newest(day(2001, 1, 1)), None);
            assert!(line.newest(day(2026, 11, 20)).unwrap() >= 156);
            assert!(line.newest(day(2300, 1, 1)).unwrap() > 1_000);
        }
    }
}
