//! Does a person write here? Sentences in a body may mention anything.

use super::Place;

/// Pairs of plain words from which a text is prose.
const PAIRS_MIN: usize = 7;

/// Words of the languages attacks are written in; two of them in a row are no prose.
const KEYWORDS: &[&[u8]] = &[
    b"select", b"union", b"all", b"null", b"from", b"where", b"and", b"or", b"case", b"when", b"then",
    b"else", b"end", b"as", b"dual", b"like", b"order", b"by", b"into", b"values", b"table", b"insert",
    b"update", b"set", b"delete", b"drop", b"not", b"exec", b"declare", b"varchar", b"waitfor", b"delay",
    b"src", b"img", b"script", b"style", b"alert", b"having", b"rlike",
];

/// How mildly a text is judged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Temper {
    factor: f32,
    most: f32,
}

impl Temper {
    /// Evidence as it counts here.
    pub(super) fn apply(self, evidence: f32) -> f32 {
        let evidence = (evidence * self.factor).min(self.most);
        if self.most < 9.0 && evidence < 1.5 { 0.0 } else { evidence }
    }
}

/// Names, in full or at their end, of fields that hold text or markup of people.
const PROSE_FIELDS: &[&[u8]] = &[
    b"content",
    b"body",
    b"html",
    b"text",
    b"message",
    b"description",
    b"comment",
    b"excerpt",
    b"raw",
    b"rendered",
    b"markdown",
    b"code",
    b"snippet",
    b"note",
    b"bio",
    b"about",
    b"post",
    b"summary",
    b"caption",
    b"title",
    b"sample",
    b"question",
    b"answer",
    b"source",
    b"template",
    b"value",
];

/// True for the name of a field that holds text or markup of people.
pub(super) fn is_prose_field(name: &[u8]) -> bool {
    PROSE_FIELDS.iter().any(|known| {
        name.len() >= known.len() && name[name.len() - known.len()..].eq_ignore_ascii_case(known)
    })
}

/// How mildly `text` is judged in `place`; `quotes` where its field is known to hold text of any kind.
pub(super) fn temper(text: &[u8], place: Place, quotes: bool) -> Temper {
    match place {
        Place::Body if quotes || is_prose(text) || is_paste(text) => Temper { factor: 0.25, most: 1.9 },
        Place::Body => Temper { factor: 0.9, most: 9.0 },
        Place::Path | Place::Query | Place::Header | Place::Referrer => Temper { factor: 1.0, most: 9.0 },
    }
}

/// Lines from which a text in a body was written or pasted into a text area.
const PASTE_LINES_MIN: usize = 3;

/// True for several lines of text that are no document of a markup language.
fn is_paste(text: &[u8]) -> bool {
    let document =
        [b"<?xml".as_slice(), b"<!doctype ", b"<?php", b"--"].iter().any(|start| text.starts_with(start));
    !document
        && text
            .split(|b| *b == b'\n')
            .filter(|line| line.trim_ascii().len() >= 8)
            .nth(PASTE_LINES_MIN - 1)
            .is_some()
}

/// True where many plain words follow one another.
fn is_prose(text: &[u8]) -> bool {
    let mut previous_plain = false;
    let mut pairs = 0;
    for word in text.split(|b| matches!(b, b' ' | b'\n')).filter(|word| !word.is_empty()) {
        let word = word.strip_suffix(b",").or(word.strip_suffix(b".")).unwrap_or(word);
        let plain = word.len() >= 2
            && word.iter().all(|b| b.is_ascii_alphabetic() || *b >= 0x80)
            && !KEYWORDS.contains(&word);
        pairs += usize::from(plain && previous_plain);
        previous_plain = plain;
        if pairs >= PAIRS_MIN {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_prose_and_statements_are_not() {
        let check = |text: &str, expect| assert_eq!(is_prose(text.as_bytes()), expect, "{text}");
        check("i tried to run this query on our server and got an error about syntax", true);
        check("je voudrais savoir si la chambre est libre pour le mois prochain", true);
        check("1' and (select 4 from (select(sleep(5)))x) and 'a'='a", false);
        check("union all select null from dual where x like y and z", false);
        check("short message", false);
    }
}
