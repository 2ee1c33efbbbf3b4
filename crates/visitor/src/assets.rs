//! Scripts that browsers load from here, compressed once and named by their digest.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::{Compression, GzBuilder};
use ring::digest::{SHA256, SHA384, digest};

use crate::Reply;
use crate::cors::Readers;
use crate::visit::Visit;

const COLLECT: &str = include_str!("../../../web/collect.js");
const WORK: &str = include_str!("../../../web/work.js");
const CAPTCHA: &str = include_str!("../../../web/captcha.js");
const ELEMENT: &str = include_str!("../../../web/element.js");
const SHIMS: &str = include_str!("../../../web/shims.js");
const PAGE: &str = include_str!("../../../web/page.js");
const RETRY: &str = include_str!("../../../web/retry.js");
const WASM: &[u8] = include_bytes!("../../../web/wasm/work.wasm");
const WASM_SIMD: &[u8] = include_bytes!("../../../web/wasm/work-simd.wasm");

/// What stands in the widget's script in the place of the host's site key.
const SITE_KEY: &str = "__PALISADE_SITE_KEY__";

/// Most hosts' scripts that are held ready: one a tenant. More are made when they are asked for.
pub const WIDGETS_MAX: usize = 256;

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
        let gzip = gzip(&bytes, Compression::best());
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
        let script = |path, parts: &[&str]| Asset::new(path, SCRIPT, parts.join("\n").into_bytes());
        let wasm = |path, bytes: &[u8]| Asset::new(path, "application/wasm", bytes.to_vec());
        vec![
            script("page.js", &[COLLECT, WORK, PAGE]),
            script("retry.js", &[COLLECT, WORK, RETRY]),
            script("captcha/work.js", &[WORK]),
            script("captcha/element.js", &[ELEMENT]),
            script("captcha/shims.js", &[SHIMS]),
            wasm("captcha/work.wasm", WASM),
            wasm("captcha/work-simd.wasm", WASM_SIMD),
        ]
    });
    &ALL
}

/// The asset at `path`, below the base.
pub fn find(path: &str) -> Option<&'static Asset> {
    let path = if is_vendors(path) { "captcha/shims.js" } else { path };
    all().iter().find(|asset| asset.path == path)
}

/// The path of a hosted service's script: a page written for it works when the script's host alone is changed. The script
/// sees by its own address which one is meant.
fn is_vendors(path: &str) -> bool {
    match path {
        "recaptcha/api.js" | "recaptcha/enterprise.js" => true,
        "1/api.js" | "1/secure-api.js" | "hcaptcha/1/api.js" | "hcaptcha/1/secure-api.js" => true,
        path => path.strip_prefix("turnstile/v0/").is_some_and(|rest| {
            rest == "api.js" || rest.strip_suffix("/api.js").is_some_and(|build| build.len() <= 64)
        }),
    }
}

/// The widget's script with `site_key` in it.
pub fn widget(site_key: &str) -> Arc<Asset> {
    static HELD: Mutex<BTreeMap<String, Arc<Asset>>> = Mutex::new(BTreeMap::new());
    if let Some(asset) = HELD.lock().unwrap_or_else(PoisonError::into_inner).get(site_key) {
        return Arc::clone(asset);
    }
    // A site key is letters, digits, `_` and `-`: it cannot end the text it stands in.
    let plain = site_key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    let captcha = CAPTCHA.replace(SITE_KEY, if plain { site_key } else { SITE_KEY });
    let asset = Arc::new(Asset::new("captcha.js", SCRIPT, [COLLECT, &captcha].join("\n").into_bytes()));
    let mut held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
    if held.len() < WIDGETS_MAX {
        held.insert(site_key.to_owned(), Arc::clone(&asset));
    }
    asset
}

/// `captcha/integrity.json`: what may stand in `integrity` attributes, so that a page loads these bytes or none.
pub fn integrity(site_key: &str) -> String {
    let widget = widget(site_key);
    let named = all().iter().chain([&*widget]).map(|asset| (asset.path, asset.integrity()));
    serde_json::to_string(&named.collect::<BTreeMap<_, _>>()).expect("texts always serialise")
}

