//! Storage traits, in-memory and SQLite stores, one contract.
