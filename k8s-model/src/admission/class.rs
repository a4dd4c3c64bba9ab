//! The classes of claims and ingresses that name none, finalizers of storage, and the namespace that an object is in.

use super::{Refusal, Step, namespace_of};
use crate::core::{Namespace, NamespacePhase, PersistentVolumeClaim};
use crate::ingress::{self, OLD_CLASS as OLD_INGRESS_CLASS};
use crate::networking::{Ingress, IngressClass};
use crate::object::Object;
use crate::storage::StorageClass;
use crate::volume_binding::{self, OLD_CLASS as OLD_STORAGE_CLASS};

/// The namespaces that are always there.
pub const NAMESPACES: [&str; 4] = ["default", "kube-node-lease", "kube-public", "kube-system"];

/// Gives a claim that names no class the default one, if there is one; an empty name is no class, and stays.
pub fn default_storage_class(claim: &mut PersistentVolumeClaim, classes: &[StorageClass]) {
    if claim.spec.storage_class_name.is_none() && !claim.metadata.annotations.contains_key(OLD_STORAGE_CLASS)
    {
        claim.spec.storage_class_name =
            volume_binding::default_class(classes).map(|class| class.metadata.name.clone());
    }
}

/// Gives an ingress that names no class the default one, if there is one.
pub fn default_ingress_class(ingress: &mut Ingress, classes: &[IngressClass]) {
    if ingress.spec.ingress_class_name.is_none()
        && !ingress.metadata.annotations.contains_key(OLD_INGRESS_CLASS)
    {
        ingress.spec.ingress_class_name =
            ingress::default_class(classes).map(|class| class.metadata.name.clone());
    }
}

/// Gives claims and volumes the finalizer that keeps them while a pod or a claim uses them (`StorageObjectInUseProtection`).
pub fn protect_storage(object: &mut Object) {
    let (metadata, finalizer) = match object {
        Object::PersistentVolumeClaim(claim) => (&mut claim.metadata, "kubernetes.io/pvc-protection"),
        Object::PersistentVolume(volume) => (&mut volume.metadata, "kubernetes.io/pv-protection"),
        _ => return,
    };
    if !metadata.finalizers.iter().any(|known| known == finalizer) {
        metadata.finalizers.push(finalizer.to_owned());
    }
}

/// Whether the namespace of an object is there and may get new objects.
///
/// # Errors
///
/// On a namespace that there is not, other than those that every cluster has, and on one that is being deleted.
pub fn namespace_lifecycle(object: &Object, namespaces: &[Namespace]) -> Result<(), Refusal> {
    let Some(name) = namespace_of(object) else { return Ok(()) };
    match namespaces.iter().find(|namespace| namespace.metadata.name == name) {
        Some(namespace)
            if namespace.status.phase == NamespacePhase::Terminating
                || namespace.metadata.deletion_timestamp.is_some() =>
        {
            let reason =
                format!("unable to create new content in namespace {name} because it is being terminated");
            Err(Refusal::new(Step::NamespaceLifecycle, reason))
        }
        Some(_) => Ok(()),
        None if NAMESPACES.contains(&name) => Ok(()),
        None => {
            let refusal = Refusal::new(Step::NamespaceLifecycle, format!("namespaces \"{name}\" not found"));
            Err(Refusal { is_not_found: true, ..refusal })
        }
    }
}
