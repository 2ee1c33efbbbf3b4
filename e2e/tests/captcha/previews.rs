//! Programs that show what a link leads to, and that nobody knows: they are challenged, and the challenge says what the page
//! would have said.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use palisade_e2e::pace::{Pacer, guarded};
use palisade_e2e::wire::{self, Answer};

use crate::place::{EVERYTHING, FIREFOX, HOME, Place, TRAIN, is_challenge, page};

/// With these lines about tags, and everything challenged.
async fn telling(lines: &str) -> Place {
    let rule = format!(
        "[policy]\nenforce = \"all\"\nrules = [{{ when = '''{EVERYTHING}''', action = \"challenge\" }}]\n"
    );
    Place::configured(&format!("{rule}[challenge.open_graph]\n{lines}\n")).await
}

/// A program that nobody knows asks for a page.
async fn peek(address: SocketAddr, target: &str, more: &[(&str, &str)]) -> Answer {
    let mut headers = vec![("User-Agent", "Linkpeek/1.0"), ("Accept", "text/html,application/xhtml+xml")];
    headers.extend_from_slice(more);
    wire::request(address, "GET", target, &headers, b"").await.unwrap()
}

/// The challenge with its tags; the first may go without where the machine is busy.
async fn told(address: SocketAddr, target: &str) -> String {
    let told = async {
        loop {
            let answer = peek(address, target, &[]).await;
            assert!(is_challenge(&answer), "{target}: {}", answer.status);
            let text = answer.text();
            if text.contains("property=") {
                return Ok(text);
            }
        }
    };
    guarded(target, told).await.unwrap()
}

