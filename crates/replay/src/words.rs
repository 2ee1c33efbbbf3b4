//! Numbers, times and sentences as people read them; the page and the terminal say the same words.

use palisade_domain::{IdentityClass, Timestamp};

use crate::summary::ClientSummary;

mod lead;
mod shown;

pub(crate) use lead::{challenges, coverage, lead, welcome};
pub use shown::shown;

/// What the action of each rank means, as in "12 requests *refused*".
pub(crate) const DONE: [&str; 7] = [
    "let through",
    "let through and watched",
    "slowed",
    "challenged",
    "asked to pay",
    "held in the tarpit",
    "refused",
];

/// What the action of each rank does, for the legend.
pub(crate) const MEANS: [&str; 7] = [
    "passes untouched",
    "passes, and is looked at closely",
    "passes up to a rate, 429 above it",
    "proves itself first, mostly without noticing",
    "pays first",
    "is answered very slowly",
    "is refused",
];

/// `12,431`.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1 request`, `12,431 requests`; `noun` takes a plain s.
pub(crate) fn counted(n: u64, noun: &str) -> String {
    format!("{} {noun}{}", count(n), if n == 1 { "" } else { "s" })
}

/// `92 %`; never 0 % for something and never 100 % for less than all. Joined by a no-break space.
pub(crate) fn percent(part: u64, whole: u64) -> String {
    if whole == 0 || part == 0 {
        return "0\u{a0}%".to_owned();
    }
    let share = part as f64 / whole as f64 * 100.0;
    match share {
        _ if part >= whole => "100\u{a0}%".to_owned(),
        s if s < 0.1 => "<0.1\u{a0}%".to_owned(),
        s if s > 99.9 => ">99.9\u{a0}%".to_owned(),
        s if !(9.95..=95.0).contains(&s) => format!("{s:.1}\u{a0}%"),
        s => format!("{s:.0}\u{a0}%"),
    }
}

/// `3 days`, `5 hours`, `12 minutes`: the largest unit that counts at least two, rounded.
pub(crate) fn duration(from: Timestamp, to: Timestamp) -> String {
    let secs = to.micros_since(from).div_ceil(1_000_000);
    let (unit, name) = [(31_557_600, "year"), (86_400, "day"), (3_600, "hour"), (60, "minute")]
        .into_iter()
        .find(|&(unit, _)| (secs + unit / 2) / unit >= 2)
        .unwrap_or((1, "second"));
    counted(((secs + unit / 2) / unit).max(1), name)
}

/// `2026-03-01 14:03:07`, in UTC.
pub(crate) fn date_time(at: Timestamp) -> String {
    strftime(at, "%Y-%m-%d %H:%M:%S")
}

/// `2026-03-01 14:03`, in UTC.
pub(crate) fn date_minute(at: Timestamp) -> String {
    strftime(at, "%Y-%m-%d %H:%M")
}

/// `at` in UTC; times no calendar reaches are said so.
pub(crate) fn strftime(at: Timestamp, format: &str) -> String {
    match jiff::Timestamp::from_microsecond(at.0) {
        Ok(time) => time.strftime(format).to_string(),
        Err(_) => "out of range".to_owned(),
    }
}

/// The class as a row's heading.
pub(crate) fn class(class: IdentityClass) -> &'static str {
    match class {
        IdentityClass::Browser => "Browsers",
        IdentityClass::Unknown => "Unknown",
        IdentityClass::Search => "Search engines",
        IdentityClass::Ai => "AI crawlers",
        IdentityClass::Feed => "Feed readers",
        IdentityClass::Preview => "Link previews",
        IdentityClass::Monitor => "Monitors",
        IdentityClass::Webhook => "Webhooks",
        IdentityClass::Tool => "Tools",
        IdentityClass::Library => "Libraries",
        IdentityClass::Archive => "Archives",
    }
}

/// Why a client stands where it does, in few words: the heaviest line of its explanation, else the rule. Its own
/// name is no reason, it is said beside it anyway.
pub(crate) fn reason(client: &ClientSummary) -> &str {
    let weighing = client
        .lines
        .iter()
        .filter(|line| !line.dry_run && line.points > 0 && !line.id.starts_with("identity."));
    weighing.max_by_key(|line| line.points).map_or(client.rule, |line| &line.detail)
}

/// What the class holds.
pub(crate) fn class_means(class: IdentityClass) -> &'static str {
    match class {
        IdentityClass::Browser => "people, and whatever says it is a browser",
        IdentityClass::Unknown => "nothing they say tells",
        IdentityClass::Search => "crawlers of search engines",
        IdentityClass::Ai => "crawlers, fetchers and agents of AI systems",
        IdentityClass::Feed => "feed and podcast readers",
        IdentityClass::Preview => "messengers and networks showing a link",
        IdentityClass::Monitor => "uptime, speed and certificate checks",
        IdentityClass::Webhook => "callbacks of payment and code services",
        IdentityClass::Tool => "command lines, package managers, scanners that say so",
        IdentityClass::Library => "HTTP libraries under their own name",
        IdentityClass::Archive => "crawlers of archives",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        let cases = [(0, "0"), (999, "999"), (1_000, "1,000"), (12_431, "12,431"), (1_234_567, "1,234,567")];
        for (n, text) in cases {
            assert_eq!(count(n), text);
        }
        assert_eq!(counted(1, "client"), "1 client");
        assert_eq!(counted(0, "client"), "0 clients");
        assert_eq!(count(u64::MAX), "18,446,744,073,709,551,615");
    }

    #[test]
    fn shares_do_not_lie_at_the_ends() {
        let check = |part, whole, text: &str| assert_eq!(percent(part, whole).replace('\u{a0}', " "), text);
        check(0, 0, "0 %");
        check(1, 100_000, "<0.1 %");
        check(99_999, 100_000, ">99.9 %");
        check(995, 1_000, "99.5 %");
        check(985, 1_000, "98.5 %");
        check(23, 1_000, "2.3 %");
        check(92, 100, "92 %");
        check(7, 7, "100 %");
    }

    #[test]
    fn spans_take_a_fitting_unit() {
        let check = |secs, text: &str| {
            assert_eq!(duration(Timestamp(0), Timestamp::from_secs(secs)), text);
        };
        check(0, "1 second");
        check(45, "45 seconds");
        check(170, "3 minutes");
        check(7_200, "2 hours");
        check(2 * 86_400 - 60, "2 days");
        check(400 * 86_400, "400 days");
        check(4_018 * 86_400, "11 years");
    }

    #[test]
    fn reasons_say_more_than_the_name() {
        let mut client = crate::made_up::small().clients_top[0].clone();
        assert_eq!(reason(&client), "asks for /.env, which scanners look for");
        client.lines.retain(|line| line.id == "path.scanner");
        client.lines[0].id = "identity.program";
        assert_eq!(reason(&client), client.rule);
    }

    #[test]
    fn impossible_times_are_no_panic() {
        assert_eq!(date_time(Timestamp(i64::MIN)), "out of range");
        assert_eq!(date_time(Timestamp::from_secs(1_772_373_787)), "2026-03-01 14:03:07");
    }
}
