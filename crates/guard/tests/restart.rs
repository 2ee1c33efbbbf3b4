//! What outlives a process: blocks and their doubling through a real store, what is usual for a site, and nothing of
//! another installation.

mod common;

use std::path::Path;
use std::sync::Arc;

use common::{SEED, START, TENANT, at, guard_with, ip, ok, page};
use palisade_detect::{HashSeed, Observe};
use palisade_domain::{Action, ClientIp, ClientKey, Fact, RequestFacts, Timestamp, Vantage};
use palisade_guard::remembered::{Remembered, SnapshotError};
use palisade_guard::worker::{Clock, WorkerSettings, run_on};
use palisade_guard::{Guard, GuardSettings, Sites};
use palisade_limits::BucketRate;
use palisade_policy::{Level, LimitSettings, Policy};
use palisade_store::{EffectKind, EntrySource, ListEntry, Lists, Page, SqliteStore};
use proptest::prop_assert;
use proptest::test_runner::TestRunner;
use tokio::sync::oneshot;

const HOUR: i64 = 3_600;

/// One request a minute of a network; what is above exceeds a limit.
fn policy() -> Policy {
    let network = Some(BucketRate { per_minute: 1, burst: 1 });
    Policy { limits: LimitSettings { network, ..LimitSettings::default() }, ..Policy::default() }
}

/// One life of a process: starts with what is in `folder` and `kept`, does `work`, and leaves what it keeps.
async fn life(folder: &Path, kept: Option<&[u8]>, now: Timestamp, work: impl FnOnce(&Guard)) -> Vec<u8> {
    let store = Arc::new(SqliteStore::open(&folder.join("palisade.db")).await.expect("a store"));
    let (guard, backlog) = guard_with(0.0, policy());
    guard.follow_lists(&*store, TENANT).await.expect("the lists");
    if let Some(kept) = kept {
        assert_eq!(guard.restore(kept, now).expect("our own bytes").networks, 1);
    }
    let (stop, stopped) = oneshot::channel::<()>();
    let clock = Clock::new(move || now);
    let settings = WorkerSettings { tenant: TENANT, clock, ..WorkerSettings::default() };
    let worker = tokio::spawn(run_on(Arc::clone(&guard), backlog, Arc::clone(&store), settings, async {
        let _ = stopped.await;
    }));
    work(&guard);
    drop(stop);
    worker.await.expect("the worker ends in order");
    store.close().await;
    guard.to_snapshot(now)
}

/// How long it takes to be blocked at one request in two seconds, and a little longer.
const PROVOKED: i64 = 250;

fn provoke(guard: &Guard, from: i64) {
    for time in (from..from + PROVOKED).step_by(2).map(at) {
        let ruling = guard.request(&page(1, time), Observe::Note, None);
        guard.response(ruling, &ok(), time);
    }
}

async fn blocks(folder: &Path) -> Vec<ListEntry> {
    let store = SqliteStore::open(&folder.join("palisade.db")).await.expect("a store");
    let mut entries = store.entries(TENANT, Page::FIRST).await.expect("the entries");
    entries.retain(|entry| entry.effect.kind() == EffectKind::Block);
    store.close().await;
    entries
}

#[tokio::test]
async fn a_block_holds_after_a_restart_and_the_next_one_is_twice_as_long() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut kept: Option<Vec<u8>> = None;
    for (from, hours) in [(0, 1), (2 * HOUR, 2), (10 * HOUR, 4)] {
        let bytes = life(folder.path(), kept.as_deref(), at(from), |guard| provoke(guard, from)).await;
        let held = blocks(folder.path()).await;
        assert_eq!((held.len(), held[0].network, held[0].source), (1, ip(1).network(), EntrySource::Rule));
        let lasts_ms = held[0].expires_at.expect("an end").millis() - at(from).millis();
        assert!(
            (hours * HOUR * 1_000..(hours * HOUR + PROVOKED) * 1_000).contains(&lasts_ms),
            "{lasts_ms} ms"
        );
        let check = |guard: &Guard| {
            let asked = guard.request(&page(1, at(from + PROVOKED)), Observe::Peek, None);
            assert!(matches!(asked.judged.verdict.decision.enforced, Action::Block(_)), "it holds");
        };
        kept = Some(life(folder.path(), Some(&bytes), at(from + PROVOKED), check).await);
    }
}

/// A minute of a busy site, one program on one path.
fn busy_minute(guard: &Guard, minute: i64) -> Level {
    let mut highest = Level::Calm;
    for n in 0..1_800_u32 {
        let client = ClientIp::new(std::net::IpAddr::V4((0x0a00_0000 + n % 1_500).into()));
        let time = Timestamp::from_millis((START + minute * 60) * 1_000 + i64::from(n) * 33);
        let mut facts = RequestFacts::bare(ClientKey::Ip(client), time, Vantage::GatewayClear);
        (facts.user_agent, facts.target) = (Fact::Known("app/1"), Fact::Known("/api"));
        highest = highest.max(guard.load.note(&facts).0);
    }
    highest
}

