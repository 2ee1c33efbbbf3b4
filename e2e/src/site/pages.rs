//! What the shop shows.

use axum::Router;
use axum::body::Body;
use axum::extract::ws::{Message, WebSocketUpgrade};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Json, Redirect, Response};
use axum::routing::{get, post};
use base64::Engine as _;
use bytes::Bytes;
use ring::hmac;
use serde::Deserialize;
use serde_json::json;

use super::{HOOK_SECRET, Shop};

pub(super) fn router() -> Router<Shop> {
    Router::new()
        .route("/", get(|| async { page("Shop", &(0..6).map(image).collect::<String>()) }))
        .route("/gallery", get(|| async { page("Gallery", &(0..28).map(image).collect::<String>()) }))
        .route("/search", get(search))
        .route("/frame", get(|| async { Html("<!doctype html><title>Frame</title><p>A frame.") }))
        .route("/account", get(|| async { page("Account", "<p id=account>Signed in.</p>") }))
        .route("/old", get(|| async { Redirect::permanent("/page1") }))
        .route("/login", get(login_form).post(login))
        .route("/contact", get(contact_form).post(contact))
        .route("/spa", get(|| async { Html(SPA) }))
        .route("/static/{file}", get(asset))
        .route("/img/{file}", get(|| async { typed("image/png", decoded(PIXEL)) }))
        .route("/favicon.ico", get(|| async { typed("image/png", decoded(PIXEL)) }))
        .route("/robots.txt", get(|| async { typed("text/plain", ROBOTS) }))
        .route("/feed.xml", get(|| async { typed("application/xml", FEED) }))
        .route("/atom.xml", get(|| async { typed("application/atom+xml", ATOM) }))
        .route("/podcast.xml", get(|| async { typed("application/rss+xml", PODCAST) }))
        .route("/episode.mp3", get(episode))
        .route("/health", get(|| async { Json(json!({"status": "ok"})) }))
        .route("/api/poll", get(|| async { Json(json!({"news": []})) }))
        .route("/api/items", get(|| async { Json(json!({"items": [1, 2, 3]})) }).options(preflight))
        .route("/api/data", get(|| async { Json(json!({"data": "some"})) }))
        .route("/api/event", post(|| async { StatusCode::NO_CONTENT }))
        .route("/assess", post(|| async { Json(json!({"risk": "low"})) }))
        .route("/hooks/payments", post(payment))
        .route("/ws", get(echo))
        .route("/events", get(|| async { typed("text/event-stream", "data: one\n\ndata: two\n\n") }))
        .route("/git/{*path}", get(repository))
        .route("/{page}", get(numbered))
        .fallback(|| async { missing() })
}

/// One transparent pixel.
const PIXEL: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";

const ROBOTS: &str = "User-agent: *\nDisallow: /private/\n";

const FEED: &str = "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>Shop</title><link>/</link>\
<description>News</description><item><title>Lamps are back</title><link>/page1</link><guid>1</guid></item>\
</channel></rss>";

const ATOM: &str = "<?xml version=\"1.0\"?><feed xmlns=\"http://www.w3.org/2005/Atom\"><title>Shop</title>\
<id>urn:shop</id><updated>2026-01-01T00:00:00Z</updated></feed>";

const PODCAST: &str = "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>Shop talk</title><link>/</link>\
<description>Talk</description><item><title>One</title><guid>e1</guid>\
<enclosure url=\"/episode.mp3\" type=\"audio/mpeg\" length=\"4096\"/></item></channel></rss>";

/// A page that works by itself: it asks, polls, posts and talks over a WebSocket, and says in its title how that went.
const SPA: &str = r#"<!doctype html><title>waiting</title><p id=state>waiting</p><script>
async function start() {
  const items = await (await fetch('/api/items')).json();
  const poll = await fetch('/api/poll?n=1');
  const event = await fetch('/api/event', {method: 'POST', headers: {'Content-Type': 'application/json'}, body: '{"a":1}'});
  const socket = new WebSocket('ws://' + location.host + '/ws');
  const heard = await new Promise((done, failed) => {
    socket.onopen = () => socket.send('hello');
    socket.onmessage = message => done(message.data);
    socket.onerror = () => failed('socket');
  });
  const source = new EventSource('/events');
  const news = await new Promise(done => { source.onmessage = message => { source.close(); done(message.data); }; });
  return [items.items.length, poll.status, event.status, heard, news].join(' ');
}
start().then(said => document.title = said, why => document.title = 'failed: ' + why);
</script>"#;

fn image(number: usize) -> String {
    format!("<img src=\"/img/p{number}.png\" alt=\"\" width=60 height=80>")
}

fn page(title: &str, inside: &str) -> Html<String> {
    let links: String = (1..9).map(|page| format!("<a href=\"/page{page}\">Page {page}</a> ")).collect();
    Html(format!(
        "<!doctype html><html lang=en><head><title>{title}</title><link rel=stylesheet href=\"/static/site.css\">\
        <link rel=alternate type=\"application/rss+xml\" href=\"/feed.xml\"><script src=\"/static/app.js\"></script>\
        </head><body><nav><a href=\"/\">Home</a> {links}<a href=\"/gallery\">Gallery</a> <a href=\"/login\">Sign in</a>\
        </nav><h1>{title}</h1>{inside}</body></html>"
    ))
}

