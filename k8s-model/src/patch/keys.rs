//! How the lists and mappings of each type are merged: the tags `patchStrategy` and `patchMergeKey` of `k8s.io/api` 1.36.

/// How a field is merged.
pub(super) struct Key {
    /// The name of the Go type that has the field.
    pub(super) owner: &'static str,
    /// The name of the field in JSON.
    pub(super) field: &'static str,
    /// `merge`, `replace`, `retainKeys` or two of them.
    pub(super) strategy: &'static str,
    /// The member by which the elements of a list are told apart; empty for scalars.
    pub(super) merge_key: &'static str,
}

const fn key(
    owner: &'static str,
    field: &'static str,
    strategy: &'static str,
    merge_key: &'static str,
) -> Key {
    Key { owner, field, strategy, merge_key }
}

/// Sorted by type and field.
pub(super) const KEYS: &[Key] = &[
    key("CSINodeSpec", "drivers", "merge", "name"),
    key("ComponentStatus", "conditions", "merge", "type"),
    key("Container", "env", "merge", "name"),
    key("Container", "ports", "merge", "containerPort"),
    key("Container", "volumeDevices", "merge", "devicePath"),
    key("Container", "volumeMounts", "merge", "mountPath"),
    key("ContainerStatus", "allocatedResourcesStatus", "merge", "name"),
    key("ContainerStatus", "volumeMounts", "merge", "mountPath"),
    key("DaemonSetStatus", "conditions", "merge", "type"),
    key("DeploymentSpec", "strategy", "retainKeys", ""),
    key("DeploymentStatus", "conditions", "merge", "type"),
    key("EphemeralContainer", "env", "merge", "name"),
    key("EphemeralContainer", "ports", "merge", "containerPort"),
    key("EphemeralContainer", "volumeDevices", "merge", "devicePath"),
    key("EphemeralContainer", "volumeMounts", "merge", "mountPath"),
    key("HorizontalPodAutoscalerStatus", "conditions", "merge", "type"),
    key("JobStatus", "conditions", "merge", "type"),
    key("NamespaceStatus", "conditions", "merge", "type"),
    key("NodeSpec", "podCIDRs", "merge", ""),
    key("NodeStatus", "addresses", "merge", "type"),
    key("NodeStatus", "conditions", "merge", "type"),
    key("ObjectMeta", "finalizers", "merge", ""),
    key("ObjectMeta", "ownerReferences", "merge", "uid"),
    key("PersistentVolumeClaimStatus", "conditions", "merge", "type"),
    key("PodDisruptionBudgetSpec", "selector", "replace", ""),
    key("PodDisruptionBudgetStatus", "conditions", "merge", "type"),
    key("PodSpec", "containers", "merge", "name"),
    key("PodSpec", "ephemeralContainers", "merge", "name"),
    key("PodSpec", "hostAliases", "merge", "ip"),
    key("PodSpec", "imagePullSecrets", "merge", "name"),
    key("PodSpec", "initContainers", "merge", "name"),
    key("PodSpec", "resourceClaims", "merge,retainKeys", "name"),
    key("PodSpec", "schedulingGates", "merge", "name"),
    key("PodSpec", "topologySpreadConstraints", "merge", "topologyKey"),
    key("PodSpec", "volumes", "merge,retainKeys", "name"),
    key("PodStatus", "conditions", "merge", "type"),
    key("PodStatus", "hostIPs", "merge", "ip"),
    key("PodStatus", "podIPs", "merge", "ip"),
    key("PodStatus", "resourceClaimStatuses", "merge,retainKeys", "name"),
    key("ReplicaSetStatus", "conditions", "merge", "type"),
    key("ReplicationControllerStatus", "conditions", "merge", "type"),
    key("ServiceAccount", "secrets", "merge", "name"),
    key("ServiceCIDRStatus", "conditions", "merge", "type"),
    key("ServiceSpec", "ports", "merge", "port"),
    key("ServiceStatus", "conditions", "merge", "type"),
    key("StatefulSetStatus", "conditions", "merge", "type"),
];
