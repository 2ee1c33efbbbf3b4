//! Numbers and sentences as people read them; the page and the terminal say the same words.

pub(super) use palisade_replay::shown;

use super::{Confusion, Evaluation, Interval};

/// `12,431`.
pub(super) fn count(n: usize) -> String {
    palisade_replay::count(n as u64)
}

/// `1 bot`, `12,431 bots`.
pub(super) fn counted(n: usize, one: &str, many: &str) -> String {
    format!("{} {}", count(n), if n == 1 { one } else { many })
}

/// `97.3 %`, below one percent `0.94 %`; never 0 % for something and never 100 % for less than all. Joined by a
/// no-break space.
pub(super) fn percent(share: f64) -> String {
    match share * 100.0 {
        s if s <= 0.0 => "0\u{a0}%".to_owned(),
        s if s >= 100.0 => "100\u{a0}%".to_owned(),
        s if s < 0.01 => "<0.01\u{a0}%".to_owned(),
        s if s > 99.9 => ">99.9\u{a0}%".to_owned(),
        s if s < 0.995 => format!("{s:.2}\u{a0}%"),
        s => format!("{s:.1}\u{a0}%"),
    }
}

/// `0.973`; never 1 for less than that.
pub(super) fn fraction(value: f64) -> String {
    match value {
        v if v >= 1.0 => "1".to_owned(),
        v if v > 0.999 => ">0.999".to_owned(),
        v => format!("{v:.3}"),
    }
}

/// `0.962 to 0.993`.
pub(super) fn between(interval: Interval, number: fn(f64) -> String) -> String {
    format!("{} to {}", number(interval.lo), number(interval.hi))
}

/// `number` of what is known, else a dash.
pub(super) fn or_dash(value: Option<f64>, number: fn(f64) -> String) -> String {
    value.map_or_else(|| "–".to_owned(), number)
}

/// `+1.23`, with a real minus sign.
pub(super) fn signed(value: f64) -> String {
    let sign = if value < 0.0 { '\u{2212}' } else { '+' };
    format!("{sign}{:.2}", value.abs())
}

