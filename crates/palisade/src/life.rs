//! The life of models in this installation: what is stored becomes a data set, a child process trains on it, a challenger proves
//! itself, and whatever is in office is known.
//!
//! ```text
//!   store ──► gather: labels, events ──► training (a child) ──► version: candidate ──► shadow ──► live
//!                                            │ progress                                  │ new labels: judged again
//!                                        jobs (serve) ◄── /train, /jobs, N labels, every so many hours
//! ```
//!
//! A training may die at every moment: each of its writes is one transaction, and nothing that decides is touched before the last.

#[cfg(feature = "train")]
pub(crate) mod gather;
#[cfg(feature = "train")]
pub(crate) mod jobs;
#[cfg(not(feature = "train"))]
#[path = "life/no_jobs.rs"]
pub(crate) mod jobs;
pub(crate) mod office;
#[cfg(feature = "train")]
pub(crate) mod training;
