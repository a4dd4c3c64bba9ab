//! What the API server does with an object that comes in, beside filling in its defaults and validating it: the admission plugins that are
//! on by default.
//!
//! [`plan::store`](crate::plan::store) keeps objects as a server does, and asks nothing; whoever takes objects in from outside calls
//! [`namespace`], [`without_status`] and, for pods, [`pod`] before.
//!
//! ```
//! use k8s_model::admit;
//! use k8s_model::core::ConfigMap;
//! use k8s_model::object::Object;
//!
//! let mut object = Object::from(ConfigMap::default());
//! object.metadata_mut().unwrap().namespace = "nowhere".into();
//! assert_eq!(admit::namespace(&object, &[]).unwrap_err(), "namespaces \"nowhere\" not found");
//! ```
//!
//! Of the plugins there are NamespaceLifecycle ([`namespace`]), ServiceAccount, Priority, RuntimeClass and LimitRanger ([`pod`]). Tokens of
//! service accounts and quotas are left out: there is no API server that a token would be for.

mod limits;
mod pod;

pub use pod::pod;

use std::fmt;

use crate::core::{Service, ServiceType};
use crate::encode::to_json;
use crate::object::Object;
use crate::registry::Scope;

/// The namespaces that are always there.
pub const NAMESPACES: [&str; 4] = ["default", "kube-node-lease", "kube-public", "kube-system"];

/// Why an object is not taken in: shown as `pods "web" is forbidden: reason`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forbidden {
    resource: String,
    name: String,
    reason: String,
}

impl Forbidden {
    pub(crate) fn new(resource: &str, name: &str, reason: impl Into<String>) -> Self {
        Self { resource: resource.to_owned(), name: name.to_owned(), reason: reason.into() }
    }
}

impl fmt::Display for Forbidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} \"{}\" is forbidden: {}", self.resource, self.name, self.reason)
    }
}

impl std::error::Error for Forbidden {}

/// Whether an object may come into its namespace (NamespaceLifecycle). `objects` are those that are kept.
///
/// # Errors
///
/// When the namespace is not there, or is going: `namespaces "x" not found`.
pub fn namespace(object: &Object, objects: &[&Object]) -> Result<(), String> {
    let name = object.namespace();
    if name.is_empty() || object.info().is_some_and(|info| info.scope == Scope::Cluster) {
        return Ok(());
    }
    let found = objects.iter().find_map(|kept| match kept {
        Object::Namespace(namespace) if namespace.metadata.name == name => Some(namespace),
        _ => None,
    });
    match found {
        Some(namespace) if namespace.metadata.deletion_timestamp.is_some() => {
            let plural = object.info().map_or("objects", |info| info.plural);
            let reason =
                format!("unable to create new content in namespace {name} because it is being terminated");
            Err(Forbidden::new(plural, object.name(), reason).to_string())
        }
        Some(_) => Ok(()),
        None if NAMESPACES.contains(&name) => Ok(()),
        None => Err(format!("namespaces \"{name}\" not found")),
    }
}

/// Takes the status away that somebody wrote on a new object: only what is seen of it makes one (`PrepareForCreate`). Its defaults are filled
/// in again.
pub fn without_status(object: &mut Object) {
    let has_status =
        object.fields().is_some_and(|fields| fields.info().fields.iter().any(|field| field.name == "status"));
    if !has_status {
        return;
    }
    let Ok(mut value) = serde_json::from_str::<serde_json::Value>(&to_json(object)) else { return };
    if let Some(members) = value.as_object_mut() {
        members.remove("status");
    }
    // What was written here can be read again.
    if let Ok(again) = serde_json::from_value(value) {
        *object = again;
        crate::default::default(object);
    }
}

/// A service that is written anew keeps the addresses and ports that it was given, unless it says otherwise (`patchAllocatedValues`).
pub fn keep_addresses(new: &mut Service, old: &Service) {
    if new.spec.cluster_ip.is_empty() && new.spec.type_ != ServiceType::ExternalName {
        new.spec.cluster_ip.clone_from(&old.spec.cluster_ip);
        new.spec.cluster_ips.clone_from(&old.spec.cluster_ips);
    }
    for port in &mut new.spec.ports {
        if new.spec.type_ == ServiceType::ClusterIp {
            // Only what it was given goes, not what it asks for itself.
            let given = old.spec.ports.iter().any(|old| old.node_port == port.node_port);
            if given && old.spec.type_ != ServiceType::ClusterIp {
                port.node_port = 0;
            }
        } else if port.node_port == 0 {
            let same =
                |old: &&crate::core::ServicePort| (old.port, &old.protocol) == (port.port, &port.protocol);
            port.node_port = old.spec.ports.iter().find(same).map_or(0, |old| old.node_port);
        }
    }
}
