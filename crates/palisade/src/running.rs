//! A running Palisade: guard, gateway, API and worker, started together, reloaded whole and stopped in order.
//!
//! Everything that can fail at the start fails before the first request is taken: configuration, data folder, store,
//! addresses. What fails later (a full disk, a resolver that is gone) is named by `/ready` and stops nothing.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context;
use palisade_api::Api;
use palisade_challenge::Challenges;
use palisade_config::settings::{Role, Settings};
use palisade_config::{Flags, Loaded};
use palisade_crawl::published;
use palisade_gateway::Gateway;
use palisade_guard::web_bot_auth::WebBotAuth;
use palisade_guard::{Guard, GuardSettings};
use palisade_intel::{Outbound, OutboundSettings};
use palisade_store::{
    Audit, Changes, DataDir, FirstRun, FirstRunRandom, Made, SqliteStore, Store, Watched, WebhookSecret,
};
use palisade_telemetry::StoreOpened;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

use crate::commands::{Global, list};
use crate::exit::UsageError;
use crate::life::jobs::Desk;
use crate::life::office::{self, InOffice, Named};
use crate::setup::{self, Numbered, Overrides};
use crate::{challenges, crawlers, keyring, memory, models, prefix, seed, shell, testing};

mod answers;
mod convert;

use answers::Answers;

/// How often the history is saved while running: what a kill may cost at most.
const SAVE_EVERY: Duration = Duration::from_secs(600);

/// How often it is looked whether a chore is due.
const CHORES_EVERY: Duration = Duration::from_secs(3_600);

/// The first look: not while the first visitors wait.
const CHORES_FIRST: Duration = Duration::from_secs(60);

/// Between two tries to make a key that could not be made.
const KEYS_AGAIN: Duration = Duration::from_secs(30);

/// Threads of the control plane: API and worker. The data plane has its own.
const CONTROL_THREADS: usize = 2;

/// What was asked for at the start, and is asked for again at every reload.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plan {
    pub(crate) global: Global,
    pub(crate) flags: Flags,
    pub(crate) overrides: Overrides,
    /// Settings of the command itself, as environment variables; the real environment wins.
    pub(crate) environment: Vec<(&'static str, &'static str)>,
    /// Nobody is judged: for measuring what judging costs.
    pub(crate) plain: bool,
    /// Test keys may pass although strangers could reach us.
    pub(crate) knows_testing: bool,
}

impl Plan {
    /// The configuration in effect.
    ///
    /// # Errors
    /// With everything that is wrong in it.
    pub(crate) fn load(&self) -> anyhow::Result<Loaded> {
        setup::load_with(&self.global, self.flags.clone(), &self.environment)
    }
}

/// Whether the parts of a running Palisade could be made of `settings`, as far as that can be told without starting.
///
/// # Errors
/// With what is not built yet, or cannot be.
pub(crate) fn check(settings: &Settings) -> anyhow::Result<()> {
    convert::sites(&Numbered::of(settings))?;
    convert::pages(&settings.challenge)?;
    convert::trusted(&settings.server).map(drop)
}

/// The runtime of the control plane.
///
/// # Errors
/// Where the system gives no threads.
pub(crate) fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    Ok(builder.worker_threads(CONTROL_THREADS).thread_name("palisade-control").enable_all().build()?)
}

/// Everything that runs.
pub(crate) struct Running {
    plan: Plan,
    data: DataDir,
    store: Arc<SqliteStore>,
    guard: Arc<Guard>,
    challenges: Arc<Challenges>,
    gateway: Option<Gateway>,
    api: Arc<Api>,
    api_addresses: Vec<SocketAddr>,
    webhook_secret: WebhookSecret,
    first_run: Option<Made>,
    /// What visitors' paths begin with, for as long as it runs.
    visitor_prefix: String,
    tasks: Vec<JoinHandle<()>>,
    worker: JoinHandle<()>,
    stop: watch::Sender<bool>,
    drain_timeout: Duration,
    outbound: Option<Outbound>,
    refresh_ranges: u32,
    heads: Option<PathBuf>,
    sites: Numbered,
    /// The configuration in effect.
    loaded: Loaded,
    /// Who trains, where this process plays that role.
    trainings: Option<Arc<Desk>>,
    /// The stored models that score.
    office: Arc<Mutex<InOffice>>,
    signals: Signals,
}

