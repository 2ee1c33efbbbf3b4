//! How the challenge page looks: neutral unless the operator chose a name, an accent or a style sheet.

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The style of every page.
const STYLE: &str = include_str!("../templates/challenge.css");

/// Longest name above the heading, in characters.
pub const NAME_CHARS_MAX: usize = 80;
/// Longest style sheet of the operator's, in bytes: the page stays within its 15 KiB.
pub const CSS_BYTES_MAX: usize = 4 * 1024;

/// What `[challenge] theme` says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ThemeSettings {
    /// The site's name, above the heading.
    pub name: Option<String>,
    /// Accent colour in light mode, `#rgb` or `#rrggbb`.
    pub accent: Option<String>,
    /// Accent colour in dark mode; that of light mode where it is missing.
    pub accent_dark: Option<String>,
    /// Appended to the style of the page. Custom properties: `--ink --soft --paper --line --accent --on-accent --font
    /// --width`.
    pub css: Option<String>,
}

/// What is wrong with a theme.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ThemeFault {
    /// Not a colour.
    #[error("{key}: {value:?} is no colour; write #rgb or #rrggbb")]
    Colour {
        /// Which colour.
        key: &'static str,
        /// What was written.
        value: String,
    },
    /// The name is too long.
    #[error("name: it has {chars} characters; at most {NAME_CHARS_MAX} fit")]
    Name {
        /// How many it has.
        chars: usize,
    },
    /// The style sheet is too long.
    #[error("css: it has {bytes} bytes; at most {CSS_BYTES_MAX} fit")]
    Css {
        /// How many it has.
        bytes: usize,
    },
    /// The style sheet would end the element it stands in, or load something.
    #[error("css: it contains {text:?}, but can neither hold markup nor load anything")]
    CssText {
        /// What it contains.
        text: &'static str,
    },
}

/// A checked theme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Theme {
    name: Option<String>,
    style: String,
    digest: String,
}

impl Theme {
    /// That of `settings`.
    ///
    /// # Errors
    /// The first thing that is wrong with them.
    pub fn new(settings: &ThemeSettings) -> Result<Self, ThemeFault> {
        let name = settings.name.as_deref().map(str::trim).filter(|name| !name.is_empty());
        let chars = name.map_or(0, |name| name.chars().count());
        if chars > NAME_CHARS_MAX {
            return Err(ThemeFault::Name { chars });
        }
        let mut style = STYLE.trim_end().to_owned();
        if let Some(accent) = &settings.accent {
            let colour = colour("accent", accent)?;
            style.push_str(&format!(":root{{--accent:{colour};--on-accent:{}}}", ink_on(accent)));
        }
        if let Some(accent) = settings.accent_dark.as_ref().or(settings.accent.as_ref()) {
            let colour = colour("accent_dark", accent)?;
            style.push_str(&format!(
                "@media (prefers-color-scheme:dark){{:root{{--accent:{colour};--on-accent:{}}}}}",
                ink_on(accent)
            ));
        }
        if let Some(css) = &settings.css {
            style.push_str(checked(css)?);
        }
        let digest = ring::digest::digest(&ring::digest::SHA256, style.as_bytes());
        Ok(Theme {
            name: name.map(str::to_owned),
            digest: format!("'sha256-{}'", STANDARD.encode(digest)),
            style,
        })
    }

    /// Nobody's in particular.
    pub fn neutral() -> &'static Theme {
        static NEUTRAL: LazyLock<Theme> =
            LazyLock::new(|| Theme::new(&ThemeSettings::default()).expect("no setting has no fault"));
        &NEUTRAL
    }

    /// The site's name, where one is shown.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The style sheet.
    pub fn style(&self) -> &str {
        &self.style
    }

    /// Its digest, as a content security policy names it.
    pub fn digest(&self) -> &str {
        &self.digest
    }
}

fn colour<'a>(key: &'static str, text: &'a str) -> Result<&'a str, ThemeFault> {
    let digits = text.strip_prefix('#').unwrap_or("");
    let right = matches!(digits.len(), 3 | 6) && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    if right { Ok(text) } else { Err(ThemeFault::Colour { key, value: text.chars().take(40).collect() }) }
}

/// Black or white, whichever reads better on `colour` (WCAG 2.2, contrast ratio).
fn ink_on(colour: &str) -> &'static str {
    let digits = colour.trim_start_matches('#').as_bytes();
    let hex = |at: usize| (digits.get(at).copied().unwrap_or(b'0') as char).to_digit(16).unwrap_or(0);
    let channel = |n: usize| {
        let value = if digits.len() == 3 { hex(n) * 17 } else { hex(2 * n) * 16 + hex(2 * n + 1) };
        let value = f64::from(value) / 255.0;
        if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    let luminance = 0.2126 * channel(0) + 0.7152 * channel(1) + 0.0722 * channel(2);
    // Equal contrast with black and white: (L + .05)² = 1.05 × .05.
    if luminance > 0.179 { "#000" } else { "#fff" }
}

fn checked(css: &str) -> Result<&str, ThemeFault> {
    if css.len() > CSS_BYTES_MAX {
        return Err(ThemeFault::Css { bytes: css.len() });
    }
    let lower = css.to_ascii_lowercase();
    match ["<", "@import", "url(", "\\"].into_iter().find(|text| lower.contains(text)) {
        Some(text) => Err(ThemeFault::CssText { text }),
        None => Ok(css),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(change: impl FnOnce(&mut ThemeSettings)) -> Result<Theme, ThemeFault> {
        let mut settings = ThemeSettings::default();
        change(&mut settings);
        Theme::new(&settings)
    }

    #[test]
    fn a_theme_is_checked() {
        assert_eq!(with(|t| t.name = Some(" ".into())).unwrap().name(), None);
        assert_eq!(with(|t| t.name = Some("Café".into())).unwrap().name(), Some("Café"));
        assert!(matches!(with(|t| t.name = Some("é".repeat(81))), Err(ThemeFault::Name { chars: 81 })));
        for bad in ["red", "#12", "#12345", "#ggg", "#123;}", ""] {
            assert!(matches!(with(|t| t.accent = Some(bad.into())), Err(ThemeFault::Colour { .. })), "{bad}");
        }
        for bad in ["</style>", "@IMPORT 'x'", "a{background:URL(//x)}", "a{content:'\\75rl('}"] {
            assert!(matches!(with(|t| t.css = Some(bad.into())), Err(ThemeFault::CssText { .. })), "{bad}");
        }
        assert!(matches!(with(|t| t.css = Some("a".repeat(5_000))), Err(ThemeFault::Css { bytes: 5_000 })));
    }

    #[test]
    fn accents_are_readable() {
        let check = |accent: &str, ink: &str| assert_eq!(ink_on(accent), ink, "{accent}");
        check("#000", "#fff");
        check("#ffffff", "#000");
        check("#0b57d0", "#fff");
        check("#ffd400", "#000");
        let theme = with(|t| t.accent = Some("#ffd400".into())).unwrap();
        assert!(theme.style().contains("--accent:#ffd400;--on-accent:#000"));
        assert_ne!(theme.digest(), Theme::neutral().digest());
    }
}
