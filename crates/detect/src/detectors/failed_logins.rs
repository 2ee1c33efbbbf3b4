//! Passwords being tried.

use palisade_domain::{Detail, Resolution, Signal, SignalId, Value};

use crate::{Card, Detector, Group, Need, Scene, Scope, State};

const ID: SignalId = SignalId("login.failed");

/// Failures within some ten minutes: people give up or reset.
const FAILURES_MIN: f32 = 5.5;

/// Share of attempts that must fail: an office of people succeeds mostly.
const SHARE_MIN: f32 = 0.8;

/// Many failed logins and hardly one that works.
pub struct FailedLogins;

static CARD: Card = Card {
    name: "failed_logins",
    signals: &[ID],
    summary: "Six or more failed logins within some ten minutes, and hardly one that works.",
    sees: "The outcome of login attempts: what the application reports (`/feedback`), else the status. 401, 403, 422 \
           and 429 are failures; a redirect is a success; a form answered with 200 shows itself again.",
    cannot_see: "Outcomes hidden behind status 200 of scripts' logins; one attempt each from many addresses.",
    errs: "A person with a stored wrong password in a client that retries by itself.",
    source: "Failed-login rate of the bot-detection API; brute-force scenarios of log analysers count five to ten.",
    group: Group::Login,
    scope: Scope::Client,
    needs: &[Need::Method, Need::Target],
    resolution: Resolution::Second,
    evidence_max: 4.8,
    state: State::Counts,
};

impl Detector for FailedLogins {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn inspect(&self, scene: &Scene<'_>) -> Option<Signal> {
        let now_ms = scene.client.now_ms();
        let failures = scene.client.login_failures.value(now_ms);
        let attempts = scene.client.login_attempts.value(now_ms);
        if !scene.gathered.is_login || failures < FAILURES_MIN || failures < attempts * SHARE_MIN {
            return None;
        }
        let evidence = 2.0 + (failures - FAILURES_MIN) * 0.2;
        let detail = Detail::two(
            "{a} of the last {b} logins failed",
            Value::Number(failures.round()),
            Value::Number(attempts.round()),
        );
        Some(CARD.signal(ID, evidence, detail))
    }
}
