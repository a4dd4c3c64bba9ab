//! In which order objects are written: what others need comes first.

use super::item::Item;

const FIRST: [&str; 22] = [
    "Namespace",
    "ResourceQuota",
    "StorageClass",
    "CustomResourceDefinition",
    "ServiceAccount",
    "PodSecurityPolicy",
    "Role",
    "ClusterRole",
    "RoleBinding",
    "ClusterRoleBinding",
    "ConfigMap",
    "Secret",
    "Endpoints",
    "Service",
    "LimitRange",
    "PriorityClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Deployment",
    "StatefulSet",
    "CronJob",
    "PodDisruptionBudget",
];
const LAST: [&str; 2] = ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];

/// Kinds in kustomize's order; then group, version, kind, namespace and name.
pub(super) fn sort(items: &mut [Item]) {
    items.sort_by_cached_key(|item| {
        let kind = item.kind();
        let place = |list: &[&str]| list.iter().position(|known| *known == kind);
        let rank = match (place(&FIRST), place(&LAST)) {
            (Some(first), _) => (0, first),
            (None, None) => (1, 0),
            (None, Some(last)) => (2, last),
        };
        let or = |text: &str, none: &str| if text.is_empty() { none.to_owned() } else { text.to_owned() };
        let (group, version) = item.group_version();
        // Absent parts are sorted by the letters that kustomize once wrote for them.
        let version = format!("{}_{}_{kind}", or(group, "~G"), or(version, "~V"));
        (rank, version, or(item.namespace(), "~X"), item.name().to_owned())
    });
}
