//! The list of trainings: what was asked, how far it is, what came of it. Kept in a file that is replaced whole.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::Path;

use palisade_api::bounds::JOBS_MAX;
use palisade_api::{Job, JobState, TrainKind, TrainWish};
use palisade_domain::Timestamp;
use serde::{Deserialize, Serialize};

use super::ONLINE;
use super::due::{Last, Seen};
use crate::columns::moment;
use crate::life::training::Line;

/// Times a job is begun again after the server went away under it: what kills the server twice might do so for ever.
const TRIES_MAX: u32 = 3;
/// Bytes that are read of the file.
const FILE_BYTES_MAX: u64 = 1 << 20;
/// Bytes kept of an error or an outcome.
const TEXT_BYTES_MAX: usize = 2_048;

/// One job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Record {
    pub(super) job: Job,
    pub(super) wish: TrainWish,
    tries: u32,
    /// What there was to learn from when it was begun.
    #[serde(default)]
    begun_at: Option<Seen>,
}

impl Record {
    /// As the API shows it.
    pub(super) fn shown(&self) -> Job {
        self.job.clone()
    }

    /// True where it lets the live model follow, instead of making a new one.
    pub(super) fn is_online(&self) -> bool {
        self.wish.model.as_deref() == Some(ONLINE)
    }
}

/// All jobs, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Book {
    next: u64,
    jobs: VecDeque<Record>,
    /// What the last training on traffic looked at.
    seen: Option<Seen>,
    /// The newest label when the live model last followed.
    #[serde(default)]
    followed: i64,
    /// What the last training on interactions looked at.
    #[serde(default)]
    hands: Option<Seen>,
}

impl Book {
    /// The book at `path`; an empty one where there is none, or none that can be read: it holds nothing that decides.
    pub(super) fn read(path: &Path, now: Timestamp) -> Book {
        let mut text = String::new();
        let read = File::open(path).and_then(|file| file.take(FILE_BYTES_MAX).read_to_string(&mut text));
        let mut book: Book = read.ok().and_then(|_| serde_json::from_str(&text).ok()).unwrap_or_default();
        book.resume(now);
        book
    }

    /// Writes it beside `path` and moves it there: a crash leaves the old one or the new one.
    pub(super) fn write(&self, path: &Path) -> io::Result<()> {
        let beside = path.with_extension("tmp");
        let mut file = File::create(&beside)?;
        file.write_all(&serde_json::to_vec(self)?)?;
        file.sync_all()?;
        std::fs::rename(&beside, path)
    }

    /// What was under way waits again, a few times.
    fn resume(&mut self, now: Timestamp) {
        self.next = self.next.max(self.jobs.len() as u64);
        self.jobs.truncate(JOBS_MAX);
        let mut given_up = Vec::new();
        for record in self.jobs.iter_mut().filter(|record| record.job.state == JobState::Running) {
            if record.tries < TRIES_MAX {
                record.job.state = JobState::Queued;
            } else {
                given_up.push(record.job.id.clone());
            }
        }
        for id in given_up {
            self.fail(&id, &format!("the server went away under it {TRIES_MAX} times"), now);
        }
    }

    /// A job is over, however it ended. In the same write it is known what it has looked at, or the next look would begin it again.
    fn end(&mut self, id: &str, state: JobState, now: Timestamp, tell: impl FnOnce(&mut Job)) {
        let of = |record: &&mut Record| record.job.id == id && !record.job.state.is_over();
        let Some(record) = self.jobs.iter_mut().find(of) else { return };
        (record.job.state, record.job.ended) = (state, Some(moment(now)));
        tell(&mut record.job);
        let Some(seen) = record.begun_at.take() else { return };
        match record.wish.kind {
            TrainKind::Behaviour => self.hands = Some(seen),
            TrainKind::Traffic if record.is_online() => self.followed = seen.label,
            TrainKind::Traffic => self.seen = Some(seen),
        }
    }

    /// A new job; the oldest that is over is forgotten where there are too many.
    pub(super) fn add(&mut self, wish: &TrainWish) -> String {
        if self.jobs.len() >= JOBS_MAX {
            let over = self.jobs.iter().position(|record| record.job.state.is_over()).unwrap_or(0);
            self.jobs.remove(over);
        }
        self.next += 1;
        let job = Job {
            id: self.next.to_string(),
            state: JobState::Queued,
            stage: String::new(),
            progress: 0.0,
            started: None,
            ended: None,
            error: None,
            model_version: None,
            outcome: None,
        };
        let id = job.id.clone();
        self.jobs.push_back(Record { job, wish: wish.clone(), tries: 0, begun_at: None });
        id
    }

