//! `[api]`: who may ask.

use super::Secret;
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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApiSettings {
    /// When an API key must be shown.
    pub require_key: RequireKey,
    /// What bodies of `/webhook` are signed with (`X-Signature`, HMAC-SHA-256); without it `/webhook` takes nothing.
    pub webhook_secret: Option<Secret>,
    /// What `/metrics` asks of everybody but this machine (`Authorization: Bearer`); without it, it answers this
    /// machine only.
    pub metrics_token: Option<Secret>,
}

impl ApiSettings {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        let require_key = match section.word("require_key", "always", &["always", "unless-loopback"]) {
            "unless-loopback" => RequireKey::UnlessLoopback,
            _ => RequireKey::Always,
        };
        ApiSettings {
            require_key,
            webhook_secret: section.secret("webhook_secret", Secret::parse),
            metrics_token: section.secret("metrics_token", Secret::parse),
        }
    }
}
