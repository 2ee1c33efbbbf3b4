//! What is answered to whom, as bytes: pages to those who navigate, JSON to programs of pages, and nothing of the kind to
//! parts of pages, feeds and machines.

use palisade_e2e::wire::{self, Answer};

use crate::place::{EVERYTHING, FIREFOX, HOME, Place, is_challenge, page};

/// How a request is told from others.
struct Asked {
    name: &'static str,
    method: &'static str,
    target: &'static str,
    headers: &'static [(&'static str, &'static str)],
}

/// Requests of browsers that no HTML may answer.
const NO_HTML: [Asked; 11] = [
    Asked {
        name: "a script",
        method: "GET",
        target: "/static/app.js",
        headers: &[
            ("Accept", "*/*"),
            ("Sec-Fetch-Dest", "script"),
            ("Sec-Fetch-Mode", "no-cors"),
            ("Sec-Fetch-Site", "same-origin"),
        ],
    },
    Asked {
        name: "a style sheet",
        method: "GET",
        target: "/static/site.css",
        headers: &[
            ("Accept", "text/css,*/*;q=0.1"),
            ("Sec-Fetch-Dest", "style"),
            ("Sec-Fetch-Mode", "no-cors"),
            ("Sec-Fetch-Site", "same-origin"),
        ],
    },
    Asked {
        name: "an image",
        method: "GET",
        target: "/img/p1.png",
        headers: &[
            ("Accept", "image/avif,image/webp,*/*;q=0.8"),
            ("Sec-Fetch-Dest", "image"),
            ("Sec-Fetch-Mode", "no-cors"),
            ("Sec-Fetch-Site", "same-origin"),
        ],
    },
    Asked {
        name: "an image of an old browser",
        method: "GET",
        target: "/img/p2.png",
        headers: &[("Accept", "image/png,*/*;q=0.5")],
    },
    Asked {
        name: "a font",
        method: "GET",
        target: "/static/text.ttf",
        headers: &[
            ("Accept", "*/*"),
            ("Sec-Fetch-Dest", "font"),
            ("Sec-Fetch-Mode", "cors"),
            ("Sec-Fetch-Site", "same-origin"),
        ],
    },
    Asked {
        name: "a range",
        method: "GET",
        target: "/episode.mp3",
        headers: &[
            ("Accept", "*/*"),
            ("Range", "bytes=0-99"),
            ("Sec-Fetch-Dest", "audio"),
            ("Sec-Fetch-Mode", "no-cors"),
        ],
    },
    Asked {
        name: "a feed",
        method: "GET",
        target: "/feed.xml",
        headers: &[("Accept", "application/rss+xml, application/atom+xml, application/xml;q=0.9, */*;q=0.1")],
    },
    Asked {
        name: "a WebSocket",
        method: "GET",
        target: "/ws",
        headers: &[
            ("Connection", "Upgrade"),
            ("Upgrade", "websocket"),
            ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
            ("Sec-Fetch-Dest", "empty"),
            ("Sec-Fetch-Mode", "websocket"),
        ],
    },
    Asked {
        name: "a stream of events",
        method: "GET",
        target: "/events",
        headers: &[("Accept", "text/event-stream"), ("Sec-Fetch-Dest", "empty"), ("Sec-Fetch-Mode", "cors")],
    },
    Asked {
        name: "a worker",
        method: "GET",
        target: "/static/worker.js",
        headers: &[
            ("Accept", "*/*"),
            ("Sec-Fetch-Dest", "serviceworker"),
            ("Service-Worker", "script"),
            ("Sec-Fetch-Mode", "same-origin"),
        ],
    },
    Asked {
        name: "a call that takes HTML",
        method: "GET",
        target: "/page1",
        headers: &[
            ("Accept", "text/html,*/*"),
            ("Sec-Fetch-Dest", "empty"),
            ("Sec-Fetch-Mode", "cors"),
            ("Sec-Fetch-Site", "same-origin"),
        ],
    },
];

