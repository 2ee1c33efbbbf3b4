//! Client history, detectors, scorer and explanation.
