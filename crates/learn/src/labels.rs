//! What labels are worth: from all that was said about clients to who trains, how much, and who may stand in the frozen set.
//!
//! ```text
//!   withdrawn, superseded ──► nothing
//!   follows from our own decision, or from work alone ──► 0.1 at most, never in the frozen set
//!   beyond what one author may say in a day ──► nothing
//!   its author contradicts the operator too often ──► nothing
//!   both ways, by different authors ──► nothing, until the operator settles it
//!   else ──► its own weight
//! ```
//!
//! Pure: labels in, weights and reasons out, in the same order.

use std::collections::{BTreeMap, BTreeSet, HashMap};

/// By which way a label came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Way {
    /// A person at the desk or command line.
    Operator,
    /// A file that a person read in.
    Import,
    /// The protected application.
    Application,
    /// Another program of the operator's.
    Webhook,
    /// A trap that was walked into.
    Trap,
    /// A challenge's outcome.
    Challenge,
    /// A slow opinion.
    Escalation,
}

impl Way {
    /// Labels of one author in one day that count in full, in the order in which they came. What a stolen key can do is bounded
    /// by this; people who label by hand stay far below.
    pub fn per_day_max(self) -> usize {
        match self {
            Way::Operator => 2_000,
            Way::Import => 100_000,
            Way::Application | Way::Webhook | Way::Escalation => 50,
            Way::Trap | Way::Challenge => 500,
        }
    }

    /// Is it the operator's own word, which settles what others dispute?
    fn is_operator(self) -> bool {
        matches!(self, Way::Operator | Way::Import)
    }
}

/// Something that was said about a client.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// The label's number; 0 where it was not stored but read off an event.
    pub id: i64,
    /// Whom it is about.
    pub client: String,
    /// A program?
    pub is_bot: bool,
    /// By which way.
    pub way: Way,
    /// Who says so; empty where nobody in particular does.
    pub author: String,
    /// Does it follow from a decision of ours, or from proof of work alone?
    pub is_own: bool,
    /// How much it was said to count, 0.0..=1.0.
    pub weight: f64,
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
    /// Was it withdrawn?
    pub is_withdrawn: bool,
}

/// Why a label counts as it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Why {
    /// It counts as it was given.
    Counts,
    /// It follows from a decision of ours or from work alone: [`OWN_WEIGHT_MAX`] at most.
    Own,
    /// It was withdrawn.
    Withdrawn,
    /// The same author said something newer about the same client.
    Superseded,
    /// Its author had said as much that day as one author may.
    BeyondCap,
    /// Its author contradicts the operator too often.
    Distrusted,
    /// Different authors say both, and nobody has settled it.
    Disputed,
    /// The operator says otherwise, or somebody who knows does where this is only ours.
    Overruled,
}

impl Why {
    /// In a few words, for people.
    pub fn name(self) -> &'static str {
        match self {
            Why::Counts => "count as given",
            Why::Own => "repeat our own decision or proof of work: 0.1 at most",
            Why::Withdrawn => "withdrawn",
            Why::Superseded => "replaced by a newer one of the same author",
            Why::BeyondCap => "beyond what one author may say in a day",
            Why::Distrusted => "of an author who contradicts the operator",
            Why::Disputed => "disputed between authors",
            Why::Overruled => "overruled",
        }
    }
}

/// What a label comes to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Worth {
    /// How much it counts in training, 0.0..=1.0.
    pub weight: f64,
    /// May its client stand in the frozen set on its word?
    pub may_freeze: bool,
    /// Why.
    pub why: Why,
}

/// What is known of a client in the end.
#[derive(Clone, Debug, PartialEq)]
pub struct Known {
    /// A program?
    pub is_bot: bool,
    /// How much its rows count together, above 0.0 and at most 1.0.
    pub weight: f64,
    /// May it stand in the frozen set?
    pub may_freeze: bool,
    /// The labels that say so, by number; the one that says most first.
    pub labels: Vec<i64>,
}