#[test]
fn a_busy_site_is_not_under_attack_because_palisade_was_restarted() {
    let fresh = || common::guard(0.0).0;
    let before = fresh();
    (0..30).for_each(|minute| _ = busy_minute(&before, minute));
    assert_eq!(busy_minute(&before, 30), Level::Calm, "as usual");
    let kept = before.to_snapshot(at(31 * 60));
    assert!(busy_minute(&fresh(), 31) > Level::Calm, "nothing is usual for who knows nothing");
    let after = fresh();
    let restored = after.restore(&kept, at(31 * 60));
    assert_eq!(restored, Ok(Remembered { networks: 0, sites: 1 }));
    assert_eq!((31..40).map(|minute| busy_minute(&after, minute)).max(), Some(Level::Calm));
    // Nor what was usual for the site that had the number before.
    let settings = GuardSettings { seed: SEED, event_sample: 0.0, first_id: 0 };
    let sites = after.sites().as_ref().clone().with_successors(&[palisade_domain::SiteId(0)]);
    let (successor, _backlog) = Guard::new(palisade_policy::Judge::clone(&after.judge()), sites, settings);
    assert_eq!(successor.restore(&kept, at(31 * 60)), Ok(Remembered::default()));
    // What was usual yesterday is not what is usual today.
    let late = fresh();
    assert_eq!(late.restore(&kept, at(31 * 60 + 24 * HOUR)), Ok(Remembered { networks: 0, sites: 1 }));
    let late = fresh();
    assert_eq!(late.restore(&kept, at(31 * 60 + 24 * HOUR + 1)), Ok(Remembered::default()));
    assert_eq!(late.load.reports(at(0)), []);
}

#[test]
fn what_is_not_ours_is_refused() {
    let (before, _backlog) = guard_with(0.0, policy());
    provoke(&before, 0);
    let kept = before.to_snapshot(at(9));
    let check = |bytes: &[u8], expect: Result<Remembered, SnapshotError>| {
        assert_eq!(guard_with(0.0, policy()).0.restore(bytes, at(9)), expect);
    };
    check(&kept, Ok(Remembered { networks: 1, sites: 1 }));
    for (bytes, part) in [(0, "seed mark"), (8, "time"), (16, "count of sites"), (20, "sites")] {
        check(&kept[..bytes], Err(SnapshotError::TooShort { part, bytes }));
    }
    assert!(matches!(
        guard_with(0.0, policy()).0.restore(&kept[..kept.len() - 1], at(9)),
        Err(SnapshotError::Trouble(_))
    ));
    let mut many = kept.clone();
    many[16..20].fill(0xff);
    check(&many, Err(SnapshotError::TooShort { part: "sites", bytes: kept.len() }));
    let mut odd = kept.clone();
    odd[24..28].copy_from_slice(&f32::NAN.to_le_bytes());
    check(&odd, Err(SnapshotError::BadUsual { site: 0 }));
    let untouched = guard_with(0.0, policy()).0;
    assert!(untouched.restore(&odd, at(9)).is_err());
    assert_eq!((untouched.judge().trouble_to_bytes(), untouched.load.reports(at(9))), (vec![], vec![]));
    let settings = GuardSettings { seed: HashSeed([1, 2]), event_sample: 0.0, first_id: 0 };
    let judge = palisade_policy::Judge::clone(&guard_with(0.0, policy()).0.judge());
    let (other, _backlog) = Guard::new(judge, Sites::default(), settings);
    assert_ne!(settings.seed.0, SEED.0);
    assert_eq!(other.restore(&kept, at(9)), Err(SnapshotError::OtherSeed));
}

#[test]
fn any_bytes_are_refused_or_restored() {
    let (guard, _backlog) = guard_with(0.0, policy());
    let mark = guard.to_snapshot(at(0))[..8].to_vec();
    let rest = proptest::collection::vec(proptest::num::u8::ANY, 0..200);
    let mut runner = TestRunner::default();
    let told = runner.run(&(rest, 0..4_u32), |(rest, sites)| {
        // As likely as not to be read further than the count of sites.
        let bytes = [&mark[..], &at(1).0.to_le_bytes(), &sites.to_le_bytes(), &rest].concat();
        let trouble = rest.len().saturating_sub(sites as usize * 16);
        let restored = guard.restore(&bytes, at(1));
        prop_assert!(restored.is_err() || trouble.is_multiple_of(48));
        Ok(())
    });
    told.expect("no bytes panic");
}
