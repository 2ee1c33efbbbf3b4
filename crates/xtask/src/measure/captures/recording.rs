//! One recorded request with all that an engine can see of it.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use anyhow::Context as _;
use flate2::read::GzDecoder;
use palisade_domain::{
    ClientIp, HeaderCase, HeaderList, HeaderOrder, HttpVersion, RequestFacts, Scheme, Timestamp,
};
use palisade_fingerprint::head;
use palisade_fingerprint::live::LiveRequest;
use serde_json::Value;

/// What sort of client sent it, as its recording says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Label {
    /// A browser used as people use it.
    Browser,
    /// A real browser driven by a program.
    Automated,
    /// A program.
    Program,
}

/// One recorded request.
#[derive(Clone, Debug)]
pub(crate) struct Recording {
    /// The client's name in the recordings.
    pub(crate) client: String,
    /// What sort of program it is, such as `library`.
    pub(crate) family: String,
    /// Its label.
    pub(crate) label: Label,
    /// The browsing session; empty for single runs.
    pub(crate) session: String,
    /// Made up: one address per client and session.
    pub(crate) address: ClientIp,
    time: Timestamp,
    scheme: Scheme,
    version: HttpVersion,
    method: String,
    target: String,
    /// In wire order and case, without pseudo-headers.
    pub(crate) headers: Vec<(String, String)>,
    host: Option<String>,
}

/// All complete requests of `folder`, in the order of time.
///
/// # Errors
/// Where a file cannot be read or a row is not of the documented form.
pub(crate) fn read(folder: &Path) -> anyhow::Result<Vec<Recording>> {
    let mut all = Vec::new();
    let mut addresses = Vec::new();
    for name in ["clients.jsonl.gz", "sessions.jsonl.gz"] {
        let path = folder.join(name);
        let file = File::open(&path).with_context(|| format!("opening {}", path.display()))?;
        for (at, line) in BufReader::new(GzDecoder::new(file)).lines().enumerate() {
            let place = || format!("{}:{}", path.display(), at + 1);
            let row: Value = serde_json::from_str(&line.with_context(place)?).with_context(place)?;
            all.extend(Recording::of(&row, &mut addresses).with_context(place)?);
        }
    }
    all.sort_by_key(|recording| recording.time);
    Ok(all)
}

impl Recording {
    /// `None` where there was no request: a failed handshake, a head cut short.
    fn of(row: &Value, addresses: &mut Vec<(String, String)>) -> anyhow::Result<Option<Recording>> {
        let Some((version, method, target, host, headers)) = request(row)? else { return Ok(None) };
        let client = text(&row["client"])?;
        let session = row["session"].as_str().unwrap_or("").to_owned();
        let label = match row["label"].as_str() {
            Some("browser") => Label::Browser,
            Some("program") => Label::Program,
            _ => Label::Automated,
        };
        Ok(Some(Recording {
            address: address(addresses, &client, &session)?,
            client,
            family: row["family"].as_str().unwrap_or("").to_owned(),
            label,
            session,
            time: Timestamp(row["t_us"].as_i64().context("t_us")?),
            scheme: if row["scheme"] == "https" { Scheme::Https } else { Scheme::Http },
            version,
            method,
            target,
            headers,
            host,
        }))
    }

    /// What our own listener would know of it.
    pub(super) fn with_facts<R>(&self, f: impl FnOnce(&RequestFacts<'_>) -> R) -> R {
        let entries: Vec<(&str, &str)> =
            self.headers.iter().map(|(name, value)| (&**name, &**value)).collect();
        let live = LiveRequest {
            client: self.address,
            time: self.time,
            scheme: self.scheme,
            version: self.version,
            method: &self.method,
            target: &self.target,
            authority: self.host.as_deref(),
            headers: HeaderList { entries: &entries, order: HeaderOrder::Wire, case: HeaderCase::Wire },
            ja4: None,
            body: None,
        };
        f(&live.facts())
    }

    /// Milliseconds since 1970, method and target.
    pub(crate) fn request(&self) -> (f64, &str, &str) {
        (self.time.0 as f64 / 1e3, &self.method, &self.target)
    }

    /// The first value of `name`, empty where there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value)
    }

    /// `GET /path over http`.
    pub(super) fn summary(&self) -> String {
        let scheme = if self.scheme == Scheme::Https { "https" } else { "http" };
        format!("{} {} over {scheme} {:?}", self.method, self.target, self.version)
    }

