//! From configuration, flags and data folder to a judge.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use palisade_config::settings::{CrawlSettings, DetectionSettings, Settings, SiteSettings};
use palisade_config::{Flags, LoadError, Loaded, Origin, SEARCH_PATHS};
use palisade_crawl::robots::Robots;
use palisade_crawl::signers::{Signer, Signers};
use palisade_detect::{DetectorSettings, Engine, EngineSettings, HashSeed, Learned, SiteProfile, detectors};
use palisade_domain::Enforcement;
use palisade_policy::{Judge, ListMirror, Policy, Preset};
use palisade_store::{DataDir, EntrySource, ListEntry, SqliteStore};
use palisade_telemetry::{ConfigLoaded, ConfigSource, RobotsLineOdd, StoreOpened};

use crate::commands::{Global, list};
use crate::exit::UsageError;
use crate::life::office::{Held, InOffice};
use crate::models::Opened;
use crate::{crawlers, models, not_yet, seed, shell};

mod numbering;
mod policy;
mod rules;

pub(crate) use numbering::Numbered;

/// What the command line says about the policy; it wins over the configuration.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Overrides {
    /// Judge by this preset
    #[arg(long, value_name = "NAME", value_parser = preset_named)]
    preset: Option<Preset>,
    /// What is carried out: attacks only (hard), or everything the policy says (all)
    #[arg(long, value_name = "hard|all", value_parser = enforcement_named)]
    pub(crate) enforce: Option<Enforcement>,
}

fn preset_named(text: &str) -> Result<Preset, String> {
    let names = Preset::ALL.map(Preset::name).join(", ");
    text.parse().map_err(|()| format!("known presets are {names}"))
}

fn enforcement_named(text: &str) -> Result<Enforcement, String> {
    text.parse().map_err(|()| "it is hard or all".to_owned())
}

/// Without a data folder nothing outlives the run: hashes need no secret, and a fixed seed makes two runs alike.
const OPEN_SEED: HashSeed = HashSeed([0x7061_6c69_7361_6465, 0x7265_706c_6179]);

/// The data folder, where somebody names one: a replay must not depend on where it is started.
///
/// # Errors
/// Where it cannot be made or written.
pub(crate) fn data(global: &Global) -> anyhow::Result<Option<DataDir>> {
    Ok(global.data.as_deref().map(DataDir::open).transpose()?)
}

/// The judge that `global`, `overrides` and the data folder describe, for single questions.
///
/// # Errors
/// Where the configuration is wrong, or the data folder cannot be read.
pub(crate) fn judge(global: &Global, overrides: &Overrides, data: Option<&DataDir>) -> anyhow::Result<Judge> {
    judge_with(global, overrides, data, |_| true)
}

/// The same for logs: what rules and limits wrote into the lists since would be held against what came before. Such entries
/// come about again.
///
/// # Errors
/// As [`judge`].
pub(crate) fn judge_of_logs(
    global: &Global,
    overrides: &Overrides,
    data: Option<&DataDir>,
) -> anyhow::Result<Judge> {
    judge_with(global, overrides, data, |entry| entry.source != EntrySource::Rule)
}

fn judge_with(
    global: &Global,
    overrides: &Overrides,
    data: Option<&DataDir>,
    holds: impl Fn(&ListEntry) -> bool,
) -> anyhow::Result<Judge> {
    let loaded = load(global)?;
    tell_idle(&loaded);
    let seed = data.map_or(Ok(OPEN_SEED), seed::of)?;
    let judge = assemble(&loaded, overrides, seed, data)?;
    Ok(match data {
        Some(data) => {
            let mut entries = entries(data)?;
            entries.retain(holds);
            judge.with_lists(mirror_of(&entries))
        }
        None => judge,
    })
}

/// Names what somebody set and nothing carries out yet.
pub(crate) fn tell_idle(loaded: &Loaded) {
    not_yet::warnings(loaded).iter().for_each(|line| shell::complain(line));
}

/// A judge of everything `loaded` says, without list entries.
///
/// # Errors
/// Where a preset, a rule or a file that it names is wrong.
pub(crate) fn assemble(
    loaded: &Loaded,
    overrides: &Overrides,
    seed: HashSeed,
    data: Option<&DataDir>,
) -> anyhow::Result<Judge> {
    assemble_for(&Numbered::recalled(&loaded.settings, data)?, loaded, overrides, seed, data)
}

/// The same under these numbers of sites.
///
/// # Errors
/// As [`assemble`].
pub(crate) fn assemble_for(
    sites: &Numbered,
    loaded: &Loaded,
    overrides: &Overrides,
    seed: HashSeed,
    data: Option<&DataDir>,
) -> anyhow::Result<Judge> {
    let policies = policies(sites, loaded, overrides)?;
    let judge = Judge::new(Engine::new(engine_settings(sites, loaded, seed, data)?), policies[0].clone());
    Ok(judge.with_policies(policies))
}

