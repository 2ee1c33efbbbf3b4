//! Site keys: public names of sites that use the widget, and the secrets of their servers.
//!
//! A site key stands in pages for everybody to read; it says which tenant a token is for and on which hosts one may be had.
//! The secret beside it is known to the site's server alone; here only its SHA-256 is kept (there is nothing to guess in 256
//! random bits). Every tenant has one automatic site key that follows from the installation's secret, so that a first page
//! needs nothing but its script tag; those that people make are kept by the store.

use std::collections::HashMap;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use palisade_domain::{TenantId, Timestamp};
use ring::{digest, hmac};

use crate::secrets::Secrets;

/// What every site key begins with.
pub const PREFIX: &str = "pal_site_";
/// What every secret begins with: leaked ones are found by searching for it.
pub const SECRET_PREFIX: &str = "pal_secret_";
/// How long the secret before the last stays valid, ms: time to change it on every server.
pub const OVERLAP_MS: i64 = 24 * 3_600_000;
/// Hosts of this machine, on which the automatic site key always works.
const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// The text of a site key made of 128 random bits.
pub fn text(random: [u8; 16]) -> String {
    format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(random))
}

/// The secret of a site's server. Has no `Debug`: it must not reach a log.
#[derive(Clone)]
pub struct SiteSecret(String);

impl SiteSecret {
    /// The secret made of 256 random bits.
    pub fn from_random(random: [u8; 32]) -> Self {
        SiteSecret(format!("{SECRET_PREFIX}{}", URL_SAFE_NO_PAD.encode(random)))
    }

    /// Its text. Show it once, store it nowhere.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// What is kept of it.
    pub fn hash(&self) -> SecretHash {
        SecretHash::of(&self.0)
    }
}

/// SHA-256 of a secret's text.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SecretHash(pub [u8; 32]);

impl SecretHash {
    /// That of `text`.
    pub fn of(text: &str) -> Self {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest::digest(&digest::SHA256, text.as_bytes()).as_ref());
        SecretHash(hash)
    }
}

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretHash(..)")
    }
}

/// A secret that is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeldSecret {
    /// What is kept of it.
    pub hash: SecretHash,
    /// Until when it is taken; `None` for the one in office.
    pub until: Option<Timestamp>,
}

/// One site key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteKey {
    /// Whose site.
    pub tenant: TenantId,
    /// Its number in the store; `None` for the automatic one.
    pub id: Option<i64>,
    /// Its text, as it stands in pages.
    pub key: String,
    /// The hosts whose pages may use it.
    pub hostnames: Hostnames,
    /// What the site's server may show.
    pub secrets: Vec<HeldSecret>,
}

impl SiteKey {
    /// The site key that `tenant` has without making one, for pages of `hosts` (those of its sites) and of this machine.
    pub fn automatic(secrets: &Secrets, tenant: TenantId, hosts: &[String]) -> Self {
        let hosts = hosts.iter().map(String::as_str).chain(LOOPBACK);
        SiteKey {
            tenant,
            id: None,
            key: automatic_key(secrets, tenant),
            hostnames: Hostnames::new(hosts),
            secrets: vec![HeldSecret { hash: automatic_secret(secrets, tenant).hash(), until: None }],
        }
    }

    /// May a page of `hostname` use it?
    pub fn allows(&self, hostname: &str) -> bool {
        self.hostnames.hold(hostname)
    }
}

/// The text of the automatic site key of `tenant`.
pub fn automatic_key(secrets: &Secrets, tenant: TenantId) -> String {
    let mut bits = [0; 16];
    bits.copy_from_slice(&derived(secrets, "automatic site key", tenant)[..16]);
    text(bits)
}

/// The secret beside it. It changes with the installation's secret only: who wants to rotate makes a site key of their own.
pub fn automatic_secret(secrets: &Secrets, tenant: TenantId) -> SiteSecret {
    SiteSecret::from_random(derived(secrets, "automatic site secret", tenant))
}

fn derived(secrets: &Secrets, what: &str, tenant: TenantId) -> [u8; 32] {
    let mut context = hmac::Context::with_key(&secrets.site);
    context.update(what.as_bytes());
    context.update(&tenant.0.to_be_bytes());
    let mut bits = [0; 32];
    bits.copy_from_slice(context.sign().as_ref());
    bits
}

/// Hosts as a configuration names them: `example.org`, `*.example.org`, `*`; without port, lower case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hostnames(Vec<String>);

impl Hostnames {
    /// These, each in the spelling it is compared in.
    pub fn new<'a>(hosts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut names: Vec<String> = hosts.into_iter().map(name).filter(|name| !name.is_empty()).collect();
        names.sort_unstable();
        names.dedup();
        Hostnames(names)
    }

    /// Is `hostname` one of them? A port, letter case, the dot of the root and brackets do not matter.
    pub fn hold(&self, hostname: &str) -> bool {
        let host = name(hostname);
        !host.is_empty()
            && self.0.iter().any(|held| match held.strip_prefix('*') {
                Some("") => true,
                Some(suffix) => host.len() > suffix.len() && host.ends_with(suffix),
                None => *held == host,
            })
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// True where no page may use it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// `Example.org:8080` as `example.org`, `[::1]:80` as `::1`.
fn name(host: &str) -> String {
    let host = host.trim();
    let bare = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        // One colon stands before a port; several make an address of the sixth version.
        None => host.split_once(':').filter(|(_, port)| !port.contains(':')).map_or(host, |(name, _)| name),
    };
    bare.strip_suffix('.').unwrap_or(bare).to_ascii_lowercase()
}

