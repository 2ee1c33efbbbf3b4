//! A restored history goes on as if nothing had happened.

use palisade_detect::gather::gather;
use palisade_detect::history::{History, SnapshotError};
use palisade_detect::{Engine, EngineSettings, HashSeed, Observe, SiteProfile};
use palisade_domain::{Assessment, Resolution};
use palisade_testkit::request::OwnedRequest;
use proptest::prelude::*;

const CLIENTS: [&str; 6] =
    ["192.0.2.1", "192.0.2.2", "198.51.100.7", "2001:db8::1", "2001:db8:0:1::2", "someone"];
const TARGETS: [&str; 9] = [
    "/",
    "/article/17",
    "/style.css",
    "/logo.png",
    "/favicon.ico",
    "/robots.txt",
    "/api/cart",
    "/login",
    "/.env",
];
const AGENTS: [&str; 3] = [
    "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
    "curl/8.5.0",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
];

fn engine() -> Engine {
    let seed = HashSeed([5, 6]);
    Engine::new(EngineSettings::new(seed))
}

#[derive(Clone, Debug)]
struct Step {
    wait_ms: i64,
    client: usize,
    target: usize,
    agent: usize,
    status: u16,
    fingerprint: bool,
    session: bool,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (
        prop_oneof![0i64..50, 0i64..5_000, 0i64..90_000_000],
        0..CLIENTS.len(),
        0..TARGETS.len(),
        0..AGENTS.len(),
        prop_oneof![Just(200u16), Just(302), Just(401), Just(404)],
        any::<bool>(),
        any::<bool>(),
    );
    let step = step.prop_map(|(wait_ms, client, target, agent, status, fingerprint, session)| Step {
        wait_ms,
        client,
        target,
        agent,
        status,
        fingerprint,
        session,
    });
    prop::collection::vec(step, 0..80)
}

/// What `engine` says to `steps`, beginning at `now_ms`, which it moves on.
fn play(engine: &Engine, steps: &[Step], now_ms: &mut i64) -> Vec<Assessment> {
    let one = |step: &Step| {
        *now_ms += step.wait_ms;
        let mut request =
            OwnedRequest::log(CLIENTS[step.client], *now_ms, TARGETS[step.target], AGENTS[step.agent]);
        request.status = Some(step.status);
        request.fingerprint = step.fingerprint.then(|| "{\"canvas\":\"1f\"}".to_owned());
        request.session = step.session.then_some(step.client as u128);
        let mut facts = request.facts(&[]);
        facts.resolution = Resolution::Milli;
        let seen = engine.assess(&facts, Observe::Note);
        engine.finish(seen.ticket, &request.response(), facts.time);
        seen.assessment
    };
    steps.iter().map(one).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_restored_history_gives_the_same_assessments(before in steps(), after in steps()) {
        let (first, second) = (engine(), engine());
        let mut now_ms = 1_795_132_800_000;
        play(&first, &before, &mut now_ms);
        let bytes = first.history().to_snapshot();
        prop_assert_eq!(second.history().restore(&bytes), Ok(first.history().clients()));
        prop_assert_eq!(second.history().to_snapshot(), bytes);
        let mut later_ms = now_ms;
        prop_assert_eq!(play(&first, &after, &mut now_ms), play(&second, &after, &mut later_ms));
        prop_assert_eq!(first.history().to_snapshot(), second.history().to_snapshot());
    }

    #[test]
    fn spoiled_bytes_never_panic(
        before in steps(),
        spoiled in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
        after in steps(),
    ) {
        let (first, second) = (engine(), engine());
        let mut now_ms = 1_795_132_800_000;
        play(&first, &before, &mut now_ms);
        let mut bytes = first.history().to_snapshot();
        spoiled.iter().for_each(|(at, byte)| *at.get_mut(&mut bytes) = *byte);
        let restored = second.history().restore(&bytes);
        prop_assert!(restored.is_ok() || second.history().clients() == 0);
        play(&second, &after, &mut now_ms);
    }

    #[test]
    fn strange_bytes_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(engine().history().restore(&bytes).is_err());
    }
}

#[test]
fn another_version_is_named() {
    let mut bytes = engine().history().to_snapshot();
    bytes[0] = 200;
    let error = engine().history().restore(&bytes).unwrap_err();
    assert!(matches!(error, SnapshotError::OtherVersion { found: 200, .. }));
    assert_eq!(error.to_string(), "the history has version 200, this binary reads version 3");
}

/// What the fuzzer begins with, and what an upgrade meets: snapshots that this layout has to read.
/// `UPDATE_GOLDEN=1` writes them anew; raise `SNAPSHOT_VERSION` then.
#[test]
fn kept_snapshots_are_still_read() {
    for (name, visits) in [("empty", 0), ("one", 1), ("several", 40)] {
        let path = format!("{}/../../fuzz/corpus/snapshot/{name}", env!("CARGO_MANIFEST_DIR"));
        let history = History::new(HashSeed([1, 2]));
        let mut snapshot = history.to_snapshot()[..8].to_vec();
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            visit(&history, visits);
            std::fs::write(&path, &history.to_snapshot()[8..]).unwrap();
        }
        snapshot.extend(std::fs::read(&path).unwrap());
        let restored = History::new(HashSeed([1, 2]));
        assert_eq!(restored.restore(&snapshot).is_ok_and(|clients| clients > 0), visits > 0, "{name}");
        assert_eq!(restored.to_snapshot(), snapshot, "{name}");
    }
}

fn visit(history: &History, visits: usize) {
    for n in 0..visits {
        let time_ms = 1_795_132_800_000 + n as i64 * 700;
        let request = OwnedRequest::log(CLIENTS[5 - n % 4], time_ms, TARGETS[n % TARGETS.len()], "x/1");
        let facts = request.facts(&[]);
        let gathered = gather(&facts, Default::default(), &SiteProfile::default());
        let seen = history.note_request(&facts, &gathered);
        history.note_response(seen.ticket, &request.response(), facts.time);
    }
}
