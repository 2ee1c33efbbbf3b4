//! `deploy/nginx/beside.conf` (auth_request) and `deploy/nginx/front.conf` (nginx before the gateway).

use palisade_e2e::palisade::{Palisade, Setup};
use palisade_e2e::site::Site;

use super::server::{Server, example, free_port, nginx};
use super::{BROWSER, beside, get, reference};

async fn nginx_beside(site: &Site, palisade: &Palisade) -> Server {
    let port = free_port();
    let swaps = [
        ("listen 80;", format!("listen 127.0.0.1:{port};")),
        ("127.0.0.1:3000", site.address.to_string()),
        ("127.0.0.1:8081", palisade.api.to_string()),
    ];
    nginx(&example("nginx/beside.conf", &swaps), port).await
}

#[tokio::test(flavor = "multi_thread")]
async fn people_pass_and_the_site_is_told() {
    let (site, palisade) = beside("").await;
    let server = nginx_beside(&site, &palisade).await;
    for target in ["/", "/a?b=%20c&d", "/assets/style.css"] {
        let answer = get(server.address, target, &BROWSER).await.unwrap();
        assert!(answer.is_from_site(), "{target}: {} {}", answer.status, answer.text());
    }
    let arrived = site.arrived();
    let first = arrived.first().unwrap();
    assert_eq!(first.header("x-palisade-action"), Some("allow"));
    assert_eq!(first.header("x-palisade-identity"), Some("browser; unverified"));
    assert_eq!(first.header("x-request-id").map(str::len), Some(13));
    assert!(arrived.iter().any(|request| request.target == "/a?b=%20c&d"), "{arrived:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn scanners_are_refused_with_the_right_words() {
    let (site, palisade) = beside("").await;
    let server = nginx_beside(&site, &palisade).await;
    let page = get(server.address, "/.env", &BROWSER).await.unwrap();
    assert_eq!((page.status, page.header("content-language")), (403, Some("de")), "{}", page.text());
    reference(&page);
    let program =
        get(server.address, "/wp-login.php?x=/etc/passwd%00", &[("User-Agent", "sqlmap/1.7")]).await.unwrap();
    assert_eq!((program.status, program.header("content-type")), (403, Some("application/json")));
    reference(&program);
    assert!(site.arrived().is_empty(), "nothing of it reached the site");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_throttle_reads_429_behind_a_proxy_that_knows_only_no() {
    let (site, palisade) = beside("[policy]\nenforce = \"all\"").await;
    let server = nginx_beside(&site, &palisade).await;
    let mut statuses = Vec::new();
    for _ in 0..60 {
        statuses.push(get(server.address, "/", &[("User-Agent", "curl/8.5.0")]).await.unwrap().status);
    }
    assert_eq!(statuses[0], 200, "{statuses:?}");
    assert_eq!(statuses[59], 429, "{statuses:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn while_palisade_is_away_the_site_stays_up() {
    let (site, palisade) = beside("").await;
    let server = nginx_beside(&site, &palisade).await;
    drop(palisade);
    let answer = get(server.address, "/", &BROWSER).await.unwrap();
    assert!(answer.is_from_site(), "{} {}", answer.status, answer.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_asks_the_question_from_outside() {
    let (site, palisade) = beside("").await;
    let server = nginx_beside(&site, &palisade).await;
    let answer = get(server.address, "/.palisade/auth", &BROWSER).await.unwrap();
    assert_eq!(answer.status, 404);
    let about = get(server.address, "/.palisade/about", &BROWSER).await.unwrap();
    assert_eq!((about.status, about.header("content-language")), (200, Some("de")));
}

/// The example where `visitor_prefix` is another: one line of it is, too.
#[tokio::test(flavor = "multi_thread")]
async fn what_refused_visitors_read_may_lie_elsewhere() {
    let (site, palisade) = beside("[server]\nvisitor_prefix = \"/x-7f3a/\"").await;
    let port = free_port();
    let swaps = [
        ("listen 80;", format!("listen 127.0.0.1:{port};")),
        ("127.0.0.1:3000", site.address.to_string()),
        ("127.0.0.1:8081", palisade.api.to_string()),
        ("location /.palisade/ {", "location /x-7f3a/ {".to_owned()),
    ];
    let server = nginx(&example("nginx/beside.conf", &swaps), port).await;
    let page = get(server.address, "/.env", &BROWSER).await.unwrap();
    assert_eq!((page.status, page.header("content-language")), (403, Some("de")), "{}", page.text());
    reference(&page);
    let about = get(server.address, "/x-7f3a/about", &BROWSER).await.unwrap();
    assert_eq!((about.status, about.is_from_site()), (200, false), "{}", about.text());
    let usual = get(server.address, "/.palisade/about", &BROWSER).await.unwrap();
    assert!(usual.is_from_site(), "{} {}", usual.status, usual.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn before_the_gateway_nginx_says_who_comes() {
    let site = Site::start().await.unwrap();
    let palisade = Palisade::serve(&Setup::before(site.address)).await.unwrap();
    let port = free_port();
    let swaps = [
        ("listen 80;", format!("listen 127.0.0.1:{port};")),
        ("127.0.0.1:8080", palisade.gateway.to_string()),
    ];
    let server = nginx(&example("nginx/front.conf", &swaps), port).await;
    let mut headers = BROWSER.to_vec();
    headers.push(("X-Forwarded-For", "203.0.113.77"));
    let answer = get(server.address, "/", &headers).await.unwrap();
    assert!(answer.is_from_site(), "{} {}", answer.status, answer.text());
    let arrived = site.arrived();
    // Both hops are this machine's, so the visitor is whom the first of them names.
    assert_eq!(arrived[0].client(), Some("203.0.113.77"), "{arrived:?}");
    let refused = get(server.address, "/.git/config", &headers).await.unwrap();
    assert_eq!(refused.status, 403);
    reference(&refused);
}

/// Who comes as one address may see a page that the other may not.
const RULES: &str = r#"
[policy]
rules = [
  { when = 'ip == "66.249.66.1"', action = "block" },
  { when = 'ip == "203.0.113.9" && path == "/mine"', action = "block" },
  { when = 'host == "evil.example"', action = "block" },
]
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_header_that_nginx_only_hands_on_decides_nothing() {
    // On one machine $remote_addr is this machine's; the visitor's stands here as nginx would write it elsewhere.
    let (of_nginx, of_visitors) = ("203.0.113.9", "66.249.66.1");
    for (set, forged) in [("X-Real-IP", "X-Forwarded-For"), ("X-Forwarded-For", "X-Real-IP")] {
        let site = Site::start().await.unwrap();
        let palisade = Palisade::serve(&Setup::before(site.address).with(RULES)).await.unwrap();
        let port = free_port();
        let config = format!(
            "server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://{};\n\
             proxy_set_header {set} {of_nginx}; }} }}",
            palisade.gateway
        );
        let server = nginx(&config, port).await;
        let mut forging = BROWSER.to_vec();
        forging.push((forged, of_visitors));
        let status = async |target: &str, headers: &[(&str, &str)]| {
            get(server.address, target, headers).await.unwrap().status
        };
        // Nobody knows this proxy yet: the first in order counts, and that is told.
        let is_believed = if forged == "X-Forwarded-For" { 403 } else { 200 };
        assert_eq!(status("/", &forging).await, is_believed, "{set}");
        let ready = get(palisade.api, "/ready", &[]).await.unwrap();
        assert!(ready.text().contains("proxy_names_two"), "{}", ready.text());
        // The first other visitors show what it sets.
        for _ in 0..8 {
            assert_eq!(status("/", &BROWSER).await, 200, "{set}");
        }
        assert_eq!(status("/", &forging).await, 200, "{set}");
        assert_eq!(status("/mine", &forging).await, 403, "{set}");
        let ready = get(palisade.api, "/ready", &[]).await.unwrap();
        assert!(!ready.text().contains("proxy_names_two"), "{}", ready.text());
        // Nor does a made-up header choose the site.
        forging.push(("X-Forwarded-Host", "evil.example"));
        assert_eq!(status("/", &forging).await, 200, "{set}");
    }
}
