//! What a store refuses.

use std::fmt;

use super::Key;
use crate::registry::{self, group_of};

/// Why a store did not do something, in the API server's words.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreError {
    /// An object of that name is there.
    AlreadyExists(Box<Key>),
    /// There is no such object.
    NotFound(Box<Key>),
    /// The object was written since it was read.
    Modified(Box<Key>),
    /// Another object of that name is there.
    OtherUid {
        /// The object.
        key: Box<Key>,
        /// The identifier that was asked for.
        wanted: String,
        /// The one that is there.
        found: String,
    },
    /// The namespace of an object that was to be made goes.
    NamespaceTerminating(Box<Key>),
    /// Objects of the kind have no metadata, and cannot be kept.
    NoMetadata(String),
}

/// `pods "web"`, `replicasets.apps "web"`.
pub(crate) struct Named<'k>(pub(crate) &'k Key);

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Key { kind, api_version, name, .. } = self.0;
        match registry::kind(api_version, kind) {
            Some(info) => f.write_str(info.plural)?,
            None => f.write_str(&kind.to_lowercase())?,
        }
        match group_of(api_version) {
            "" => write!(f, " \"{name}\""),
            group => write!(f, ".{group} \"{name}\""),
        }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AlreadyExists(key) => write!(f, "{} already exists", Named(key)),
            Self::NotFound(key) => write!(f, "{} not found", Named(key)),
            Self::Modified(key) => write!(
                f,
                "Operation cannot be fulfilled on {}: the object has been modified; please apply your changes to the \
                 latest version and try again",
                Named(key)
            ),
            Self::OtherUid { key, wanted, found } => write!(
                f,
                "Operation cannot be fulfilled on {}: the UID in the precondition ({wanted}) does not match the UID in \
                 record ({found}). The object might have been deleted and then recreated",
                Named(key)
            ),
            Self::NamespaceTerminating(key) => write!(
                f,
                "{} is forbidden: unable to create new content in namespace {} because it is being terminated",
                Named(key),
                key.namespace
            ),
            Self::NoMetadata(kind) => write!(f, "objects of the kind `{kind}` have no metadata"),
        }
    }
}

impl std::error::Error for StoreError {}
