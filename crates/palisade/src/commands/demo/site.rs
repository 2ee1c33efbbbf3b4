//! The demo's site: a small bookshop with pages, assets, a form, a login, a feed, robots.txt, an API, server-sent events
//! and a WebSocket. What people and programs do on sites, in one place to try it on.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::Path;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::sse::{Event, Sse};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use serde::{Deserialize, Serialize};

const LAYOUT: &str = include_str!("../../../demo/layout.html");
const STYLE: &str = include_str!("../../../demo/style.css");
const SCRIPT: &str = include_str!("../../../demo/script.js");
const COVER: &str = include_str!("../../../demo/cover.svg");

/// What robots are asked: the gateway notices who does not listen.
const ROBOTS: &str = "User-agent: *\nDisallow: /members/\nAllow: /\nSitemap: /sitemap.xml\n";

/// One line a script may send over the echo socket.
const ECHO_BYTES_MAX: usize = 64 * 1024;

/// The login that works.
const USER: &str = "reader";
const PASSWORD: &str = "harbour";

#[derive(Clone, Copy, Serialize)]
struct Book {
    slug: &'static str,
    title: &'static str,
    author: &'static str,
}

const BOOKS: [Book; 6] = [
    Book { slug: "tide-tables", title: "Tide Tables for the Patient", author: "M. Okafor" },
    Book { slug: "lamplighters", title: "The Last Lamplighters", author: "E. Haldane" },
    Book { slug: "knots", title: "Forty Useful Knots", author: "J. Bramwell" },
    Book { slug: "north", title: "A Slow Way North", author: "I. Sørensen" },
    Book { slug: "cartographer", title: "The Cartographer's Garden", author: "L. Duarte" },
    Book { slug: "salt", title: "Salt, Rope and Weather", author: "T. Nakamura" },
];

/// The whole site.
pub(super) fn router() -> Router {
    Router::new()
        .route("/", get(shelf))
        .route("/books/{slug}", get(book))
        .route("/contact", get(contact).post(sent))
        .route("/login", get(login).post(log_in))
        .route("/members/", get(members))
        .route("/echo-page", get(echo_page))
        .route("/echo", get(echo))
        .route("/events", get(events))
        .route("/api/books", get(|| async { Json(BOOKS) }))
        .route("/assess", post(|| async { Json(serde_json::json!({ "status": "assessed" })) }))
        .route("/feed.xml", get(feed))
        .route("/sitemap.xml", get(sitemap))
        .route("/robots.txt", get(|| async { typed("text/plain; charset=utf-8", ROBOTS) }))
        .route("/assets/style.css", get(|| async { asset("text/css; charset=utf-8", STYLE) }))
        .route("/assets/script.js", get(|| async { asset("text/javascript; charset=utf-8", SCRIPT) }))
        .route("/assets/cover.svg", get(|| async { asset("image/svg+xml", COVER) }))
        .route("/favicon.ico", get(|| async { asset("image/svg+xml", COVER) }))
        .fallback(missing)
}

fn page(title: &str, body: &str) -> Html<String> {
    Html(LAYOUT.replace("{{title}}", title).replace("{{body}}", body))
}

fn typed(kind: &'static str, text: &'static str) -> Response {
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}

fn asset(kind: &'static str, text: &'static str) -> Response {
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "public, max-age=60")], text).into_response()
}

async fn shelf() -> Html<String> {
    let books: String = BOOKS
        .iter()
        .map(|book| {
            format!(
                "<li><a href=\"/books/{0}\"><img src=\"/assets/cover.svg?{0}\" alt=\"\" width=\"160\" height=\"100\"></a>\
                 <a href=\"/books/{0}\">{1}</a><br><span class=\"soft\">{2}</span></li>",
                book.slug, book.title, book.author
            )
        })
        .collect();
    page(
        "Shelf",
        &format!("<h1>On the shelf</h1><p id=\"stock\" class=\"soft\"></p><ul class=\"books\">{books}</ul>"),
    )
}

async fn book(Path(slug): Path<String>) -> Response {
    match BOOKS.iter().find(|book| book.slug == slug) {
        Some(book) => {
            let body = format!(
                "<h1>{}</h1><p class=\"soft\">{}</p><p>A quiet book about the sea and what people make of it.</p>",
                book.title, book.author
            );
            page(book.title, &body).into_response()
        }
        None => missing().await,
    }
}

async fn missing() -> Response {
    (
        StatusCode::NOT_FOUND,
        page("Not found", "<h1>No such page</h1><p>Back to the <a href=\"/\">shelf</a>.</p>"),
    )
        .into_response()
}

async fn contact() -> Html<String> {
    page(
        "Contact",
        "<h1>Write to us</h1><form method=\"post\" action=\"/contact\">\
         <label>Name <input name=\"name\" autocomplete=\"name\" required></label>\
         <label>Message <textarea name=\"message\" rows=\"4\" required></textarea></label>\
         <label class=\"away\" aria-hidden=\"true\">Website <input name=\"website\" tabindex=\"-1\" autocomplete=\"off\"></label>\
         <button>Send</button></form>",
    )
}

