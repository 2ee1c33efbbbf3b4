//! Changes of lists.