async fn ask(place: &Place, asked: &Asked) -> Answer {
    let front = place.front(HOME).await;
    let mut headers =
        vec![("User-Agent", FIREFOX), ("Accept-Language", "en"), ("Accept-Encoding", "identity")];
    headers.extend_from_slice(asked.headers);
    wire::request(front.address, asked.method, asked.target, &headers, b"").await.unwrap()
}

/// The challenge is a 403 that no cache keeps.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_answered_with_a_page_that_is_not_kept() {
    let place = Place::challenging(EVERYTHING).await;
    let front = place.front(HOME).await;
    let answer = page(front.address, "/page1", FIREFOX, &[("If-None-Match", "\"x\"")]).await;
    assert!(is_challenge(&answer), "{} {}", answer.status, answer.text());
    assert_eq!(answer.header("cache-control"), Some("private, no-store"));
    let vary = answer.header("vary").unwrap_or_default().to_ascii_lowercase();
    assert!(vary.contains("cookie"), "{vary}");
    for name in ["etag", "last-modified", "expires", "retry-after"] {
        assert_eq!(answer.header(name), None, "{name}");
    }
    let number = answer.header("x-request-id").expect("a reference number");
    assert!(answer.text().contains(number), "the page does not show {number}");
    assert!(answer.text().contains("noindex") || answer.header("x-robots-tag").is_some());
    assert_eq!(place.arrived(), []);
}

/// Complaint: style sheets and scripts become HTML, calls of pages get HTML, feeds get HTML.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_but_a_page_is_answered_with_a_page() {
    let place = Place::challenging(EVERYTHING).await;
    let mut faults = Vec::new();
    for asked in &NO_HTML {
        let answer = ask(&place, asked).await;
        let kind = answer.header("content-type").unwrap_or_default().to_owned();
        if kind.starts_with("text/html") || answer.text().contains("<html") {
            faults.push(format!("{}: {} {kind}", asked.name, answer.status));
        }
        if !answer.is_from_site() && answer.status != 403 {
            faults.push(format!("{}: {} {}", asked.name, answer.status, answer.text()));
        }
        if !answer.is_from_site() && answer.header("cache-control") != Some("private, no-store") {
            faults.push(format!("{}: kept: {:?}", asked.name, answer.header("cache-control")));
        }
    }
    assert_eq!(faults, Vec::<String>::new());
}

/// `HEAD` says what `GET` would, without it.
#[tokio::test(flavor = "multi_thread")]
async fn a_head_is_answered_without_a_page() {
    let place = Place::challenging(EVERYTHING).await;
    let front = place.front(HOME).await;
    let headers = crate::place::navigation(FIREFOX);
    let answer = wire::request(front.address, "HEAD", "/page1", &headers, b"").await.unwrap();
    assert!(answer.is_from_site() || answer.status == 403, "{}", answer.status);
    assert!(!answer.header("content-type").unwrap_or_default().starts_with("text/html"));
    assert_eq!(answer.body, b"");
}

/// A preflight carries no cookie and cannot be challenged: the site answers it.
#[tokio::test(flavor = "multi_thread")]
async fn a_preflight_passes() {
    let place = Place::challenging(EVERYTHING).await;
    let front = place.front(HOME).await;
    let headers = [
        ("User-Agent", FIREFOX),
        ("Accept", "*/*"),
        ("Origin", "https://app.example"),
        ("Access-Control-Request-Method", "PUT"),
        ("Access-Control-Request-Headers", "content-type"),
        ("Sec-Fetch-Mode", "cors"),
        ("Sec-Fetch-Site", "cross-site"),
    ];
    let answer = wire::request(front.address, "OPTIONS", "/api/items", &headers, b"").await.unwrap();
    assert_eq!((answer.status, answer.is_from_site()), (204, true), "{}", answer.text());
}

