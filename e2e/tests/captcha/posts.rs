//! What is sent survives a challenge: it arrives once, whole, as it was.

use palisade_e2e::browser::Kind;
use palisade_e2e::front::Passed;
use palisade_e2e::site::Arrived;
use palisade_e2e::wire::{self, Answer, Connection};

use crate::pages;
use crate::place::{FIREFOX, HOME, IPHONE, KINDS, POSTS, Place, SHOWN, TRAIN, Visitor, navigation};

/// The one request that reached `/written`.
fn written(place: &Place) -> Arrived {
    let all = place.arrived_at("/written");
    assert_eq!(all.len(), 1, "{all:?}");
    all[0].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_is_challenged_arrives_once_and_whole() {
    for kind in KINDS {
        let place = Place::challenging(POSTS).await;
        let visitor = Visitor::new(kind, &place).await.unwrap();
        visitor.goes("/write", "Write").await.unwrap();
        visitor.browser().type_into("input[name=name]", "Zoë & Ünal=1").await.unwrap();
        visitor.browser().type_into("input[name=text]", "a+b %41 \u{1f3ee}").await.unwrap();
        visitor.browser().click("#send").await.unwrap();
        visitor.arrives("Written").await.unwrap();
        let arrived = written(&place);
        assert_eq!((arrived.method.as_str(), arrived.target.as_str()), ("POST", "/written?from=form&x=%26"));
        assert_eq!(
            String::from_utf8_lossy(&arrived.body),
            "name=Zo%C3%AB+%26+%C3%9Cnal%3D1&text=a%2Bb+%2541+%F0%9F%8F%AE",
            "{kind:?}"
        );
        assert_eq!(arrived.header("content-type"), Some("application/x-www-form-urlencoded"));
        assert_eq!(arrived.header("origin"), Some(visitor.front.url().as_str()), "{kind:?}");
        assert_eq!(arrived.header("sec-fetch-site"), Some("same-origin"), "{kind:?}");
        // The visitor is where the form led, and the next one goes through at once.
        assert!(visitor.browser().url().await.unwrap().ends_with("/written?from=form&x=%26"));
        visitor.goes("/write", "Write").await.unwrap();
        visitor.browser().click("#send").await.unwrap();
        visitor.arrives("Written").await.unwrap();
        assert_eq!(place.arrived_at("/written").len(), 2);
        assert_eq!(visitor.answers(), visitor.answers_for_a_pass(), "{:?}", visitor.lines());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_challenged_arrives_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a picture.png");
    // Every byte there is, line ends and boundaries among them.
    let content: Vec<u8> = (0..=255).chain(*b"\r\n--\r\n").cycle().take(20_000).collect();
    std::fs::write(&path, &content).unwrap();
    for kind in KINDS {
        let place = Place::challenging(POSTS).await;
        let visitor = Visitor::new(kind, &place).await.unwrap();
        visitor.goes("/upload", "Upload").await.unwrap();
        visitor.browser().type_into("input[name=name]", "Zoë").await.unwrap();
        visitor.browser().type_into("input[name=file]", path.to_str().unwrap()).await.unwrap();
        visitor.browser().click("#send").await.unwrap();
        visitor.arrives("Written").await.unwrap();
        let arrived = written(&place);
        let sent =
            visitor.front.passed().into_iter().find(|passed| passed.line() == ("POST", "/written")).unwrap();
        assert_eq!(arrived.body, sent.body, "{kind:?}");
        assert!(arrived.body.windows(content.len()).any(|part| part == content), "{kind:?}");
        assert_eq!(arrived.header("content-type"), sent.header("content-type"), "with its boundary");
    }
}

/// 64 KiB is the most that is carried along.
#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_kib_survive() {
    for kind in KINDS {
        let place = Place::challenging(POSTS).await;
        let visitor = Visitor::new(kind, &place).await.unwrap();
        visitor.goes("/large?bytes=65536", "Large").await.unwrap();
        visitor.browser().click("#send").await.unwrap();
        visitor.arrives("Written").await.unwrap();
        let body = written(&place).body;
        assert_eq!(
            (body.len(), &body[..8], body.iter().filter(|byte| **byte == b'x').count()),
            (65_536, &b"text=xxx"[..], 65_532)
        );
    }
}

/// A browser's head of a POST that its own page sends.
fn head(length: usize, more: &[(&str, &str)]) -> Vec<u8> {
    let length = length.to_string();
    let mut headers = vec![("Host", "shop.example")];
    headers.extend(navigation(FIREFOX).into_iter().filter(|(name, _)| *name != "Sec-Fetch-Site"));
    headers.push(("Content-Type", "application/x-www-form-urlencoded"));
    headers.push(("Content-Length", &length));
    headers.extend_from_slice(more);
    wire::head("POST", "/written", &headers, b"")
}

const OWN: [(&str, &str); 2] = [("Origin", "http://shop.example"), ("Sec-Fetch-Site", "same-origin")];

/// More is refused before it is read: the answer comes to the head alone.
#[tokio::test(flavor = "multi_thread")]
async fn more_than_sixty_four_kib_are_refused_unread() {
    let place = Place::challenging(POSTS).await;
    for length in [65_537, 10 << 20, 1 << 30] {
        let mut line = Connection::open(place.palisade.gateway).await.unwrap();
        let answer = line.exchange(&head(length, &OWN), b"").await.unwrap();
        assert_eq!((answer.status, answer.is_from_site()), (403, false), "{length}: {}", answer.text());
    }
    assert_eq!(place.arrived(), []);
}

/// Complaint: single sign-on, 3-D Secure and payment pages post from elsewhere, and lose what they sent.
#[tokio::test(flavor = "multi_thread")]
async fn a_post_from_another_site_is_never_challenged() {
    let place = Place::challenging(POSTS).await;
    let cross = [("Origin", "https://bank.example"), ("Sec-Fetch-Site", "cross-site")];
    let old = [("Origin", "https://bank.example")];
    let hidden = [("Origin", "null"), ("Sec-Fetch-Site", "cross-site")];
    for more in [&cross[..], &old, &hidden] {
        let mut line = Connection::open(place.palisade.gateway).await.unwrap();
        let answer = line.exchange(&head(6, more), b"SAML=1").await.unwrap();
        assert_eq!((answer.status, answer.is_from_site()), (200, true), "{more:?}: {}", answer.text());
    }
    assert_eq!(place.arrived_at("/written").len(), 3);
}

/// The request with which the page sent on what it had sealed: the last one that could.
fn sent_on(visitor: &Visitor) -> Passed {
    let posts = visitor.front.passed().into_iter().filter(|passed| {
        let (method, target) = passed.line();
        method == "POST" && target != "/.palisade/answer" && target != "/.palisade/challenge"
    });
    let all: Vec<Passed> = posts.collect();
    assert_eq!(all.len(), 2, "the form itself, and what was sealed: {:?}", visitor.lines());
    all[1].clone()
}

async fn replay(passed: &Passed, to: std::net::SocketAddr, cookies: bool, agent: Option<&str>) -> Answer {
    let (method, target) = passed.line();
    let headers: Vec<(&str, &str)> = passed
        .head
        .lines()
        .skip(1)
        .filter_map(|line| line.split_once(": "))
        .filter(|(name, _)| {
            !["content-length", "accept-encoding"].contains(&name.to_ascii_lowercase().as_str())
                && (cookies || !name.eq_ignore_ascii_case("cookie"))
        })
        .map(|(name, value)| {
            if name.eq_ignore_ascii_case("user-agent") {
                (name, agent.unwrap_or(value))
            } else {
                (name, value)
            }
        })
        .collect();
    wire::request(to, method, target, &headers, &passed.body).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sealed_post_is_sent_on_once_and_for_its_owner_only() {
    for kind in [Kind::Chromium, Kind::Firefox] {
        let place = Place::challenging(POSTS).await;
        let visitor = Visitor::new(kind, &place).await.unwrap();
        visitor.goes("/write", "Write").await.unwrap();
        visitor.browser().click("#send").await.unwrap();
        visitor.arrives("Written").await.unwrap();
        let sealed = sent_on(&visitor);
        let again = replay(&sealed, visitor.front.address, true, None).await;
        refused(&again, &["spent-seal"]);
        // Somebody else, who saw what went over the wire but has none of the cookies: the site never sees a sealed form.
        let elsewhere = place.front(TRAIN).await;
        let stranger = replay(&sealed, elsewhere.address, false, Some(IPHONE)).await;
        refused(&stranger, &["expired-seal"]);
        assert_eq!(place.arrived_at("/written").len(), 1);
    }
}

/// Whoever reads "the site does not answer" and loads the page again has lost nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_never_reached_the_site_may_be_sent_again() {
    for kind in KINDS {
        let mut place = Place::challenging(POSTS).await;
        let visitor = Visitor::new(kind, &place).await.unwrap();
        visitor.goes("/write", "Write").await.unwrap();
        visitor.browser().type_into("input[name=name]", "Anna").await.unwrap();
        place.site.close().await;
        visitor.browser().click("#send").await.unwrap();
        let unanswered = "return performance.getEntriesByType('navigation')[0].responseStatus === 502";
        visitor.browser().await_true(unanswered, SHOWN).await.unwrap();
        place.site.open_again(pages::router()).await.unwrap();
        let sealed = sent_on(&visitor);
        let again = replay(&sealed, visitor.front.address, true, None).await;
        assert_eq!((again.status, again.is_from_site()), (200, true), "{kind:?}: {}", again.text());
        assert!(String::from_utf8_lossy(&written(&place).body).starts_with("name=Anna&"), "{kind:?}");
        refused(&replay(&sealed, visitor.front.address, true, None).await, &["spent-seal"]);
        assert_eq!(place.arrived_at("/written").len(), 1);
    }
}

/// Not spent yet, and still of no use to another visitor.
#[tokio::test(flavor = "multi_thread")]
async fn a_sealed_post_of_another_visitor_is_refused() {
    let place = Place::challenging(POSTS).await;
    let front = place.front(HOME).await;
    let mut headers: Vec<_> =
        navigation(FIREFOX).into_iter().filter(|(name, _)| *name != "Sec-Fetch-Site").collect();
    let origin = front.url();
    headers.extend([
        ("Origin", origin.as_str()),
        ("Sec-Fetch-Site", "same-origin"),
        ("Content-Type", "application/x-www-form-urlencoded"),
    ]);
    let challenged = wire::request(front.address, "POST", "/written", &headers, b"name=Anna").await.unwrap();
    assert_eq!(challenged.status, 403);
    let text = challenged.text();
    assert!(!text.contains("name=Anna") && !text.contains("bmFtZT1Bbm5h"), "what was posted is not shown");
    // A visitor who has a pass of their own takes the page of another.
    let visitor = Visitor::new(Kind::Firefox, &place).await.unwrap();
    visitor.goes("/write", "Write").await.unwrap();
    visitor.browser().click("#send").await.unwrap();
    visitor.arrives("Written").await.unwrap();
    let mine = sent_on(&visitor);
    let stolen = Passed { body: with_seal_of(&mine.body, &text), ..mine };
    let answer = replay(&stolen, visitor.front.address, true, None).await;
    refused(&answer, &["foreign-seal"]);
    assert_eq!(place.arrived_at("/written").len(), 1);
}

/// What a page of ours posts, with the longest field taken from another page.
fn with_seal_of(body: &[u8], page: &str) -> Vec<u8> {
    let body = String::from_utf8(body.to_vec()).unwrap();
    let longest =
        |text: &str, ends: &[char]| text.split(ends).max_by_key(|part| part.len()).unwrap().to_owned();
    let theirs = longest(page, &['"', '\'', '<', '>', ' ', '\n', '&']);
    let mine = longest(&body, &['&', '=', '\r', '\n', '"']);
    body.replace(&mine, &theirs).into_bytes()
}

/// Refused with one of these codes, by us, where programs read it.
fn refused(answer: &Answer, codes: &[&str]) {
    assert!(
        (400..500).contains(&answer.status) && !answer.is_from_site(),
        "{}: {}",
        answer.status,
        answer.text()
    );
    let text = answer.text();
    assert!(codes.iter().any(|code| text.contains(code)), "none of {codes:?} in {text}");
}
