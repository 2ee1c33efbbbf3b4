//! Known labels, and how the verdicts compare with them.

use std::collections::BTreeMap;

/// What is known of one client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// A program?
    pub is_bot: bool,
    /// Its family, such as `scrapy`.
    pub family: Option<String>,
}

/// Known clients by address or name.
#[derive(Clone, Debug, Default)]
pub struct Labels(BTreeMap<String, Known>);

/// A line of the label file says nothing usable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LabelError {
    /// Not two or three columns.
    #[error("line {line}: expected client,label[,family], found {found:?}")]
    Columns {
        /// The line, from 1.
        line: usize,
        /// What stands there, cut short.
        found: String,
    },
    /// Neither bot nor human.
    #[error("line {line}: label {found:?} is neither \"bot\" (1, true) nor \"human\" (0, false)")]
    Label {
        /// The line, from 1.
        line: usize,
        /// What stands there, cut short.
        found: String,
    },
}

impl Labels {
    /// Reads `client,label[,family]` lines; a header line, blank lines and `#` comments are skipped.
    ///
    /// # Errors
    /// All lines that cannot be read.
    pub fn read(csv: &str) -> Result<Self, Vec<LabelError>> {
        let (mut labels, mut errors) = (BTreeMap::new(), Vec::new());
        for (at, line) in csv.lines().enumerate() {
            let line = line.trim().trim_start_matches('\u{feff}');
            if line.is_empty() || line.starts_with('#') || (at == 0 && line.starts_with("client,")) {
                continue;
            }
            match read_line(at + 1, line) {
                Ok((client, known)) => drop(labels.insert(client, known)),
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() { Ok(Labels(labels)) } else { Err(errors) }
    }

    /// Every known client.
    pub fn iter(&self) -> impl Iterator<Item = (&String, &Known)> {
        self.0.iter()
    }
}

impl FromIterator<(String, Known)> for Labels {
    fn from_iter<I: IntoIterator<Item = (String, Known)>>(known: I) -> Self {
        Labels(known.into_iter().collect())
    }
}

fn read_line(line: usize, text: &str) -> Result<(String, Known), LabelError> {
    let short = |text: &str| text.chars().take(60).collect::<String>();
    let columns: Vec<&str> = text.split(',').map(|column| column.trim().trim_matches('"')).collect();
    let (client, label, family) = match columns[..] {
        [client, label] => (client, label, None),
        [client, label, family] => (client, label, Some(family.to_owned())),
        _ => return Err(LabelError::Columns { line, found: short(text) }),
    };
    let is_bot = match label.to_ascii_lowercase().as_str() {
        "bot" | "bots" | "1" | "true" => true,
        "human" | "humans" | "0" | "false" => false,
        _ => return Err(LabelError::Label { line, found: short(label) }),
    };
    Ok((client.to_owned(), Known { is_bot, family }))
}

/// Labels against verdicts, counted in clients.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Confusion {
    clients: BTreeMap<String, (Known, Option<bool>)>,
}

/// The four cells, and who was not seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cells {
    /// Programs called bots.
    pub true_positive: u64,
    /// People called bots.
    pub false_positive: u64,
    /// People left in peace.
    pub true_negative: u64,
    /// Programs missed.
    pub false_negative: u64,
    /// Labelled clients that are not in the log.
    pub unseen: u64,
}

impl Confusion {
    /// A label for `client`; the first word on a client stands.
    pub fn label(&mut self, client: &str, is_bot: bool, family: Option<&str>) {
        if !self.clients.contains_key(client) {
            let known = Known { is_bot, family: family.map(str::to_owned) };
            self.clients.insert(client.to_owned(), (known, None));
        }
    }

    /// Fills in what the verdicts said.
    pub fn predict(&mut self, called_bot: impl Fn(&str) -> Option<bool>) {
        for (client, (_, predicted)) in &mut self.clients {
            *predicted = called_bot(client);
        }
    }

    /// The table over all labelled clients.
    pub fn cells(&self) -> Cells {
        count(self.clients.values())
    }

    /// The table per family, where families are known.
    pub fn families(&self) -> BTreeMap<&str, Cells> {
        let mut names: Vec<&str> =
            self.clients.values().filter_map(|(known, _)| known.family.as_deref()).collect();
        names.sort_unstable();
        names.dedup();
        let of = |name: &str| {
            count(self.clients.values().filter(|(known, _)| known.family.as_deref() == Some(name)))
        };
        names.into_iter().map(|name| (name, of(name))).collect()
    }
}

fn count<'a>(clients: impl Iterator<Item = &'a (Known, Option<bool>)>) -> Cells {
    let mut cells = Cells::default();
    for (known, predicted) in clients {
        match (known.is_bot, predicted) {
            (_, None) => cells.unseen += 1,
            (true, Some(true)) => cells.true_positive += 1,
            (true, Some(false)) => cells.false_negative += 1,
            (false, Some(true)) => cells.false_positive += 1,
            (false, Some(false)) => cells.true_negative += 1,
        }
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_read_and_faults_reported_together() {
        let labels = Labels::read("client,label\n192.0.2.1,bot,scrapy\n\n# x\n192.0.2.2, human\n").unwrap();
        assert_eq!(labels.iter().count(), 2);
        let errors = Labels::read("a\n192.0.2.1,maybe\n").unwrap_err();
        assert_eq!(errors.len(), 2);
        assert!(errors[1].to_string().starts_with("line 2: label \"maybe\""));
    }

    #[test]
    fn cells_add_up() {
        let mut confusion = Confusion::default();
        for (client, is_bot) in [("a", true), ("b", true), ("c", false), ("d", false), ("e", false)] {
            confusion.label(client, is_bot, Some("f"));
        }
        confusion.predict(|client| match client {
            "a" | "c" => Some(true),
            "b" | "d" => Some(false),
            _ => None,
        });
        let all_one =
            Cells { true_positive: 1, false_positive: 1, true_negative: 1, false_negative: 1, unseen: 1 };
        assert_eq!(confusion.cells(), all_one);
        assert_eq!(confusion.families()["f"], all_one);
    }
}