/// Compiles the policy of every site, and reads what sites name; a line for each thing that is accepted and hardly meant.
///
/// # Errors
/// With the place of everything that is wrong.
pub(crate) fn check(loaded: &Loaded) -> anyhow::Result<Vec<String>> {
    // A robots.txt that is not there stops every run.
    loaded.settings.sites.iter().try_for_each(|site| profile(site).map(drop))?;
    model(loaded)?;
    let sites = Numbered::of(&loaded.settings);
    Ok(policy::policies(&sites, loaded, &Overrides::default())?.1)
}

/// The policy of each site; what is to be said about them goes to standard error.
fn policies(sites: &Numbered, loaded: &Loaded, overrides: &Overrides) -> anyhow::Result<Vec<Policy>> {
    let (policies, remarks) = policy::policies(sites, loaded, overrides)?;
    remarks.iter().for_each(|line| shell::complain(line));
    Ok(policies)
}

/// What `[policy]` comes to, step by step, for site 0.
///
/// # Errors
/// As [`check`].
pub(crate) fn describe_policy(loaded: &Loaded) -> anyhow::Result<Vec<(&'static str, String)>> {
    let policies = policies(&Numbered::of(&loaded.settings), loaded, &Overrides::default())?;
    Ok(policies[0].describe())
}

/// The judge that follows `judge` after a change of settings: it keeps the history and the list entries.
///
/// # Errors
/// As [`assemble`].
pub(crate) fn reassemble(
    judge: &Judge,
    sites: &Numbered,
    loaded: &Loaded,
    overrides: &Overrides,
    seed: HashSeed,
    data: &DataDir,
    office: &InOffice,
) -> anyhow::Result<Judge> {
    let policies = policies(sites, loaded, overrides)?;
    Ok(with_fresh(judge, sites, loaded, seed, data, office)?.with_policies(policies))
}

/// The judge that follows `judge` where nothing but published ranges or models changed: policies, compiled and looked through when
/// the configuration was read, stay as they are.
///
/// # Errors
/// Where a file that a site names cannot be read.
pub(crate) fn with_fresh(
    judge: &Judge,
    sites: &Numbered,
    loaded: &Loaded,
    seed: HashSeed,
    data: &DataDir,
    office: &InOffice,
) -> anyhow::Result<Judge> {
    let mut settings = engine_settings(sites, loaded, seed, Some(data))?;
    let learned = |held: &Held| Learned::new(Arc::clone(&held.model)).with_drift(held.drift.clone());
    settings.model = office.live.as_ref().map(learned).or(settings.model);
    settings.challenger = office.challenger.as_ref().map(learned);
    let engine = judge.engine().succeeded_by(settings);
    Ok(judge.clone().with_engine(engine))
}

/// How detection is set up: detectors, and what is known about each site.
///
/// # Errors
/// Where a robots.txt cannot be read.
fn engine_settings(
    sites: &Numbered,
    loaded: &Loaded,
    seed: HashSeed,
    data: Option<&DataDir>,
) -> anyhow::Result<EngineSettings> {
    let profiles = sites.places().iter().map(|place| profile(&place.settings));
    let mut profiles = profiles.collect::<anyhow::Result<Vec<_>>>()?;
    let more_sites = profiles.split_off(1);
    let site = profiles.pop().unwrap_or_default();
    let detectors = detector_settings(&loaded.settings.detection);
    let ranges = Some(Arc::new(crawlers::book(data)));
    let signers = signers(&loaded.settings.crawl);
    let model = model(loaded)?;
    Ok(EngineSettings { detectors, site, more_sites, ranges, signers, model, ..EngineSettings::new(seed) })
}

/// The model that scores, where it is not the hand-set tables alone.
fn model(loaded: &Loaded) -> anyhow::Result<Option<Learned>> {
    let model = models::configured(&loaded.settings.model).map_err(|why| {
        let setting = loaded.effective.iter().find(|setting| setting.key == "model.uri");
        let origin = setting.map_or(Origin::Default, |setting| setting.origin.clone());
        UsageError(format!("{origin}: model.uri: {why}"))
    })?;
    Ok(model.as_ref().map(Opened::learned))
}

/// The agents whose signatures are believed.
fn signers(settings: &CrawlSettings) -> Signers {
    Signers::with(settings.trusted_agents.iter().map(|agent| Signer {
        origin: word(&agent.origin),
        class: agent.class,
        name: word(&agent.name),
    }))
}

/// A word of the configuration, kept for as long as the process lives: names in verdicts are never copied. Words that
/// come again with a reload are found again, so this grows with what an operator ever writes and no further.
fn word(text: &str) -> &'static str {
    static WORDS: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut words = WORDS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(word) = words.get(text) {
        return word;
    }
    let word: &'static str = Box::leak(text.to_owned().into_boxed_str());
    words.insert(word);
    word
}

