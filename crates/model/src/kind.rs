//! The kinds of models: the one list of their names.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How a model computes, and how it was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Kind {
    /// A sum of binned shapes and pairs.
    #[serde(rename = "additive")]
    Additive,
    /// Logistic regression: a weight for each feature's distance from its mean.
    #[serde(rename = "lr")]
    Linear,
    /// Boosted trees, each mending what those before it left.
    #[serde(rename = "gbdt")]
    Boosted,
    /// A random forest: trees that each saw other clients and features.
    #[serde(rename = "rf")]
    Forest,
    /// An isolation forest: how few cuts set a request apart from people.
    #[serde(rename = "iforest")]
    Isolation,
    /// A neural net.
    #[serde(rename = "mlp")]
    Neural,
    /// Two Markov chains of variable order, of people and of programs.
    #[serde(rename = "markov")]
    Markov,
}

impl Kind {
    /// Every kind, the default first.
    pub const ALL: [Kind; 7] = [
        Kind::Additive,
        Kind::Linear,
        Kind::Boosted,
        Kind::Forest,
        Kind::Isolation,
        Kind::Neural,
        Kind::Markov,
    ];

    /// Its name in files and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Additive => "additive",
            Kind::Linear => "lr",
            Kind::Boosted => "gbdt",
            Kind::Forest => "rf",
            Kind::Isolation => "iforest",
            Kind::Neural => "mlp",
            Kind::Markov => "markov",
        }
    }

    /// The kind of a name; `xgb` is another word for `gbdt`.
    pub fn named(name: &str) -> Option<Kind> {
        let name = if name == "xgb" { "gbdt" } else { name };
        Kind::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// True where contributions are what the features add, whatever the others are. Of trees they follow the path from
    /// the root to the leaf, of a net the way from the mean of all features: they add up as well, and are an approximation. A
    /// model of sequences gives one reason, which is all it says.
    pub const fn is_exact(self) -> bool {
        matches!(self, Kind::Additive | Kind::Linear | Kind::Markov)
    }

    /// The form of its views.
    pub(crate) const fn form(self) -> &'static str {
        match self {
            Kind::Additive => "additive",
            Kind::Linear => "linear",
            Kind::Boosted | Kind::Forest | Kind::Isolation => "trees",
            Kind::Neural => "neural",
            Kind::Markov => "sequence",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_file() {
        for kind in Kind::ALL {
            assert_eq!(Kind::named(kind.name()), Some(kind));
            let word = serde_json::to_string(&kind).expect("a word is JSON");
            assert_eq!(word, format!("\"{kind}\""));
        }
        assert_eq!(Kind::named("xgb"), Some(Kind::Boosted));
        assert_eq!(Kind::named("forest"), None);
    }
}
