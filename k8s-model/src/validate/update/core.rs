//! What may change in the kinds that have rules of their own.

use super::super::errors::Errors;
use super::super::{batch, cluster, service as checks, workload};
use super::{immutable, immutable_text};
use crate::apps::StatefulSet;
use crate::batch::{CompletionMode, Job};
use crate::core::{
    ConfigMap, IpFamilyPolicy, Node, PersistentVolume, PersistentVolumeClaim, PersistentVolumeClaimPhase,
    PersistentVolumeSpec, Secret, Service, ServiceType,
};
use crate::path::Path;
use crate::storage::StorageClass;

pub(super) fn stateful_set(new: &StatefulSet, old: &StatefulSet, errors: &mut Errors) {
    const FORBIDDEN: &str = "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', \
                             'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";
    workload::stateful_set_spec(&new.spec, errors);
    let mut expected = old.spec.clone();
    let wanted = &new.spec;
    expected.replicas = wanted.replicas;
    expected.template.clone_from(&wanted.template);
    expected.update_strategy.clone_from(&wanted.update_strategy);
    expected.min_ready_seconds = wanted.min_ready_seconds;
    expected.ordinals.clone_from(&wanted.ordinals);
    expected.revision_history_limit = wanted.revision_history_limit;
    expected
        .persistent_volume_claim_retention_policy
        .clone_from(&wanted.persistent_volume_claim_retention_policy);
    // What the server fills in of a claim's template is no change.
    let same_claims = wanted.volume_claim_templates.len() == expected.volume_claim_templates.len()
        && wanted
            .volume_claim_templates
            .iter()
            .zip(&expected.volume_claim_templates)
            .all(|(new, old)| (&new.metadata.name, &new.spec) == (&old.metadata.name, &old.spec));
    if same_claims {
        expected.volume_claim_templates.clone_from(&wanted.volume_claim_templates);
    }
    if expected != *wanted {
        errors.forbidden(&Path::new("spec"), FORBIDDEN);
    }
}

pub(super) fn job(new: &Job, old: &Job, errors: &mut Errors) {
    batch::job_spec_with_selector(&new.spec, errors);
    let path = Path::new("spec");
    // An indexed job may grow and shrink together with its parallelism.
    let elastic = new.spec.completion_mode == Some(CompletionMode::Indexed)
        && new.spec.completions == new.spec.parallelism
        && new.spec.completions.is_some();
    if !elastic {
        immutable(&new.spec.completions, &old.spec.completions, &path.child("completions"), errors);
    }
    if new.spec.selector.is_some() {
        immutable(&new.spec.selector, &old.spec.selector, &path.child("selector"), errors);
    }
    template(new, old, &path.child("template"), errors);
    let modes = path.child("completionMode");
    immutable(&new.spec.completion_mode, &old.spec.completion_mode, &modes, errors);
    let policy = path.child("podFailurePolicy");
    immutable(&new.spec.pod_failure_policy, &old.spec.pod_failure_policy, &policy, errors);
    let policy = path.child("successPolicy");
    immutable(&new.spec.success_policy, &old.spec.success_policy, &policy, errors);
    let limit = path.child("backoffLimitPerIndex");
    immutable(&new.spec.backoff_limit_per_index, &old.spec.backoff_limit_per_index, &limit, errors);
    immutable(&new.spec.managed_by, &old.spec.managed_by, &path.child("managedBy"), errors);
}

/// The template of a job that waits to be started may be narrowed down to some nodes.
fn template(new: &Job, old: &Job, path: &Path<'_>, errors: &mut Errors) {
    let mut expected = old.spec.template.clone();
    let wanted = &new.spec.template;
    if old.spec.suspend == Some(true) && old.status.start_time.is_none() {
        expected.metadata.labels.clone_from(&wanted.metadata.labels);
        expected.metadata.annotations.clone_from(&wanted.metadata.annotations);
        expected.spec.node_selector.clone_from(&wanted.spec.node_selector);
        expected.spec.tolerations.clone_from(&wanted.spec.tolerations);
        expected.spec.scheduling_gates.clone_from(&wanted.spec.scheduling_gates);
        expected.spec.affinity.clone_from(&wanted.spec.affinity);
    }
    immutable(wanted, &expected, path, errors);
}

