//! What the first start makes: a key and the webhook secret, written down once for the operator.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use palisade_domain::{TenantId, Timestamp};

use crate::bounds::SECRET_FILE_BYTES_MAX;
use crate::{
    ApiKey, Changes, DataDir, Keys, NewKey, ReadError, Scope, Scopes, Watched, WriteError, codec, secret_file,
};

/// What the first key may do.
const FIRST_SCOPES: [Scope; 4] = [Scope::Check, Scope::Feedback, Scope::Stats, Scope::List];
const KEY_LABEL: &str = "API key:";
const WEBHOOK_PREFIX: &str = "whs_";

/// The secret that webhooks are signed with: the HMAC key is its text. Has no `Debug`.
#[derive(Clone)]
pub struct WebhookSecret(String);

impl WebhookSecret {
    /// The secret as it is configured at the sender; its bytes are the HMAC key.
    pub fn text(&self) -> &str {
        &self.0
    }
}

/// Fresh random bytes for what may have to be made. Has no `Debug`.
pub struct FirstRunRandom {
    /// For the key.
    pub key: [u8; 32],
    /// For the webhook secret.
    pub webhook: [u8; 32],
}

/// What a start found or made. Has no `Debug`.
pub struct FirstRun {
    /// The installation's webhook secret.
    pub webhook_secret: WebhookSecret,
    /// What was made just now, on the very first start.
    pub made: Option<Made>,
}

/// What is shown once, on a terminal, and stands in the file.
pub struct Made {
    /// The first key: check, feedback, stats and list.
    pub key: ApiKey,
    /// Where both stand.
    pub file: PathBuf,
}

/// The first start could not make what it makes.
#[derive(Debug, thiserror::Error)]
pub enum FirstRunError {
    /// A file could not be written.
    #[error("{}: cannot be written ({why}); check the folder's permission and the free space", path.display())]
    CannotWrite {
        /// The file.
        path: PathBuf,
        /// Why.
        why: io::Error,
    },
    /// A file could not be read.
    #[error("{}: cannot be read ({why}); check its permission", path.display())]
    CannotRead {
        /// The file.
        path: PathBuf,
        /// Why.
        why: io::Error,
    },
    /// A file holds something else.
    #[error("{}: holds no {what}; restore it from a backup, or remove it to have a new one made", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What it should hold.
        what: &'static str,
    },
    /// The store could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The key could not be stored.
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// Makes, in a fresh data folder, the webhook secret and a first key, and writes both to `first-run.txt` for the
/// operator. Later it only reads the webhook secret. The key is in the file before it is in the store: a start that was
/// killed in between is completed by the next one.
///
/// # Errors
/// Where a file cannot be written or read, or holds something else, or the store fails.
pub async fn first_run<S: Keys + Changes + ?Sized>(
    data: &DataDir,
    store: &S,
    tenant: TenantId,
    random: &FirstRunRandom,
    now: Timestamp,
) -> Result<FirstRun, FirstRunError> {
    let webhook_secret = webhook_secret(data, random)?;
    if store.changes(tenant, Watched::Keys).await? > 0 {
        return Ok(FirstRun { webhook_secret, made: None });
    }
    let file = data.first_run();
    let key = ApiKey::from_random(random.key);
    let text = make_once(&file, &letter(&key, &webhook_secret))?;
    // Whoever was first has made it: another process, or a start that was killed.
    let line = text.lines().find_map(|line| line.strip_prefix(KEY_LABEL));
    let key = line.and_then(|key| ApiKey::parse(key.trim()));
    let key = key.ok_or_else(|| FirstRunError::Damaged { path: file.clone(), what: "API key" })?;
    let new = NewKey { name: "first run".into(), scopes: Scopes::of(&FIRST_SCOPES), created_at: now };
    store.create_key(tenant, &key, &new).await?;
    Ok(FirstRun { webhook_secret, made: Some(Made { key, file }) })
}

fn webhook_secret(data: &DataDir, random: &FirstRunRandom) -> Result<WebhookSecret, FirstRunError> {
    let path = data.webhook_secret();
    let made = format!("{WEBHOOK_PREFIX}{}\n", codec::base64url(&random.webhook));
    let text = make_once(&path, &made)?;
    let text = text.trim();
    let sound = text.strip_prefix(WEBHOOK_PREFIX).and_then(codec::from_base64url).is_some();
    if !sound {
        return Err(FirstRunError::Damaged { path, what: "webhook secret" });
    }
    Ok(WebhookSecret(text.to_owned()))
}

