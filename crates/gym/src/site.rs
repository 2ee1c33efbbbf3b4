//! The site that programs visit: a shop with enough pages to crawl, parts of pages, a search, forms, an API, a feed and a
//! `robots.txt`. Every page follows from its path, nothing is kept.

use std::fmt::Write as _;

use axum::extract::{Path, Query};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::json;

use crate::random::Random;

/// Things that are for sale; each has a page.
pub const ITEMS: u64 = 240;
/// Shelves they stand on.
pub const SHELVES: u64 = 12;
/// Things on one page of a shelf, a search or the API.
const ON_A_PAGE: u64 = 10;

const ROBOTS: &str =
    "User-agent: *\nDisallow: /private/\nDisallow: /search\nAllow: /\nSitemap: /sitemap.xml\n";
const STYLE: &str =
    "body{font:16px/1.5 serif;margin:2rem auto;max-width:44rem}nav a{margin-right:1rem}img{width:8rem}";
const SCRIPT: &str = "fetch('/api/stock').then(answer=>answer.json()).then(stock=>{\
    const place=document.getElementById('stock');if(place)place.textContent=stock.left+' in stock'});";

const WORDS: [&str; 16] = [
    "lamp", "rope", "harbour", "salt", "compass", "kettle", "north", "lantern", "oilskin", "anchor", "chart",
    "bell", "canvas", "pulley", "sextant", "tide",
];

/// The whole site.
pub fn router() -> Router {
    Router::new()
        .route("/", get(home))
        .route("/shelf/{number}", get(shelf))
        .route("/item/{number}", get(item))
        .route("/product", get(product))
        .route("/search", get(search))
        .route("/contact", get(contact).post(sent))
        .route("/login", get(login).post(refused))
        .route("/private/", get(|| async { Redirect::to("/login") }))
        .route("/api/items", get(api_items))
        .route("/api/items/{number}", get(api_item))
        .route("/api/stock", get(|| async { Json(json!({ "left": 7 })) }))
        .route("/assets/site.css", get(|| async { part("text/css; charset=utf-8", STYLE.to_owned()) }))
        .route("/assets/site.js", get(|| async { part("text/javascript; charset=utf-8", SCRIPT.to_owned()) }))
        .route("/assets/cover/{number}", get(cover))
        .route("/favicon.ico", get(|| async { part("image/svg+xml", drawing(0)) }))
        .route("/feed.xml", get(feed))
        .route("/sitemap.xml", get(sitemap))
        .route("/robots.txt", get(|| async { ([(header::CONTENT_TYPE, "text/plain")], ROBOTS) }))
        .fallback(missing)
}

/// `count` targets as a program would choose them that knows the site: which, follows from `random`.
///
/// A run is one of five kinds: through the shelves, item after item, the API, searches, or all of it mixed with pages that
/// are not there.
pub fn targets(random: &mut Random, count: usize) -> Vec<String> {
    let kind = random.below(5);
    let start = random.within(1, ITEMS);
    let step = random.pick(&[1, 1, 1, 7, 13]);
    (0..count as u64)
        .map(|at| match kind {
            0 if at == 0 => "/".to_owned(),
            0 => format!("/shelf/{}?page={}", 1 + (at / 2) % SHELVES, 1 + at % 2),
            1 => format!("/item/{}", 1 + (start + at * step) % ITEMS),
            2 if at % 3 == 0 => format!("/api/items?page={}", 1 + at / 3),
            2 => format!("/api/items/{}", 1 + (start + at) % ITEMS),
            3 => format!("/search?q={}&page={}", random.pick(&WORDS), random.within(1, 3)),
            _ => mixed(random, at),
        })
        .collect()
}

fn mixed(random: &mut Random, at: u64) -> String {
    match random.below(10) {
        _ if at == 0 => "/".to_owned(),
        0 => format!("/shelf/{}", random.within(1, SHELVES)),
        1 => format!("/search?q={}", random.pick(&WORDS)),
        2 => random.pick(&["/contact", "/login", "/feed.xml", "/sitemap.xml", "/robots.txt"]).to_owned(),
        3 => format!("/item/{}", random.within(ITEMS, ITEMS + 40)),
        4 => format!("/product?id={}", random.within(1, ITEMS)),
        _ => format!("/item/{}", random.within(1, ITEMS)),
    }
}