#[derive(Deserialize)]
struct Letter {
    name: String,
    message: String,
}

async fn sent(Form(letter): Form<Letter>) -> Html<String> {
    let characters = letter.name.chars().count() + letter.message.chars().count();
    page("Sent", &format!("<h1>Thank you</h1><p>{characters} characters arrived.</p>"))
}

async fn login() -> Html<String> {
    page("Sign in", &login_form("Try <code>reader</code> with <code>harbour</code>."))
}

fn login_form(hint: &str) -> String {
    format!(
        "<h1>Sign in</h1><p class=\"soft\">{hint}</p><form method=\"post\" action=\"/login\">\
         <label>Name <input name=\"username\" autocomplete=\"username\" required></label>\
         <label>Password <input name=\"password\" type=\"password\" autocomplete=\"current-password\" required></label>\
         <button>Sign in</button></form>"
    )
}

#[derive(Deserialize)]
struct Credentials {
    username: String,
    password: String,
}

async fn log_in(Form(credentials): Form<Credentials>) -> Response {
    if (credentials.username.as_str(), credentials.password.as_str()) == (USER, PASSWORD) {
        let cookie = [(header::SET_COOKIE, "reader=1; Path=/; HttpOnly; SameSite=Lax")];
        return (cookie, Redirect::to("/members/")).into_response();
    }
    (StatusCode::UNAUTHORIZED, page("Sign in", &login_form("That was not right."))).into_response()
}

async fn members(headers: HeaderMap) -> Response {
    let cookie = headers.get(header::COOKIE).and_then(|value| value.to_str().ok()).unwrap_or("");
    if cookie.contains("reader=1") {
        return page("Members", "<h1>Welcome back</h1><p>Two books are waiting for you.</p>").into_response();
    }
    Redirect::to("/login").into_response()
}

async fn echo_page() -> Html<String> {
    page(
        "Echo",
        "<h1>Echo</h1><form id=\"echo\"><label>Words <input name=\"words\" value=\"ahoy\"></label><button>Send</button></form>\
         <p><output id=\"echo-out\">connecting</output></p>",
    )
}

async fn echo(upgrade: WebSocketUpgrade) -> Response {
    upgrade.max_message_size(ECHO_BYTES_MAX).on_upgrade(answer)
}

async fn answer(mut socket: WebSocket) {
    while let Some(Ok(message)) = socket.recv().await {
        let answered = match message {
            Message::Text(_) | Message::Binary(_) => socket.send(message).await,
            Message::Close(_) => return,
            Message::Ping(_) | Message::Pong(_) => Ok(()),
        };
        if answered.is_err() {
            return;
        }
    }
}

async fn events() -> Sse<impl futures_core::Stream<Item = Result<Event, Infallible>>> {
    let mut left = 3_u32;
    let mut clock = tokio::time::interval(Duration::from_millis(50));
    Sse::new(poll_stream(move |context| {
        if left == 0 {
            return std::task::Poll::Ready(None);
        }
        clock.poll_tick(context).map(|_| {
            left -= 1;
            Some(Ok(Event::default().event("tide").data(left.to_string())))
        })
    }))
}

/// A stream from a function that polls.
fn poll_stream<T>(
    poll: impl FnMut(&mut std::task::Context<'_>) -> std::task::Poll<Option<T>> + Unpin,
) -> impl futures_core::Stream<Item = T> {
    struct Polled<F>(F);
    impl<T, F: FnMut(&mut std::task::Context<'_>) -> std::task::Poll<Option<T>> + Unpin> futures_core::Stream
        for Polled<F>
    {
        type Item = T;

        fn poll_next(
            mut self: std::pin::Pin<&mut Self>,
            context: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<T>> {
            (self.0)(context)
        }
    }
    Polled(poll)
}

async fn feed() -> Response {
    let entries: String = BOOKS
        .iter()
        .map(|book| {
            format!(
                "<entry><title>{}</title><id>urn:harbour:{}</id><link href=\"/books/{}\"/>\
                 <updated>2026-01-01T00:00:00Z</updated></entry>",
                book.title, book.slug, book.slug
            )
        })
        .collect();
    let feed = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><feed xmlns=\"http://www.w3.org/2005/Atom\"><title>New books</title>\
         <id>urn:harbour</id><updated>2026-01-01T00:00:00Z</updated>{entries}</feed>"
    );
    ([(header::CONTENT_TYPE, "application/atom+xml; charset=utf-8")], feed).into_response()
}

async fn sitemap() -> Response {
    let urls: String =
        BOOKS.iter().map(|book| format!("<url><loc>/books/{}</loc></url>", book.slug)).collect();
    let map = format!(
        "<?xml version=\"1.0\"?><urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">{urls}</urlset>"
    );
    ([(header::CONTENT_TYPE, "application/xml")], map).into_response()
}
