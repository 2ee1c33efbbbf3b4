//! A form field that people never see, filled in.

use memchr::memmem;
use palisade_domain::{BodyKind, BodyPrefix, Detail, Fact, Resolution, Signal, SignalId, Value};

use super::payload::{pairs, parts};
use crate::{Card, Detector, Group, Need, Scene, Scope, State};

const ID: SignalId = SignalId("form.honeypot");

/// Fills in what is hidden.
pub struct HoneypotField;

static CARD: Card = Card {
    name: "honeypot_field",
    signals: &[ID],
    summary: "Fills in a form field that is hidden from people.",
    sees: "Form, multipart and JSON bodies for the field names the site or the widget set as honeypots.",
    cannot_see: "Programs that read style sheets, and those that know the form; bodies beyond the first 16 KiB.",
    errs: "Password managers and autofill that ignore `autocomplete=off`, most often where the field has a common name.",
    source: "Seed 003, layer 2 (field `website`); only names that the site sets, never by default.",
    group: Group::Trap,
    scope: Scope::Request,
    needs: &[Need::Body],
    resolution: Resolution::Second,
    evidence_max: 4.2,
    state: State::Counts,
};

impl Detector for HoneypotField {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn inspect(&self, scene: &Scene<'_>) -> Option<Signal> {
        let Fact::Known(body) = scene.facts.body else { return None };
        let field = scene.site.honeypot_fields.iter().find(|field| is_filled(&body, field.as_bytes()))?;
        Some(CARD.signal(ID, 4.2, Detail::one("the hidden field {a} was filled in", Value::text(field))))
    }
}

fn is_filled(body: &BodyPrefix<'_>, field: &[u8]) -> bool {
    let filled = |(name, value): (&[u8], &[u8])| name == field && !is_blank(value);
    match body.kind {
        // `name` alone has no value; `pairs` gives the name for both.
        BodyKind::Form => pairs(body.bytes).any(|pair| pair.0.as_ptr() != pair.1.as_ptr() && filled(pair)),
        BodyKind::Multipart => parts(body.bytes).any(filled),
        BodyKind::Json => json_is_filled(body.bytes, field),
        BodyKind::Text => false,
    }
}

fn is_blank(value: &[u8]) -> bool {
    value.iter().all(|b| b.is_ascii_whitespace() || *b == b'+')
}

/// `"field" : value` anywhere in the text, with a value that is neither empty nor null nor false.
fn json_is_filled(text: &[u8], field: &[u8]) -> bool {
    memmem::find_iter(text, field).any(|at| {
        let quoted = at > 0 && text[at - 1] == b'"' && text.get(at + field.len()) == Some(&b'"');
        let rest = text[(at + field.len() + 1).min(text.len())..].trim_ascii_start();
        let value = rest.strip_prefix(b":").map(<[u8]>::trim_ascii_start);
        quoted
            && value.is_some_and(|value| {
                !value.is_empty()
                    && ![b"\"\"".as_slice(), b"null", b"false", b"[]", b"{}"]
                        .iter()
                        .any(|empty| value.starts_with(empty))
            })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: BodyKind, body: &str, expect: bool) {
        let body = BodyPrefix { kind, bytes: body.as_bytes(), complete: true };
        assert_eq!(is_filled(&body, b"website"), expect, "{body:?}");
    }

    #[test]
    fn only_a_value_counts() {
        check(BodyKind::Form, "name=a&website=x", true);
        check(BodyKind::Form, "name=a&website=&b=c", false);
        check(BodyKind::Form, "website", false);
        check(BodyKind::Form, "mywebsite=x", false);
        check(BodyKind::Json, r#"{"website": "x"}"#, true);
        check(BodyKind::Json, r#"{"website": "", "a":"website"}"#, false);
        check(BodyKind::Json, r#"{"website": null}"#, false);
        check(BodyKind::Json, r#"{"website""#, false);
        let multipart = "--X\r\nContent-Disposition: form-data; name=\"website\"\r\n\r\n{}\r\n--X--\r\n";
        check(BodyKind::Multipart, &multipart.replace("{}", "x"), true);
        check(BodyKind::Multipart, &multipart.replace("{}", ""), false);
    }
}
