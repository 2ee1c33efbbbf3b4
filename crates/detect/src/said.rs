//! What a user agent says, read once and remembered: few texts make most of the traffic.
//!
//! Reading one costs more than all other gathering together, and depends on its text alone. What is remembered is
//! found by a keyed 64-bit hash, so nobody outside can make two texts meet; forgetting changes no verdict, only its cost.

use palisade_crawl::agents::{Agents, Claim};
use palisade_domain::Fact;
use palisade_fingerprint::user_agent::{self, Detached, UserAgent};
use palisade_limits::{BoundedTable, BoundedTableSettings};

use crate::detectors::{ua_automation, ua_version};
use crate::history::HistoryKeys;

/// Most user agents whose reading is remembered.
pub const AGENTS_MAX: usize = 4_096;

/// What one user agent says.
#[derive(Clone, Copy, Debug, Default)]
pub struct Said<'a> {
    /// Keyed hash of its text; `None` where it is absent or unseen.
    pub key: Option<u64>,
    /// What it says it is; `None` where it is absent, unseen or blank.
    pub user_agent: Option<UserAgent<'a>>,
    /// The program it claims to be, by name or shape.
    pub claim: Claim,
    /// The word by which a driven browser gives itself away.
    pub driven: Option<&'static str>,
    /// True where its parts contradict each other, see `ua_version`.
    pub contradicts: bool,
}

/// Reads user agents.
#[derive(Debug)]
pub(crate) struct Reader {
    agents: &'static Agents,
    read: BoundedTable<Read>,
}

/// One reading.
#[derive(Clone, Copy, Debug)]
struct Read {
    user_agent: Detached,
    claim: Claim,
    driven: Option<&'static str>,
    contradicts: bool,
}

impl Reader {
    /// A reader that has read nothing yet.
    pub(crate) fn new() -> Self {
        let settings = BoundedTableSettings { name: "said.agents", entries_max: AGENTS_MAX };
        Reader { agents: builtin(), read: BoundedTable::new(settings) }
    }

    /// What `text` says.
    pub(crate) fn read<'a>(&self, text: Fact<&'a str>, keys: &HistoryKeys) -> Said<'a> {
        let Fact::Known(text) = text else { return Said::default() };
        let key = keys.agent(text);
        if text.trim().is_empty() {
            return Said { key: Some(key), ..Said::default() };
        }
        let read = self.read.update(key, || self.read_anew(text), |read, _| *read);
        let user_agent = Some(read.user_agent.attach(text));
        let Read { claim, driven, contradicts, .. } = read;
        Said { key: Some(key), user_agent, claim, driven, contradicts }
    }

    fn read_anew(&self, text: &str) -> Read {
        let user_agent = user_agent::parse(text);
        Read {
            user_agent: user_agent.detach(text),
            claim: self.agents.claim(text),
            driven: ua_automation::word_in(text),
            contradicts: ua_version::contradicts_itself(text, &user_agent),
        }
    }

    /// Memory of what is remembered, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.read.bytes()
    }
}

/// The list of programs is built once per process: it is large and never changes.
fn builtin() -> &'static Agents {
    static AGENTS: std::sync::OnceLock<Agents> = std::sync::OnceLock::new();
    AGENTS.get_or_init(Agents::builtin)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::HashSeed;

    fn reader() -> (Reader, HistoryKeys) {
        (Reader::new(), HistoryKeys::new(HashSeed([1, 2])))
    }

    #[test]
    fn the_second_reading_is_the_first() {
        let (reader, keys) = reader();
        let agents = ["curl/8.5.0", "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0"];
        for text in agents.iter().chain(&agents) {
            let said = reader.read(Fact::Known(text), &keys);
            assert_eq!(said.user_agent, Some(user_agent::parse(text)));
            assert_eq!(said.claim, builtin().claim(text));
        }
        assert_eq!(reader.read.len(), 2);
    }

    #[test]
    fn a_blank_agent_has_a_key_and_says_nothing() {
        let (reader, keys) = reader();
        let said = reader.read(Fact::Known("  "), &keys);
        assert!(said.key.is_some() && said.user_agent.is_none());
        assert!(reader.read(Fact::Absent, &keys).key.is_none());
    }

    #[test]
    fn any_number_of_agents_is_read_and_some_are_remembered() {
        let (reader, keys) = reader();
        for n in 0..2 * AGENTS_MAX {
            let text = format!("thing{n}/1.0");
            assert_eq!(reader.read(Fact::Known(&text), &keys).user_agent, Some(user_agent::parse(&text)));
        }
        assert!(reader.read.len() <= AGENTS_MAX && reader.bytes() < 2 << 20, "{}", reader.bytes());
    }
}
