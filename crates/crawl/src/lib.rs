//! Robots rules, crawler names and crawler proofs.
