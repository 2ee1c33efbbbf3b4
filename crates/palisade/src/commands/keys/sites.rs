//! Site keys and the key that signs result tokens.

use std::process::ExitCode;

use palisade_challenge::Secrets;
use palisade_challenge::site_key::{self, OVERLAP_MS, SiteSecret};
use palisade_domain::Timestamp;
use palisade_store::{DataDir, KeyHash, KeyId, NewSiteKey, RevokedPass, Store};
use serde_json::json;

use crate::columns::moment;
use crate::ledger::{self, TENANT};
use crate::{exit, keyring};

/// Reads a host of `--site`: a name, an address, `*.shop.example`, or `*`; no port, no path.
///
/// # Errors
/// With what is wrong, for clap.
pub(super) fn host(text: &str) -> Result<String, String> {
    let host = text.trim().to_ascii_lowercase();
    let name = host.strip_prefix("*.").unwrap_or(&host);
    let address = name.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>().is_ok();
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    let is_name = name.len() <= 253 && name.split('.').all(label);
    if host == "*" || address || is_name {
        return Ok(host);
    }
    Err("is no host: a name without port and path, such as shop.example or *.shop.example".to_owned())
}

pub(super) async fn create(
    store: &dyn Store,
    name: &str,
    hosts: &[String],
    now: Timestamp,
    as_json: bool,
) -> anyhow::Result<String> {
    let secret = SiteSecret::from_random(ledger::random()?);
    let new = NewSiteKey {
        key: site_key::text(ledger::random()?),
        name: name.to_owned(),
        hostnames: hosts.to_vec(),
        secret: KeyHash::of(secret.text()),
        created_at: now,
    };
    let made = store.create_site_key(TENANT, &new).await?;
    let (id, hosts) = (made.id.0, made.hostnames.join(","));
    ledger::record(store, "site_key.create", format!("key:{id}"), format!("hosts {hosts}"), None, now)
        .await?;
    let (key, secret) = (made.key, secret.text());
    Ok(if as_json {
        json!({ "id": id, "key": key, "secret": secret }).to_string()
    } else {
        format!(
            "site key  {key}\nsecret    {secret}\n\nKey {id} is for pages of {hosts}. The site key stands in pages; the secret \
             is the server's, for /siteverify, and is shown this once."
        )
    })
}

/// The site key that needs no making. Its secret can be shown again and again: it follows from the installation's.
pub(super) fn automatic(data: &DataDir, as_json: bool) -> anyhow::Result<String> {
    let secrets = Secrets::derive(&keyring::master(data)?);
    let key = site_key::automatic_key(&secrets, TENANT);
    let secret = site_key::automatic_secret(&secrets, TENANT);
    let secret = secret.text();
    Ok(if as_json {
        json!({ "key": key, "secret": secret }).to_string()
    } else {
        format!(
            "site key  {key}\nsecret    {secret}\n\nFor pages of every host in [[sites]] hosts, and of this machine. The script \
             carries the site key by itself; the secret is the server's, for /siteverify. To rotate secrets make a site key \
             of your own: palisade keys create --name N --site HOST"
        )
    })
}

pub(super) async fn rotate(
    store: &dyn Store,
    id: i64,
    now: Timestamp,
    as_json: bool,
) -> anyhow::Result<(String, ExitCode)> {
    let secret = SiteSecret::from_random(ledger::random()?);
    let until = now.plus_millis(OVERLAP_MS);
    if !store.rotate_site_secret(TENANT, KeyId(id), &KeyHash::of(secret.text()), until).await? {
        let text = if as_json {
            json!({ "rotated": [] }).to_string()
        } else {
            "no such site key; `palisade keys list` shows their numbers".to_owned()
        };
        return Ok((text, ExitCode::from(exit::NO)));
    }
    ledger::record(store, "site_key.rotate", format!("key:{id}"), String::new(), None, now).await?;
    let (secret, until) = (secret.text(), moment(until));
    let text = if as_json {
        json!({ "id": id, "secret": secret, "previous_until": until }).to_string()
    } else {
        format!(
            "{secret}\n\nThe new secret of site key {id}, shown this once. The one before is taken until {until}."
        )
    };
    Ok((text, ExitCode::SUCCESS))
}

pub(super) async fn rotate_rsa(
    data: &DataDir,
    store: &dyn Store,
    drop_old: bool,
    now: Timestamp,
    as_json: bool,
) -> anyhow::Result<String> {
    let kid = keyring::rotate_rsa(data, drop_old)?;
    let detail = if drop_old { "the one before is dropped" } else { "" };
    ledger::record(store, "token_key.rotate", format!("token_key:{kid}"), detail.to_owned(), None, now)
        .await?;
    let before = if drop_old { "is refused from now on" } else { "is taken for 24 hours more" };
    Ok(if as_json {
        json!({ "kid": kid }).to_string()
    } else {
        format!(
            "The RSA key that signs result tokens is now {kid}; what the one before signed {before}.\n\
             Servers that fetched the public key once (GET /api/public_key) refuse tokens until they fetch it again; those that \
             read /.well-known/jwks.json or ask /siteverify notice nothing.\n\
             A running palisade takes the new key when it reloads: send it SIGHUP."
        )
    })
}

/// How long a revocation is remembered: longer than any pass holds.
const REVOKED_MS: i64 = 31 * 24 * 3_600_000;

/// Reads the id of a pass.
pub(super) fn pass(text: &str) -> Result<u128, String> {
    let is_id = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let id = is_id.then(|| u128::from_str_radix(text, 16).ok()).flatten();
    id.ok_or_else(|| "a session has 32 hexadecimal digits; `palisade store export` shows them".to_owned())
}

/// Takes passes back.
///
/// # Errors
/// Where the store does not take it.
pub(super) async fn revoke_passes(
    store: &dyn Store,
    passes: &[u128],
    now: Timestamp,
    as_json: bool,
) -> anyhow::Result<String> {
    let mut revoked = Vec::new();
    for id in passes {
        let pass = RevokedPass { id: *id, until: now.plus_millis(REVOKED_MS) };
        store.revoke_pass(TENANT, pass, now).await?;
        let name = format!("{id:032x}");
        ledger::record(store, "pass.revoke", format!("pass:{name}"), String::new(), None, now).await?;
        revoked.push(name);
    }
    Ok(match as_json {
        true => serde_json::json!({ "revoked": revoked }).to_string(),
        false => format!("taken back: {}; in force within a second", revoked.join(", ")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_thirty_two_digits() {
        assert_eq!(pass("000000000000000000000000000000ff"), Ok(255));
        for bad in ["", "ff", "zz000000000000000000000000000000", "+00000000000000000000000000000ff"] {
            assert!(pass(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn hosts_are_names_without_ports() {
        for good in [
            "shop.example",
            "*.shop.example",
            "*",
            "localhost",
            "127.0.0.1",
            "[::1]",
            "::1",
            " Shop.Example ",
        ] {
            assert_eq!(host(good).unwrap(), good.trim().to_ascii_lowercase());
        }
        for bad in [
            "",
            "shop.example:80",
            "https://shop.example",
            "shop example",
            "a..b",
            "*shop.example",
            "a/b",
            "é",
        ] {
            assert!(host(bad).is_err(), "{bad}");
        }
        assert!(host(&"a".repeat(64)).is_err() && host(&"a.".repeat(200)).is_err());
    }
}
