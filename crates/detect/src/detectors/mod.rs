//! The visible list of detectors, in the order of the documentation. The order cannot change a score.

pub mod accept_encoding;
pub mod accept_header;
pub mod accept_language;
pub mod agent_rotation;
mod claimed;
pub mod client_errors;
pub mod client_hints;
pub mod connection_header;
pub mod cookie_ignored;
pub mod endpoint_entropy;
pub mod failed_logins;
pub mod fetch_metadata;
pub mod fingerprint_spread;
pub mod head_framing;
pub mod header_case;
pub mod header_order;
pub mod honeypot_field;
pub mod icon_habit;
pub mod identical_bodies;
pub mod library_headers;
pub mod malformed_request;
pub mod network_crowd;
pub mod no_assets;
pub mod page_sequence;
pub mod payload;
pub mod referrer_form;
pub mod request_burst;
pub mod request_flood;
pub mod request_gaps;
pub mod request_rate;
pub mod robots_disallowed;
pub mod robots_habit;
pub mod scanner_path;
pub mod script_token;
pub mod secure_only_headers;
pub mod timing_regularity;
pub mod trap_path;
pub mod ua_automation;
pub mod ua_missing;
pub mod ua_program;
pub mod ua_scanner;
pub mod ua_version;
pub mod unusual_method;
pub mod upgrade_insecure;

use crate::Detector;

/// Every detector that ships.
pub fn all() -> Vec<Box<dyn Detector>> {
    vec![
        // What the request says of itself.
        Box::new(ua_missing::UaMissing),
        Box::new(ua_program::UaProgram),
        Box::new(ua_scanner::UaScanner),
        Box::new(ua_automation::UaAutomation),
        Box::new(ua_version::UaVersion),
        Box::new(client_hints::ClientHints),
        Box::new(fetch_metadata::FetchMetadata),
        Box::new(secure_only_headers::SecureOnlyHeaders),
        Box::new(accept_header::AcceptHeader),
        Box::new(accept_language::AcceptLanguage),
        Box::new(accept_encoding::AcceptEncoding),
        Box::new(upgrade_insecure::UpgradeInsecure),
        Box::new(connection_header::ConnectionHeader),
        Box::new(header_order::HeaderOrder::default()),
        Box::new(header_case::HeaderCase),
        Box::new(library_headers::LibraryHeaders),
        Box::new(referrer_form::ReferrerForm),
        // What is in it.
        Box::new(payload::Payload),
        Box::new(scanner_path::ScannerPath),
        Box::new(malformed_request::MalformedRequest),
        Box::new(head_framing::HeadFraming),
        Box::new(unusual_method::UnusualMethod),
        Box::new(robots_disallowed::RobotsDisallowed),
        Box::new(trap_path::TrapPath),
        Box::new(honeypot_field::HoneypotField),
        Box::new(script_token::ScriptToken),
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
