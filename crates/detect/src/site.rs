//! What the operator said about a site; set once, read by detectors.

use palisade_crawl::robots::Robots;

/// Facts about one site that detectors may use.
#[derive(Debug, Default)]
pub struct SiteProfile {
    /// The site's robots rules; `None` where unknown.
    pub robots: Option<Robots>,
    /// Form fields that people never see, such as `website`. Empty unless the site names one or the widget put it.
    pub honeypot_fields: Vec<String>,
    /// Paths that nothing links to visibly.
    pub trap_paths: Vec<String>,
    /// Paths of login forms, beside the well-known ones.
    pub login_paths: Vec<String>,
    /// The form field or header that carries the script token, where the widget puts one.
    pub script_token: Option<String>,
}
