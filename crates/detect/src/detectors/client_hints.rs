//! `Sec-CH-UA` against the user agent.

use palisade_domain::{Detail, LogOdds, Resolution, Signal, SignalId, Value};
use palisade_fingerprint::user_agent::{Family, Os, UserAgent, bounded, major};

use super::claimed::{self, Browser};
use crate::{Card, Detector, Group, Need, Scene, Scope, State};

const ID: SignalId = SignalId("headers.client_hints");

/// All stable Chromium browsers send brand, mobile and platform from here on.
const CHROMIUM_SINCE: u16 = 90;

/// Missing where they belong: half of what makes a challenge.
const MISSING: LogOdds = 2.5;

/// They say another browser, version or system than the user agent does.
const CONTRADICTS: LogOdds = 3.5;

/// Less surely so.
const DOUBTFUL: LogOdds = 2.0;

/// `Sec-CH-UA` against the user agent.
pub struct ClientHints;

static CARD: Card = Card {
    name: "client_hints",
    signals: &[ID],
    summary: "Sec-CH-UA hints that contradict the user agent, or are missing where a browser sends them.",
    sees: "Brand list, platform and mobile flag against browser, version and system of the user agent; hints from \
           Firefox and Safari, which have none; over TLS, their absence from a page request of Chrome, Edge or Opera \
           since 90.",
    cannot_see: "Imitations that copy all headers of one browser together.",
    errs: "Extensions that rewrite the user agent only; kiosk and privacy builds without hints: alone that stays below \
           monitor.",
    source: "WICG User-Agent Client Hints; recorded Chromium 156 sends them with every request over TLS but WebSocket \
             handshakes, none over clear HTTP; recorded Firefox 153 and QtWebEngine 5.15 never.",
    group: Group::Headers,
    scope: Scope::Request,
    needs: &[Need::UserAgent, Need::Headers],
    resolution: Resolution::Second,
    evidence_max: CONTRADICTS,
    state: State::Counts,
};

impl Detector for ClientHints {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn inspect(&self, scene: &Scene<'_>) -> Option<Signal> {
        let browser = claimed::browser(scene)?;
        let agent = scene.gathered.user_agent.as_ref()?;
        let (detail, evidence) = match (scene.header("sec-ch-ua").known(), browser) {
            (Some(_), Browser::Firefox(_) | Browser::Safari(_)) => {
                (Detail::one("{a} sends no client hints", Value::text(agent.product)), CONTRADICTS)
            }
            (Some(brands), Browser::Chromium(version)) => {
                contradiction(scene, agent, bounded(brands), version)?
            }
            (None, Browser::Chromium(CHROMIUM_SINCE..)) if belongs(scene, agent) => (
                Detail::one("{a} over TLS sends client hints, and none came", Value::text(agent.product)),
                MISSING,
            ),
            (None, _) => return None,
        };
        Some(CARD.signal(ID, evidence, detail))
    }
}

fn belongs(scene: &Scene<'_>, agent: &UserAgent<'_>) -> bool {
    matches!(agent.family, Family::Chrome | Family::Edge | Family::Opera)
        && claimed::is_encrypted(scene.facts)
        && claimed::opens_page(scene)
}

fn contradiction(
    scene: &Scene<'_>,
    agent: &UserAgent<'_>,
    brands: &str,
    version: u16,
) -> Option<(Detail, LogOdds)> {
    if let Some(hinted) = brand_version(brands, "Chromium").filter(|&hinted| hinted != version) {
        let (claimed, hinted) = (Value::Number(f32::from(version)), Value::Number(f32::from(hinted)));
        return Some((
            Detail::two("user agent says Chromium {a}, brand list {b}", claimed, hinted),
            CONTRADICTS,
        ));
    }
    let missing_brand = match agent.family {
        Family::Edge => !brands.contains("Edge"),
        Family::Opera => !brands.contains("Opera"),
        _ => false,
    };
    if missing_brand {
        return Some((Detail::one("{a} is not in its own brand list", Value::text(agent.product)), DOUBTFUL));
    }
    platform(scene, agent.os).or_else(|| mobile(scene, agent.os))
}

/// True where `agent` holds ` Mobile`: capitals are few, blanks are many.
fn says_mobile(agent: &str) -> bool {
    let agent = agent.as_bytes();
    memchr::memchr_iter(b'M', agent)
        .any(|at| agent[..at].ends_with(b" ") && agent[at..].starts_with(b"Mobile"))
}

/// The major version of `brand` in a list like `"Chromium";v="156", "Not:A-Brand";v="8"`.
fn brand_version(brands: &str, brand: &str) -> Option<u16> {
    let (before, _) = claimed::around(brands, brand)?;
    let start = before.rfind(',').map_or(0, |comma| comma + 1);
    let member = brands[start..].split(',').next()?;
    let (_, version) = claimed::around(member, ";v=\"")?;
    major(version)
}

fn platform(scene: &Scene<'_>, os: Os) -> Option<(Detail, LogOdds)> {
    let hint = scene.header("sec-ch-ua-platform").known()?;
    let Some(name) = hint.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return Some((Detail::one("platform {a} is not in quotation marks", Value::text(hint)), CONTRADICTS));
    };
    let agrees = match name {
        "Windows" => os == Os::Windows,
        "macOS" => os == Os::MacOs,
        // Phones that ask for the desktop's page say Linux in the user agent, and either in the hint.
        "Android" => matches!(os, Os::Android | Os::Linux),
        "Linux" => matches!(os, Os::Linux | Os::Android | Os::ChromeOs),
        "Chrome OS" | "Chromium OS" => matches!(os, Os::ChromeOs | Os::Linux),
        "iOS" => false,
        _ => true,
    };
    let detail = || Detail::one("platform {a} is not the user agent's", Value::text(name));
    (!agrees && os != Os::None).then(|| (detail(), CONTRADICTS))
}

fn mobile(scene: &Scene<'_>, os: Os) -> Option<(Detail, LogOdds)> {
    let hint = scene.header("sec-ch-ua-mobile").known()?;
    let says_mobile = says_mobile(scene.facts.user_agent.known()?);
    match hint {
        "?0" | "?1" if (hint == "?1") == says_mobile => None,
        "?0" | "?1" if os == Os::Android => {
            Some((Detail::plain("user agent and hint differ on being a phone"), DOUBTFUL))
        }
        "?1" => Some((Detail::plain("a desktop browser hints at a phone"), CONTRADICTS)),
        "?0" => None,
        _ => Some((Detail::one("{a} is no structured boolean", Value::text(hint)), CONTRADICTS)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brands_are_read() {
        let list = r#""Not:A-Brand";v="8", "Chromium";v="156""#;
        assert_eq!(brand_version(list, "Chromium"), Some(156));
        assert_eq!(brand_version(list, "Opera"), None);
        assert_eq!(brand_version(r#""Chromium""#, "Chromium"), None);
        assert_eq!(brand_version(r#""Chromium";v="x""#, "Chromium"), None);
    }
}