/// Names that programs try which look for what a site hides.
pub fn guesses(random: &mut Random, count: usize) -> Vec<String> {
    const NAMES: [&str; 40] = [
        "admin",
        "administrator",
        "backup",
        "backup.zip",
        "db.sql",
        "dump.sql",
        ".env",
        ".git/config",
        ".htaccess",
        "config.php",
        "phpinfo.php",
        "wp-login.php",
        "wp-admin",
        "xmlrpc.php",
        "server-status",
        "console",
        "login",
        "test",
        "old",
        "dev",
        "staging",
        "api",
        "private",
        "uploads",
        "images",
        "js",
        "css",
        "includes",
        "cgi-bin",
        "shell.php",
        "index.php",
        "robots.txt",
        "sitemap.xml",
        "contact",
        "search",
        "users",
        "data",
        "tmp",
        "logs",
        "status",
    ];
    let word = |random: &mut Random| format!("{}{}", random.pick(&WORDS), random.below(40));
    (0..count)
        .map(|_| if random.once_in(2) { word(random) } else { random.pick(&NAMES).to_owned() })
        .collect()
}

fn page(title: &str, body: &str) -> Html<String> {
    Html(format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\
         <link rel=\"stylesheet\" href=\"/assets/site.css\"><script defer src=\"/assets/site.js\"></script></head><body>\
         <nav><a href=\"/\">Home</a><a href=\"/shelf/1\">Shelves</a><a href=\"/search?q=lamp\">Search</a>\
         <a href=\"/contact\">Contact</a><a href=\"/login\">Sign in</a></nav><h1>{title}</h1>{body}</body></html>"
    ))
}

fn part(kind: &'static str, text: String) -> Response {
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "public, max-age=60")], text).into_response()
}

fn name(number: u64) -> String {
    let word = |at: u64| WORDS[(at % WORDS.len() as u64) as usize];
    format!("{} {} no. {number}", word(number), word(number / 3 + 5))
}

fn links(numbers: impl Iterator<Item = u64>) -> String {
    numbers.fold("<ul>".to_owned(), |mut list, number| {
        let title = name(number);
        // Writing to memory cannot fail.
        let _ = write!(
            list,
            "<li><a href=\"/item/{number}\"><img src=\"/assets/cover/{}\" alt=\"\">{title}</a></li>",
            number % 6
        );
        list
    }) + "</ul>"
}

async fn home() -> Html<String> {
    let shelves: String =
        (1..=SHELVES).map(|shelf| format!("<a href=\"/shelf/{shelf}\">Shelf {shelf}</a> ")).collect();
    page("Chandlery", &format!("<p id=\"stock\"></p><p>{shelves}</p>{}", links(1..=6)))
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    page: Option<u64>,
    #[serde(default)]
    q: Option<String>,
    #[serde(default)]
    id: Option<String>,
}

async fn shelf(Path(number): Path<u64>, Query(asked): Query<Asked>) -> Response {
    let turn = asked.page.unwrap_or(1);
    if !(1..=SHELVES).contains(&number) || !(1..=2).contains(&turn) {
        return missing().await;
    }
    let first = (number - 1) * 20 + (turn - 1) * ON_A_PAGE + 1;
    let next = format!("<p><a href=\"/shelf/{number}?page=2\">More</a></p>");
    page(&format!("Shelf {number}"), &(links(first..first + ON_A_PAGE) + &next)).into_response()
}

fn item_page(number: u64) -> Response {
    let text = "Made to last, and mended where it did not. ".repeat(4 + (number % 9) as usize);
    let more = links((1..=3).map(|step| 1 + (number + step * 17) % ITEMS));
    let body = format!(
        "<p><img src=\"/assets/cover/{}\" alt=\"\"></p><p>{text}</p><p id=\"stock\"></p><h2>Also</h2>{more}",
        number % 6
    );
    page(&name(number), &body).into_response()
}

async fn item(Path(number): Path<u64>) -> Response {
    if (1..=ITEMS).contains(&number) { item_page(number) } else { missing().await }
}

/// The same by parameter, as older shops have it: what is tried out on parameters is tried out here.
async fn product(Query(asked): Query<Asked>) -> Response {
    match asked.id.as_deref().map(str::parse) {
        Some(Ok(number @ 1..=ITEMS)) => item_page(number),
        _ => missing().await,
    }
}

async fn search(Query(asked): Query<Asked>) -> Response {
    let wanted = asked.q.unwrap_or_default();
    let turn = asked.page.unwrap_or(1).clamp(1, ITEMS);
    let found = (1..=ITEMS).filter(|number| name(*number).contains(&wanted));
    let found = found.skip(((turn - 1) * ON_A_PAGE) as usize).take(ON_A_PAGE as usize);
    let form = "<form action=\"/search\"><input name=\"q\"><button>Search</button></form>";
    page("Search", &(form.to_owned() + &links(found))).into_response()
}

