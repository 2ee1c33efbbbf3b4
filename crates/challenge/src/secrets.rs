//! All keys of one installation, derived from one secret of 256 random bits (HKDF-SHA-256, RFC 5869).

use ring::{hkdf, hmac};

/// The keys. Has no `Debug`: they must not reach a log.
pub struct Secrets {
    /// Signs tickets.
    pub(crate) ticket: hmac::Key,
    /// Signs passes.
    pub(crate) pass: hmac::Key,
    /// Chooses the solutions of puzzles.
    pub(crate) work: hmac::Key,
    /// Signs the steps that need no script.
    pub(crate) step: hmac::Key,
    /// Makes site keys and their secrets.
    pub(crate) site: hmac::Key,
    /// Makes the key of each sealed body.
    pub(crate) seal: hmac::Key,
    /// Keys of tables: hashes that nobody outside can aim at.
    pub(crate) table: [u64; 2],
}

impl Secrets {
    /// The keys that follow from `master`.
    pub fn derive(master: &[u8; 32]) -> Self {
        let prk = hkdf::Salt::new(hkdf::HKDF_SHA256, b"palisade challenge v1").extract(master);
        let bytes = |label: &str| {
            let mut out = [0; 32];
            let label = [label.as_bytes()];
            let okm = prk.expand(&label, hkdf::HKDF_SHA256).expect("32 bytes are less than 255 blocks");
            okm.fill(&mut out).expect("the length is that of the hash");
            out
        };
        let key = |label| hmac::Key::new(hmac::HMAC_SHA256, &bytes(label));
        let table = bytes("table");
        let word =
            |at: usize| table[at..at + 8].iter().fold(0, |word: u64, byte| word << 8 | u64::from(*byte));
        Secrets {
            ticket: key("ticket"),
            pass: key("pass"),
            work: key("work"),
            step: key("step"),
            site: key("site"),
            seal: key("seal"),
            table: [word(0), word(8)],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_one_of_its_own_and_another_secret_gives_others() {
        let tags = |master| {
            let Secrets { ticket, pass, work, step, site, seal, table } = Secrets::derive(master);
            let mut tags: Vec<Vec<u8>> = [ticket, pass, work, step, site, seal]
                .iter()
                .map(|key| hmac::sign(key, b"").as_ref().to_vec())
                .collect();
            tags.extend(table.map(|word| word.to_be_bytes().to_vec()));
            tags
        };
        let (one, same, other) = (tags(&[1; 32]), tags(&[1; 32]), tags(&[2; 32]));
        assert_eq!(one, same);
        let all: std::collections::HashSet<_> = one.iter().chain(&other).collect();
        assert_eq!(all.len(), one.len() + other.len());
    }
}
