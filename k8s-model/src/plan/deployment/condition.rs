//! The conditions of a deployment.

use super::Sync;
use crate::apps::{DeploymentCondition, DeploymentConditionType, DeploymentStatus};
use crate::core::ConditionStatus;
use crate::time::Time;

/// Why the condition `Progressing` is as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progressing {
    ReplicaSetUpdated,
    ReplicaSetCreateError,
    NewReplicaSetCreated,
    FoundNewReplicaSet,
    NewReplicaSetAvailable,
    ProgressDeadlineExceeded,
    DeploymentPaused,
    DeploymentResumed,
}

impl Progressing {
    pub(super) const fn reason(self) -> &'static str {
        match self {
            Self::ReplicaSetUpdated => "ReplicaSetUpdated",
            Self::ReplicaSetCreateError => "ReplicaSetCreateError",
            Self::NewReplicaSetCreated => "NewReplicaSetCreated",
            Self::FoundNewReplicaSet => "FoundNewReplicaSet",
            Self::NewReplicaSetAvailable => "NewReplicaSetAvailable",
            Self::ProgressDeadlineExceeded => "ProgressDeadlineExceeded",
            Self::DeploymentPaused => "DeploymentPaused",
            Self::DeploymentResumed => "DeploymentResumed",
        }
    }

    const fn status(self) -> ConditionStatus {
        match self {
            Self::ReplicaSetCreateError | Self::ProgressDeadlineExceeded => ConditionStatus::False,
            Self::DeploymentPaused | Self::DeploymentResumed => ConditionStatus::Unknown,
            _ => ConditionStatus::True,
        }
    }

    pub(super) fn condition(self, message: String, now: Time) -> DeploymentCondition {
        condition(DeploymentConditionType::Progressing, self.status(), self.reason(), message, now)
    }
}

pub(super) fn condition(
    type_: DeploymentConditionType,
    status: ConditionStatus,
    reason: &str,
    message: String,
    now: Time,
) -> DeploymentCondition {
    DeploymentCondition {
        type_,
        status,
        last_update_time: Some(now),
        last_transition_time: Some(now),
        reason: reason.to_owned(),
        message,
    }
}

pub(super) fn find<'s>(
    status: &'s DeploymentStatus,
    type_: &DeploymentConditionType,
) -> Option<&'s DeploymentCondition> {
    status.conditions.iter().find(|condition| condition.type_ == *type_)
}

pub(super) fn remove(status: &mut DeploymentStatus, type_: &DeploymentConditionType) {
    status.conditions.retain(|condition| condition.type_ != *type_);
}

/// Sets a condition; one with the same status and reason stays as it is.
pub(super) fn set(status: &mut DeploymentStatus, mut condition: DeploymentCondition) {
    if let Some(current) = find(status, &condition.type_)
        && current.status == condition.status
    {
        if current.reason == condition.reason {
            return;
        }
        condition.last_transition_time = current.last_transition_time;
    }
    remove(status, &condition.type_);
    status.conditions.push(condition);
}

impl Sync<'_> {
    pub(super) fn has_deadline(&self) -> bool {
        self.deployment.spec.progress_deadline_seconds.is_some_and(|seconds| seconds != i32::MAX)
    }

    pub(super) fn progressing(&self) -> Option<&DeploymentCondition> {
        find(&self.deployment.status, &DeploymentConditionType::Progressing)
    }

    pub(super) fn set_progressing(&mut self, reason: Progressing, message: String) {
        let condition = reason.condition(message, Time::from(self.at.now));
        set(&mut self.deployment.status, condition);
    }

    /// Says that the deployment is paused or resumed, so that the time in which it was is not held against it.
    pub(super) fn check_paused(&mut self) {
        if !self.has_deadline() {
            return;
        }
        let reason = self.progressing().map(|condition| condition.reason.as_str()).unwrap_or_default();
        let was_paused = reason == Progressing::DeploymentPaused.reason();
        if reason == Progressing::ProgressDeadlineExceeded.reason() {
            return;
        }
        match (self.deployment.spec.paused, was_paused) {
            (true, false) => {
                self.set_progressing(Progressing::DeploymentPaused, "Deployment is paused".to_owned());
            }
            (false, true) => {
                self.set_progressing(Progressing::DeploymentResumed, "Deployment is resumed".to_owned());
            }
            _ => {}
        }
    }
}
