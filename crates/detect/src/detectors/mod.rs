//! The visible list of detectors, in the order of the documentation. The order cannot change a score.

pub mod agent_rotation;
pub mod client_errors;
pub mod cookie_ignored;
pub mod endpoint_entropy;
pub mod failed_logins;
pub mod fingerprint_spread;
pub mod icon_habit;
pub mod identical_bodies;
pub mod network_crowd;
pub mod no_assets;
pub mod page_sequence;
pub mod request_burst;
pub mod request_flood;
pub mod request_gaps;
pub mod request_rate;
pub mod robots_habit;
pub mod timing_regularity;

use crate::Detector;

/// Every detector that ships.
pub fn all() -> Vec<Box<dyn Detector>> {
    vec![
        // What the request says of itself.
        // What is in it.
        // How fast and how regular.
        Box::new(request_rate::RequestRate),
        Box::new(request_burst::RequestBurst),
        Box::new(request_flood::RequestFlood),
        Box::new(request_gaps::RequestGaps),
        Box::new(timing_regularity::TimingRegularity),
        Box::new(identical_bodies::IdenticalBodies),
        Box::new(endpoint_entropy::EndpointEntropy),
        Box::new(failed_logins::FailedLogins),
        Box::new(client_errors::ClientErrors),
        Box::new(page_sequence::PageSequence),
        // What a browser does besides.
        Box::new(no_assets::NoAssets),
        Box::new(cookie_ignored::CookieIgnored),
        Box::new(robots_habit::RobotsHabit),
        Box::new(icon_habit::IconHabit),
        // With others.
        Box::new(fingerprint_spread::FingerprintSpread),
        Box::new(agent_rotation::AgentRotation),
        Box::new(network_crowd::NetworkCrowd),
    ]
}

/// Names of all detectors, as used in `[detection.<name>]`.
pub fn names() -> Vec<&'static str> {
    all().iter().map(|detector| detector.card().name).collect()
}
