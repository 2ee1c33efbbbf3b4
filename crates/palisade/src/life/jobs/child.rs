//! The process of one training: begun, listened to, ended.

use std::process::Stdio;

use palisade_api::{JobState, TrainKind};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use super::Desk;
use super::book::Record;
use crate::life::training::Line;
use crate::shell;

/// Threads of a training: the gateway has the others.
const THREADS: &str = "1";

/// Carries `record` out. Dropped before its end, it ends the child.
pub(super) async fn carry_out(desk: &Desk, record: &Record) {
    let id = &record.job.id;
    let outcome = match begin(desk, record) {
        Ok(child) => listen(desk, id, child).await,
        Err(error) => Err(format!("the training could not be begun: {error}")),
    };
    // Whatever it said of itself before stands.
    let words = match outcome {
        Ok(status) => format!("the training ended without a word ({status}); the log says more"),
        Err(words) => words,
    };
    desk.change(|book| book.fail(id, &words, shell::now()));
}

fn begin(desk: &Desk, record: &Record) -> std::io::Result<Child> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["train", "--from-store", "--child"]);
    if let Some(data) = &desk.global.data {
        command.arg("--data").arg(data);
    }
    if let Some(config) = &desk.global.config {
        command.arg("--config").arg(config);
    }
    if record.wish.kind == TrainKind::Behaviour {
        command.args(["--kind", "behaviour"]);
    }
    if record.is_online() {
        command.arg("--online");
    }
    if let Some(epochs) = record.wish.epochs {
        command.args(["--epochs", &epochs.to_string()]);
    }
    command.env("RAYON_NUM_THREADS", THREADS);
    // It ends when its standard input does: with us, however we end.
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit()).kill_on_drop(true);
    command.spawn()
}

async fn listen(desk: &Desk, id: &str, mut child: Child) -> Result<String, String> {
    let _held = child.stdin.take();
    let Some(out) = child.stdout.take() else { return Err("the training has no output".to_owned()) };
    let mut lines = BufReader::new(out).lines();
    loop {
        tokio::select! {
            line = lines.next_line() => match line {
                Ok(Some(text)) => hear(desk, id, &text),
                Ok(None) => break,
                Err(error) => return Err(format!("the training's output could not be read: {error}")),
            },
            () = cancelled(desk, id) => {
                let _ = child.kill().await;
                return Err("cancelled".to_owned());
            }
        }
    }
    child.wait().await.map(|status| status.to_string()).map_err(|error| error.to_string())
}

/// What is no line of ours is somebody's noise.
fn hear(desk: &Desk, id: &str, text: &str) {
    let Ok(line) = serde_json::from_str::<Line>(text) else { return };
    if let Line::Done { outcome, .. } = &line {
        shell::complain(&format!("palisade: training {id}: {outcome}"));
    }
    match line {
        // How far it is need not outlive us.
        Line::At { .. } => desk.book().hear(id, line, shell::now()),
        line => desk.change(|book| book.hear(id, line, shell::now())),
    }
}

/// Ends when somebody cancels the job.
async fn cancelled(desk: &Desk, id: &str) {
    loop {
        let changed = desk.changed.notified();
        let is_cancelled = |record: &Record| record.job.state == JobState::Cancelled;
        if desk.book().find(id).is_none_or(is_cancelled) {
            return;
        }
        changed.await;
    }
}
