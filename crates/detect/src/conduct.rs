//! How a client goes about the site: what a policy counts and limits by, beside the score.

use crate::gather::Kind;
use crate::history::{ClientHistory, NetworkHistory, Remembered};

/// Clients of one network within the hour from which somebody else may be meant by what is done to it.
const NEIGHBOURS_MIN: f32 = 1.5;

/// Assets (decaying over an hour) from which somebody in a network reads pages as people do.
const PARTS_MIN: f32 = 5.0;

/// Keyed hashes under which a request counts; they mean the same in a replay under the same seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CountKeys {
    /// The signed session, else the unsigned sub-history of the network.
    pub client: u64,
    /// The network (/32, /64), or the opaque client, on this site.
    pub network: u64,
    /// The signed session.
    pub session: Option<u64>,
    /// Tenant and site.
    pub site: u64,
}

/// What one client does, this request included.
#[derive(Clone, Copy, Debug)]
pub struct Conduct {
    /// What it counts under.
    pub keys: CountKeys,
    /// What was asked for.
    pub kind: Kind,
    /// Page requests within the last ten seconds.
    pub pages_in_ten_seconds: f32,
    /// True where fewer than one page in twenty came with an asset.
    pub loads_nothing: bool,
    /// True where assets come along with its pages, as with a browser.
    pub loads_assets: bool,
    /// Highest share of the site's clients that were seen to load assets, 0..=1; `None` before enough were seen.
    pub asset_share: Option<f32>,
    /// True where the network is known to be shared by people: proven sessions, or several clients of which some load
    /// the parts of pages.
    pub shared: bool,
}

impl Conduct {
    pub(crate) fn of(remembered: &Remembered, kind: Kind) -> Self {
        let client = &remembered.client;
        Conduct {
            keys: remembered.keys,
            kind,
            pages_in_ten_seconds: client.pages_in_ten_seconds(),
            loads_nothing: client.loads_nothing(),
            loads_assets: client.loads_assets(),
            asset_share: remembered.around.asset_share,
            shared: is_shared(client, &remembered.network),
        }
    }
}

fn is_shared(client: &ClientHistory, network: &NetworkHistory) -> bool {
    let neighbours = network.children() >= NEIGHBOURS_MIN && network.parts() >= PARTS_MIN;
    network.is_shared() || neighbours || client.loads_assets() && client.assets_total as f32 >= PARTS_MIN
}
