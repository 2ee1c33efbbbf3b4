//! An evaluation as plain text of bounded width: what `palisade evaluate` prints.

use std::collections::BTreeMap;

use super::words::{self, between, count, counted, fraction, or_dash, percent, plain, shown};
use super::{Evaluation, Interval, VantageFigures};

/// Longest line, in characters.
const WIDTH: usize = 96;

/// Most families listed.
const FAMILIES_MAX: usize = 20;

/// Most mistakes listed.
const MISTAKES_MAX: usize = 8;

/// `of` in lines of at most 96 characters, without colour.
pub fn terminal(of: &Evaluation) -> String {
    let mut out = format!(
        "{} scored in {}: {}, {}\n\n",
        count(of.n),
        counted(of.groups, "group", "groups"),
        counted(of.bots, "bot", "bots"),
        counted(of.humans, "person", "people")
    );
    out += &wrapped(&words::verdict(of), "");
    out += &wrapped(&words::order(of), "");
    let sections = [
        ("Order and calibration", order(of)),
        ("Bots caught while people are spared", spared(of)),
        (&format!("At threshold {}", plain(of.threshold)), at_threshold(of)),
        ("Families, least caught first", families(of)),
        ("Worst mistakes", mistakes(of)),
    ];
    for (title, body) in sections.into_iter().filter(|(_, body)| !body.is_empty()) {
        out += &format!("\n{title}\n{body}");
    }
    out
}

/// Several models in one table, in lines of at most 96 characters, without colour.
pub fn terminal_table(models: &[(String, Evaluation)]) -> String {
    let mut rows = vec![row(["", "AUC", "95 % interval", "AP", "ECE", "at 1 %", "caught", "people hit"])];
    rows.extend(models.iter().map(|(name, of)| {
        vec![
            shown(name, 24),
            or_dash(of.auc, fraction),
            interval(of.auc_interval, fraction),
            or_dash(of.average_precision, fraction),
            or_dash(of.ece, fraction),
            or_dash(of.tpr_at.one_in_100, percent),
            or_dash(of.tpr_measured, percent),
            or_dash(of.fpr_measured, percent),
        ]
    }));
    table(&rows, "lrrrrrrr")
}

/// What a kind of model costs.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Cost {
    /// Seconds of its training, cross-validation included.
    pub train_s: f64,
    /// Nanoseconds that one row takes to score, without reasons.
    pub row_ns: f64,
}

/// Kinds of models on the same parts of the same data in one table, in lines of at most 96 characters, without colour;
/// what was not trained costs nothing.
pub fn terminal_comparison(kinds: &[(String, Evaluation, Option<Cost>)]) -> String {
    let titles = ["", "AUC", "95 % interval", "ECE", "at 1 %", "caught", "hit", "train s", "ns a row"];
    let mut rows = vec![row(titles)];
    rows.extend(kinds.iter().map(|(name, of, cost)| {
        vec![
            shown(name, 12),
            or_dash(of.auc, fraction),
            interval(of.auc_interval, fraction),
            or_dash(of.ece, fraction),
            or_dash(of.tpr_at.one_in_100, percent),
            or_dash(of.tpr_measured, percent),
            or_dash(of.fpr_measured, percent),
            or_dash(cost.map(|cost| cost.train_s), |seconds| format!("{seconds:.1}")),
            or_dash(cost.map(|cost| cost.row_ns), |nanos| count(nanos.round() as usize)),
        ]
    }));
    table(&rows, "lrrrrrrrr")
}

/// What scoring costs, in a sentence of a line of its own.
pub fn terminal_cost(row_ns: f64) -> String {
    format!("\n{}\n", words::cost(row_ns))
}

/// The figures by vantage, as a section behind those of all: nothing where there is only one.
pub fn terminal_vantages(of: &BTreeMap<&'static str, VantageFigures>) -> String {
    if of.len() < 2 {
        return String::new();
    }
    let mut rows =
        vec![row(["", "bots", "people", "AUC", "95 % interval", "caught", "people hit", "95 % interval"])];
    rows.extend(of.iter().map(|(name, of)| {
        vec![
            (*name).to_owned(),
            count(of.bots),
            count(of.humans),
            or_dash(of.auc, fraction),
            interval(of.auc_interval, fraction),
            or_dash(of.tpr_measured, percent),
            or_dash(of.fpr_measured, percent),
            interval(of.fpr_interval, percent),
        ]
    }));
    format!("\nBy vantage\n{}", table(&rows, "lrrrrrrr"))
}

