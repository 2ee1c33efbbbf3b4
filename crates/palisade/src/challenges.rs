//! From configuration and data folder to challenges: keys, claims of the run before, the ladder; reloaded whole.

use std::sync::Arc;

use anyhow::Context;

use palisade_challenge::challenges::{Challenges, Settings};
use palisade_challenge::claims::Claims;
use palisade_challenge::ladder::{Ladder, Step, WORK_MS};
use palisade_challenge::site_key::SiteKey;
use palisade_challenge::token::Algorithm;
use palisade_config::settings::{ChallengeSettings, RequireTokenSettings, Settings as All};
use palisade_domain::TenantId;
use palisade_guard::vouching::{RequireToken, Vouching};
use palisade_intel::Outbound;
use palisade_intel::providers::{self, OnFailure, Verifier};
use palisade_store::DataDir;
use palisade_store::snapshot::{self, LoadError};

use crate::exit::UsageError;
use crate::{keyring, shell};

/// Version of the saved claims; other bytes are not guessed at.
const CLAIMS_VERSION: u32 = 1;

const HOUR_MS: i64 = 3_600_000;

/// Challenges with the keys of `data` and the claims of the run before.
///
/// # Errors
/// Where the keys cannot be made or read.
pub(crate) fn start(data: &DataDir, settings: &All, tenant: TenantId) -> anyhow::Result<Arc<Challenges>> {
    let master = keyring::master(data)?;
    let challenges = Challenges::new(&master, claims(data)?, settings_of(&settings.challenge));
    let challenges = Arc::new(challenges);
    apply(&challenges, data, settings, tenant)?;
    Ok(challenges)
}

/// Puts other settings into effect.
///
/// # Errors
/// Where the keys cannot be read.
pub(crate) fn apply(
    challenges: &Challenges,
    data: &DataDir,
    settings: &All,
    tenant: TenantId,
) -> anyhow::Result<()> {
    // First what may fail: nothing is in effect by halves.
    read_keys(challenges, data, settings)?;
    challenges.replace_settings(settings_of(&settings.challenge));
    let hosts: Vec<String> = settings.sites.iter().flat_map(|site| site.hosts.iter().cloned()).collect();
    challenges.tokens.set_automatic(vec![SiteKey::automatic(&challenges.secrets, tenant, &hosts)]);
    Ok(())
}

/// Reads the keys of result tokens again, to sign by the algorithm in office.
///
/// # Errors
/// Where they cannot be read.
pub(crate) fn read_keys_again(challenges: &Challenges, data: &DataDir) -> anyhow::Result<()> {
    let algorithm = challenges.tokens.keyring().algorithm();
    challenges.tokens.replace_keyring(keyring::open(data, algorithm, shell::now())?);
    Ok(())
}

fn read_keys(challenges: &Challenges, data: &DataDir, settings: &All) -> anyhow::Result<()> {
    let algorithm = Algorithm::named(settings.challenge.algorithm).unwrap_or(Algorithm::Rs256);
    challenges.tokens.replace_keyring(keyring::open(data, algorithm, shell::now())?);
    Ok(())
}

/// What was claimed before a clean end; without it, nothing that was issued before now is taken.
fn claims(data: &DataDir) -> anyhow::Result<Claims> {
    let path = data.claims_snapshot();
    let loaded = match snapshot::load(&path, CLAIMS_VERSION) {
        Ok(bytes) => bytes.and_then(|bytes| Claims::from_bytes(&bytes)),
        Err(error @ LoadError::Io { .. }) => return Err(error.into()),
        Err(_) => None,
    };
    // It holds for one start: after a kill nobody knows what was claimed since.
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(error).with_context(|| {
                format!("{}: cannot be removed, and after a kill it would be wrong", path.display())
            });
        }
        _ => {}
    }
    Ok(loaded.unwrap_or_else(|| Claims::since(shell::now())))
}

/// Saves what was claimed: the end is a clean one.
///
/// # Errors
/// Where the file cannot be written; the next start then refuses what was issued before it.
pub(crate) fn keep(challenges: &Challenges, data: &DataDir) -> anyhow::Result<()> {
    Ok(snapshot::save(&data.claims_snapshot(), CLAIMS_VERSION, &challenges.claims.to_bytes())?)
}

/// Forms that need a token, and the provider whose word counts.
///
/// # Errors
/// Where the provider cannot be asked as configured.
pub(crate) fn vouching(
    settings: &ChallengeSettings,
    outbound: Option<&Outbound>,
) -> anyhow::Result<Vouching> {
    let rule = |rule: &RequireTokenSettings| RequireToken {
        path: rule.path.clone(),
        on_failure: if rule.fails_open { OnFailure::Open } else { OnFailure::Closed },
        score_min: rule.score_min,
        action: rule.action.clone(),
    };
    let provider = provider(settings, outbound)?.map(Arc::new);
    Ok(Vouching { rules: settings.require_token.iter().map(rule).collect(), provider })
}

fn provider(settings: &ChallengeSettings, outbound: Option<&Outbound>) -> anyhow::Result<Option<Verifier>> {
    let Some(provider) = providers::named(settings.provider) else { return Ok(None) };
    let secret = settings.secret.as_ref().and_then(|secret| providers::Secret::new(secret.expose()));
    let (Some(secret), Some(outbound)) = (secret, outbound) else {
        shell::complain(&format!(
            "palisade: challenge.provider is {} and there is no challenge.secret: it is skipped, tokens of our own count",
            provider.name
        ));
        return Ok(None);
    };
    let settings = providers::Settings {
        url: settings.provider_url.clone(),
        min_score: settings.recaptcha_threshold,
        ..providers::Settings::new(provider, secret)
    };
    let verifier = Verifier::new(outbound.clone(), settings);
    Ok(Some(verifier.map_err(|error| UsageError(format!("challenge.provider: {error}")))?))
}

fn settings_of(settings: &ChallengeSettings) -> Settings {
    // Text images are not built yet, and say so at the start: a page with nothing to do would lock people out.
    let built = |step: &Step| !matches!(step, Step::Text | Step::Provider);
    let steps: Vec<Step> =
        settings.ladder.iter().filter_map(|name| Step::named(name)).filter(built).collect();
    Settings {
        pass_ms: i64::from(settings.pass_hours) * HOUR_MS,
        no_script_pass_ms: i64::from(settings.pass_hours).min(1) * HOUR_MS,
        epoch: settings.epoch,
        ladder: Ladder::new(&steps, WORK_MS),
        save_sample: settings.save_sample,
        siteverify_score_min: settings.siteverify_score_min,
        testing: settings.testing,
        ..Settings::default()
    }
}