async fn picture(address: SocketAddr, target: &str, more: &[(&str, &str)]) -> Answer {
    let mut headers = vec![("User-Agent", "Linkpeek/1.0"), ("Accept", "image/*")];
    headers.extend_from_slice(more);
    wire::request(address, "GET", target, &headers, b"").await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_challenged_page_says_what_it_is_about() {
    let place = telling("enabled = true").await;
    let front = place.front(HOME).await;
    assert!(!picture(front.address, "/img/p1.png", &[]).await.is_from_site(), "nobody has named it yet");
    // People read the page itself: the site is not asked for them.
    let person = page(front.address, "/preview", FIREFOX, &[]).await;
    assert!(is_challenge(&person) && !person.text().contains("property="));
    let logged_in = peek(front.address, "/preview", &[("Cookie", "sid=1")]).await;
    assert!(is_challenge(&logged_in) && !logged_in.text().contains("property="));
    assert_eq!(place.arrived(), []);

    let text = told(front.address, "/preview?utm=1").await;
    for tag in [
        "<meta property=\"og:title\" content=\"A lamp &#34;Otto&#34;\">",
        "<meta property=\"og:image\" content=\"/img/p1.png\">",
        "<meta property=\"og:description\" content=\"Shines\">",
    ] {
        assert!(text.contains(tag), "{text}");
    }
    // The question has nothing of whoever made it necessary.
    let asked = place.arrived();
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert_eq!((asked[0].method.as_str(), asked[0].target.as_str()), ("GET", "/preview"));
    assert_eq!(asked[0].client(), Some("192.0.2.1"));
    assert_eq!(asked[0].header("host"), Some(front.address.to_string().as_str()));
    for (name, value) in &asked[0].headers {
        assert!(!value.contains(HOME) && !value.contains("Linkpeek"), "{name}: {value}");
    }

    // Who comes next hears the same, people too, and the site is left alone. Another host is another site's affair.
    let elsewhere = place.front(TRAIN).await;
    let host = front.address.to_string();
    let next = peek(elsewhere.address, "/preview", &[("Host", &host)]).await;
    assert!(is_challenge(&next) && next.text().contains("og:title"), "{}", next.text());
    assert!(page(front.address, "/preview", FIREFOX, &[]).await.text().contains("og:title"));
    assert_eq!(place.arrived().len(), 1);

    // Its picture passes, as a picture; nothing else does.
    let shown = picture(front.address, "/img/p1.png", &[]).await;
    assert_eq!((shown.status, shown.header("content-type")), (200, Some("image/png")));
    for (target, more) in [
        ("/img/p2.png", &[][..]),
        ("/img/p1.png?x=1", &[]),
        ("/img/p1.png", &[("Sec-Fetch-Dest", "document")]),
        ("/img/p1.png", &[("Sec-Fetch-Dest", "empty")]),
        ("/img/p1.png", &[("Host", "elsewhere.example")]),
    ] {
        let answer = picture(front.address, target, more).await;
        assert!(answer.status == 403 && !answer.is_from_site(), "{target} {more:?}: {}", answer.status);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_for_anybody_is_not_told() {
    let place = telling("enabled = true").await;
    let front = place.front(HOME).await;
    for path in ["/kept/private", "/kept/cookie", "/kept/members", "/kept/refused", "/kept/text"] {
        let answer = peek(front.address, path, &[]).await;
        assert!(is_challenge(&answer) && !answer.text().contains("Secret"), "{path}: {}", answer.text());
        // The answer is there, and stays out of what is told.
        let again = peek(front.address, path, &[]).await.text();
        assert!(!again.contains("Secret") && !again.contains("property="), "{path}: {again}");
        assert_eq!(place.arrived_at(path).len(), 1, "{path}");
    }
    assert!(!picture(front.address, "/img/p3.png", &[]).await.is_from_site());
    // Who writes a page's tags opens no other page by naming it.
    assert!(told(front.address, "/kept/linked").await.contains("/page2"));
    let page2 = picture(front.address, "/page2", &[]).await;
    assert!(page2.status == 403 && !page2.text().contains("Page 2"), "{} {}", page2.status, page2.text());
    // A browser on clear HTTP, or an older one, is known by what it asks for: its link is not opened for it.
    let older = [("Upgrade-Insecure-Requests", "1")];
    assert!(is_challenge(&peek(front.address, "/kept/once", &older).await));
    assert_eq!(place.arrived_at("/kept/once"), []);
    // A page that knows its reader shows what strangers see.
    let text = told(front.address, "/kept/account").await;
    assert!(text.contains("content=\"Sign in\"") && !text.contains("Secret"), "{text}");
    // What is posted is no page to be shown.
    let posted = wire::request(front.address, "POST", "/preview", &[("Accept", "text/html")], b"a=1").await;
    assert!(!posted.unwrap().text().contains("property="));
    assert_eq!(place.arrived_at("/preview"), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_hostile_page_says_stays_text() {
    let place = telling("enabled = true\nquery = true").await;
    let front = place.front(HOME).await;
    let plain = page(front.address, "/page1", FIREFOX, &[]).await.text();
    let text = told(front.address, "/kept/hostile?a=1").await;
    assert_eq!(place.arrived()[0].target, "/kept/hostile?a=1", "the query counts here");
    for start in ["<script", "<style", "/evil", "<img", "onerror=\"", "javascript:"] {
        assert_eq!(text.matches(start).count(), plain.matches(start).count(), "{start}: {text}");
    }
    assert!(text.contains("content=\"&#60;/title&#62;&#60;script&#62;alert(1)&#60;/script&#62;\""), "{text}");
    // Its pictures are on other hosts, or are the page itself.
    for target in ["/img/p4.png", "/kept/hostile?a=1", "/kept/hostile"] {
        assert!(!picture(front.address, target, &[]).await.is_from_site(), "{target}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn switched_off_the_site_is_not_asked_and_fixed_tags_are_told() {
    let place = telling("").await;
    let front = place.front(HOME).await;
    let answer = peek(front.address, "/preview", &[]).await;
    assert!(is_challenge(&answer) && !answer.text().contains("property="), "{}", answer.text());
    assert_eq!(place.arrived(), []);

    let place = telling("tags = { \"og:title\" = \"Lamps & more\", \"og:image\" = \"/img/p1.png\" }").await;
    let front = place.front(HOME).await;
    let text = told(front.address, "/preview").await;
    assert!(text.contains("<meta property=\"og:title\" content=\"Lamps &#38; more\">"), "{text}");
    assert_eq!(place.arrived(), []);
    assert_eq!(picture(front.address, "/img/p1.png", &[]).await.status, 200);
    // The same is told where a proxy asks.
    let headers = [
        ("User-Agent", "Linkpeek/1.0"),
        ("Accept", "text/html"),
        ("X-Forwarded-For", HOME),
        ("X-Forwarded-Host", "shop.example"),
        ("X-Forwarded-Uri", "/preview"),
    ];
    let asked = wire::request(place.palisade.api, "GET", "/auth", &headers, b"").await.unwrap();
    assert!(asked.status == 403 && asked.text().contains("Lamps &#38; more"), "{}", asked.text());

    let config = place.palisade.config();
    std::fs::write(&config, "[challenge.open_graph]\ntags = { \"refresh\" = \"0\" }\n").unwrap();
    let error = format!("{:#}", place.palisade.command(&["config", "check"]).await.unwrap_err());
    assert!(error.contains("challenge.open_graph.tags: \"refresh\" is no tag of a preview"), "{error}");
}

/// Nobody waits for a site that does not answer, and it is not asked twice.
#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_does_not_answer_keeps_no_challenge_waiting() {
    let place = telling("enabled = true").await;
    let front = place.front(HOME).await;
    let pacer = Pacer::start();
    for _ in 0..3 {
        let answer = peek(front.address, "/kept/waiting", &[]).await;
        assert!(is_challenge(&answer) && !answer.text().contains("property="));
    }
    assert!(pacer.elapsed() < Duration::from_secs(4), "{:?}", pacer.elapsed());
    assert_eq!(place.arrived_at("/kept/waiting").len(), 1);
}

const SECRET: &str = "<meta property=og:title content=Secret><meta property=og:image content=/img/p3.png><title>Secret</title>";

const HOSTILE: &str = "<head><meta property=og:title content='</title><script>alert(1)</script>'>\
<meta property=og:url content=javascript:alert(1)><meta http-equiv=refresh content='0;url=/evil'>\
<meta property=og:image content='https://elsewhere.example/img/p4.png'>\
<meta property=twitter:image content='/kept/hostile?a=1'>\
<meta property='og:description' content='\"&gt;&lt;img src=x onerror=alert(1)&gt;'>\
<meta property='og:x\" onerror=\"alert(1)' content=a><style>a{}</style>";

/// Pages of the site that say something of themselves, most of them not to anybody.
pub(crate) fn pages() -> Router {
    let secret = || Html(SECRET);
    Router::new()
        .route("/kept/private", get(move || async move { ([(header::CACHE_CONTROL, "private")], secret()) }))
        .route("/kept/cookie", get(move || async move { ([(header::SET_COOKIE, "sid=1")], secret()) }))
        .route("/kept/members", get(|| async { Redirect::to("/kept/account") }))
        .route("/kept/refused", get(move || async move { (StatusCode::UNAUTHORIZED, secret()) }))
        .route("/kept/text", get(|| async { SECRET }))
        .route(
            "/kept/linked",
            get(|| async { Html("<title>x</title><meta property=og:image content=/page2>") }),
        )
        .route("/kept/once", get(|| async { Html("<title>once</title>") }))
        .route("/kept/account", get(account))
        .route("/kept/hostile", get(|| async { Html(HOSTILE) }))
        .route("/kept/waiting", get(std::future::pending::<Html<&str>>))
}

/// Whoever is signed in reads their own.
async fn account(headers: HeaderMap) -> Response {
    let known = [header::COOKIE, header::AUTHORIZATION].iter().any(|name| headers.contains_key(name));
    if known { Html(SECRET).into_response() } else { Html("<title>Sign in</title>").into_response() }
}
