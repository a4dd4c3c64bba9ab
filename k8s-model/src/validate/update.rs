//! What must not change between two versions of an object.

mod core;
mod pod;

use super::errors::{Errors, Json};
use super::{FieldError, service, storage, workload};
use super::{autoscaling, batch, cluster, config, ingress, limits, meta, names, network, persistent, rbac};
use crate::meta::ObjectMeta;
use crate::object::Object;
use crate::path::Path;
use crate::schema::Value;

const IMMUTABLE: &str = "field is immutable";

/// Validates an object that is to replace another one (`PUT`), as the server does; the list is empty when it may. Both are
/// defaulted. What the server itself keeps (`uid`, timestamps, `resourceVersion`, status) may be absent in the new one.
///
/// ```
/// use k8s_model::decode::{Mode, decode_str};
/// use k8s_model::validate::validate_update;
///
/// let read = |text| decode_str(text, "", Mode::Strict).documents.remove(0).object;
/// let old = read("{apiVersion: v1, kind: Secret, metadata: {name: s}, type: Opaque}");
/// let new = read("{apiVersion: v1, kind: Secret, metadata: {name: s}, type: example.com/other}");
/// assert_eq!(
///     validate_update(&new, &old)[0].to_string(),
///     "type: Invalid value: \"example.com/other\": field is immutable",
/// );
/// ```
#[must_use]
pub fn validate_update(new: &Object, old: &Object) -> Vec<FieldError> {
    let mut errors = Errors::default();
    if let (Some(new), Some(old)) = (new.metadata(), old.metadata()) {
        metadata(new, old, &mut errors);
    }
    update(new, old, &mut errors);
    // Upstream tells some errors twice.
    let mut unique: Vec<FieldError> = Vec::with_capacity(errors.0.len());
    for error in errors.0 {
        if !unique.contains(&error) {
            unique.push(error);
        }
    }
    unique
}

fn metadata(new: &ObjectMeta, old: &ObjectMeta, errors: &mut Errors) {
    let path = Path::new("metadata");
    if old.deletion_timestamp.is_some() {
        let added: Vec<&String> =
            new.finalizers.iter().filter(|name| !old.finalizers.contains(name)).collect();
        if !added.is_empty() {
            let detail = format!(
                "no new finalizers can be added if the object is being deleted, found new finalizers {added:?}"
            );
            errors.forbidden(&path.child("finalizers"), &detail);
        }
    }
    let kept = [
        ("name", &new.name, &old.name),
        ("namespace", &new.namespace, &old.namespace),
        ("uid", &new.uid, &old.uid),
    ];
    for (name, new, old) in kept {
        if new != old && !(new.is_empty() && name != "name") {
            errors.invalid(&path.child(name), new, IMMUTABLE);
        }
    }
    meta::labels(&new.labels, &path.child("labels"), errors);
    meta::annotations(&new.annotations, &path.child("annotations"), errors);
    meta::owner_references(&new.owner_references, &path.child("ownerReferences"), errors);
    meta::standard_finalizers(&new.finalizers, &path.child("finalizers"), errors);
}

/// Notes a value that differs from the old one.
fn immutable<T: Value + PartialEq>(new: &T, old: &T, path: &Path<'_>, errors: &mut Errors) {
    if new != old {
        errors.invalid(path, Json(new), IMMUTABLE);
    }
}

/// Notes a text that differs from the old one.
fn immutable_text(new: &str, old: &str, path: &Path<'_>, errors: &mut Errors) {
    if new != old {
        errors.invalid(path, new, IMMUTABLE);
    }
}

fn update(new: &Object, old: &Object, errors: &mut Errors) {
    let spec = Path::new("spec");
    match (new, old) {
        (Object::Pod(new), Object::Pod(old)) => pod::pod(new, old, errors),
        (Object::ReplicationController(new), _) => {
            workload::replication_controller_spec(&new.spec, errors);
        }
        (Object::ReplicaSet(new), Object::ReplicaSet(old)) => {
            workload::replica_set_spec(&new.spec, errors);
            immutable(&new.spec.selector, &old.spec.selector, &spec.child("selector"), errors);
        }
        (Object::Deployment(new), Object::Deployment(old)) => {
            workload::deployment_spec(&new.spec, errors);
            immutable(&new.spec.selector, &old.spec.selector, &spec.child("selector"), errors);
        }
        (Object::DaemonSet(new), Object::DaemonSet(old)) => {
            workload::daemon_set_spec(&new.spec, errors);
            immutable(&new.spec.selector, &old.spec.selector, &spec.child("selector"), errors);
        }
        (Object::StatefulSet(new), Object::StatefulSet(old)) => core::stateful_set(new, old, errors),
        (Object::ControllerRevision(new), Object::ControllerRevision(old)) => {
            workload::controller_revision(new, errors);
            immutable(&new.data, &old.data, &Path::new("data"), errors);
        }
        (Object::Job(new), Object::Job(old)) => core::job(new, old, errors),
        (Object::CronJob(new), Object::CronJob(_)) => batch::cron_job_spec(&new.spec, false, errors),
        (Object::ConfigMap(new), Object::ConfigMap(old)) => {
            core::config_map(new, old, errors);
            config::config_map(new, errors);
        }
        (Object::Secret(new), Object::Secret(old)) => {
            core::secret(new, old, errors);
            config::secret(new, errors);
        }
        (Object::Service(new), Object::Service(old)) => {
            let new = core::kept_service(new, old);
            core::service(&new, old, errors);
            service::service_itself(&new, errors);
        }
        (Object::Endpoints(new), _) => network::endpoints(new, errors),
        (Object::EndpointSlice(new), Object::EndpointSlice(old)) => {
            network::endpoint_slice(new, errors);
            let path = Path::new("addressType");
            immutable_text(new.address_type.as_str(), old.address_type.as_str(), &path, errors);
        }
        (Object::Ingress(new), _) => ingress::ingress_spec(&new.spec, errors),
        (Object::IngressClass(new), Object::IngressClass(old)) => {
            let path = spec.child("controller");
            immutable_text(&new.spec.controller, &old.spec.controller, &path, errors);
            ingress::ingress_class(new, errors);
        }
        (Object::NetworkPolicy(new), _) => network::network_policy_spec(&new.spec, errors),
        (Object::PersistentVolume(new), Object::PersistentVolume(old)) => {
            persistent::volume_itself(new, errors);
            core::persistent_volume(new, old, errors);
        }
        (Object::PersistentVolumeClaim(new), Object::PersistentVolumeClaim(old)) => {
            persistent::claim_itself(new, errors);
            core::persistent_volume_claim(new, old, errors);
        }
        _ => update_cluster(new, old, errors),
    }
}