const SEALED: &str = "field is immutable when `immutable` is set";

pub(super) fn config_map(new: &ConfigMap, old: &ConfigMap, errors: &mut Errors) {
    if old.immutable != Some(true) {
        return;
    }
    let changed = [
        ("immutable", new.immutable != Some(true)),
        ("data", new.data != old.data),
        ("binaryData", new.binary_data != old.binary_data),
    ];
    for (name, _) in changed.iter().filter(|(_, changed)| *changed) {
        errors.forbidden(&Path::new(name), SEALED);
    }
}

pub(super) fn secret(new: &Secret, old: &Secret, errors: &mut Errors) {
    immutable_text(new.type_.as_str(), old.type_.as_str(), &Path::new("type"), errors);
    if old.immutable != Some(true) {
        return;
    }
    let changed = [("immutable", new.immutable != Some(true)), ("data", new.data != old.data)];
    for (name, _) in changed.iter().filter(|(_, changed)| *changed) {
        errors.forbidden(&Path::new(name), SEALED);
    }
}

/// A service as the registry sees it before it validates: what was allocated once is kept when it is not given again, and what
/// belongs to a type that it no longer has is cleared when it was not changed.
pub(super) fn kept_service(new: &Service, old: &Service) -> Service {
    let mut kept = new.clone();
    let spec = &mut kept.spec;
    let external = |object: &Service| object.spec.type_ == ServiceType::ExternalName;
    if spec.cluster_ip != old.spec.cluster_ip && spec.cluster_ips == old.spec.cluster_ips {
        spec.cluster_ips = Some(spec.cluster_ip.clone()).filter(|ip| !ip.is_empty()).into_iter().collect();
    }
    if external(new) && !external(old) {
        if spec.cluster_ips == old.spec.cluster_ips {
            spec.cluster_ip.clear();
            spec.cluster_ips.clear();
        }
        spec.ip_families.clear();
        spec.ip_family_policy = None;
    } else if spec.cluster_ip.is_empty() && spec.cluster_ips.is_empty() && !external(new) && !external(old) {
        spec.cluster_ip.clone_from(&old.spec.cluster_ip);
        spec.cluster_ips.clone_from(&old.spec.cluster_ips);
    } else if spec.cluster_ips.is_empty() && !spec.cluster_ip.is_empty() {
        spec.cluster_ips.push(spec.cluster_ip.clone());
    }
    let outside =
        |object: &Service| matches!(object.spec.type_, ServiceType::NodePort | ServiceType::LoadBalancer);
    if outside(old) && !outside(new) {
        let ports =
            |object: &Service| object.spec.ports.iter().map(|port| port.node_port).collect::<Vec<_>>();
        if ports(new) == ports(old) {
            spec.ports.iter_mut().for_each(|port| port.node_port = 0);
        }
        if spec.external_traffic_policy == old.spec.external_traffic_policy {
            spec.external_traffic_policy = Default::default();
        }
        if spec.health_check_node_port == old.spec.health_check_node_port {
            spec.health_check_node_port = 0;
        }
        spec.allocate_load_balancer_node_ports = None;
    }
    kept
}

pub(super) fn service(new: &Service, old: &Service, errors: &mut Errors) {
    const CHANGED: &str = "may not change once set";
    let external = |object: &Service| object.spec.type_ == ServiceType::ExternalName;
    let headless = checks::is_headless(new) && checks::is_headless(old);
    let (after, before) = (&new.spec.cluster_ips, &old.spec.cluster_ips);
    if external(new) || external(old) || headless {
        return;
    }
    let path = Path::new("spec.clusterIPs");
    let changed = before.iter().zip(after).position(|(old, new)| old != new);
    if let Some(index) = changed {
        errors.invalid(&path.index(index), after.as_slice(), CHANGED);
    }
    let single = new.spec.ip_family_policy == Some(IpFamilyPolicy::SingleStack);
    if before.len() > after.len() && !single {
        let detail = "`ipFamilyPolicy` must be set to 'SingleStack' when releasing the secondary clusterIP";
        errors.invalid(&path.index(0), after.as_slice(), detail);
    }
}

