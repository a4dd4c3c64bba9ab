//! Pods to be made, and the oldest controller that makes them.

use std::collections::BTreeMap;

use super::{ConditionStatus, PodSpec};
use crate::meta::ObjectMeta;
use crate::schema::{object, open_enum};
use crate::time::Time;

object! {
    /// A pod to be made, kept for later.
    pub struct PodTemplate {
        /// Its name, labels and the like.
        pub metadata: ObjectMeta = "metadata",
        /// The pod.
        pub template: PodTemplateSpec = "template",
    }

    /// A pod to be made: its labels and what is wanted of it.
    pub struct PodTemplateSpec {
        /// Its name, labels and the like.
        pub metadata: ObjectMeta = "metadata",
        /// What is wanted.
        pub spec: PodSpec = "spec",
    }

    /// Keeps a number of equal pods; the ancestor of `ReplicaSet`.
    pub struct ReplicationController {
        /// Its name, labels and the like.
        pub metadata: ObjectMeta = "metadata",
        /// What is wanted.
        pub spec: ReplicationControllerSpec = "spec",
        /// What was last seen.
        pub status: ReplicationControllerStatus = "status",
    }

    /// What is wanted of a replication controller.
    pub struct ReplicationControllerSpec {
        /// How many pods there should be; 1 by default.
        pub replicas: Option<i32> = "replicas",
        /// How many seconds a pod must be ready before it counts as available.
        pub min_ready_seconds: i32 = "minReadySeconds",
        /// The labels of its pods; those of the template by default.
        pub selector: BTreeMap<String, String> = "selector",
        /// The pods that it makes.
        pub template: Option<Box<PodTemplateSpec>> = "template",
    }

    /// What was last seen of a replication controller.
    pub struct ReplicationControllerStatus {
        /// How many pods there are.
        pub replicas: i32 = "replicas" always,
        /// How many of them have all labels of the template.
        pub fully_labeled_replicas: i32 = "fullyLabeledReplicas",
        /// How many of them are ready.
        pub ready_replicas: i32 = "readyReplicas",
        /// How many of them have been ready for long enough.
        pub available_replicas: i32 = "availableReplicas",
        /// The generation of the object that this speaks of.
        pub observed_generation: i64 = "observedGeneration",
        /// What is so of it, by type.
        pub conditions: Vec<ReplicationControllerCondition> = "conditions" [merge "type"],
    }

    /// A condition of a replication controller.
    pub struct ReplicationControllerCondition {
        /// What it is about.
        pub type_: ReplicationControllerConditionType = "type" always,
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
    /// What a condition of a replication controller is about.
    pub enum ReplicationControllerConditionType {
        /// A pod could not be made or deleted.
        ReplicaFailure = "ReplicaFailure",
    }
}
