//! Reading objects from text: YAML and JSON streams, all problems at once, each with its place.
//!
//! ```
//! use k8s_model::decode::{Mode, decode_str};
//!
//! let text = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec:\n  containers:\n  - name: web\n    imag: nginx\n";
//! let decoded = decode_str(text, "web.yaml", Mode::Strict);
//! assert_eq!(
//!     decoded.problems[0].to_string(),
//!     "web.yaml:8:5: spec.containers[0].imag: unknown field, did you mean `image`?",
//! );
//! ```

mod decoder;
mod document;
mod identify;
pub(crate) mod nearest;
mod problem;
mod stream;

pub use decoder::Decoder;
pub use document::{Document, Origin};
pub(crate) use identify::object;
pub use problem::{Problem, ProblemKind, Severity};
pub use stream::{decode_slice, decode_str, decode_str_with};

/// What becomes of a field that the type does not have, a key that stands twice, or a value of the wrong type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Mode {
    /// It is an error, as for `kubectl --validate=strict`.
    #[default]
    Strict,
    /// It is a warning, and decoding goes on: the field is left out, the last of equal keys wins, the value is as if absent.
    Lenient,
}

/// What a stream of documents held.
#[derive(Debug, Clone, Default)]
pub struct Decoded {
    /// The documents that became objects. A document with errors may be among them, as far as it was understood.
    pub documents: Vec<Document>,
    /// What was wrong, in the order of the text.
    pub problems: Vec<Problem>,
}

impl Decoded {
    /// Whether any problem is an error.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.problems.iter().any(|problem| problem.severity() == Severity::Error)
    }

    /// The same with each [list](crate::object::List) replaced by the objects in it, lists in lists too.
    #[must_use]
    pub fn unfold(self) -> Self {
        Self { documents: self.documents.into_iter().flat_map(Document::unfold).collect(), ..self }
    }

    /// The objects, when nothing is an error.
    ///
    /// # Errors
    ///
    /// All problems, when one of them is an error.
    pub fn into_documents(self) -> Result<Vec<Document>, Vec<Problem>> {
        if self.has_errors() { Err(self.problems) } else { Ok(self.documents) }
    }
}
