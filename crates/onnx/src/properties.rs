//! What the file says of itself: `palisade.` properties beside the graph (`metadata_props`).
//!
//! | property | says |
//! |---|---|
//! | `palisade.schema` | the schema of its features, `http-1` |
//! | `palisade.features` | their names, in the order of its input, with commas between them |
//! | `palisade.unseen` | `nan` where it takes no number for what was not seen; else `palisade.means` stand for it, or 0 |
//! | `palisade.means` | a number for each feature, in the same order |
//! | `palisade.bound` | most log-odds it may add to the tables, or `none`: it stands in their place; else [`BOUND_USUAL`] |

use palisade_model::Expect;
use palisade_model::bounds::{FEATURES_MAX, LOG_ODDS_MAX};
use tract_onnx::pb::StringStringEntryProto;

use crate::error::{OnnxError, quoted, within};

/// Most log-odds that a model may add whose file says nothing of it: less than a challenge takes, as for the model that ships.
pub const BOUND_USUAL: f32 = 3.8;

const SCHEMA: &str = "palisade.schema";
const FEATURES: &str = "palisade.features";
const UNSEEN: &str = "palisade.unseen";
const MEANS: &str = "palisade.means";
const BOUND: &str = "palisade.bound";
const KEYS: [&str; 5] = [SCHEMA, FEATURES, UNSEEN, MEANS, BOUND];

/// Names that are told where a release lacks more.
const NAMED: usize = 5;

/// What a file wants of a release.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Properties {
    /// The release's position of each input, in the order of the file.
    pub(crate) features: Box<[u16]>,
    /// What each input is where it was not seen; no number where the model takes none.
    pub(crate) unseen: Box<[f32]>,
    /// Most log-odds it may add; infinite where it stands in the tables' place.
    pub(crate) bound: f32,
}

/// Reads the properties among `all`; those without our prefix are the converter's own.
///
/// # Errors
/// Where one is missing, unknown, there twice or not what it may be, or a feature is unknown.
pub(crate) fn read(all: &[StringStringEntryProto], expect: &Expect<'_>) -> Result<Properties, OnnxError> {
    for (at, entry) in all.iter().enumerate().filter(|(_, entry)| entry.key.starts_with("palisade.")) {
        if !KEYS.contains(&&*entry.key) {
            return Err(refused(&entry.key, "it is unknown", format!("there are {}", KEYS.join(", "))));
        }
        if all[..at].iter().any(|before| before.key == entry.key) {
            return Err(refused(&entry.key, "it is there twice", "leave one".to_owned()));
        }
    }
    let of = |key| all.iter().find(|entry| entry.key == key).map(|entry| entry.value.trim());
    let schema = of(SCHEMA)
        .ok_or_else(|| OnnxError::NoProperty { key: SCHEMA, example: format!("\"{}\"", expect.schema_id) })?;
    if schema != expect.schema_id {
        let wants = format!("this release makes `{}`; train again", expect.schema_id);
        return Err(refused(SCHEMA, &quoted(schema), wants));
    }
    let example = "the features in the order of the input, such as \"request_rate,pages\"".to_owned();
    let names = of(FEATURES).ok_or(OnnxError::NoProperty { key: FEATURES, example })?;
    let features = features(names, expect)?;
    let unseen = match (of(UNSEEN), of(MEANS)) {
        (None, None) => vec![0.0; features.len()],
        (None | Some("means"), Some(means)) => self::means(means, features.len())?,
        (Some("nan"), None) => vec![f32::NAN; features.len()],
        (Some(found), None) => {
            let wants = "it is `nan`, or `means` with palisade.means beside it".to_owned();
            return Err(refused(UNSEEN, &quoted(found), wants));
        }
        (Some(found), Some(_)) => {
            let wants = "with palisade.means beside it, it is `means` or not there".to_owned();
            return Err(refused(UNSEEN, &quoted(found), wants));
        }
    };
    let bound = of(BOUND).map_or(Ok(BOUND_USUAL), self::bound)?;
    Ok(Properties { features: features.into(), unseen: unseen.into(), bound })
}

fn features(text: &str, expect: &Expect<'_>) -> Result<Vec<u16>, OnnxError> {
    let names: Vec<&str> = text.split(',').map(str::trim).take(FEATURES_MAX + 1).collect();
    within(FEATURES, names.len(), FEATURES_MAX, "features")?;
    let place = |name: &&str| expect.features.iter().position(|known| known == name);
    let unknown: Vec<&&str> = names.iter().filter(|name| place(name).is_none()).collect();
    if !unknown.is_empty() {
        let found = unknown.iter().take(NAMED).map(|name| quoted(name)).collect::<Vec<_>>().join(", ");
        return Err(OnnxError::UnknownNames { found, more: unknown.len().saturating_sub(NAMED) });
    }
    if let Some((_, twice)) = names.iter().enumerate().find(|(at, name)| names[..*at].contains(name)) {
        return Err(refused(
            FEATURES,
            &quoted(twice),
            "it is there twice; each input is one feature".to_owned(),
        ));
    }
    Ok(names.iter().filter_map(place).map(|at| at as u16).collect())
}