/// The volume without what may change.
fn source(spec: &PersistentVolumeSpec) -> PersistentVolumeSpec {
    let mut source = spec.clone();
    source.capacity.clear();
    source.access_modes.clear();
    source.claim_ref = None;
    source.persistent_volume_reclaim_policy = Default::default();
    source.storage_class_name.clear();
    source.mount_options.clear();
    source.volume_mode = None;
    source.node_affinity = None;
    source.volume_attributes_class_name = None;
    if let Some(csi) = &mut source.csi {
        csi.controller_expand_secret_ref = None;
        csi.node_expand_secret_ref = None;
    }
    source
}

pub(super) fn persistent_volume(new: &PersistentVolume, old: &PersistentVolume, errors: &mut Errors) {
    if source(&new.spec) != source(&old.spec) {
        let detail = "spec.persistentvolumesource is immutable after creation";
        errors.forbidden(&Path::new("spec.persistentvolumesource"), detail);
    }
    // Upstream leaves `spec` out of these two paths.
    immutable(&new.spec.volume_mode, &old.spec.volume_mode, &Path::new("volumeMode"), errors);
    if old.spec.node_affinity.is_some() {
        let path = Path::new("nodeAffinity");
        immutable(&new.spec.node_affinity, &old.spec.node_affinity, &path, errors);
    }
}

pub(super) fn persistent_volume_claim(
    new: &PersistentVolumeClaim,
    old: &PersistentVolumeClaim,
    errors: &mut Errors,
) {
    const DETAIL: &str = "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims";
    let mut expected = old.spec.clone();
    if expected.volume_name.is_empty() {
        expected.volume_name.clone_from(&new.spec.volume_name);
    }
    let bound = [&new.status.phase, &old.status.phase].contains(&&PersistentVolumeClaimPhase::Bound);
    if bound {
        expected.resources.requests.clone_from(&new.spec.resources.requests);
        expected.volume_attributes_class_name.clone_from(&new.spec.volume_attributes_class_name);
    }
    if expected != new.spec {
        errors.forbidden(&Path::new("spec"), DETAIL);
    }
    let size = |claim: &PersistentVolumeClaim| claim.spec.resources.requests.get("storage").cloned();
    if let (Some(after), Some(before)) = (size(new), size(old))
        && after < before
    {
        let path = Path::new("spec.resources.requests.storage");
        let detail = if bound {
            "field can not be less than status.capacity"
        } else {
            "field can not be less than previous value"
        };
        // A claim whose volume has not grown yet may be taken back to what it has.
        let has = new.status.capacity.get("storage").or_else(|| old.status.capacity.get("storage"));
        if !bound || has.is_none_or(|has| after < *has) {
            errors.forbidden(&path, detail);
        }
    }
    immutable(&new.spec.volume_mode, &old.spec.volume_mode, &Path::new("volumeMode"), errors);
}

pub(super) fn storage_class(new: &StorageClass, old: &StorageClass, errors: &mut Errors) {
    let changed = [
        ("parameters", new.parameters != old.parameters),
        ("provisioner", new.provisioner != old.provisioner),
        ("reclaimPolicy", new.reclaim_policy != old.reclaim_policy),
    ];
    for (name, _) in changed.iter().filter(|(_, changed)| *changed) {
        errors.forbidden(&Path::new(name), &format!("updates to {name} are forbidden."));
    }
    let path = Path::new("volumeBindingMode");
    immutable(&new.volume_binding_mode, &old.volume_binding_mode, &path, errors);
}

pub(super) fn node(new: &Node, old: &Node, errors: &mut Errors) {
    cluster::node_itself(new, errors);
    let path = Path::new("spec");
    let mut changed = false;
    if !old.spec.pod_cidrs.is_empty() && old.spec.pod_cidrs != new.spec.pod_cidrs {
        changed = true;
        let detail = "node updates may not change podCIDR except from \"\" to valid";
        errors.forbidden(&path.child("podCIDRs"), detail);
    }
    if !old.spec.provider_id.is_empty() && old.spec.provider_id != new.spec.provider_id {
        changed = true;
        let detail = "node updates may not change providerID except from \"\" to valid";
        errors.forbidden(&path.child("providerID"), detail);
    }
    if changed {
        // Upstream's path of the whole object.
        let detail = "node updates may only change labels, taints, or capacity (or configSource, if the DynamicKubeletConfig feature gate is enabled)";
        errors.forbidden(&Path::new("[]"), detail);
    }
}
