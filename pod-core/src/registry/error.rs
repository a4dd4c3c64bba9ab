//! What goes wrong between here and a registry.

use std::error::Error as StdError;
use std::fmt;

/// A failed operation on a registry or a layout: what was being done to what, and why it failed.
///
/// The text never has a password or token.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    doing: String,
    detail: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// Sorts of failure that callers treat differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The caller cancelled.
    Cancelled,
    /// A content is not what its digest or size promised.
    Corrupt,
    /// The registry knows us and does not let us.
    Denied,
    /// A file of the layout could not be read or written.
    Io,
    /// A manifest, index or answer that is not what the specifications allow.
    Malformed,
    /// No connection, or it broke and kept breaking.
    Network,
    /// There is no such repository, tag, manifest or blob.
    NotFound,
    /// No image of the index runs on the platform.
    Platform,
    /// Something that the settings do not allow, such as plain HTTP.
    Refused,
    /// The server failed, or answered with a status that has no place there.
    Server,
    /// Nothing came for longer than the time limit for silence.
    Silent,
    /// The registry wants credentials that we do not have.
    Unauthorized,
}

impl Error {
    pub(super) fn new(kind: ErrorKind, doing: impl Into<String>, detail: impl Into<String>) -> Self {
        Self(Box::new(Inner { kind, doing: doing.into(), detail: detail.into(), source: None }))
    }

    /// A failure whose reason is another error: that one is in `source()` only.
    pub(super) fn caused(
        kind: ErrorKind,
        doing: impl Into<String>,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Self(Box::new(Inner {
            kind,
            doing: doing.into(),
            detail: String::new(),
            source: Some(source.into()),
        }))
    }

    pub(super) fn io(doing: impl Into<String>, source: std::io::Error) -> Self {
        Self::caused(ErrorKind::Io, doing, source)
    }

    pub(super) fn cancelled(doing: impl Into<String>) -> Self {
        Self::new(ErrorKind::Cancelled, doing, "cancelled")
    }

    /// The sort of failure.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Whether the same request may well succeed a little later.
    pub(super) fn is_transient(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Network | ErrorKind::Silent | ErrorKind::Server)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.doing)?;
        if self.0.detail.is_empty() { Ok(()) } else { write!(f, ": {}", self.0.detail) }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("doing", &self.0.doing)
            .field("detail", &self.0.detail)
            .field("source", &self.0.source)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}
