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

type Checked = Result<(), ModelError>;

/// Everything.
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
    // Last: only what is sound is surely JSON.
    count("the file", write::file_bytes(file), 0, FILE_BYTES_MAX, "bytes")
}

fn schema(schema: &Schema, expect: &Expect<'_>) -> Checked {
    if schema.id != expect.schema_id {
        let (found, expected) = (quoted(&schema.id), expect.schema_id.to_owned());
        return Err(ModelError::OtherSchema { found, expected });
    }
    count("schema.features", schema.features.len(), 0, FEATURES_MAX, "features")?;
    let (found, expected) = (&schema.features, expect.features);
    let length = found.len().max(expected.len());
    let different = |at: &usize| found.get(*at).map(String::as_str) != expected.get(*at).copied();
    if let Some(at) = (0..length).find(different) {
        let name = |name: Option<&str>| name.map_or_else(|| "none".to_owned(), quoted);
        return Err(ModelError::OtherFeature {
            at,
            found: name(found.get(at).map(String::as_str)),
            expected: name(expected.get(at).copied()),
        });
    }
    let mut names = BTreeSet::new();
    for (at, feature) in schema.features.iter().enumerate() {
        let place = format!("schema.features[{at}]");
        texts::line(&place, feature)?;
        once(&place, &mut names, feature)?;
    }
    Ok(())
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
