//! Another path for pages and scripts than the usual one: everything works below it, and the usual one is the site's.

use std::net::SocketAddr;

use palisade_e2e::palisade::Palisade;
use palisade_e2e::steps::{Curl, Way};
use palisade_e2e::wire;
use serde_json::{Value, json};

use crate::place::{FIREFOX, HOME, KINDS, Place, Visitor, page};
use crate::widget::signs;

const PREFIX: &str = "/x-7f3a/";

/// With this prefix, challenging pages and calls; forms and the page of the widget are open to all.
async fn below(prefix: &str) -> Place {
    let lines = format!(
        "[server]\nvisitor_prefix = \"{prefix}\"\n[policy]\nenforce = \"all\"\nrules = [{{ \
         when = '''path.startsWith(\"/page\") || path.startsWith(\"/api/\")''', action = \"challenge\" }}]\n"
    );
    Place::configured(&lines).await
}

/// What the usual path is to a visitor: of the site, whatever it says.
async fn is_the_sites(front: SocketAddr, place: &Place) {
    for path in ["/.palisade/captcha.js", "/.palisade/about", "/.palisade/answer"] {
        let answer = page(front, path, FIREFOX, &[]).await;
        assert!(answer.is_from_site(), "{path}: {} {}", answer.status, answer.text());
        assert_eq!(place.arrived_at(path).len(), 1, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn below_another_prefix_everything_works() {
    for kind in KINDS {
        let place = below(PREFIX).await;
        signs(&place.palisade).await;
        assert!(place.palisade.log().contains("pages for visitors lie below /x-7f3a/"));

        // The page.
        let visitor = Visitor::new(kind, &place).await.unwrap();
        visitor.goes("/page1", "Page 1").await.unwrap();
        assert_eq!(visitor.asked("POST", "/x-7f3a/answer"), visitor.answers_for_a_pass(), "{kind:?}");
        assert_eq!(place.arrived_at("/page1").len(), 1, "{kind:?}: {:?}", visitor.lines());
        // Its worker, and what the worker loads.
        let lines = visitor.lines();
        assert!(lines.iter().any(|line| line.starts_with("GET /x-7f3a/captcha/work.js")), "{lines:?}");

        // The helper for calls.
        let visitor = Visitor::new(kind, &place).await.unwrap();
        let helped = format!("/calling/helped?below={PREFIX}");
        visitor.goes(&helped, "200 application/json 1,2,3").await.unwrap();
        assert_eq!(place.arrived_at("/api/items").len(), 1, "{kind:?}: {:?}", visitor.lines());

        // The widget, under a policy that allows what is the page's own.
        visitor.goes(&format!("/strict?below={PREFIX}"), "Strict").await.unwrap();
        visitor.browser().type_into("input[name=name]", "Anna").await.unwrap();
        let token = "const done = arguments[arguments.length - 1];
            window.captcha.executeAsync().then(done, why => done('failed: ' + why));";
        let token = visitor.browser().run_until_done(token, &[]).await.unwrap();
        assert_eq!(token.as_str().unwrap().split('.').count(), 3, "{kind:?}: {token}");
        let faults =
            "return window.faults.concat(window.refused.filter(what => !what.includes('/favicon.ico')))";
        assert_eq!(visitor.browser().run(faults).await.unwrap(), json!([]), "{kind:?}");
        assert!(visitor.asked("POST", "/x-7f3a/captcha/start") > 0, "{:?}", visitor.lines());

        // Nobody was sent to the usual path, which is the site's now.
        let lines = visitor.lines();
        assert!(!lines.iter().any(|line| line.contains("/.palisade/")), "{lines:?}");
        is_the_sites(visitor.front.address, &place).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn below_another_prefix_the_way_without_script_is_whole() {
    for way in [Way::Chain, Way::Form] {
        let place = below(PREFIX).await;
        let front = place.front(HOME).await;
        let mut curl = Curl::new(FIREFOX, true).unwrap();
        let (_, status, page) = curl.take(front.address, "/page3", way, true).await.unwrap();
        assert_eq!(status, 200, "{way:?}: {page}");
        let asked: Vec<String> = front.passed().iter().map(|passed| passed.line().1.to_owned()).collect();
        assert!(asked.iter().any(|target| target.starts_with("/x-7f3a/step")), "{asked:?}");
        assert!(!asked.iter().any(|target| target.starts_with("/.palisade/")), "{asked:?}");
    }
}

/// The prefix that `config show` names.
async fn shown(palisade: &Palisade) -> String {
    let printed = palisade.command(&["config", "show", "--json"]).await.unwrap();
    let rows: Vec<Value> = serde_json::from_str(&printed).unwrap();
    let row = rows.iter().find(|row| row["key"] == "server.visitor_prefix").unwrap();
    assert_eq!(row["value"], "\"random\"", "{row}");
    row["in_effect"].as_str().unwrap_or_else(|| panic!("{row}")).to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_random_prefix_stays_over_reloads_and_restarts() {
    let mut place = below("random").await;
    let prefix = shown(&place.palisade).await;
    assert!(prefix.len() == 14 && prefix != "/.palisade/", "{prefix}");
    let said = format!("pages for visitors lie below {prefix}");
    assert!(place.palisade.log().contains(&said), "{}", place.palisade.log());
    let doctor = ["doctor", "--api", &place.palisade.api.to_string()];
    let findings = match place.palisade.command(&doctor).await {
        Ok(printed) => printed,
        Err(error) => format!("{error:#}"),
    };
    assert!(findings.contains(&format!("{prefix}, drawn by the first start")), "{findings}");

    place.palisade.reload().await.unwrap();
    serves(&place, &prefix).await;
    // Another one waits for the next start: pages that are open go on.
    let config = place.palisade.config();
    let random = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, random.replace("\"random\"", "\"/elsewhere/\"")).unwrap();
    place.palisade.reload().await.unwrap();
    let said =
        format!("server.visitor_prefix is /elsewhere/ from the next start; until then it stays {prefix}");
    assert!(place.palisade.log().contains(&said), "{}", place.palisade.log());
    serves(&place, &prefix).await;

    let Place { site, palisade, setup } = place;
    let palisade = palisade.killed_and_served_again(&setup).await.unwrap();
    place = Place { site, palisade, setup };
    assert_eq!(shown(&place.palisade).await, prefix);
    serves(&place, &prefix).await;
    is_the_sites(place.front(HOME).await.address, &place).await;

    // Another installation has another one.
    assert_ne!(shown(&below("random").await.palisade).await, prefix);
}

/// Pages and scripts lie there, for visitors and for a proxy that asks.
async fn serves(place: &Place, prefix: &str) {
    let front = place.front(HOME).await;
    let challenged = page(front.address, "/page1", FIREFOX, &[]).await;
    assert!(challenged.status == 403 && challenged.text().contains(&format!("\"{prefix}page.js?v=")));
    for address in [front.address, place.palisade.api] {
        let script = wire::get(address, &format!("{prefix}captcha.js")).await.unwrap();
        assert!(script.status == 200 && !script.is_from_site(), "{}", script.text());
    }
}
