//! Secrets of challenges in the data folder: the one that all follows from, and the keys that sign result tokens.
//!
//! `challenge.secret` is made once. `keys/` holds a file for each signing key, named by it. The newest of an algorithm signs;
//! an older one verifies for a day longer and is then thrown away. An Ed25519 key is made at once and replaced by schedule,
//! since who verifies with it reads the set of keys again; the RSA key, which sites fetch once, is made behind everything
//! else (that takes a while) and replaced by `palisade keys rotate` alone.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use palisade_challenge::token::{Algorithm, Keyring, Older, SigningKey};
use palisade_domain::Timestamp;
use palisade_store::{DataDir, secret_file};
use ring::rand::SystemRandom;
use serde::{Deserialize, Serialize};

use crate::{ledger, shell};

/// How long an Ed25519 key signs.
const ED25519_DAYS: i64 = 30;
/// How long the key before is taken after another one was made: far longer than any token lives.
const OVERLAP_MS: i64 = 24 * 3_600_000;
const DAY_MS: i64 = 24 * 3_600_000;
/// Hexadecimal digits of the secret.
const DIGITS: usize = 64;
/// Most bytes that are read of a key's file: one of RSA has 1,700.
const KEY_FILE_BYTES_MAX: u64 = 16 << 10;

/// A key as it lies in its file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    algorithm: String,
    created_ms: i64,
    /// Base64.
    pkcs8: String,
}

/// A key that was read.
struct Held {
    path: PathBuf,
    key: SigningKey,
    created: Timestamp,
}

impl Held {
    fn is_for(&self, algorithm: Algorithm) -> bool {
        self.key.public().algorithm() == algorithm
    }
}

/// The secret that all keys of challenges follow from, made where there is none yet.
///
/// # Errors
/// Where it cannot be read or made, or is none: a wrong one would quietly withdraw every pass.
pub(crate) fn master(data: &DataDir) -> anyhow::Result<[u8; 32]> {
    let path = data.challenge_secret();
    if let Some(secret) = read_master(&path)? {
        return Ok(secret);
    }
    let digits: String = ledger::random::<32>()?.iter().map(|byte| format!("{byte:02x}")).collect();
    secret_file::make(&path, &format!("{digits}\n"))
        .with_context(|| format!("{}: cannot be made", path.display()))?;
    // Whoever was first has made it.
    read_master(&path)?.with_context(|| format!("{}: was removed while it was made", path.display()))
}

fn read_master(path: &Path) -> anyhow::Result<Option<[u8; 32]>> {
    let Some(bytes) = read(path, DIGITS as u64 + 2)? else { return Ok(None) };
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    let (pairs, rest) = bytes.trim_ascii_end().as_chunks::<2>();
    let secret: Option<Vec<u8>> =
        pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect();
    match secret.filter(|_| rest.is_empty()).and_then(|secret| secret.try_into().ok()) {
        Some(secret) => Ok(Some(secret)),
        None => bail!(
            "{}: is no secret ({DIGITS} hexadecimal digits); restore it from a backup, or remove it to have a new one \
             made: every pass and every automatic site key is another then",
            path.display()
        ),
    }
}

/// The keys of `data`, to sign with `algorithm`. An Ed25519 key is made where there is none; keys that are over are thrown
/// away.
///
/// # Errors
/// Where a file cannot be read or made, or holds no key.
pub(crate) fn open(data: &DataDir, algorithm: Algorithm, now: Timestamp) -> anyhow::Result<Keyring> {
    let mut held = read_all(data)?;
    if !held.iter().any(|held| held.is_for(Algorithm::EdDsa)) {
        held.push(make(data, &ed25519()?, Algorithm::EdDsa, now)?);
    }
    let (mut ring, mut older) = (Keyring::new(algorithm), Vec::new());
    for algorithm in Algorithm::ALL {
        let (of_it, others) = held.into_iter().partition(|held| held.is_for(algorithm));
        held = others;
        let mut newer: Option<Timestamp> = None;
        for Held { path, key, created } in of_it {
            let until = newer.map(|newer| newer.plus_millis(OVERLAP_MS));
            newer = Some(created);
            match until {
                None => ring = ring.with(key),
                Some(until) if now < until => older.push(Older { key: key.public().clone(), until }),
                Some(_) => fs::remove_file(&path)
                    .with_context(|| format!("{}: is over and cannot be removed", path.display()))?,
            }
        }
    }
    Ok(ring.with_older(older))
}

/// Makes the RSA key where there is none. Takes a second or several: for a thread that may wait.
///
/// # Errors
/// As [`open`].
pub(crate) fn ensure_rsa(data: &DataDir) -> anyhow::Result<bool> {
    if read_all(data)?.iter().any(|held| held.is_for(Algorithm::Rs256)) {
        return Ok(false);
    }
    let pkcs8 = rsa()?;
    // While that took its time, another process may have made one.
    if read_all(data)?.iter().any(|held| held.is_for(Algorithm::Rs256)) {
        return Ok(false);
    }
    make(data, &pkcs8, Algorithm::Rs256, shell::now())?;
    Ok(true)
}

