//! Defaults of what makes pods: controllers and their templates.

use super::{pod, storage};
use crate::apps::{
    DaemonSet, DaemonSetUpdateStrategyType, Deployment, DeploymentStrategyType,
    PersistentVolumeClaimRetentionPolicyType, PodManagementPolicyType, ReplicaSet, StatefulSet,
    StatefulSetUpdateStrategyType,
};
use crate::batch::{CompletionMode, ConcurrencyPolicy, CronJob, Job, JobSpec, PodReplacementPolicy};
use crate::core::{ConditionStatus, PodTemplateSpec, ReplicationController};

pub(super) fn template(template: &mut PodTemplateSpec) {
    pod::pod_spec(&mut template.spec);
}

pub(super) fn deployment(object: &mut Deployment) {
    let spec = &mut object.spec;
    spec.replicas.get_or_insert(1);
    if spec.strategy.type_.is_unset() {
        spec.strategy.type_ = DeploymentStrategyType::RollingUpdate;
    }
    if spec.strategy.type_ == DeploymentStrategyType::RollingUpdate {
        let rolling = spec.strategy.rolling_update.get_or_insert_default();
        rolling.max_unavailable.get_or_insert_with(|| "25%".into());
        rolling.max_surge.get_or_insert_with(|| "25%".into());
    }
    spec.revision_history_limit.get_or_insert(10);
    spec.progress_deadline_seconds.get_or_insert(600);
    template(&mut spec.template);
}

pub(super) fn replica_set(object: &mut ReplicaSet) {
    object.spec.replicas.get_or_insert(1);
    template(&mut object.spec.template);
}

/// The selector and the controller's own labels come from the template, where they are not given.
pub(super) fn replication_controller(object: &mut ReplicationController) {
    if let Some(found) = &mut object.spec.template {
        template(found);
        let labels = &found.metadata.labels;
        for empty in [&mut object.spec.selector, &mut object.metadata.labels] {
            if empty.is_empty() {
                empty.clone_from(labels);
            }
        }
    }
    object.spec.replicas.get_or_insert(1);
}

pub(super) fn daemon_set(object: &mut DaemonSet) {
    let spec = &mut object.spec;
    if spec.update_strategy.type_.is_unset() {
        spec.update_strategy.type_ = DaemonSetUpdateStrategyType::RollingUpdate;
    }
    if spec.update_strategy.type_ == DaemonSetUpdateStrategyType::RollingUpdate {
        let rolling = spec.update_strategy.rolling_update.get_or_insert_default();
        rolling.max_unavailable.get_or_insert_with(|| 1.into());
        rolling.max_surge.get_or_insert_with(|| 0.into());
    }
    spec.revision_history_limit.get_or_insert(10);
    template(&mut spec.template);
}

pub(super) fn stateful_set(object: &mut StatefulSet) {
    let spec = &mut object.spec;
    if spec.pod_management_policy.is_unset() {
        spec.pod_management_policy = PodManagementPolicyType::OrderedReady;
    }
    let strategy = &mut spec.update_strategy;
    if strategy.type_.is_unset() {
        strategy.type_ = StatefulSetUpdateStrategyType::RollingUpdate;
        strategy.rolling_update.get_or_insert_default();
    }
    if strategy.type_ == StatefulSetUpdateStrategyType::RollingUpdate
        && let Some(rolling) = &mut strategy.rolling_update
    {
        rolling.partition.get_or_insert(0);
        rolling.max_unavailable.get_or_insert_with(|| 1.into());
    }
    let policy = spec.persistent_volume_claim_retention_policy.get_or_insert_default();
    for action in [&mut policy.when_deleted, &mut policy.when_scaled] {
        if action.is_unset() {
            *action = PersistentVolumeClaimRetentionPolicyType::Retain;
        }
    }
    spec.replicas.get_or_insert(1);
    spec.revision_history_limit.get_or_insert(10);
    template(&mut spec.template);
    spec.volume_claim_templates.iter_mut().for_each(storage::claim);
}

pub(super) fn job(object: &mut Job) {
    let labels = &object.spec.template.metadata.labels;
    if object.metadata.labels.is_empty() {
        object.metadata.labels.clone_from(labels);
    }
    let spec = &mut object.spec;
    if spec.completions.is_none() && spec.parallelism.is_none() {
        spec.completions = Some(1);
    }
    spec.parallelism.get_or_insert(1);
    let per_index = spec.backoff_limit_per_index.is_some();
    spec.backoff_limit.get_or_insert(if per_index { i32::MAX } else { 6 });
    spec.completion_mode.get_or_insert(CompletionMode::NonIndexed);
    spec.suspend.get_or_insert(false);
    let replacement = if spec.pod_failure_policy.is_some() {
        PodReplacementPolicy::Failed
    } else {
        PodReplacementPolicy::TerminatingOrFailed
    };
    spec.pod_replacement_policy.get_or_insert(replacement);
    job_spec(spec);
}

/// What a job template of a `CronJob` has too.
fn job_spec(spec: &mut JobSpec) {
    for rule in spec.pod_failure_policy.iter_mut().flat_map(|policy| &mut policy.rules) {
        for pattern in &mut rule.on_pod_conditions {
            if pattern.status.is_unset() {
                pattern.status = ConditionStatus::True;
            }
        }
    }
    template(&mut spec.template);
}

pub(super) fn cron_job(object: &mut CronJob) {
    let spec = &mut object.spec;
    if spec.concurrency_policy.is_unset() {
        spec.concurrency_policy = ConcurrencyPolicy::Allow;
    }
    spec.suspend.get_or_insert(false);
    spec.successful_jobs_history_limit.get_or_insert(3);
    spec.failed_jobs_history_limit.get_or_insert(1);
    job_spec(&mut spec.job_template.spec);
}