/// All site keys, by text and by secret.
#[derive(Debug, Default)]
pub struct SiteKeys {
    keys: Vec<SiteKey>,
    by_key: HashMap<String, usize>,
    /// The hash of 256 random bits tells nothing about others: a look-up in a map is safe.
    by_secret: HashMap<SecretHash, (usize, Option<Timestamp>)>,
}

impl SiteKeys {
    /// These. Of two with the same text the first counts.
    pub fn new(keys: Vec<SiteKey>) -> Self {
        let (mut by_key, mut by_secret) = (HashMap::new(), HashMap::new());
        for (at, key) in keys.iter().enumerate() {
            if *by_key.entry(key.key.clone()).or_insert(at) != at {
                continue;
            }
            for secret in &key.secrets {
                by_secret.entry(secret.hash).or_insert((at, secret.until));
            }
        }
        SiteKeys { keys, by_key, by_secret }
    }

    /// The site key with the text `key`.
    pub fn find(&self, key: &str) -> Option<&SiteKey> {
        self.by_key.get(key).and_then(|at| self.keys.get(*at))
    }

    /// The site key whose server shows `secret` at `now`.
    pub fn of_secret(&self, secret: &str, now: Timestamp) -> Option<&SiteKey> {
        let (at, until) = self.by_secret.get(&SecretHash::of(secret))?;
        until.is_none_or(|until| now < until).then(|| self.keys.get(*at)).flatten()
    }

    /// The automatic one of `tenant`.
    pub fn automatic_of(&self, tenant: TenantId) -> Option<&SiteKey> {
        self.keys.iter().find(|key| key.tenant == tenant && key.id.is_none())
    }

    /// All of them.
    pub fn all(&self) -> &[SiteKey] {
        &self.keys
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets() -> Secrets {
        Secrets::derive(&[7; 32])
    }

    #[test]
    fn hosts_are_found_as_sites_are() {
        fn check(names: &[&str], host: &str, expect: bool) {
            assert_eq!(Hostnames::new(names.iter().copied()).hold(host), expect, "{names:?} {host}");
        }
        check(&["shop.example"], "shop.example", true);
        check(&["Shop.Example"], "shop.example:8080", true);
        check(&["shop.example"], "SHOP.example.", true);
        check(&["shop.example"], "www.shop.example", false);
        check(&["shop.example"], "notshop.example", false);
        check(&["*.shop.example"], "www.shop.example", true);
        check(&["*.shop.example"], "a.b.shop.example:1", true);
        check(&["*.shop.example"], "shop.example", false);
        check(&["*.shop.example"], ".shop.example", false);
        check(&["*"], "anything.example", true);
        check(&["*"], "", false);
        check(&["::1"], "[::1]:8080", true);
        check(&["[::1]"], "::1", true);
        check(&["127.0.0.1"], "127.0.0.1:80", true);
        check(&["127.0.0.1"], "127.0.0.10", false);
        check(&[], "shop.example", false);
        check(&[""], "", false);
    }

    #[test]
    fn every_tenant_has_an_automatic_key_of_its_own() {
        let one = SiteKey::automatic(&secrets(), TenantId(1), &["shop.example".to_owned()]);
        let two = SiteKey::automatic(&secrets(), TenantId(2), &["shop.example".to_owned()]);
        assert_eq!(
            one,
            SiteKey::automatic(&secrets(), TenantId(1), &["shop.example".to_owned()]),
            "always the same"
        );
        assert!(one.key != two.key && one.secrets != two.secrets);
        assert!(one.key.starts_with(PREFIX) && one.key.len() == PREFIX.len() + 22);
        for host in ["shop.example", "localhost:3000", "127.0.0.1", "[::1]:8080"] {
            assert!(one.allows(host), "{host}");
        }
        assert!(!one.allows("other.example"));
        let keys = SiteKeys::new(vec![one.clone(), two.clone()]);
        let secret = automatic_secret(&secrets(), TenantId(2));
        assert_eq!(keys.of_secret(secret.text(), Timestamp(0)), Some(&two));
        assert_eq!((keys.find(&one.key), keys.automatic_of(TenantId(2))), (Some(&one), Some(&two)));
        assert!(keys.find("pal_site_").is_none() && keys.of_secret(&one.key, Timestamp(0)).is_none());
        assert!(format!("{one:?}").contains("SecretHash(..)"));
    }

    #[test]
    fn the_secret_before_is_taken_until_its_time_is_over() {
        let (old, new) = (SiteSecret::from_random([1; 32]), SiteSecret::from_random([2; 32]));
        let until = Timestamp::from_secs(100);
        let held = |secret: &SiteSecret, until| HeldSecret { hash: secret.hash(), until };
        let key = SiteKey {
            secrets: vec![held(&new, None), held(&old, Some(until))],
            ..SiteKey::automatic(&secrets(), TenantId(1), &[])
        };
        let keys = SiteKeys::new(vec![key]);
        let taken =
            |secret: &SiteSecret, at| keys.of_secret(secret.text(), Timestamp::from_secs(at)).is_some();
        assert!(taken(&old, 99) && !taken(&old, 100) && taken(&new, 99) && taken(&new, 100));
    }

    #[test]
    fn of_two_with_one_text_the_first_counts() {
        let first = SiteKey::automatic(&secrets(), TenantId(1), &[]);
        let second = SiteKey { tenant: TenantId(9), ..first.clone() };
        let keys = SiteKeys::new(vec![first.clone(), second]);
        assert_eq!(keys.find(&first.key).map(|key| key.tenant), Some(TenantId(1)));
    }
}
