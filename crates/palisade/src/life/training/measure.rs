//! Two models on the same clients: the frozen set, and whom labels came about later.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use palisade_detect::detector::Needs;
use palisade_detect::{Learned, schema};
use palisade_domain::{Resolution, Timestamp, Vantage};
use palisade_learn::dataset::{Dataset, Row};
use palisade_learn::held::Holder;
use palisade_learn::labels::{Known, Told};
use palisade_learn::promotion::Rivals;
use palisade_learn::traffic;
use palisade_model::Model;
use palisade_store::{FrozenRow, LabelId, LabelVerdict, Page};

use crate::ledger::TENANT;

/// `held` as rows of the frozen set.
pub(super) fn to_freeze(
    held: &Dataset,
    known: &BTreeMap<String, Known>,
    holder: Holder,
    now: Timestamp,
) -> Vec<FrozenRow> {
    let features: Arc<[String]> = held.columns.as_slice().into();
    let one = |(at, row): (usize, &Row)| {
        let client = &held.clients[row.client as usize];
        FrozenRow {
            client: holder.name(client),
            schema: held.schema.clone(),
            verdict: if row.is_bot { LabelVerdict::Bot } else { LabelVerdict::Human },
            // 0 rests on no stored label, and goes with none.
            label: LabelId(known.get(client).and_then(|known| known.labels.first().copied()).unwrap_or(0)),
            vantage: row.vantage.name().to_owned(),
            requests: row.requests,
            by_rules: row.by_rules,
            features: Arc::clone(&features),
            values: held.row(at).to_vec(),
            created_at: now,
        }
    };
    held.rows.iter().enumerate().map(one).collect()
}

/// The frozen set of this release's schema.
///
/// # Errors
/// Where the store cannot be read.
pub(super) async fn frozen(store: &dyn palisade_store::Store) -> anyhow::Result<Dataset> {
    let mut frozen = Thawed::new();
    let mut after = 0;
    loop {
        let page = store.frozen_rows(TENANT, schema::ID, Page { after, ..Page::FIRST }).await?;
        let Some((last, _)) = page.last() else { return Ok(frozen.data) };
        after = *last;
        page.into_iter().for_each(|(_, row)| frozen.put(row));
    }
}

/// Frozen rows by the features of this release.
struct Thawed {
    data: Dataset,
    /// Names of the row before, and the place among them of each of this release's features.
    places: (Arc<[String]>, Vec<Option<usize>>),
}

impl Thawed {
    fn new() -> Self {
        Thawed { data: empty(), places: Default::default() }
    }

    /// The numbers of a row in this release's order: what its release did not know is unseen, what this one does not know goes. `None`
    /// where they are of another length than their names, or there is nothing in common.
    fn values(&mut self, row: &FrozenRow) -> Option<Vec<f32>> {
        // Before names were kept a length was all there was to go by.
        if row.features.is_empty() {
            return (row.values.len() == self.data.columns.len()).then(|| row.values.clone());
        }
        if self.places.0 != row.features {
            let place = |name| row.features.iter().position(|known| known == name);
            self.places = (Arc::clone(&row.features), self.data.columns.iter().map(place).collect());
        }
        let places = &self.places.1;
        let fits = row.values.len() == row.features.len() && places.iter().any(Option::is_some);
        let value = |place: &Option<usize>| place.map_or(f32::NAN, |at| row.values[at]);
        fits.then(|| places.iter().map(value).collect())
    }

    /// Rows that say nothing to this release, or of a vantage that is no more, are left out.
    fn put(&mut self, row: FrozenRow) {
        let vantage = Vantage::ALL.into_iter().find(|vantage| vantage.name() == row.vantage);
        let Some((vantage, values)) = vantage.zip(self.values(&row)) else { return };
        let data = &mut self.data;
        let client = data.clients.len() as u32;
        data.values.extend_from_slice(&values);
        data.rows.push(Row {
            client,
            group: client,
            family: None,
            is_bot: row.verdict == LabelVerdict::Bot,
            requests: row.requests,
            is_last: true,
            vantage,
            // Frozen rows are scored and never learned from: what could be seen of them no longer matters.
            seen: Needs::default(),
            resolution: Resolution::Micro,
            weight: 1.0,
            by_rules: row.by_rules,
            steps: Vec::new(),
        });
        data.group_names.push(row.client.clone());
        data.clients.push(row.client);
    }
}

fn empty() -> Dataset {
    Dataset {
        schema: schema::ID.to_owned(),
        columns: schema::names().map(str::to_owned).collect(),
        ..Dataset::default()
    }
}

