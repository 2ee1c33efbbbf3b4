//! Labelled interactions: our lines of them, the body of `/api/store`, and seed 000's stored files, read alike.

use serde_json::Value;

use super::read::{Raw, Said, is_word};
use super::trace::Trace;
use crate::code::Code;

/// Longest family or group that is stored.
const WORD_BYTES_MAX: usize = 64;

/// A trace and what is known about it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Interaction {
    /// What the hand did.
    pub trace: Trace,
    /// Who it was, where somebody said so.
    pub label: Said,
    /// Which kind of program or data it is from.
    pub family: Option<String>,
    /// What must stay together when data are split: a person, a recording.
    pub group: Option<String>,
    /// The session that seed 000 gave it.
    pub session_id: Option<String>,
    /// The number that seed 000 gave it.
    pub id: Option<String>,
}

impl Interaction {
    /// Reads one: the widget's `data` object with `label`, `family` and `group` beside it; or a file of seed 000
    /// (`interaction_data`, `load_timestamp`, `user_agent` in parts, `session_id`, `interaction_id`).
    ///
    /// # Errors
    /// As [`Trace::read`].
    pub fn read(json: &[u8]) -> Result<Self, Code> {
        let mut raw = Raw::read(json)?;
        Ok(Interaction {
            label: raw.label,
            family: raw.family.0.take(),
            group: raw.group.0.take(),
            session_id: raw.session_id.0.take(),
            id: raw.interaction_id.0.take(),
            trace: raw.into_trace()?,
        })
    }

    /// What may be stored: [`Trace::to_json`] with the family and with what must stay together (the group, else the session).
    /// The label is not in it: that may change.
    pub fn to_json(&self) -> String {
        let mut data = self.trace.to_map();
        let group = self.group.as_ref().or(self.session_id.as_ref());
        for (name, text) in [("family", self.family.as_ref()), ("group", group)] {
            if let Some(text) = text.filter(|text| text.len() <= WORD_BYTES_MAX && is_word(text)) {
                data.insert(name.to_owned(), Value::String(text.clone()));
            }
        }
        Value::Object(data).to_string()
    }
}
