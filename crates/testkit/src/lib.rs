//! Fake clock, builders and tables for tests; never shipped.
