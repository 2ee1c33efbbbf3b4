//! Which challenge is next, and how much work it asks for.
