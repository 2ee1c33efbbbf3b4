//! What the pages say to type is typed, and what they promise has to come: every marked block of docs/deploying.md and of
//! the README, word for word.

mod blocks;
mod deploying;
mod place;
mod readme;