/// What a page's call is told, and that a page of another origin can read it.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_told_what_to_do() {
    let place = Place::challenging(EVERYTHING).await;
    let front = place.front(HOME).await;
    for origin in ["https://app.example", "null"] {
        let headers = [
            ("User-Agent", FIREFOX),
            ("Accept", "application/json"),
            ("Accept-Language", "en"),
            ("Accept-Encoding", "identity"),
            ("Origin", origin),
            ("Sec-Fetch-Dest", "empty"),
            ("Sec-Fetch-Mode", "cors"),
            ("Sec-Fetch-Site", "cross-site"),
        ];
        let answer = wire::request(front.address, "GET", "/api/items", &headers, b"").await.unwrap();
        assert_eq!(answer.status, 403, "{}", answer.text());
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
        assert_eq!(answer.header("cache-control"), Some("private, no-store"));
        assert_eq!(answer.header("access-control-allow-origin"), Some(origin));
        assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
        let vary = answer.header("vary").unwrap_or_default().to_ascii_lowercase();
        assert!(vary.contains("origin") && vary.contains("cookie"), "{vary}");
        assert_eq!(answer.header("x-palisade-challenge"), Some("/.palisade/challenge"));
        let exposed = answer.header("access-control-expose-headers").unwrap_or_default();
        assert!(exposed.to_ascii_lowercase().contains("x-palisade-challenge"), "{exposed}");
        let said = answer.json().unwrap();
        assert_eq!(
            (&said["status"], &said["challenge"]),
            (&403.into(), &"/.palisade/challenge".into()),
            "{said}"
        );
        for name in ["type", "title", "detail", "error", "message", "request_id"] {
            assert!(said[name].as_str().is_some_and(|text| !text.is_empty()), "{name}: {said}");
        }
    }
}

/// Complaint: link previews show the challenge. Programs that make them are known as such and never asked.
#[tokio::test(flavor = "multi_thread")]
async fn previews_see_what_the_page_is_about() {
    // Whoever is judged by a score is challenged here, people too.
    let place = Place::configured("[policy]\nbands = { monitor = 1, challenge = 2, block = 99 }\n").await;
    let front = place.front("198.51.100.44").await;
    let person = page(front.address, "/preview", FIREFOX, &[]).await;
    assert!(is_challenge(&person), "{}", person.status);
    for agent in [
        "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
        "Twitterbot/1.0",
        "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
        "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
        "WhatsApp/2.23.20.0",
        "TelegramBot (like TwitterBot)",
        "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)",
    ] {
        let headers = [("User-Agent", agent), ("Accept", "*/*"), ("Accept-Encoding", "identity")];
        let answer = wire::request(front.address, "GET", "/preview", &headers, b"").await.unwrap();
        assert!(answer.is_from_site() && answer.text().contains("og:title"), "{agent}: {}", answer.status);
    }
}

/// Everything a challenged visitor loads, as bytes over the wire.
#[tokio::test(flavor = "multi_thread")]
async fn a_challenge_is_light() {
    let place = Place::challenging(EVERYTHING).await;
    let front = place.front(HOME).await;
    let headers: Vec<_> = crate::place::navigation(FIREFOX)
        .into_iter()
        .map(|(name, value)| if name == "Accept-Encoding" { (name, "gzip") } else { (name, value) })
        .collect();
    let html = wire::request(front.address, "GET", "/page1", &headers, b"").await.unwrap();
    assert_eq!(html.status, 403);
    let identity = page(front.address, "/page1", FIREFOX, &[]).await.text();
    let mut bytes = html.body.len();
    let mut parts = Vec::new();
    for (start, _) in identity.match_indices("/.palisade/") {
        let path: String =
            identity[start..].chars().take_while(|letter| !"\"'<> )&".contains(*letter)).collect();
        let is_part = [".js", ".css", ".wasm"]
            .iter()
            .any(|end| path.split('?').next().unwrap_or_default().ends_with(end));
        if is_part && !parts.contains(&path) {
            let part = wire::request(front.address, "GET", &path, &headers, b"").await.unwrap();
            assert_eq!(part.status, 200, "{path}");
            bytes += part.body.len();
            parts.push(path);
        }
    }
    assert!(!parts.is_empty(), "{identity}");
    assert!(bytes <= 15 << 10, "{bytes} bytes for the page and {parts:?}");
}
