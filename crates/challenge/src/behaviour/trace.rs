//! The widget's `data` object, read within bounds.

/// What a widget recorded. Times in ms, positions in CSS px; at most so many events of each kind, the first ones.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trace {}
