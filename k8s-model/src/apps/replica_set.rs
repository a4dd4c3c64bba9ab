//! Replica sets.

use crate::core::{ConditionStatus, PodTemplateSpec};
use crate::meta::{LabelSelector, ObjectMeta};
use crate::schema::{object, open_enum};
use crate::time::Time;

object! {
    /// Keeps a number of equal pods; mostly made by a deployment.
    pub struct ReplicaSet {
        /// Its name, labels and the like.
        pub metadata: ObjectMeta = "metadata",
        /// What is wanted.
        pub spec: ReplicaSetSpec = "spec",
        /// What was last seen.
        pub status: ReplicaSetStatus = "status",
    }

    /// What is wanted of a replica set.
    pub struct ReplicaSetSpec {
        /// How many pods there should be; 1 by default.
        pub replicas: Option<i32> = "replicas",
        /// How many seconds a pod must be ready before it counts as available.
        pub min_ready_seconds: i32 = "minReadySeconds",
        /// Its pods; cannot be changed.
        pub selector: Option<Box<LabelSelector>> = "selector" always,
        /// The pods that it makes.
        pub template: PodTemplateSpec = "template",
    }

    /// What was last seen of a replica set.
    pub struct ReplicaSetStatus {
        /// How many pods there are.
        pub replicas: i32 = "replicas" always,
        /// How many of them have all labels of the template.
        pub fully_labeled_replicas: i32 = "fullyLabeledReplicas",
        /// How many of them are ready.
        pub ready_replicas: i32 = "readyReplicas",
        /// How many of them have been ready for long enough.
        pub available_replicas: i32 = "availableReplicas",
        /// How many are on their way out.
        pub terminating_replicas: Option<i32> = "terminatingReplicas",
        /// The generation of the object that this speaks of.
        pub observed_generation: i64 = "observedGeneration",
        /// What is so of it, by type.
        pub conditions: Vec<ReplicaSetCondition> = "conditions" [merge "type"],
    }

    /// A condition of a replica set.
    pub struct ReplicaSetCondition {
        /// What it is about.
        pub type_: ReplicaSetConditionType = "type" always,
        /// Whether it is so.
        pub status: ConditionStatus = "status" always,
        /// When the status last changed.
        pub last_transition_time: Option<Time> = "lastTransitionTime" always,
        /// Why, in one word.
        pub reason: String = "reason",
        /// Why, for people.
        pub message: String = "message",
    }
}

open_enum! {
    /// What a condition of a replica set is about.
    pub enum ReplicaSetConditionType {
        /// A pod could not be made or deleted.
        ReplicaFailure = "ReplicaFailure",
    }
}
