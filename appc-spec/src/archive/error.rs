//! What went wrong with an archive.

use std::error::Error;
use std::fmt;
use std::io;

use crate::ManifestError;

/// What went wrong with an archive: which one, at which entry, doing what.
///
/// The text names the archive and the entry; the cause, if there is one, is its [`Error::source`].
#[derive(Debug)]
pub struct ArchiveError(Box<Inner>);

#[derive(Debug)]
struct Inner {
    archive: String,
    entry: Option<String>,
    kind: ArchiveErrorKind,
    message: String,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// What sort of fault an [`ArchiveError`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ArchiveErrorKind {
    /// Reading or writing failed.
    Io,
    /// It is not a tar, or its compression is broken.
    Format,
    /// It is a tar, but not laid out as an image is.
    Layout,
    /// Its manifest is wrong.
    Manifest,
    /// One of the [`super::Limits`] is exceeded.
    Limit,
    /// It is not the image that it should be.
    WrongImage,
    /// The [`super::ExtractPolicy`] refuses an entry.
    Refused,
}

impl ArchiveError {
    pub(crate) fn new(kind: ArchiveErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            archive: String::new(),
            entry: None,
            kind,
            message: message.into(),
            source: None,
        }))
    }

    pub(crate) fn io(doing: impl Into<String>, source: impl Into<io::Error>) -> Self {
        Self::new(ArchiveErrorKind::Io, doing).caused_by(source.into())
    }

    pub(crate) fn manifest(source: ManifestError) -> Self {
        Self::new(ArchiveErrorKind::Manifest, "the manifest is wrong").caused_by(source).at(b"manifest")
    }

    pub(crate) fn caused_by(mut self, source: impl Error + Send + Sync + 'static) -> Self {
        self.0.source = Some(Box::new(source));
        self
    }

    pub(super) fn because(mut self, source: Box<dyn Error + Send + Sync>) -> Self {
        self.0.source = Some(source);
        self
    }

    /// The same error with another kind and text.
    pub(super) fn with_message(mut self, kind: ArchiveErrorKind, message: String) -> Self {
        self.0.kind = kind;
        self.0.message = message;
        self
    }

    /// The same error at an entry, unless it has one.
    pub(crate) fn at(mut self, entry: &[u8]) -> Self {
        self.0.entry.get_or_insert_with(|| String::from_utf8_lossy(entry).into_owned());
        self
    }

    /// The same error in an archive, unless it has one.
    pub(crate) fn of(mut self, archive: &str) -> Self {
        if self.0.archive.is_empty() {
            archive.clone_into(&mut self.0.archive);
        }
        self
    }

    /// What sort of fault it is.
    #[must_use]
    pub const fn kind(&self) -> ArchiveErrorKind {
        self.0.kind
    }

    /// The archive, as the caller called it.
    #[must_use]
    pub fn archive(&self) -> &str {
        &self.0.archive
    }

    /// The entry, if the fault is at one.
    #[must_use]
    pub fn entry(&self) -> Option<&str> {
        self.0.entry.as_deref()
    }

    /// What is wrong, without the place.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }
}

impl fmt::Display for ArchiveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "archive `{}`: ", self.0.archive)?;
        if let Some(entry) = &self.0.entry {
            write!(f, "entry `{}`: ", entry.escape_debug())?;
        }
        f.write_str(&self.0.message)
    }
}

impl Error for ArchiveError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}
