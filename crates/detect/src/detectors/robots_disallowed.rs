//! A program where robots.txt says it should not be.

use palisade_domain::{Detail, IdentityClass, LogOdds, Resolution, Signal, SignalId, Value};
use palisade_fingerprint::user_agent::Family;

use crate::{Card, Detector, Group, Need, Scene, Scope, State};

const ID: SignalId = SignalId("robots.disallowed");

/// Asks for what the site's robots.txt forbids it.
pub struct RobotsDisallowed;

static CARD: Card = Card {
    name: "robots_disallowed",
    signals: &[ID],
    summary: "A program asks for a path that the site's robots.txt forbids it.",
    sees: "The path against the site's robots rules for the name the client gives (RFC 9309), where the client says it is a \
           program, or says nothing and has read robots.txt.",
    cannot_see: "Programs that wear a browser's name: people in browsers need not obey robots.txt, so nobody who claims to be \
                 one is judged by it.",
    errs: "Feed readers, previews and monitors that a person pointed at such a path; rules that changed a moment ago.",
    source: "RFC 9309 sections 2.2.1 and 2.2.2; seed 004 counted it against everybody.",
    group: Group::Trap,
    scope: Scope::Client,
    needs: &[Need::Target, Need::UserAgent],
    resolution: Resolution::Second,
    evidence_max: 2.5,
    state: State::Counts,
};

impl Detector for RobotsDisallowed {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn inspect(&self, scene: &Scene<'_>) -> Option<Signal> {
        let robots = scene.site.robots.as_ref()?;
        let evidence = bound_by_robots(scene)?;
        let target = scene.facts.target.known()?;
        let token = product_token(scene.facts.user_agent.known().unwrap_or(""));
        if robots.allows(token, target) {
            return None;
        }
        Some(CARD.signal(
            ID,
            evidence,
            Detail::one("{a} is closed to programs by robots.txt", Value::text(scene.gathered.path)),
        ))
    }
}

/// How much disobedience weighs for this client; `None` for people.
fn bound_by_robots(scene: &Scene<'_>) -> Option<LogOdds> {
    match scene.gathered.claim.class {
        Some(IdentityClass::Search | IdentityClass::Ai | IdentityClass::Archive) => Some(2.5),
        Some(IdentityClass::Tool | IdentityClass::Library) => Some(1.2),
        // A person's feed reader or messenger fetches what the person chose.
        Some(
            IdentityClass::Feed | IdentityClass::Preview | IdentityClass::Monitor | IdentityClass::Webhook,
        ) => None,
        Some(IdentityClass::Browser) => None,
        None | Some(IdentityClass::Unknown) => {
            let nameless = scene.gathered.user_agent.is_none_or(|agent| {
                matches!(agent.family, Family::None | Family::Program | Family::HeadlessChrome)
            });
            (scene.client.asked_robots && nameless).then_some(2.5)
        }
    }
}

/// The name robots rules are matched with: the product of a `compatible; …` comment, or the first product.
fn product_token(agent: &str) -> &str {
    let named = agent.split_once("compatible; ").map_or(agent, |(_, rest)| rest);
    named.split(['/', ' ', ';', ')', '(', '+']).next().unwrap_or("*")
}
