//! Reports that may leave the house: numbers for addresses, no queries, no fragments of people's text.

use crate::summary::ClientSummary;

/// Takes out of a client's story what may name a person: queries of paths and quoted text of the request.
pub fn client(story: &mut ClientSummary) {
    for sample in &mut story.samples {
        sample.target = sample.target.split('?').next().unwrap_or_default().to_owned();
    }
    for line in &mut story.lines {
        line.detail = without_quotes(&line.detail);
    }
}

/// Replaces what stands in quotes: it is the client's own text.
fn without_quotes(text: &str) -> String {
    let parts: Vec<&str> = text.split('"').collect();
    let kept = parts.iter().enumerate().map(|(at, part)| if at % 2 == 0 { *part } else { "…" });
    kept.collect::<Vec<_>>().join("\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_text_is_taken_out() {
        assert_eq!(without_quotes("found \"a@b.example\" in the query"), "found \"…\" in the query");
        assert_eq!(without_quotes("nothing quoted"), "nothing quoted");
    }
}
