//! Requests for tests.

use palisade_challenge::Bindings;
use palisade_challenge::challenges::Occasion;
use palisade_domain::{RequestId, Scheme, SiteId, TenantId, Timestamp};

use crate::open_graph::Tags;
use crate::route::PREFIX;
use crate::theme::Theme;
use crate::visit::{Base, Visit};
use crate::wants::Wants;

#[derive(Clone)]
pub(crate) struct Request<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) query: &'a str,
    pub(crate) headers: Vec<(&'a str, &'a str)>,
    pub(crate) body: Option<&'a [u8]>,
    pub(crate) base: Base<'a>,
    pub(crate) scheme: Scheme,
    pub(crate) now: Timestamp,
    pub(crate) theme: &'a Theme,
    pub(crate) tags: Tags,
}

impl<'a> Request<'a> {
    pub(crate) fn new(method: &'a str, path: &'a str) -> Self {
        Request {
            method,
            path,
            query: "",
            headers: Vec::new(),
            body: Some(b""),
            base: Base::Prefix(PREFIX),
            scheme: Scheme::Https,
            now: Timestamp::from_secs(1_800_000_000),
            theme: Theme::neutral(),
            tags: Tags::default(),
        }
    }

    /// What `look` makes of it.
    pub(crate) fn with<T>(&self, look: impl FnOnce(&mut Visit<'_>) -> T) -> T {
        let header =
            |name: &str| self.headers.iter().find(|(held, _)| *held == name).map(|(_, value)| *value);
        let random = ring::rand::SystemRandom::new();
        let mut random = |bytes: &mut [u8]| {
            ring::rand::SecureRandom::fill(&random, bytes).expect("the system has randomness");
        };
        let wants = Wants {
            accept: header("accept"),
            language: header("accept-language"),
            head_only: self.method == "HEAD",
        };
        look(&mut Visit {
            method: self.method,
            path: self.path,
            query: self.query,
            header: &header,
            body: self.body,
            wants,
            id: RequestId(9),
            tenant: TenantId(1),
            site: SiteId(1),
            scheme: self.scheme,
            host: "site.example",
            bindings: Bindings { network: Some(1), agent: Some(2), stack: Some(3) },
            client: None,
            base: self.base,
            prefix: if let Base::Prefix(prefix) = self.base { prefix } else { PREFIX },
            occasion: Occasion::default(),
            theme: self.theme,
            tags: &self.tags,
            local: false,
            now: self.now,
            random: &mut random,
        })
    }
}
