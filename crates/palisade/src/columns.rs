//! Tables for people: columns that line up, text of strangers made harmless.

use palisade_domain::Timestamp;

/// `rows` with their columns lined up, two spaces apart; the first row is the head.
pub(crate) fn aligned<const N: usize>(rows: &[[String; N]]) -> String {
    let widths: [usize; N] =
        std::array::from_fn(|at| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or(0));
    let mut table = String::new();
    for row in rows {
        let cells = row
            .iter()
            .zip(widths)
            .map(|(cell, width)| format!("{}{}", cell, " ".repeat(width - cell.chars().count())));
        table.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        table.push('\n');
    }
    table
}

/// `text` without what could move the cursor.
pub(crate) fn harmless(text: &str) -> String {
    text.replace(char::is_control, ".")
}

/// RFC 3339 in UTC, whole seconds; moments outside the years -9999 to 9999 as microseconds.
pub(crate) fn moment(time: Timestamp) -> String {
    jiff::Timestamp::from_second(time.secs())
        .map_or_else(|_| format!("{} us", time.0), |moment| moment.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let rows = [["A", "LONG"], ["öäü", "x"]].map(|row| row.map(str::to_owned));
        assert_eq!(aligned(&rows), "A    LONG\nöäü  x\n");
        assert_eq!(harmless("a\x1b[2Jb\n"), "a.[2Jb.");
    }

    #[test]
    fn moments_are_readable() {
        assert_eq!(moment(Timestamp::from_secs(0)), "1970-01-01T00:00:00Z");
        assert_eq!(moment(Timestamp(1_767_225_600_999_999)), "2026-01-01T00:00:00Z");
        assert_eq!(moment(Timestamp(i64::MAX)), format!("{} us", i64::MAX));
    }
}
