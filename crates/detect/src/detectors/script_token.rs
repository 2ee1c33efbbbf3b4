//! A form sent without what the page's script puts into it.

use palisade_domain::{BodyKind, BodyPrefix, Detail, Fact, Resolution, Signal, SignalId, Value};

use super::payload::{pairs, parts};
use crate::{Card, Detector, Group, Need, Scene, Scope, State};

const ID: SignalId = SignalId("form.script_token");

/// Posts a form without the script's token.
pub struct ScriptToken;

static CARD: Card = Card {
    name: "script_token",
    signals: &[ID],
    summary: "Sends a form without the token that the page's script adds.",
    sees: "Complete form and multipart bodies, and the headers, for the field the site names as its script token.",
    cannot_see: "Whether the token is genuine (the challenge checks that); forms beyond the first 16 KiB.",
    errs: "People without JavaScript, and forms that the widget was not put on.",
    source: "Seed 003, layer 6; weaker here, because the seed refused everybody without JavaScript.",
    group: Group::Trap,
    scope: Scope::Request,
    needs: &[Need::Body, Need::Method],
    resolution: Resolution::Second,
    evidence_max: 1.8,
    state: State::Counts,
};

impl Detector for ScriptToken {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn inspect(&self, scene: &Scene<'_>) -> Option<Signal> {
        let token = scene.site.script_token.as_deref()?;
        let Fact::Known(body) = scene.facts.body else { return None };
        let posted = scene.facts.method == Fact::Known("POST") && body.complete;
        if !posted || !lacks(&body, token.as_bytes()) || scene.facts.header(token).is_known() {
            return None;
        }
        Some(CARD.signal(
            ID,
            1.8,
            Detail::one("the form came without {a}, which the page's script adds", Value::text(token)),
        ))
    }
}

/// True for a form without a value for `field`; other bodies are no forms.
fn lacks(body: &BodyPrefix<'_>, field: &[u8]) -> bool {
    let given =
        |(name, value): (&[u8], &[u8])| name == field && !value.is_empty() && name.as_ptr() != value.as_ptr();
    match body.kind {
        BodyKind::Form => !body.bytes.is_empty() && !pairs(body.bytes).any(given),
        BodyKind::Multipart => !parts(body.bytes).any(given),
        BodyKind::Json | BodyKind::Text => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_needs_a_value() {
        let check = |kind, bytes: &str, expect| {
            assert_eq!(
                lacks(&BodyPrefix { kind, bytes: bytes.as_bytes(), complete: true }, b"t"),
                expect,
                "{bytes}"
            );
        };
        check(BodyKind::Form, "a=1&t=x", false);
        check(BodyKind::Form, "a=1&t=", true);
        check(BodyKind::Form, "a=1&t", true);
        check(BodyKind::Form, "", false);
        check(BodyKind::Json, "{}", false);
    }
}
