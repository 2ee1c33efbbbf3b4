//! HTTP heads and user agents read as fingerprints: header order and casing, browser family and version.

pub mod framing;
pub mod head;
pub mod header_order;
pub mod live;
pub mod user_agent;
