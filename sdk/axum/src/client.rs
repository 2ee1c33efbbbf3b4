//! The client: two questions, each with an end.

use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Client, RequestBuilder, Url, header};
use serde::{Deserialize, Serialize};

use crate::rest::Rest;

/// No answer is longer, in bytes.
const ANSWER_BYTES_MAX: usize = 1 << 20;
/// No token is longer, in bytes.
const TOKEN_BYTES_MAX: usize = 4_096;

/// What happens to requests where there is no answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnFailure {
    /// They are let through: an outage of the defence is none of the site.
    #[default]
    Open,
    /// They are refused with 503.
    Closed,
}

/// Which Palisade is asked, and how. Has no `Debug`: it holds a key.
#[derive(Clone)]
pub struct Settings {
    url: String,
    key: Option<String>,
    secret: Option<String>,
    timeout: Duration,
    on_failure: OnFailure,
}

impl Settings {
    /// The API at `url`, such as `http://127.0.0.1:8081`, with two seconds for each answer.
    pub fn new(url: impl Into<String>) -> Self {
        Settings {
            url: url.into(),
            key: None,
            secret: None,
            timeout: Duration::from_secs(2),
            on_failure: OnFailure::Open,
        }
    }

    /// An API key with the scope `check`.
    pub fn key(self, key: impl Into<String>) -> Self {
        Settings { key: Some(key.into()), ..self }
    }

    /// The secret of a site key, for `/siteverify`; without it the API key is used.
    pub fn secret(self, secret: impl Into<String>) -> Self {
        Settings { secret: Some(secret.into()), ..self }
    }

    /// From the question to the end of the answer.
    pub fn timeout(self, timeout: Duration) -> Self {
        Settings { timeout, ..self }
    }

    /// What happens where there is no answer.
    pub fn on_failure(self, on_failure: OnFailure) -> Self {
        Settings { on_failure, ..self }
    }
}

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The address of the API is none.
    #[error("{0:?} is not the address of an API, such as http://127.0.0.1:8081")]
    Url(String),
    /// TLS cannot be set up.
    #[error("the client cannot be made: {0}")]
    Client(String),
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Unavailable {
    /// It cannot be reached, was too slow, or broke off.
    #[error("{path}: {why}")]
    Failed {
        /// What was asked.
        path: &'static str,
        /// What went wrong.
        why: String,
    },
    /// It does not take the question: mostly a wrong key.
    #[error("{path}: status {status}")]
    Status {
        /// What was asked.
        path: &'static str,
        /// The status.
        status: u16,
    },
    /// What came is not an answer.
    #[error("{path}: what came is no answer")]
    Malformed {
        /// What was asked.
        path: &'static str,
    },
    /// The secret is not known there, or there is none.
    #[error("/siteverify: the secret is missing or not known there")]
    Secret,
    /// It failed too often just now, and is left alone for a moment.
    #[error("it failed too often just now, and is left alone for a moment")]
    Resting,
}

/// A request, described for `POST /check`. What is left out counts as not visible.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Question {
    /// Path and query.
    pub endpoint: String,
    /// `None` where none was sent.
    pub user_agent: Option<String>,
    /// The visitor's address; `None` for the application's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip: Option<IpAddr>,
    /// The method.
    pub method: String,
    /// The host that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Headers by name, secrets left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headers: Option<serde_json::Map<String, serde_json::Value>>,
}

/// What is thought of a request.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct Verdict {
    /// What the policy says: `ALLOW`, `MONITOR`, `CHALLENGE` or `BLOCK`.
    pub action: String,
    /// What a gateway would do now, in lower case: milder than `action` where the policy is only being tried out.
    pub enforce: String,
    /// 0 (a person, surely) to 100 (a bot, surely).
    pub score: u8,
    /// Is it a program?
    pub is_bot: bool,
    /// For `POST /captcha/verify`; only where a challenge is meant.
    #[serde(default)]
    pub captcha_token: Option<String>,
    /// The number of this verdict.
    pub request_id: String,
}

/// Whether a token is good. A token is good once.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct Verified {
    /// Is it?
    pub success: bool,
    /// 0.0 (a program) to 1.0 (a person).
    #[serde(default)]
    pub score: Option<f64>,
    /// What it was made for.
    #[serde(default)]
    pub action: Option<String>,
    /// On whose page it was made.
    #[serde(default)]
    pub hostname: Option<String>,
    /// Why it is not good.
    #[serde(default, rename = "error-codes")]
    pub error_codes: Vec<String>,
}

/// Asks one Palisade; cheap to clone.
#[derive(Clone)]
pub struct Palisade {
    shared: Arc<Shared>,
}

struct Shared {
    client: Client,
    settings: Settings,
    check: Url,
    siteverify: Url,
    start: Instant,
    rest: Mutex<Rest>,
}

impl fmt::Debug for Palisade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Palisade").field("check", &self.shared.check.as_str()).finish_non_exhaustive()
    }
}

