//! What goes wrong between an image of Docker's or OCI's and the store.

use std::error::Error;
use std::fmt;
use std::io;

use crate::store::StoreError;

/// What went wrong with an image of another format: what was being done, and why it failed. The cause, if it is another error, is its
/// [`Error::source`].
#[derive(Debug)]
pub struct OciError(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: OciErrorKind,
    doing: String,
    detail: String,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// What sort of fault an [`OciError`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OciErrorKind {
    /// Several images could be meant.
    Ambiguous,
    /// Something is not what its digest or size promises.
    Corrupt,
    /// A document, a tar or a layer is not what the specifications allow.
    Format,
    /// Reading or writing failed.
    Io,
    /// It would take more than the limits allow.
    Limit,
    /// The image, or a part of it, is not there.
    NotFound,
    /// No image is for the platform.
    Platform,
    /// The store could not do its part.
    Store,
    /// Something that one of the formats cannot say, or that is not supported.
    Unsupported,
}

impl OciError {
    pub(super) fn new(kind: OciErrorKind, doing: impl Into<String>, detail: impl Into<String>) -> Self {
        Self(Box::new(Inner { kind, doing: doing.into(), detail: detail.into(), source: None }))
    }

    /// A failure whose reason is another error.
    pub(super) fn caused(
        kind: OciErrorKind,
        doing: impl Into<String>,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self(Box::new(Inner {
            kind,
            doing: doing.into(),
            detail: String::new(),
            source: Some(source.into()),
        }))
    }

    pub(super) fn io(doing: impl Into<String>, source: impl Into<io::Error>) -> Self {
        Self::caused(OciErrorKind::Io, doing, source.into())
    }

    pub(super) fn store(doing: impl Into<String>, source: StoreError) -> Self {
        Self::caused(OciErrorKind::Store, doing, source)
    }

    /// What sort of fault it is.
    #[must_use]
    pub const fn kind(&self) -> OciErrorKind {
        self.0.kind
    }
}

impl fmt::Display for OciError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.doing)?;
        if self.0.detail.is_empty() { Ok(()) } else { write!(f, ": {}", self.0.detail) }
    }
}

impl Error for OciError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}
