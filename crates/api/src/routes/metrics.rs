//! `GET /metrics`: counts in the Prometheus text format.
//!
//! Written here from totals that are counted anyway: a recorder beside them would count everything a second time, on the
//! hot path. Every label has a few values known beforehand.

use std::fmt::{Display, Write as _};

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use palisade_challenge::Challenges;
use palisade_challenge::outcome::{Counted, SOLVE_MS};
use palisade_domain::{Action, HeadFault, IdentityClass, Timestamp};
use palisade_guard::answers::VERDICTS;
use palisade_guard::totals::{Passage, Snapshot};
use palisade_intel::providers::PROVIDERS;

use crate::api::Api;
use crate::call::Call;
use crate::limit::Group;
use crate::problem::{Code, ErrorBody, Problem};

/// Counts for Prometheus
///
/// Open to programs on this machine; from elsewhere it takes `Authorization: Bearer` with `[api] metrics_token`.
#[utoipa::path(
    get, path = "/metrics", tag = "operation", security((), ("metrics_token" = [])),
    responses(
        (status = 200, description = "Text format 0.0.4", content_type = "text/plain", body = String),
        (status = 401, description = "Not from this machine, and the token is missing or wrong", body = ErrorBody),
        (status = 429, description = "Too many calls", body = ErrorBody),
    )
)]
pub async fn metrics(call: Call) -> Result<Response, Problem> {
    call.admit_anybody(Group::Open)?;
    let token = call.settings.metrics_token.as_ref();
    let shown = token.zip(call.bearer()).is_some_and(|(token, shown)| token.is(shown.as_bytes()));
    if !call.origin.local && !shown {
        let message = "metrics are for programs on this machine, or with `Authorization: Bearer` and the token of [api] metrics_token";
        return Err(Problem::new(Code::Unauthorized, message).header(
            header::WWW_AUTHENTICATE,
            HeaderValue::from_static("Bearer realm=\"palisade metrics\""),
        ));
    }
    let mut response = Response::new(Body::from(text(&call.api)));
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    Ok(response)
}

/// The whole page.
fn text(api: &Api) -> String {
    let totals = api.guard.totals.snapshot();
    let mut page = Page(String::with_capacity(8 * 1_024));
    requests(&mut page, &totals);
    passages(&mut page, &totals);
    let level = api.guard.load.level(api.clock.now()) as u8;
    page.one("palisade_load_level", "gauge", "0 calm, 1 busy, 2 flood", level);
    let engine = api.guard.judge();
    page.one(
        "palisade_clients_remembered",
        "gauge",
        "Clients in memory",
        engine.engine().history().clients(),
    );
    page.one("palisade_history_bytes", "gauge", "Memory of the history", engine.engine().bytes());
    page.family("palisade_api_answers_total", "counter", "Answers of this API by class of status");
    for (class, count) in ["1xx", "2xx", "3xx", "4xx", "5xx"].into_iter().zip(api.counts.answers()) {
        page.line("palisade_api_answers_total", &[("status", class)], count);
    }
    let errors = api.counts.store_errors();
    page.one("palisade_api_store_errors_total", "counter", "Times the store failed this API", errors);
    page.one("palisade_api_keys", "gauge", "API keys", api.keys.len());
    providers(&mut page, api);
    if let Some(held) = api.guard.challenges() {
        challenges(&mut page, held, api.clock.now());
    }
    page.0.push_str(&api.more_metrics());
    page.0
}

fn requests(page: &mut Page, totals: &Snapshot) {
    page.one("palisade_requests_total", "counter", "Requests judged", totals.requests);
    page.one(
        "palisade_bot_requests_total",
        "counter",
        "Requests held for a bot's; it may be welcome",
        totals.bots,
    );
    page.family("palisade_actions_total", "counter", "What the policy said");
    for (action, count) in Action::NAMES.into_iter().zip(totals.actions) {
        page.line("palisade_actions_total", &[("action", action)], count);
    }
    page.family("palisade_enforced_total", "counter", "What was done");
    for (action, count) in Action::NAMES.into_iter().zip(totals.enforced) {
        page.line("palisade_enforced_total", &[("action", action)], count);
    }
    page.family("palisade_identities_total", "counter", "Requests by class of identity");
    for (class, count) in IdentityClass::ALL.into_iter().zip(totals.classes) {
        page.line("palisade_identities_total", &[("class", class.name())], count);
    }
    page.family("palisade_head_faults_total", "counter", "Ambiguous request heads");
    for (fault, count) in HeadFault::ALL.into_iter().zip(totals.faults) {
        page.line("palisade_head_faults_total", &[("fault", fault.name())], count);
    }
    page.one(
        "palisade_exchanges_finished_total",
        "counter",
        "Exchanges that came to their end",
        totals.finished,
    );
    page.one(
        "palisade_exchanges_given_up_total",
        "counter",
        "Exchanges nobody saw the end of",
        totals.unfinished,
    );
    page.one("palisade_clients", "gauge", "Different clients since the start, to about 2 %", totals.clients);
    let refused = totals.clients_refused;
    page.one("palisade_clients_refused", "gauge", "Of them, refused at least once", refused);
}

