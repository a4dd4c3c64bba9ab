//! What a pod gets from its classes of priority and runtime, and the tolerations that every pod has.

use super::{Refusal, Step};
use crate::core::{Pod, PodSpec, PreemptionPolicy, TaintEffect, Toleration, TolerationOperator};
use crate::node::{RuntimeClass, Scheduling};
use crate::scheduling::PriorityClass;

/// How long a pod stays on a node that is not ready or not reached (`--default-not-ready-toleration-seconds`).
const TOLERATION_SECONDS: i64 = 300;

/// The classes of priority that every cluster has.
const SYSTEM_CLASSES: &[(&str, i32)] =
    &[("system-cluster-critical", 2_000_000_000), ("system-node-critical", 2_000_001_000)];

/// Lets a pod stay five minutes on a node that is not ready, and on one that is not reached, unless it says something of these
/// taints itself.
pub fn default_toleration_seconds(spec: &mut PodSpec) {
    for key in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"] {
        let is_said = spec.tolerations.iter().any(|own| {
            (own.key == key || own.key.is_empty())
                && matches!(own.effect, TaintEffect::NoExecute | TaintEffect::Unset)
        });
        if !is_said {
            spec.tolerations.push(Toleration {
                key: key.to_owned(),
                operator: TolerationOperator::Exists,
                value: String::new(),
                effect: TaintEffect::NoExecute,
                toleration_seconds: Some(TOLERATION_SECONDS),
            });
        }
    }
}

/// Gives a pod the number of its class of priority, and whether it may push others off; a pod without a class gets the default one,
/// and 0 where there is none.
///
/// # Errors
///
/// On a class that there is not, and on a number or policy of the pod's own that differs from its class's.
pub fn priority(pod: &mut Pod, classes: &[PriorityClass]) -> Result<(), Refusal> {
    let spec = &mut pod.spec;
    let refused = |reason: String| Err(Refusal::new(Step::Priority, reason));
    let policy_of = |class: &PriorityClass| {
        class.preemption_policy.clone().unwrap_or(PreemptionPolicy::PreemptLowerPriority)
    };
    let named = spec.priority_class_name.clone();
    let (value, policy) = if named.is_empty() {
        // Should there be several, it is the lowest.
        match classes.iter().filter(|class| class.global_default).min_by_key(|class| class.value) {
            Some(class) => {
                spec.priority_class_name.clone_from(&class.metadata.name);
                (class.value, policy_of(class))
            }
            None => (0, PreemptionPolicy::PreemptLowerPriority),
        }
    } else if let Some(class) = classes.iter().find(|class| class.metadata.name == named) {
        (class.value, policy_of(class))
    } else if let Some((_, value)) = SYSTEM_CLASSES.iter().find(|(name, _)| *name == named) {
        (*value, PreemptionPolicy::PreemptLowerPriority)
    } else {
        return refused(format!("no PriorityClass with name {named} was found"));
    };
    if let Some(own) = spec.priority.filter(|own| *own != value) {
        return refused(format!(
            "the integer value of priority ({own}) must not be provided in pod spec; \
             priority admission controller computed {value} from the given PriorityClass name"
        ));
    }
    spec.priority = Some(value);
    if let Some(own) = spec.preemption_policy.as_ref().filter(|own| **own != policy) {
        return refused(format!(
            "the string value of PreemptionPolicy ({own}) must not be provided in pod spec; \
             priority admission controller computed {policy} from the given PriorityClass name"
        ));
    }
    spec.preemption_policy = Some(policy);
    Ok(())
}

/// Lets only one class of priority be the default one.
///
/// # Errors
///
/// On a class that wants to be the default one beside another.
pub fn priority_class(class: &PriorityClass, classes: &[PriorityClass]) -> Result<(), Refusal> {
    let mut others = classes.iter().filter(|other| other.metadata.name != class.metadata.name);
    match others.find(|other| class.global_default && other.global_default) {
        Some(other) => {
            let name = &other.metadata.name;
            let reason =
                format!("PriorityClass {name} is already marked as default. Only one default can exist");
            Err(Refusal::new(Step::Priority, reason))
        }
        None => Ok(()),
    }
}

/// Gives a pod the overhead of its class of runtime, and the labels and tolerations that lead to nodes which have it.
///
/// # Errors
///
/// On a class that there is not, on an overhead of the pod's own that is not the class's, and on a label of a node that both name with
/// different values.
pub fn runtime_class(spec: &mut PodSpec, classes: &[RuntimeClass]) -> Result<(), Refusal> {
    let refused = |reason: String| Err(Refusal::new(Step::RuntimeClass, reason));
    let class = match &spec.runtime_class_name {
        None => None,
        Some(name) => match classes.iter().find(|class| class.metadata.name == *name) {
            Some(class) => Some(class),
            None => return refused(format!("pod rejected: RuntimeClass {name:?} not found")),
        },
    };
    match class.and_then(|class| class.overhead.as_ref()) {
        Some(overhead) if spec.overhead.is_empty() || spec.overhead == overhead.pod_fixed => {
            spec.overhead.clone_from(&overhead.pod_fixed);
        }
        Some(_) => {
            return refused(
                "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead".to_owned(),
            );
        }
        None if spec.overhead.is_empty() => {}
        None => {
            return refused(
                "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead"
                    .to_owned(),
            );
        }
    }
    class.and_then(|class| class.scheduling.as_ref()).map_or(Ok(()), |scheduling| schedule(spec, scheduling))
}

fn schedule(spec: &mut PodSpec, scheduling: &Scheduling) -> Result<(), Refusal> {
    for (key, value) in &scheduling.node_selector {
        if let Some(own) = spec.node_selector.get(key).filter(|own| *own != value) {
            let reason = format!(
                "conflict: runtimeClass.scheduling.nodeSelector[{key}] = {value}; pod.spec.nodeSelector[{key}] = {own}"
            );
            return Err(Refusal::new(Step::RuntimeClass, reason));
        }
    }
    spec.node_selector
        .extend(scheduling.node_selector.iter().map(|(key, value)| (key.clone(), value.clone())));
    let all: Vec<Toleration> =
        spec.tolerations.drain(..).chain(scheduling.tolerations.iter().cloned()).collect();
    let mut merged: Vec<Toleration> = Vec::new();
    for (index, own) in all.iter().enumerate() {
        // Of equal ones the first stays, of others the one that bears more.
        let later = all.iter().skip(index + 1).any(|other| other != own && bears_all_of(other, own));
        if !later && !merged.iter().any(|other| bears_all_of(other, own)) {
            merged.push(own.clone());
        }
    }
    spec.tolerations = merged;
    Ok(())
}

/// Whether a toleration bears all that another one does (`isSuperset`).
fn bears_all_of(wide: &Toleration, narrow: &Toleration) -> bool {
    if wide == narrow {
        return true;
    }
    let any_key = wide.key.is_empty() && wide.operator == TolerationOperator::Exists;
    let same_key = wide.key == narrow.key || any_key;
    let same_effect = wide.effect == narrow.effect || wide.effect.is_unset();
    let is_as_long = wide.effect != TaintEffect::NoExecute
        || wide
            .toleration_seconds
            .is_none_or(|most| narrow.toleration_seconds.is_some_and(|own| own <= most));
    let same_value = match wide.operator {
        TolerationOperator::Equal | TolerationOperator::Unset => {
            narrow.operator == TolerationOperator::Equal && narrow.value == wide.value
        }
        TolerationOperator::Exists => true,
        _ => false,
    };
    same_key && same_effect && is_as_long && same_value
}
