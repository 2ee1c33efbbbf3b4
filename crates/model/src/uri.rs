//! Where a model is, in the words of a setting: the one reader of them. Nothing is opened here.

use std::fmt;
use std::path::{Component, Path, PathBuf};

use crate::error::quoted;

/// Where a model is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModelUri {
    /// `builtin:NAME`: one that comes with Palisade.
    Builtin(String),
    /// A model file in the trusted folder; absolute, or below that folder.
    File(PathBuf),
    /// `onnx:FILE`, or a name that ends in `.onnx`: a net in ONNX form, in the same folder.
    Onnx(PathBuf),
}

/// No model that may judge a request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UriError {
    /// Nothing is named.
    #[error("\"\" names no model; builtin:NAME, a model file, or onnx:FILE is one")]
    Empty,
    /// A pickled model of Python.
    #[error(
        "{found}: a pickle is never loaded: it runs whatever is in it; convert the model in Python (skl2onnx.to_onnx(model, x[:1], \
         options={{id(model): {{\"zipmap\": False}}}})), say its features (docs/models.md, Your own ONNX) and name it as onnx:FILE"
    )]
    Pickle {
        /// What was named, quoted.
        found: String,
    },
    /// A language model, or a classifier somewhere else.
    #[error(
        "{found}: a language model or outside service never decides while a visitor waits; it is asked behind the queue, by [advisor]"
    )]
    Remote {
        /// What was named, quoted.
        found: String,
    },
    /// Sequences as another system has them.
    #[error("{found}: sequences are looked at by detection.page_sequence")]
    Sequences {
        /// What was named, quoted.
        found: String,
    },
    /// A scheme that there is not.
    #[error("{found}: there is no such scheme; builtin:NAME, a model file, or onnx:FILE is a model")]
    Scheme {
        /// What was named, quoted.
        found: String,
    },
    /// A builtin name with other characters than a name has.
    #[error("{found}: a builtin model has a name of a-z, 0-9, `.`, `_`, `-`, such as builtin:http")]
    Name {
        /// What was named, quoted.
        found: String,
    },
    /// A way out of the folder.
    #[error("{found}: models lie in model.trusted_dir; `..` leads out of it")]
    Outside {
        /// What was named, quoted.
        found: String,
    },
}

/// Names after whose dot Python keeps its pickles.
const PICKLES: [&str; 4] = ["joblib", "pkl", "pickle", "sav"];

impl ModelUri {
    /// The name of the scheme for ONNX files.
    const ONNX: &str = "onnx";

    /// Reads the words of a setting.
    ///
    /// # Errors
    /// Where they name no model, one that would have to be run to be read, or one that would make a visitor wait.
    pub fn parse(text: &str) -> Result<ModelUri, UriError> {
        let found = || quoted(text);
        // A drive of Windows is one letter, and no scheme.
        let (scheme, rest) = match text.split_once(':') {
            Some((scheme, rest)) if scheme.len() > 1 && is_scheme(scheme) => {
                (scheme.to_ascii_lowercase(), rest.strip_prefix("//").unwrap_or(rest))
            }
            _ => (String::new(), text),
        };
        match &*scheme {
            "" | "file" if rest.is_empty() => Err(UriError::Empty),
            "" | "file" => file(rest, text),
            ModelUri::ONNX if rest.is_empty() => Err(UriError::Empty),
            ModelUri::ONNX => inside(rest, text).map(ModelUri::Onnx),
            "builtin" if is_name(rest) => Ok(ModelUri::Builtin(rest.to_owned())),
            "builtin" => Err(UriError::Name { found: found() }),
            "sklearn" | "pickle" | "joblib" => Err(UriError::Pickle { found: found() }),
            "markov" => Err(UriError::Sequences { found: found() }),
            "http" | "https" | "ws" | "wss" | "grpc" | "openai" | "anthropic" | "ollama" | "llamacpp"
            | "mistral" | "google" | "gemini" | "cohere" | "azure" | "bedrock" | "huggingface" | "vllm" => {
                Err(UriError::Remote { found: found() })
            }
            _ => Err(UriError::Scheme { found: found() }),
        }
    }
}