/// Clients of whom nothing was said that is old, each after its last request. Only those count that might stand in the
/// frozen set: what follows from our own decisions says nothing about them.
pub(super) fn recent(
    data: &Dataset,
    known: &BTreeMap<String, Known>,
    told: &[Told],
    is_old: impl Fn(&Told) -> bool,
) -> Dataset {
    let before: BTreeSet<&str> =
        told.iter().filter(|told| is_old(told)).map(|told| told.client.as_str()).collect();
    data.only(|row| {
        let client = &data.clients[row.client as usize];
        row.is_last
            && !before.contains(client.as_str())
            && known.get(client).is_some_and(|known| known.may_freeze)
    })
}

/// The clients of `data` under the live model and under the challenger; without a live model the hand-set tables stand for it.
/// Clients that one of both cannot judge are left out. Of clients in numbers a model of sequences can say nothing: the tables stand for
/// it, too.
pub(super) fn rivals(data: &Dataset, live: Option<&Learned>, challenger: &Model) -> Rivals {
    let live = live.filter(|model| !model.reads_steps());
    let live = live.map_or_else(|| traffic::score_by_rules(data), |model| traffic::score_by(model, data));
    let mut theirs: HashMap<String, _> =
        traffic::score(challenger, data).into_iter().map(|scored| (scored.name.clone(), scored)).collect();
    let both = live.into_iter().filter_map(|live| {
        let challenger = theirs.remove(&live.name)?;
        Some((live, challenger))
    });
    let (live, challenger) = both.unzip();
    Rivals { live, challenger }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(client: &str, is_bot: bool, values: usize) -> FrozenRow {
        FrozenRow {
            client: client.to_owned(),
            schema: schema::ID.to_owned(),
            verdict: if is_bot { LabelVerdict::Bot } else { LabelVerdict::Human },
            label: LabelId(1),
            vantage: "log".to_owned(),
            requests: 3,
            by_rules: -2.0,
            features: Arc::default(),
            values: vec![f32::NAN; values],
            created_at: Timestamp(0),
        }
    }

    fn thawed(rows: impl IntoIterator<Item = FrozenRow>) -> Dataset {
        let mut thawed = Thawed::new();
        rows.into_iter().for_each(|row| thawed.put(row));
        thawed.data
    }

    #[test]
    fn rows_that_do_not_fit_are_left_out() {
        let width = schema::names().len();
        let strangers: Arc<[String]> = vec!["gone".to_owned(); width].into();
        let cut: Arc<[String]> = schema::names().map(str::to_owned).collect();
        let data = thawed([
            row("a", true, width),
            row("b", true, width + 1),
            FrozenRow { vantage: "elsewhere".to_owned(), ..row("c", true, width) },
            FrozenRow { features: strangers, ..row("d", true, width) },
            FrozenRow { features: cut, ..row("e", true, width - 1) },
        ]);
        assert_eq!((data.clients, data.rows.len(), data.values.len()), (vec!["a".to_owned()], 1, width));
    }

    #[test]
    fn a_release_reads_the_rows_of_another() {
        let names: Vec<&str> = schema::names().collect();
        let last = names.len() - 1;
        // Fewer features, others beside them, in another order.
        let older: Arc<[String]> = ["gone", names[last], names[0]].map(str::to_owned).into();
        let own: Arc<[String]> = names.iter().map(|&name| name.to_owned()).collect();
        let values: Vec<f32> = (0..names.len()).map(|at| at as f32).collect();
        let data = thawed([
            FrozenRow { features: older, values: vec![7.0, 8.0, 9.0], ..row("older", false, 0) },
            FrozenRow { features: own, values: values.clone(), ..row("own", true, 0) },
        ]);
        assert_eq!(data.clients, ["older", "own"]);
        assert_eq!((data.row(0)[0], data.row(0)[last], data.row(1)), (9.0, 8.0, &values[..]));
        assert!(data.row(0)[1..last].iter().all(|value| value.is_nan()), "what it did not know is unseen");
    }

    #[test]
    fn recent_is_whom_nobody_spoke_of_before() {
        let width = schema::names().len();
        let data = thawed(["old", "new", "ours"].map(|client| row(client, true, width)));
        let known = |may_freeze| Known { is_bot: true, weight: 1.0, may_freeze, labels: vec![1] };
        let known: BTreeMap<String, Known> = [("old", true), ("new", true), ("ours", false)]
            .map(|(name, may)| (name.to_owned(), known(may)))
            .into();
        let told = |client: &str, at_ms| Told {
            id: 1,
            client: client.to_owned(),
            is_bot: true,
            way: palisade_learn::labels::Way::Application,
            author: "key:1".to_owned(),
            is_own: false,
            weight: 1.0,
            at_ms,
            is_withdrawn: false,
        };
        let told = [told("old", 5), told("old", 50), told("new", 50), told("ours", 50)];
        let recent = recent(&data, &known, &told, |told| told.at_ms < 10);
        let names: Vec<&str> =
            recent.rows.iter().map(|row| recent.clients[row.client as usize].as_str()).collect();
        assert_eq!(names, ["new"]);
    }
}
