//! What is wrong with a text, and where.

use std::fmt;
use std::sync::Arc;

use crate::tree::Position;

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The object can be used.
    Warning,
    /// It cannot.
    Error,
}

/// What sort of problem it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProblemKind {
    /// The text is neither YAML nor JSON, or exceeds a limit.
    Syntax,
    /// `apiVersion` or `kind` is missing, or names nothing that is known.
    Kind,
    /// The version of the object is an old one: it was removed, or means something else.
    OldVersion,
    /// The type has no such field.
    UnknownField,
    /// A mapping has a key twice.
    DuplicateKey,
    /// The value is of the wrong type.
    WrongType,
    /// The text of the value does not have the form that its type asks for.
    Malformed,
    /// The object breaks a rule: see [`FieldError`](crate::validate::FieldError).
    Invalid,
    /// The object cannot be used for what it was meant for.
    Unsupported,
}

/// Something that is wrong, with its place: shown as `label:line:column: field.path: message`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub(crate) severity: Severity,
    pub(crate) kind: ProblemKind,
    pub(crate) label: Arc<str>,
    pub(crate) document: usize,
    pub(crate) position: Option<Position>,
    pub(crate) path: String,
    pub(crate) message: String,
}

impl Problem {
    /// How bad it is.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        self.severity
    }

    /// What sort of problem it is.
    #[must_use]
    pub const fn kind(&self) -> ProblemKind {
        self.kind
    }

    /// The name of the text, as it was given to the decoder.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// The number of the document in its stream, from 1.
    #[must_use]
    pub const fn document(&self) -> usize {
        self.document
    }

    /// Where it is in the text; `None` for an object that did not come from text.
    #[must_use]
    pub const fn position(&self) -> Option<Position> {
        self.position
    }

    /// The path of the field, such as `spec.containers[0].image`; empty for the document as a whole.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What is wrong.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.label.is_empty() {
            write!(f, "{}:", self.label)?;
        }
        match self.position {
            Some(position) => write!(f, "{position}: ")?,
            None if self.label.is_empty() => {}
            None => f.write_str(" ")?,
        }
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for Problem {}