async fn contact() -> Html<String> {
    page(
        "Contact",
        "<form method=\"post\" action=\"/contact\"><label>Name <input name=\"name\"></label>\
         <label>Message <textarea name=\"message\"></textarea></label><button id=\"send\">Send</button></form>",
    )
}

async fn sent() -> Html<String> {
    page("Thank you", "<p>Your message has arrived.</p>")
}

async fn login() -> Html<String> {
    page(
        "Sign in",
        "<form method=\"post\" action=\"/login\"><input name=\"username\"><input name=\"password\" type=\"password\">\
         <button>Sign in</button></form>",
    )
}

async fn refused() -> Response {
    (StatusCode::UNAUTHORIZED, page("Sign in", "<p>That was not right.</p>")).into_response()
}

async fn missing() -> Response {
    (StatusCode::NOT_FOUND, page("Not found", "<p>Back to the <a href=\"/\">shelves</a>.</p>"))
        .into_response()
}

async fn api_items(Query(asked): Query<Asked>) -> Response {
    let first = (asked.page.unwrap_or(1).clamp(1, ITEMS) - 1) * ON_A_PAGE + 1;
    let items: Vec<_> = (first..first + ON_A_PAGE).filter(|number| *number <= ITEMS).map(described).collect();
    Json(items).into_response()
}

async fn api_item(Path(number): Path<u64>) -> Response {
    if (1..=ITEMS).contains(&number) {
        Json(described(number)).into_response()
    } else {
        (StatusCode::NOT_FOUND, Json(json!({ "error": "not found" }))).into_response()
    }
}

fn described(number: u64) -> serde_json::Value {
    json!({ "id": number, "name": name(number), "price_cents": 300 + number * 37 % 9_000 })
}

async fn cover(Path(number): Path<u64>) -> Response {
    part("image/svg+xml", drawing(number % 6))
}

fn drawing(number: u64) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 8 5\"><rect width=\"8\" height=\"5\" fill=\"#3{number}5\"/></svg>"
    )
}

async fn feed() -> Response {
    let entries: String = (1..=8)
        .map(|number| {
            format!(
                "<entry><title>{}</title><id>urn:item:{number}</id><link href=\"/item/{number}\"/>\
                 <updated>2026-01-01T00:00:00Z</updated></entry>",
                name(number)
            )
        })
        .collect();
    let feed = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><feed xmlns=\"http://www.w3.org/2005/Atom\"><title>New</title>\
         <id>urn:shop</id><updated>2026-01-01T00:00:00Z</updated>{entries}</feed>"
    );
    ([(header::CONTENT_TYPE, "application/atom+xml; charset=utf-8")], feed).into_response()
}

async fn sitemap() -> Response {
    let places: String = (1..=ITEMS).map(|number| format!("<url><loc>/item/{number}</loc></url>")).collect();
    let map = format!(
        "<?xml version=\"1.0\"?><urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">{places}</urlset>"
    );
    ([(header::CONTENT_TYPE, "application/xml")], map).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use axum::http::Request;
    use tower::ServiceExt as _;

    async fn status(target: &str) -> u16 {
        let asked = Request::get(target).body(Body::empty()).unwrap();
        router().oneshot(asked).await.unwrap().status().as_u16()
    }

    #[tokio::test]
    async fn pages_are_there_and_others_are_not() {
        for target in
            ["/", "/shelf/12?page=2", "/item/240", "/product?id=1", "/search?q=lamp", "/contact", "/login"]
        {
            assert_eq!(status(target).await, 200, "{target}");
        }
        for target in
            ["/api/items?page=99999999999", "/assets/cover/9", "/feed.xml", "/sitemap.xml", "/robots.txt"]
        {
            assert_eq!(status(target).await, 200, "{target}");
        }
        for target in ["/item/0", "/item/241", "/shelf/13", "/product?id=1%27", "/product", "/.env"] {
            assert_eq!(status(target).await, 404, "{target}");
        }
    }

    #[tokio::test]
    async fn what_programs_ask_for_is_mostly_there() {
        for kind in 0..20 {
            let targets = targets(&mut Random::of(kind, "targets"), 30);
            assert_eq!(targets.len(), 30);
            let mut found = 0;
            for target in &targets {
                found += usize::from(status(target).await == 200);
            }
            assert!(found >= 20, "{kind}: {found} of {targets:?}");
        }
        assert_eq!(guesses(&mut Random::of(1, "guesses"), 50).len(), 50);
    }
}
