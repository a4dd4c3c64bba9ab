//! The group `rbac.authorization.k8s.io/v1`: roles, and who has them.

use crate::meta::{LabelSelector, ObjectMeta};
use crate::schema::object;

object! {
    /// What may be done in one namespace.
    pub struct Role {
        /// Its name, labels and the like.
        pub metadata: ObjectMeta = "metadata",
        /// The rules; each grants something.
        pub rules: Vec<PolicyRule> = "rules" always,
    }

    /// What may be done in all namespaces, or with objects that have none.
    pub struct ClusterRole {
        /// Its name, labels and the like.
        pub metadata: ObjectMeta = "metadata",
        /// The rules; each grants something.
        pub rules: Vec<PolicyRule> = "rules" always,
        /// The roles whose rules this one collects.
        pub aggregation_rule: Option<Box<AggregationRule>> = "aggregationRule",
    }

    /// Something that is granted.
    pub struct PolicyRule {
        /// What may be done: `get`, `list`, `*`.
        pub verbs: Vec<String> = "verbs" always,
        /// With kinds of these groups; the empty text is the core group, `*` is all.
        pub api_groups: Vec<String> = "apiGroups",
        /// With these kinds, by the names of their resources: `pods`, `pods/log`, `*`.
        pub resources: Vec<String> = "resources",
        /// With objects of these names; none is all.
        pub resource_names: Vec<String> = "resourceNames",
        /// With these paths of the server: `/healthz`; only in a cluster role.
        pub non_resource_urls: Vec<String> = "nonResourceURLs",
    }

    /// The roles whose rules another one collects.
    pub struct AggregationRule {
        /// Which cluster roles; one selector is enough.
        pub cluster_role_selectors: Vec<LabelSelector> = "clusterRoleSelectors",
    }

    /// Who has a role in one namespace.
    pub struct RoleBinding {
        /// Its name, labels and the like.
        pub metadata: ObjectMeta = "metadata",
        /// Who.
        pub subjects: Vec<Subject> = "subjects",
        /// The role; cannot be changed.
        pub role_ref: RoleRef = "roleRef" always,
    }

    /// Who has a cluster role in all namespaces.
    pub struct ClusterRoleBinding {
        /// Its name, labels and the like.
        pub metadata: ObjectMeta = "metadata",
        /// Who.
        pub subjects: Vec<Subject> = "subjects",
        /// The role; cannot be changed.
        pub role_ref: RoleRef = "roleRef" always,
    }

    /// Somebody who can have a role.
    pub struct Subject {
        /// `User`, `Group` or `ServiceAccount`.
        pub kind: String = "kind" always,
        /// The group of the kind; empty for service accounts.
        pub api_group: String = "apiGroup",
        /// The name.
        pub name: String = "name" always,
        /// The namespace; for service accounts.
        pub namespace: String = "namespace",
    }

    /// A role.
    pub struct RoleRef {
        /// The group of its kind: `rbac.authorization.k8s.io`.
        pub api_group: String = "apiGroup" always,
        /// `Role` or `ClusterRole`.
        pub kind: String = "kind" always,
        /// Its name.
        pub name: String = "name" always,
    }
}
