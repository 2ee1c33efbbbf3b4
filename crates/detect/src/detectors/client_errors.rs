//! Asking for what is not there.

use palisade_domain::{Detail, Resolution, Signal, SignalId, Value};

use crate::gather::Kind;
use crate::{Card, Detector, Group, Need, Scene, Scope, State};

const ID: SignalId = SignalId("errors.client");

/// Pages refused or missing within some ten minutes.
const ERRORS_MIN: f32 = 7.5;

/// Their share of all pages.
const SHARE_MIN: f32 = 0.6;

/// Most page requests end with a 4xx status.
pub struct ClientErrors;

static CARD: Card = Card {
    name: "client_errors",
    signals: &[ID],
    summary: "Eight or more pages refused or missing within some ten minutes, and most of what was asked for.",
    sees: "The status of this client's page requests before the present one. Assets do not count: a broken image is \
           the site's fault; 429 does not count: that is our own answer.",
    cannot_see: "Probing of a site that answers everything with 200.",
    errs: "People on a site whose links broke in a move; a signed-out single-page application retrying.",
    source: "Label rule of the anti-scraping stack (status above 400), as a share instead of a single status; \
             http-probing scenarios of log analysers count ten.",
    group: Group::Errors,
    scope: Scope::Client,
    needs: &[Need::Target],
    resolution: Resolution::Second,
    evidence_max: 3.4,
    state: State::Counts,
};

impl Detector for ClientErrors {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn inspect(&self, scene: &Scene<'_>) -> Option<Signal> {
        let now_ms = scene.client.now_ms();
        let errors = scene.client.client_errors.value(now_ms);
        let pages = scene.client.page_responses.value(now_ms);
        if scene.gathered.kind != Kind::Navigation || errors < ERRORS_MIN || errors < pages * SHARE_MIN {
            return None;
        }
        let evidence = 1.5 + (errors - ERRORS_MIN) * 0.15;
        let detail = Detail::two(
            "{a} of the last {b} pages were refused or missing",
            Value::Number(errors.round()),
            Value::Number(pages.round()),
        );
        Some(CARD.signal(ID, evidence, detail))
    }
}
