//! Stateful sets.

use crate::core::{ConditionStatus, PersistentVolumeClaim, PodTemplateSpec};
use crate::int_or_string::IntOrString;
use crate::meta::{LabelSelector, ObjectMeta};
use crate::schema::{object, open_enum};
use crate::time::Time;

object! {
    /// Keeps pods that each have a name and volumes of their own.
    pub struct StatefulSet {
        /// Its name, labels and the like.
        pub metadata: ObjectMeta = "metadata",
        /// What is wanted.
        pub spec: StatefulSetSpec = "spec",
        /// What was last seen.
        pub status: StatefulSetStatus = "status",
    }

    /// What is wanted of a stateful set.
    pub struct StatefulSetSpec {
        /// How many pods there should be; 1 by default.
        pub replicas: Option<i32> = "replicas",
        /// Its pods; cannot be changed.
        pub selector: Option<Box<LabelSelector>> = "selector" always,
        /// The pods that it makes.
        pub template: PodTemplateSpec = "template" always,
        /// The claims that each pod gets.
        pub volume_claim_templates: Vec<PersistentVolumeClaim> = "volumeClaimTemplates",
        /// The service that names its pods.
        pub service_name: String = "serviceName" always,
        /// In which order pods are made and taken away.
        pub pod_management_policy: PodManagementPolicyType = "podManagementPolicy",
        /// How old pods are replaced by new ones.
        pub update_strategy: StatefulSetUpdateStrategy = "updateStrategy",
        /// How many old revisions are kept; 10 by default.
        pub revision_history_limit: Option<i32> = "revisionHistoryLimit",
        /// How many seconds a pod must be ready before it counts as available.
        pub min_ready_seconds: i32 = "minReadySeconds",
        /// What becomes of the claims.
        pub persistent_volume_claim_retention_policy: Option<Box<StatefulSetPersistentVolumeClaimRetentionPolicy>> = "persistentVolumeClaimRetentionPolicy",
        /// How its pods are numbered.
        pub ordinals: Option<Box<StatefulSetOrdinals>> = "ordinals",
    }

    /// How old pods are replaced by new ones.
    pub struct StatefulSetUpdateStrategy {
        /// The way.
        pub type_: StatefulSetUpdateStrategyType = "type",
        /// How far and how fast; for `RollingUpdate` only.
        pub rolling_update: Option<Box<RollingUpdateStatefulSetStrategy>> = "rollingUpdate",
    }

    /// How far and how fast pods are replaced.
    pub struct RollingUpdateStatefulSetStrategy {
        /// The number from which on pods are replaced; 0 by default.
        pub partition: Option<i32> = "partition",
        /// How many pods may be missing, as a number or as a share, rounded up; 1 by default.
        pub max_unavailable: Option<IntOrString> = "maxUnavailable",
    }

    /// What becomes of the claims of a stateful set.
    pub struct StatefulSetPersistentVolumeClaimRetentionPolicy {
        /// When the set is deleted.
        pub when_deleted: PersistentVolumeClaimRetentionPolicyType = "whenDeleted",
        /// When there are fewer pods than before.
        pub when_scaled: PersistentVolumeClaimRetentionPolicyType = "whenScaled",
    }

    /// How the pods of a stateful set are numbered.
    pub struct StatefulSetOrdinals {
        /// The first number.
        pub start: i32 = "start" always,
    }

    /// What was last seen of a stateful set.
    pub struct StatefulSetStatus {
        /// The generation of the object that this speaks of.
        pub observed_generation: i64 = "observedGeneration",
        /// How many pods there are.
        pub replicas: i32 = "replicas" always,
        /// How many of them are ready.
        pub ready_replicas: i32 = "readyReplicas",
        /// How many of them are of `currentRevision`.
        pub current_replicas: i32 = "currentReplicas",
        /// How many of them are of `updateRevision`.
        pub updated_replicas: i32 = "updatedReplicas",
        /// The revision of the pods that are not replaced yet.
        pub current_revision: String = "currentRevision",
        /// The revision of the pods that are.
        pub update_revision: String = "updateRevision",
        /// How often a name was taken already; it goes into the hash of names.
        pub collision_count: Option<i32> = "collisionCount",
        /// What is so of it, by type.
        pub conditions: Vec<StatefulSetCondition> = "conditions" [merge "type"],
        /// How many of them have been ready for long enough.
        pub available_replicas: i32 = "availableReplicas" always,
    }

    /// A condition of a stateful set.
    pub struct StatefulSetCondition {
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
    /// In which order the pods of a stateful set are made and taken away.
    pub enum PodManagementPolicyType {
        /// One after the other, each when the one before is ready.
        OrderedReady = "OrderedReady",
        /// All at once.
        Parallel = "Parallel",
    }

    /// How old pods of a stateful set are replaced by new ones.
    pub enum StatefulSetUpdateStrategyType {
        /// When somebody deletes the old one.
        OnDelete = "OnDelete",
        /// From the highest number down.
        RollingUpdate = "RollingUpdate",
    }

    /// What becomes of a claim.
    pub enum PersistentVolumeClaimRetentionPolicyType {
        /// It is deleted.
        Delete = "Delete",
        /// It stays.
        Retain = "Retain",
    }
}
