//! A version that is stored, and one that is promoted, killed or without room at every single write: all of a step holds or nothing.
//!
//! The system itself does it: beyond a limit on the size of files a write is refused, with a signal that kills or, where that is
//! ignored, as by a full disk. Each run has room for one page more than the one before, so every write is once the last.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic)] // Helpers of tests are tests.

use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Output};

use palisade_domain::{TenantId, Timestamp};
use palisade_store::{
    Audit, AuditRandom, Fault, ModelStatus, ModelStep, ModelVersionId, Models, NewAuditLine, NewModel,
    SqliteStore, StepError, WriteError,
};

const TENANT: TenantId = TenantId(1);
/// Names the database to the child; without it [`child_adds_and_promotes`] has nothing to do.
const CHILD: &str = "PALISADE_STORE_TEST_MODELS";
/// Room for the memory that connections share beside the database, without which none opens.
const ROOM_MIN_KIB: usize = 36;
/// A page. One with its frame's header is a little more, so no write is left out.
const STEP_KIB: usize = 4;
/// More than all of it takes.
const ROOM_MAX_KIB: usize = 1_024;
/// Signal 25 of signal(7).
const XFSZ: i32 = 25;
/// Bytes of a model file: several pages.
const FILE_BYTES: usize = 40_000;

fn line(action: &str) -> NewAuditLine {
    NewAuditLine {
        time: Timestamp::from_secs(1_700_000_000),
        actor: "training".into(),
        action: action.into(),
        object: "model:?".into(),
        detail: "because".into(),
        personal: Vec::new(),
    }
}

fn random(n: u8) -> AuditRandom {
    AuditRandom::new([n; AuditRandom::BYTES])
}

async fn add(store: &SqliteStore, n: u8) -> Result<ModelVersionId, WriteError> {
    let new = NewModel {
        name: format!("model {n}"),
        kind: "additive".into(),
        subject: "traffic".into(),
        data_sha256: String::new(),
        metrics: "{}".into(),
        labels: Vec::new(),
        file: vec![n; FILE_BYTES],
    };
    Ok(store.add_model(TENANT, &new, &line("model.add"), &random(n)).await?.id)
}

async fn step(store: &SqliteStore, step: ModelStep, n: u8) -> Result<(), StepError> {
    store.step_model(TENANT, &step, &line(step.action()), &random(n)).await.map(|_| ())
}

/// A database with a live version and one in its shadow.
async fn template(path: &Path) {
    let store = SqliteStore::open(path).await.unwrap();
    let (live, shadow) = (add(&store, 1).await.unwrap(), add(&store, 2).await.unwrap());
    step(&store, ModelStep::Promote(live), 3).await.unwrap();
    step(&store, ModelStep::Shadow(shadow), 4).await.unwrap();
    store.close().await;
}

/// Runs the child on the database at `path` with room for `room_kib`; `before` is shell that it begins with.
fn child(path: &Path, room_kib: usize, before: &str) -> Output {
    let script = format!("{before} ulimit -c 0; ulimit -f {}; exec \"$0\" \"$@\"", room_kib * 2);
    let mut shell = Command::new("/bin/sh");
    shell.arg("-c").arg(script).arg(std::env::current_exe().unwrap());
    shell.args(["--exact", "child_adds_and_promotes", "--nocapture", "--test-threads=1"]).env(CHILD, path);
    shell.output().unwrap()
}

/// What the child has acknowledged: the version it added, and that another was promoted.
fn acknowledged(out: &Output) -> [bool; 2] {
    let said = String::from_utf8_lossy(&out.stdout);
    ["added", "promoted"].map(|word| said.lines().any(|line| line == word))
}

