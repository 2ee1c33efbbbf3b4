//! `POST /webhook`.

/// Calls seen lately.
#[derive(Debug, Default)]
pub struct Seen {}