/// A threshold as it was set: `0.7`, `0.925`.
pub(super) fn plain(value: f64) -> String {
    let text = format!("{value:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// What happened at the threshold, in one sentence.
pub(super) fn verdict(of: &Evaluation) -> String {
    let verb = |n: usize| if n == 1 { "is" } else { "are" };
    let (bots, people) = (counted(of.bots, "bot", "bots"), counted(of.humans, "person", "people"));
    let Confusion { true_bots, hit_humans, .. } = of.confusion;
    let caught = format!("{} of {bots} {} caught", count(true_bots), verb(true_bots));
    let hit = format!("{} of {people} {} hit", count(hit_humans), verb(hit_humans));
    let at = plain(of.threshold);
    match (of.bots, of.humans) {
        (0, _) => format!("{hit} at threshold {at}. There are no bots to catch."),
        (_, 0) => format!("{caught} at threshold {at}. There are no people to hit."),
        _ => format!("{caught} and {hit} at threshold {at}."),
    }
}

/// What scoring costs, in a sentence.
pub(super) fn cost(row_ns: f64) -> String {
    format!("Scoring takes {} on this machine, without reasons.", cost_of_row(row_ns))
}

/// `412 ns a row`.
pub(super) fn cost_of_row(row_ns: f64) -> String {
    format!("{}\u{a0}ns a row", count(row_ns.round() as usize))
}

/// What the order of scores is worth.
pub(super) fn order(of: &Evaluation) -> String {
    match (of.auc, of.auc_interval) {
        (Some(auc), Some(interval)) => format!(
            "A bot scores above a person in {} of pairs (AUC {}, 95\u{a0}% interval {}).",
            percent(auc),
            fraction(auc),
            between(interval, fraction)
        ),
        (Some(auc), None) => format!(
            "A bot scores above a person in {} of pairs (AUC {}); the data are too few or too alike for an interval.",
            percent(auc),
            fraction(auc)
        ),
        (None, _) => "One class alone has no order: AUC and precision are not stated.".to_owned(),
    }
}

/// What may be said of false positives, and what not.
pub(super) fn claim(of: &Evaluation) -> String {
    let Some(floor) = of.fpr_floor() else {
        return "Without people no false-positive rate is known.".to_owned();
    };
    let groups = counted(of.human_groups, "group", "groups");
    let limit = format!(
        "With {groups} of people no false-positive rate below {} can be claimed (three in the number of groups).",
        percent(floor)
    );
    match of.fpr_nominal {
        Some(nominal) if nominal < floor => format!(
            "{limit} The nominal rate of {} lies below that: these data can refute it, not confirm it.",
            percent(nominal)
        ),
        _ => limit,
    }
}

/// Nominal against measured; `None` where either is missing.
pub(super) fn nominal_against_measured(of: &Evaluation) -> Option<String> {
    let (nominal, measured, interval) = (of.fpr_nominal?, of.fpr_measured?, of.fpr_interval?);
    let nominal_words = percent(nominal);
    Some(if interval.contains(nominal) {
        format!("Measured {}; the nominal {nominal_words} lies within its interval.", percent(measured))
    } else if measured > nominal {
        format!("Measured {}: more than the nominal {nominal_words}, beyond chance.", percent(measured))
    } else {
        format!("Measured {}: less than the nominal {nominal_words}, beyond chance.", percent(measured))
    })
}

#[cfg(test)]
mod tests {
    use super::super::made_up::rows;
    use super::super::{EvaluateOptions, evaluate};
    use super::*;

    #[test]
    fn numbers_do_not_lie_at_the_ends() {
        let check = |share, text: &str| assert_eq!(percent(share).replace('\u{a0}', " "), text);
        check(0.0, "0 %");
        check(0.00001, "<0.01 %");
        check(0.0005, "0.05 %");
        check(0.00994, "0.99 %");
        check(0.00999, "1.0 %");
        check(0.973, "97.3 %");
        check(0.9999, ">99.9 %");
        check(1.0, "100 %");
        assert_eq!([1.0, 0.9999, 0.9731, 0.0].map(fraction), ["1", ">0.999", "0.973", "0.000"]);
        assert_eq!([0.7, 0.925, 1.0, 0.0].map(plain), ["0.7", "0.925", "1", "0"]);
        assert_eq!([count(999), count(12_431)], ["999", "12,431"]);
        assert_eq!([signed(-0.5), signed(1.234)], ["\u{2212}0.50", "+1.23"]);
    }

    fn made(data: &[(f64, bool)], nominal_fpr: Option<f64>) -> Evaluation {
        let options = EvaluateOptions { nominal_fpr, resamples: 0, ..EvaluateOptions::default() };
        evaluate(&rows(data), &options).unwrap()
    }

    #[test]
    fn sentences_fit_their_numbers() {
        let one = made(&[(0.9, true), (0.1, false)], Some(0.005));
        assert_eq!(verdict(&one), "1 of 1 bot is caught and 0 of 1 person are hit at threshold 0.7.");
        assert!(claim(&one).contains("can refute it, not confirm it"));
        let people = made(&[(0.1, false); 5], None);
        assert!(verdict(&people).ends_with("There are no bots to catch."));
        assert!(order(&people).starts_with("One class alone"));
        assert!(claim(&made(&[(0.1, true)], None)).starts_with("Without people"));
    }

    #[test]
    fn nominal_is_held_against_measured() {
        let says = |data: &[(f64, bool)], nominal| {
            nominal_against_measured(&made(data, nominal)).unwrap_or_default()
        };
        assert_eq!(says(&[(0.1, false); 10], None), "");
        assert!(says(&[(0.9, false); 30], Some(0.01)).contains("more than the nominal"));
        assert!(says(&[(0.1, false); 30], Some(0.9)).contains("less than the nominal"));
        assert!(says(&[(0.1, false); 30], Some(0.01)).contains("within its interval"));
    }
}
