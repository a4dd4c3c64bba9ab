//! What went wrong on the way to a server and back.

use std::error::Error;
use std::fmt;

/// What went wrong: doing what, and why. The cause, if there is one, is its [`Error::source`].
#[derive(Debug)]
pub struct FetchError(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: FetchErrorKind,
    url: String,
    message: String,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// What sort of fault a [`FetchError`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FetchErrorKind {
    /// The [`super::Settings`] do not allow it: plain http, a redirect too many.
    Refused,
    /// The server wants credentials, or others (status 401).
    Unauthorized,
    /// The server does not have it, or does not give it (another status from 400 to 499).
    NotFound,
    /// The server failed (a status from 500 to 599).
    Server,
    /// The server cannot be reached, is not who it should be, or broke off.
    Network,
    /// The answer is longer than it may be.
    TooLarge,
    /// The answer makes no sense.
    Malformed,
    /// No page says where it is.
    Undiscovered,
}

impl FetchError {
    pub(super) fn new(kind: FetchErrorKind, url: &str, message: impl Into<String>) -> Self {
        Self(Box::new(Inner { kind, url: url.to_owned(), message: message.into(), source: None }))
    }

    pub(super) fn caused(
        kind: FetchErrorKind,
        url: &str,
        source: impl Error + Send + Sync + 'static,
    ) -> Self {
        let mut error = Self::new(kind, url, "");
        error.0.source = Some(Box::new(source));
        error
    }

    /// That an answer broke off, or is too long.
    pub(super) fn broken(url: &str, error: std::io::Error) -> Self {
        let kind = match error.kind() {
            std::io::ErrorKind::FileTooLarge => FetchErrorKind::TooLarge,
            _ => FetchErrorKind::Network,
        };
        Self::caused(kind, url, error)
    }

    /// What sort of fault it is.
    #[must_use]
    pub const fn kind(&self) -> FetchErrorKind {
        self.0.kind
    }

    /// What was asked for: a URL, or the name of an image that nobody knows.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.0.url
    }
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot fetch `{}`", self.0.url.escape_debug())?;
        if self.0.message.is_empty() { Ok(()) } else { write!(f, ": {}", self.0.message) }
    }
}

impl Error for FetchError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}
