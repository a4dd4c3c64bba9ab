//! Jobs: pods that run to their end.

use crate::core::{ConditionStatus, PodConditionType, PodTemplateSpec};
use crate::meta::{LabelSelector, ObjectMeta};
use crate::schema::{object, open_enum};
use crate::time::Time;

object! {
    /// Runs pods until enough of them succeeded.
    pub struct Job {
        /// Its name, labels and the like.
        pub metadata: ObjectMeta = "metadata",
        /// What is wanted.
        pub spec: JobSpec = "spec",
        /// What was last seen.
        pub status: JobStatus = "status",
    }

    /// What is wanted of a job.
    pub struct JobSpec {
        /// How many pods run at a time at most; 1 by default.
        pub parallelism: Option<i32> = "parallelism",
        /// How many must succeed; absent is any one.
        pub completions: Option<i32> = "completions",
        /// How many seconds the job may be active; from 1.
        pub active_deadline_seconds: Option<i64> = "activeDeadlineSeconds",
        /// What becomes of failed pods, by how they failed.
        pub pod_failure_policy: Option<Box<PodFailurePolicy>> = "podFailurePolicy",
        /// When the job succeeds before all indexes did; for `Indexed` only.
        pub success_policy: Option<Box<SuccessPolicy>> = "successPolicy",
        /// How many failures are borne; 6 by default.
        pub backoff_limit: Option<i32> = "backoffLimit",
        /// How many failures of one index are borne; for `Indexed` only.
        pub backoff_limit_per_index: Option<i32> = "backoffLimitPerIndex",
        /// How many indexes may fail before the job does.
        pub max_failed_indexes: Option<i32> = "maxFailedIndexes",
        /// Its pods; the server fills it in.
        pub selector: Option<Box<LabelSelector>> = "selector",
        /// Whether `selector` and the labels of the pods are the user's own.
        pub manual_selector: Option<bool> = "manualSelector",
        /// The pods that it makes.
        pub template: PodTemplateSpec = "template" always,
        /// How many seconds after its end the job is deleted; absent is never.
        pub ttl_seconds_after_finished: Option<i32> = "ttlSecondsAfterFinished",
        /// Whether the pods are numbered.
        pub completion_mode: Option<CompletionMode> = "completionMode",
        /// Whether it makes no pods for now.
        pub suspend: Option<bool> = "suspend",
        /// When a pod that goes away is replaced.
        pub pod_replacement_policy: Option<PodReplacementPolicy> = "podReplacementPolicy",
        /// The controller that looks after it; `kubernetes.io/job-controller` by default.
        pub managed_by: Option<String> = "managedBy",
    }

    /// What becomes of failed pods, by how they failed.
    pub struct PodFailurePolicy {
        /// The rules; the first that fits counts.
        pub rules: Vec<PodFailurePolicyRule> = "rules" always,
    }

    /// A rule about failed pods; exactly one of the last two members.
    pub struct PodFailurePolicyRule {
        /// What is done.
        pub action: PodFailurePolicyAction = "action" always,
        /// The exit codes that it is about.
        pub on_exit_codes: Option<Box<PodFailurePolicyOnExitCodesRequirement>> = "onExitCodes",
        /// The conditions of the pod that it is about.
        pub on_pod_conditions: Vec<PodFailurePolicyOnPodConditionsPattern> = "onPodConditions",
    }

    /// Which exit codes a rule is about.
    pub struct PodFailurePolicyOnExitCodesRequirement {
        /// The container; absent is any one.
        pub container_name: Option<String> = "containerName",
        /// How the exit code is compared.
        pub operator: PodFailurePolicyOnExitCodesOperator = "operator" always,
        /// What it is compared with.
        pub values: Vec<i32> = "values" always,
    }

    /// A condition of a pod that a rule is about.
    pub struct PodFailurePolicyOnPodConditionsPattern {
        /// What the condition is about.
        pub type_: PodConditionType = "type" always,
        /// Its status.
        pub status: ConditionStatus = "status" always,
    }

