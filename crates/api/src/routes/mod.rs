//! One file per route, or per few that belong together; names as in the URL.

pub mod check;
pub mod webhook;