/// All sites in the order in which they are numbered at first. Site 0 is the one that answers every host, or the first:
/// what a log without host names is about. Never empty.
fn sites(settings: &Settings) -> Vec<SiteSettings> {
    let mut sites = settings.sites.clone();
    if sites.is_empty() {
        sites.push(SiteSettings::default());
    }
    if let Some(at) = of_every_host(settings) {
        sites[..=at].rotate_right(1);
    }
    sites
}

/// Where in the file each of [`sites`] stands, from 1.
fn numbers_in_the_file(settings: &Settings) -> Vec<u32> {
    let mut numbers: Vec<u32> = (1..).take(settings.sites.len().max(1)).collect();
    if let Some(at) = of_every_host(settings) {
        numbers[..=at].rotate_right(1);
    }
    numbers
}

fn of_every_host(settings: &Settings) -> Option<usize> {
    settings.sites.iter().position(|site| site.hosts.iter().any(|host| host == "*"))
}

/// The configuration in effect.
///
/// # Errors
/// With everything that is wrong in it; exit code 2.
pub(crate) fn load(global: &Global) -> anyhow::Result<Loaded> {
    load_with(global, Flags::default(), &[])
}

/// The configuration in effect under `flags`, with settings of a command itself below the real environment.
///
/// # Errors
/// With everything that is wrong in it; exit code 2.
pub(crate) fn load_with(
    global: &Global,
    flags: Flags,
    own: &[(&'static str, &'static str)],
) -> anyhow::Result<Loaded> {
    let own = own.iter().filter(|(name, _)| std::env::var_os(name).is_none());
    let own = own.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .chain(own);
    let loaded = palisade_config::load(global.config.as_deref(), environment, flags, &detectors::names())
        .map_err(refused)?;
    let changed = loaded.effective.iter().filter(|setting| setting.origin != Origin::Default).count();
    let file = config_file(global);
    let source = file.as_deref().map_or(ConfigSource::Defaults, ConfigSource::File);
    ConfigLoaded { source, settings_changed: changed }.emit();
    Ok(loaded)
}

/// Faults of the file stand in lines of their own, `palisade.toml:14:9: …`: editors jump there.
pub(crate) fn refused(error: LoadError) -> UsageError {
    match error {
        LoadError::Invalid(errors) => UsageError(format!("the configuration is refused\n{errors}")),
        error => UsageError(error.to_string()),
    }
}

/// The configuration file that is read: the named one, else the first that is found.
pub(crate) fn config_file(global: &Global) -> Option<PathBuf> {
    let found = SEARCH_PATHS.iter().map(PathBuf::from).find(|path| path.exists());
    global.config.clone().or(found)
}

fn detector_settings(settings: &DetectionSettings) -> std::collections::BTreeMap<String, DetectorSettings> {
    let convert = |settings: &palisade_config::settings::DetectorSettings| DetectorSettings {
        enabled: settings.enabled,
        weight: settings.weight as f32,
        dry_run: settings.dry_run,
    };
    settings.detectors.iter().map(|(name, settings)| (name.clone(), convert(settings))).collect()
}

/// What detectors are told about `site`.
///
/// # Errors
/// Where its robots.txt cannot be read.
pub(crate) fn profile(site: &SiteSettings) -> anyhow::Result<SiteProfile> {
    let robots = site.robots_txt.as_deref().map(read_robots).transpose()?;
    Ok(SiteProfile {
        robots,
        honeypot_fields: site.honeypot_fields.clone(),
        trap_paths: site.trap_paths.clone(),
        login_paths: site.login_paths.clone(),
        script_token: None,
    })
}

/// Warnings of one robots.txt that are shown; a file with more is probably none.
const ROBOTS_WARNINGS_SHOWN: usize = 10;

/// Reads a robots.txt; malformed lines are named on standard error and passed over, as RFC 9309 says.
fn read_robots(path: &Path) -> anyhow::Result<Robots> {
    let bytes = std::fs::read(path).map_err(|error| {
        UsageError(format!("sites.robots_txt: {} cannot be read: {error}", path.display()))
    })?;
    let robots = Robots::parse(&bytes);
    for warning in robots.warnings().iter().take(ROBOTS_WARNINGS_SHOWN) {
        RobotsLineOdd { file: path, line: warning.line, problem: warning.problem }.emit();
    }
    Ok(robots)
}

fn entries(data: &DataDir) -> anyhow::Result<Vec<ListEntry>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let store = SqliteStore::open(&data.database()).await?;
        let entries = list::all(&store).await?;
        store.close().await;
        StoreOpened { store: "sqlite", list_entries: entries.len() }.emit();
        Ok(entries)
    })
}

/// The entries as the judge wants them.
pub(crate) fn mirror_of(entries: &[ListEntry]) -> ListMirror {
    ListMirror::new(entries.iter().map(palisade_guard::lists::mirrored))
}
