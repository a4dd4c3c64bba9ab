//! Why a signature or a key is not believed.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::Path;

/// Why a signature or a key is not believed. The cause, if there is one, is its [`Error::source`].
#[derive(Debug)]
pub struct TrustError(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: TrustErrorKind,
    message: String,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// What sort of fault a [`TrustError`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TrustErrorKind {
    /// The bytes are no signature, or no key.
    Malformed,
    /// Nobody who is believed made the signature.
    UnknownSigner,
    /// The bytes are not those that were signed.
    BadSignature,
    /// The key, or the subkey that signed, is revoked.
    Revoked,
    /// The key, the subkey that signed, or the signature has expired.
    Expired,
    /// The signature, or a key, is of a time to come, or the signature is older than its key.
    Time,
    /// A hash or a key is too weak.
    Weak,
    /// The key is not for signing.
    NotForSigning,
    /// A file cannot be read or written.
    Io,
}

impl TrustError {
    pub(super) fn new(kind: TrustErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner { kind, message: message.into(), source: None }))
    }

    pub(super) fn caused(
        kind: TrustErrorKind,
        message: impl Into<String>,
        source: impl Error + Send + Sync + 'static,
    ) -> Self {
        let mut error = Self::new(kind, message);
        error.0.source = Some(Box::new(source));
        error
    }

    pub(super) fn io(doing: &str, path: &Path, source: io::Error) -> Self {
        Self::caused(TrustErrorKind::Io, format!("cannot {doing} `{}`", path.display()), source)
    }

    /// What sort of fault it is.
    #[must_use]
    pub const fn kind(&self) -> TrustErrorKind {
        self.0.kind
    }
}

impl fmt::Display for TrustError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl Error for TrustError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}
