//! A cookie offered and never brought back.

use palisade_domain::{Detail, Resolution, Signal, SignalId, Value};

use crate::gather::Kind;
use crate::{Card, Detector, Group, Need, Scene, Scope, State};

const ID: SignalId = SignalId("cookie.ignored");

/// Pages without a cookie after one was offered.
const PAGES_MIN: u16 = 5;

/// Cookies are offered and never come back.
pub struct CookieIgnored;

static CARD: Card = Card {
    name: "cookie_ignored",
    signals: &[ID],
    summary: "Was offered a cookie and came back five times or more without any.",
    sees: "Responses that set a cookie and the pages asked for afterwards without one, by a client that never sent any.",
    cannot_see: "Logs: they show neither. A first visit: the absence of a cookie is no evidence there.",
    errs: "People who refuse all cookies, first-party ones too.",
    source: "Never-returns-the-cookie checks of no-script challenges, turned into weak evidence.",
    group: Group::Habit,
    scope: Scope::Client,
    needs: &[Need::Headers],
    resolution: Resolution::Second,
    evidence_max: 1.2,
    state: State::Counts,
};

impl Detector for CookieIgnored {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn inspect(&self, scene: &Scene<'_>) -> Option<Signal> {
        let client = scene.client;
        let ignored = client.cookieless_pages;
        if scene.gathered.kind != Kind::Navigation || client.sent_cookie || ignored < PAGES_MIN {
            return None;
        }
        let detail = Detail::one(
            "a cookie was offered and {a} pages came without it",
            Value::Number(f32::from(ignored)),
        );
        Some(CARD.signal(ID, 0.7 + f32::from(ignored - PAGES_MIN) * 0.1, detail))
    }
}
