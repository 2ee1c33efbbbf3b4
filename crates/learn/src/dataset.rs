//! Recorded traffic becomes rows: replayed in time order through the same code that serves.
//!
//! A client gives a row after its 1st, 2nd, 3rd, 5th, 10th, 20th … request and after its last, so that a model learns what can be
//! known early. All rows of a client together weigh as much as those of any other.

use std::collections::HashMap;
use std::path::PathBuf;

use palisade_detect::detector::Needs;
use palisade_detect::schema::{self, FeatureVector};
use palisade_detect::{Engine, EngineSettings, HashSeed, scorer};
use palisade_domain::{ClientKey, RequestFacts, Resolution, Vantage};
use palisade_model::{Seen, Step};
use palisade_replay::formats::{Label, Record};
use palisade_replay::labels::Labels;
use palisade_replay::merge::{Feed, FeedOptions, FeedStats, Progress};
use palisade_replay::source::SourceError;

use crate::bounds::{CLIENTS_MAX, ROWS_MAX};

/// After which requests of a client a row is made, beside the last.
const SNAPSHOTS: [u32; 12] = [1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000];

/// One client after so many requests.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Which client, into [`Dataset::clients`].
    pub client: u32,
    /// What must stay on one side of a split, 0..[`Dataset::groups`].
    pub group: u32,
    /// Which family, into [`Dataset::families`]; none where nobody says.
    pub family: Option<u32>,
    /// Is it a program?
    pub is_bot: bool,
    /// After how many requests; of an interaction, how many acts it has.
    pub requests: u32,
    /// True for the row after its last request.
    pub is_last: bool,
    /// From where it was seen; an interaction is the same wherever it is handed in.
    pub vantage: Vantage,
    /// Which facts could be seen.
    pub seen: Needs,
    /// How finely time was known.
    pub resolution: Resolution,
    /// How much it weighs; those of one client together are 1.
    pub weight: f32,
    /// What the hand-set tables say, log-odds.
    pub by_rules: f32,
    /// The client's last steps, oldest first; none where they could not be seen.
    pub steps: Vec<Step>,
}

/// Labelled clients in numbers.
#[derive(Clone, Debug, Default)]
pub struct Dataset {
    /// The name of the feature schema.
    pub schema: String,
    /// Names of the columns.
    pub columns: Vec<String>,
    /// Row by row, `columns.len()` numbers each; NaN is unseen.
    pub values: Vec<f32>,
    /// What each row is.
    pub rows: Vec<Row>,
    /// Names of clients.
    pub clients: Vec<String>,
    /// When each client was first seen, in milliseconds since 1970.
    pub started_ms: Vec<i64>,
    /// Names of families.
    pub families: Vec<String>,
    /// Names of groups.
    pub group_names: Vec<String>,
    /// The newest time that was read, in milliseconds since 1970.
    pub newest_ms: i64,
    /// What was read, and what was left out.
    pub read: Read,
}

/// What was read.
#[derive(Clone, Debug, Default)]
pub struct Read {
    /// Files and lines.
    pub feed: FeedStats,
    /// Requests that were replayed.
    pub requests: u64,
    /// Clients without a label.
    pub unlabelled_clients: u64,
    /// Clients with both labels, which say nothing.
    pub contradicting_clients: u64,
    /// Requests beyond the bounds.
    pub left_out: u64,
}

/// How to read.
#[derive(Clone, Debug)]
pub struct DatasetOptions {
    /// How lines are read.
    pub feed: FeedOptions,
    /// Labels by client, beside those that lines have.
    pub labels: Option<Labels>,
    /// Whether a client is told apart by its session, too.
    pub by_session: bool,
}

/// The data are of no use.
#[derive(Debug, thiserror::Error)]
pub enum DatasetError {
    /// A file cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// Nothing was read at all.
    #[error(
        "{files}: no line of it is traffic; labelled traffic is NDJSON with time_ms, client, path and label, or an access log with --labels"
    )]
    Nothing {
        /// Which files.
        files: String,
    },
    /// No line says who sent it.
    #[error(
        "no client of {clients} has a label; lines need \"label\": \"human\" or \"bot\", or give --labels known.csv (client,label)"
    )]
    Unlabelled {
        /// How many clients there are.
        clients: u64,
    },
}

impl Dataset {
    /// How many groups there are.
    pub fn groups(&self) -> usize {
        self.group_names.len()
    }

    /// How many people there are, as their labels weigh and each group one at most: who is sure of a tenth of them only, or has many
    /// addresses, does not make a crowd.
    pub fn people(&self) -> usize {
        let mut groups = vec![0.0_f32; self.groups()];
        for row in self.rows.iter().filter(|row| !row.is_bot) {
            groups[row.group as usize] += row.weight;
        }
        // Weights of a client's rows add up to its own but for rounding.
        groups.into_iter().map(|weight| f64::from(weight.min(1.0))).sum::<f64>().round() as usize
    }

