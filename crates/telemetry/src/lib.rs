//! Events as types: one struct is one log line.