    /// The job that waits, begun where there is so much to learn from.
    pub(super) fn start(&mut self, seen: Seen) -> Option<Record> {
        let record = self.jobs.iter_mut().find(|record| record.job.state == JobState::Queued)?;
        record.tries += 1;
        record.begun_at = Some(seen);
        record.job.state = JobState::Running;
        record.job.started = Some(moment(seen.at));
        (record.job.stage, record.job.progress) = ("export".to_owned(), 0.0);
        Some(record.clone())
    }

    /// What a child says. Whoever was cancelled meanwhile stays so.
    pub(super) fn hear(&mut self, id: &str, line: Line, now: Timestamp) {
        match line {
            Line::At { stage, progress } => {
                let Some(record) = self.running(id) else { return };
                record.job.stage = cut(stage);
                record.job.progress = if progress.is_finite() { progress.clamp(0.0, 1.0) } else { 0.0 };
            }
            Line::Done { outcome, model_version } => self.end(id, JobState::Done, now, |job| {
                job.progress = 1.0;
                (job.outcome, job.model_version) = (Some(cut(outcome)), model_version);
            }),
            Line::Failed { error } => self.fail(id, &error, now),
        }
    }

    /// It could not do its work.
    pub(super) fn fail(&mut self, id: &str, error: &str, now: Timestamp) {
        self.end(id, JobState::Failed, now, |job| job.error = Some(cut(error.to_owned())));
    }

    /// Somebody cancels it.
    pub(super) fn cancel(&mut self, id: &str, now: Timestamp) -> Option<Job> {
        self.end(id, JobState::Cancelled, now, |_| {});
        self.find(id).map(Record::shown)
    }

    pub(super) fn find(&self, id: &str) -> Option<&Record> {
        self.jobs.iter().find(|record| record.job.id == id)
    }

    fn running(&mut self, id: &str) -> Option<&mut Record> {
        self.jobs.iter_mut().find(|record| record.job.id == id && record.job.state == JobState::Running)
    }

    pub(super) fn has_waiting(&self) -> bool {
        self.jobs.iter().any(|record| record.job.state == JobState::Queued)
    }

    /// The number of the job that waits or is under way.
    pub(super) fn busy(&self) -> Option<String> {
        let busy = self.jobs.iter().find(|record| !record.job.state.is_over());
        busy.map(|record| record.job.id.clone())
    }

    /// What the last trainings looked at; where there was none, the clock begins `now` and every label is new. So is where they looked at
    /// a number that no label has yet: the store is another one.
    pub(super) fn last(&mut self, now: Seen) -> Last {
        let first = Seen { label: 0, ..now };
        let known = |label: i64| if label > now.label { 0 } else { label };
        let seen = |place: &mut Option<Seen>| {
            let seen = *place.get_or_insert(first);
            Seen { label: known(seen.label), ..seen }
        };
        let (traffic, behaviour) = (seen(&mut self.seen), seen(&mut self.hands));
        Last { traffic, followed: known(self.followed).max(traffic.label), behaviour }
    }
}

