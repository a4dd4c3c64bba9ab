//! The status of a deployment, and whether it makes progress.

use pod_core::Timestamp;

use super::super::pods::seconds;
use super::condition::{self, Progressing};
use super::{Set, Sync};
use crate::apps::{
    DeploymentCondition, DeploymentConditionType, DeploymentStatus, ReplicaSetCondition,
    ReplicaSetConditionType,
};
use crate::core::ConditionStatus;
use crate::time::Time;

impl Sync<'_> {
    /// The status by what the replica sets say (`calculateStatus`).
    pub(super) fn counted(&self) -> DeploymentStatus {
        let sum = |number: fn(&Set) -> i32| self.sets.iter().map(number).sum::<i32>();
        let available = sum(|set| set.object.status.available_replicas);
        let terminating = self.sets.iter().filter_map(|set| set.object.status.terminating_replicas);
        let mut status = DeploymentStatus {
            observed_generation: self.deployment.metadata.generation,
            replicas: sum(|set| set.object.status.replicas),
            updated_replicas: self.new_set().map_or(0, |set| set.object.status.replicas),
            ready_replicas: sum(|set| set.object.status.ready_replicas),
            available_replicas: available,
            unavailable_replicas: (sum(Set::replicas) - available).max(0),
            terminating_replicas: terminating.fold(None, |all, some| Some(all.unwrap_or(0) + some)),
            conditions: self.deployment.status.conditions.clone(),
            collision_count: self.deployment.status.collision_count,
        };
        let (is_so, reason, message) = if available >= self.replicas() - self.max_unavailable() {
            (ConditionStatus::True, "MinimumReplicasAvailable", "Deployment has minimum availability.")
        } else {
            (
                ConditionStatus::False,
                "MinimumReplicasUnavailable",
                "Deployment does not have minimum availability.",
            )
        };
        let available = condition::condition(
            DeploymentConditionType::Available,
            is_so,
            reason,
            message.to_owned(),
            Time::from(self.at.now),
        );
        condition::set(&mut status, available);
        status
    }

    /// The same with what is to be said about progress (`syncRolloutStatus`).
    pub(super) fn rolled_out(&self) -> DeploymentStatus {
        let mut status = self.counted();
        if self.has_deadline() {
            self.judge(&mut status);
        } else {
            condition::remove(&mut status, &DeploymentConditionType::Progressing);
        }
        match self.replica_failure() {
            Some(failure) => condition::set(&mut status, failure),
            None => condition::remove(&mut status, &DeploymentConditionType::ReplicaFailure),
        }
        status
    }

    fn judge(&self, status: &mut DeploymentStatus) {
        let current = self.progressing();
        // A rollout that is over stays over, whatever becomes of its pods.
        let over = Progressing::NewReplicaSetAvailable.reason();
        if status.replicas == status.updated_replicas && current.is_some_and(|current| current.reason == over)
        {
            return;
        }
        let subject = match self.new_set() {
            Some(set) => format!("ReplicaSet \"{}\"", set.object.metadata.name),
            None => format!("Deployment \"{}\"", self.deployment.metadata.name),
        };
        let now = Time::from(self.at.now);
        if self.is_complete(status) {
            let message = format!("{subject} has successfully progressed.");
            condition::set(status, Progressing::NewReplicaSetAvailable.condition(message, now));
        } else if self.is_progressing(status) {
            let mut progress =
                Progressing::ReplicaSetUpdated.condition(format!("{subject} is progressing."), now);
            if let Some(current) = current {
                if current.status == ConditionStatus::True {
                    progress.last_transition_time = current.last_transition_time;
                }
                condition::remove(status, &DeploymentConditionType::Progressing);
            }
            condition::set(status, progress);
        } else if self.is_late(status) {
            let message = format!("{subject} has timed out progressing.");
            condition::set(status, Progressing::ProgressDeadlineExceeded.condition(message, now));
        }
    }

    /// Whether all pods are of the present template, there and available.
    pub(super) fn is_complete(&self, status: &DeploymentStatus) -> bool {
        let replicas = self.replicas();
        status.updated_replicas == replicas
            && status.replicas == replicas
            && status.available_replicas == replicas
            && status.observed_generation >= self.deployment.metadata.generation
    }

    fn is_progressing(&self, status: &DeploymentStatus) -> bool {
        let before = &self.deployment.status;
        let old = |status: &DeploymentStatus| status.replicas - status.updated_replicas;
        status.updated_replicas > before.updated_replicas
            || old(status) < old(before)
            || status.ready_replicas > before.ready_replicas
            || status.available_replicas > before.available_replicas
    }

    fn is_late(&self, status: &DeploymentStatus) -> bool {
        let Some(current) = condition::find(status, &DeploymentConditionType::Progressing) else {
            return false;
        };
        if current.reason == Progressing::NewReplicaSetAvailable.reason() {
            return false;
        }
        current.reason == Progressing::ProgressDeadlineExceeded.reason()
            || self.deadline(current).is_some_and(|deadline| deadline < self.at.now)
    }

    fn deadline(&self, current: &DeploymentCondition) -> Option<Timestamp> {
        let wait = self.deployment.spec.progress_deadline_seconds?;
        Some(current.last_update_time?.timestamp() + seconds(i64::from(wait)))
    }

    /// When to look whether the rollout is stuck: a second after its deadline.
    pub(super) fn stuck_at(&self) -> Option<Timestamp> {
        let current = self.progressing().filter(|_| self.has_deadline())?;
        let judged = [Progressing::ProgressDeadlineExceeded.reason(), Progressing::DeploymentPaused.reason()];
        if self.is_complete(&self.deployment.status) || judged.contains(&current.reason.as_str()) {
            return None;
        }
        self.deadline(current).map(|deadline| deadline.max(self.at.now) + seconds(1))
    }

    /// Why a replica set cannot make or delete pods; the new one's reason first.
    fn replica_failure(&self) -> Option<DeploymentCondition> {
        let failure = |set: &Set| {
            let conditions = &set.object.status.conditions;
            conditions
                .iter()
                .find(|condition| condition.type_ == ReplicaSetConditionType::ReplicaFailure)
                .cloned()
        };
        self.new_set().and_then(failure).or_else(|| self.sets.iter().find_map(failure)).map(
            |ReplicaSetCondition { status, last_transition_time, reason, message, .. }| DeploymentCondition {
                type_: DeploymentConditionType::ReplicaFailure,
                status,
                last_update_time: last_transition_time,
                last_transition_time,
                reason,
                message,
            },
        )
    }
}
