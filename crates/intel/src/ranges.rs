//! Published ranges, fetched anew.

use palisade_crawl::published::{self, FILE_BYTES_MAX, NETWORKS_MAX, PublishedError, Source};
use palisade_domain::NetPrefix;

use crate::{FetchError, Outbound};

/// Why an operator's ranges could not be refreshed.
#[derive(Debug, thiserror::Error)]
pub enum RangesError {
    /// Nothing came.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// What came is no list of ranges.
    #[error("{url}: {why}")]
    File {
        /// The address.
        url: String,
        /// What is wrong with it.
        why: PublishedError,
    },
}

/// All networks of `source`. All of its files must come: half a list makes forgers of honest crawlers.
///
/// # Errors
/// Where one of them does not come, or is no list of ranges.
pub async fn fetch(outbound: &Outbound, source: &Source) -> Result<Vec<NetPrefix>, RangesError> {
    let mut networks = Vec::new();
    for url in source.urls {
        let fetched = outbound.get(url, FILE_BYTES_MAX).await?;
        let file = |why| RangesError::File { url: (*url).to_owned(), why };
        networks.extend(published::networks(&fetched.body).map_err(file)?);
        if networks.len() > NETWORKS_MAX {
            return Err(file(PublishedError::TooMany(networks.len())));
        }
    }
    Ok(networks)
}