fn interval(of: Option<Interval>, number: fn(f64) -> String) -> String {
    of.map_or_else(|| "–".to_owned(), |interval| between(interval, number))
}

fn order(of: &Evaluation) -> String {
    let rows = [
        vec!["AUC".to_owned(), or_dash(of.auc, fraction), interval(of.auc_interval, fraction)],
        vec!["average precision".to_owned(), or_dash(of.average_precision, fraction), String::new()],
        vec!["calibration error".to_owned(), or_dash(of.ece, fraction), "over ten equal bins".to_owned()],
    ];
    table(&rows, "lrl")
}

fn spared(of: &Evaluation) -> String {
    let rates = [
        ("0.1\u{a0}% of people hit", of.tpr_at.one_in_1000, 3_000),
        ("0.5\u{a0}%", of.tpr_at.one_in_200, 600),
        ("1\u{a0}%", of.tpr_at.one_in_100, 300),
    ];
    let rows = rates.map(|(name, tpr, groups)| {
        let missing = if of.bots == 0 {
            "not known: there are no bots".to_owned()
        } else {
            format!("not claimed: takes {} groups of people", count(groups))
        };
        vec![format!("at most {name}"), tpr.map_or(missing, percent)]
    });
    table(&rows, "ll")
}

fn at_threshold(of: &Evaluation) -> String {
    let rows = [
        row(["", "nominal", "measured", "95 % interval", ""]),
        vec![
            "people hit".to_owned(),
            or_dash(of.fpr_nominal, percent),
            or_dash(of.fpr_measured, percent),
            interval(of.fpr_interval, percent),
            format!("{} of {}", count(of.confusion.hit_humans), count(of.humans)),
        ],
        vec![
            "bots caught".to_owned(),
            String::new(),
            or_dash(of.tpr_measured, percent),
            interval(of.tpr_interval, percent),
            format!("{} of {}", count(of.confusion.true_bots), count(of.bots)),
        ],
    ];
    let against = words::nominal_against_measured(of).map_or_else(String::new, |words| wrapped(&words, "  "));
    table(&rows, "lrrrr") + &against + &wrapped(&words::claim(of), "  ")
}

fn families(of: &Evaluation) -> String {
    let mut found: Vec<_> = of.per_family.iter().collect();
    found.sort_by(|one, other| one.1.recall.total_cmp(&other.1.recall).then_with(|| one.0.cmp(other.0)));
    let rows: Vec<_> = found
        .iter()
        .take(FAMILIES_MAX)
        .map(|(name, family)| {
            let caught = (family.recall * family.n as f64).round() as usize;
            vec![
                shown(name, 32),
                percent(family.recall),
                between(family.recall_interval, percent),
                format!("{} of {}", count(caught), count(family.n)),
            ]
        })
        .collect();
    let more = found.len().saturating_sub(FAMILIES_MAX);
    let rest = if more > 0 { format!("  and {}\n", counted(more, "more", "more")) } else { String::new() };
    table(&rows, "lrrr") + &rest
}

fn mistakes(of: &Evaluation) -> String {
    let rows: Vec<_> = of
        .worst
        .iter()
        .take(MISTAKES_MAX)
        .map(|mistake| {
            let reasons = mistake.reasons.iter().take(3);
            let reasons: Vec<_> = reasons
                .map(|(name, evidence)| format!("{} {}", shown(name, 40), words::signed(*evidence)))
                .collect();
            vec![
                if mistake.is_bot { "missed" } else { "hit" }.to_owned(),
                shown(&mistake.name, 28),
                fraction(mistake.score),
                reasons.join(", "),
            ]
        })
        .collect();
    table(&rows, "llrl")
}

fn row<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.map(str::to_owned).to_vec()
}

