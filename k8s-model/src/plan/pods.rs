//! What a controller looks at in a pod (`pkg/api/v1/pod`, `pkg/controller/controller_utils.go`).

use std::time::Duration;

use pod_core::Timestamp;

use crate::core::{ConditionStatus, Pod, PodCondition, PodConditionType, PodPhase, PodTemplateSpec};
use crate::meta::{ObjectMeta, OwnerReference};
use crate::time::Time;

/// Whether a pod is over: it succeeded or failed.
#[must_use]
pub const fn is_over(pod: &Pod) -> bool {
    matches!(pod.status.phase, PodPhase::Succeeded | PodPhase::Failed)
}

/// Whether a pod counts as one of a controller's: it is not over and not on its way out.
#[must_use]
pub const fn is_active(pod: &Pod) -> bool {
    !is_over(pod) && pod.metadata.deletion_timestamp.is_none()
}

/// Whether a pod is on its way out, and not over.
#[must_use]
pub const fn is_terminating(pod: &Pod) -> bool {
    !is_over(pod) && pod.metadata.deletion_timestamp.is_some()
}

/// A condition of a pod.
pub(super) fn condition<'p>(pod: &'p Pod, kind: &PodConditionType) -> Option<&'p PodCondition> {
    pod.status.conditions.iter().find(|condition| condition.type_ == *kind)
}

/// Whether a pod is ready.
#[must_use]
pub fn is_ready(pod: &Pod) -> bool {
    condition(pod, &PodConditionType::Ready).is_some_and(|ready| ready.status == ConditionStatus::True)
}

/// Since when a ready pod has been ready; `None` when it is not, or does not say.
#[must_use]
pub fn ready_since(pod: &Pod) -> Option<Time> {
    condition(pod, &PodConditionType::Ready)
        .filter(|ready| ready.status == ConditionStatus::True)
        .and_then(|ready| ready.last_transition_time)
}

/// Whether a pod has been ready for long enough.
#[must_use]
pub fn is_available(pod: &Pod, min_ready_seconds: i32, now: Timestamp) -> bool {
    is_ready(pod)
        && (min_ready_seconds <= 0 || available_at(pod, min_ready_seconds).is_some_and(|at| at <= now))
}

/// When a ready pod will have been ready for long enough.
pub(super) fn available_at(pod: &Pod, min_ready_seconds: i32) -> Option<Timestamp> {
    ready_since(pod).map(|since| since.timestamp() + seconds(i64::from(min_ready_seconds)))
}

/// A number of seconds; less than none is none.
pub(super) fn seconds(number: i64) -> Duration {
    Duration::from_secs(u64::try_from(number).unwrap_or(0))
}

/// The pod of a template: its labels, annotations and finalizers, and what is wanted of it (`GetPodFromTemplate`).
pub(super) fn from_template(template: &PodTemplateSpec, namespace: &str, owner: OwnerReference) -> Pod {
    let metadata = &template.metadata;
    Pod {
        metadata: ObjectMeta {
            namespace: namespace.to_owned(),
            labels: metadata.labels.clone(),
            annotations: metadata.annotations.clone(),
            finalizers: metadata.finalizers.clone(),
            owner_references: vec![owner],
            ..ObjectMeta::default()
        },
        spec: template.spec.clone(),
        ..Pod::default()
    }
}

/// What the names of a controller's pods begin with (`getPodsPrefix`): its name and a hyphen, or its name alone when that would be no
/// name of a pod.
pub(super) fn prefix(controller: &str) -> String {
    // A prefix must be good with letters after it, so it may end in a hyphen.
    if crate::validate::names::dns_subdomain(&format!("{controller}-x")).is_empty() {
        format!("{controller}-")
    } else {
        controller.to_owned()
    }
}
