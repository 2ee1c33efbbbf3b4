//! Calls of pages: a page that does not know of challenges can read what it was told, and a helper solves and asks again.

use crate::place::{CALLS, HOME, KINDS, Place, Visitor};

/// Complaint: a page's call gets HTML, and the page breaks.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_without_the_helper_can_read_what_it_was_told() {
    for kind in KINDS {
        let place = Place::challenging(CALLS).await;
        let visitor = Visitor::new(kind, &place).await.unwrap();
        let told = "403 application/problem+json Challenge required /.palisade/challenge";
        visitor.goes("/calling", told).await.unwrap();
        assert_eq!(place.arrived_at("/api/items"), []);
        // From another origin, with cookies: `localhost` is not `127.0.0.1`.
        let here = visitor.front.address;
        let page = format!("http://localhost:{}/calling/across?to={}", here.port(), visitor.front.url());
        visitor.browser().go(&page).await.unwrap();
        visitor.arrives(told).await.unwrap();
        assert_eq!(place.arrived_at("/api/items"), []);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_helper_solves_and_asks_again() {
    for kind in KINDS {
        let place = Place::challenging(CALLS).await;
        let visitor = Visitor::new(kind, &place).await.unwrap();
        visitor.goes("/calling/helped", "200 application/json 1,2,3").await.unwrap();
        assert_eq!(place.arrived_at("/api/items").len(), 1, "{kind:?}: {:?}", visitor.lines());
        assert_eq!(place.site.arrived_from(HOME), place.site.arrived().len());
        // With a pass, at once.
        let before = visitor.answers();
        visitor.goes("/calling/helped", "200 application/json 1,2,3").await.unwrap();
        assert_eq!(visitor.answers(), before);
    }
}

/// The older interface too, and what it posted is posted again, once.
#[tokio::test(flavor = "multi_thread")]
async fn the_helper_repeats_what_was_posted() {
    for kind in KINDS {
        let place = Place::challenging(CALLS).await;
        let visitor = Visitor::new(kind, &place).await.unwrap();
        visitor.goes("/calling/old", "event 204").await.unwrap();
        let arrived = place.arrived_at("/api/event");
        assert_eq!(arrived.len(), 1, "{kind:?}: {:?}", visitor.lines());
        assert_eq!(arrived[0].body, b"{\"a\": 1}");
        assert_eq!(arrived[0].header("content-type"), Some("application/json"));
    }
}

/// A call that the page gave up while its challenge was solved is not sent behind its back, by either interface.
#[tokio::test(flavor = "multi_thread")]
async fn the_helper_sends_nothing_that_was_aborted() {
    for kind in KINDS {
        for (name, call) in [("fetch", GIVEN_UP), ("XMLHttpRequest", GIVEN_UP_OLD)] {
            let place = Place::challenging(CALLS).await;
            let visitor = Visitor::new(kind, &place).await.unwrap();
            visitor.goes("/calling/quiet", "Quiet").await.unwrap();
            let script = GIVEN_UP_WHEN_HELD.replace("CALL", call);
            let said = visitor.browser().run_until_done(&script, &[]).await.unwrap();
            assert_eq!(said, "AbortError, then 204", "{kind:?} {name}");
            let bodies: Vec<_> =
                place.arrived_at("/api/event").into_iter().map(|arrived| arrived.body).collect();
            assert_eq!(bodies, [b"second"], "{kind:?} {name}: {:?}", visitor.lines());
        }
    }
}

/// `held` comes true with the answer that is held back; what waits for the same solution is sent after what was given up would be.
const GIVEN_UP_WHEN_HELD: &str = "const done = arguments[arguments.length - 1];
let stop;
const held = new Promise(go => new PerformanceObserver(list => {
  if (list.getEntries().some(entry => entry.name.endsWith('/.palisade/challenge'))) go();
}).observe({type: 'resource'}));
const given = CALL;
held.then(() => stop());
given.then(async said => {
  const second = await fetch('/api/event', {method: 'POST', body: 'second'});
  done(said + ', then ' + second.status);
});";

const GIVEN_UP: &str = "(() => {
  const abort = new AbortController();
  stop = () => abort.abort();
  return fetch('/api/event', {method: 'POST', body: 'first', signal: abort.signal}).then(answer => answer.status, why => why.name);
})()";

const GIVEN_UP_OLD: &str = "new Promise(go => {
  const call = new XMLHttpRequest();
  call.open('POST', '/api/event');
  call.onload = () => go(call.status);
  call.onabort = () => go('AbortError');
  stop = () => call.abort();
  call.send('first');
})";
