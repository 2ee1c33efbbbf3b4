//! Further pages of the defended site: forms, pages that call, pages with a strict policy, and the widget on a form.

use axum::Router;
use axum::body::Bytes;
use axum::extract::Query;
use axum::http::{HeaderMap, header};
use axum::response::{Html, IntoResponse, Json, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::json;

/// Seed 000's page, word for word, but for two fields where it says that fields go.
pub(crate) const SEED: &str = r#"<!DOCTYPE html>
<html lang="en">
<head>
    <meta charset="UTF-8">
    <meta name="viewport" content="width=device-width, initial-scale=1.0">
    <title>AI CAPTCHA Example</title>
    <script src="/captcha.js"></script>
</head>
<body>
    <form id="example-form" action="/submit" method="POST">
        <!-- Your form fields go here -->
        <label>Name <input name="name"></label> <label>Text <input name="text"></label>
        <button type="submit">Submit</button>
    </form>

    <script>
        // Automatically intercept form submissions
        document.addEventListener("DOMContentLoaded", () => new AICaptcha({ autoIntercept: true }));
    </script>
</body>
</html>
"#;

/// Nothing of it may be done inline, and nothing comes from elsewhere.
pub(crate) const STRICT: &str = "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; worker-src 'self'; form-action 'self'";

/// The page of `STRICT`; its first script notes whatever the browser would not let it do.
const STRICT_PAGE: &str = r#"<!doctype html><html lang=en><head><meta charset=utf-8><title>Strict</title>
<script src="/strict/watch.js"></script><script src="BELOWcaptcha.js"></script>
<script src="/strict/start.js"></script></head><body>
<form action="/submit" method="post"><label>Name <input name="name"></label>
<palisade-captcha></palisade-captcha><button id="send">Send</button></form></body></html>"#;

const WATCH: &str = "window.refused = [];
document.addEventListener('securitypolicyviolation', e => refused.push(e.violatedDirective + ' ' + e.blockedURI + ' ' + e.sourceFile));
window.faults = [];
window.addEventListener('error', e => faults.push(String(e.message)));
window.addEventListener('unhandledrejection', e => faults.push(String(e.reason)));";

const START: &str = "document.addEventListener('DOMContentLoaded', () => { window.captcha = new AICaptcha({autoIntercept: true}); });";

/// What a page's script does that knows nothing of challenges; its title says how it went.
const CALLING: &str = "<script>
fetch('/api/items').then(async answer => {
  const said = await answer.json();
  document.title = answer.status + ' ' + answer.headers.get('content-type') + ' ' + (said.items || said.error) + ' ' + (said.challenge || '');
}, why => document.title = 'failed: ' + why);
</script>";

/// The same with the older interface, posting.
const CALLING_OLD: &str = "<script>
const call = new XMLHttpRequest();
call.open('POST', '/api/event');
call.setRequestHeader('Content-Type', 'application/json');
call.onloadend = () => document.title = 'event ' + call.status;
call.send('{\"a\": 1}');
</script>";

pub(crate) fn router() -> Router {
    Router::new()
        .route("/seed", get(|| async { Html(SEED) }))
        .route("/submit", post(submitted))
        .route("/write", get(|| async { Html(WRITE) }))
        .route("/upload", get(|| async { Html(UPLOAD) }))
        .route("/large", get(large))
        .route("/written", post(|| async { Html("<!doctype html><title>Written</title><p>Thank you.") }))
        .route("/strict", get(strict))
        .route("/strict/watch.js", get(|| async { script(WATCH) }))
        .route("/strict/start.js", get(|| async { script(START) }))
        .route("/calling", get(|| async { Html(calling("", CALLING)) }))
        .route(
            "/calling/helped",
            get(|scripts: Query<Scripts>| async move { scripts.of(&calling(HELPER, CALLING)) }),
        )
        .route(
            "/calling/old",
            get(|scripts: Query<Scripts>| async move { scripts.of(&calling(HELPER, CALLING_OLD)) }),
        )
        .route(
            "/calling/quiet",
            get(|scripts: Query<Scripts>| async move {
                scripts.of(&calling(HELPER, "<script>document.title = 'Quiet'</script>"))
            }),
        )
        .route("/calling/across", get(across))
        .route("/slow.js", get(|| async { script("document.documentElement.dataset.slow = 'yes'") }))
        .route("/preview", get(|| async { Html(PREVIEW) }))
        .route("/vendor", get(vendor))
        .merge(crate::previews::pages())
}

/// The helper for calls, as a site includes it.
const HELPER: &str = "<script src=\"BELOWretry.js\"></script>";

/// Where the page finds scripts of ours; as usual where it is not said.
#[derive(Deserialize)]
struct Scripts {
    below: Option<String>,
}

impl Scripts {
    fn of(&self, page: &str) -> Html<String> {
        Html(page.replace("BELOW", self.below.as_deref().unwrap_or("/.palisade/")))
    }
}

const WRITE: &str = "<!doctype html><title>Write</title><form method=post action=\"/written?from=form&x=%26\">\
<input name=name><input name=text><button id=send>Send</button></form>";

const UPLOAD: &str = "<!doctype html><title>Upload</title>\
<form method=post action=\"/written\" enctype=\"multipart/form-data\"><input name=name><input type=file name=file>\
<button id=send>Send</button></form>";

/// A page with what previews show.
const PREVIEW: &str = "<!doctype html><html><head><title>Lamp</title>\
<meta property=\"og:title\" content=\"A lamp &quot;Otto&quot;\"><meta property=\"og:image\" content=\"/img/p1.png\">\
<meta property=\"og:description\" content=\"Shines\"></head><body>Lamp</body></html>";

fn script(text: &'static str) -> Response {
    ([(header::CONTENT_TYPE, "text/javascript")], text).into_response()
}

fn calling(helper: &str, script: &str) -> String {
    format!("<!doctype html><title>waiting</title>{helper}<p>Calls.</p>{script}")
}

#[derive(Deserialize)]
struct Across {
    to: String,
}

/// A page of one origin that calls another, with that one's cookies.
async fn across(Query(Across { to }): Query<Across>) -> Html<String> {
    let script = CALLING.replace("fetch('/api/items')", "fetch(TO, {credentials: 'include'})");
    Html(calling("", &script.replace("TO", &json!(format!("{to}/api/items")).to_string())))
}

#[derive(Deserialize)]
struct Large {
    bytes: usize,
}

/// A form whose body is exactly as long as asked for.
async fn large(Query(Large { bytes }): Query<Large>) -> Html<String> {
    let text = "x".repeat(bytes - "text=".len());
    Html(format!(
        "<!doctype html><title>Large</title><form method=post action=\"/written\">\
        <input type=hidden name=text value=\"{text}\"><button id=send>Send</button></form>"
    ))
}

async fn strict(Query(scripts): Query<Scripts>) -> Response {
    ([(header::CONTENT_SECURITY_POLICY, STRICT)], scripts.of(STRICT_PAGE)).into_response()
}

/// Shows what was sent, so that a test can read it in the browser.
async fn submitted(headers: HeaderMap, body: Bytes) -> Response {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if kind.starts_with("application/json") {
        return Json(json!({"submitted": true})).into_response();
    }
    let text = String::from_utf8_lossy(&body).replace('&', "&amp;").replace('<', "&lt;");
    Html(format!("<!doctype html><title>Submitted</title><pre id=sent>{text}</pre>")).into_response()
}

#[derive(Deserialize)]
struct Vendor {
    page: String,
    host: String,
    key: String,
}

/// A page as a vendor's documentation writes it, with the script's host and the key put in.
async fn vendor(Query(Vendor { page, host, key }): Query<Vendor>) -> Html<String> {
    let text = crate::shims::page_of(&page);
    Html(text.replace("SCRIPT_HOST", &host).replace("SITE_KEY", &key))
}
