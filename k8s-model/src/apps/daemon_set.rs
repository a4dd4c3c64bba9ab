//! Daemon sets.

use crate::core::{ConditionStatus, PodTemplateSpec};
use crate::int_or_string::IntOrString;
use crate::meta::{LabelSelector, ObjectMeta};
use crate::schema::{object, open_enum};
use crate::time::Time;

object! {
    /// Keeps one pod on each node that suits it.
    pub struct DaemonSet {
        /// Its name, labels and the like.
        pub metadata: ObjectMeta = "metadata",
        /// What is wanted.
        pub spec: DaemonSetSpec = "spec",
        /// What was last seen.
        pub status: DaemonSetStatus = "status",
    }

    /// What is wanted of a daemon set.
    pub struct DaemonSetSpec {
        /// Its pods; cannot be changed.
        pub selector: Option<Box<LabelSelector>> = "selector" always,
        /// The pods that it makes.
        pub template: PodTemplateSpec = "template" always,
        /// How old pods are replaced by new ones.
        pub update_strategy: DaemonSetUpdateStrategy = "updateStrategy",
        /// How many seconds a pod must be ready before it counts as available.
        pub min_ready_seconds: i32 = "minReadySeconds",
        /// How many old revisions are kept; 10 by default.
        pub revision_history_limit: Option<i32> = "revisionHistoryLimit",
    }

    /// How old pods are replaced by new ones.
    pub struct DaemonSetUpdateStrategy {
        /// The way.
        pub type_: DaemonSetUpdateStrategyType = "type",
        /// How fast; for `RollingUpdate` only.
        pub rolling_update: Option<Box<RollingUpdateDaemonSet>> = "rollingUpdate",
    }

    /// How fast pods are replaced.
    pub struct RollingUpdateDaemonSet {
        /// How many nodes may be without a pod, as a number or as a share, rounded up; 1 by default.
        pub max_unavailable: Option<IntOrString> = "maxUnavailable",
        /// How many nodes may have two pods, as a number or as a share, rounded up; 0 by default.
        pub max_surge: Option<IntOrString> = "maxSurge",
    }

    /// What was last seen of a daemon set.
    pub struct DaemonSetStatus {
        /// How many nodes have the pod and should have it.
        pub current_number_scheduled: i32 = "currentNumberScheduled" always,
        /// How many nodes have the pod and should not.
        pub number_misscheduled: i32 = "numberMisscheduled" always,
        /// How many nodes should have the pod.
        pub desired_number_scheduled: i32 = "desiredNumberScheduled" always,
        /// How many nodes have a ready pod.
        pub number_ready: i32 = "numberReady" always,
        /// The generation of the object that this speaks of.
        pub observed_generation: i64 = "observedGeneration",
        /// How many nodes have a pod of the present template.
        pub updated_number_scheduled: i32 = "updatedNumberScheduled",
        /// How many nodes have a pod that has been ready for long enough.
        pub number_available: i32 = "numberAvailable",
        /// How many nodes should have such a pod and do not.
        pub number_unavailable: i32 = "numberUnavailable",
        /// How often a name was taken already; it goes into the hash of names.
        pub collision_count: Option<i32> = "collisionCount",
        /// What is so of it, by type.
        pub conditions: Vec<DaemonSetCondition> = "conditions" [merge "type"],
    }

    /// A condition of a daemon set.
    pub struct DaemonSetCondition {
        /// What it is about.
        pub type_: String = "type" always,
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
    /// How old pods of a daemon set are replaced by new ones.
    pub enum DaemonSetUpdateStrategyType {
        /// When somebody deletes the old one.
        OnDelete = "OnDelete",
        /// Step by step.
        RollingUpdate = "RollingUpdate",
    }
}
