//! The group `scheduling.k8s.io/v1`: classes of priority.

use crate::core::PreemptionPolicy;
use crate::meta::ObjectMeta;
use crate::schema::object;

object! {
    /// A priority with a name.
    pub struct PriorityClass {
        /// Its name, labels and the like.
        pub metadata: ObjectMeta = "metadata",
        /// The priority; higher goes first, up to 1000000000 for users.
        pub value: i32 = "value" always,
        /// Whether pods that name no class have it.
        pub global_default: bool = "globalDefault",
        /// What it is for.
        pub description: String = "description",
        /// Whether its pods may push others off a node.
        pub preemption_policy: Option<PreemptionPolicy> = "preemptionPolicy",
    }
}
