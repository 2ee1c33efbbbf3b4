//! Trainings of a running server: one at a time, begun by `/train`, by enough new labels or by the clock; each a child process.
//! What is new is told by the numbers of labels, which are never given twice: nothing that goes makes less of what came.

mod book;
mod child;
mod due;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use palisade_api::{Job, JobRefusal, Jobs, TrainWish};
use palisade_config::settings::ModelSettings;
use palisade_store::{DataDir, LabelId, ReadError, Store};
use tokio::sync::Notify;
use tokio::time::MissedTickBehavior;

use super::training::{Folder, KINDS};
use crate::commands::Global;
use crate::ledger::TENANT;
use crate::shell;
use book::Book;
use due::{Last, New, Seen};

/// How often it is looked whether a training is due.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// What a job is asked that lets the live model follow new labels; nobody else can ask for it.
pub(crate) const ONLINE: &str = "online";

/// Who trains in a running server.
pub(crate) struct Desk {
    folder: Folder,
    book: Mutex<Book>,
    settings: Mutex<ModelSettings>,
    /// A job waits, one is cancelled, or the settings are others.
    changed: Notify,
    /// How a child finds the same configuration and data folder.
    global: Global,
}

impl Desk {
    /// That of `data`, with the jobs it knew; `None` where a build trains nothing, which this one does. One that was under way when the server stopped waits again.
    ///
    /// # Errors
    /// Where the folder of trainings cannot be made.
    pub(crate) fn open(
        data: &DataDir,
        global: &Global,
        settings: &ModelSettings,
    ) -> anyhow::Result<Option<Arc<Desk>>> {
        let folder = Folder::open(data)?;
        let book = Book::read(&folder.jobs(), shell::now());
        let global = Global { data: Some(data.path().to_owned()), ..global.clone() };
        let settings = Mutex::new(settings.clone());
        Ok(Some(Arc::new(Desk { folder, book: Mutex::new(book), settings, changed: Notify::new(), global })))
    }

    /// Other settings; it is looked at once whether a training is due by them.
    pub(crate) fn replace_settings(&self, settings: &ModelSettings) {
        *self.settings.lock().unwrap_or_else(PoisonError::into_inner) = settings.clone();
        self.changed.notify_one();
    }

    /// Carries jobs out until `stop` says so; the child of that moment is ended, and its job waits for the next start.
    pub(crate) async fn run(self: Arc<Self>, store: Arc<dyn Store>, stop: impl Future<Output = ()> + Send) {
        let mut stop = std::pin::pin!(stop);
        let mut look = tokio::time::interval(LOOK_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            while let Some(job) = self.next(&*store).await {
                tokio::select! {
                    () = child::carry_out(&self, &job) => {}
                    () = &mut stop => return,
                }
            }
            tokio::select! {
                () = self.changed.notified() => self.look(&*store).await,
                _ = look.tick() => self.look(&*store).await,
                () = &mut stop => return,
            }
        }
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the book, and writes it down; where that fails it is said, and the work goes on.
    fn change<T>(&self, change: impl FnOnce(&mut Book) -> T) -> T {
        let mut book = self.book();
        let changed = change(&mut book);
        if let Err(error) = book.write(&self.folder.jobs()) {
            shell::complain(&format!("palisade: the list of trainings could not be written: {error}"));
        }
        changed
    }

    /// The job that waits, now under way.
    async fn next(&self, store: &dyn Store) -> Option<book::Record> {
        if !self.book().has_waiting() {
            return None;
        }
        // A store that does not answer has nothing to learn from now: the job waits until it does.
        let seen = seen(store).await?;
        self.change(|book| book.start(seen))
    }

    /// Begins a job where one is due.
    async fn look(&self, store: &dyn Store) {
        let settings = self.settings.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if !due::is_ever_due(&settings) {
            return;
        }
        let Some(now) = seen(store).await else { return };
        // A clock that has never been looked at begins now: the first training by the clock comes after the first pause.
        let last = self.change(|book| book.last(now));
        let Ok(new) = new_since(store, &settings, &last).await else { return };
        if let Some(wish) = due::due(&settings, &last, now, new) {
            // Somebody may have asked for one meanwhile.
            self.change(|book| if book.busy().is_none() { Some(book.add(&wish)) } else { None });
        }
    }
}

/// What there is to learn from now; nothing where the store does not answer.
async fn seen(store: &dyn Store) -> Option<Seen> {
    let newest = store.labels_after(TENANT, LabelId(i64::MAX)).await.ok()?.newest;
    Some(Seen { at: shell::now(), label: newest.0 })
}

/// How many labels came since each of `last`.
async fn new_since(store: &dyn Store, settings: &ModelSettings, last: &Last) -> Result<New, ReadError> {
    let after = async |label| store.labels_after(TENANT, LabelId(label)).await;
    let by_clock = settings.retrain_every_hours > 0;
    Ok(New {
        any_traffic: by_clock && after(0).await?.traffic > 0,
        trained: after(last.traffic.label).await?.traffic,
        followed: after(last.followed).await?.traffic,
        hands: after(last.behaviour.label).await?.interactions,
    })
}

impl Jobs for Desk {
    fn begin(&self, wish: &TrainWish) -> Result<String, JobRefusal> {
        if let Some(asked) = wish.model.clone().filter(|model| !KINDS.contains(&model.as_str())) {
            return Err(JobRefusal::Model { asked, known: KINDS.to_vec() });
        }
        let mut book = self.book();
        if let Some(id) = book.busy() {
            return Err(JobRefusal::Busy(id));
        }
        let id = book.add(wish);
        // What was acknowledged is carried out, after a crash too.
        if let Err(error) = book.write(&self.folder.jobs()) {
            book.fail(&id, &error.to_string(), shell::now());
            return Err(JobRefusal::Store(error.kind().to_string()));
        }
        drop(book);
        self.changed.notify_one();
        Ok(id)
    }

    fn job(&self, id: &str) -> Option<Job> {
        self.book().find(id).map(book::Record::shown)
    }

    fn cancel(&self, id: &str) -> Option<Job> {
        self.book().find(id)?;
        let job = self.change(|book| book.cancel(id, shell::now()))?;
        self.changed.notify_waiters();
        self.changed.notify_one();
        Some(job)
    }
}