/// Makes another Ed25519 key where the one in office has signed for 30 days. True where one was made.
///
/// # Errors
/// As [`open`].
pub(crate) fn rotate_due(data: &DataDir, now: Timestamp) -> anyhow::Result<bool> {
    let held = read_all(data)?;
    let newest = held.iter().find(|held| held.is_for(Algorithm::EdDsa));
    let is_due = newest.is_some_and(|held| now >= held.created.plus_millis(ED25519_DAYS * DAY_MS));
    if is_due {
        make(data, &ed25519()?, Algorithm::EdDsa, now)?;
    }
    Ok(is_due)
}

/// Makes another RSA key, which signs from now on, and returns its name. The tokens of the one before are taken for a day
/// longer, or (where `drop_old`: it has leaked) no longer.
///
/// # Errors
/// As [`open`].
pub(crate) fn rotate_rsa(data: &DataDir, drop_old: bool) -> anyhow::Result<String> {
    let pkcs8 = rsa()?;
    let held = read_all(data)?;
    let old = held.iter().filter(|held| held.is_for(Algorithm::Rs256));
    // Later than any before, also where the clock went back since.
    let last = old.clone().map(|held| held.created.millis()).max();
    let created = last.map_or(shell::now().millis(), |last| shell::now().millis().max(last + 1));
    let made = make(data, &pkcs8, Algorithm::Rs256, Timestamp::from_millis(created))?;
    for held in old.filter(|_| drop_old) {
        fs::remove_file(&held.path).with_context(|| format!("{}: cannot be removed", held.path.display()))?;
    }
    Ok(made.key.public().kid().to_owned())
}

fn ed25519() -> anyhow::Result<Vec<u8>> {
    Ok(SigningKey::generate_ed25519(&SystemRandom::new())?)
}

/// The one thing that ring does not do; the crate `rsa` does nothing else here (see deny.toml).
fn rsa() -> anyhow::Result<Vec<u8>> {
    use rsa::pkcs8::EncodePrivateKey;
    let key = rsa::RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2_048)?;
    Ok(key.to_pkcs8_der()?.as_bytes().to_vec())
}

fn make(data: &DataDir, pkcs8: &[u8], algorithm: Algorithm, created: Timestamp) -> anyhow::Result<Held> {
    let key = SigningKey::from_pkcs8(algorithm, pkcs8)?;
    let folder = data.token_keys();
    let path = folder.join(format!("{}.json", key.public().kid()));
    let stored = Stored {
        algorithm: algorithm.name().to_owned(),
        created_ms: created.millis(),
        pkcs8: STANDARD.encode(pkcs8),
    };
    make_folder(&folder)
        .and_then(|()| secret_file::make(&path, &serde_json::to_string(&stored)?))
        .with_context(|| format!("{}: cannot be made", path.display()))?;
    Ok(Held { path, key, created })
}

fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)
}

/// Every key, the newest first.
fn read_all(data: &DataDir) -> anyhow::Result<Vec<Held>> {
    let folder = data.token_keys();
    let entries = match fs::read_dir(&folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.with_context(|| format!("{}: cannot be read", folder.display()))?,
    };
    let mut all = Vec::new();
    for entry in entries {
        let path = entry.with_context(|| format!("{}: cannot be read", folder.display()))?.path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        // Another process may have thrown it away meanwhile.
        let Some(bytes) = read(&path, KEY_FILE_BYTES_MAX)? else { continue };
        let (key, created) = parse(&bytes).with_context(|| {
            format!(
                "{}: is no key of ours; restore it from a backup, or remove it (its tokens are refused then)",
                path.display()
            )
        })?;
        all.push(Held { path, key, created });
    }
    all.sort_by(|a, b| (b.created, b.key.public().kid()).cmp(&(a.created, a.key.public().kid())));
    Ok(all)
}

fn parse(bytes: &[u8]) -> anyhow::Result<(SigningKey, Timestamp)> {
    let stored: Stored = serde_json::from_slice(bytes)?;
    let algorithm = Algorithm::named(&stored.algorithm).context("algorithm")?;
    let key = SigningKey::from_pkcs8(algorithm, &STANDARD.decode(&stored.pkcs8).context("pkcs8")?)?;
    Ok((key, Timestamp::from_millis(stored.created_ms)))
}

/// At most `bytes_max` bytes of `path`; `None` where it is not there.
fn read(path: &Path, bytes_max: u64) -> anyhow::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    match File::open(path).and_then(|file| file.take(bytes_max).read_to_end(&mut bytes)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => {
            Err(error).with_context(|| format!("{}: cannot be read; check its permission", path.display()))
        }
        Ok(_) => Ok(Some(bytes)),
    }
}

#[cfg(test)]
mod tests {
    use palisade_challenge::token::{Statement, TokenFault};
    use palisade_domain::PassKind;