fn update_cluster(new: &Object, old: &Object, errors: &mut Errors) {
    let spec = Path::new("spec");
    match (new, old) {
        (Object::StorageClass(new), Object::StorageClass(old)) => core::storage_class(new, old, errors),
        (Object::CsiDriver(new), Object::CsiDriver(old)) => {
            storage::csi_driver(new, errors);
            immutable(
                &new.spec.attach_required,
                &old.spec.attach_required,
                &spec.child("attachedRequired"),
                errors,
            );
            immutable(
                &new.spec.fs_group_policy,
                &old.spec.fs_group_policy,
                &spec.child("fsGroupPolicy"),
                errors,
            );
            let path = spec.child("volumeLifecycleModes");
            immutable(&new.spec.volume_lifecycle_modes, &old.spec.volume_lifecycle_modes, &path, errors);
        }
        (Object::VolumeAttachment(new), Object::VolumeAttachment(old)) => {
            storage::attachment(new, errors);
            immutable(&new.spec, &old.spec, &spec, errors);
        }
        (Object::Node(new), Object::Node(old)) => core::node(new, old, errors),
        (Object::LimitRange(new), _) => limits::limit_range_itself(new, errors),
        (Object::ResourceQuota(new), Object::ResourceQuota(old)) => {
            limits::quota_spec(&new.spec, errors);
            let sorted = |scopes: &[crate::core::ResourceQuotaScope]| {
                let mut scopes = scopes.to_vec();
                scopes.sort_unstable();
                scopes
            };
            if sorted(&new.spec.scopes) != sorted(&old.spec.scopes) {
                errors.invalid(&spec.child("scopes"), Json(&new.spec.scopes), IMMUTABLE);
            }
        }
        (Object::RuntimeClass(new), Object::RuntimeClass(old)) => {
            immutable_text(&new.handler, &old.handler, &Path::new("handler"), errors);
        }
        (Object::PriorityClass(new), Object::PriorityClass(old)) => {
            if new.value != old.value {
                // Upstream spells the field as Go does.
                errors.forbidden(&Path::new("Value"), "may not be changed in an update.");
            }
            let path = Path::new("preemptionPolicy");
            immutable(&new.preemption_policy, &old.preemption_policy, &path, errors);
        }
        (Object::Lease(new), _) => cluster::lease_itself(new, errors),
        (Object::Role(new), _) => rbac::role(new, errors),
        (Object::ClusterRole(new), _) => rbac::cluster_role(new, errors),
        (Object::RoleBinding(new), Object::RoleBinding(old)) => {
            rbac::role_binding(new, errors);
            if new.role_ref != old.role_ref {
                errors.invalid(&Path::new("roleRef"), Json(&new.role_ref), "cannot change roleRef");
            }
        }
        (Object::ClusterRoleBinding(new), Object::ClusterRoleBinding(old)) => {
            rbac::cluster_role_binding(new, errors);
            if new.role_ref != old.role_ref {
                errors.invalid(&Path::new("roleRef"), Json(&new.role_ref), "cannot change roleRef");
            }
        }
        (Object::HorizontalPodAutoscaler(new), Object::HorizontalPodAutoscaler(old)) => {
            // What was allowed once stays allowed.
            let least = if old.spec.min_replicas == Some(0) { 0 } else { 1 };
            autoscaling::autoscaler_itself(new, least, errors);
        }
        (Object::PodDisruptionBudget(new), _) => autoscaling::disruption_budget_itself(new, errors),
        (Object::PodTemplate(new), _) => workload::pod_template(new, errors),
        (Object::Namespace(_) | Object::ServiceAccount(_), _) => {}
        (new, _) => {
            if let Some(metadata) = new.metadata() {
                meta::named(metadata, names::path_segment, &Path::new("metadata"), errors);
            }
        }
    }
}
