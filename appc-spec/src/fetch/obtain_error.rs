//! Why an image was not had.

use std::error::Error;
use std::fmt;
use std::io;

use super::FetchError;
use crate::trust::TrustError;

/// Why an image was not had: doing what, to what. The cause, if there is one, is its [`Error::source`].
#[derive(Debug)]
pub struct ObtainError(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: ObtainErrorKind,
    message: String,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// What sort of fault an [`ObtainError`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ObtainErrorKind {
    /// It cannot be found or fetched.
    Fetch,
    /// No key is believed for its name, so whoever signed it cannot be.
    NoKey,
    /// Its signature is not believed.
    Trust,
    /// It cannot be kept: it is no image, another one than was asked for, or the disk does not take it.
    Store,
    /// Its dependencies are more than there may be.
    Limit,
}

impl ObtainError {
    pub(super) fn new(kind: ObtainErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner { kind, message: message.into(), source: None }))
    }

    fn caused(
        kind: ObtainErrorKind,
        message: impl Into<String>,
        source: impl Error + Send + Sync + 'static,
    ) -> Self {
        let mut error = Self::new(kind, message);
        error.0.source = Some(Box::new(source));
        error
    }

    /// By the name or the page that was asked for.
    pub(super) fn fetch(of: &str, source: FetchError) -> Self {
        Self::caused(ObtainErrorKind::Fetch, format!("cannot have the image of `{of}`"), source)
    }

    pub(super) fn trust(image: &str, source: TrustError) -> Self {
        Self::caused(ObtainErrorKind::Trust, format!("the image `{image}` is not believed"), source)
    }

    pub(super) fn signature(url: &str, source: FetchError) -> Self {
        Self::caused(ObtainErrorKind::Fetch, format!("cannot have the signature of `{url}`"), source)
    }

    pub(super) fn file(url: &str, source: io::Error) -> Self {
        Self::caused(ObtainErrorKind::Store, format!("cannot keep `{url}` in a temporary file"), source)
    }

    #[cfg(feature = "store")]
    pub(super) fn store(name: &crate::AcIdentifier, source: crate::store::StoreError) -> Self {
        Self::caused(ObtainErrorKind::Store, format!("cannot keep the image `{name}`"), source)
    }

    /// What sort of fault it is.
    #[must_use]
    pub const fn kind(&self) -> ObtainErrorKind {
        self.0.kind
    }
}

impl fmt::Display for ObtainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl Error for ObtainError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}
