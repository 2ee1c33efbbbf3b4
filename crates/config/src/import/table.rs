//! How the names of a seed are told: what each becomes here, or why it is dropped.

use super::draft::{Done, Draft, Outcome};
use super::given::{Given, ImportError};

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Dotenv,
    Yaml,
    Python,
}

/// Every name of one kind of file.
pub(super) struct Table {
    /// The seed: `000` to `004`.
    pub(super) seed: &'static str,
    /// What the file is called there.
    pub(super) file: &'static str,
    pub(super) form: Form,
    /// Its names; one that ends in `*` stands for all that begin so.
    pub(super) names: &'static [&'static [Name]],
    /// What several names decide together.
    pub(super) finish: fn(&mut Draft) -> Vec<ImportError>,
}

/// One name.
pub(super) struct Name {
    /// As it is written there.
    pub(super) name: &'static str,
    /// What becomes of it.
    pub(super) fate: Fate,
}

/// What becomes of a name.
pub(super) enum Fate {
    /// It sets something here.
    Becomes {
        /// The key, or a few words, for people.
        here: &'static str,
        /// How.
        how: How,
    },
    /// It sets nothing.
    Dropped {
        /// Why, and what to do instead.
        why: &'static str,
    },
}

/// Turns a value into settings.
pub(super) type How = fn(&Given, &mut Draft) -> Done;

impl Table {
    /// Its names.
    pub(super) fn names(&self) -> impl Iterator<Item = &'static Name> + use<> {
        self.names.iter().copied().flatten()
    }

    /// The entry for `name`, written out.
    pub(super) fn exact(&self, name: &str) -> Option<&'static Name> {
        self.names().find(|known| known.name == name)
    }

    /// The entry that stands for all names that begin as `name` does.
    pub(super) fn pattern(&self, name: &str) -> Option<&'static Name> {
        self.names().find(|known| known.name.strip_suffix('*').is_some_and(|prefix| name.starts_with(prefix)))
    }
}

/// `name` sets `here`.
pub(super) const fn becomes(name: &'static str, here: &'static str, how: How) -> Name {
    Name { name, fate: Fate::Becomes { here, how } }
}

/// `name` sets nothing, because of `why`.
pub(super) const fn dropped(name: &'static str, why: &'static str) -> Name {
    Name { name, fate: Fate::Dropped { why } }
}

/// Nothing is decided together.
pub(super) fn nothing_left(_: &mut Draft) -> Vec<ImportError> {
    Vec::new()
}

/// A switch that is on here too: switched off, it switches these detectors off.
pub(super) fn switch(given: &Given, draft: &mut Draft, detectors: &[&str]) -> Done {
    let keys: Vec<String> = detectors.iter().map(|name| format!("detection.{name}.enabled")).collect();
    if given.boolean()? {
        return Ok(Outcome::Mapped(format!("{} (on by itself)", keys.join(", "))));
    }
    for key in &keys {
        draft.set(key, false)?;
    }
    Ok(Outcome::Mapped(keys.join(", ")))
}
