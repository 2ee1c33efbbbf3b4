//! Forward-confirmed reverse DNS: the name of an address, believed only where the name leads back to it.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{NameServerConfig, ResolverConfig, ResolverOpts};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::{Name, RData, RecordType};
use palisade_limits::Bound;

/// Names of one address that are followed.
const NAMES_MAX: usize = 4;
/// Answers are used no shorter and no longer than this, whatever their time to live says.
const TTL_MIN: Duration = Duration::from_secs(300);
const TTL_MAX: Duration = Duration::from_secs(86_400);
/// How long "it has no name" is believed.
const TTL_DENIED: Duration = Duration::from_secs(3_600);

/// The named bounds of this module.
pub const BOUNDS: &[Bound] = &[Bound {
    name: "intel.names_followed_max",
    value: NAMES_MAX as u64,
    unit: "names per address",
    reason: "crawlers have one; whoever has a hundred wants us to ask a hundred times",
    when_full: "further names are not asked about",
}];

/// Whom to ask, and how long to wait.
#[derive(Clone, Copy, Debug)]
pub struct NameSettings {
    /// The server; `None` takes the system's.
    pub server: Option<SocketAddr>,
    /// For one question and its repetitions.
    pub timeout: Duration,
}

impl Default for NameSettings {
    fn default() -> Self {
        NameSettings { server: None, timeout: Duration::from_secs(4) }
    }
}

/// What DNS says about the name of an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NameAnswer {
    /// It has this name, and the name has this address. Lower case, without the final dot.
    Confirmed {
        /// The name.
        name: String,
        /// How long that may be believed.
        ttl: Duration,
    },
    /// It has no name, or none that leads back to it.
    Denied {
        /// How long that may be believed.
        ttl: Duration,
    },
    /// Nobody could be asked, or the answer was no answer. Not to be held against anybody.
    Unknown,
}

/// Asks for names; cheap to clone.
#[derive(Clone)]
pub struct Names {
    resolver: TokioResolver,
    timeout: Duration,
}

/// The system's resolver settings cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the system's resolver settings cannot be used: {0}; name a server with intel.dns = \"IP:port\"")]
pub struct NoResolver(String);

impl Names {
    /// A resolver.
    ///
    /// # Errors
    /// Where the system's settings cannot be read.
    pub fn new(settings: NameSettings) -> Result<Names, NoResolver> {
        let provider = TokioRuntimeProvider::default();
        let refused = |error: NetError| NoResolver(error.to_string());
        let mut builder = match settings.server {
            Some(server) => {
                let mut config = NameServerConfig::udp_and_tcp(server.ip());
                config.connections.iter_mut().for_each(|connection| connection.port = server.port());
                let config = ResolverConfig::from_name_servers(vec![config]);
                let mut builder = TokioResolver::builder_with_config(config, provider);
                *builder.options_mut() = ResolverOpts::default();
                builder
            }
            None => TokioResolver::builder(provider).map_err(refused)?,
        };
        let options = builder.options_mut();
        options.timeout = settings.timeout / 2;
        options.attempts = 1;
        options.cache_size = 0; // The guard holds the answers.
        options.use_hosts_file = hickory_resolver::config::ResolveHosts::Never;
        Ok(Names { resolver: builder.build().map_err(refused)?, timeout: settings.timeout })
    }

    /// The confirmed name of `address`, within the time that is set.
    pub async fn confirmed_name(&self, address: IpAddr) -> NameAnswer {
        let asked = tokio::time::timeout(self.timeout * 2, self.ask(address));
        asked.await.unwrap_or(NameAnswer::Unknown)
    }

    async fn ask(&self, address: IpAddr) -> NameAnswer {
        let reverse = match self.resolver.lookup(Name::from(address), RecordType::PTR).await {
            Ok(reverse) => reverse,
            Err(error) => return denied_or_unknown(&error),
        };
        let mut unknown = false;
        let names = reverse.answers().iter().filter_map(|record| match &record.data {
            RData::PTR(name) => Some((name.0.clone(), record.ttl)),
            _ => None,
        });
        for (name, ttl) in names.take(NAMES_MAX) {
            match self.leads_back(&name, address).await {
                Ok(Some(until)) => {
                    let ttl = Duration::from_secs(u64::from(ttl)).min(until).clamp(TTL_MIN, TTL_MAX);
                    let name = name.to_ascii().to_ascii_lowercase();
                    return NameAnswer::Confirmed { name: name.trim_end_matches('.').to_owned(), ttl };
                }
                Ok(None) => {}
                Err(Unanswered) => unknown = true,
            }
        }
        if unknown { NameAnswer::Unknown } else { NameAnswer::Denied { ttl: TTL_DENIED } }
    }

    /// How long `name` may be believed to have `address`; `None` where it has not.
    async fn leads_back(&self, name: &Name, address: IpAddr) -> Result<Option<Duration>, Unanswered> {
        let kind = if address.is_ipv4() { RecordType::A } else { RecordType::AAAA };
        let mut name = name.clone();
        name.set_fqdn(true);
        match self.resolver.lookup(name, kind).await {
            Ok(forward) => {
                let is_it = forward.answers().iter().any(|record| match &record.data {
                    RData::A(v4) => IpAddr::V4(v4.0) == address,
                    RData::AAAA(v6) => IpAddr::V6(v6.0) == address,
                    _ => false,
                });
                Ok(is_it.then(|| forward.valid_until().saturating_duration_since(Instant::now())))
            }
            Err(error) if error.is_no_records_found() => Ok(None),
            Err(_) => Err(Unanswered),
        }
    }
}

/// SERVFAIL, a refusal or silence: no answer.
struct Unanswered;

fn denied_or_unknown(error: &NetError) -> NameAnswer {
    match error.is_no_records_found() {
        true => NameAnswer::Denied { ttl: TTL_DENIED },
        false => NameAnswer::Unknown,
    }
}