fn means(text: &str, wanted: usize) -> Result<Vec<f32>, OnnxError> {
    let number = |text: &str| text.trim().parse().ok().filter(|mean: &f32| mean.is_finite());
    let means: Option<Vec<f32>> = text.split(',').take(FEATURES_MAX + 1).map(number).collect();
    means.filter(|means| means.len() == wanted).ok_or_else(|| {
        refused(
            MEANS,
            &quoted(text),
            format!("it is {wanted} numbers, one for each feature, with commas between them"),
        )
    })
}

fn bound(text: &str) -> Result<f32, OnnxError> {
    if text == "none" {
        return Ok(f32::INFINITY);
    }
    let bound = text.parse().ok().filter(|bound| (0.0..=LOG_ODDS_MAX).contains(bound));
    let wants = || "it is the most log-odds the model may add, 0 and up (3.85 reaches a challenge by itself), or `none`";
    bound.ok_or_else(|| refused(BOUND, &quoted(text), wants().to_owned()))
}

fn refused(key: &str, found: &str, wants: String) -> OnnxError {
    OnnxError::Property { key: crate::error::shown(key, 80), found: found.to_owned(), wants }
}

#[cfg(test)]
mod tests {
    use palisade_model::testing::EXPECT;

    use super::*;

    fn entries(of: &[(&str, &str)]) -> Vec<StringStringEntryProto> {
        of.iter()
            .map(|(key, value)| StringStringEntryProto { key: (*key).into(), value: (*value).into() })
            .collect()
    }

    const USUAL: [(&str, &str); 2] =
        [("palisade.schema", "testing-1"), ("palisade.features", "path.depth, rate.pages")];

    fn with(more: &[(&str, &str)]) -> Result<Properties, OnnxError> {
        read(&entries(&[&USUAL, more].concat()), &EXPECT)
    }

    fn refused(more: &[(&str, &str)]) -> String {
        with(more).expect_err("it is refused").to_string()
    }

    #[test]
    fn features_are_found_by_name() {
        let found = with(&[("license", "MIT")]).expect("it says all it must");
        assert_eq!(
            (&*found.features, &*found.unseen, found.bound),
            (&[3, 0][..], &[0.0, 0.0][..], BOUND_USUAL)
        );
        let found = with(&[("palisade.means", "0.5,-2"), ("palisade.bound", "none")]).expect("it is right");
        assert_eq!((&*found.unseen, found.bound), (&[0.5, -2.0][..], f32::INFINITY));
        let found = with(&[("palisade.unseen", "nan"), ("palisade.bound", "0.5")]).expect("it is right");
        assert!(found.unseen.iter().all(|value| value.is_nan()) && found.bound == 0.5);
    }

    #[test]
    fn what_is_missing_is_named() {
        let error = read(&[], &EXPECT).unwrap_err().to_string();
        assert!(
            error.contains("`palisade.schema`") && error.contains("set_model_props: \"testing-1\""),
            "{error}"
        );
        let error = read(&entries(&USUAL[..1]), &EXPECT).unwrap_err().to_string();
        assert!(error.contains("no property `palisade.features`"), "{error}");
    }

    #[test]
    fn what_is_wrong_says_what_is_right() {
        let check =
            |more: &[(&str, &str)], says: &str| assert!(refused(more).contains(says), "{}", refused(more));
        check(&[("palisade.feature", "x")], "it is unknown: there are palisade.schema");
        check(&[("palisade.schema", "testing-1")], "it is there twice");
        check(&[("palisade.unseen", "mean")], "it is `nan`");
        check(&[("palisade.unseen", "nan"), ("palisade.means", "1,2")], "it is `means` or not there");
        check(&[("palisade.means", "1")], "2 numbers");
        check(&[("palisade.means", "1,inf")], "2 numbers");
        check(&[("palisade.bound", "-1")], "`-1`");
        check(&[("palisade.bound", "NaN")], "or `none`");
        let of =
            |text| read(&entries(&[USUAL[0], ("palisade.features", text)]), &EXPECT).unwrap_err().to_string();
        assert!(
            of("rate.pages,new.a,new.b").contains("wants `new.a`, `new.b`, which this release does not make")
        );
        assert!(of("rate.pages,rate.pages").contains("`rate.pages`: it is there twice"));
        assert!(of("").contains("wants ``"));
        assert!(of(&"x,".repeat(600)).contains("513 features, more than 512"));
        let other = read(&entries(&[("palisade.schema", "http-0")]), &EXPECT).unwrap_err().to_string();
        assert!(other.contains("`http-0`: this release makes `testing-1`"), "{other}");
    }
}
