//! What goes wrong with a client.

use std::error::Error;
use std::fmt;
use std::io;

use crate::attachment::AttachmentKey;
use crate::cache::CacheError;
use crate::chain::{ChainError, PrepareError};
use crate::name::ContainerId;
use crate::network::PortError;
use crate::version::VersionError;

/// Why an operation failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum ClientError {
    /// The plugins did not succeed.
    Chain(ChainError),
    /// The plugins could not be asked.
    Prepare(PrepareError),
    /// The versions do not meet.
    Version(VersionError),
    /// The records could not be read or written.
    Cache(CacheError),
    /// Another container has a port of the host.
    Port(PortError),
    /// ADD of what is attached.
    Attached {
        /// The attachment.
        key: AttachmentKey,
    },
    /// Plugins of a process that was killed do not end.
    Orphans {
        /// The container that they work on.
        container: ContainerId,
        /// Why.
        source: io::Error,
    },
    /// CHECK of what is not attached.
    NotAttached {
        /// The attachment.
        key: AttachmentKey,
    },
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Chain(error) => error.fmt(f),
            Self::Prepare(error) => error.fmt(f),
            Self::Version(error) => error.fmt(f),
            Self::Cache(error) => error.fmt(f),
            Self::Port(error) => error.fmt(f),
            Self::Attached { key } => write!(
                f,
                "`{}` of container `{}` is attached to network `{}` already",
                key.interface(),
                key.container(),
                key.network()
            ),
            Self::Orphans { container, .. } => {
                write!(f, "cannot end what an earlier process has begun with container `{container}`")
            }
            Self::NotAttached { key } => write!(
                f,
                "`{}` of container `{}` is not attached to network `{}`",
                key.interface(),
                key.container(),
                key.network()
            ),
        }
    }
}

impl Error for ClientError {
    /// That of the error inside: its own text is this one's.
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Chain(error) => error.source(),
            Self::Prepare(error) => error.source(),
            Self::Version(error) => error.source(),
            Self::Cache(error) => error.source(),
            Self::Port(error) => error.source(),
            Self::Orphans { source, .. } => Some(source),
            Self::Attached { .. } | Self::NotAttached { .. } => None,
        }
    }
}

macro_rules! from {
    ($error:ident, $variant:ident) => {
        impl From<$error> for ClientError {
            fn from(error: $error) -> Self {
                Self::$variant(error)
            }
        }
    };
}

from!(ChainError, Chain);
from!(PrepareError, Prepare);
from!(VersionError, Version);
from!(CacheError, Cache);
from!(PortError, Port);
