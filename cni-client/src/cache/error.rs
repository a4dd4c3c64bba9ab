//! What goes wrong with stored attachments.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::attachment::AttachmentKey;
use crate::json::JsonError;

/// Why a record cannot be read or written.
#[derive(Debug)]
pub struct CacheError(Box<Kind>);

#[derive(Debug)]
enum Kind {
    Io { doing: Doing, path: PathBuf, source: io::Error },
    Broken { path: PathBuf, source: JsonError },
    Busy { path: PathBuf, limit: Duration },
    Cancelled { path: PathBuf },
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Doing {
    Open,
    Read,
    Write,
    Remove,
    Lock,
}

impl CacheError {
    pub(super) fn io(doing: Doing, path: &Path, source: io::Error) -> Self {
        Self(Box::new(Kind::Io { doing, path: path.to_owned(), source }))
    }

    pub(super) fn broken(path: &Path, source: JsonError) -> Self {
        Self(Box::new(Kind::Broken { path: path.to_owned(), source }))
    }

    pub(super) fn busy(path: &Path, limit: Duration) -> Self {
        Self(Box::new(Kind::Busy { path: path.to_owned(), limit }))
    }

    pub(super) fn cancelled(path: &Path) -> Self {
        Self(Box::new(Kind::Cancelled { path: path.to_owned() }))
    }

    /// The file or folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        let (Kind::Io { path, .. }
        | Kind::Broken { path, .. }
        | Kind::Busy { path, .. }
        | Kind::Cancelled { path }) = &*self.0;
        path
    }

    /// Whose record it is, by the name of the file.
    #[must_use]
    pub fn key(&self) -> Option<AttachmentKey> {
        self.path().file_stem()?.to_str()?.parse().ok()
    }

    /// Whether the file could be read and is no record.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        matches!(*self.0, Kind::Broken { .. })
    }

    /// Whether there is a record already.
    #[must_use]
    pub fn is_occupied(&self) -> bool {
        matches!(&*self.0, Kind::Io { source, .. } if source.kind() == io::ErrorKind::AlreadyExists)
    }

    /// Whether another process holds the lock.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        matches!(*self.0, Kind::Busy { .. })
    }

    /// Whether the wait for a lock was cancelled.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        matches!(*self.0, Kind::Cancelled { .. })
    }
}

impl fmt::Display for CacheError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Kind::Io { doing, path, .. } => {
                let doing = match doing {
                    Doing::Open => "make folder",
                    Doing::Read => "read",
                    Doing::Write => "write",
                    Doing::Remove => "remove",
                    Doing::Lock => "lock",
                };
                write!(f, "cannot {doing} `{}`", path.display())
            }
            Kind::Broken { path, .. } => write!(f, "`{}` is no record of an attachment", path.display()),
            Kind::Busy { path, limit } => {
                write!(f, "another process has held `{}` for more than {limit:?}", path.display())
            }
            Kind::Cancelled { path } => {
                write!(f, "cancelled while another process held `{}`", path.display())
            }
        }
    }
}

impl Error for CacheError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &*self.0 {
            Kind::Io { source, .. } => Some(source),
            Kind::Broken { source, .. } => Some(source),
            Kind::Busy { .. } | Kind::Cancelled { .. } => None,
        }
    }
}
