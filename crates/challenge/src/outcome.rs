//! What became of challenges, counted.
