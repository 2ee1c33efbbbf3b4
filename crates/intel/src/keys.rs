//! Key directories of Web Bot Auth signers.

use std::time::Duration;

use palisade_crawl::signature::keys::DIRECTORY_BYTES_MAX;
use palisade_crawl::signature::{AgentUrl, Directory, DirectoryError, Kind};

use crate::{FetchError, Outbound};

/// How long keys are used where the answer does not say, and at least and at most.
const AGE_DEFAULT: Duration = Duration::from_secs(3_600);
const AGE_MIN: Duration = Duration::from_secs(60);
const AGE_MAX: Duration = Duration::from_secs(86_400);

/// Keys, and how long they may be used before they are fetched again.
#[derive(Clone, Debug)]
pub struct FetchedKeys {
    /// The keys.
    pub directory: Directory,
    /// How long.
    pub age: Duration,
}

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// Nothing came.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// What came is no key directory.
    #[error("{url}: {why}")]
    Directory {
        /// The address.
        url: String,
        /// What is wrong with it.
        why: DirectoryError,
    },
    /// Cards are not fetched.
    #[error("{0}: agent cards are not read")]
    Card(String),
}

/// Fetches the keys of `agent`. What fails must not take the place of keys that are held.
///
/// # Errors
/// Where nothing comes within the limits, or what comes is no key directory.
pub async fn fetch(outbound: &Outbound, agent: &AgentUrl) -> Result<FetchedKeys, KeysError> {
    if agent.kind == Kind::Card {
        return Err(KeysError::Card(agent.url.clone()));
    }
    let fetched = outbound.get(&agent.url, DIRECTORY_BYTES_MAX).await?;
    let directory =
        Directory::read(&fetched.body).map_err(|why| KeysError::Directory { url: agent.url.clone(), why })?;
    Ok(FetchedKeys { directory, age: fetched.max_age.unwrap_or(AGE_DEFAULT).clamp(AGE_MIN, AGE_MAX) })
}
