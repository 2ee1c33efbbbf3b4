//! `deploy/caddy/Caddyfile` (forward_auth).

use palisade_e2e::palisade::Palisade;
use palisade_e2e::site::Site;

use super::server::{Server, caddy, example, free_port};
use super::{BROWSER, beside, get, reference};

async fn caddy_beside(site: &Site, palisade: &Palisade) -> Server {
    let port = free_port();
    let swaps = [
        (":80 {", format!(":{port} {{\n\tbind 127.0.0.1")),
        ("127.0.0.1:3000", site.address.to_string()),
        ("127.0.0.1:8081", palisade.api.to_string()),
    ];
    caddy(&example("caddy/Caddyfile", &swaps), port).await
}

#[tokio::test(flavor = "multi_thread")]
async fn people_pass_and_the_site_is_told() {
    let (site, palisade) = beside("").await;
    let server = caddy_beside(&site, &palisade).await;
    for target in ["/", "/a?b=%20c&d", "/assets/style.css"] {
        let answer = get(server.address, target, &BROWSER).await.unwrap();
        assert!(answer.is_from_site(), "{target}: {} {}", answer.status, answer.text());
    }
    let arrived = site.arrived();
    assert_eq!(arrived[0].header("x-palisade-action"), Some("allow"), "{arrived:?}");
    assert_eq!(arrived[0].header("x-request-id").map(str::len), Some(13));
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_come_through_whole() {
    let (site, palisade) = beside("[policy]\nenforce = \"all\"").await;
    let server = caddy_beside(&site, &palisade).await;
    let page = get(server.address, "/.env", &BROWSER).await.unwrap();
    assert_eq!((page.status, page.header("content-language")), (403, Some("de")), "{}", page.text());
    reference(&page);
    let mut last = None;
    for _ in 0..60 {
        last = Some(get(server.address, "/", &[("User-Agent", "python-requests/2.34.2")]).await.unwrap());
    }
    let last = last.unwrap();
    assert_eq!((last.status, last.header("retry-after")), (429, Some("60")), "{}", last.text());
    reference(&last);
    assert!(site.arrived().len() < 60);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_our_own_are_found() {
    let (site, palisade) = beside("").await;
    let server = caddy_beside(&site, &palisade).await;
    let about = get(server.address, "/.palisade/about", &BROWSER).await.unwrap();
    assert_eq!((about.status, about.header("content-language")), (200, Some("de")), "{}", about.text());
}
