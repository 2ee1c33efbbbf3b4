//! Numbers of labels as ranges: a million of them, mostly in a row, take a few bytes.

use std::fmt::Write as _;

use crate::LabelId;

/// `labels` as text: `1-5,9`; sorted, each once.
pub(crate) fn ranges(labels: &[LabelId]) -> String {
    let mut sorted: Vec<i64> = labels.iter().map(|label| label.0).collect();
    sorted.sort_unstable();
    sorted.dedup();
    let mut text = String::new();
    for run in sorted.chunk_by(|one, next| one.checked_add(1) == Some(*next)) {
        let comma = if text.is_empty() { "" } else { "," };
        // Writing to memory cannot fail.
        let _ = match run {
            [one] => write!(text, "{comma}{one}"),
            [first, .., last] => write!(text, "{comma}{first}-{last}"),
            [] => Ok(()),
        };
    }
    text
}

/// Reads what [`ranges`] wrote; `None` for anything else, and for more than `max` numbers.
pub(crate) fn from_ranges(text: &str, max: usize) -> Option<Vec<LabelId>> {
    let mut labels = Vec::new();
    for part in text.split(',').filter(|part| !part.is_empty()) {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last): (i64, i64) = (first.parse().ok()?, last.parse().ok()?);
        let count = usize::try_from(last.checked_sub(first)?).ok()?;
        if labels.len().saturating_add(count) >= max {
            return None;
        }
        labels.extend((first..=last).map(LabelId));
    }
    Some(labels)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn runs_are_short() {
        let labels = [5, 1, 2, 3, 9, 3].map(LabelId);
        assert_eq!(ranges(&labels), "1-3,5,9");
        assert_eq!(ranges(&[]), "");
        assert_eq!(from_ranges("1-3,9", 9), Some([1, 2, 3, 9].map(LabelId).to_vec()));
        for bad in ["x", "1-", "3-1", "1-2-3", "1-9999999999999", "-9223372036854775808-9223372036854775807"]
        {
            assert_eq!(from_ranges(bad, 1_000), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn numbers_round_trip(mut numbers in prop::collection::vec(1_i64..200, 0..100)) {
            let labels: Vec<_> = numbers.iter().copied().map(LabelId).collect();
            numbers.sort_unstable();
            numbers.dedup();
            let expect: Vec<_> = numbers.into_iter().map(LabelId).collect();
            prop_assert_eq!(from_ranges(&ranges(&labels), 1_000), Some(expect));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[0-9,-]{0,40}") {
            let _ = from_ranges(&text, 1_000);
        }
    }
}