impl Palisade {
    /// A client.
    ///
    /// # Errors
    /// Where the address is none, or TLS cannot be set up.
    pub fn new(settings: Settings) -> Result<Palisade, ClientError> {
        let url = |path: &str| {
            let url = Url::parse(&format!("{}{path}", settings.url.trim_end_matches('/'))).ok();
            url.filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
                .ok_or_else(|| ClientError::Url(settings.url.clone()))
        };
        let (check, siteverify) = (url("/check")?, url("/siteverify")?);
        // One provider in the process; whoever was first has installed it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .timeout(settings.timeout)
            .referer(false)
            .user_agent(concat!("palisade-axum/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| ClientError::Client(error.to_string()))?;
        let (start, rest) = (Instant::now(), Mutex::new(Rest::default()));
        Ok(Palisade { shared: Arc::new(Shared { client, settings, check, siteverify, start, rest }) })
    }

    /// What happens where there is no answer.
    pub fn on_failure(&self) -> OnFailure {
        self.shared.settings.on_failure
    }

    /// What is thought of a request.
    ///
    /// # Errors
    /// Where there is no answer.
    pub async fn check(&self, question: &Question) -> Result<Verdict, Unavailable> {
        let path = "/check";
        let body = serde_json::to_string(question).map_err(|_| Unavailable::Malformed { path })?;
        let mut asked = self.shared.client.post(self.shared.check.clone());
        if let Some(key) = &self.shared.settings.key {
            asked = asked.bearer_auth(key);
        }
        let asked = asked.header(header::CONTENT_TYPE, "application/json").body(body);
        let (status, body) = self.ask(path, asked).await?;
        let verdict = match status {
            200 => serde_json::from_slice(&body).map_err(|_| Unavailable::Malformed { path }),
            status => Err(Unavailable::Status { path, status }),
        };
        self.note(verdict.is_ok());
        verdict
    }

    /// Whether `token` is good, and uses it up. It is not judged by its score, action or host: that is the caller's.
    ///
    /// # Errors
    /// Where there is no answer, or the secret is not known there.
    pub async fn siteverify(&self, token: &str, remote_ip: Option<IpAddr>) -> Result<Verified, Unavailable> {
        let no = |code: &str| Verified {
            success: false,
            score: None,
            action: None,
            hostname: None,
            error_codes: vec![code.to_owned()],
        };
        if token.is_empty() {
            return Ok(no("missing-input-response"));
        }
        if token.len() > TOKEN_BYTES_MAX || !token.is_ascii() {
            return Ok(no("invalid-input-response"));
        }
        let settings = &self.shared.settings;
        let secret = settings.secret.as_deref().or(settings.key.as_deref()).ok_or(Unavailable::Secret)?;
        let escaped = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
        let mut form = format!("secret={}&response={}", escaped(secret), escaped(token));
        if let Some(address) = remote_ip {
            form.push_str(&format!("&remoteip={}", escaped(&address.to_string())));
        }
        let asked = self.shared.client.post(self.shared.siteverify.clone());
        let asked = asked.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(form);
        let path = "/siteverify";
        let (status, body) = self.ask(path, asked).await?;
        let verified: Result<Verified, _> = serde_json::from_slice(&body);
        let is_secret = |code: &String| code == "invalid-input-secret" || code == "missing-input-secret";
        let verified = match verified {
            Ok(verified) if verified.error_codes.iter().any(is_secret) => Err(Unavailable::Secret),
            Ok(verified) if status == 200 || !verified.success => Ok(verified),
            _ if status != 200 => Err(Unavailable::Status { path, status }),
            _ => Err(Unavailable::Malformed { path }),
        };
        self.note(verified.is_ok());
        verified
    }

    /// Status and body, where both come whole and in time.
    async fn ask(&self, path: &'static str, asked: RequestBuilder) -> Result<(u16, Vec<u8>), Unavailable> {
        if !self.rest(|rest, now| rest.may_ask(now)) {
            return Err(Unavailable::Resting);
        }
        let answer = fetch(path, asked).await;
        if answer.is_err() {
            self.note(false);
        }
        answer
    }

    fn note(&self, is_answered: bool) {
        self.rest(|rest, now| rest.note(is_answered, now));
    }

    fn rest<T>(&self, with: impl FnOnce(&mut Rest, Duration) -> T) -> T {
        let mut rest = self.shared.rest.lock().unwrap_or_else(PoisonError::into_inner);
        with(&mut rest, self.shared.start.elapsed())
    }
}

async fn fetch(path: &'static str, asked: RequestBuilder) -> Result<(u16, Vec<u8>), Unavailable> {
    let failed = |error: reqwest::Error| Unavailable::Failed { path, why: why(&error) };
    let answer = asked.header(header::ACCEPT, "application/json").send().await.map_err(failed)?;
    let status = answer.status().as_u16();
    let mut body = Vec::new();
    let mut pieces = answer.bytes_stream();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(failed)?;
        if body.len() + piece.len() > ANSWER_BYTES_MAX {
            return Err(Unavailable::Malformed { path });
        }
        body.extend_from_slice(&piece);
    }
    Ok((status, body))
}

fn why(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_checked() {
        let check =
            |url: &str, expect| assert_eq!(Palisade::new(Settings::new(url)).is_ok(), expect, "{url}");
        check("http://127.0.0.1:8081", true);
        check("https://palisade.example/api/", true);
        check("127.0.0.1:8081", false);
        check("ftp://a.example", false);
        check("", false);
    }

    #[test]
    fn keys_are_not_shown() {
        let palisade = Palisade::new(Settings::new("http://127.0.0.1:1").key("pal_secret")).unwrap();
        assert!(!format!("{palisade:?}").contains("pal_secret"));
    }

    #[test]
    fn what_is_not_known_is_left_out_of_a_question() {
        let question =
            Question { endpoint: "/a?b".to_owned(), method: "GET".to_owned(), ..Question::default() };
        let text = serde_json::to_string(&question).unwrap();
        assert_eq!(text, r#"{"endpoint":"/a?b","user_agent":null,"method":"GET"}"#);
    }
}
