//! A pod runs, so little of it may change.

use super::super::errors::Errors;
use super::super::{names, pod as checks};
use crate::core::{Container, Pod, Toleration};
use crate::path::Path;

const FORBIDDEN: &str = "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,\
                         `spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),\
                         `spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

pub(super) fn pod(new: &Pod, old: &Pod, errors: &mut Errors) {
    checks::whole(new, errors);
    let path = Path::new("spec");
    let lists = [
        ("containers", &new.spec.containers, &old.spec.containers),
        ("initContainers", &new.spec.init_containers, &old.spec.init_containers),
    ];
    for (name, new, old) in lists {
        if !images(new, old, &path.child(name), errors) {
            return;
        }
    }
    if !deadline(new, old, &path.child("activeDeadlineSeconds"), errors) {
        return;
    }
    tolerations(&new.spec.tolerations, &old.spec.tolerations, &path.child("tolerations"), errors);
    let gated = !old.spec.scheduling_gates.is_empty();
    let gates = path.child("schedulingGates");
    for gate in new.spec.scheduling_gates.iter().filter(|gate| !old.spec.scheduling_gates.contains(gate)) {
        let detail = format!("only deletion is allowed, but found new scheduling gate '{}'", gate.name);
        errors.forbidden(&gates, &detail);
    }
    if expected(new, old, gated) != new.spec {
        errors.forbidden(&path, FORBIDDEN);
    }
}

/// The old specification with the changes that are allowed.
fn expected(new: &Pod, old: &Pod, gated: bool) -> crate::core::PodSpec {
    let mut spec = old.spec.clone();
    let lists = [
        (&mut spec.containers, &new.spec.containers),
        (&mut spec.init_containers, &new.spec.init_containers),
    ];
    for (old, new) in lists {
        for (old, new) in old.iter_mut().zip(new) {
            old.image.clone_from(&new.image);
        }
    }
    spec.active_deadline_seconds = new.spec.active_deadline_seconds;
    spec.tolerations.clone_from(&new.spec.tolerations);
    spec.scheduling_gates.clone_from(&new.spec.scheduling_gates);
    let negative = spec.termination_grace_period_seconds.is_some_and(|seconds| seconds < 0);
    if negative && new.spec.termination_grace_period_seconds == Some(1) {
        spec.termination_grace_period_seconds = Some(1);
    }
    // A pod that waits may be narrowed down.
    let wider =
        spec.node_selector.iter().any(|(label, value)| new.spec.node_selector.get(label) != Some(value));
    if gated && !wider {
        spec.node_selector.clone_from(&new.spec.node_selector);
    }
    spec
}

/// Whether the containers are those of before; only their images are others.
fn images(new: &[Container], old: &[Container], path: &Path<'_>, errors: &mut Errors) -> bool {
    if new.len() != old.len() {
        errors.forbidden(path, "pod updates may not add or remove containers");
        return false;
    }
    for (index, container) in new.iter().enumerate() {
        let element = path.index(index);
        let path = element.child("image");
        if container.image.is_empty() {
            errors.required(&path, "");
        } else if container.image.trim() != container.image {
            errors.invalid(&path, &container.image, "must not have leading or trailing whitespace");
        }
    }
    true
}

/// A deadline may come, and come nearer, but not go.
fn deadline(new: &Pod, old: &Pod, path: &Path<'_>, errors: &mut Errors) -> bool {
    let max = i64::from(i32::MAX);
    match (new.spec.active_deadline_seconds, old.spec.active_deadline_seconds) {
        (Some(seconds), _) if !(0..=max).contains(&seconds) => {
            errors.invalid(path, seconds, names::range(0, max));
            false
        }
        (Some(seconds), Some(before)) if before < seconds => {
            errors.invalid(path, seconds, "must be less than or equal to previous value");
            false
        }
        (None, Some(_)) => {
            errors.invalid(path, "null", "must not update from a positive integer to nil value");
            true
        }
        _ => true,
    }
}

/// Tolerations may be added, and their times changed.
fn tolerations(new: &[Toleration], old: &[Toleration], path: &Path<'_>, errors: &mut Errors) {
    let timeless = |toleration: &Toleration| Toleration { toleration_seconds: None, ..toleration.clone() };
    let gone = |old: &&Toleration| !new.iter().any(|new| timeless(new) == timeless(old));
    if old.iter().any(|old| gone(&old)) {
        errors.forbidden(path, "existing toleration can not be modified except its tolerationSeconds");
    }
}
