//! What went wrong in the engine: what was being done, to what, and why.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use pod_core::lifecycle::ImageFailure;
use pod_core::pod::{AppName, Uuid};

use crate::dir::PodState;

/// Why the engine could not do something.
///
/// The text says what was being done and to what; [`std::error::Error::source`] has the cause where there is one.
#[derive(Debug)]
pub struct Error(Box<Kind>);

#[derive(Debug)]
pub(crate) enum Kind {
    /// An operation on a path.
    Io { doing: &'static str, path: PathBuf, source: io::Error },
    /// A record of a pod directory that does not read.
    Record { path: PathBuf, source: serde_json::Error },
    /// No pod has this identifier or prefix.
    NotFound(String),
    /// Several pods have this prefix.
    Ambiguous { prefix: String, matches: Vec<Uuid> },
    /// A pod of that identifier is there already.
    Exists { uid: Uuid, state: PodState },
    /// Another process works on the pod.
    Busy { uid: Uuid, state: PodState },
    /// The pod is not in the state that is needed.
    State { uid: Uuid, state: PodState, wanted: PodState },
    /// Something that the specification asks for and that is not done here.
    Refused { app: Option<AppName>, subject: String, why: String },
    /// An app's image cannot be had.
    Image { app: AppName, failure: ImageFailure, message: String },
    /// The network said no.
    Network { doing: &'static str, uid: Uuid, source: Box<dyn std::error::Error + Send + Sync> },
    /// Something stays that ought to be gone.
    Stays { what: &'static str, path: PathBuf },
    /// A pod's monitor has ended before it could do what was asked.
    Lost { uid: Uuid, message: String },
}

impl Error {
    pub(crate) fn io(doing: &'static str, path: impl Into<PathBuf>, source: impl Into<io::Error>) -> Self {
        Kind::Io { doing, path: path.into(), source: source.into() }.into()
    }

    pub(crate) fn refused(subject: impl Into<String>, why: impl Into<String>) -> Self {
        Kind::Refused { app: None, subject: subject.into(), why: why.into() }.into()
    }

    /// Refuses what an app asks for.
    pub(crate) fn refused_app(app: &AppName, what: impl fmt::Display, why: impl Into<String>) -> Self {
        Kind::Refused { app: Some(app.clone()), subject: format!("app `{app}`: {what}"), why: why.into() }
            .into()
    }

    pub(crate) fn kind(&self) -> &Kind {
        &self.0
    }

    /// Whether no pod has the identifier that was asked for.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        matches!(*self.0, Kind::NotFound(_))
    }

    /// Whether another process works on the pod at this moment.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        matches!(*self.0, Kind::Busy { .. })
    }

    /// Whether the specification asks for something that this engine, or this machine, does not do.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        matches!(*self.0, Kind::Refused { .. })
    }

    /// The app that asks for what is not done here, when that is what went wrong and one app alone asks for it.
    #[must_use]
    pub fn refused_by(&self) -> Option<&AppName> {
        match &*self.0 {
            Kind::Refused { app, .. } => app.as_ref(),
            _ => None,
        }
    }

    /// The app whose image cannot be had, and why, when that is what went wrong.
    #[must_use]
    pub fn image_failure(&self) -> Option<(&AppName, ImageFailure)> {
        match &*self.0 {
            Kind::Image { app, failure, .. } => Some((app, *failure)),
            _ => None,
        }
    }

    /// Whether a file system is full.
    pub(crate) fn is_no_space(&self) -> bool {
        use std::io::ErrorKind::{QuotaExceeded, StorageFull};
        matches!(&*self.0, Kind::Io { source, .. } if matches!(source.kind(), StorageFull | QuotaExceeded))
    }

    /// Whether a path is not there.
    pub(crate) fn is_no_entry(&self) -> bool {
        matches!(&*self.0, Kind::Io { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }

    /// The text with all its causes, joined by `: `.
    pub(crate) fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        text
    }
}

impl From<Kind> for Error {
    fn from(kind: Kind) -> Self {
        Self(Box::new(kind))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Kind::Io { doing, path, .. } => write!(f, "cannot {doing} `{}`", path.display()),
            Kind::Record { path, .. } => write!(f, "cannot understand `{}`", path.display()),
            Kind::NotFound(text) => write!(f, "no pod has the identifier `{text}`"),
            Kind::Ambiguous { prefix, matches } => {
                write!(f, "`{prefix}` is ambiguous: it could be")?;
                for (index, uid) in matches.iter().enumerate() {
                    write!(f, "{} `{uid}`", if index == 0 { "" } else { "," })?;
                }
                Ok(())
            }
            Kind::Exists { uid, state } => write!(f, "there is a pod `{uid}` already; it is {state}"),
            Kind::Busy { uid, state } => write!(f, "pod `{uid}` is {state} by another process"),
            Kind::State { uid, state, wanted } => write!(f, "pod `{uid}` is {state}, not {wanted}"),
            Kind::Refused { subject, why, .. } => write!(f, "{subject}: {why}"),
            Kind::Image { app, message, .. } => write!(f, "app `{app}`: {message}"),
            Kind::Network { doing, uid, .. } => write!(f, "cannot {doing} the network of pod `{uid}`"),
            Kind::Lost { uid, message } if message.is_empty() => {
                write!(f, "the monitor of pod `{uid}` has ended")
            }
            Kind::Lost { uid, message } => write!(f, "the monitor of pod `{uid}` has ended: {message}"),
            Kind::Stays { what, path } => write!(f, "{what} `{}` cannot be got rid of", path.display()),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &*self.0 {
            Kind::Io { source, .. } => Some(source),
            Kind::Record { source, .. } => Some(source),
            Kind::Network { source, .. } => Some(&**source),
            _ => None,
        }
    }
}

/// Says of a failed system call what it was for.
pub(crate) trait Doing<T> {
    /// The error reads "cannot `doing` `path`".
    fn doing(self, doing: &'static str, path: impl AsRef<Path>) -> Result<T, Error>;
}

impl<T, E: Into<io::Error>> Doing<T> for Result<T, E> {
    fn doing(self, doing: &'static str, path: impl AsRef<Path>) -> Result<T, Error> {
        self.map_err(|error| Error::io(doing, path.as_ref(), error))
    }
}
