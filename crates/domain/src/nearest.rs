//! "Did you mean": the known name that a mistyped one is closest to.

/// Longer names than this are no typing mistakes.
const NAME_CHARS_MAX: usize = 40;

/// The name of `known` nearest to `typed`, where it is near: a third of its letters may differ, swaps count once.
pub fn nearest<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let typed: Vec<char> = typed.chars().take(NAME_CHARS_MAX + 1).collect();
    if typed.len() > NAME_CHARS_MAX {
        return None;
    }
    known
        .into_iter()
        .map(|name| (distance(&typed, &name.chars().collect::<Vec<_>>()), name))
        .filter(|(edits, name)| *edits <= (name.len() / 3).max(1))
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, name)| name)
}

/// Optimal string alignment distance: insertions, deletions, replacements and swaps of neighbours.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before_last = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, &left) in a.iter().enumerate() {
        let mut row = vec![i + 1; b.len() + 1];
        for (j, &right) in b.iter().enumerate() {
            let replaced = last[j] + usize::from(left != right);
            row[j + 1] = replaced.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && left == b[j - 1] && a[i - 1] == right {
                row[j + 1] = row[j + 1].min(before_last[j - 1] + 1);
            }
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistypes_are_understood() {
        let known = ["block", "challenge", "monitor"];
        let check = |typed, expect| assert_eq!(nearest(typed, known), expect, "{typed}");
        check("blok", Some("block"));
        check("blokc", Some("block"));
        check("chalenge", Some("challenge"));
        check("Monitor", Some("monitor"));
        check("preset", None);
        check("", None);
        check(&"block".repeat(100), None);
    }
}
