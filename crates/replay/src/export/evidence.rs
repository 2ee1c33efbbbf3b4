//! What stays readable of an attack: the least of it for which a replay says what was said live.
//!
//! A value under an ordinary name in which an attack is written stays whole: it is the evidence. Where anything says
//! secret (`secrecy`), or nothing says what the text is (a text body, a pair without a name, a cookie), only the attack
//! that the detector reports stays, and of its text only the part that was matched; all else is masked like any other
//! value.

use std::ops::Range;

use palisade_detect::detectors::payload::{Attack, Screen};

use super::masks;
use super::secrecy::Secrecy;

/// Halvings for each end of the matched part: exact in the longest text that is read at once (4 KiB), and never more
/// than a few readings of a whole body.
const HALVINGS_MAX: usize = 12;

/// As long as the word that a mask puts there.
const STAND_IN: &[u8; 16] = b"v0123456789abcde";

/// A text of which something stays.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Kept<'a> {
    /// The text as sent.
    pub(super) text: &'a [u8],
    /// What stays of it.
    pub(super) part: Range<usize>,
}

/// How much stays of a text that may not stay whole.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Extent {
    /// Only what was matched.
    Matched,
    /// All of it: for the rare text that says something else when anything around the match is gone. Never where a
    /// name in its body or a word in it says secret.
    Whole,
}

/// What stays of a body, in the order of `attacks`.
pub(super) fn kept<'a>(
    screen: &Screen<'_>,
    secrecy: &Secrecy<'_>,
    attacks: &[Attack<'a>],
    extent: Extent,
) -> Vec<Kept<'a>> {
    let Some(reported) = Attack::reported(attacks) else { return Vec::new() };
    let keep = |attack: &Attack<'a>| {
        let text = attack.text;
        if attack.name.is_some() && secrecy.is_ordinary(text) {
            return Some(Kept { text, part: 0..text.len() });
        }
        // Of the others no more than agreement needs.
        let is_whole = extent == Extent::Whole && attack.name.is_none() && secrecy.is_harmless(text);
        let part = if !std::ptr::eq(attack, reported) {
            None
        } else if is_whole {
            Some(0..text.len())
        } else {
            matched(screen, attack)
        };
        Some(Kept { text, part: part? })
    };
    attacks.iter().filter_map(keep).collect()
}

/// The attack in a header's secret value that the detector reports of all those, and its place in `entries`.
pub(super) fn in_headers<'a>(
    screen: &Screen<'_>,
    entries: &'a [(&'a str, &'a str)],
) -> Option<(usize, Attack<'a>)> {
    let mut found: Option<(usize, Attack<'a>)> = None;
    for (at, (name, value)) in entries.iter().enumerate().filter(|(_, (name, _))| masks::is_secret(name)) {
        if let Some(attack) = screen.header(name, value)
            && found.as_ref().is_none_or(|(_, other)| attack.outweighs(other))
        {
            found = Some((at, attack));
        }
    }
    found
}

/// The least part of an attack's text that, between masks, is reported in the same words. The ends lie on characters.
/// `None` where only the whole of a long text is.
pub(super) fn matched(screen: &Screen<'_>, attack: &Attack<'_>) -> Option<Range<usize>> {
    let text = attack.text;
    let says_the_same = |part: &Range<usize>| screen.says_the_same(attack, &between_masks(text, part));
    let mut part = whole_characters(text, attack.part.clone());
    if !says_the_same(&part) {
        return None;
    }
    let mut from = part.start;
    for _ in 0..HALVINGS_MAX {
        let end = cut(text, from + (part.end - from) / 2);
        if end <= from {
            break;
        }
        if says_the_same(&(part.start..end)) {
            part.end = end;
        } else {
            from = end;
        }
    }
    let mut to = part.end;
    for _ in 0..HALVINGS_MAX {
        let start = cut(text, part.start + (to - part.start) / 2);
        if start <= part.start {
            break;
        }
        if says_the_same(&(start..part.end)) {
            part.start = start;
        } else {
            to = start;
        }
    }
    Some(part)
}

fn between_masks(text: &[u8], part: &Range<usize>) -> Vec<u8> {
    let before = if part.start > 0 { &STAND_IN[..] } else { b"" };
    let after = if part.end < text.len() { &STAND_IN[..] } else { b"" };
    [before, &text[part.clone()], after].concat()
}

/// The last place up to `at` that divides neither a character nor what a backslash escapes.
fn cut(text: &[u8], at: usize) -> usize {
    let divides = |at: usize| at > 0 && (continues(text, at) || text[at - 1] == b'\\');
    (0..=at).rev().find(|at| !divides(*at)).unwrap_or(0)
}

fn whole_characters(text: &[u8], part: Range<usize>) -> Range<usize> {
    let end = (part.end..text.len()).find(|at| !continues(text, *at)).unwrap_or(text.len());
    cut(text, part.start)..end
}

/// True where the byte belongs to the character before it (RFC 3629 section 3).
fn continues(text: &[u8], at: usize) -> bool {
    text.get(at).is_some_and(|b| (0x80..0xc0).contains(b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_domain::{BodyKind, BodyPrefix, ClientKey, RequestFacts, Timestamp, Vantage};

    const ATTACK: &str = "<script>alert(1)</script>";

    fn screen() -> Screen<'static> {
        Screen::of(&RequestFacts::bare(ClientKey::Opaque("c"), Timestamp::default(), Vantage::Log))
    }

    fn check(kind: BodyKind, body: &str, expect: &[&str]) {
        let body = BodyPrefix { kind, bytes: body.as_bytes(), complete: true };
        let attacks = screen().body(&body);
        let kept = kept(&screen(), &Secrecy::of(&body, &attacks), &attacks, Extent::Matched);
        let found: Vec<_> =
            kept.iter().map(|one| std::str::from_utf8(&one.text[one.part.clone()]).unwrap()).collect();
        assert_eq!(found, expect, "{body:?}");
    }

    #[test]
    fn ordinary_fields_stay_whole_and_secret_ones_only_where_they_decide() {
        let (weak, long) = ("1' or 1=1--", format!("é {ATTACK} é"));
        check(BodyKind::Form, &format!("q={long}&password=hunter2"), &[&long]);
        check(BodyKind::Form, &format!("q={long}&r={weak}&password=x{weak}"), &[&long, weak]);
        check(
            BodyKind::Json,
            &format!(r#"{{"user":{{"newPassword":"hunter2 {ATTACK} horse"}}}}"#),
            &["<script>alert("],
        );
        check(BodyKind::Form, &format!("a=b&hunter2{ATTACK}horse"), &["<script>alert("]);
        check(BodyKind::Text, &format!("<key>hunter2</key><q>{ATTACK}</q>"), &["<script>alert("]);
        check(BodyKind::Form, "a=b&password=hunter2", &[]);
    }

    #[test]
    fn ends_lie_on_characters_and_escapes() {
        let text = "aé\\\"b".as_bytes();
        let cuts: Vec<usize> = (0..=text.len()).map(|at| cut(text, at)).collect();
        assert_eq!(cuts, [0, 1, 1, 3, 3, 5, 6]);
        assert_eq!(whole_characters(text, 2..2), 1..3);
    }
}
