//! The registry of named bounds: whatever a stranger can grow has one, with its reason.
//!
//! Each crate that holds bounds exports `pub const BOUNDS: &[Bound]`; `docs/BOUNDS.md` is generated from those lists,
//! so the value in the document is the value in the code, and a line that misses a column is refused there.

/// One named bound.
///
/// ```
/// use palisade_limits::Bound;
///
/// /// Most rules that are read from one file.
/// const RULES_MAX: usize = 10_000;
///
/// /// The named bounds of this crate.
/// pub const BOUNDS: &[Bound] = &[Bound::new(
///     "crawl.robots_rules_max",
///     RULES_MAX as u64,
///     "rules",
///     "matching looks at each rule of a group",
///     "further rules are ignored and a warning names the line",
/// )];
/// assert!(BOUNDS.iter().all(Bound::is_complete));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    /// `crate.what_unit_max`, unique over the workspace, lower case.
    pub name: &'static str,
    /// The bound itself, or its default where an operator may set it.
    pub value: u64,
    /// What `value` counts: `bytes`, `entries`, `ms`.
    pub unit: &'static str,
    /// Why there is a bound and why this one.
    pub reason: &'static str,
    /// What happens when it is reached: a designed state, never an accident.
    pub when_full: &'static str,
}

impl Bound {
    /// A line of the registry, its columns in the document's order.
    pub const fn new(
        name: &'static str,
        value: u64,
        unit: &'static str,
        reason: &'static str,
        when_full: &'static str,
    ) -> Bound {
        Bound { name, value, unit, reason, when_full }
    }

    /// True where every column says something and the name has the form `crate.what`.
    pub fn is_complete(&self) -> bool {
        let well_named = self
            .name
            .split_once('.')
            .is_some_and(|(of, what)| !of.is_empty() && !what.is_empty())
            && self.name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._".contains(&b));
        well_named && !self.unit.is_empty() && !self.reason.is_empty() && !self.when_full.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_bounds_are_complete() {
        assert!(crate::BOUNDS.iter().all(Bound::is_complete));
    }

    #[test]
    fn a_bound_without_reason_is_not_complete() {
        let bound = crate::BOUNDS[0];
        assert!(!Bound { reason: "", ..bound }.is_complete());
        assert!(!Bound { name: "nocrate", ..bound }.is_complete());
        assert!(!Bound { name: "Limits.X", ..bound }.is_complete());
    }
}