/// What it listens to while it runs. A signal that comes before is kept.
struct Signals {
    hang_up: Signal,
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn listen() -> std::io::Result<Self> {
        Ok(Signals {
            hang_up: signal(SignalKind::hangup())?,
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }
}

/// The model that the configuration names, for metrics.
fn configured(loaded: &Loaded) -> anyhow::Result<Option<Named>> {
    let model = models::configured(&loaded.settings.model).map_err(UsageError)?;
    Ok(model.as_ref().map(Named::of))
}

impl Running {
    /// Starts everything that `loaded` describes.
    ///
    /// # Errors
    /// Where an address is taken, the data folder cannot be used, or a rule is wrong. Nothing runs then.
    pub(crate) async fn start(loaded: &Loaded, plan: Plan, data: DataDir) -> anyhow::Result<Running> {
        // Before anybody is told that it runs: who is quick to stop it would kill it.
        let signals = Signals::listen()?;
        check(&loaded.settings)?;
        testing::check(&loaded.settings, plan.knows_testing)?;
        let seed = seed::of(&data)?;
        let numbered = Numbered::recalled(&loaded.settings, Some(&data))?;
        let judge = setup::assemble_for(&numbered, loaded, &plan.overrides, seed, Some(&data))?;
        memory::recall(judge.engine().history(), &data)?;
        let store = Arc::new(SqliteStore::open(&data.database()).await?);
        let entries = list::all(&*store).await?;
        StoreOpened { store: "sqlite", list_entries: entries.len() }.emit();
        let judge = judge.with_lists(setup::mirror_of(&entries));
        let sites = convert::sites(&numbered)?;
        numbered.keep(&data)?;
        let settings = GuardSettings {
            seed,
            event_sample: loaded.settings.store.event_sample,
            first_id: getrandom::u64()?,
        };
        let (guard, mut backlog) = Guard::new(judge, sites, settings);
        memory::recall_guard(&guard, &data)?;
        // Gateway and API learn together what each proxy does.
        let trusted = convert::trusted(&loaded.settings.server)?;
        guard.trust(trusted.clone());
        guard.plug_verifier(Box::new(WebBotAuth));
        let challenges = challenges::start(&data, &loaded.settings, convert::TENANT)?;
        guard.plug_challenges(Arc::clone(&challenges));

        let visitor_prefix = prefix::of(&loaded.settings.server, &data)?;
        let pages = convert::pages(&loaded.settings.challenge)?;
        let plays = |role| loaded.settings.server.roles.contains(&role);
        let gateway = match loaded.has_upstream() && plays(Role::Gateway) {
            true => Some(Gateway::start(
                Arc::clone(&guard),
                convert::gateway(&loaded.settings, !plan.plain, visitor_prefix.clone(), pages.clone()),
            )?),
            false => None,
        };
        let first_run = first_run(&data, &store).await?;
        let api = Api::new(
            Arc::clone(&guard),
            Arc::clone(&store) as Arc<dyn Store>,
            convert::api(&loaded.settings, trusted, &first_run.webhook_secret, visitor_prefix.clone(), pages),
            palisade_api::Clock::system(),
        );
        api.set_degraded(testing::tell(&loaded.settings));
        api.refresh().await.context("the keys cannot be read")?;
        let (stop, stopped) = watch::channel(false);
        let (mut tasks, mut api_addresses) = (Vec::new(), Vec::new());
        let (fresh, until) = (Arc::clone(&api), stopped.clone());
        tasks.push(tokio::spawn(async move {
            tokio::select! { () = fresh.keep_fresh() => {}, () = told(until) => {} }
        }));
        let api_listeners = if plays(Role::Control) { &loaded.settings.server.api[..] } else { &[] };
        for address in convert::addresses(api_listeners) {
            let listener = TcpListener::bind(address).await.with_context(|| {
                format!("the API cannot listen on {address}; name another address with --api 127.0.0.1:PORT")
            })?;
            api_addresses.push(listener.local_addr()?);
            let router = palisade_api::router(Arc::clone(&api));
            tasks.push(tokio::spawn(palisade_api::serve(listener, router, told(stopped.clone()))));
        }
        let configured = configured(loaded)?;
        let office = Arc::new(Mutex::new(InOffice { configured, ..InOffice::default() }));
        let (shown, asked) = (Arc::clone(&office), Arc::clone(&guard));
        api.add_metrics(move || {
            let judge = asked.judge();
            let engine = judge.engine();
            let text = shown.lock().unwrap_or_else(PoisonError::into_inner).metrics(engine.shadow());
            text + &office::no_opinions(engine.no_opinions())
        });
        let trainings = match plays(Role::Worker) {
            true => Desk::open(&data, &plan.global, &loaded.settings.model)?,
            false => None,
        };
        if let Some(desk) = &trainings {
            api.plug_jobs(Arc::clone(desk) as Arc<dyn palisade_api::Jobs>);
            let store = Arc::clone(&store) as Arc<dyn Store>;
            tasks.push(tokio::spawn(Arc::clone(desk).run(store, told(stopped.clone()))));
        }
        let outbound = outside(&loaded.settings).filter(|_| plays(Role::Worker));
        let vouching = challenges::vouching(&loaded.settings.challenge, outbound.as_ref())?;
        guard.replace_vouching(vouching);
        let answers = Answers::new(Arc::clone(&guard), &loaded.settings.intel, outbound.clone());
        tasks.push(tokio::spawn(answers.run(backlog.take_questions(), told(stopped.clone()))));
        let keeper = palisade_guard::kept::run(
            Arc::clone(&guard),
            backlog.take_kept(),
            Arc::clone(&store) as Arc<dyn Store>,
            told(stopped.clone()),
        );
        tasks.push(tokio::spawn(keeper));
        let wanted = Arc::new(Notify::new());
        let notify = Arc::clone(&wanted);
        challenges.tokens.when_wanted(move || notify.notify_one());
        let making = make_keys(wanted, Arc::clone(&challenges), data.clone());
        let until = stopped.clone();
        tasks.push(tokio::spawn(async move {
            tokio::select! { () = making => {}, () = told(until) => {} }
        }));
        let worker = palisade_guard::worker::run(
            Arc::clone(&guard),
            backlog,
            Arc::clone(&store) as Arc<dyn Store>,
            convert::worker(&loaded.settings),
            told(stopped),
        );
        let worker = tokio::spawn(worker);
        let drain_timeout = Duration::from_millis(loaded.settings.limits.drain_timeout_ms);
        Ok(Running {
            plan,
            data,
            store,
            guard,
            challenges,
            gateway,
            api,
            api_addresses,
            webhook_secret: first_run.webhook_secret,
            first_run: first_run.made,
            visitor_prefix,
            tasks,
            worker,
            stop,
            drain_timeout,
            outbound,
            refresh_ranges: loaded.settings.intel.refresh_ranges_hours,
            heads: loaded.settings.audit.export_dir.clone(),
            sites: numbered,
            loaded: loaded.clone(),
            trainings,
            office,
            signals,
        })
    }

    /// One line that says who listens where; programs read it.
    pub(crate) fn listening(&self) -> String {
        let list = |addresses: &[SocketAddr]| {
            addresses.iter().map(SocketAddr::to_string).collect::<Vec<_>>().join(",")
        };
        let gateway = self.gateway.as_ref().map_or_else(|| "off".to_owned(), |g| list(g.addresses()));
        format!("palisade: listening gateway={gateway} api={}", list(&self.api_addresses))
    }

    /// Where pages for visitors lie, where that is not as usual.
    pub(crate) fn visitor_words(&self) -> Option<String> {
        let is_usual = self.visitor_prefix == palisade_visitor::route::PREFIX;
        (!is_usual).then(|| format!("palisade: pages for visitors lie below {}", self.visitor_prefix))
    }

    /// What the very first start made, for the terminal of whoever started it.
    pub(crate) fn first_words(&self) -> Option<String> {
        let made = self.first_run.as_ref()?;
        Some(format!(
            "palisade: first start: an API key was made, {}\n          it stands with the webhook secret in {}",
            made.key.text(),
            made.file.display()
        ))
    }

    /// The guard, for those who watch.
    pub(crate) fn guard(&self) -> &Arc<Guard> {
        &self.guard
    }

    /// The address visitors come in by, where there is a gateway.
    pub(crate) fn gateway_address(&self) -> Option<SocketAddr> {
        self.gateway.as_ref().and_then(|gateway| gateway.addresses().first().copied())
    }

    /// The address applications ask.
    pub(crate) fn api_address(&self) -> Option<SocketAddr> {
        self.api_addresses.first().copied()
    }

    /// Serves until SIGTERM or SIGINT; SIGHUP reloads.
    ///
    /// # Errors
    /// Where the history cannot be saved at the end.
    pub(crate) async fn until_stopped(mut self) -> anyhow::Result<ExitCode> {
        let mut save = tokio::time::interval_at(tokio::time::Instant::now() + SAVE_EVERY, SAVE_EVERY);
        let mut chores = tokio::time::interval_at(tokio::time::Instant::now() + CHORES_FIRST, CHORES_EVERY);
        let (fetched_sender, mut fetched) = mpsc::channel(1);
        let mut models = tokio::time::interval(office::LOOK_EVERY);
        models.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut known = None;
        loop {
            tokio::select! {
                _ = self.signals.hang_up.recv() => self.reload().await,
                _ = self.signals.terminate.recv() => break,
                _ = self.signals.interrupt.recv() => break,
                _ = save.tick() => self.save().await,
                _ = chores.tick() => self.chores(&fetched_sender).await,
                Some(()) = fetched.recv() => self.take_ranges(),
                _ = models.tick() => self.follow_models(&mut known).await,
            }
        }
        self.stop().await
    }

    /// Comes back when somebody asks for the end (SIGTERM, SIGINT), for commands that end by themselves otherwise.
    #[cfg(feature = "train")]
    pub(crate) async fn asked_to_stop(&mut self) {
        tokio::select! {
            _ = self.signals.terminate.recv() => {}
            _ = self.signals.interrupt.recv() => {}
        }
    }

    /// Reads the configuration again and takes it whole, or says what is wrong and keeps the old one.
    async fn reload(&mut self) {
        match self.try_reload().await {
            Ok(()) => shell::complain("palisade: the configuration was read again and is in effect"),
            Err(error) => {
                shell::complain(&format!("palisade: not reloaded, the old settings stay: {error:#}"));
            }
        }
    }

    async fn try_reload(&mut self) -> anyhow::Result<()> {
        // On a thread that may wait: reading files, compiling rules and looking through them.
        let (plan, sites, guard, data) =
            (self.plan.clone(), self.sites.clone(), Arc::clone(&self.guard), self.data.clone());
        let office = self.office.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let read = tokio::task::spawn_blocking(move || -> anyhow::Result<_> {
            let loaded = plan.load()?;
            testing::check(&loaded.settings, plan.knows_testing)?;
            setup::tell_idle(&loaded);
            let numbered = sites.succeeded_by(&loaded.settings);
            let seed = seed::of(&data)?;
            let judge =
                setup::reassemble(&guard.judge(), &numbered, &loaded, &plan.overrides, seed, &data, &office)?;
            let prefix = prefix::of(&loaded.settings.server, &data)?;
            Ok((loaded, numbered, judge, prefix))
        });
        let (loaded, numbered, judge, prefix) = read.await??;
        let sites = convert::sites(&numbered)?;
        let trusted = convert::trusted(&loaded.settings.server)?;
        let pages = convert::pages(&loaded.settings.challenge)?;
        let visitor_prefix = self.visitor_prefix.clone();
        let settings =
            convert::api(&loaded.settings, trusted.clone(), &self.webhook_secret, visitor_prefix, pages);
        let vouching = challenges::vouching(&loaded.settings.challenge, self.outbound.as_ref())?;
        challenges::apply(&self.challenges, &self.data, &loaded.settings, convert::TENANT)?;
        self.office.lock().unwrap_or_else(PoisonError::into_inner).configured = configured(&loaded)?;
        self.guard.replace(judge, sites)?;
        self.guard.trust(trusted);
        self.guard.replace_vouching(vouching);
        self.api.replace_settings(settings);
        self.api.set_degraded(testing::tell(&loaded.settings));
        if let Some(desk) = &self.trainings {
            desk.replace_settings(&loaded.settings.model);
        }
        (self.sites, self.loaded) = (numbered, loaded);
        if prefix != self.visitor_prefix {
            shell::complain(&format!(
                "palisade: server.visitor_prefix is {prefix} from the next start; until then it stays {}",
                self.visitor_prefix
            ));
        }
        if let Err(error) = self.sites.keep(&self.data) {
            shell::complain(&format!("palisade: the numbers of the sites could not be saved: {error:#}"));
        }
        Ok(())
    }

    /// What is due now and then: the head of the audit log once a day, published ranges when they grow old. Fetching goes
    /// on beside everything else; `fetched` hears of it.
    async fn chores(&self, fetched: &mpsc::Sender<()>) {
        if let Err(error) = self.export_head().await {
            shell::complain(&format!("palisade: the head of the audit log could not be exported: {error:#}"));
        }
        self.tell_drift();
        if let Err(error) = self.rotate_keys().await {
            shell::complain(&format!("palisade: the keys of result tokens could not be rotated: {error:#}"));
        }
        let (Some(outbound), hours @ 1..) = (self.outbound.clone(), i64::from(self.refresh_ranges)) else {
            return;
        };
        let (data, fetched) = (self.data.clone(), fetched.clone());
        tokio::spawn(async move {
            if refresh_ranges(&outbound, &data, hours).await {
                let _ = fetched.send(()).await;
            }
        });
    }

    /// New keys for result tokens where theirs have grown old; tokens of the old ones hold until they expire.
    async fn rotate_keys(&self) -> anyhow::Result<()> {
        let data = self.data.clone();
        let rotated = tokio::task::spawn_blocking(move || keyring::rotate_due(&data, shell::now())).await??;
        if rotated {
            challenges::read_keys_again(&self.challenges, &self.data)?;
        }
        Ok(())
    }

    /// Looks whether other models are in office than `known`, the count of changes so far, and takes them. What cannot be used is
    /// said once, and those before stay.
    async fn follow_models(&self, known: &mut Option<u64>) {
        let Ok(changes) = self.store.changes(convert::TENANT, Watched::Models).await else { return };
        if known.replace(changes) == Some(changes) {
            return;
        }
        match InOffice::of(&*self.store).await {
            Ok(found) => self.take_models(found),
            Err(error) => shell::complain(&format!("palisade: the models before stay in office: {error:#}")),
        }
    }

    /// Puts stored models into office.
    fn take_models(&self, found: InOffice) {
        let mut office = self.office.lock().unwrap_or_else(PoisonError::into_inner);
        *office = found.succeeding(&office);
        drop(office);
        if let Err(error) = self.try_refresh() {
            shell::complain(&format!("palisade: the models before stay in office: {error:#}"));
        }
    }

    /// Says so where traffic has changed since the live model was trained.
    fn tell_drift(&self) {
        let office = self.office.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(words) = office.alert() {
            shell::complain(&format!("palisade: {words}"));
        }
    }

    /// Puts fetched ranges into effect; settings stay as they were read last.
    fn take_ranges(&self) {
        if let Err(error) = self.try_refresh() {
            shell::complain(&format!("palisade: fetched ranges are not in effect: {error:#}"));
        }
    }

    /// A judge with the ranges and models of now.
    fn try_refresh(&self) -> anyhow::Result<()> {
        let seed = seed::of(&self.data)?;
        let office = self.office.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let judge =
            setup::with_fresh(&self.guard.judge(), &self.sites, &self.loaded, seed, &self.data, &office)?;
        Ok(self.guard.replace(judge, convert::sites(&self.sites)?)?)
    }

    async fn export_head(&self) -> anyhow::Result<()> {
        let head = self.store.audit_head(convert::TENANT).await?;
        let exported = palisade_store::heads::export_daily(&self.data, convert::TENANT, &head, shell::now())?;
        if let (true, Some(folder)) = (exported, &self.heads) {
            std::fs::create_dir_all(folder)?;
            std::fs::copy(self.data.audit_heads(), folder.join("audit-heads.ndjson"))
                .with_context(|| folder.display().to_string())?;
        }
        Ok(())
    }

    /// Saves what is remembered beside the traffic: on a thread that may wait.
    async fn save(&self) {
        let (guard, data) = (Arc::clone(&self.guard), self.data.clone());
        let saved = tokio::task::spawn_blocking(move || remember(&guard, &data)).await;
        if let Ok(Err(error)) = saved {
            shell::complain(&format!("palisade: the history could not be saved: {error:#}"));
        }
    }

    /// Lets running requests finish, then stops everything in the order of the traffic and saves what is known.
    ///
    /// # Errors
    /// Where the history cannot be saved.
    pub(crate) async fn stop(self) -> anyhow::Result<ExitCode> {
        let Running { data, store, guard, challenges, gateway, tasks, worker, stop, drain_timeout, .. } =
            self;
        if let Some(gateway) = gateway {
            let cut = tokio::task::spawn_blocking(move || gateway.drain(drain_timeout)).await?;
            if cut > 0 {
                shell::complain(&format!("palisade: {cut} requests were cut after the drain timeout"));
            }
        }
        stop.send_replace(true);
        for task in tasks {
            task.await?;
        }
        worker.await?;
        remember(&guard, &data)?;
        challenges::keep(&challenges, &data)?;
        store.close().await;
        Ok(ExitCode::SUCCESS)
    }
}

/// Makes the RSA key when the first one wants it, behind everything else; until then tokens of that kind are asked for again.
async fn make_keys(wanted: Arc<Notify>, challenges: Arc<Challenges>, data: DataDir) {
    loop {
        wanted.notified().await;
        let (challenges, data) = (Arc::clone(&challenges), data.clone());
        let made = tokio::task::spawn_blocking(move || {
            keyring::ensure_rsa(&data)?;
            challenges::read_keys_again(&challenges, &data)
        });
        match made.await {
            Ok(Err(error)) => {
                shell::complain(&format!("palisade: no key for result tokens: {error:#}"));
                // Whoever asks meanwhile is told to come back.
                tokio::time::sleep(KEYS_AGAIN).await;
            }
            _ => return,
        }
    }
}

/// Writes what a restart would otherwise forget.
fn remember(guard: &Guard, data: &DataDir) -> anyhow::Result<()> {
    let history = memory::keep(guard.judge().engine().history(), data);
    memory::keep_guard(guard, data)?;
    history
}

/// Fetches ranges that are older than `hours`. True where something came.
async fn refresh_ranges(outbound: &Outbound, data: &DataDir, hours: i64) -> bool {
    let now = shell::now();
    let wanted = crawlers::stale(&crawlers::book(Some(data)), now.plus_millis(-hours * 3_600_000));
    if wanted.is_empty() {
        return false;
    }
    let updates = crawlers::update(outbound, published::SOURCES, &wanted, data, now).await;
    let failed = updates.iter().filter(|update| update.outcome.is_err()).count();
    if failed > 0 {
        shell::complain(&format!(
            "palisade: ranges of {failed} crawlers could not be fetched; those that are held go on \
             (`palisade crawlers update` says why, intel.refresh_ranges_hours = 0 stops trying)"
        ));
    }
    updates.len() > failed
}

/// The client for outbound requests; without one (no certificates, say) nothing is fetched and that is said.
fn outside(settings: &Settings) -> Option<Outbound> {
    let settings =
        OutboundSettings { allow_private: settings.intel.allow_private, ..OutboundSettings::default() };
    Outbound::new(settings).map_err(|error| shell::complain(&format!("palisade: {error}"))).ok()
}

/// The key and the webhook secret of the first start.
async fn first_run(data: &DataDir, store: &SqliteStore) -> anyhow::Result<FirstRun> {
    let mut random = FirstRunRandom { key: [0; 32], webhook: [0; 32] };
    getrandom::fill(&mut random.key)?;
    getrandom::fill(&mut random.webhook)?;
    Ok(palisade_store::first_run(data, store, convert::TENANT, &random, shell::now()).await?)
}

/// Ends when `stopped` says so, or whoever could say it is gone.
async fn told(mut stopped: watch::Receiver<bool>) {
    let _ = stopped.wait_for(|stopped| *stopped).await;
}
