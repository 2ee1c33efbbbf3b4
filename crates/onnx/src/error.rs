//! Why a file was refused: what is wrong, where, and what to do.

/// The file was refused, whole; nothing of it was taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OnnxError {
    /// Something ends later than its bound.
    #[error("{place}: {found} {unit}, more than {max}; train a smaller model")]
    TooLarge {
        /// Where.
        place: String,
        /// How many.
        found: usize,
        /// The bound.
        max: usize,
        /// Of what.
        unit: &'static str,
    },
    /// The bytes are no model.
    #[error("byte {at}: this is no ONNX file ({why}); copy it again, or convert the model again")]
    NotOnnx {
        /// Where it stopped to be one.
        at: usize,
        /// What stands there.
        why: String,
    },
    /// A part that no model of a row of numbers needs.
    #[error("{place}: {what}, which is not read; convert the model without it")]
    Part {
        /// Where.
        place: String,
        /// What.
        what: &'static str,
    },
    /// Weights that lie in another file.
    #[error(
        "initializer {name}: its data lie outside of the file, and no other file is opened; save the model with its weights inside \
         (onnx.save_model(…, save_as_external_data=False))"
    )]
    ExternalData {
        /// Its name, quoted.
        name: String,
    },
    /// A property that the file must have.
    #[error("the file has no property `{key}`; add it with onnx.helper.set_model_props: {example}")]
    NoProperty {
        /// Which.
        key: &'static str,
        /// What it may be.
        example: String,
    },
    /// A property that says something else than it may.
    #[error("property `{key}`: {found}: {wants}")]
    Property {
        /// Which.
        key: String,
        /// What it says, quoted.
        found: String,
        /// What it may say.
        wants: String,
    },
    /// It wants features that this release does not make.
    #[error(
        "property `palisade.features`: the model wants {found}{}, which this release does not make; train again with features of \
         docs/features.md, or run the release that makes them",
        if *.more == 0 { String::new() } else { format!(" and {} more", .more) }
    )]
    UnknownNames {
        /// The first of them, quoted.
        found: String,
        /// How many there are beside those.
        more: usize,
    },
    /// An input or output that is not what a model of rows has.
    #[error("{place}: {found}; {wants}")]
    Shape {
        /// Which.
        place: String,
        /// What it is.
        found: String,
        /// What it should be.
        wants: String,
    },
    /// An operator that is not run.
    #[error("node {node}: the operator {operator} is not run here{hint}; the operators are {known}")]
    Operator {
        /// The node's name, quoted, or its number.
        node: String,
        /// The operator, quoted.
        operator: String,
        /// What to do about this one, with what goes before it.
        hint: &'static str,
        /// Those that are.
        known: String,
    },
    /// A node that asks for what its operator does not do.
    #[error("node {node}, {operator}: {why}; convert the model again, with as little beside it as possible")]
    Node {
        /// The node's name, quoted, or its number.
        node: String,
        /// The operator.
        operator: String,
        /// What is wrong with it.
        why: String,
    },
    /// The library that runs it cannot.
    #[error("the graph cannot be run: {why}; convert the model again with another operator set")]
    Run {
        /// In its words, cut.
        why: String,
    },
    /// What comes out is no probability.
    #[error(
        "the output {output} gives {found} for a row of {row}, and a probability is 0 to 1; name the probability as output"
    )]
    NoProbability {
        /// Its name, quoted.
        output: String,
        /// What came out.
        found: String,
        /// Of what.
        row: &'static str,
    },
}

pub(crate) use palisade_model::{quoted, shown};

/// A number of things within its bound.
pub(crate) fn within(place: &str, found: usize, max: usize, unit: &'static str) -> Result<(), OnnxError> {
    if found > max {
        return Err(OnnxError::TooLarge { place: place.to_owned(), found, max, unit });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_say_what_to_do() {
        let error = OnnxError::UnknownNames { found: "`a`".to_owned(), more: 0 }.to_string();
        assert!(error.contains("wants `a`, which this release does not make; train again"), "{error}");
        let error = OnnxError::UnknownNames { found: "`a`, `b`".to_owned(), more: 3 }.to_string();
        assert!(error.contains("`a`, `b` and 3 more"), "{error}");
    }
}
