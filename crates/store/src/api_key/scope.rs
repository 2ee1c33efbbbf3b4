//! What a key may do.

use std::fmt;
use std::str::FromStr;

/// One thing a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// Ask for verdicts.
    Check,
    /// Say who it was.
    Feedback,
    /// Store interactions and labels.
    Store,
    /// Start training.
    Train,
    /// Read and change the lists.
    List,
    /// Read counts, reputations and recommendations.
    Stats,
    /// Hand requests to slow opinions.
    Escalate,
    /// Everything.
    Admin,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Scope; 8] = [
        Scope::Check,
        Scope::Feedback,
        Scope::Store,
        Scope::Train,
        Scope::List,
        Scope::Stats,
        Scope::Escalate,
        Scope::Admin,
    ];

    /// The name used on the surface and in the database.
    pub fn name(self) -> &'static str {
        match self {
            Scope::Check => "check",
            Scope::Feedback => "feedback",
            Scope::Store => "store",
            Scope::Train => "train",
            Scope::List => "list",
            Scope::Stats => "stats",
            Scope::Escalate => "escalate",
            Scope::Admin => "admin",
        }
    }

    fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// Some text names no scope.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no scope; scopes are check, feedback, store, train, list, stats, escalate, admin")]
pub struct UnknownScope(pub String);

impl FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(name: &str) -> Result<Self, UnknownScope> {
        let known = Scope::ALL.into_iter().find(|scope| scope.name() == name);
        known.ok_or_else(|| UnknownScope(name.chars().take(32).collect()))
    }
}

/// What a key may do, all of it. As text: names with commas between.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Scopes(u8);

impl Scopes {
    /// Exactly these.
    pub fn of(scopes: &[Scope]) -> Self {
        Scopes(scopes.iter().fold(0, |bits, scope| bits | scope.bit()))
    }

    /// May it do `scope`? `admin` may do everything.
    pub fn allow(self, scope: Scope) -> bool {
        self.0 & (scope.bit() | Scope::Admin.bit()) != 0
    }

    /// Those that were named, in the order of [`Scope::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().filter(move |scope| self.0 & scope.bit() != 0)
    }

    /// True where there are none: such a key opens nothing.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, scope) in self.iter().enumerate() {
            let comma = if n == 0 { "" } else { "," };
            write!(f, "{comma}{}", scope.name())?;
        }
        Ok(())
    }
}

impl FromStr for Scopes {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        let named = text.split(',').map(|name| name.trim().parse::<Scope>());
        Ok(Scopes::of(&named.collect::<Result<Vec<_>, _>>()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_read_and_written() {
        let check = |text: &str, expect: &str| {
            assert_eq!(text.parse::<Scopes>().unwrap().to_string(), expect, "{text}");
        };
        check("check", "check");
        check("feedback, check,check", "check,feedback");
        check("admin,stats,list,train,store,escalate", "store,train,list,stats,escalate,admin");
        for bad in ["", ",", "check,", "Check", "everything"] {
            assert!(bad.parse::<Scopes>().is_err(), "{bad}");
        }
    }

    #[test]
    fn admin_may_do_everything() {
        for scope in Scope::ALL {
            assert!(Scopes::of(&[Scope::Admin]).allow(scope));
            assert_eq!(Scopes::of(&[Scope::Check]).allow(scope), scope == Scope::Check);
            assert!(!Scopes::default().allow(scope));
        }
    }
}