    use super::*;

    const START: Timestamp = Timestamp(1_772_323_200_000_000);

    fn folder() -> (tempfile::TempDir, DataDir) {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::open(folder.path()).unwrap();
        (folder, data)
    }

    fn token(ring: &Keyring, now: Timestamp) -> String {
        let statement = Statement {
            site_key: "pal_site_x".into(),
            issued: now,
            expires: now.plus_millis(300_000),
            id: 1,
            action: String::new(),
            hostname: "localhost".into(),
            score: 1.0,
            interaction_id: String::new(),
            kind: PassKind::Work,
            cdata: String::new(),
        };
        ring.sign(&statement, &SystemRandom::new()).unwrap()
    }

    fn files(data: &DataDir) -> usize {
        fs::read_dir(data.token_keys()).unwrap().count()
    }

    #[test]
    fn the_secret_is_made_once_and_for_this_user() {
        let (_folder, data) = folder();
        let made = master(&data).unwrap();
        assert_eq!(master(&data).unwrap(), made);
        assert_ne!(made, [0; 32]);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(data.challenge_secret()).unwrap().permissions().mode() & 0o777, 0o600);
        }
        for bad in [&b""[..], b"0123", &[b'g'; 64], &[b'1'; 63], &[b'1'; 99], b"\xff"] {
            fs::write(data.challenge_secret(), bad).unwrap();
            let error = master(&data).unwrap_err().to_string();
            assert!(error.contains("challenge.secret: is no secret"), "{error}");
        }
    }

    #[test]
    fn keys_are_made_once_and_rsa_when_it_is_asked_for() {
        let (_folder, data) = folder();
        let ring = open(&data, Algorithm::EdDsa, START).unwrap();
        assert!(ring.is_ready() && ring.pem().is_none() && files(&data) == 1);
        assert!(!open(&data, Algorithm::Rs256, START).unwrap().is_ready());
        let signed = token(&ring, START);
        assert!(ensure_rsa(&data).unwrap() && !ensure_rsa(&data).unwrap());
        let both = open(&data, Algorithm::Rs256, START).unwrap();
        assert!(both.is_ready() && both.pem().is_some() && files(&data) == 2);
        assert!(both.verify(&signed, START).is_ok(), "read again, the key is the same");
        assert!(both.verify(&token(&both, START), START).is_ok());
        #[cfg(unix)]
        for entry in fs::read_dir(data.token_keys()).unwrap() {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(entry.unwrap().metadata().unwrap().permissions().mode() & 0o777, 0o600);
        }

        let old = token(&both, START);
        let kid = rotate_rsa(&data, false).unwrap();
        let now = shell::now();
        let rotated = open(&data, Algorithm::Rs256, now).unwrap();
        assert!(rotated.jwks().contains(&kid) && rotated.pem() != both.pem());
        assert!(rotated.verify(&old, START).is_ok(), "the key before is still taken");
        rotate_rsa(&data, true).unwrap();
        let dropped = open(&data, Algorithm::Rs256, now).unwrap();
        assert_eq!(dropped.verify(&old, START), Err(TokenFault::UnknownKey));
    }

    #[test]
    fn ed25519_is_replaced_after_thirty_days_and_overlaps() {
        let (_folder, data) = folder();
        let first = open(&data, Algorithm::EdDsa, START).unwrap();
        let day = |days: i64| START.plus_millis(days * DAY_MS);
        assert!(!rotate_due(&data, day(29)).unwrap());
        assert!(rotate_due(&data, day(30)).unwrap() && !rotate_due(&data, day(30)).unwrap());
        let late = day(30).plus_millis(60_000);
        let old = token(&first, late);
        let second = open(&data, Algorithm::EdDsa, late).unwrap();
        assert!(second.verify(&old, late).is_ok(), "tokens of the old key hold until they expire");
        assert_ne!(token(&second, late), old);
        assert_eq!(files(&data), 2);
        let third = open(&data, Algorithm::EdDsa, day(31)).unwrap();
        assert_eq!(third.verify(&token(&first, day(31)), day(31)), Err(TokenFault::UnknownKey));
        assert_eq!(files(&data), 1, "what is over is thrown away");
    }

    #[test]
    fn what_is_no_key_is_named() {
        let (_folder, data) = folder();
        open(&data, Algorithm::EdDsa, START).unwrap();
        fs::write(data.token_keys().join("README"), "not ours to read").unwrap();
        open(&data, Algorithm::EdDsa, START).unwrap();
        for bad in ["", "{}", r#"{"algorithm":"EdDSA","created_ms":1,"pkcs8":"AAAA"}"#, &"x".repeat(99_999)] {
            fs::write(data.token_keys().join("bad.json"), bad).unwrap();
            let error = open(&data, Algorithm::EdDsa, START).map(drop).unwrap_err().to_string();
            assert!(error.contains("bad.json: is no key of ours"), "{error}");
        }
    }
}