fn cut(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(TEXT_BYTES_MAX));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_000_000);

    fn seen(label: i64) -> Seen {
        Seen { at: NOW, label }
    }

    fn state(book: &Book, id: &str) -> JobState {
        book.find(id).expect("it is there").job.state
    }

    fn done(outcome: &str) -> Line {
        Line::Done { outcome: outcome.to_owned(), model_version: Some(7) }
    }

    #[test]
    fn a_job_lives() {
        let mut book = Book::default();
        let id = book.add(&TrainWish::default());
        assert_eq!((book.busy(), state(&book, &id)), (Some(id.clone()), JobState::Queued));
        assert_eq!(book.start(seen(5)).map(|record| record.job.id), Some(id.clone()));
        assert!(book.start(seen(5)).is_none() && !book.has_waiting());
        book.hear(&id, Line::At { stage: "train".to_owned(), progress: f64::NAN }, NOW);
        assert_eq!(book.find(&id).unwrap().job.progress, 0.0);
        book.hear(&id, done("it is live"), NOW);
        let job = book.find(&id).unwrap().shown();
        assert_eq!(
            (job.state, job.model_version, job.outcome.as_deref()),
            (JobState::Done, Some(7), Some("it is live"))
        );
        assert!(job.started.is_some() && job.ended.is_some() && book.busy().is_none());
    }

    #[test]
    fn what_is_cancelled_stays_so() {
        let mut book = Book::default();
        let id = book.add(&TrainWish::default());
        book.start(seen(5));
        assert_eq!(book.cancel(&id, NOW).map(|job| job.state), Some(JobState::Cancelled));
        book.hear(&id, done("too late"), NOW);
        book.fail(&id, "too late", NOW);
        let job = book.find(&id).unwrap().shown();
        assert_eq!((job.state, job.error), (JobState::Cancelled, None));
        assert_eq!(book.cancel("99", NOW), None);
    }

    #[test]
    fn what_was_under_way_waits_again_a_few_times() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("jobs.json");
        let mut book = Book::default();
        let id = book.add(&TrainWish::default());
        for _ in 0..TRIES_MAX {
            book.start(seen(5)).expect("it waits");
            book.write(&path).unwrap();
            book = Book::read(&path, NOW);
        }
        let job = book.find(&id).unwrap().shown();
        assert!(job.state == JobState::Failed && job.error.is_some_and(|error| error.contains("went away")));
    }

    #[test]
    fn what_a_job_looked_at_is_known_with_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("jobs.json");
        let online = TrainWish { model: Some(ONLINE.to_owned()), ..TrainWish::default() };
        let hands = TrainWish { kind: TrainKind::Behaviour, ..TrainWish::default() };
        let mut book = Book::default();
        let looked = |book: &Book| {
            let last = Book::last(&mut book.clone(), seen(130));
            (last.traffic.label, last.followed, last.behaviour.label)
        };
        let steps = [
            (&TrainWish::default(), 100, (100, 100, 0)),
            (&online, 125, (100, 125, 0)),
            (&hands, 127, (100, 125, 127)),
        ];
        for (wish, label, expect) in steps {
            let id = book.add(wish);
            let before = looked(&book);
            book.start(seen(label)).expect("it waits");
            assert_eq!(looked(&book), before, "it is not over");
            book.hear(&id, done("it is live"), NOW);
            assert_eq!(looked(&book), expect);
        }
        book.write(&path).unwrap();
        assert_eq!(looked(&Book::read(&path, NOW)), (100, 125, 127));
        let id = book.add(&online);
        book.cancel(&id, NOW);
        assert_eq!(looked(&book), (100, 125, 127), "it had looked at nothing");
        let last = book.clone().last(seen(110));
        assert_eq!((last.traffic.label, last.followed, last.behaviour.label), (100, 100, 0), "another store");
        std::fs::write(&path, r#"{"next":1,"jobs":[],"seen":[5,100]}"#).unwrap();
        assert_eq!(looked(&Book::read(&path, NOW)), (100, 100, 0), "a book of an older release is read");
    }

    #[test]
    fn what_takes_the_server_down_is_not_begun_for_ever() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("jobs.json");
        let mut book = Book::default();
        book.add(&TrainWish::default());
        for _ in 0..TRIES_MAX {
            book.start(seen(10_000)).expect("it waits");
            book.write(&path).unwrap();
            book = Book::read(&path, NOW);
        }
        assert_eq!(book.busy(), None);
        assert_eq!(book.last(seen(10_001)).traffic, seen(10_000), "the next is due for as much again");
    }

    #[test]
    fn jobs_are_forgotten_and_numbers_are_not() {
        let mut book = Book::default();
        for n in 1..=JOBS_MAX as u64 + 5 {
            let id = book.add(&TrainWish::default());
            assert_eq!(id, n.to_string());
            book.cancel(&id, NOW);
        }
        assert_eq!(book.jobs.len(), JOBS_MAX);
        assert!(book.find("5").is_none() && book.find("6").is_some());
    }

    #[test]
    fn a_book_that_is_none_is_an_empty_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("jobs.json");
        for text in ["", "{", "[]", "{\"next\":1}", "\u{fffd}"] {
            std::fs::write(&path, text).unwrap();
            assert_eq!(Book::read(&path, NOW), Book::default(), "{text}");
        }
    }
}
