//! The one client for outbound requests (DESIGN section 10).

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use palisade_limits::Bound;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, Url, header};

use crate::public::is_public;

/// The named bounds of this crate's client.
pub const BOUNDS: &[Bound] = &[Bound {
    name: "intel.answer_bytes_max",
    value: ANSWER_BYTES_MAX as u64,
    unit: "bytes",
    reason: "callers allow less; nothing we fetch is larger",
    when_full: "the answer is refused",
}];

/// No answer of ours is larger.
const ANSWER_BYTES_MAX: usize = 8 * 1024 * 1024;
/// How long a server may take to be reached.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How the client is set up.
#[derive(Clone, Copy, Debug)]
pub struct OutboundSettings {
    /// Whether private and loopback addresses may be asked, and without TLS (`[intel] allow_private`).
    pub allow_private: bool,
    /// From the question to the last byte of the answer.
    pub timeout: Duration,
}

impl Default for OutboundSettings {
    fn default() -> Self {
        OutboundSettings { allow_private: false, timeout: Duration::from_secs(15) }
    }
}

/// Asks other servers; cheap to clone.
#[derive(Clone, Debug)]
pub struct Outbound {
    client: Client,
    allow_private: bool,
}

/// A complete answer with status 200.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// The body.
    pub body: Vec<u8>,
    /// How long it may be used, from `Cache-Control: max-age`; `None` where it does not say.
    pub max_age: Option<Duration>,
}

/// A complete answer to a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    /// The status; redirects are not followed.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// Not an address we ask.
    #[error("{url}: {why}")]
    Address {
        /// The address, shortened.
        url: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The server answered something else than 200; redirects are not followed.
    #[error("{url}: status {status}")]
    Status {
        /// The address.
        url: String,
        /// The status.
        status: u16,
    },
    /// More than the caller takes.
    #[error("{url}: more than {limit} bytes")]
    TooLong {
        /// The address.
        url: String,
        /// The limit.
        limit: usize,
    },
    /// It could not be reached, was too slow, or broke off.
    #[error("{url}: {why}")]
    Failed {
        /// The address.
        url: String,
        /// What went wrong, with its causes.
        why: String,
        /// How far it came.
        at: FailedAt,
    },
    /// The client could not be made.
    #[error("the client for outbound requests cannot be made: {0}")]
    Client(String),
}

/// How far a failed question came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailedAt {
    /// No connection stood: the server knows nothing of the question, so asking again is safe.
    Connecting,
    /// The server may have read the question, and the answer did not come in time.
    Waiting,
    /// The server may have read the question; the connection broke, or what came is not HTTP.
    Answering,
}

impl Outbound {
    /// A client.
    ///
    /// # Errors
    /// Where the system's certificates cannot be used.
    pub fn new(settings: OutboundSettings) -> Result<Outbound, FetchError> {
        // One provider in the process; whoever was first has installed it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .timeout(settings.timeout)
            .connect_timeout(CONNECT_TIMEOUT.min(settings.timeout))
            .https_only(!settings.allow_private)
            .referer(false)
            .user_agent(concat!("Palisade/", env!("CARGO_PKG_VERSION")))
            .dns_resolver(Arc::new(Guarded { allow_private: settings.allow_private }))
            .build()
            .map_err(|error| FetchError::Client(error.to_string()))?;
        Ok(Outbound { client, allow_private: settings.allow_private })
    }

    /// The answer to `GET url`, at most `bytes_max` bytes of it.
    ///
    /// # Errors
    /// For anything but a complete answer with status 200 from a public address by https.
    pub async fn get(&self, url: &str, bytes_max: usize) -> Result<Fetched, FetchError> {
        let parsed = self.allowed(url)?;
        let answer = self.client.get(parsed).send().await.map_err(|error| failed(url, &error))?;
        if answer.status() != 200 {
            return Err(FetchError::Status { url: short(url), status: answer.status().as_u16() });
        }
        let max_age =
            answer.headers().get(header::CACHE_CONTROL).and_then(|value| max_age(value.to_str().ok()?));
        Ok(Fetched { body: body(url, answer, bytes_max).await?, max_age })
    }