/// That the database holds all or nothing of each step, and what was acknowledged; which steps it holds.
async fn holds(path: &Path, acknowledged: [bool; 2], when: &str) -> [bool; 2] {
    use ModelStatus::{Candidate, Live, Retired, Shadow};
    let store = SqliteStore::open(path).await.unwrap();
    let versions = store.models(TENANT).await.unwrap();
    let statuses: Vec<_> = versions.iter().map(|version| version.status).collect();
    let held = match statuses[..] {
        [Live, Shadow] => [false, false],
        [Live, Shadow, Candidate] => [true, false],
        [Retired, Live, Candidate] => [true, true],
        _ => panic!("{when}: {statuses:?}"),
    };
    assert!(!acknowledged.iter().zip(held).any(|(said, held)| *said && !held), "{when}: {statuses:?}");
    for (n, version) in (1..).zip(&versions) {
        let file = store.model_file(TENANT, version.id).await.unwrap();
        assert!(file.is_some_and(|file| file == [n; FILE_BYTES]), "{when}: the file of version {n} is whole");
    }
    assert_eq!(store.verify_audit(TENANT, &[]).await.unwrap().broken, None, "{when}");
    // The next one completes.
    for (n, is_done) in (5..).zip(held) {
        match (n, is_done) {
            (5, false) => drop(add(&store, 3).await.unwrap()),
            (6, false) => step(&store, ModelStep::Promote(ModelVersionId(2)), n).await.unwrap(),
            _ => {}
        }
    }
    let live = store.models(TENANT).await.unwrap()[1].status;
    assert_eq!(live, Live, "{when}");
    store.close().await;
    held
}

/// Runs the child with ever more room until it does all of it; `check` judges each run. At how many sizes it ended before the
/// version was there, and before it was live.
async fn with_ever_more_room(before: &str, check: impl Fn(&Output, &str)) -> [usize; 2] {
    let folder = tempfile::tempdir().unwrap();
    let made = folder.path().join("template.db");
    template(&made).await;
    let mut ended = [0, 0];
    for room_kib in (ROOM_MIN_KIB..ROOM_MAX_KIB).step_by(STEP_KIB) {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("palisade.db");
        std::fs::copy(&made, &path).unwrap();
        let (out, when) = (child(&path, room_kib, before), format!("{room_kib} KiB"));
        let held = holds(&path, acknowledged(&out), &when).await;
        if acknowledged(&out) == [true, true] {
            return ended;
        }
        check(&out, &when);
        ended[usize::from(held[0])] += 1;
    }
    panic!("{ROOM_MAX_KIB} KiB are not enough");
}

#[tokio::test]
async fn killed_at_any_write_a_step_is_made_or_not() {
    let ended = with_ever_more_room("", |out, when| {
        assert_eq!(out.status.signal(), Some(XFSZ), "{when}: {}", String::from_utf8_lossy(&out.stderr));
    });
    let ended = ended.await;
    assert!(ended.iter().all(|times| *times >= 3), "it was killed in both steps: {ended:?}");
}

#[tokio::test]
async fn without_room_at_any_write_a_step_is_refused_whole() {
    let ended = with_ever_more_room("trap '' XFSZ;", |out, when| {
        let said = String::from_utf8_lossy(&out.stdout);
        assert!(out.status.success() && said.contains("\nrefused"), "{when}: {said}");
    });
    let ended = ended.await;
    assert!(ended.iter().all(|times| *times >= 3), "there was no room in both steps: {ended:?}");
}

/// The child; on its own it does nothing.
#[tokio::test]
async fn child_adds_and_promotes() {
    let Some(path) = std::env::var_os(CHILD) else { return };
    let store = SqliteStore::open(Path::new(&path)).await.unwrap();
    let refused = |fault: &Fault| {
        assert!(matches!(fault, Fault::WriteFailed { .. }), "{fault:?}");
        assert!(fault.to_string().contains("palisade.db: could not be written"), "{fault}");
        say("refused");
    };
    match add(&store, 3).await {
        Ok(_) => say("added"),
        Err(WriteError::Fault(fault)) => return refused(&fault),
        Err(other) => panic!("{other}"),
    }
    match step(&store, ModelStep::Promote(ModelVersionId(2)), 5).await {
        Ok(()) => say("promoted"),
        Err(StepError::Write(WriteError::Fault(fault))) => {
            refused(&fault);
            let versions = store.models(TENANT).await.unwrap();
            assert_eq!(versions[0].status, ModelStatus::Live, "what was live still is, and can be read");
        }
        Err(other) => panic!("{other}"),
    }
}

fn say(word: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "\n{word}").and_then(|()| out.flush()).unwrap();
}
