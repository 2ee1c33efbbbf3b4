//! What the parameters of a site usually look like, learned from benign requests alone, and how unlike that a request is.
//!
//! ```text
//!   benign requests ──► habits: which routes, which names, and chains of character classes ──┐
//!        └──► four parts, each looked at by the habits of the other three ──► tails ─────────┴──► Parameters
//!   a request ──► Parameters ──► the most surprising thing about it, in nats, and what that is
//! ```
//!
//! It never learns what an attack is. What was seen nowhere on the site is as surprising as such things are rare among benign
//! requests that nobody had seen before; what a value looks like is held against the values of that very parameter of that
//! route, where there were enough of them, then against those of that name, then against all.
//!
//! Nothing here judges anybody live: it is measured (`make measure M=anomaly`), and neither a model file nor a detector yet.

mod chain;
mod habits;
mod request;
mod tail;

use std::collections::{HashMap, HashSet};

use habits::Habits;
use tail::Tail;

pub use habits::{NAMES_MAX, ROUTES_MAX};
pub use request::{PARAMETERS_MAX, Parameter, Request, VALUE_BYTES_MAX};

/// Most requests that are learned from.
pub const REQUESTS_MAX: usize = 500_000;

/// Parts, each of which is looked at by habits that were learned from the others.
const PARTS: u64 = 4;

/// Fewest values from which a tail of their own is known.
const VALUES_MIN: usize = 30;

/// What the parameters of a site usually look like.
#[derive(Clone, Debug)]
pub struct Parameters {
    habits: Habits,
    /// By whose values they are, and of which measure.
    tails: HashMap<(Whose, Measure), Tail>,
    /// How surprising it is that nobody asked for a route before, and that a known route has a name nobody gave it, nats.
    new_route: f64,
    new_name: f64,
}

/// Whose values a tail is known from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Whose {
    /// Those of one name on one route.
    Parameter(u32, Vec<u8>),
    /// Those of one name on all routes.
    Name(Vec<u8>),
    /// All.
    Site,
}

/// What of a value is measured, in nats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Measure {
    /// How improbable its most improbable character is, after the two before it.
    Worst,
    /// How improbable all of it is: long values are.
    Whole,
}

/// The most surprising thing about a request.
#[derive(Clone, Debug, PartialEq)]
pub struct Surprise {
    /// How surprising, in nats, 0.0 and up: the negative logarithm of the share of benign requests that are as odd, as far as
    /// that can be known.
    pub nats: f64,
    /// What it is.
    pub what: Oddity,
}

/// What may be odd about a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Oddity {
    /// Nothing.
    Nothing,
    /// Nobody asked for such a path.
    Route,
    /// The route has no such parameter.
    NewName(Vec<u8>),
    /// A parameter that the route usually has is missing.
    Missing(Vec<u8>),
    /// A value with a character where the parameter never has such a one.
    Character(Vec<u8>),
    /// A value that is longer, or of more kinds of characters, than the parameter's are.
    Value(Vec<u8>),
}

impl Parameters {
    /// Learns from benign requests, of more than [`REQUESTS_MAX`] the first. The same requests give the same; their order does not
    /// matter. Equal requests are never on both sides of what follows from one another.
    pub fn learned(requests: &[Request]) -> Parameters {
        let requests = &requests[..requests.len().min(REQUESTS_MAX)];
        // A page that is asked for a thousand times is new to those who do not know it once.
        let (mut seen, mut known) = (Seen::default(), HashSet::new());
        for part in 0..PARTS {
            let (own, others): (Vec<&Request>, Vec<&Request>) =
                requests.iter().partition(|request| request.digest() % PARTS == part);
            let habits = Habits::of(others.into_iter());
            own.into_iter()
                .filter(|request| known.insert(request.digest()))
                .for_each(|request| seen.note(&habits, request));
        }
        let tails = seen
            .values
            .into_iter()
            .filter(|((whose, _), values)| *whose == Whose::Site || values.len() >= VALUES_MIN);
        Parameters {
            habits: Habits::of(requests.iter()),
            tails: tails.map(|(key, values)| (key, Tail::of(values))).collect(),
            new_route: rare(seen.new_routes, seen.requests),
            new_name: rare(seen.new_names, seen.known_routes),
        }
    }