    /// When a job succeeds before all indexes did.
    pub struct SuccessPolicy {
        /// The rules; one is enough.
        pub rules: Vec<SuccessPolicyRule> = "rules" always,
    }

    /// When a job succeeds; at least one member.
    pub struct SuccessPolicyRule {
        /// The indexes that must succeed: `1,3-5,7`.
        pub succeeded_indexes: Option<String> = "succeededIndexes",
        /// How many indexes must succeed, of those or of all.
        pub succeeded_count: Option<i32> = "succeededCount",
    }

    /// What was last seen of a job.
    pub struct JobStatus {
        /// What is so of it, by type.
        pub conditions: Vec<JobCondition> = "conditions" [merge "type"],
        /// When it was first looked after, or taken up again.
        pub start_time: Option<Time> = "startTime",
        /// When it was complete.
        pub completion_time: Option<Time> = "completionTime",
        /// How many pods run or wait to run.
        pub active: i32 = "active",
        /// How many pods succeeded.
        pub succeeded: i32 = "succeeded",
        /// How many pods failed.
        pub failed: i32 = "failed",
        /// How many pods are on their way out.
        pub terminating: Option<i32> = "terminating",
        /// The indexes that succeeded: `1,3-5,7`.
        pub completed_indexes: String = "completedIndexes",
        /// The indexes that failed, in the same form.
        pub failed_indexes: Option<String> = "failedIndexes",
        /// Pods that ended and are not counted yet.
        pub uncounted_terminated_pods: Option<Box<UncountedTerminatedPods>> = "uncountedTerminatedPods",
        /// How many pods are ready.
        pub ready: Option<i32> = "ready",
    }

    /// A condition of a job.
    pub struct JobCondition {
        /// What it is about.
        pub type_: JobConditionType = "type" always,
        /// Whether it is so.
        pub status: ConditionStatus = "status" always,
        /// When it was last looked at.
        pub last_probe_time: Option<Time> = "lastProbeTime" always,
        /// When the status last changed.
        pub last_transition_time: Option<Time> = "lastTransitionTime" always,
        /// Why, in one word.
        pub reason: String = "reason",
        /// Why, for people.
        pub message: String = "message",
    }

    /// Pods that ended and are not counted yet, by their identifiers.
    pub struct UncountedTerminatedPods {
        /// Those that succeeded.
        pub succeeded: Vec<String> = "succeeded",
        /// Those that failed.
        pub failed: Vec<String> = "failed",
    }
}

open_enum! {
    /// What is done about a failed pod.
    pub enum PodFailurePolicyAction {
        /// It counts towards the limit of failures.
        Count = "Count",
        /// Its index fails.
        FailIndex = "FailIndex",
        /// The job fails.
        FailJob = "FailJob",
        /// It does not count, and another one takes its place.
        Ignore = "Ignore",
    }

    /// How an exit code is compared.
    pub enum PodFailurePolicyOnExitCodesOperator {
        /// It is one of those given.
        In = "In",
        /// It is none of those given.
        NotIn = "NotIn",
    }

    /// Whether the pods of a job are numbered.
    pub enum CompletionMode {
        /// Each index must succeed once.
        Indexed = "Indexed",
        /// They are all the same.
        NonIndexed = "NonIndexed",
    }

    /// When a pod that goes away is replaced.
    pub enum PodReplacementPolicy {
        /// When it has failed.
        Failed = "Failed",
        /// As soon as it is on its way out.
        TerminatingOrFailed = "TerminatingOrFailed",
    }

    /// What a condition of a job is about.
    pub enum JobConditionType {
        /// It has succeeded.
        Complete = "Complete",
        /// It has failed.
        Failed = "Failed",
        /// It will fail when its pods are gone.
        FailureTarget = "FailureTarget",
        /// It will succeed when its pods are gone.
        SuccessCriteriaMet = "SuccessCriteriaMet",
        /// It makes no pods.
        Suspended = "Suspended",
    }
}
