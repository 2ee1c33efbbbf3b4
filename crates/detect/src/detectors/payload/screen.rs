//! The screening text by text, for whoever writes requests down: which texts are the attack, and how much of one has to
//! stay for the detector to say the same of it. Not here: what is done with all the others.

use std::ops::Range;

use palisade_domain::{BodyPrefix, Fact, HeaderList, RequestFacts};

use super::text::{self, Spelling};
use super::{EVIDENCE_MIN, Finding, Place, Search, body, gate, inclusion, is_dull, is_report, prose};

/// The detector's eyes for single texts of one request.
#[derive(Clone, Copy, Debug)]
pub struct Screen<'a> {
    own_host: Option<&'a str>,
    headers: Fact<HeaderList<'a>>,
}

/// A text that the detector reports by itself.
#[derive(Clone, Debug)]
pub struct Attack<'a> {
    /// The field it is the value of; `None` where it has no name.
    pub name: Option<&'a [u8]>,
    /// The text as sent.
    pub text: &'a [u8],
    /// The part of the text that was read when it was found; long texts are read in parts.
    pub part: Range<usize>,
    reading: Reading<'a>,
    found: Finding,
}

/// How a text is read.
#[derive(Clone, Copy, Debug)]
struct Reading<'a> {
    place: Place,
    spelling: Spelling,
    reported: bool,
    name: Named<'a>,
}

/// What stands for the name of the parameter.
#[derive(Clone, Copy, Debug)]
enum Named<'a> {
    By(&'a [u8]),
    /// A pair without `=` is its own name.
    ByItself,
}

impl<'a> Screen<'a> {
    /// For texts of this request.
    pub fn of(facts: &RequestFacts<'a>) -> Self {
        Screen { own_host: facts.host.known(), headers: facts.headers }
    }

    /// The values of a body in which an attack is written, in their order; at most as many as the detector looks at.
    pub fn body<'b>(&self, body: &BodyPrefix<'b>) -> Vec<Attack<'b>> {
        let mut all = Vec::new();
        if gate::is_suspect(body.bytes) {
            let reported = is_report(self.headers, body.bytes);
            body::values(body, |name, text, spelling| {
                let name = if std::ptr::eq(name, text) { Named::ByItself } else { Named::By(name) };
                all.extend(self.attack(Reading { place: Place::Body, spelling, reported, name }, text));
            });
        }
        all
    }

    /// The value of a header, where an attack is written in it.
    pub fn header<'b>(&self, name: &str, value: &'b str) -> Option<Attack<'b>> {
        if is_dull(name) {
            return None;
        }
        let name = Named::By(b"");
        let reading = Reading { place: Place::Header, spelling: Spelling::Plain, reported: false, name };
        self.attack(reading, value.as_bytes())
    }

    /// Would `text` be reported in the very words of `attack` if it stood in its place?
    pub fn says_the_same(&self, attack: &Attack<'_>, text: &[u8]) -> bool {
        self.attack(attack.reading, text).is_some_and(|other| other.is_said_like(attack))
    }

    /// The strongest of the windows `text` is read in; of equals the first.
    fn attack<'b>(&self, reading: Reading<'b>, text: &'b [u8]) -> Option<Attack<'b>> {
        let name = match reading.name {
            Named::By(name) => name,
            Named::ByItself => text,
        };
        let mut search = Search { own_host: self.own_host, reported: reading.reported, strongest: None };
        let mut part = 0..0;
        let (mut start, mut evidence) = (0, 0.0);
        for window in text::windows(text) {
            search.window(reading.place, name, window, reading.spelling);
            let now = search.strongest.map_or(0.0, |found| found.hit.evidence);
            if now > evidence {
                part = start..start + window.len();
                evidence = now;
            }
            start += text::WINDOW_STEP;
        }
        let found = search.strongest.filter(|found| found.hit.evidence >= EVIDENCE_MIN)?;
        let name = match reading.name {
            Named::By(name) if !name.is_empty() => Some(name),
            Named::By(_) | Named::ByItself => None,
        };
        Some(Attack { name, text, part, reading, found })
    }
}

