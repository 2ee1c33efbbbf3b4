//! What is known, what is known to be missing, and what could not be seen.

/// One fact about a request, as seen from one [`crate::Vantage`].
///
/// `Absent` and `Unseen` are different evidence: a browser that sent no `Accept-Language` is odd, a log line that
/// has no column for it says nothing. A detector that needs an `Unseen` fact returns no signal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Fact<T> {
    /// The value, as the client sent it.
    Known(T),
    /// We looked, and the client did not send it.
    Absent,
    /// From this vantage nobody could have seen it.
    #[default]
    Unseen,
}

impl<T> Fact<T> {
    /// `Known` for `Some`, `Absent` for `None`: for vantages that do see the fact.
    pub fn seen(value: Option<T>) -> Self {
        match value {
            Some(value) => Fact::Known(value),
            None => Fact::Absent,
        }
    }

    /// The value where it is known.
    pub fn known(self) -> Option<T> {
        match self {
            Fact::Known(value) => Some(value),
            Fact::Absent | Fact::Unseen => None,
        }
    }

    /// True unless the vantage could not see the fact.
    pub fn is_seen(&self) -> bool {
        !matches!(self, Fact::Unseen)
    }

    /// True where the client is known not to have sent it.
    pub fn is_absent(&self) -> bool {
        matches!(self, Fact::Absent)
    }

    /// True where a value is known.
    pub fn is_known(&self) -> bool {
        matches!(self, Fact::Known(_))
    }

    /// `Some(None)` for `Absent`, `None` for `Unseen`: lets `?` leave a detector that cannot see.
    pub fn look(self) -> Option<Option<T>> {
        match self {
            Fact::Known(value) => Some(Some(value)),
            Fact::Absent => Some(None),
            Fact::Unseen => None,
        }
    }

    /// Applies `f` to a known value.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Fact<U> {
        match self {
            Fact::Known(value) => Fact::Known(f(value)),
            Fact::Absent => Fact::Absent,
            Fact::Unseen => Fact::Unseen,
        }
    }

    /// A fact about a reference to the value.
    pub fn as_ref(&self) -> Fact<&T> {
        match self {
            Fact::Known(value) => Fact::Known(value),
            Fact::Absent => Fact::Absent,
            Fact::Unseen => Fact::Unseen,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_and_unseen_are_told_apart() {
        assert_eq!(Fact::seen(None::<u8>), Fact::Absent);
        assert_eq!(Fact::<u8>::Unseen.look(), None);
        assert_eq!(Fact::<u8>::Absent.look(), Some(None));
        assert_eq!(Fact::Known(1).map(|n| n + 1), Fact::Known(2));
    }
}
