//! Visitors whose settings differ: cookies off, another direction of writing, less motion, help with reading.

use palisade_e2e::browser::{Habits, Kind};
use palisade_e2e::pace::Pacer;
use palisade_e2e::tools;
use serde_json::{Value, json};
use std::time::Duration;

use crate::place::{EVERYTHING, FIREFOX, HOME, KINDS, Place, Visitor, page};

/// Complaint: "enable cookies" where they are on, and pages that load for ever where they are off.
#[tokio::test(flavor = "multi_thread")]
async fn without_cookies_a_page_says_so_and_stops() {
    for kind in KINDS {
        let place = Place::challenging(EVERYTHING).await;
        let habits = Habits { no_cookies: true, ..Habits::default() };
        let visitor = Visitor::with(kind, habits, &place).await.unwrap();
        visitor.browser().go(&visitor.url("/page1")).await.unwrap();
        let says =
            "return document.readyState === 'complete' && document.body.innerText.includes('cookies-off')";
        visitor.browser().await_true(says, crate::place::SHOWN).await.unwrap();
        // It stays as it is: nothing is asked any more.
        let asked = visitor.lines();
        Pacer::start().until(Duration::from_secs(4)).await;
        assert_eq!(visitor.lines(), asked, "{kind:?}: a loop");
        let pages = visitor.asked("GET", "/page1");
        assert!(pages <= 3, "{kind:?}: asked for the page {pages} times");
        assert_eq!(place.arrived(), []);
        // The words say what to do, in plain language.
        let text = visitor.browser().run("return document.body.innerText").await.unwrap();
        assert!(text.as_str().unwrap().to_lowercase().contains("cookie"), "{text}");
    }
}

