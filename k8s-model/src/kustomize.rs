//! What `kubectl kustomize` builds from a [`Kustomization`](crate::kustomization::Kustomization).
//!
//! Resources, bases and components; namespace, prefix and suffix, labels, annotations, images, replicas; generators of config maps
//! and secrets, with the hashes of their names; patches of both sorts. Names that objects mention follow the objects. What is not
//! here is an error, and not passed over: Helm charts, `replacements`, `vars`, plugins, configurations of fields.
//!
//! Files are asked for through a function, so that a manifest can be built from anywhere.
//!
//! ```
//! use k8s_model::kustomize::build;
//!
//! let files = |path: &str| match path {
//!     "app/kustomization.yaml" => Some(b"namePrefix: x-\nresources: [ns.yaml, sa.yaml]\n".to_vec()),
//!     "app/ns.yaml" => Some(b"{apiVersion: v1, kind: Namespace, metadata: {name: dev}}".to_vec()),
//!     "app/sa.yaml" => Some(b"{apiVersion: v1, kind: ServiceAccount, metadata: {name: robot}}".to_vec()),
//!     _ => None,
//! };
//! let objects = build("app", &files)?;
//! assert_eq!(objects[1]["metadata"]["name"], "x-robot");
//! # Ok::<(), k8s_model::kustomize::KustomizeError>(())
//! ```

mod files;
mod generators;
mod item;
mod labels;
mod order;
mod references;
mod target;
mod transform;

use std::fmt;

use serde_json::Value;

/// Why nothing is built: where, and what is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KustomizeError {
    place: String,
    reason: String,
}

impl KustomizeError {
    pub(super) fn new(place: &str, reason: impl Into<String>) -> Self {
        Self { place: place.to_owned(), reason: reason.into() }
    }

    /// The file or directory that is meant.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }

    /// What is wrong with it.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

impl fmt::Display for KustomizeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}", self.place, self.reason)
    }
}

impl std::error::Error for KustomizeError {}

/// The objects of the kustomization in a directory, in kubectl's order. The function reads a file, by its path from where `directory`
/// is relative to; `None` where there is none.
///
/// # Errors
///
/// On a kustomization or file that is not there or does not decode, two objects of one identity, a patch that fits nothing, and what
/// is not supported.
pub fn build(directory: &str, read: &dyn Fn(&str) -> Option<Vec<u8>>) -> Result<Vec<Value>, KustomizeError> {
    let mut built = target::build(&files::normal(directory), read, &mut Vec::new())?;
    generators::add_hashes(&mut built.items);
    references::fix(&mut built.items);
    if built.sorted {
        order::sort(&mut built.items);
    }
    Ok(built.items.into_iter().map(|item| item.value).collect())
}
