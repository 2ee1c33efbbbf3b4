//! Names, texts and figures: what people read. They go to terminals, logs and pages.

use serde_json::{Map, Value};

use super::{Checked, count};
use crate::bounds::{
    FIGURE_DEPTH_MAX, FIGURES_MAX, NAME_BYTES_MAX, SETTINGS_MAX, SOURCES_MAX, TEXT_BYTES_MAX, WEAKNESSES_MAX,
};
use crate::error::{ModelError, quoted};
use crate::file::{Card, ModelFile, Trained};
use crate::frame;

/// Name, origin and card of a model.
pub(super) fn head(file: &ModelFile) -> Checked {
    name("id", &file.id)?;
    trained(&file.trained)?;
    card(&file.card)
}

/// Metrics: as many values as there may be, texts like other texts.
pub(super) fn metrics(metrics: &Map<String, Value>) -> Checked {
    let mut figures = 0;
    metrics.iter().try_for_each(|(name, value)| {
        line("metrics", name)?;
        figure(&format!("metrics.{}", quoted(name)), value, 1, &mut figures)
    })
}

/// A name of ours: it becomes part of file names, log lines and labels.
pub(super) fn name(place: &str, text: &str) -> Checked {
    let plain = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(byte);
    if (1..=NAME_BYTES_MAX).contains(&text.len()) && text.as_bytes().iter().all(plain) {
        return Ok(());
    }
    Err(ModelError::Name { place: place.to_owned(), found: quoted(text) })
}

/// One line of anything, not empty.
pub(super) fn line(place: &str, text: &str) -> Checked {
    count(place, text.len(), 0, NAME_BYTES_MAX, "bytes")?;
    printable(place, !text.is_empty() && !text.contains(char::is_control))
}

/// Lines of anything, perhaps none.
fn text(place: &str, text: &str) -> Checked {
    count(place, text.len(), 0, TEXT_BYTES_MAX, "bytes")?;
    printable(place, !text.contains(|c: char| c.is_control() && c != '\n'))
}

fn printable(place: &str, is: bool) -> Checked {
    if is { Ok(()) } else { Err(ModelError::Text { place: place.to_owned() }) }
}

fn trained(trained: &Trained) -> Checked {
    digest("trained.data_sha256", &trained.data_sha256)?;
    count("trained.sources", trained.sources.len(), 0, SOURCES_MAX, "sources")?;
    for (at, source) in trained.sources.iter().enumerate() {
        let place = format!("trained.sources[{at}]");
        line(&format!("{place}.name"), &source.name)?;
        line(&format!("{place}.licence"), &source.licence)?;
        digest(&format!("{place}.sha256"), &source.sha256)?;
    }
    count("trained.settings", trained.settings.len(), 0, SETTINGS_MAX, "settings")?;
    trained.settings.iter().try_for_each(|(name, value)| {
        line("trained.settings", name)?;
        text(&format!("trained.settings.{}", quoted(name)), value)
    })
}

fn card(card: &Card) -> Checked {
    text("card.summary", &card.summary)?;
    text("card.data", &card.data)?;
    text("card.trust", &card.trust)?;
    count("card.weaknesses", card.weaknesses.len(), 0, WEAKNESSES_MAX, "weaknesses")?;
    card.weaknesses
        .iter()
        .enumerate()
        .try_for_each(|(at, weakness)| text(&format!("card.weaknesses[{at}]"), weakness))
}

fn digest(place: &str, digits: &str) -> Checked {
    if frame::is_digest(digits.as_bytes()) {
        return Ok(());
    }
    Err(ModelError::Digest { place: place.to_owned() })
}

/// One figure with all in it; `place` is that of its name among the metrics.
fn figure(place: &str, value: &Value, depth: usize, figures: &mut usize) -> Checked {
    *figures += 1;
    count("metrics", *figures, 0, FIGURES_MAX, "values")?;
    count(place, depth, 0, FIGURE_DEPTH_MAX, "levels")?;
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
        Value::String(said) => text(place, said),
        Value::Array(values) => values.iter().try_for_each(|value| figure(place, value, depth + 1, figures)),
        Value::Object(values) => values.iter().try_for_each(|(name, value)| {
            line(place, name)?;
            figure(place, value, depth + 1, figures)
        }),
    }
}
