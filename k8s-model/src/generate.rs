//! What kubectl makes from flags: `run`, `create`, `expose`, `set image`, `scale`.
//!
//! ```
//! use k8s_model::encode::to_json;
//! use k8s_model::generate;
//!
//! let namespace = generate::namespace("dev")?;
//! assert_eq!(to_json(&namespace), r#"{"kind":"Namespace","apiVersion":"v1","metadata":{"name":"dev"},"spec":{},"status":{}}"#);
//! # Ok::<(), generate::GenerateError>(())
//! ```

mod change;
mod data;
mod service;
mod workload;

pub use change::{ImageChange, scale, set_image};
pub(crate) use data::go_json;
pub use data::{Entry, config_map, docker_registry, env_file, literal, secret};
pub use service::{Exposure, PortPair, ServiceKind, expose, service};
pub use workload::{DeploymentFlags, RunFlags, deployment, job, run, run_deployment};

use std::fmt;

use crate::core::Namespace;
use crate::meta::ObjectMeta;

/// Flags that make no object, in kubectl's words where it has some.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GenerateError(String);

impl GenerateError {
    fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for GenerateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for GenerateError {}

/// Metadata with a name that must be given.
fn named(name: &str) -> Result<ObjectMeta, GenerateError> {
    if name.is_empty() {
        return Err(GenerateError::new("name must be specified"));
    }
    Ok(ObjectMeta { name: name.to_owned(), ..ObjectMeta::default() })
}

/// `kubectl create namespace`.
///
/// # Errors
///
/// On an empty name.
pub fn namespace(name: &str) -> Result<Namespace, GenerateError> {
    Ok(Namespace { metadata: named(name)?, ..Namespace::default() })
}