    /// The numbers of row `at`.
    pub fn row(&self, at: usize) -> &[f32] {
        let width = self.columns.len();
        &self.values[at * width..(at + 1) * width]
    }

    /// What a model is asked about row `at`: its numbers and steps.
    pub fn seen(&self, at: usize) -> Seen<'_> {
        Seen { numbers: self.row(at), steps: &self.rows[at].steps }
    }

    /// Replays `paths` in time order, and keeps the clients that are labelled.
    ///
    /// # Errors
    /// Where a file cannot be opened, or no client has a label.
    pub fn read(
        paths: &[PathBuf],
        options: &DatasetOptions,
        mut on_progress: impl FnMut(Progress),
    ) -> Result<Dataset, DatasetError> {
        let mut feed = Feed::open(paths, options.feed)?;
        let mut reader = Reader::new(options);
        while let Some(batch) = feed.next_batch() {
            batch.iter().for_each(|record| reader.take(record));
            on_progress(feed.progress());
        }
        reader.finish(feed.finish())
    }
}

/// One client under way.
struct Story {
    name: String,
    started_ms: i64,
    group: Option<String>,
    family: Option<String>,
    label: Option<bool>,
    contradicts: bool,
    requests: u32,
    rows: Vec<Shot>,
    last: Shot,
}

/// A client after so many requests.
#[derive(Clone)]
struct Shot {
    requests: u32,
    vantage: Vantage,
    seen: Needs,
    resolution: Resolution,
    /// What the hand-set tables said, log-odds.
    by_rules: f32,
    vector: FeatureVector,
}

struct Reader<'o> {
    engine: Engine,
    options: &'o DatasetOptions,
    known: HashMap<String, (bool, Option<String>)>,
    stories: Vec<Story>,
    by_name: HashMap<String, usize>,
    rows: usize,
    newest_ms: i64,
    read: Read,
}

impl<'o> Reader<'o> {
    fn new(options: &'o DatasetOptions) -> Self {
        let known = options.labels.iter().flat_map(Labels::iter);
        Reader {
            // Any seed: keys of history are the same all through one reading, and are no features.
            engine: Engine::new(EngineSettings::new(HashSeed([0x7061_6c69, 0x7361_6465]))),
            options,
            known: known
                .map(|(client, known)| (client.clone(), (known.is_bot, known.family.clone())))
                .collect(),
            stories: Vec::new(),
            by_name: HashMap::new(),
            rows: 0,
            newest_ms: 0,
            read: Read::default(),
        }
    }

    fn take(&mut self, record: &Record) {
        let headers = record.header_entries();
        let facts = record.facts(&headers);
        self.read.requests += 1;
        self.newest_ms = self.newest_ms.max(facts.time.millis());
        let mut assessment = scorer::blank();
        let mut vector = FeatureVector::unseen();
        let noted = self.engine.measure_into(&facts, record.observe(), &mut assessment, &mut vector);
        self.engine.finish(noted.ticket, &record.response(), facts.time);
        let shot = Shot {
            requests: 0,
            vantage: facts.vantage,
            seen: Needs::seen(&facts),
            resolution: facts.resolution,
            by_rules: assessment.log_odds,
            vector,
        };
        let name = self.name_of(&facts);
        let at = match self.by_name.get(&name) {
            Some(at) => *at,
            None if self.stories.len() < CLIENTS_MAX => self.begin(name, &shot, facts.time.millis()),
            None => {
                self.read.left_out += 1;
                return;
            }
        };
        let story = &mut self.stories[at];
        story.requests += 1;
        story.last = shot;
        story.last.requests = story.requests;
        if let Some(label) = record.label() {
            story.say(label == Label::Bot);
        }
        story.family = record.family().map(str::to_owned).or(story.family.take());
        story.group = record.group().map(str::to_owned).or(story.group.take());
        if SNAPSHOTS.contains(&story.requests) {
            if self.rows >= ROWS_MAX {
                self.read.left_out += 1;
                return;
            }
            self.rows += 1;
            story.rows.push(story.last.clone());
        }
    }

    fn name_of(&self, facts: &RequestFacts<'_>) -> String {
        let client = match facts.client {
            ClientKey::Ip(ip) => ip.to_string(),
            ClientKey::Opaque(name) => name.to_owned(),
        };
        match facts.session.known().filter(|_| self.options.by_session) {
            Some(session) => format!("{client} {:032x}", session.0),
            None => client,
        }
    }