fn letter(key: &ApiKey, webhook: &WebhookSecret) -> String {
    let scopes = Scopes::of(&FIRST_SCOPES);
    format!(
        "Palisade made these on its first start. Put them where you keep secrets, then delete this file.\n\n\
         {KEY_LABEL} {}\n\
         May: {scopes}. Send it as \"Authorization: Bearer KEY\". More keys: palisade keys create --name N --scope check\n\n\
         Webhook secret: {}\n\
         The sender signs the body with it: X-Signature is the HMAC-SHA-256 of the body in hexadecimal digits.\n",
        key.text(),
        webhook.text(),
    )
}

/// The content of `path`, which is `text` where there was nothing yet. Another process sees all of it or nothing.
fn make_once(path: &Path, text: &str) -> Result<String, FirstRunError> {
    if let Some(found) = read(path)? {
        return Ok(found);
    }
    secret_file::make(path, text).map_err(|why| FirstRunError::CannotWrite { path: path.to_owned(), why })?;
    Ok(read(path)?.unwrap_or_else(|| text.to_owned()))
}

fn read(path: &Path) -> Result<Option<String>, FirstRunError> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(SECRET_FILE_BYTES_MAX).read_to_end(&mut bytes));
    match read {
        Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(why) => Err(FirstRunError::CannotRead { path: path.to_owned(), why }),
        Ok(_) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::MemoryStore;

    const TENANT: TenantId = TenantId(0);

    async fn start(data: &DataDir, store: &MemoryStore, random: u8) -> Result<FirstRun, FirstRunError> {
        let random = FirstRunRandom { key: [random; 32], webhook: [random + 1; 32] };
        first_run(data, store, TENANT, &random, Timestamp(0)).await
    }

    #[tokio::test]
    async fn both_are_made_once() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::open(folder.path()).unwrap();
        let store = MemoryStore::new();
        let first = start(&data, &store, 1).await.unwrap();
        let made = first.made.unwrap();
        let letter = fs::read_to_string(&made.file).unwrap();
        assert!(letter.contains(&made.key.text()) && letter.contains(first.webhook_secret.text()));
        let found = store.find_key(TENANT, &made.key.hash()).await.unwrap().unwrap();
        assert_eq!(found.scopes.to_string(), "check,feedback,list,stats");
        #[cfg(unix)]
        for path in [&made.file, &data.webhook_secret()] {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        fs::remove_file(&made.file).unwrap();
        store.revoke_key(TENANT, found.id).await.unwrap();
        let second = start(&data, &store, 5).await.unwrap();
        assert!(second.made.is_none(), "the file was deleted and the key revoked on purpose");
        assert_eq!(second.webhook_secret.text(), first.webhook_secret.text());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left");
    }

    #[tokio::test]
    async fn a_start_that_was_killed_is_completed() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::open(folder.path()).unwrap();
        let killed = start(&data, &MemoryStore::new(), 1).await.unwrap().made.unwrap();
        let store = MemoryStore::new(); // It never heard of the key.
        let made = start(&data, &store, 5).await.unwrap().made.unwrap();
        assert_eq!(made.key.text(), killed.key.text(), "the key of the file counts");
        assert!(store.find_key(TENANT, &killed.key.hash()).await.unwrap().is_some());
    }

    #[tokio::test]
    async fn damaged_files_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::open(folder.path()).unwrap();
        let store = MemoryStore::new();
        for bad in [&b""[..], b"whs_short", b"\xff\xfe", &[b'x'; 9_000]] {
            fs::write(data.webhook_secret(), bad).unwrap();
            let error = start(&data, &store, 1).await.err().unwrap().to_string();
            assert!(error.contains("webhook.secret: holds no webhook secret"), "{error}");
        }
        fs::remove_file(data.webhook_secret()).unwrap();
        fs::write(data.first_run(), "API key: pal_x\n").unwrap();
        let error = start(&data, &store, 1).await.err().unwrap().to_string();
        assert!(error.contains("first-run.txt: holds no API key"), "{error}");
    }
}