/// Most that a label counts which we caused ourselves.
pub const OWN_WEIGHT_MAX: f64 = 0.1;
/// Least weight from which on a label may put its client into the frozen set.
const FREEZE_WEIGHT_MIN: f64 = 1.0;
/// Clients that an author and the operator must both have labelled before the author is judged by them.
const SHARED_MIN: usize = 5;
/// The share of those on which an author may contradict the operator.
const CONTRADICTED_MAX: f64 = 0.2;
/// From so many clients on that others have labelled, a newcomer counts beside them.
const OTHERS_MIN: usize = 100;
/// One label a day for so many of theirs, and at least [`PER_DAY_MIN`].
const OTHERS_PER_LABEL: usize = 40;
const PER_DAY_MIN: usize = 10;
const DAY_MS: i64 = 86_400_000;

/// The worth of each of `told`, in their order.
pub fn weigh(told: &[Told]) -> Vec<Worth> {
    let mut worth: Vec<Option<Why>> =
        told.iter().map(|told| told.is_withdrawn.then_some(Why::Withdrawn)).collect();
    let mut order: Vec<usize> = (0..told.len()).collect();
    order.sort_by_key(|at| (told[*at].at_ms, told[*at].id));
    supersede(told, &order, &mut worth);
    cap(told, &order, &mut worth);
    distrust(told, &mut worth);
    settle(told, &order, &mut worth);
    let each = told.iter().zip(worth);
    each.map(|(told, why)| {
        let given = if told.weight.is_finite() { told.weight.clamp(0.0, 1.0) } else { 0.0 };
        let is_own = told.is_own || told.way == Way::Challenge;
        match why {
            Some(why) => Worth { weight: 0.0, may_freeze: false, why },
            None if is_own => Worth { weight: given.min(OWN_WEIGHT_MAX), may_freeze: false, why: Why::Own },
            None => {
                let may_freeze = given >= FREEZE_WEIGHT_MIN && told.way != Way::Escalation;
                Worth { weight: given, may_freeze, why: Why::Counts }
            }
        }
    })
    .collect()
}

/// What is known of each client that any label of weight is about. `worth` is what [`weigh`] made of `told`.
pub fn clients(told: &[Told], worth: &[Worth]) -> BTreeMap<String, Known> {
    let mut order: Vec<usize> =
        (0..told.len().min(worth.len())).filter(|at| worth[*at].weight > 0.0).collect();
    order.sort_by(|one, other| worth[*other].weight.total_cmp(&worth[*one].weight).then(one.cmp(other)));
    let mut known: BTreeMap<String, Known> = BTreeMap::new();
    for at in order {
        let (told, worth) = (&told[at], worth[at]);
        let fresh = || Known {
            is_bot: told.is_bot,
            weight: worth.weight,
            may_freeze: worth.may_freeze,
            labels: Vec::new(),
        };
        let known = known.entry(told.client.clone()).or_insert_with(fresh);
        // Of two that are ours and contradict each other the stronger stands; the other says nothing.
        if known.is_bot == told.is_bot && told.id != 0 {
            known.labels.push(told.id);
        }
    }
    known
}

/// How many labels of `worth` count why.
pub fn counted(worth: &[Worth]) -> BTreeMap<Why, u64> {
    let mut counts = BTreeMap::new();
    worth.iter().for_each(|worth| *counts.entry(worth.why).or_default() += 1);
    counts
}

/// Of what one author said by one way about one client, the newest counts.
fn supersede(told: &[Told], order: &[usize], why: &mut [Option<Why>]) {
    let mut newest: HashMap<(&str, &str, Way), usize> = HashMap::new();
    for at in order.iter().copied().filter(|at| !told[*at].is_withdrawn) {
        let key = (told[at].client.as_str(), told[at].author.as_str(), told[at].way);
        if let Some(older) = newest.insert(key, at) {
            why[older] = Some(Why::Superseded);
        }
    }
}

/// How many labels of one author and day count, beside [`Way::per_day_max`], where others have labelled so many clients: one among
/// many may move the whole a little.
fn beside_others(others: usize) -> usize {
    if others < OTHERS_MIN { usize::MAX } else { (others / OTHERS_PER_LABEL).max(PER_DAY_MIN) }
}

