//! Asking a provider: once, at most twice, never longer than the time there is.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

use super::answer;
use super::breaker::{Breaker, BreakerSettings};
use super::judge::{Ask, judge, refused_unasked};
use super::outcome::{Failure, Outcome, Refusal, Verdict};
use super::provider::{Provider, Retry};
use super::secret::Secret;
use crate::outbound::FailedAt;
use crate::public::is_public;
use crate::{FetchError, Outbound};

/// Questions under way at one provider.
pub(super) const ASKS_MAX: usize = 512;
/// Requests for one question.
pub(super) const REQUESTS_MAX: u8 = 2;

/// Who is asked, and how.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Who.
    pub provider: &'static Provider,
    /// By what it knows us.
    pub secret: Secret,
    /// The widget's site key, for those who want to be told which it must have been.
    pub site_key: Option<String>,
    /// Where, instead of the provider's own address.
    pub url: Option<String>,
    /// The lowest score taken for a person, 0.0..=1.0: higher is stricter. Counts where an answer has a score.
    pub min_score: f64,
    /// From the question to the end of the answer, retry included.
    pub timeout: Duration,
    /// When it is left alone.
    pub breaker: BreakerSettings,
}

impl Settings {
    /// Those of `provider`, with a threshold of 0.5 and three seconds.
    pub fn new(provider: &'static Provider, secret: Secret) -> Self {
        Settings {
            provider,
            secret,
            site_key: None,
            url: None,
            min_score: 0.5,
            timeout: Duration::from_secs(3),
            breaker: BreakerSettings::default(),
        }
    }
}

/// Why nobody can be asked.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The provider has no address of its own.
    #[error("provider {0} needs an address")]
    NoUrl(&'static str),
    /// The address is none that is asked.
    #[error(transparent)]
    Url(FetchError),
    /// The threshold is no score.
    #[error("a score of {0} is not in 0..=1")]
    MinScore(f64),
    /// Nobody answers in no time.
    #[error("a timeout of 0 ms leaves no time for an answer")]
    NoTime,
}

/// Asks one provider; shared by all who ask it.
#[derive(Debug)]
pub struct Verifier {
    outbound: Outbound,
    settings: Settings,
    url: String,
    breaker: Mutex<Breaker>,
    under_way: Semaphore,
}

impl Verifier {
    /// Asks through `outbound`.
    ///
    /// # Errors
    /// Where the settings leave nobody to ask.
    pub fn new(outbound: Outbound, settings: Settings) -> Result<Verifier, SettingsError> {
        let url = settings.url.clone().or_else(|| settings.provider.url.map(str::to_owned));
        let url = url.ok_or(SettingsError::NoUrl(settings.provider.name))?;
        outbound.allowed(&url).map_err(SettingsError::Url)?;
        if !(0.0..=1.0).contains(&settings.min_score) {
            return Err(SettingsError::MinScore(settings.min_score));
        }
        if settings.timeout.is_zero() {
            return Err(SettingsError::NoTime);
        }
        let breaker = Mutex::new(Breaker::new(settings.breaker));
        Ok(Verifier { outbound, settings, url, breaker, under_way: Semaphore::new(ASKS_MAX) })
    }

