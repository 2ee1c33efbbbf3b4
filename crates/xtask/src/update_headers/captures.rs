//! Recordings of clients, byte for byte (columns: their SOURCE.md).

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use anyhow::Context as _;
use flate2::read::GzDecoder;
use palisade_domain::{HeaderCase, HeaderList, HeaderOrder, HttpVersion};
use palisade_fingerprint::head;
use palisade_fingerprint::header_order::Engine;
use serde_json::Value;

/// One recorded request.
#[derive(Clone, Debug)]
pub(crate) struct Capture {
    /// The program that sent it.
    pub(crate) client: String,
    /// `browser`, `program` or `automated-browser`.
    pub(crate) label: String,
    /// HTTP version.
    pub(crate) version: HttpVersion,
    /// Headers in wire order and case, without pseudo-headers.
    pub(crate) headers: Vec<(String, String)>,
}

/// All complete requests of `folder`'s two files.
///
/// # Errors
/// Where a file cannot be read or a row is not of the documented form.
pub(crate) fn read(folder: &Path) -> anyhow::Result<Vec<Capture>> {
    let mut all = Vec::new();
    for name in ["clients.jsonl.gz", "sessions.jsonl.gz"] {
        let path = folder.join(name);
        let file = File::open(&path).with_context(|| format!("opening {}", path.display()))?;
        for (at, line) in BufReader::new(GzDecoder::new(file)).lines().enumerate() {
            let place = || format!("{}:{}", path.display(), at + 1);
            let row: Value = serde_json::from_str(&line.with_context(place)?).with_context(place)?;
            all.extend(Capture::of(&row).with_context(place)?);
        }
    }
    Ok(all)
}

impl Capture {
    /// The request of a row; `None` where there was none (a failed handshake, a head cut short).
    fn of(row: &Value) -> anyhow::Result<Option<Capture>> {
        let (version, headers) = match (row["raw_head_hex"].as_str(), &row["h2"]["headers"]) {
            (Some(hex), _) => {
                let bytes = bytes(hex).context("hexadecimal digits")?;
                let Ok(head) = head::parse(&bytes) else { return Ok(None) };
                let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                (
                    head.version,
                    head.headers.iter().map(|(name, value)| ((*name).to_owned(), text(value))).collect(),
                )
            }
            (None, Value::Array(pairs)) => {
                let mut headers: Vec<(String, String)> = Vec::new();
                for pair in pairs {
                    headers.push((text(&pair[0])?, text(&pair[1])?));
                }
                headers.retain(|(name, _)| !name.starts_with(':'));
                (HttpVersion::Http2, headers)
            }
            _ => return Ok(None),
        };
        Ok(Some(Capture { client: text(&row["client"])?, label: text(&row["label"])?, version, headers }))
    }

    /// Runs `f` on the headers.
    pub(crate) fn with_list<R>(&self, f: impl FnOnce(&HeaderList<'_>) -> R) -> R {
        let entries: Vec<_> =
            self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        f(&HeaderList { entries: &entries, order: HeaderOrder::Wire, case: HeaderCase::Wire })
    }

    /// The first value of `name`, empty where there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value)
    }

    /// The engine that wrote these headers; `None` for programs and for helpers inside a browser (Playwright's own
    /// HTTP client, Konqueror's KIO), which say themselves that they are something else or send no language.
    pub(crate) fn engine(&self) -> Option<Engine> {
        let agent = self.header("user-agent");
        match self.client.as_str() {
            "chromium" | "chromium-headless" | "puppeteer" | "puppeteer-headed" => Some(Engine::Blink),
            "playwright" | "playwright-headed" if !self.header("accept-language").is_empty() => {
                Some(Engine::Blink)
            }
            "firefox-esr" | "firefox-headless" | "puppeteer-firefox" | "thunderbird" => Some(Engine::Gecko),
            "falkon" | "konqueror" | "qutebrowser" if agent.contains("AppleWebKit") => {
                Some(Engine::QtWebEngine)
            }
            _ => None,
        }
    }
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
    use super::*;

    #[test]
    fn a_row_becomes_a_list() {
        let hex: String =
            b"GET / HTTP/1.1\r\nHost: a\r\nTE: b\r\n\r\n".iter().map(|byte| format!("{byte:02x}")).collect();
        let row = serde_json::json!({ "client": "x", "label": "program", "raw_head_hex": hex });
        let capture = Capture::of(&row).unwrap().unwrap();
        assert_eq!(
            (capture.version, capture.header("te"), capture.engine()),
            (HttpVersion::Http11, "b", None)
        );
        let row = serde_json::json!({ "client": "x", "label": "program", "h2": { "headers": [[":path", "/"], ["te", "b"]] } });
        assert_eq!(Capture::of(&row).unwrap().unwrap().headers, [("te".to_owned(), "b".to_owned())]);
        assert!(Capture::of(&serde_json::json!({ "client": "x", "tls_error": "y" })).unwrap().is_none());
        assert!(bytes("abc").is_none() && bytes("zz").is_none());
    }
}