impl Attack<'_> {
    /// The one of several that the detector reports: the strongest, of equals the first.
    pub fn reported<'a, 'b>(all: &'a [Attack<'b>]) -> Option<&'a Attack<'b>> {
        let stronger =
            |one: &'a Attack<'b>, other: &'a Attack<'b>| if other.outweighs(one) { other } else { one };
        all.iter().reduce(stronger)
    }

    /// True where this one is reported although `other` came first.
    pub fn outweighs(&self, other: &Attack<'_>) -> bool {
        self.found.hit.evidence > other.found.hit.evidence
    }

    /// True where the detector reports both in the same words and with the same weight.
    pub fn is_said_like(&self, other: &Attack<'_>) -> bool {
        let said = |found: &Finding| (found.id, found.hit.evidence, found.hit.what, found.place);
        said(&self.found) == said(&other.found)
    }
}

/// A name that this detector reads as it reads `name`, without a word of it: empty where the name says nothing to it.
pub fn name_like(name: &[u8]) -> &'static str {
    match (inclusion::names_file(name), prose::is_prose_field(name)) {
        (true, true) => "content",
        (true, false) => "file",
        (false, true) => "text",
        (false, false) => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_domain::{BodyKind, ClientKey, Timestamp, Vantage};

    fn check(kind: BodyKind, body: &str, expect: &[(Option<&str>, &str)]) {
        let facts = RequestFacts::bare(ClientKey::Opaque("c"), Timestamp::default(), Vantage::Log);
        let body = BodyPrefix { kind, bytes: body.as_bytes(), complete: true };
        let screen = Screen::of(&facts);
        let all = screen.body(&body);
        let text = |bytes| std::str::from_utf8(bytes).unwrap();
        let found: Vec<_> = all.iter().map(|one| (one.name.map(text), text(one.text))).collect();
        assert_eq!(found, expect);
        assert!(
            all.iter().all(|one| screen.says_the_same(one, one.text) && !screen.says_the_same(one, b"a"))
        );
    }

    #[test]
    fn only_the_values_with_an_attack_are_told() {
        let attack = "1' union select password from users--";
        check(BodyKind::Form, &format!("a=b&q={attack}&c=d"), &[(Some("q"), attack)]);
        check(BodyKind::Form, "a=b&<script>alert(1)</script>", &[(None, "<script>alert(1)</script>")]);
        check(BodyKind::Json, &format!(r#"{{"a":"b","q":["c","{attack}"]}}"#), &[(Some("q"), attack)]);
        check(BodyKind::Text, attack, &[(None, attack)]);
        check(BodyKind::Form, "a=b&c=d'e", &[]);
    }

    #[test]
    fn of_a_long_text_the_part_with_the_attack_is_told() {
        let facts = RequestFacts::bare(ClientKey::Opaque("c"), Timestamp::default(), Vantage::Log);
        let text = format!("{}<script>alert(1)</script>{}", "a".repeat(9000), "b".repeat(5000));
        let body = BodyPrefix { kind: BodyKind::Text, bytes: text.as_bytes(), complete: true };
        let all = Screen::of(&facts).body(&body);
        assert!(text[all[0].part.clone()].contains("<script>alert(1)</script>"));
        assert_eq!(all[0].part.len(), text::TEXT_BYTES_MAX);
    }

    #[test]
    fn a_name_that_stands_for_another_is_read_like_it() {
        for name in
            ["", "my file", "a[x file y]", "Ann's comment", "the body", "cmd", "plain", "Content", "file"]
        {
            let read = |name: &[u8]| (inclusion::names_file(name), prose::is_prose_field(name));
            let other = format!("v0123{}", name_like(name.as_bytes()));
            assert_eq!(read(other.as_bytes()), read(name.as_bytes()), "{name}");
        }
    }
}