    /// The most surprising thing about `request`.
    pub fn surprise(&self, request: &Request) -> Surprise {
        let mut most = Surprise { nats: 0.0, what: Oddity::Nothing };
        let mut say = |nats: f64, what: &dyn Fn() -> Oddity| {
            if nats > most.nats {
                most = Surprise { nats, what: what() };
            }
        };
        let route = self.habits.route(request.route);
        if route.is_none() {
            say(self.new_route, &|| Oddity::Route);
        }
        // Of many values one is odd by chance.
        let tries = 2.0 * request.parameters.len() as f64;
        for parameter in &request.parameters {
            let name = &parameter.name;
            if route.is_some_and(|route| !route.has(name)) {
                say(self.new_name, &|| Oddity::NewName(name.clone()));
            }
            let [worst, whole] = self.habits.measured(request.route, parameter);
            let nats =
                |measure, found| self.tail(request.route, name, measure).map_or(0.0, |tail| tail.nats(found));
            say(nats(Measure::Worst, worst) - tries.ln(), &|| Oddity::Character(name.clone()));
            say(nats(Measure::Whole, whole) - tries.ln(), &|| Oddity::Value(name.clone()));
        }
        for (name, nats) in route.into_iter().flat_map(|route| route.missing(request)) {
            say(nats, &|| Oddity::Missing(name.to_vec()));
        }
        most
    }

    /// The tail of the fewest values that are enough.
    fn tail(&self, route: u32, name: &[u8], measure: Measure) -> Option<&Tail> {
        let of = |whose| self.tails.get(&(whose, measure));
        of(Whose::Parameter(route, name.to_vec()))
            .or_else(|| of(Whose::Name(name.to_vec())))
            .or_else(|| of(Whose::Site))
    }
}

/// The surprise from which on at most `fpr` (0.0..=1.0) of `benign`, which must not have been learned from, are reached: of a
/// thousand and a share of two in a thousand, two. Without any, none is ever reached.
pub fn threshold(benign: &[f64], fpr: f64) -> f64 {
    let mut sorted: Vec<f64> = benign.iter().copied().filter(|nats| !nats.is_nan()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let allowed = (sorted.len() as f64 * fpr.clamp(0.0, 1.0)).floor() as usize;
    let highest = sorted.len().checked_sub(1 + allowed).and_then(|at| sorted.get(at));
    highest.map_or(if sorted.is_empty() { f64::INFINITY } else { f64::NEG_INFINITY }, |highest| {
        highest.next_up()
    })
}

/// How surprising is what `count` of `of` did, in nats; what none did is taken for half of one.
fn rare(count: usize, of: usize) -> f64 {
    ((of as f64 + 1.0) / (count as f64 + 0.5)).ln().max(0.0)
}

/// What habits make of requests that they were not learned from.
#[derive(Default)]
struct Seen {
    values: HashMap<(Whose, Measure), Vec<f64>>,
    requests: usize,
    known_routes: usize,
    new_routes: usize,
    new_names: usize,
}

impl Seen {
    fn note(&mut self, habits: &Habits, request: &Request) {
        self.requests += 1;
        match habits.route(request.route) {
            None => self.new_routes += 1,
            Some(route) => {
                self.known_routes += 1;
                let is_new = request.parameters.iter().any(|parameter| !route.has(&parameter.name));
                self.new_names += usize::from(is_new);
            }
        }
        for parameter in &request.parameters {
            let [worst, whole] = habits.measured(request.route, parameter);
            let name = || parameter.name.clone();
            for whose in [Whose::Parameter(request.route, name()), Whose::Name(name()), Whose::Site] {
                self.values.entry((whose.clone(), Measure::Worst)).or_default().push(worst);
                self.values.entry((whose, Measure::Whole)).or_default().push(whole);
            }
        }
    }
}

#[cfg(test)]
mod tests;