/// Whoever is refused or slowed for another reason while the page is shown reads so, and is not asked for ever.
#[tokio::test(flavor = "multi_thread")]
async fn who_is_shut_out_reads_so_and_the_page_stops() {
    for kind in KINDS {
        for action in ["block", "charge"] {
            let rules = format!(
                "[policy]\nenforce = \"all\"\nrules = [\n  {{ when = '''path == \"/.palisade/answer\"''', action = \"{action}\" }},\n  \
                 {{ when = '''path.startsWith(\"/page\")''', action = \"challenge\" }},\n]\n"
            );
            let place = Place::configured(&rules).await;
            let visitor = Visitor::new(kind, &place).await.unwrap();
            visitor.browser().go(&visitor.url("/page1")).await.unwrap();
            let says = "return document.getElementById('code') && document.getElementById('code').textContent === 'refused'";
            visitor.browser().await_true(says, crate::place::SHOWN).await.unwrap();
            assert_eq!((visitor.answers(), visitor.asked("GET", "/page1")), (1, 1), "{kind:?} {action}");
            assert_eq!(place.arrived_at("/page1"), []);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_people_write_from_right_to_left_so_does_the_page() {
    for kind in KINDS {
        let place = Place::challenging(EVERYTHING).await;
        for (language, dir) in [("ar", "rtl"), ("he", "rtl"), ("fa", "rtl"), ("de", "ltr")] {
            let front = place.front(HOME).await;
            let answer = page(front.address, "/page1", FIREFOX, &[]).await;
            assert!(answer.text().contains("dir=\"ltr\""));
            let headers: Vec<_> = crate::place::navigation(FIREFOX)
                .into_iter()
                .map(|(name, value)| if name == "Accept-Language" { (name, language) } else { (name, value) })
                .collect();
            let answer =
                palisade_e2e::wire::request(front.address, "GET", "/page1", &headers, b"").await.unwrap();
            let told = format!("lang=\"{language}\" dir=\"{dir}\"");
            assert!(answer.text().contains(&told), "{told} is not in {}", answer.text());
        }
        // And the browser lays it out so; a page without script stays to be looked at.
        let habits = Habits { no_cookies: true, languages: "ar,en", ..Habits::default() };
        let visitor = Visitor::with(kind, habits, &place).await.unwrap();
        visitor.browser().go(&visitor.url("/page1")).await.unwrap();
        let laid_out = "return getComputedStyle(document.body).direction === 'rtl' && document.documentElement.lang === 'ar'";
        visitor.browser().await_true(laid_out, crate::place::SHOWN).await.unwrap();
    }
}

/// Nothing on the page moves for those who asked for that.
#[tokio::test(flavor = "multi_thread")]
async fn who_wants_less_motion_gets_none() {
    for kind in KINDS {
        let place = Place::challenging(EVERYTHING).await;
        let habits = Habits { no_cookies: true, less_motion: true, ..Habits::default() };
        let visitor = Visitor::with(kind, habits, &place).await.unwrap();
        visitor.browser().go(&visitor.url("/page1")).await.unwrap();
        let wanted = visitor
            .browser()
            .run("return matchMedia('(prefers-reduced-motion: reduce)').matches")
            .await
            .unwrap();
        assert_eq!(wanted, json!(true));
        let moving =
            "return document.getAnimations({subtree: true}).filter(a => a.playState === 'running').length";
        assert_eq!(visitor.browser().run(moving).await.unwrap(), json!(0), "{kind:?}");
    }
}

/// The rules of the web for everybody (axe-core), on each page of ours and on a form with the widget.
#[tokio::test(flavor = "multi_thread")]
async fn pages_are_accessible() {
    let axe = std::fs::read_to_string(tools::node_package("browser", "axe-core").unwrap().join("axe.min.js"))
        .unwrap();
    let place = Place::challenging(r#"path.startsWith("/page")"#).await;
    let refusing = Place::configured("[policy]\nrules = [{ when = 'true', action = \"block\" }]\n").await;
    for kind in KINDS {
        // Without cookies the challenge page stays, with all it can show.
        for languages in ["en", "ar"] {
            let habits = Habits { no_cookies: true, languages, ..Habits::default() };
            let visitor = Visitor::with(kind, habits, &place).await.unwrap();
            visitor.browser().go(&visitor.url("/page1")).await.unwrap();
            sound(&visitor, &axe, "the challenge as it comes").await;
            visitor
                .browser()
                .await_true("return document.body.innerText.includes('cookies-off')", crate::place::SHOWN)
                .await
                .unwrap();
            sound(&visitor, &axe, "the challenge where cookies are off").await;
        }
        let visitor = Visitor::new(kind, &refusing).await.unwrap();
        visitor.browser().go(&visitor.url("/page1")).await.unwrap();
        sound(&visitor, &axe, "a refusal").await;
        let visitor = Visitor::new(kind, &place).await.unwrap();
        visitor.goes("/strict", "Strict").await.unwrap();
        sound(&visitor, &axe, "a form with the widget").await;
    }
}

/// Complaint: hidden parts of the widget take the focus.
#[tokio::test(flavor = "multi_thread")]
async fn the_widget_takes_no_focus_of_its_own() {
    for kind in KINDS {
        let place = Place::configured("").await;
        let visitor = Visitor::new(kind, &place).await.unwrap();
        visitor.goes("/strict", "Strict").await.unwrap();
        let hidden = "return [...document.querySelectorAll('a, button, input, select, textarea, iframe, [tabindex]')]\
            .filter(e => e.tabIndex >= 0 && e.type !== 'hidden' && !e.checkVisibility({visibilityProperty: true, opacityProperty: true}))\
            .map(e => e.outerHTML)";
        assert_eq!(visitor.browser().run(hidden).await.unwrap(), json!([]), "{kind:?}");
    }
}

/// No finding that axe calls serious or critical, by WCAG 2.2 AA and good practice.
async fn sound(visitor: &Visitor, axe: &str, name: &str) {
    visitor.browser().run(&format!("{axe}; return true")).await.unwrap();
    let script = "const done = arguments[arguments.length - 1];
        const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
        window.axe.run(document, {runOnly: tags}).then(
            found => done(found.violations.map(v => [v.impact, v.id, v.nodes.map(n => n.html).join(' ; ')])),
            why => done([['critical', String(why), '']]));";
    let found: Value = visitor.browser().run_until_done(script, &[]).await.unwrap();
    let serious: Vec<&Value> = found
        .as_array()
        .unwrap()
        .iter()
        .filter(|finding| matches!(finding[0].as_str(), Some("serious" | "critical")))
        .collect();
    assert!(serious.is_empty(), "{:?}, {name}: {serious:#?}", visitor.kind);
}

/// A page that says `default-src 'none'` and allows what is its own: the widget needs nothing more.
#[tokio::test(flavor = "multi_thread")]
async fn the_widget_keeps_to_a_strict_policy() {
    for kind in [Kind::Chromium, Kind::Firefox] {
        let place = Place::configured("").await;
        let visitor = Visitor::new(kind, &place).await.unwrap();
        visitor.goes("/strict", "Strict").await.unwrap();
        visitor.browser().type_into("input[name=name]", "Anna").await.unwrap();
        let token = visitor
            .browser()
            .run_until_done(
                "const done = arguments[arguments.length - 1];
                 window.captcha.executeAsync().then(done, why => done('failed: ' + why));",
                &[],
            )
            .await
            .unwrap();
        assert_eq!(token.as_str().unwrap().split('.').count(), 3, "{kind:?}: {token}");
        // The page's own policy allows no icon, which Firefox counts.
        let refused = "return window.refused.filter(what => !what.includes('/favicon.ico'))";
        for script in [refused, "return window.faults"] {
            let found = visitor.browser().run(script).await.unwrap();
            assert_eq!(found, json!([]), "{kind:?}: {script}");
        }
        visitor.browser().click("#send").await.unwrap();
        visitor.arrives("Submitted").await.unwrap();
        assert!(visitor.browser().text("#sent").await.unwrap().contains("captcha_token="));
    }
}

/// The challenge page itself sets a strict policy, and keeps to it.
#[tokio::test(flavor = "multi_thread")]
async fn the_challenge_keeps_to_its_own_policy() {
    let place = Place::challenging(EVERYTHING).await;
    let front = place.front(HOME).await;
    let answer = page(front.address, "/page1", FIREFOX, &[]).await;
    let policy = answer.header("content-security-policy").expect("the page has a policy");
    assert!(policy.contains("default-src 'none'"), "{policy}");
    for loose in ["unsafe-inline", "unsafe-eval", "data:", "blob:", "*", "http"] {
        assert!(
            !policy.split(&[' ', ';']).any(|word| word.trim_matches('\'') == loose),
            "{loose} in {policy}"
        );
    }
    let text = answer.text();
    assert!(!text.contains("style=") && !text.contains("onclick="), "{text}");
    assert!(!text.contains("//cdn") && !text.contains("https://"), "nothing comes from elsewhere: {text}");
}
