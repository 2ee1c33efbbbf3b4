//! Which routes a site has, which parameters they take, and of what characters those are.

use std::collections::{BTreeMap, HashMap};

use super::chain::Chain;
use super::request::{Parameter, Request};

/// Most routes of a site; what is asked for after them is new ever after.
pub const ROUTES_MAX: usize = 20_000;

/// Most parameters of a route.
pub const NAMES_MAX: usize = 256;

/// What was seen of a site.
#[derive(Clone, Debug, Default)]
pub(super) struct Habits {
    routes: HashMap<u32, Route>,
    /// All values.
    site: Chain,
}

/// What was seen of a route.
#[derive(Clone, Debug, Default)]
pub(super) struct Route {
    requests: u32,
    names: BTreeMap<Vec<u8>, Name>,
}

#[derive(Clone, Debug, Default)]
struct Name {
    /// Requests that had it.
    requests: u32,
    values: Chain,
}

impl Habits {
    /// Those of `requests`.
    pub(super) fn of<'r>(requests: impl Iterator<Item = &'r Request>) -> Habits {
        let mut habits = Habits::default();
        requests.for_each(|request| habits.add(request));
        habits
    }

    fn add(&mut self, request: &Request) {
        request.parameters.iter().for_each(|parameter| self.site.add(&parameter.value));
        if self.routes.len() >= ROUTES_MAX && !self.routes.contains_key(&request.route) {
            return;
        }
        let route = self.routes.entry(request.route).or_default();
        route.requests += 1;
        for (at, parameter) in request.parameters.iter().enumerate() {
            if route.names.len() >= NAMES_MAX && !route.names.contains_key(&parameter.name) {
                continue;
            }
            let is_first = !request.parameters[..at].iter().any(|before| before.name == parameter.name);
            let name = route.names.entry(parameter.name.clone()).or_default();
            name.requests += u32::from(is_first);
            name.values.add(&parameter.value);
        }
    }

    /// The route of that number, where it was seen.
    pub(super) fn route(&self, route: u32) -> Option<&Route> {
        self.routes.get(&route)
    }

    /// How improbable the most improbable character of a value is, and how improbable all of it, in nats.
    pub(super) fn measured(&self, route: u32, parameter: &Parameter) -> [f64; 2] {
        let own = self.route(route).and_then(|route| route.names.get(&parameter.name));
        let chances = match own {
            Some(own) => own.values.chances(&parameter.value, Some(&self.site)),
            None => self.site.chances(&parameter.value, None),
        };
        let nats = chances.iter().map(|chance| -chance.ln());
        [nats.clone().fold(0.0, f64::max), nats.sum()]
    }
}

impl Route {
    /// Was there ever such a parameter?
    pub(super) fn has(&self, name: &[u8]) -> bool {
        self.names.contains_key(name)
    }

    /// The parameters that `request` has not, and how surprising that is of each, in nats.
    pub(super) fn missing<'r>(&'r self, request: &'r Request) -> impl Iterator<Item = (&'r [u8], f64)> + 'r {
        let is_there = |name: &[u8]| request.parameters.iter().any(|parameter| parameter.name == name);
        let missing = self.names.iter().filter(move |(name, _)| !is_there(name));
        missing.map(|(name, seen)| {
            let without = (self.requests - seen.requests.min(self.requests)) as usize;
            (&**name, super::rare(without, self.requests as usize))
        })
    }
}
