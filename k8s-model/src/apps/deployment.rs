//! Deployments.

use crate::core::{ConditionStatus, PodTemplateSpec};
use crate::int_or_string::IntOrString;
use crate::meta::{LabelSelector, ObjectMeta};
use crate::schema::{object, open_enum};
use crate::time::Time;

object! {
    /// Keeps a number of equal pods, and changes them step by step when their template changes.
    pub struct Deployment {
        /// Its name, labels and the like.
        pub metadata: ObjectMeta = "metadata",
        /// What is wanted.
        pub spec: DeploymentSpec = "spec",
        /// What was last seen.
        pub status: DeploymentStatus = "status",
    }

    /// What is wanted of a deployment.
    pub struct DeploymentSpec {
        /// How many pods there should be; 1 by default.
        pub replicas: Option<i32> = "replicas",
        /// Its pods; cannot be changed.
        pub selector: Option<Box<LabelSelector>> = "selector" always,
        /// The pods that it makes.
        pub template: PodTemplateSpec = "template" always,
        /// How old pods are replaced by new ones.
        pub strategy: DeploymentStrategy = "strategy" [retain_keys],
        /// How many seconds a pod must be ready before it counts as available.
        pub min_ready_seconds: i32 = "minReadySeconds",
        /// How many old replica sets are kept; 10 by default.
        pub revision_history_limit: Option<i32> = "revisionHistoryLimit",
        /// Whether nothing is changed for now.
        pub paused: bool = "paused",
        /// After how many seconds without progress it counts as failed; 600 by default.
        pub progress_deadline_seconds: Option<i32> = "progressDeadlineSeconds",
    }

    /// How old pods are replaced by new ones.
    pub struct DeploymentStrategy {
        /// The way.
        pub type_: DeploymentStrategyType = "type",
        /// How fast; for `RollingUpdate` only.
        pub rolling_update: Option<Box<RollingUpdateDeployment>> = "rollingUpdate",
    }

    /// How fast pods are replaced.
    pub struct RollingUpdateDeployment {
        /// How many pods may be missing, as a number or as a share, rounded down; 25% by default.
        pub max_unavailable: Option<IntOrString> = "maxUnavailable",
        /// How many pods may be too many, as a number or as a share, rounded up; 25% by default.
        pub max_surge: Option<IntOrString> = "maxSurge",
    }

    /// What was last seen of a deployment.
    pub struct DeploymentStatus {
        /// The generation of the object that this speaks of.
        pub observed_generation: i64 = "observedGeneration",
        /// How many pods there are.
        pub replicas: i32 = "replicas",
        /// How many of them are of the present template.
        pub updated_replicas: i32 = "updatedReplicas",
        /// How many of them are ready.
        pub ready_replicas: i32 = "readyReplicas",
        /// How many of them have been ready for long enough.
        pub available_replicas: i32 = "availableReplicas",
        /// How many are missing.
        pub unavailable_replicas: i32 = "unavailableReplicas",
        /// How many are on their way out.
        pub terminating_replicas: Option<i32> = "terminatingReplicas",
        /// What is so of it, by type.
        pub conditions: Vec<DeploymentCondition> = "conditions" [merge "type"],
        /// How often a name was taken already; it goes into the hash of names.
        pub collision_count: Option<i32> = "collisionCount",
    }

    /// A condition of a deployment.
    pub struct DeploymentCondition {
        /// What it is about.
        pub type_: DeploymentConditionType = "type" always,
        /// Whether it is so.
        pub status: ConditionStatus = "status" always,
        /// When it was last written.
        pub last_update_time: Option<Time> = "lastUpdateTime" always,
        /// When the status last changed.
        pub last_transition_time: Option<Time> = "lastTransitionTime" always,
        /// Why, in one word.
        pub reason: String = "reason",
        /// Why, for people.
        pub message: String = "message",
    }
}

open_enum! {
    /// How old pods are replaced by new ones.
    pub enum DeploymentStrategyType {
        /// All old ones are stopped first.
        Recreate = "Recreate",
        /// Step by step.
        RollingUpdate = "RollingUpdate",
    }

    /// What a condition of a deployment is about.
    pub enum DeploymentConditionType {
        /// Enough pods are available.
        Available = "Available",
        /// There is progress, or the change is done.
        Progressing = "Progressing",
        /// A pod could not be made or deleted.
        ReplicaFailure = "ReplicaFailure",
    }
}
