//! What a kubelet fills in before a container starts: `$(VAR)`, the environment, and volumes whose files have known contents.
//!
//! What is known only once the pod has its network (`status.podIP`) stands as a place in a
//! [`Template`](pod_core::pod::Template). Other objects are asked for through a [`Lookup`].
//!
//! Variables of services ([`service_variables`]) are those of the services that the lookup has; a pod says by `enableServiceLinks` whether
//! it wants them.

mod env;
mod field;
mod files;
mod lookup;
mod services;
mod text;

pub use env::environment;
pub use files::{config_map_files, downward_files, projected_files, secret_files};
pub use lookup::{Lookup, Objects};
pub use services::service_variables;
pub use text::expand;

pub(crate) use env::{Variables, variables};

use std::fmt;

use pod_core::pod::Uuid;

use crate::core::Pod;
use crate::path::Path;

/// What a node says of itself to the pods that it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Its name: `spec.nodeName` of a pod that names none.
    pub name: String,
    /// Its processors, in thousandths: the limit of a container that has none.
    pub cpu_milli: u64,
    /// Its memory, in bytes: the limit of a container that has none, and what OOM scores are relative to.
    pub memory: u64,
    /// Its disk for pods, in bytes: the limit of a container that has none.
    pub ephemeral_storage: u64,
}

/// Whom something is filled in for.
#[derive(Clone, Copy)]
pub struct Context<'c> {
    /// The pod, with its defaults.
    pub pod: &'c Pod,
    /// Its identifier: `metadata.uid`.
    pub uid: Uuid,
    /// The node that runs it.
    pub node: &'c Node,
    /// Where config maps and secrets are.
    pub objects: &'c dyn Lookup,
}

impl fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("pod", &self.pod.metadata.name)
            .field("uid", &self.uid)
            .finish_non_exhaustive()
    }
}

impl Context<'_> {
    /// The namespace of the pod.
    #[must_use]
    pub fn namespace(&self) -> &str {
        if self.pod.metadata.namespace.is_empty() { "default" } else { &self.pod.metadata.namespace }
    }
}

/// A field that cannot be filled in, or not be carried over, and why: shown as `field.path: reason`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldProblem {
    /// The path of the field, such as `spec.volumes[0].nfs`.
    pub field: String,
    /// Why not.
    pub reason: String,
}

impl fmt::Display for FieldProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.reason)
    }
}

impl std::error::Error for FieldProblem {}

/// The problems so far.
#[derive(Debug, Default)]
pub(crate) struct Problems(pub(crate) Vec<FieldProblem>);

impl Problems {
    pub(crate) fn add(&mut self, path: &Path<'_>, reason: impl Into<String>) {
        self.0.push(FieldProblem { field: path.to_string(), reason: reason.into() });
    }

    /// Notes the problem of a result; what was well goes on.
    pub(crate) fn take<T>(&mut self, path: &Path<'_>, result: Result<T, impl fmt::Display>) -> Option<T> {
        result.map_err(|error| self.add(path, error.to_string())).ok()
    }
}
