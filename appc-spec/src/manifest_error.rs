//! Why a text is no manifest.

use std::fmt;

use crate::json::Position;

/// Why a text is no manifest: where in the text, at which field, and what is wrong there.
///
/// ```
/// use appc_spec::{ImageManifest, Json, Strength};
///
/// let text = r#"{"acKind": "ImageManifest", "acVersion": "0.8.11", "name": "Example.com"}"#;
/// let error = ImageManifest::from_json(text, Strength::Strict).unwrap_err();
/// assert_eq!(error.path(), "name");
/// assert_eq!((error.line(), error.column()), (1, 60));
/// assert_eq!(
///     error.to_string(),
///     "1:60: name: unexpected `E` at byte 0 of an identifier: only a-z, 0-9 and `-._~/` may stand there"
/// );
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestError {
    position: Position,
    path: String,
    kind: ManifestErrorKind,
    message: String,
}

/// What sort of fault a [`ManifestError`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ManifestErrorKind {
    /// The text is not JSON.
    Syntax,
    /// A member that must be there is not.
    Missing,
    /// A member that the specification does not know.
    Unknown,
    /// A member stands there twice.
    Repeated,
    /// A value of another JSON type is wanted.
    WrongType,
    /// The value breaks a rule.
    Value,
}

impl ManifestError {
    pub(crate) const fn new(
        position: Position,
        path: String,
        kind: ManifestErrorKind,
        message: String,
    ) -> Self {
        Self { position, path, kind, message }
    }

    /// The line in the text, from 1.
    #[must_use]
    pub const fn line(&self) -> usize {
        self.position.line
    }

    /// The column in the line, from 1, in characters.
    #[must_use]
    pub const fn column(&self) -> usize {
        self.position.column
    }

    /// The field, such as `app.ports[0].port`; empty for the whole document.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The field and what is wrong with it, for a text that nobody sees.
    pub(crate) fn without_position(&self) -> String {
        if self.path.is_empty() { self.message.clone() } else { format!("{}: {}", self.path, self.message) }
    }

    /// What sort of fault it is.
    #[must_use]
    pub const fn kind(&self) -> ManifestErrorKind {
        self.kind
    }

    /// What is wrong, without the place.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for ManifestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Position { line, column } = self.position;
        write!(f, "{line}:{column}: ")?;
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for ManifestError {}