    /// The answer, whatever its status, to `POST url` with the fields of a form (`application/x-www-form-urlencoded`),
    /// at most `bytes_max` bytes of it. Sent once; `timeout` is from the question to the last byte of the answer.
    ///
    /// # Errors
    /// For anything but a complete answer from a public address by https.
    pub async fn post_form(
        &self,
        url: &str,
        form: &[(&str, &str)],
        bytes_max: usize,
        timeout: Duration,
    ) -> Result<Posted, FetchError> {
        let asked = self
            .client
            .post(self.allowed(url)?)
            .timeout(timeout)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ACCEPT, "application/json")
            .body(urlencoded(form));
        let answer = asked.send().await.map_err(|error| failed(url, &error))?;
        let status = answer.status().as_u16();
        Ok(Posted { status, body: body(url, answer, bytes_max).await? })
    }

    /// An address that is a number never meets the resolver, so it is judged here.
    pub(crate) fn allowed(&self, url: &str) -> Result<Url, FetchError> {
        let refused = |why| FetchError::Address { url: short(url), why };
        let parsed = Url::parse(url).map_err(|_| refused("is no address"))?;
        if !parsed.username().is_empty() || parsed.password().is_some() {
            return Err(refused("holds a name or password"));
        }
        if !self.allow_private && parsed.scheme() != "https" {
            return Err(refused("is not https"));
        }
        let host = parsed.host_str().unwrap_or("").trim_matches(['[', ']']);
        let number: Option<IpAddr> = host.parse().ok();
        if !self.allow_private && number.is_some_and(|address| !is_public(address)) {
            return Err(refused("is a private address"));
        }
        Ok(parsed)
    }
}

/// The whole body, where it is no longer than `bytes_max`.
async fn body(url: &str, answer: Response, bytes_max: usize) -> Result<Vec<u8>, FetchError> {
    let limit = bytes_max.min(ANSWER_BYTES_MAX);
    let too_long = || FetchError::TooLong { url: short(url), limit };
    if answer.content_length().is_some_and(|length| length > limit as u64) {
        return Err(too_long());
    }
    let mut body = Vec::new();
    let mut pieces = answer.bytes_stream();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|error| failed(url, &error))?;
        if body.len() + piece.len() > limit {
            return Err(too_long());
        }
        body.extend_from_slice(&piece);
    }
    Ok(body)
}

/// `name=value&…`, every byte but letters and digits escaped (WHATWG URL, section 5).
fn urlencoded(form: &[(&str, &str)]) -> String {
    let escaped = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
    let pairs: Vec<String> =
        form.iter().map(|(name, value)| format!("{}={}", escaped(name), escaped(value))).collect();
    pairs.join("&")
}

/// The system's resolver, whose private answers are not used. The connection goes to the very address that was judged.
struct Guarded {
    allow_private: bool,
}

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let allow_private = self.allow_private;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let usable: Vec<SocketAddr> =
                found.filter(|address| allow_private || is_public(address.ip())).collect();
            match usable.is_empty() {
                true => Err("the name has no public address".into()),
                false => Ok(Box::new(usable.into_iter()) as Addrs),
            }
        })
    }
}

fn max_age(value: &str) -> Option<Duration> {
    let directive = |name: &str| value.split(',').map(str::trim).any(|part| part.eq_ignore_ascii_case(name));
    if directive("no-store") || directive("no-cache") {
        return Some(Duration::ZERO);
    }
    let seconds = value.split(',').find_map(|part| part.trim().strip_prefix("max-age="))?;
    seconds.parse().ok().map(Duration::from_secs)
}

/// What fits an error message.
fn short(url: &str) -> String {
    url.chars().filter(|c| !c.is_control()).take(200).collect()
}

fn failed(url: &str, error: &reqwest::Error) -> FetchError {
    let at = match () {
        () if error.is_connect() => FailedAt::Connecting,
        () if error.is_timeout() => FailedAt::Waiting,
        () => FailedAt::Answering,
    };
    FetchError::Failed { url: short(url), why: causes(error), at }
}

fn causes(error: &reqwest::Error) -> String {
    let mut text = if error.is_timeout() { "too slow".to_owned() } else { "cannot be reached".to_owned() };
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
    fn forms_are_escaped() {
        let check = |form: &[(&str, &str)], expect| assert_eq!(urlencoded(form), expect);
        check(&[], "");
        check(
            &[("secret", "0xAb"), ("response", "a&b=c d+é")],
            "secret=0xAb&response=a%26b%3Dc%20d%2B%C3%A9",
        );
    }

    #[test]
    fn ages_are_read() {
        let check = |value, expect: Option<u64>| {
            assert_eq!(max_age(value), expect.map(Duration::from_secs), "{value}");
        };
        check("public, max-age=3600", Some(3_600));
        check("max-age=x", None);
        check("No-Store, max-age=60", Some(0));
        check("", None);
    }
}