/// The words that [`ModelUri::parse`] reads as the same.
impl fmt::Display for ModelUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ModelUri::Builtin(name) => write!(f, "builtin:{name}"),
            ModelUri::File(path) => write!(f, "{}", path.display()),
            ModelUri::Onnx(path) => write!(f, "{}:{}", ModelUri::ONNX, path.display()),
        }
    }
}

fn file(rest: &str, text: &str) -> Result<ModelUri, UriError> {
    let path = inside(rest, text)?;
    let ending = path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    if PICKLES.contains(&&*ending) {
        return Err(UriError::Pickle { found: quoted(text) });
    }
    Ok(if ending == "onnx" { ModelUri::Onnx(path) } else { ModelUri::File(path) })
}

/// A path without a way back. Whether it lies in the trusted folder is for whoever opens it to see, links included.
fn inside(rest: &str, text: &str) -> Result<PathBuf, UriError> {
    let path = Path::new(rest);
    if path.components().any(|part| part == Component::ParentDir) {
        return Err(UriError::Outside { found: quoted(text) });
    }
    Ok(path.to_owned())
}

fn is_scheme(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+.-".contains(&byte))
}

fn is_name(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
    (1..=crate::bounds::NAME_BYTES_MAX).contains(&text.len()) && text.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_are_named_in_three_ways() {
        let check = |text: &str, expect: ModelUri| {
            let found = ModelUri::parse(text).expect(text);
            assert_eq!(ModelUri::parse(&found.to_string()).as_ref(), Ok(&found), "{text}");
            assert_eq!(found, expect, "{text}");
        };
        check("builtin:http", ModelUri::Builtin("http".to_owned()));
        check("shop.model", ModelUri::File("shop.model".into()));
        check(
            "/var/lib/palisade/models/shop.model",
            ModelUri::File("/var/lib/palisade/models/shop.model".into()),
        );
        check("file:///srv/shop.model", ModelUri::File("/srv/shop.model".into()));
        check("C:\\models\\shop.model", ModelUri::File("C:\\models\\shop.model".into()));
        check("onnx:net.onnx", ModelUri::Onnx("net.onnx".into()));
        check("onnx:net", ModelUri::Onnx("net".into()));
        check("nets/Net.ONNX", ModelUri::Onnx("nets/Net.ONNX".into()));
    }

    #[test]
    fn what_is_refused_says_where_it_belongs() {
        let check = |text: &str, says: &str| {
            let error = ModelUri::parse(text).expect_err(text).to_string();
            assert!(error.contains(says), "{text}: {error}");
        };
        check("", "names no model");
        check("onnx:", "names no model");
        check("sklearn:///app/models/bot_detection_rf_model.joblib", "skl2onnx");
        check("models/forest.pkl", "skl2onnx");
        for remote in
            ["openai://gpt-4.1", "anthropic:claude", "https://classifier.example/v1", "HTTP://10.0.0.1/"]
        {
            check(remote, "[advisor]");
        }
        check("markov://corpus", "detection.page_sequence");
        check("s3://bucket/model", "no such scheme");
        check("builtin:", "has a name");
        check("builtin:../x", "has a name");
        check("../shop.model", "leads out of it");
        check("onnx:a/../../net.onnx", "leads out of it");
        let error = ModelUri::parse(&format!("\u{1b}[2J{}:", "x".repeat(9_000))).map(|uri| uri.to_string());
        assert!(error.is_ok_and(|text| text.contains("xxx")), "no scheme has such letters");
        let error = ModelUri::parse(&format!("{}:", "x".repeat(9_000))).unwrap_err().to_string();
        assert!(error.len() < 400, "{error}");
    }
}