    /// The same request under another user agent, put where this client has its own, or behind `Host`.
    pub(super) fn wearing(&self, agent: &str) -> Recording {
        let mut worn = self.clone();
        let is = |wanted: &str, name: &str| name.eq_ignore_ascii_case(wanted);
        if let Some((_, value)) = worn.headers.iter_mut().find(|(name, _)| is("user-agent", name)) {
            agent.clone_into(value);
            return worn;
        }
        let name = if self.version == HttpVersion::Http2 { "user-agent" } else { "User-Agent" };
        let at = worn.headers.iter().position(|(name, _)| is("host", name)).map_or(0, |at| at + 1);
        worn.headers.insert(at, (name.to_owned(), agent.to_owned()));
        worn
    }
}

type Request = (HttpVersion, String, String, Option<String>, Vec<(String, String)>);

fn request(row: &Value) -> anyhow::Result<Option<Request>> {
    if let Some(hex) = row["raw_head_hex"].as_str() {
        let bytes = bytes(hex).context("hexadecimal digits")?;
        let Ok(head) = head::parse(&bytes) else { return Ok(None) };
        let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
        let headers = head.headers.iter().map(|(name, value)| ((*name).to_owned(), text(value))).collect();
        return Ok(Some((head.version, head.method.to_owned(), head.target.to_owned(), None, headers)));
    }
    let Value::Array(pairs) = &row["h2"]["headers"] else { return Ok(None) };
    let pairs: anyhow::Result<Vec<(String, String)>> =
        pairs.iter().map(|pair| Ok((text(&pair[0])?, text(&pair[1])?))).collect();
    let (pseudo, headers): (Vec<_>, Vec<_>) = pairs?.into_iter().partition(|(name, _)| name.starts_with(':'));
    let pseudo = |name: &str| pseudo.iter().find(|(n, _)| n == name).map(|(_, value)| value.clone());
    let (method, target) = (pseudo(":method").context(":method")?, pseudo(":path").context(":path")?);
    Ok(Some((HttpVersion::Http2, method, target, pseudo(":authority"), headers)))
}

/// The made-up address of a client's session: 198.18.0.0/15 is set aside for measurements (RFC 2544).
fn address(known: &mut Vec<(String, String)>, client: &str, session: &str) -> anyhow::Result<ClientIp> {
    let key = (client.to_owned(), session.to_owned());
    let at = known.iter().position(|held| *held == key).unwrap_or_else(|| {
        known.push(key);
        known.len() - 1
    });
    format!("198.18.{}.{}", at / 200, at % 200 + 1).parse().context("an address")
}

fn text(value: &Value) -> anyhow::Result<String> {
    value.as_str().map(str::to_owned).context("a text is missing")
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    hex.as_bytes().chunks(2).map(|pair| Some(digit(*pair.first()?)? << 4 | digit(*pair.get(1)?)?)).collect()
}

#[cfg(test)]
mod tests {
    use palisade_domain::{Fact, Vantage};

    use super::*;

    fn row(headers: &str) -> Value {
        let head = format!("GET /a HTTP/1.1\r\n{headers}\r\n");
        let hex: String = head.bytes().map(|byte| format!("{byte:02x}")).collect();
        serde_json::json!({
            "client": "c", "label": "program", "scheme": "http", "t_us": 5, "raw_head_hex": hex,
        })
    }

    #[test]
    fn a_row_becomes_facts() {
        let recording = Recording::of(&row("Host: shop.example\r\n"), &mut Vec::new()).unwrap().unwrap();
        recording.with_facts(|facts| {
            assert_eq!((facts.path(), facts.host), (Fact::Known("/a"), Fact::Known("shop.example")));
            assert_eq!((facts.user_agent, facts.vantage), (Fact::Absent, Vantage::GatewayClear));
        });
        let worn = recording.wearing("Mozilla/5.0");
        assert_eq!(worn.headers[1], ("User-Agent".to_owned(), "Mozilla/5.0".to_owned()));
        assert_eq!(worn.wearing("x").headers.len(), 2);
    }

    #[test]
    fn a_session_has_one_address() {
        let mut known = Vec::new();
        let mut of = |client: &str, session: &str| address(&mut known, client, session).unwrap();
        assert_eq!(of("a", ""), of("a", ""));
        assert_ne!(of("a", "1"), of("a", "2"));
    }
}