fn typed(content_type: &'static str, body: impl Into<Body>) -> Response {
    ([(header::CONTENT_TYPE, content_type)], body.into()).into_response()
}

fn decoded(text: &str) -> Vec<u8> {
    base64::prelude::BASE64_STANDARD.decode(text).expect("constant base64")
}

fn missing() -> Response {
    (StatusCode::NOT_FOUND, page("Not here", "<p>There is no such page.</p>")).into_response()
}

async fn numbered(Path(name): Path<String>) -> Response {
    let number = name.strip_prefix("page").and_then(|number| number.parse::<u8>().ok());
    match number {
        Some(number @ 1..=99) => {
            let more = image(usize::from(number));
            page(&format!("Page {number}"), &format!("<p>Text of page {number}.</p>{more}")).into_response()
        }
        _ => missing(),
    }
}

async fn asset(Path(file): Path<String>) -> Response {
    match file.rsplit('.').next() {
        Some("css") => typed("text/css", "body { font-family: sans-serif }"),
        Some("js") => typed("text/javascript", "document.documentElement.dataset.script = 'on';"),
        Some("ttf") => typed("font/ttf", vec![0; 64]),
        _ => missing(),
    }
}

#[derive(Deserialize)]
struct Search {
    q: Option<String>,
}

async fn search(Query(search): Query<Search>) -> Html<String> {
    // Only what the tests ask for is shown; nothing of the question is.
    let found = if search.q.as_deref() == Some("lamp") { 3 } else { 0 };
    page("Search", &format!("<p>{found} found.</p>"))
}

async fn login_form() -> Html<String> {
    page(
        "Sign in",
        "<form method=post action=\"/login\"><input name=user autocomplete=username>\
        <input name=password type=password><button id=submit>Sign in</button></form>",
    )
}

/// Everybody may in, but for those who guess: a password that begins with `wrong` is.
async fn login(body: Bytes) -> Response {
    if String::from_utf8_lossy(&body).contains("password=wrong") {
        return (StatusCode::UNAUTHORIZED, page("Sign in", "<p>That was not it.</p>")).into_response();
    }
    ([(header::SET_COOKIE, "sid=demo; Path=/; HttpOnly; SameSite=Lax")], Redirect::to("/account"))
        .into_response()
}

async fn contact_form() -> Html<String> {
    page(
        "Write to us",
        "<form method=post action=\"/contact\"><input name=name><textarea name=message></textarea>\
        <button id=send>Send</button></form>",
    )
}

async fn contact() -> Html<String> {
    page("Thank you", "<p id=thanks>We have read it.</p>")
}

async fn preflight() -> Response {
    let allowed = [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "https://app.example"),
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, PUT"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "content-type"),
    ];
    (StatusCode::NO_CONTENT, allowed).into_response()
}

async fn episode(headers: HeaderMap) -> Response {
    let sound = vec![0xff_u8; 4096];
    let range = headers.get(header::RANGE).and_then(|range| range.to_str().ok());
    let bounds = range.and_then(|range| range.strip_prefix("bytes=")?.split_once('-'));
    let Some((from, to)) = bounds else { return typed("audio/mpeg", sound) };
    let from = from.parse::<usize>().unwrap_or(0).min(sound.len() - 1);
    let to = to.parse::<usize>().unwrap_or(sound.len() - 1).clamp(from, sound.len() - 1);
    let content_range = format!("bytes {from}-{to}/{}", sound.len());
    let headers = [(header::CONTENT_TYPE, "audio/mpeg".to_owned()), (header::CONTENT_RANGE, content_range)];
    (StatusCode::PARTIAL_CONTENT, headers, sound[from..=to].to_vec()).into_response()
}

/// Takes what a payment provider posts, where its signature is right: `t=SECONDS,v1=HEX` over `SECONDS.BODY`.
async fn payment(headers: HeaderMap, body: Bytes) -> Response {
    let signature = headers.get("stripe-signature").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let part = |name: &str| signature.split(',').find_map(|part| part.strip_prefix(name)).unwrap_or_default();
    let signed = [part("t=").as_bytes(), b".", &body].concat();
    let key = hmac::Key::new(hmac::HMAC_SHA256, HOOK_SECRET);
    let given = crate::tools::from_hex(part("v1=")).unwrap_or_default();
    match hmac::verify(&key, &signed, &given) {
        Ok(()) => Json(json!({"received": true})).into_response(),
        Err(_) => (StatusCode::BAD_REQUEST, Json(json!({"received": false}))).into_response(),
    }
}

async fn echo(upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(|mut socket| async move {
        while let Some(Ok(message)) = socket.recv().await {
            let back = matches!(message, Message::Text(_) | Message::Binary(_));
            if back && socket.send(message).await.is_err() {
                return;
            }
        }
    })
}

/// Files of a bare repository, as any web server would hand them out.
async fn repository(State(shop): State<Shop>, Path(path): Path<String>) -> Response {
    let Some(root) = shop.repository.filter(|_| !path.contains("..")) else { return missing() };
    match tokio::fs::read(root.join(path)).await {
        Ok(bytes) => typed("application/octet-stream", bytes),
        Err(_) => missing(),
    }
}