fn passages(page: &mut Page, totals: &Snapshot) {
    page.family("palisade_record_total", "counter", "What happened on the way to the store");
    for (passage, count) in Passage::ALL.into_iter().zip(totals.passages) {
        page.line("palisade_record_total", &[("what", passage.name())], count);
    }
}

/// The provider in office, and those that said anything before.
fn providers(page: &mut Page, api: &Api) {
    let vouching = api.guard.vouching();
    let in_office = vouching.provider.as_ref().map(|provider| provider.provider().name);
    let counts = PROVIDERS.iter().map(|provider| (provider.name, api.guard.answers.of(provider)));
    let shown =
        counts.filter(|(name, counts)| in_office == Some(*name) || counts.iter().any(|count| *count > 0));
    page.family("palisade_provider_answers_total", "counter", "What external CAPTCHA providers said");
    for (name, counts) in shown {
        for (verdict, count) in VERDICTS.into_iter().zip(counts) {
            page.line("palisade_provider_answers_total", &[("provider", name), ("verdict", verdict)], count);
        }
    }
}

fn challenges(page: &mut Page, challenges: &Challenges, now: Timestamp) {
    let counted = challenges.outcomes.counted(now);
    let mut family = |name: &str, help: &str, count: fn(&Counted) -> u64| {
        page.family(name, "counter", help);
        for held in &counted {
            page.line(name, &[("kind", held.kind.name())], count(held));
        }
    };
    family("palisade_challenges_issued_total", "Challenges issued", |held| held.issued);
    family("palisade_challenges_solved_total", "Challenges met", |held| held.solved);
    family("palisade_challenges_failed_total", "Answers that were not taken", |held| held.failed);
    family("palisade_challenges_abandoned_total", "Challenges whose time ended without an answer", |held| {
        held.abandoned
    });
    page.family("palisade_challenges_unanswered", "gauge", "Challenges without an answer: open, or left");
    for held in &counted {
        page.line("palisade_challenges_unanswered", &[("kind", held.kind.name())], held.unanswered);
    }
    page.family("palisade_challenge_solve_seconds", "histogram", "From issue to answer");
    for held in &counted {
        solve_times(page, held);
    }
    page.family("palisade_challenge_solve_median_seconds", "gauge", "Half of them took no longer");
    for held in &counted {
        let Some(median_ms) = held.median_ms else { continue };
        let labels = [("kind", held.kind.name())];
        page.line("palisade_challenge_solve_median_seconds", &labels, median_ms as f64 / 1_000.0);
    }
    page.family("palisade_challenge_refusals_total", "counter", "Answers that were not taken, by reason");
    for (code, count) in challenges.outcomes.reasons() {
        page.line("palisade_challenge_refusals_total", &[("code", code.name())], count);
    }
    let claims = &challenges.claims;
    page.one("palisade_claims", "gauge", "Tickets and tokens used up and not expired", claims.len());
    page.one(
        "palisade_claims_dropped_total",
        "counter",
        "Of them, forgotten for want of room",
        claims.dropped(),
    );
    let testing = u8::from(challenges.settings().testing);
    page.one("palisade_challenge_testing", "gauge", "1 where test keys pass every challenge", testing);
}

fn solve_times(page: &mut Page, held: &Counted) {
    let kind = held.kind.name();
    let mut sum = 0;
    for (bound, count) in SOLVE_MS.iter().zip(&held.solve_ms) {
        sum += count;
        let bound = (*bound as f64 / 1_000.0).to_string();
        page.line("palisade_challenge_solve_seconds_bucket", &[("kind", kind), ("le", &bound)], sum);
    }
    page.line("palisade_challenge_solve_seconds_bucket", &[("kind", kind), ("le", "+Inf")], held.solved);
    page.line("palisade_challenge_solve_seconds_sum", &[("kind", kind)], held.solve_ms_sum as f64 / 1_000.0);
    page.line("palisade_challenge_solve_seconds_count", &[("kind", kind)], held.solved);
}

struct Page(String);

impl Page {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _ = write!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
    }

    fn line(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        let labels: Vec<String> = labels.iter().map(|(name, value)| format!("{name}=\"{value}\"")).collect();
        let _ = match labels.is_empty() {
            true => writeln!(self.0, "{name} {value}"),
            false => writeln!(self.0, "{name}{{{}}} {value}", labels.join(",")),
        };
    }

    fn one(&mut self, name: &str, kind: &str, help: &str, value: impl Display) {
        self.family(name, kind, help);
        self.line(name, &[], value);
    }
}
