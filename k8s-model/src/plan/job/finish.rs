//! Whether and how a job ends.

use super::super::action;
use super::super::pods::seconds;
use super::{Indexes, Sync, has_tracking, reference};
use crate::batch::{JobCondition, JobConditionType};
use crate::core::{ConditionStatus, Pod, PodPhase, RestartPolicy};
use crate::time::Time;

impl<'a> Sync<'a> {
    /// How the job ends, by what was certain before, the failure policy, the limit of failures and the deadline.
    pub(super) fn decide(&mut self) -> Option<JobCondition> {
        let certain = |type_: &JobConditionType| {
            let conditions = &self.status.conditions;
            conditions
                .iter()
                .find(|condition| condition.type_ == *type_ && condition.status == ConditionStatus::True)
                .cloned()
        };
        if let Some(met) = certain(&JobConditionType::SuccessCriteriaMet) {
            return Some(met);
        }
        if let Some(target) = certain(&JobConditionType::FailureTarget) {
            return Some(self.condition(JobConditionType::Failed, &target.reason, target.message));
        }
        let mut failed = self.pods.iter().filter(|pod| self.has_failed(pod));
        if let Some(message) = failed.find_map(|pod| self.judge(pod)?.message) {
            return Some(self.failing("PodFailurePolicy", message));
        }
        if self.failed > self.before.spec.backoff_limit.unwrap_or(6) || self.restarted_too_often() {
            let message = "Job has reached the specified backoff limit".to_owned();
            return Some(self.failing("BackoffLimitExceeded", message));
        }
        let deadline = self.before.spec.active_deadline_seconds.filter(|_| !self.is_suspended())?;
        let end = self.status.start_time?.timestamp() + seconds(deadline);
        if end <= self.at.now {
            let message = "Job was active longer than specified deadline".to_owned();
            return Some(self.failing("DeadlineExceeded", message));
        }
        self.look_again(end);
        None
    }

    pub(super) fn failing(&self, reason: &str, message: String) -> JobCondition {
        self.condition(JobConditionType::FailureTarget, reason, message)
    }

    /// Whether containers that are restarted in their pods were restarted as often as the job may fail.
    fn restarted_too_often(&self) -> bool {
        let spec = &self.before.spec;
        if spec.template.spec.restart_policy != RestartPolicy::OnFailure {
            return false;
        }
        let running =
            self.pods.iter().filter(|pod| matches!(pod.status.phase, PodPhase::Running | PodPhase::Pending));
        let statuses = running
            .flat_map(|pod| pod.status.init_container_statuses.iter().chain(&pod.status.container_statuses));
        let restarts: i32 = statuses.map(|status| status.restart_count).sum();
        match spec.backoff_limit.unwrap_or(6) {
            0 => restarts > 0,
            limit => restarts >= limit,
        }
    }

    /// Looks which indexes succeeded and failed, and whether that decides.
    pub(super) fn look_at_indexes(&mut self) {
        let completions = self.before.spec.completions.unwrap_or(0);
        let before = Indexes::parse(&self.status.completed_indexes, completions);
        self.succeeded_indexes = before;
        let new: Vec<i32> = (self.pods.iter())
            .filter(|pod| pod.status.phase == PodPhase::Succeeded && has_tracking(pod))
            .filter_map(|pod| self.index_of(pod))
            .collect();
        for index in new {
            self.succeeded_indexes.insert(index);
        }
        self.succeeded = super::count(self.succeeded_indexes.len());
        if self.is_limited_by_index() {
            self.look_at_failed_indexes(completions);
        }
        if self.end.is_none() {
            self.end = self.meets_policy(completions);
        }
    }

    fn look_at_failed_indexes(&mut self, completions: i32) {
        let before = self.status.failed_indexes.as_deref().unwrap_or_default();
        let mut failed = Indexes::parse(before, completions);
        let pods = self.pods.iter().filter(|pod| has_tracking(pod) && self.fails_index(pod));
        for index in pods.filter_map(|pod| self.index_of(pod)) {
            failed.insert(index);
        }
        let ended = failed.len() + self.succeeded_indexes.len();
        let most = self.before.spec.max_failed_indexes;
        if self.end.is_none() {
            if most.is_some_and(|most| super::count(failed.len()) > most) {
                let message = "Job has exceeded the specified maximal number of failed indexes".to_owned();
                self.end = Some(self.failing("MaxFailedIndexesExceeded", message));
            } else if !failed.is_empty() && super::count(ended) >= completions {
                self.end = Some(self.failing("FailedIndexes", "Job has failed indexes".to_owned()));
            }
        }
        self.failed_indexes = Some(failed);
        self.delayed = self.delayed_pods();
    }

