//! A vendor of CAPTCHAs on loopback that says one thing.

use std::net::SocketAddr;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::routing::post;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// What it says to every question.
#[derive(Clone, Copy)]
pub(crate) enum Word {
    /// Nothing: it ends every connection.
    HangsUp,
    /// Yes, on a page of this host, now.
    Yes(&'static str),
    /// That it does not know who asks.
    NotThisSecret,
}

impl Word {
    fn answer(self) -> Value {
        match self {
            Word::Yes(host) => json!({
                "success": true, "error-codes": [], "challenge_ts": now(), "hostname": host, "action": "", "cdata": "",
            }),
            Word::HangsUp | Word::NotThisSecret => {
                json!({"success": false, "error-codes": ["invalid-input-secret"]})
            }
        }
    }
}

/// The running server; it ends when dropped.
pub(crate) struct Vendor {
    pub(crate) address: SocketAddr,
    task: JoinHandle<()>,
}

impl Drop for Vendor {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Vendor {
    pub(crate) async fn start(word: Word) -> Vendor {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let task = tokio::spawn(async move {
            if let Word::HangsUp = word {
                while let Ok((stream, _)) = listener.accept().await {
                    drop(stream);
                }
            } else {
                let say = move || async move { axum::Json(word.answer()) };
                // It serves until it is dropped.
                let _ = axum::serve(listener, Router::new().route("/siteverify", post(say))).await;
            }
        });
        Vendor { address, task }
    }
}

/// The time as RFC 3339 writes it, UTC.
fn now() -> String {
    let secs = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let (days, secs) = (secs / 86_400, secs % 86_400);
    // Days since 1970 to a date: the year begins in March, so that a leap day is its last.
    let shifted = days + 719_468;
    let (era, day) = (shifted / 146_097, shifted % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let (day, month) = (day - (153 * month + 2) / 5 + 1, if month < 10 { month + 3 } else { month - 9 });
    let year = era * 400 + year + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", secs / 3_600, secs / 60 % 60, secs % 60)
}
