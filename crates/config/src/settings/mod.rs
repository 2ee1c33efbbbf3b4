//! The validated form: one struct per section, its defaults in its `Default`.

mod api;
mod audit;
mod challenge;
mod crawl;
mod detection;
mod entries;
mod intel;
mod limits;
mod listen;
mod model;
mod policy;
mod privacy;
mod rule;
mod secret;
mod server;
mod site;
mod store;
mod upstream;
mod visitor_prefix;

pub use api::{ApiSettings, RequireKey};
pub use audit::AuditSettings;
pub use challenge::{ChallengeSettings, OpenGraphSettings, RequireTokenSettings, ThemeSettings};
pub use crawl::{CrawlSettings, TrustedAgent};
pub use detection::{DetectionSettings, DetectorSettings};
pub use entries::EntrySettings;
pub use intel::{Dns, IntelSettings};
pub use limits::{LimitsSettings, PathRate, RateSettings};
pub use listen::Listen;
pub use model::ModelSettings;
pub use policy::{Bands, OnFailure, PRESETS, PolicySettings};
pub use privacy::PrivacySettings;
pub use rule::{RuleEffect, RuleEntry, RuleSettings};
pub use secret::Secret;
pub use server::{Role, ServerSettings, TrustedProxy};
pub use site::SiteSettings;
pub use store::{Hot, Records, StoreSettings};
pub use upstream::Upstream;
pub use visitor_prefix::VisitorPrefix;

use crate::section::Section;

/// Settings that may lie in a file of their own (`PALISADE_…_FILE`).
pub(crate) const SECRETS: [&str; 3] = ["challenge.secret", "api.webhook_secret", "api.metrics_token"];

/// Sections of features that are still to come.
const LATER: [&str; 8] = ["tls", "admin", "alerts", "waf", "advisor", "plugins", "cdn", "ocr"];

/// Everything that can be set.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    /// `[server]`
    pub server: ServerSettings,
    /// `[[sites]]`, in file order. Empty where none is given.
    pub sites: Vec<SiteSettings>,
    /// `[policy]`
    pub policy: PolicySettings,
    /// `[detection]`
    pub detection: DetectionSettings,
    /// `[model]`
    pub model: ModelSettings,
    /// `[challenge]`
    pub challenge: ChallengeSettings,
    /// `[store]`
    pub store: StoreSettings,
    /// `[privacy]`
    pub privacy: PrivacySettings,
    /// `[api]`
    pub api: ApiSettings,
    /// `[limits]`
    pub limits: LimitsSettings,
    /// `[intel]`
    pub intel: IntelSettings,
    /// `[crawl]`
    pub crawl: CrawlSettings,
    /// `[audit]`
    pub audit: AuditSettings,
}

impl Settings {
    pub(crate) fn read(mut root: Section<'_>, detectors: &[&str]) -> Self {
        let settings = Settings {
            server: root.table("server", ServerSettings::read),
            sites: site::read_all(&mut root),
            policy: root.table("policy", PolicySettings::read),
            detection: root.table("detection", |section| DetectionSettings::read(section, detectors)),
            model: root.table("model", ModelSettings::read),
            challenge: root.table("challenge", ChallengeSettings::read),
            store: root.table("store", StoreSettings::read),
            privacy: root.table("privacy", PrivacySettings::read),
            api: root.table("api", ApiSettings::read),
            limits: root.table("limits", LimitsSettings::read),
            intel: root.table("intel", IntelSettings::read),
            crawl: root.table("crawl", CrawlSettings::read),
            audit: root.table("audit", AuditSettings::read),
        };
        for key in LATER {
            root.forbid(key, "not built yet; remove this section until a release has it");
        }
        root.refuse_unknown();
        settings
    }
}