    /// Of each index that neither ended nor has an active pod, the pod that failed last.
    fn delayed_pods(&self) -> std::collections::BTreeMap<i32, &'a Pod> {
        let active: Indexes = self.active_pods.iter().filter_map(|pod| self.index_of(pod)).collect();
        let ended = |index: i32| {
            self.succeeded_indexes.contains(index)
                || active.contains(index)
                || self.failed_indexes.as_ref().is_some_and(|failed| failed.contains(index))
        };
        let order = |pod: &Pod| {
            let (counted, ignored) = super::failure::failures_before(pod);
            (counted + ignored, super::failure::finished_at(pod))
        };
        let mut delayed: std::collections::BTreeMap<i32, &'a Pod> = std::collections::BTreeMap::new();
        for pod in self.pods.iter().copied().filter(|pod| has_tracking(pod) && self.has_failed(pod)) {
            let Some(index) = self.index_of(pod).filter(|index| !ended(*index)) else { continue };
            let last = delayed.entry(index).or_insert(pod);
            if order(last) <= order(pod) {
                *last = pod;
            }
        }
        delayed
    }

    /// Whether a rule of the success policy is met (`matchSuccessPolicy`).
    fn meets_policy(&self, completions: i32) -> Option<JobCondition> {
        let policy = self.before.spec.success_policy.as_ref()?;
        if self.succeeded_indexes.is_empty() {
            return None;
        }
        let met =
            policy.rules.iter().position(|rule| match (&rule.succeeded_indexes, rule.succeeded_count) {
                (Some(indexes), count) => {
                    let wanted = Indexes::parse(indexes, completions);
                    let there = self.succeeded_indexes.common(&wanted);
                    count.map_or(there == wanted.len(), |count| super::count(there) >= count)
                }
                (None, Some(count)) => super::count(self.succeeded_indexes.len()) >= count,
                (None, None) => false,
            })?;
        let message = format!("Matched rules at index {met}");
        Some(self.condition(JobConditionType::SuccessCriteriaMet, "SuccessPolicy", message))
    }

    /// Whether enough pods succeeded, and none is active any more.
    pub(super) fn is_complete(&self) -> bool {
        self.active == 0
            && match self.before.spec.completions {
                None => self.succeeded > 0,
                Some(completions) => self.succeeded >= completions,
            }
    }

    /// Says whether the job is suspended. One that is taken up again starts anew, as far as its deadline goes.
    pub(super) fn tell_suspended(&mut self) {
        let (status, reason, event, message) = if self.is_suspended() {
            (ConditionStatus::True, "JobSuspended", "Suspended", "Job suspended")
        } else {
            (ConditionStatus::False, "JobResumed", "Resumed", "Job resumed")
        };
        let condition = self.condition_of(JobConditionType::Suspended, status, reason, message.to_owned());
        if self.set(condition) {
            self.actions.push(action::normal(reference(self.before), event, message.to_owned()));
            if !self.is_suspended() {
                self.status.start_time = Some(Time::from(self.at.now));
            }
        }
    }

    /// Sets a condition; whether it was another one. That something is not so is only said when it was so before.
    pub(super) fn set(&mut self, condition: JobCondition) -> bool {
        let conditions = &mut self.status.conditions;
        match conditions.iter_mut().find(|other| other.type_ == condition.type_) {
            Some(other)
                if (&other.status, &other.reason, &other.message)
                    == (&condition.status, &condition.reason, &condition.message) =>
            {
                false
            }
            Some(other) => {
                *other = condition;
                true
            }
            None if condition.status == ConditionStatus::False => false,
            None => {
                conditions.push(condition);
                true
            }
        }
    }

    /// Sets the last condition, once all pods are counted and gone (`enactJobFinished`).
    pub(super) fn enact(&mut self, end: JobCondition) {
        let uncounted = self.uncounted.succeeded.len() + self.uncounted.failed.len();
        if uncounted > 0 || self.terminating > 0 || !self.to_release.is_empty() {
            return;
        }
        let complete = end.type_ == JobConditionType::Complete;
        let (reason, message, time) = (end.reason.clone(), end.message.clone(), end.last_transition_time);
        self.set(end);
        let object = reference(self.before);
        if complete {
            self.status.completion_time = time;
            if self.before.spec.completions.is_some_and(|completions| self.status.succeeded > completions) {
                let message = "Too many succeeded pods running after completion count reached".to_owned();
                self.actions.push(action::warning(object.clone(), "TooManySucceededPods", message));
            }
            self.actions.push(action::normal(object, "Completed", "Job completed".to_owned()));
        } else {
            self.actions.push(action::warning(object, known(&reason), message));
        }
    }
}

/// The reasons for which a job fails.
fn known(reason: &str) -> &'static str {
    const REASONS: [&str; 5] = [
        "PodFailurePolicy",
        "BackoffLimitExceeded",
        "DeadlineExceeded",
        "MaxFailedIndexesExceeded",
        "FailedIndexes",
    ];
    REASONS.into_iter().find(|known| *known == reason).unwrap_or("Failed")
}
