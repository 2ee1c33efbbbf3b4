//! A detector's table: sessions it must see and lookalikes it must leave alone.
//!
//! ```json
//! { "true":      [ { "name": "…", "vantage": "log", "requests": [ { "path": "/a/{n}", "repeat": 40, "every_ms": 50 } ] } ],
//!   "lookalike": [ … ] }
//! ```
//! A request has the fields of labelled traffic (`client method path user_agent referrer headers body status session`)
//! plus `repeat`, `every_ms` (or `gaps_ms`, cycled), `version`, `scheme`, `fingerprint`, `head_fault`, `set_cookie` and `at_ms` (absolute
//! within the case), and `then`: requests that follow each repetition at once, such as the assets of a page. `{n}` in `client`, `path`, `user_agent`, `body` and `session` is the repetition's number
//! (within `then` its own; `{page}` is that of the request it follows).
//! `user_agent: null` is absent, a missing one unseen; `"headers"` makes everything not in it absent.

use palisade_domain::{HeadFault, HttpVersion, Scheme, Vantage};
use serde::Deserialize;

use crate::OwnedRequest;

/// A table as read from `testdata/<detector>.json`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseTable {
    /// Sessions in which the detector must fire at least once.
    #[serde(rename = "true")]
    pub positives: Vec<Case>,
    /// Sessions in which it must not fire at all.
    pub lookalike: Vec<Case>,
}

/// One session.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What it is, in a few words.
    pub name: String,
    /// Where it is seen from; `log` where not said.
    #[serde(default)]
    pub vantage: CaseVantage,
    /// Its requests, in order.
    pub requests: Vec<CaseRequest>,
}

/// A vantage by name.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CaseVantage {
    /// A line of an access log.
    #[default]
    Log,
    /// `POST /check`.
    Check,
    /// Our TLS listener.
    GatewayTls,
    /// Our clear-text listener.
    GatewayClear,
}

/// One request, or many alike.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseRequest {
    client: Option<String>,
    method: Option<String>,
    path: String,
    #[serde(default, deserialize_with = "said")]
    user_agent: Option<Option<String>>,
    #[serde(default, deserialize_with = "said")]
    referrer: Option<Option<String>>,
    headers: Option<Vec<(String, String)>>,
    body: Option<String>,
    status: Option<u16>,
    session: Option<String>,
    version: Option<String>,
    scheme: Option<String>,
    fingerprint: Option<String>,
    head_fault: Option<String>,
    #[serde(default)]
    set_cookie: bool,
    repeat: Option<u32>,
    every_ms: Option<i64>,
    gaps_ms: Option<Vec<i64>>,
    at_ms: Option<i64>,
    #[serde(default)]
    then: Vec<CaseRequest>,
}

/// Tells `null` from a missing field.
fn said<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(from).map(Some)
}

/// Cases begin here: 2026-11-20T00:00:00Z.
const START_MS: i64 = 1_795_132_800_000;

impl CaseTable {
    /// Reads a table.
    ///
    /// # Errors
    /// The reader's words with line and column.
    pub fn read(json: &str) -> Result<Self, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }
}

impl Case {
    /// The requests written out, in order of their time.
    pub fn expand(&self) -> Vec<OwnedRequest> {
        let mut all = Vec::new();
        let mut now_ms = START_MS;
        for request in &self.requests {
            if let Some(at_ms) = request.at_ms {
                now_ms = START_MS + at_ms;
            }
            for n in 0..request.repeat.unwrap_or(1) {
                all.push(request.one(self.vantage, &request.client, (n, n), now_ms));
                request.follow(self.vantage, n, now_ms, &mut all);
                now_ms += request.gap_ms(n);
            }
        }
        all.sort_by_key(|request| request.time_ms);
        all
    }
}

impl CaseRequest {
    fn gap_ms(&self, n: u32) -> i64 {
        match &self.gaps_ms {
            Some(gaps) if !gaps.is_empty() => gaps[n as usize % gaps.len()],
            _ => self.every_ms.unwrap_or(1_000),
        }
    }

    fn follow(&self, vantage: CaseVantage, page: u32, mut now_ms: i64, all: &mut Vec<OwnedRequest>) {
        for request in &self.then {
            let client = request.client.as_ref().or(self.client.as_ref()).cloned();
            for n in 0..request.repeat.unwrap_or(1) {
                now_ms += request.gap_ms(n);
                let client = client.as_ref().map(|client| client.replace("{n}", &page.to_string()));
                all.push(request.one(vantage, &client, (n, page), now_ms));
            }
        }
    }

    fn one(
        &self,
        vantage: CaseVantage,
        client: &Option<String>,
        (n, page): (u32, u32),
        time_ms: i64,
    ) -> OwnedRequest {
        let fill = |text: &str| text.replace("{n}", &n.to_string()).replace("{page}", &page.to_string());
        let vantage = match vantage {
            CaseVantage::Log => Vantage::Log,
            CaseVantage::Check => Vantage::Check,
            CaseVantage::GatewayTls => Vantage::GatewayTls,
            CaseVantage::GatewayClear => Vantage::GatewayClear,
        };
        // A log knows whole seconds only.
        let time_ms = if vantage == Vantage::Log { time_ms.div_euclid(1_000) * 1_000 } else { time_ms };
        OwnedRequest {
            vantage,
            time_ms,
            client: fill(client.as_deref().unwrap_or("192.0.2.1")),
            session: self.session.as_deref().map(|session| number(&fill(session))),
            method: Some(self.method.clone().unwrap_or_else(|| "GET".to_owned())),
            target: Some(fill(&self.path)),
            user_agent: self.user_agent.clone().map(|agent| agent.as_deref().map(fill)),
            referrer: self.referrer.clone(),
            headers: self.headers.clone(),
            version: self.version.as_deref().map(version).or(Some(HttpVersion::Http11)),
            scheme: self.scheme.as_deref().map(|s| if s == "http" { Scheme::Http } else { Scheme::Https }),
            body: self.body.as_deref().map(fill),
            fingerprint: self.fingerprint.as_deref().map(fill),
            head_fault: self.head_fault.as_deref().and_then(HeadFault::named),
            status: Some(self.status.unwrap_or(200)),
            set_cookie: self.set_cookie,
        }
    }
}

fn version(text: &str) -> HttpVersion {
    match text {
        "1.0" => HttpVersion::Http10,
        "2" => HttpVersion::Http2,
        "3" => HttpVersion::Http3,
        "0.9" => HttpVersion::Http09,
        "1.1" => HttpVersion::Http11,
        _ => HttpVersion::Other,
    }
}

/// Any text as a session number.
fn number(text: &str) -> u128 {
    text.bytes().fold(7, |sum: u128, byte| sum.wrapping_mul(257).wrapping_add(u128::from(byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repetitions_are_written_out() {
        let table = CaseTable::read(
            r#"{"true":[{"name":"a","vantage":"check","requests":[
                {"path":"/p/{n}","repeat":3,"gaps_ms":[10,20],"user_agent":null}]}],"lookalike":[]}"#,
        )
        .unwrap();
        let all = table.positives[0].expand();
        let times: Vec<_> = all.iter().map(|request| request.time_ms - START_MS).collect();
        assert_eq!(times, [0, 10, 30]);
        assert_eq!(all[2].target.as_deref(), Some("/p/2"));
        assert_eq!(all[0].user_agent, Some(None));
    }
}
