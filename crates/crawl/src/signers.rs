//! Who signs: origins of Web Bot Auth whose operator is known. A valid signature of an origin that is in no list proves
//! only that somebody holds that domain.

use palisade_domain::IdentityClass;

/// One known signer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signer {
    /// Its origin in normal form: `https://host`.
    pub origin: &'static str,
    /// What kind of client it is.
    pub class: IdentityClass,
    /// Its name.
    pub name: &'static str,
}

/// Signers that ship with this build (operators' own documentation).
pub const BUILTIN: &[Signer] =
    &[Signer { origin: "https://chatgpt.com", class: IdentityClass::Ai, name: "ChatGPT agent" }];

/// All signers an installation trusts.
#[derive(Clone, Debug)]
pub struct Signers(Vec<Signer>);

impl Default for Signers {
    fn default() -> Self {
        Signers(BUILTIN.to_vec())
    }
}

impl Signers {
    /// Those that ship, and `more`; the operator's word about an origin wins.
    pub fn with(more: impl IntoIterator<Item = Signer>) -> Self {
        let mut all: Vec<Signer> = more.into_iter().collect();
        all.extend_from_slice(BUILTIN);
        Signers(all)
    }

    /// The signer of `origin`.
    pub fn of(&self, origin: &str) -> Option<&Signer> {
        self.0.iter().find(|signer| signer.origin == origin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signature::{AgentUrl, Kind};

    #[test]
    fn origins_are_in_normal_form() {
        for signer in BUILTIN {
            let agent = AgentUrl::parse(signer.origin, Kind::Directory).unwrap();
            assert_eq!(agent.origin, signer.origin);
            assert!(signer.class.is_program(), "{}", signer.name);
        }
    }

    #[test]
    fn the_operators_word_wins() {
        let own = Signer { origin: "https://chatgpt.com", class: IdentityClass::Tool, name: "ours" };
        let signers = Signers::with([own]);
        assert_eq!(signers.of("https://chatgpt.com").map(|signer| signer.name), Some("ours"));
        assert_eq!(signers.of("https://elsewhere.example"), None);
    }
}
