//! Versions that cannot be, and versions that were long ago.

use palisade_domain::{Detail, Fact, HttpVersion, LogOdds, Resolution, Signal, SignalId, Value};
use palisade_fingerprint::user_agent::{Engine, Family, Os, UserAgent, bounded};

use super::claimed;
use crate::{Card, Detector, Group, Need, Scene, Scope, State};

mod contradiction;
mod releases;

use releases::{Line, day_of};

const IMPOSSIBLE: SignalId = SignalId("ua.version");
const STALE: SignalId = SignalId("ua.stale");

/// A user agent that no browser ever sent.
const SURE: LogOdds = 4.2;

/// Majors a browser may be ahead of its release channel: beta, developer and nightly builds.
const AHEAD_MAX: u16 = 4;

/// Versions that cannot be, and versions that were long ago.
pub struct UaVersion;

static CARD: Card = Card {
    name: "ua_version",
    signals: &[IMPOSSIBLE, STALE],
    summary: "A browser version that cannot exist, or not yet, or hardly any more.",
    sees: "Parts of one user agent that never occur together (Firefox with another rv:, Windows NT 11, Chrome 120 on \
           Android 4, a frozen macOS version thawed), quotation marks around it, versions newer than their time allows, and versions years older than the \
           request; time is the request's own, so that a log of 2015 is judged as of 2015.",
    cannot_see: "A copied user agent that is real and recent.",
    errs: "People keep old devices: age alone never reaches monitor, phones, televisions, web views and QtWebEngine are \
           left out, Internet Explorer 6 apart. Extensions that rewrite the user agent may write nonsense.",
    source: "Release dates of Chrome and Firefox; Chromium's user-agent reduction (frozen Windows NT 10.0, macOS \
             10_15_7, minor 0.0.0 from 107); Mozilla bug 1805967 (rv:109.0 in 110 to 119); measured on the browser \
             lists of intoli/user-agents, top-user-agents, fake-useragent and isbot.",
    group: Group::Claim,
    scope: Scope::Request,
    needs: &[Need::UserAgent],
    resolution: Resolution::Second,
    evidence_max: SURE,
    state: State::Counts,
};

impl Detector for UaVersion {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn inspect(&self, scene: &Scene<'_>) -> Option<Signal> {
        let text = read_part(scene.facts.user_agent.known()?);
        let agent = scene.gathered.user_agent.as_ref().filter(|_| scene.gathered.claim.class.is_none())?;
        let today = day_of(scene.facts.time);
        // Whether there is one depends on the text alone, and is remembered with its reading.
        if let Some((detail, evidence)) = (scene.gathered.contradicts)
            .then(|| contradiction::find(text, agent))
            .flatten()
            .or_else(|| protocol_too_new(scene, agent))
            .or_else(|| from_the_future(agent, today))
        {
            return Some(CARD.signal(IMPOSSIBLE, evidence, detail));
        }
        let (detail, evidence) = stale(text, agent, today)?;
        Some(CARD.signal(STALE, evidence, detail))
    }
}

/// True where the parts of `text`, which reads as `agent`, never occur together.
pub(crate) fn contradicts_itself(text: &str, agent: &UserAgent<'_>) -> bool {
    contradiction::find(read_part(text), agent).is_some()
}

/// As much of a user agent as is looked at.
fn read_part(text: &str) -> &str {
    bounded(text.trim())
}

/// HTTP/2 from a browser that never learned it. Only where nothing in between may have spoken for the client.
fn protocol_too_new(scene: &Scene<'_>, agent: &UserAgent<'_>) -> Option<(Detail, LogOdds)> {
    let speaks_http2 = matches!(scene.facts.version, Fact::Known(HttpVersion::Http2 | HttpVersion::Http3));
    let too_old = match agent.engine {
        Engine::Trident(Some(major)) => major < 11 && agent.family == Family::InternetExplorer,
        Engine::Blink(Some(major)) => major < 40,
        Engine::Gecko(Some(major)) => agent.family == Family::Firefox && major < 36,
        _ => false,
    };
    (speaks_http2 && too_old && claimed::is_direct(scene.facts))
        .then(|| (Detail::one("{a} of that version never spoke HTTP/2", Value::text(agent.product)), SURE))
}

fn from_the_future(agent: &UserAgent<'_>, today: i64) -> Option<(Detail, LogOdds)> {
    let (line, major) = Line::of(agent)?;
    let newest = line.newest(today)?;
    (major > newest.saturating_add(AHEAD_MAX)).then(|| {
        let detail = Detail::two(
            "version {a} is not out yet, {b} is",
            Value::Number(f32::from(major)),
            Value::Number(f32::from(newest)),
        );
        (detail, 4.0)
    })
}

fn stale(text: &str, agent: &UserAgent<'_>, today: i64) -> Option<(Detail, LogOdds)> {
    if agent.family == Family::InternetExplorer {
        return stale_explorer(text, agent, today);
    }
    // Old phones, televisions and embedded engines cannot be renewed; their age says nothing.
    let renewable = matches!(agent.family, Family::Chrome | Family::Edge | Family::Firefox)
        && matches!(agent.os, Os::Windows | Os::MacOs | Os::Linux | Os::ChromeOs);
    let (line, major) = Line::of(agent).filter(|_| renewable)?;
    let years = (today - line.released(major)?) as f32 / 365.25;
    let evidence = match years {
        ..2.0 => return None,
        ..4.0 => 0.5,
        ..6.0 => 1.0,
        _ => 2.0,
    };
    let detail =
        Detail::two("{a} is about {b} years old", Value::text(agent.product), Value::Number(years.round()));
    Some((detail, evidence))
}

/// Internet Explorer, by the end of what it ran on: 6 with Windows XP (April 2014), the rest one after the other.
/// Newer ones in compatibility view say `MSIE 7.0` beside their true `Trident/`.
fn stale_explorer(text: &str, agent: &UserAgent<'_>, today: i64) -> Option<(Detail, LogOdds)> {
    let true_age = if text.contains("Trident/") { agent.major?.max(8) } else { agent.major? };
    let years = (today - day_of_end(true_age)) as f32 / 365.25;
    let evidence = match (true_age, years) {
        (_, ..0.0) => return None,
        (..=6, 6.0..) => 4.0,
        (..=7, 6.0..) => 2.5,
        (..=6, _) => 2.0,
        (_, 4.0..) => 1.5,
        _ => 1.0,
    };
    let detail = Detail::two(
        "Internet Explorer {a} ended {b} years ago",
        Value::Number(f32::from(true_age)),
        Value::Number(years.round()),
    );
    Some((detail, evidence))
}

fn day_of_end(explorer: u16) -> i64 {
    match explorer {
        ..=6 => releases::day(2014, 4, 8),
        7 | 8 => releases::day(2017, 4, 11),
        9 | 10 => releases::day(2020, 1, 31),
        _ => releases::day(2022, 6, 15),
    }
}
