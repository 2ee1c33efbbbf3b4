//! Scripts that browsers load from here, compressed once and named by their digest.

use std::borrow::Cow;
use std::io::Write;
use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::{Compression, GzBuilder};
use ring::digest::{SHA256, SHA384, digest};

use crate::Reply;
use crate::cors::Readers;
use crate::visit::Visit;

const PAGE: &str = include_str!("../../../web/page.js");
const RETRY: &str = include_str!("../../../web/retry.js");

const SCRIPT: &str = "text/javascript; charset=utf-8";

/// One file as it is served.
#[derive(Debug)]
pub struct Asset {
    /// Its path below the base.
    pub path: &'static str,
    /// `Content-Type`.
    pub kind: &'static str,
    bytes: Vec<u8>,
    gzip: Vec<u8>,
    version: String,
    integrity: String,
}

impl Asset {
    fn new(path: &'static str, kind: &'static str, bytes: Vec<u8>) -> Self {
        let mut gzip = GzBuilder::new().write(Vec::new(), Compression::best());
        gzip.write_all(&bytes).expect("memory takes what is written");
        let gzip = gzip.finish().expect("memory takes what is written");
        let hash = digest(&SHA256, &bytes);
        let version = hash.as_ref()[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        let integrity = format!("sha384-{}", STANDARD.encode(digest(&SHA384, &bytes)));
        Asset { path, kind, bytes, gzip, version, integrity }
    }

    /// Sixteen hex digits of its digest; with `?v=` and these its address never changes what it means.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// For `integrity` attributes (Subresource Integrity).
    pub fn integrity(&self) -> &str {
        &self.integrity
    }

    /// What travels to a browser, in bytes.
    pub fn gzip_len(&self) -> usize {
        self.gzip.len()
    }

    /// As it was written.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// Everything whose bytes are the same for every host.
fn all() -> &'static [Asset] {
    static ALL: LazyLock<Vec<Asset>> = LazyLock::new(|| {
        let script = |path, text: &str| Asset::new(path, SCRIPT, text.as_bytes().to_vec());
        vec![script("page.js", PAGE), script("retry.js", RETRY)]
    });
    &ALL
}

/// The asset at `path`, below the base.
pub fn find(path: &str) -> Option<&'static Asset> {
    all().iter().find(|asset| asset.path == path)
}

/// The script of the challenge page.
pub fn page() -> &'static Asset {
    &all()[0]
}

/// The asset as an answer: what the client holds already is not sent again, and what it can unpack travels packed.
pub fn serve(asset: &'static Asset, visit: &Visit<'_>) -> Reply {
    let packed = visit.header("accept-encoding").is_some_and(takes_gzip);
    let body: &'static [u8] = if packed { &asset.gzip } else { &asset.bytes };
    answer(asset, Cow::Borrowed(body), packed, visit)
}

fn answer(asset: &Asset, body: Cow<'static, [u8]>, packed: bool, visit: &Visit<'_>) -> Reply {
    // One tag for each form of it (RFC 9110, section 8.8.3).
    let tag = format!("\"{}{}\"", asset.version, if packed { "-gz" } else { "" });
    let held = visit.header("if-none-match").is_some_and(|held| {
        held == "*" || held.split(',').any(|one| one.trim_ascii().trim_start_matches("W/") == tag)
    });
    let named = visit.query.split('&').any(|pair| pair.strip_prefix("v=") == Some(asset.version()));
    let keep = if named { "public, max-age=31536000, immutable" } else { "public, max-age=3600" };
    let mut headers = vec![
        ("content-type", asset.kind.to_owned()),
        ("cache-control", keep.to_owned()),
        ("etag", tag),
        ("vary", "accept-encoding".to_owned()),
        ("x-content-type-options", "nosniff".to_owned()),
        // A page that isolates itself (COEP) still loads it, also as its worker.
        ("cross-origin-resource-policy", "cross-origin".to_owned()),
        ("cross-origin-embedder-policy", "require-corp".to_owned()),
    ];
    if packed {
        headers.push(("content-encoding", "gzip".to_owned()));
    }
    let body = if held || visit.wants.head_only { Cow::Borrowed(&b""[..]) } else { body };
    let mut reply = Reply { status: if held { 304 } else { 200 }, headers, body, pace: None };
    Readers::Anybody.allow(&mut reply, visit);
    reply
}

/// True where `Accept-Encoding` names gzip and does not refuse it.
fn takes_gzip(accepts: &str) -> bool {
    accepts.split(',').take(16).any(|item| {
        let mut parts = item.split(';');
        let name = parts.next().unwrap_or("").trim_ascii();
        let refused = parts.any(|part| matches!(part.trim_ascii(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000"));
        name.eq_ignore_ascii_case("gzip") && !refused
    })
}
