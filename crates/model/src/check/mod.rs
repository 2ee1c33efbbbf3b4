//! What makes a model file a model: one function per part, the first fault ends it.
//!
//! Sizes come before contents, and the schema before everything that speaks of its features.

pub(crate) mod form;
mod numbers;
mod texts;
mod view;

use std::collections::BTreeSet;

use crate::bounds::{FEATURES_MAX, FILE_BYTES_MAX, VIEWS_MAX};
use crate::error::{ModelError, quoted};
use crate::file::{ModelFile, Schema};
use crate::model::Expect;
use crate::write;

/// Features that are named where a release lacks more.
const UNKNOWN_NAMED: usize = 5;

type Checked = Result<(), ModelError>;

/// Everything but its length.
pub(crate) fn model(file: &ModelFile, expect: &Expect<'_>) -> Checked {
    schema(&file.schema, expect)?;
    texts::head(file)?;
    texts::metrics(&file.metrics)?;
    if file.contribution_max != f32::INFINITY {
        numbers::log_odds("contribution_max", file.contribution_max, 0.0)?;
    }
    count("views", file.views.len(), 1, VIEWS_MAX, "views")?;
    let (mut names, mut vantages) = (BTreeSet::new(), BTreeSet::new());
    for (at, view) in file.views.iter().enumerate() {
        let place = format!("views[{at}]");
        texts::name(&format!("{place}.name"), &view.name)?;
        once(&place, &mut names, &view.name)?;
        view::vantages(&place, view, expect.vantages, &mut vantages)?;
        view::view(&place, view, file.kind, file.schema.features.len())?;
    }
    Ok(())
}

/// That its file will not be beyond its bound. Of a file that is sound otherwise: only such a one is surely JSON.
pub(crate) fn length(file: &ModelFile) -> Checked {
    count("the file", write::file_bytes(file), 0, FILE_BYTES_MAX, "bytes")
}

/// What a release makes is found by name: it may have more features than the model, in another order.
fn schema(schema: &Schema, expect: &Expect<'_>) -> Checked {
    if schema.id != expect.schema_id {
        let (found, expected) = (quoted(&schema.id), expect.schema_id.to_owned());
        return Err(ModelError::OtherSchema { found, expected });
    }
    count("schema.features", schema.features.len(), 0, FEATURES_MAX, "features")?;
    let mut names = BTreeSet::new();
    for (at, feature) in schema.features.iter().enumerate() {
        let place = format!("schema.features[{at}]");
        texts::line(&place, feature)?;
        once(&place, &mut names, feature)?;
    }
    let unknown = |name: &&String| !expect.features.contains(&name.as_str());
    let unknown: Vec<&String> = schema.features.iter().filter(unknown).collect();
    if unknown.is_empty() {
        return Ok(());
    }
    let named = unknown.iter().take(UNKNOWN_NAMED).map(|name| quoted(name)).collect::<Vec<_>>();
    Err(ModelError::UnknownNames {
        found: named.join(", "),
        more: unknown.len().saturating_sub(UNKNOWN_NAMED),
    })
}

/// A number of entries between its bounds.
pub(crate) fn count(place: &str, found: usize, min: usize, max: usize, unit: &'static str) -> Checked {
    if found < min {
        return Err(ModelError::TooFew { place: place.to_owned(), found, min });
    }
    if found > max {
        return Err(ModelError::TooLarge { place: place.to_owned(), found, max, unit });
    }
    Ok(())
}

/// A name that was not there before.
fn once<'a>(place: &str, seen: &mut BTreeSet<&'a str>, name: &'a str) -> Checked {
    if seen.insert(name) {
        return Ok(());
    }
    Err(ModelError::Twice { place: place.to_owned(), what: quoted(name) })
}

#[cfg(test)]
mod tests;