/// So many of each author, way and day count. What was superseded or withdrawn has used up its place: or a key could try again.
fn cap(told: &[Told], order: &[usize], why: &mut [Option<Why>]) {
    let mut by_author: HashMap<&str, BTreeSet<&str>> = HashMap::new();
    for label in told.iter().filter(|told| !told.is_withdrawn && !told.is_own && told.way != Way::Challenge) {
        by_author.entry(label.author.as_str()).or_default().insert(label.client.as_str());
    }
    let all: usize = by_author.values().map(BTreeSet::len).sum();
    let others = |author: &str| all - by_author.get(author).map_or(0, BTreeSet::len);
    let mut said: HashMap<(&str, Way, i64), usize> = HashMap::new();
    for at in order.iter().copied() {
        let label = &told[at];
        let said =
            said.entry((label.author.as_str(), label.way, label.at_ms.div_euclid(DAY_MS))).or_default();
        *said += 1;
        let beside = if label.way.is_operator() { usize::MAX } else { beside_others(others(&label.author)) };
        if *said > label.way.per_day_max().min(beside) && why[at].is_none() {
            why[at] = Some(Why::BeyondCap);
        }
    }
}

/// The newest word of the operator on each client.
fn operators<'a>(told: &'a [Told], why: &[Option<Why>]) -> HashMap<&'a str, (i64, bool)> {
    let mut settled: HashMap<&str, (i64, bool)> = HashMap::new();
    for (label, _) in told.iter().zip(why).filter(|(label, why)| why.is_none() && label.way.is_operator()) {
        let word = (label.at_ms, label.is_bot);
        let held = settled.entry(label.client.as_str()).or_insert(word);
        if word.0 >= held.0 {
            *held = word;
        }
    }
    settled
}

/// Who contradicts the operator too often is not believed elsewhere either.
fn distrust(told: &[Told], why: &mut [Option<Why>]) {
    let settled = operators(told, why);
    let mut shared: HashMap<&str, (usize, usize)> = HashMap::new();
    for (label, _) in told.iter().zip(&*why).filter(|(label, why)| why.is_none() && !label.way.is_operator())
    {
        if let Some((_, is_bot)) = settled.get(label.client.as_str()) {
            let (all, wrong) = shared.entry(label.author.as_str()).or_default();
            *all += 1;
            *wrong += usize::from(*is_bot != label.is_bot);
        }
    }
    let distrusted: BTreeSet<&str> = shared
        .into_iter()
        .filter(|(_, (all, wrong))| *all >= SHARED_MIN && *wrong as f64 > CONTRADICTED_MAX * *all as f64)
        .map(|(author, _)| author)
        .collect();
    for (label, why) in told.iter().zip(why) {
        if why.is_none() && !label.way.is_operator() && distrusted.contains(label.author.as_str()) {
            *why = Some(Why::Distrusted);
        }
    }
}

/// Clients of whom both is said.
fn settle(told: &[Told], order: &[usize], why: &mut [Option<Why>]) {
    let settled = operators(told, why);
    let mut said: HashMap<&str, [bool; 2]> = HashMap::new();
    for at in order.iter().copied().filter(|at| why[*at].is_none()) {
        let label = &told[at];
        if !label.is_own && label.way != Way::Challenge {
            said.entry(label.client.as_str()).or_default()[usize::from(label.is_bot)] = true;
        }
    }
    for at in order.iter().copied().filter(|at| why[*at].is_none()).collect::<Vec<_>>() {
        let label = &told[at];
        let both = said.get(label.client.as_str()).copied().unwrap_or_default();
        why[at] = match settled.get(label.client.as_str()) {
            Some((_, is_bot)) => (*is_bot != label.is_bot).then_some(Why::Overruled),
            None if both == [true, true] => Some(Why::Disputed),
            None if both[usize::from(!label.is_bot)] => Some(Why::Overruled),
            None => None,
        };
    }
}

#[cfg(test)]
mod tests;
