//! Why a model was refused: what is wrong, where, and what to do.

/// The model was refused, whole; nothing of it was taken.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ModelError {
    /// Its first line is another.
    #[error(
        "this is no model file: it does not begin with `palisade-model 1`; name a file that training wrote"
    )]
    NotAModel,
    /// Its lines end with a carriage return.
    #[error(
        "line 1: the line ends were changed to those of Windows; copy the file again without conversion (binary)"
    )]
    LineEnds,
    /// A later format.
    #[error(
        "line 1: the file has format {found}, this release reads {known}; update Palisade, or train again with this release"
    )]
    NewerVersion {
        /// Its format.
        found: u32,
        /// [`crate::VERSION`].
        known: u32,
    },
    /// Its last line is not that of the checksum.
    #[error(
        "the file ends after {bytes} bytes without its last line (`sha256` and 64 hex digits): it was cut off or continued; copy it again"
    )]
    Truncated {
        /// Its length.
        bytes: usize,
    },
    /// It is not what was written.
    #[error(
        "last line: the checksum says {said}, the bytes before it have {computed}: the file was changed or damaged; copy it again"
    )]
    Checksum {
        /// What its last line says, 64 hex digits.
        said: String,
        /// What it should be.
        computed: String,
    },
    /// The document is not what a model of this format says.
    #[error("line {line}, column {column}: {message}; train again with this release")]
    Document {
        /// Line of the file, from 1.
        line: usize,
        /// Byte of that line, from 1; 0 where the line has none.
        column: usize,
        /// What was found, in the words of the JSON reader.
        message: String,
    },
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
    /// Trained on other features.
    #[error("schema.id: the model was made for {found}, this release reads `{expected}`; train again")]
    OtherSchema {
        /// Its schema.
        found: String,
        /// The schema of this release.
        expected: String,
    },
    /// It wants features that this release does not make.
    #[error(
        "schema.features: the model wants {found}{}, which this release does not make; train again with this release, or run the release that made it",
        and_more(*.more)
    )]
    UnknownNames {
        /// The first of them, quoted.
        found: String,
        /// How many there are beside those.
        more: usize,
    },
    /// A number is infinite or none.
    #[error("{place}: this is not a finite number; train again, with fewer or cleaner rows")]
    NotANumber {
        /// Where.
        place: String,
    },
    /// A number beyond its range.
    #[error("{place}: {value} is not in {min}..={max}; train again")]
    OutOfRange {
        /// Where.
        place: String,
        /// The number.
        value: f64,
        /// The least that is allowed.
        min: f64,
        /// The most that is allowed.
        max: f64,
    },
    /// What must grow does not.
    #[error("{place}: entry {at} is not above the one before it; train again")]
    NotAscending {
        /// Where.
        place: String,
        /// Position of the first that does not grow, from 0.
        at: usize,
    },
    /// Two lists that do not fit each other.
    #[error("{place}: {found} entries, {expected} are needed; train again")]
    Length {
        /// Where.
        place: String,
        /// How many there are.
        found: usize,
        /// How many there must be.
        expected: usize,
    },
    /// A list that needs more entries.
    #[error("{place}: {found} entries, {min} are the least; train again")]
    TooFew {
        /// Where.
        place: String,
        /// How many there are.
        found: usize,
        /// How many there must be.
        min: usize,
    },
    /// Weights run against the direction of their shape.
    #[error("{place}: entry {at} breaks the direction `{direction}` of feature {feature}; train again")]
    Direction {
        /// Where.
        place: String,
        /// Position of the first weight that breaks it, from 0.
        at: usize,
        /// The direction.
        direction: &'static str,
        /// The feature's position in the schema.
        feature: u16,
    },
    /// Something stands there twice.
    #[error("{place}: {what} is there twice; train again")]
    Twice {
        /// Where the second stands.
        place: String,
        /// What.
        what: String,
    },
    /// A position that names no feature of the schema, or none of the view.
    #[error("{place}: feature {feature} is none of the {among}; train again")]
    UnknownFeature {
        /// Where.
        place: String,
        /// The position.
        feature: u16,
        /// `schema` or `view`.
        among: &'static str,
    },
    /// A view that computes in another way than the model says.
    #[error("{place}: the form is `{found}`, a model of kind `{kind}` has `{expected}`; train again")]
    OtherForm {
        /// Where.
        place: String,
        /// The form of the view.
        found: &'static str,
        /// The kind of the model.
        kind: &'static str,
        /// The form of that kind.
        expected: &'static str,
    },
    /// A split leads to nothing, backwards, or to where another one leads.
    #[error(
        "{place}: split {split} leads to {to}, which is before it, nowhere or reached twice; train again"
    )]
    NotATree {
        /// Where.
        place: String,
        /// The split, from 0.
        split: usize,
        /// What it says: the number of a split, or -1 - that of a leaf.
        to: i16,
    },
    /// A key that no step has after any context.
    #[error("{place}: {found} is no key of a step; train again")]
    NotAKey {
        /// Where.
        place: String,
        /// The number.
        found: u64,
    },
    /// A vantage that this release does not have.
    #[error("{place}: {found} is no vantage of this release, which has {known}; train again")]
    UnknownVantage {
        /// Where.
        place: String,
        /// The name, quoted.
        found: String,
        /// The names there are.
        known: String,
    },
    /// A name with other characters than a name has.
    #[error("{place}: {found} is no name: 1 to 128 of a-z, 0-9, `.`, `_`, `-`; train again under another")]
    Name {
        /// Where.
        place: String,
        /// What stands there, quoted.
        found: String,
    },
    /// A text that is empty where it must not be, or holds control characters.
    #[error("{place}: the text is empty or holds control characters; train again")]
    Text {
        /// Where.
        place: String,
    },
    /// A digest that is none.
    #[error("{place}: this is not a SHA-256 of 64 lower-case hex digits; train again")]
    Digest {
        /// Where.
        place: String,
    },
}

fn and_more(more: usize) -> String {
    if more == 0 { String::new() } else { format!(" and {more} more") }
}

/// Foreign text in a message: quoted, cut, nothing in it that a terminal would act on.
pub fn quoted(text: &str) -> String {
    format!("`{}`", shown(text, 80))
}

/// As [`quoted`], of another length and without the quotes.
pub fn shown(text: &str, chars_max: usize) -> String {
    let mut shown: String = text.chars().take(chars_max).flat_map(char::escape_debug).collect();
    if text.chars().nth(chars_max).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_is_cut_and_harmless() {
        assert_eq!(quoted("log"), "`log`");
        assert_eq!(quoted("a\u{1b}[2J\n"), "`a\\u{1b}[2J\\n`");
        assert_eq!(shown(&"x".repeat(100), 3), "xxx…");
    }
}
