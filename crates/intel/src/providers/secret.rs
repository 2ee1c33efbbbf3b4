//! Values that must never be seen.

/// A provider's secret: no `Debug` of what it holds, no `Display`.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Holds `text`; `None` where there is none.
    pub fn new(text: impl Into<String>) -> Option<Self> {
        let text = text.into();
        (!text.is_empty()).then_some(Secret(text))
    }

    /// For the one place that sends it.
    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_hidden_and_never_empty() {
        assert_eq!(format!("{:?}", Secret::new("0xabc").unwrap()), "Secret(…)");
        assert!(Secret::new("").is_none());
    }
}
