//! What Traefik's `ForwardAuth` sends, byte for byte: its own server is no package of the system.

use super::{BROWSER, beside, get, reference};

/// The sub-request of Traefik: `GET` on the address of the configuration, the visitor's headers, and its own.
fn asked<'h>(method: &'h str, target: &'h str) -> Vec<(&'h str, &'h str)> {
    let mut headers = BROWSER.to_vec();
    headers.extend([
        ("X-Forwarded-For", "203.0.113.9"),
        ("X-Forwarded-Host", "shop.example"),
        ("X-Forwarded-Method", method),
        ("X-Forwarded-Port", "80"),
        ("X-Forwarded-Proto", "http"),
        ("X-Forwarded-Server", "edge-1"),
        ("X-Forwarded-Uri", target),
        ("X-Real-Ip", "203.0.113.9"),
    ]);
    headers
}

#[tokio::test(flavor = "multi_thread")]
async fn its_question_is_understood() {
    let (_site, palisade) = beside("").await;
    let passed = get(palisade.api, "/auth", &asked("GET", "/books?page=2")).await.unwrap();
    assert_eq!((passed.status, passed.header("x-palisade-action")), (200, Some("allow")));
    let refused = get(palisade.api, "/auth", &asked("GET", "/.env")).await.unwrap();
    assert_eq!((refused.status, refused.header("x-palisade-action")), (403, Some("block")));
    reference(&refused);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_behind_the_route_is_the_requests_own() {
    let (_site, palisade) = beside("").await;
    let headers = [&BROWSER[..], &[("X-Forwarded-For", "203.0.113.9")]].concat();
    assert_eq!(get(palisade.api, "/auth/books", &headers).await.unwrap().status, 200);
    assert_eq!(get(palisade.api, "/auth/.env", &headers).await.unwrap().status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_cannot_choose_what_is_judged() {
    let (_site, palisade) = beside("").await;
    let mut headers = asked("GET", "/.env");
    headers.push(("X-Original-URI", "/harmless"));
    let refused = get(palisade.api, "/auth", &headers).await.unwrap();
    assert_eq!(refused.status, 403);
    assert!(refused.text().contains("differ"), "{}", refused.text());
}
