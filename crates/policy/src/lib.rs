//! From an assessment to an action: identity rules, bands, presets.
