//! What a detector looks at: one request, what was gathered about it, and the past.

use palisade_domain::{Fact, RequestFacts};

use crate::gather::Gathered;
use crate::history::{ClientHistory, NetworkHistory, Surroundings};
use crate::site::SiteProfile;

/// One request in its surroundings. Everything is read-only and already in memory.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    /// The facts as observed.
    pub facts: &'a RequestFacts<'a>,
    /// What follows from the facts alone: claimed browser, kind of request, route.
    pub gathered: &'a Gathered<'a>,
    /// This client's own history, this request included.
    pub client: &'a ClientHistory,
    /// Its network's history, this request included.
    pub network: &'a NetworkHistory,
    /// What other clients teach: page sequences, asset habits of the site, spread of fingerprints.
    pub around: &'a Surroundings,
    /// What the operator said about the site.
    pub site: &'a SiteProfile,
}

impl<'a> Scene<'a> {
    /// The first value of header `name`: `Unseen` where the headers are. As [`RequestFacts::header`], found at once.
    #[inline(always)]
    pub fn header(&self, name: &str) -> Fact<&'a str> {
        self.gathered.headers.get(name)
    }
}
