//! The group `policy/v1`: disruptions that are borne, and evictions.

use std::collections::BTreeMap;

use crate::int_or_string::IntOrString;
use crate::meta::{Condition, DeleteOptions, LabelSelector, ObjectMeta};
use crate::schema::{object, open_enum};
use crate::time::Time;

object! {
    /// How many of some pods may be missing because somebody wants it so.
    pub struct PodDisruptionBudget {
        /// Its name, labels and the like.
        pub metadata: ObjectMeta = "metadata",
        /// What is wanted.
        pub spec: PodDisruptionBudgetSpec = "spec",
        /// What was last seen.
        pub status: PodDisruptionBudgetStatus = "status",
    }

    /// What is borne; at most one of `minAvailable` and `maxUnavailable`.
    pub struct PodDisruptionBudgetSpec {
        /// How many must be there, as a number or as a share.
        pub min_available: Option<IntOrString> = "minAvailable",
        /// The pods; empty is all of the namespace, absent none.
        pub selector: Option<Box<LabelSelector>> = "selector" [replace],
        /// How many may be missing, as a number or as a share.
        pub max_unavailable: Option<IntOrString> = "maxUnavailable",
        /// When pods may be evicted that are not healthy.
        pub unhealthy_pod_eviction_policy: Option<UnhealthyPodEvictionPolicyType> = "unhealthyPodEvictionPolicy",
    }

    /// What was last seen of a disruption budget.
    pub struct PodDisruptionBudgetStatus {
        /// The generation of the object that this speaks of.
        pub observed_generation: i64 = "observedGeneration",
        /// Pods whose eviction was granted, and when; until they are gone.
        pub disrupted_pods: BTreeMap<String, Option<Time>> = "disruptedPods",
        /// How many may be evicted now.
        pub disruptions_allowed: i32 = "disruptionsAllowed" always,
        /// How many are healthy.
        pub current_healthy: i32 = "currentHealthy" always,
        /// How many must be healthy at least.
        pub desired_healthy: i32 = "desiredHealthy" always,
        /// How many there should be.
        pub expected_pods: i32 = "expectedPods" always,
        /// What is so of it, by type.
        pub conditions: Vec<Condition> = "conditions" [merge "type"],
    }

    /// A wish to evict a pod, that a budget may refuse.
    pub struct Eviction {
        /// Its name, labels and the like.
        pub metadata: ObjectMeta = "metadata",
        /// How it is deleted.
        pub delete_options: Option<Box<DeleteOptions>> = "deleteOptions",
    }
}

open_enum! {
    /// When pods may be evicted that are not healthy.
    pub enum UnhealthyPodEvictionPolicyType {
        /// Always.
        AlwaysAllow = "AlwaysAllow",
        /// When enough others are healthy.
        IfHealthyBudget = "IfHealthyBudget",
    }
}
