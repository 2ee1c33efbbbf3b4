//! Values that must never be seen.

/// A secret: no `Debug`, no `Display`; compared in a time that does not depend on where two differ.
#[derive(Clone)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// Holds `bytes`; `None` where there are none: an empty secret would let everybody in.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Option<Self> {
        let bytes = bytes.into();
        (!bytes.is_empty()).then_some(Secret(bytes))
    }

    /// Is it `shown`?
    pub(crate) fn is(&self, shown: &[u8]) -> bool {
        same(&self.0, shown)
    }

    /// For the one place that signs with it.
    pub(crate) fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Equal, in a time that depends on the lengths alone.
pub(crate) fn same(a: &[u8], b: &[u8]) -> bool {
    let differing = a.iter().zip(b).fold(0, |differing, (a, b)| differing | (a ^ b));
    a.len() == b.len() && std::hint::black_box(differing) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_compared_and_hidden() {
        let secret = Secret::new("abc").unwrap();
        assert!(secret.is(b"abc"));
        for other in ["", "ab", "abd", "abcd"] {
            assert!(!secret.is(other.as_bytes()), "{other}");
        }
        assert_eq!(format!("{secret:?}"), "Secret(…)");
        assert!(Secret::new("").is_none());
    }
}