/// The widget's script as an answer.
pub fn serve_widget(site_key: &str, visit: &Visit<'_>) -> Reply {
    let asset = widget(site_key);
    let packed = visit.header("accept-encoding").is_some_and(takes_gzip);
    let body = if packed { asset.gzip.clone() } else { asset.bytes.clone() };
    answer(&asset, Cow::Owned(body), packed, visit)
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

/// A page as it travels: packed where the client takes that and it is worth it, and whether it is. What is long is a sealed
/// body, which nothing makes shorter.
pub(crate) fn packed(bytes: Vec<u8>, visit: &Visit<'_>) -> (Vec<u8>, bool) {
    const WORTH: std::ops::Range<usize> = 1_024..24 * 1_024;
    if !WORTH.contains(&bytes.len()) || !visit.header("accept-encoding").is_some_and(takes_gzip) {
        return (bytes, false);
    }
    (gzip(&bytes, Compression::fast()), true)
}

fn gzip(bytes: &[u8], level: Compression) -> Vec<u8> {
    let mut gzip = GzBuilder::new().write(Vec::new(), level);
    gzip.write_all(bytes).expect("memory takes what is written");
    gzip.finish().expect("memory takes what is written")
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

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;
    use crate::testing::Request;

    fn got(request: &Request<'_>, path: &str) -> Reply {
        let asset = find(path).unwrap();
        request.with(|visit| serve(asset, visit))
    }

    #[test]
    fn what_travels_is_small() {
        let check = |len: usize, bytes_max: usize, what: &str| {
            assert!(len <= bytes_max, "{what} has {len} bytes packed, more than {bytes_max}");
        };
        for asset in all() {
            check(asset.gzip_len(), 15 * 1024, asset.path);
        }
        check(widget("pal_site_abcdefghijklmnopqrstuv").gzip_len(), 12 * 1024, "the loader");
    }

    #[test]
    fn packed_and_plain_are_the_same() {
        let mut request = Request::new("GET", "/");
        let plain = got(&request, "page.js");
        assert_eq!((plain.status, plain.header("content-encoding")), (200, None));
        request.headers.push(("accept-encoding", "br;q=1.0, gzip;q=0.8"));
        let packed = got(&request, "page.js");
        assert_eq!(packed.header("content-encoding"), Some("gzip"));
        assert_ne!(packed.header("etag"), plain.header("etag"));
        let mut text = Vec::new();
        flate2::read::GzDecoder::new(&*packed.body).read_to_end(&mut text).unwrap();
        assert_eq!(text, &*plain.body);
        for refused in ["gzip;q=0", "identity", "x-gzip-not"] {
            request.headers[0].1 = refused;
            assert_eq!(got(&request, "page.js").header("content-encoding"), None, "{refused}");
        }
    }

    #[test]
    fn what_is_held_is_not_sent_again() {
        let tag =
            Request::new("GET", "/").with(|visit| serve(page(), visit).header("etag").unwrap().to_owned());
        let mut request = Request::new("GET", "/");
        let weak = format!("\"x\", W/{tag}");
        request.headers.push(("if-none-match", &weak));
        let reply = got(&request, "page.js");
        assert_eq!((reply.status, reply.body.len()), (304, 0));
        request.headers[0].1 = "\"other\"";
        assert_eq!(got(&request, "page.js").status, 200);
    }

    #[test]
    fn only_a_named_version_is_kept_for_ever() {
        let mut request = Request::new("GET", "/");
        let version = format!("v={}", page().version());
        assert_eq!(got(&request, "page.js").header("cache-control"), Some("public, max-age=3600"));
        request.query = &version;
        assert!(got(&request, "page.js").header("cache-control").unwrap().contains("immutable"));
        request.query = "v=0123456789abcdef";
        assert!(!got(&request, "page.js").header("cache-control").unwrap().contains("immutable"));
    }

    #[test]
    fn pages_written_for_others_find_their_script() {
        let shims = find("captcha/shims.js").unwrap();
        for path in [
            "recaptcha/api.js",
            "recaptcha/enterprise.js",
            "1/api.js",
            "hcaptcha/1/api.js",
            "turnstile/v0/api.js",
            "turnstile/v0/g/b0f1/api.js",
        ] {
            assert_eq!(find(path).unwrap().integrity(), shims.integrity(), "{path}");
        }
        for path in ["turnstile/v1/api.js", "turnstile/v0/", "recaptcha/api2.js", "api.js", ""] {
            assert!(find(path).is_none(), "{path}");
        }
    }

    #[test]
    fn the_widget_carries_the_site_key_and_nothing_else() {
        let text = |key: &str| String::from_utf8(widget(key).bytes().to_vec()).unwrap();
        assert!(text("pal_site_a-b_c").contains("SITE_KEY = \"pal_site_a-b_c\""));
        assert!(!text("pal_site_a-b_c").contains(SITE_KEY));
        assert!(text("\";alert(1)//").contains(SITE_KEY));
        let listed: serde_json::Value = serde_json::from_str(&integrity("pal_site_a")).unwrap();
        assert_eq!(listed["captcha.js"].as_str(), Some(widget("pal_site_a").integrity()));
        assert_eq!(listed.as_object().map(serde_json::Map::len), Some(all().len() + 1));
    }
}
