//! `[api]`: who may ask.

use crate::section::Section;

/// When an API key must be shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RequireKey {
    /// Always.
    #[default]
    Always,
    /// Unless the question comes from this machine.
    UnlessLoopback,
}

/// `[api]`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ApiSettings {
    /// When an API key must be shown.
    pub require_key: RequireKey,
}

impl ApiSettings {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        let require_key = match section.word("require_key", "always", &["always", "unless-loopback"]) {
            "unless-loopback" => RequireKey::UnlessLoopback,
            _ => RequireKey::Always,
        };
        ApiSettings { require_key }
    }
}