/// `rows` in columns two spaces apart, indented by two, each to the left (`l`) or right (`r`) as `aligns` says; lines
/// are cut at [`WIDTH`].
fn table(rows: &[Vec<String>], aligns: &str) -> String {
    let chars = |text: &str| text.chars().count();
    let widths: Vec<usize> =
        (0..aligns.len()).map(|at| rows.iter().map(|row| chars(&row[at])).max().unwrap_or(0)).collect();
    let mut out = String::new();
    for row in rows {
        let mut line = String::new();
        for ((cell, width), align) in row.iter().zip(&widths).zip(aligns.chars()) {
            let pad = " ".repeat(width - chars(cell));
            line += &if align == 'l' { format!("  {cell}{pad}") } else { format!("  {pad}{cell}") };
        }
        out += &cut(line.trim_end());
        out.push('\n');
    }
    out
}

fn cut(line: &str) -> String {
    if line.chars().count() <= WIDTH {
        return line.to_owned();
    }
    line.chars().take(WIDTH - 1).chain(['…']).collect()
}

/// `text` in lines after `indent`, broken at plain spaces only: a no-break space holds a number and its unit.
fn wrapped(text: &str, indent: &str) -> String {
    let mut out = String::new();
    let mut line = String::new();
    for word in text.split(' ') {
        if !line.is_empty() && indent.len() + line.chars().count() + 1 + word.chars().count() > WIDTH {
            out += &format!("{indent}{line}\n");
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line += word;
    }
    out + &format!("{indent}{line}\n")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::made_up;
    use super::super::{EvaluateOptions, evaluate};
    use super::*;

    fn check(name: &str, made: &str) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/evaluation").join(name);
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&path, made).unwrap();
        }
        assert_eq!(made, std::fs::read_to_string(&path).unwrap(), "UPDATE_GOLDEN=1 cargo test rewrites it");
    }

    #[test]
    fn texts_are_golden() {
        let models = made_up::models();
        check("site.txt", &terminal(&models[0].1));
        let models: Vec<_> = models.into_iter().map(|(name, evaluation, _)| (name, evaluation)).collect();
        check("models.txt", &terminal_table(&models));
    }

    #[test]
    fn lines_keep_their_width() {
        let mut rows = made_up::site(0.2);
        for row in &mut rows {
            row.name = "\u{202e}x".repeat(300);
            row.family = Some(row.name.clone());
            row.reasons.push((row.name.clone(), 1e300));
        }
        let made = evaluate(&rows, &EvaluateOptions { resamples: 10, ..EvaluateOptions::default() }).unwrap();
        for line in
            terminal(&made).lines().chain(terminal_table(&[(rows[0].name.clone(), made.clone())]).lines())
        {
            assert!(line.chars().count() <= WIDTH && !line.contains('\u{202e}'), "{line}");
        }
    }

    #[test]
    fn kinds_are_compared_in_one_table() {
        let cost = Cost { train_s: 12.345, row_ns: 1_234.5 };
        let made = made_up::models().into_iter().enumerate();
        let kinds: Vec<_> =
            made.map(|(at, (name, found, _))| (name, found, (at == 0).then_some(cost))).collect();
        let text = terminal_comparison(&kinds);
        assert_eq!(text.lines().count(), kinds.len() + 1);
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].ends_with("train s  ns a row") && lines[1].ends_with("12.3     1,235"), "{text}");
        assert!(lines[2].ends_with('–') && lines.iter().all(|line| line.chars().count() <= WIDTH), "{text}");
    }

    #[test]
    fn vantages_are_told_apart_where_there_are_several() {
        let rows = made_up::site(0.9);
        let of = |row: &super::super::Scored| {
            Some(if row.group.is_multiple_of(4) { "log" } else { "gateway-tls" })
        };
        let found = super::super::by_vantage(&rows, of, &EvaluateOptions::default()).unwrap();
        let text = terminal_vantages(&found);
        assert!(text.starts_with("\nBy vantage\n") && text.contains("  gateway-tls  "), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
        let one = found.into_iter().take(1).collect();
        assert_eq!(terminal_vantages(&one), "");
        assert!(terminal_cost(1_234.5).contains("1,235\u{a0}ns"));
    }

    #[test]
    fn one_class_is_told() {
        let people = made_up::rows(&[(0.1, false), (0.2, false)]);
        let text = terminal(&evaluate(&people, &EvaluateOptions::default()).unwrap());
        assert!(text.contains("no bots to catch") && text.contains("not known: there are no bots"), "{text}");
        assert!(!text.contains("Families"));
        assert_eq!(terminal_table(&[]).lines().count(), 1);
    }
}
