//! What a pod's failure means to its job.

use std::time::Duration;

use pod_core::Timestamp;

use super::super::pods::condition;
use super::{INDEX_FAILURE_COUNT, INDEX_IGNORED_FAILURE_COUNT, Sync};
use crate::batch::{
    PodFailurePolicyAction, PodFailurePolicyOnExitCodesOperator, PodFailurePolicyOnExitCodesRequirement,
    PodFailurePolicyRule,
};
use crate::core::{ConditionStatus, ContainerStatus, Pod, PodConditionType, PodPhase};
use crate::time::Time;

/// How long the next pod waits after the first failure, and how long at most.
const FIRST_WAIT: Duration = Duration::from_secs(10);
const LONGEST_WAIT: Duration = Duration::from_secs(600);

/// What the first rule that fits says.
pub(super) struct Verdict {
    pub(super) action: PodFailurePolicyAction,
    /// Why the whole job fails, when it does.
    pub(super) message: Option<String>,
}

/// What the rules say of a failed pod; `None` when none fits, and the failure counts.
pub(super) fn judge(rules: &[PodFailurePolicyRule], pod: &Pod) -> Option<Verdict> {
    rules.iter().enumerate().find_map(|(index, rule)| {
        let (namespace, name, action) = (&pod.metadata.namespace, &pod.metadata.name, &rule.action);
        let why = match &rule.on_exit_codes {
            Some(wanted) => {
                let (container, code) = failed_container(pod, wanted)?;
                format!(
                    "Container {container} for pod {namespace}/{name} failed with exit code {code} matching {action} rule at index {index}"
                )
            }
            None => {
                let found = pod.status.conditions.iter().find(|condition| {
                    let mut patterns = rule.on_pod_conditions.iter();
                    patterns.any(|pattern| pattern.type_ == condition.type_ && pattern.status == condition.status)
                })?;
                format!(
                    "Pod {namespace}/{name} has condition {} matching {action} rule at index {index}",
                    found.type_
                )
            }
        };
        let message = (*action == PodFailurePolicyAction::FailJob).then_some(why);
        Some(Verdict { action: action.clone(), message })
    })
}

fn failed_container<'p>(
    pod: &'p Pod,
    wanted: &PodFailurePolicyOnExitCodesRequirement,
) -> Option<(&'p str, i32)> {
    let statuses = pod.status.container_statuses.iter().chain(&pod.status.init_container_statuses);
    let mut meant =
        statuses.filter(|status| wanted.container_name.as_ref().is_none_or(|name| *name == status.name));
    meant.find_map(|status: &ContainerStatus| {
        let code = status.state.terminated.as_ref()?.exit_code;
        let listed = wanted.values.contains(&code);
        let fits = match wanted.operator {
            PodFailurePolicyOnExitCodesOperator::In => listed,
            PodFailurePolicyOnExitCodesOperator::NotIn => !listed,
            _ => false,
        };
        (code != 0 && fits).then_some((status.name.as_str(), code))
    })
}

/// When a pod ended: the last end of its containers, else what its readiness, its deletion or its creation says.
pub(super) fn finished_at(pod: &Pod) -> Option<Timestamp> {
    let statuses = pod.status.container_statuses.iter().chain(&pod.status.init_container_statuses);
    let ends: Option<Vec<Time>> =
        statuses.map(|status| status.state.terminated.as_ref()?.finished_at).collect();
    let not_ready = || {
        let ready = condition(pod, &PodConditionType::Ready)?;
        (ready.status == ConditionStatus::False).then_some(ready.last_transition_time).flatten()
    };
    (ends.unwrap_or_default().into_iter().max())
        .or_else(not_ready)
        .or(pod.metadata.deletion_timestamp)
        .or(pod.metadata.creation_timestamp)
        .map(Time::timestamp)
}

/// When the next pod may be made after so many failures, of which the last was at a moment.
pub(super) fn wait_until(failures: u32, last: Timestamp) -> Timestamp {
    let doublings = failures.saturating_sub(1).min(16);
    last + (FIRST_WAIT * 2_u32.pow(doublings)).min(LONGEST_WAIT)
}

fn number(pod: &Pod, annotation: &str) -> i32 {
    pod.metadata.annotations.get(annotation).and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// How often the index of a pod failed before it, counted and ignored.
pub(super) fn failures_before(pod: &Pod) -> (i32, i32) {
    (number(pod, INDEX_FAILURE_COUNT), number(pod, INDEX_IGNORED_FAILURE_COUNT))
}

impl<'a> Sync<'a> {
    pub(super) fn judge(&self, pod: &Pod) -> Option<Verdict> {
        judge(&self.before.spec.pod_failure_policy.as_ref()?.rules, pod)
    }

    /// Whether a failed pod counts towards the limits.
    pub(super) fn counts(&self, pod: &Pod) -> bool {
        self.judge(pod).is_none_or(|verdict| verdict.action != PodFailurePolicyAction::Ignore)
    }

    /// Whether a failed pod is the last that its index may have.
    pub(super) fn fails_index(&self, pod: &Pod) -> bool {
        if !self.has_failed(pod) {
            return false;
        }
        match self.judge(pod).map(|verdict| verdict.action) {
            Some(PodFailurePolicyAction::FailIndex) => true,
            Some(PodFailurePolicyAction::Ignore) => false,
            _ => failures_before(pod).0 >= self.before.spec.backoff_limit_per_index.unwrap_or(0),
        }
    }

    /// When the next pod may be made: not before the wait after the failures since the last success is over.
    pub(super) fn may_create_at(&self) -> Option<Timestamp> {
        let ended = |phase: fn(&Self, &'a Pod) -> bool| {
            let mut ends: Vec<Timestamp> =
                self.pods.iter().filter(|pod| phase(self, pod)).filter_map(|pod| finished_at(pod)).collect();
            ends.sort_unstable();
            ends
        };
        let success = ended(|_, pod| pod.status.phase == PodPhase::Succeeded).pop();
        let mut failures = ended(|sync, pod| sync.has_failed(pod));
        failures.retain(|failure| success.is_none_or(|success| *failure > success));
        let last = *failures.last()?;
        Some(wait_until(u32::try_from(failures.len()).unwrap_or(u32::MAX), last))
    }
}
