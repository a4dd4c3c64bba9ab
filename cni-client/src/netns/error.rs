//! What goes wrong with namespaces.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why a namespace cannot be made, entered or removed.
#[derive(Debug)]
pub struct NetnsError {
    doing: Doing,
    path: Option<PathBuf>,
    /// `None` when what is there is no namespace.
    source: Option<io::Error>,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Doing {
    Make,
    Open,
    Enter,
    Bind,
    Remove,
    Loopback,
    Thread,
}

impl NetnsError {
    pub(super) fn new(doing: Doing, path: Option<&Path>, source: io::Error) -> Self {
        Self { doing, path: path.map(Path::to_owned), source: Some(source) }
    }

    pub(super) fn no_namespace(path: &Path) -> Self {
        Self { doing: Doing::Open, path: Some(path.to_owned()), source: None }
    }

    /// Whether nothing is there.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.source.as_ref().is_some_and(|source| source.kind() == io::ErrorKind::NotFound)
    }
}

impl fmt::Display for NetnsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let doing = match self.doing {
            Doing::Make => "make a network namespace",
            Doing::Open => "open network namespace",
            Doing::Enter => "enter a network namespace",
            Doing::Bind => "bind a network namespace to",
            Doing::Remove => "remove network namespace",
            Doing::Loopback => "set the loopback interface up",
            Doing::Thread => "start a thread for a network namespace",
        };
        match (&self.source, &self.path) {
            (None, Some(path)) => write!(f, "`{}` is no network namespace", path.display()),
            (_, Some(path)) => write!(f, "cannot {doing} `{}`", path.display()),
            (_, None) => write!(f, "cannot {doing}"),
        }
    }
}

impl Error for NetnsError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| source as _)
    }
}