    fn begin(&mut self, name: String, shot: &Shot, started_ms: i64) -> usize {
        let known = self.known.get(name.split(' ').next().unwrap_or(&name));
        let (label, family) = known.map_or((None, None), |(is_bot, family)| (Some(*is_bot), family.clone()));
        self.by_name.insert(name.clone(), self.stories.len());
        self.stories.push(Story {
            name,
            started_ms,
            group: None,
            family,
            label,
            contradicts: false,
            requests: 0,
            rows: Vec::new(),
            last: shot.clone(),
        });
        self.stories.len() - 1
    }

    fn finish(mut self, feed: FeedStats) -> Result<Dataset, DatasetError> {
        self.read.feed = feed;
        let mut data = Dataset {
            schema: schema::ID.to_owned(),
            columns: schema::names().map(str::to_owned).collect(),
            newest_ms: self.newest_ms,
            read: self.read,
            ..Dataset::default()
        };
        let clients = self.stories.len() as u64;
        let (mut groups, mut families) = (Names::default(), Names::default());
        for story in self.stories {
            if story.contradicts {
                data.read.contradicting_clients += 1;
                continue;
            }
            let Some(is_bot) = story.label else {
                data.read.unlabelled_clients += 1;
                continue;
            };
            story.write(is_bot, &mut data, &mut groups, &mut families);
        }
        (data.group_names, data.families) = (groups.names, families.names);
        match (clients, data.rows.is_empty()) {
            (0, _) => {
                let names = data.read.feed.files.iter().map(|file| file.path.display().to_string());
                Err(DatasetError::Nothing { files: names.collect::<Vec<_>>().join(", ") })
            }
            (clients, true) => Err(DatasetError::Unlabelled { clients }),
            _ => Ok(data),
        }
    }
}

impl Story {
    fn say(&mut self, is_bot: bool) {
        self.contradicts |= self.label.is_some_and(|said| said != is_bot);
        self.label = Some(is_bot);
    }

    fn write(self, is_bot: bool, data: &mut Dataset, groups: &mut Names, families: &mut Names) {
        let client = data.clients.len() as u32;
        let group = groups.number(self.group.as_deref().unwrap_or(&self.name));
        let family = self.family.as_deref().map(|family| families.number(family));
        let mut rows = self.rows;
        // The last request may be one of those that make a row anyway.
        if rows.last().is_none_or(|row| row.requests != self.requests) {
            rows.push(self.last);
        }
        let weight = 1.0 / rows.len() as f32;
        for Shot { requests, vantage, seen, resolution, by_rules, vector } in rows {
            data.values.extend_from_slice(vector.values());
            let steps = vector.seen().steps.to_vec();
            let is_last = requests == self.requests;
            data.rows.push(Row {
                client,
                group,
                family,
                is_bot,
                requests,
                is_last,
                vantage,
                seen,
                resolution,
                weight,
                by_rules,
                steps,
            });
        }
        data.clients.push(self.name);
        data.started_ms.push(self.started_ms);
    }
}

/// Names and their numbers.
#[derive(Default)]
pub(crate) struct Names {
    pub(crate) names: Vec<String>,
    numbers: HashMap<String, u32>,
}

impl Names {
    pub(crate) fn number(&mut self, name: &str) -> u32 {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = self.names.len() as u32;
        self.names.push(name.to_owned());
        self.numbers.insert(name.to_owned(), number);
        number
    }
}

#[cfg(test)]
pub(crate) mod testing {
    use palisade_detect::Need;

    use super::*;
    use crate::random::Random;

    fn step(coin: &mut Random, is_bot: bool) -> Step {
        let of_a_hundred = if is_bot { 66 } else { 34 };
        Step { how: coin.below(8) as u16 * 2 + u16::from(coin.below(100) < of_a_hundred), place: 0 }
    }