    /// Who is asked.
    pub fn provider(&self) -> &'static Provider {
        self.settings.provider
    }

    /// Whether the provider failed too often and is left alone for a while.
    pub fn is_resting(&self) -> bool {
        self.breaker().is_open()
    }

    /// What the provider makes of a response, at `now_ms` (Unix). Takes no longer than the settings' timeout.
    pub async fn verify(&self, ask: &Ask<'_>, now_ms: u64) -> Outcome {
        let provider = self.settings.provider;
        if let Some(refusal) = refused_unasked(provider, ask.response) {
            return Outcome::bare(Verdict::No(refusal));
        }
        let Ok(_one_of_many) = self.under_way.try_acquire() else {
            return Outcome::bare(Verdict::No(Refusal::Busy));
        };
        if !self.breaker().may_ask(now_ms) {
            return Outcome::bare(Verdict::Unavailable(Failure::Resting));
        }
        let start = Instant::now();
        let outcome = self.asked(ask, now_ms, start).await;
        let now_ms = later(now_ms, start);
        match outcome.verdict {
            Verdict::Unavailable(Failure::Misconfigured) | Verdict::Human | Verdict::No(_) => {
                self.breaker().answered(now_ms);
            }
            Verdict::Unavailable(_) => self.breaker().failed(now_ms),
        }
        outcome
    }

    async fn asked(&self, ask: &Ask<'_>, now_ms: u64, start: Instant) -> Outcome {
        let provider = self.settings.provider;
        // Without randomness no two questions can be told apart, so none is asked twice.
        let key = (provider.retry == Retry::WithKey).then(idempotency_key).flatten();
        let mut requests = 0;
        loop {
            let left = self.settings.timeout.saturating_sub(start.elapsed());
            // The first leaves time for the second.
            let time = if key.is_some() && requests == 0 { left.mul_f64(0.6) } else { left };
            requests += 1;
            let (outcome, may_repeat) = self.ask_once(ask, key.as_deref(), time, now_ms, start).await;
            let is_over = requests == REQUESTS_MAX || start.elapsed() >= self.settings.timeout;
            if is_over || !may_repeat {
                return Outcome { requests, ..outcome };
            }
        }
    }

    /// One request; whether another may follow.
    async fn ask_once(
        &self,
        ask: &Ask<'_>,
        key: Option<&str>,
        time: Duration,
        now_ms: u64,
        start: Instant,
    ) -> (Outcome, bool) {
        let provider = self.settings.provider;
        let remote_ip =
            ask.remote_ip.filter(|address| is_public(*address)).map(|address| address.to_string());
        let site_key = self.settings.site_key.as_deref().filter(|_| provider.takes_site_key);
        let mut form = vec![("secret", self.settings.secret.expose()), ("response", ask.response)];
        form.extend(remote_ip.as_deref().map(|address| ("remoteip", address)));
        form.extend(site_key.map(|site_key| ("sitekey", site_key)));
        form.extend(key.map(|key| ("idempotency_key", key)));
        match self.outbound.post_form(&self.url, &form, answer::BYTES_MAX, time).await {
            Ok(posted) => {
                let now_ms = later(now_ms, start);
                let min_score = self.settings.min_score;
                let outcome = judge(provider, ask, min_score, posted.status, &posted.body, now_ms);
                let failure = matches!(
                    outcome.verdict,
                    Verdict::Unavailable(Failure::Unavailable | Failure::Malformed)
                );
                (outcome, failure && key.is_some())
            }
            Err(error) => {
                let (failure, may_repeat) = match &error {
                    FetchError::Failed { at: FailedAt::Connecting, .. } => (Failure::Unavailable, true),
                    FetchError::Failed { at: FailedAt::Waiting, .. } => (Failure::TooSlow, key.is_some()),
                    FetchError::Failed { at: FailedAt::Answering, .. } => {
                        (Failure::Unavailable, key.is_some())
                    }
                    FetchError::TooLong { .. } => (Failure::Malformed, key.is_some()),
                    _ => (Failure::Unavailable, false),
                };
                let outcome = Outcome::bare(Verdict::Unavailable(failure));
                (Outcome { why: Some(error.to_string()), ..outcome }, may_repeat)
            }
        }
    }

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Says that a second request is the first one again: a random UUID (version 4, RFC 9562). A new one for each question,
/// or whoever sends a response again would hear what was said of it the first time.
fn idempotency_key() -> Option<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).ok()?;
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Some(format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]))
}

fn later(now_ms: u64, start: Instant) -> u64 {
    now_ms.saturating_add(u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX))
}
