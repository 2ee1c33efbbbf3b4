//! A model that was checked and made ready.

use std::fmt;

use crate::check;
use crate::error::ModelError;
use crate::file::{ModelFile, Subject};
use crate::kind::Kind;
use crate::places;
use crate::view::View;

/// What a release asks of a model that it is to use.
#[derive(Clone, Copy, Debug)]
pub struct Expect<'a> {
    /// The schema by which this release makes features.
    pub schema_id: &'a str,
    /// The names of its features, in order. A model may know fewer of them, in another order.
    pub features: &'a [&'a str],
    /// The names of all vantages there are.
    pub vantages: &'a [&'a str],
}

/// A checked model. Immutable; to be shared between threads.
#[derive(Clone)]
pub struct Model {
    file: ModelFile,
    views: Box<[View]>,
}

impl Model {
    /// Checks what a training made, by the very rules of [`Model::read`].
    ///
    /// # Errors
    /// Whatever of [`ModelError`] is no matter of bytes; also a model whose file would be beyond its bound.
    pub fn new(mut file: ModelFile, expect: &Expect<'_>) -> Result<Model, ModelError> {
        check::model(&file, expect)?;
        places::put(&mut file, expect.features);
        check::length(&file)?;
        let features = file.schema.features.len();
        let views = file.views.iter().map(|view| View::new(view, features)).collect();
        Ok(Model { file, views })
    }

    /// What its file says, in the schema that was expected: positions are those of [`Expect::features`], also where the file
    /// has fewer features or another order.
    pub fn file(&self) -> &ModelFile {
        &self.file
    }

    /// Its name.
    pub fn id(&self) -> &str {
        &self.file.id
    }

    /// How it computes.
    pub fn kind(&self) -> Kind {
        self.file.kind
    }

    /// Whether contributions are exact, or an approximation: see [`Kind::is_exact`].
    pub fn is_exact(&self) -> bool {
        self.file.kind.is_exact()
    }

    /// True where it looks at the order of a client's steps, which have to be gathered for it.
    pub fn reads_steps(&self) -> bool {
        self.file.kind == Kind::Markov
    }

    /// What it judges.
    pub fn subject(&self) -> Subject {
        self.file.subject
    }

    /// Most log-odds it may add, 0.0 and up, possibly infinite; see [`ModelFile::contribution_max`].
    pub fn contribution_max(&self) -> f32 {
        self.file.contribution_max
    }

    /// Its views, in the order of the file; at least one.
    pub fn views(&self) -> &[View] {
        &self.views
    }

    /// The view that judges what a vantage sees, where there is one.
    pub fn view_for(&self, vantage: &str) -> Option<&View> {
        self.views.iter().find(|view| view.vantages().iter().any(|name| name == vantage))
    }
}

/// Models are equal when their files say the same.
impl PartialEq for Model {
    fn eq(&self, other: &Self) -> bool {
        self.file == other.file
    }
}

/// Its name and views only: a model has a million numbers.
impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let views = self.views.iter().map(View::name).collect::<Vec<_>>();
        f.debug_struct("Model").field("id", &self.file.id).field("views", &views).finish_non_exhaustive()
    }
}