    /// `clients` clients of which every second is a bot, with `columns` numbers: the first tells a bot by a shift of one and a half,
    /// the second falls, the rest are noise. Of sixteen kinds of steps bots make the odd ones more often. Bots are of `families` families.
    pub(crate) fn made_up(clients: u32, columns: usize, families: u32) -> Dataset {
        let mut random = Random::new(u64::from(clients));
        let mut coin = Random::new(u64::from(clients) + 1);
        let mut normal = move || (0..12).map(|_| random.below(1_000_000) as f32 / 1e6).sum::<f32>() - 6.0;
        let mut data = Dataset {
            schema: "made-up".to_owned(),
            columns: (0..columns).map(|at| format!("f{at}")).collect(),
            families: (0..families).map(|at| format!("family {at}")).collect(),
            ..Dataset::default()
        };
        for client in 0..clients {
            let is_bot = client % 2 == 1;
            for column in 0..columns {
                let shift = match column {
                    0 => 1.5,
                    1 => -1.0,
                    _ => 0.0,
                };
                data.values.push(normal() + if is_bot { shift } else { 0.0 });
            }
            data.rows.push(Row {
                client,
                group: client,
                family: is_bot.then_some(client / 2 % families),
                is_bot,
                requests: 1,
                is_last: true,
                vantage: Vantage::Log,
                seen: Needs::of(&[Need::UserAgent, Need::Method, Need::Target, Need::Referrer]),
                resolution: Resolution::Milli,
                weight: 1.0,
                by_rules: 0.0,
                steps: (0..12).map(|_| step(&mut coin, is_bot)).collect(),
            });
            data.clients.push(format!("client {client}"));
            data.started_ms.push(i64::from(client) * 1_000);
            data.group_names.push(format!("client {client}"));
        }
        data
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use palisade_domain::Timestamp;

    use super::*;

    fn read(lines: &[String], labels: Option<&str>) -> Result<Dataset, DatasetError> {
        let mut file = tempfile::NamedTempFile::with_suffix(".ndjson").expect("a temporary file");
        lines.iter().for_each(|line| writeln!(file, "{line}").expect("it is written"));
        let options = DatasetOptions {
            feed: FeedOptions { format: None, now: Timestamp::from_secs(1_900_000_000) },
            labels: labels.map(|csv| Labels::read(csv).expect("labels")),
            by_session: false,
        };
        Dataset::read(&[file.path().to_owned()], &options, |_| {})
    }

    fn line(client: &str, at: u32, label: &str) -> String {
        let label =
            if label.is_empty() { String::new() } else { format!(",\"label\":\"{label}\",\"family\":\"f\"") };
        let time_ms = 1_700_000_000_000_u64 + u64::from(at) * 1_500;
        format!(
            "{{\"time_ms\":{time_ms},\"client\":\"{client}\",\"method\":\"GET\",\"path\":\"/p{at}\",\"status\":200{label}}}"
        )
    }

    #[test]
    fn each_client_gives_rows_as_it_goes_on_and_weighs_one() {
        let mut lines: Vec<String> = (0..7).map(|at| line("a", at, "human")).collect();
        lines.extend((0..2).map(|at| line("b", at, "bot")));
        lines.extend((0..4).map(|at| line("c", at, "")));
        let data = read(&lines, None).unwrap();
        let of = |name: &str| {
            let client = data.clients.iter().position(|client| client == name).unwrap() as u32;
            data.rows.iter().filter(|row| row.client == client).collect::<Vec<_>>()
        };
        let requests: Vec<u32> = of("a").iter().map(|row| row.requests).collect();
        assert_eq!(requests, [1, 2, 3, 5, 7]);
        assert_eq!(of("a").iter().filter(|row| row.is_last).count(), 1);
        assert_eq!(of("b").iter().map(|row| row.requests).collect::<Vec<_>>(), [1, 2]);
        for name in ["a", "b"] {
            assert!((of(name).iter().map(|row| row.weight).sum::<f32>() - 1.0).abs() < 1e-6);
        }
        assert_eq!((data.read.requests, data.read.unlabelled_clients), (13, 1));
        assert_eq!(data.values.len(), data.rows.len() * data.columns.len());
        assert_eq!(data.families, ["f"]);
    }

    #[test]
    fn labels_may_stand_beside_and_must_agree() {
        let lines: Vec<String> =
            (0..3).flat_map(|at| [line("192.0.2.1", at, ""), line("b", at, "")]).collect();
        let data = read(&lines, Some("192.0.2.1,bot,curl\n")).unwrap();
        assert_eq!((data.clients.len(), data.read.unlabelled_clients), (1, 1));
        assert!(data.rows[0].is_bot && data.families == ["curl"]);
        let lines = [line("a", 0, "bot"), line("a", 1, "human"), line("b", 2, "human")];
        let data = read(&lines, None).unwrap();
        assert_eq!((data.clients.len(), data.read.contradicting_clients), (1, 1));
    }

    #[test]
    fn without_labels_it_says_what_to_do() {
        let error = read(&[line("a", 0, "")], None).unwrap_err().to_string();
        assert!(error.contains("--labels") && error.contains("of 1 has a label"), "{error}");
    }

    #[test]
    fn the_same_lines_give_the_same_numbers() {
        let lines: Vec<String> = (0..60).map(|at| line(&format!("c{}", at % 7), at, "bot")).collect();
        let bits = |data: &Dataset| data.values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&read(&lines, None).unwrap()), bits(&read(&lines, None).unwrap()));
    }
}
