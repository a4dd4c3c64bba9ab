//! Namespaces, nodes, and what else belongs to the cluster as a whole.

use std::collections::BTreeSet;

use super::errors::{Errors, Json};
use super::{amounts, meta, names, scheduling};
use crate::coordination::Lease;
use crate::core::{Namespace, Node, PreemptionPolicy, ServiceAccount, Taint, TaintEffect};
use crate::node::{RuntimeClass, Scheduling};
use crate::path::Path;
use crate::scheduling::PriorityClass;

pub(super) fn namespace(object: &Namespace, errors: &mut Errors) {
    meta::cluster(&object.metadata, names::dns_label, errors);
    let path = Path::new("spec.finalizers");
    for name in &object.spec.finalizers {
        let name = name.as_str();
        errors.invalid_all(&path, name, names::qualified_name(name));
        if !name.contains('/') && !matches!(name, "kubernetes" | "orphan" | "foregroundDeletion") {
            let detail = "name is neither a standard finalizer name nor is it fully qualified";
            errors.invalid(&path, name, detail);
        }
    }
}

pub(super) fn node(object: &Node, errors: &mut Errors) {
    meta::cluster(&object.metadata, names::dns_subdomain, errors);
    node_itself(object, errors);
    let list = Path::new("spec.podCIDRs");
    let given = &object.spec.pod_cidrs;
    for (index, range) in given.iter().enumerate() {
        if names::cidr(range).is_none() {
            errors.invalid(&list.index(index), range, names::CIDR);
        }
    }
    if given.len() > 1 {
        let families: BTreeSet<bool> =
            given.iter().filter_map(|range| names::cidr(range)).map(|(ip, _)| ip.is_ipv4()).collect();
        if families.len() < 2 || given.len() > 2 {
            let detail = "may specify no more than one CIDR for each IP family";
            errors.invalid(&list, given.as_slice(), detail);
        }
        let mut seen = BTreeSet::new();
        for (index, range) in given.iter().enumerate() {
            if !seen.insert(range) {
                errors.duplicate(&list.index(index), range);
            }
        }
    }
}

/// What is checked of a node at its creation and at each update.
pub(super) fn node_itself(object: &Node, errors: &mut Errors) {
    // Upstream names taints below the metadata.
    let metadata = Path::new("metadata");
    taints(&object.spec.taints, &metadata.child("taints"), errors);
    let status = Path::new("status");
    for (name, list) in [("capacity", &object.status.capacity), ("allocatable", &object.status.allocatable)] {
        let path = status.child(name);
        for (resource, quantity) in list {
            amounts::quantity(resource, quantity, &path.child(resource), errors);
        }
    }
}

fn taints(taints: &[Taint], list: &Path<'_>, errors: &mut Errors) {
    let mut seen = BTreeSet::new();
    for (index, taint) in taints.iter().enumerate() {
        let path = list.index(index);
        meta::label_name(&taint.key, &path.child("key"), errors);
        let messages = names::label_value(&taint.value);
        if !messages.is_empty() {
            errors.invalid(&path.child("value"), &taint.value, messages.join(";"));
        }
        let effect = path.child("effect");
        match &taint.effect {
            TaintEffect::Unset => errors.required(&effect, ""),
            TaintEffect::Other(other) => errors.not_supported(&effect, other, TaintEffect::KNOWN),
            _ => {}
        }
        if !seen.insert((&taint.key, &taint.effect)) {
            errors.duplicate_with(&path, Json(taint), "taints must be unique by key and effect pair");
        }
    }
}

pub(super) fn service_account(object: &ServiceAccount, errors: &mut Errors) {
    meta::object_meta(&object.metadata, &Path::new("metadata"), errors);
}

pub(super) fn runtime_class(object: &RuntimeClass, errors: &mut Errors) {
    meta::cluster(&object.metadata, names::dns_subdomain, errors);
    errors.invalid_all(&Path::new("handler"), &object.handler, names::dns_label(&object.handler));
    if let Some(overhead) = &object.overhead {
        amounts::overhead(&overhead.pod_fixed, &Path::new("overhead"), errors);
    }
    if let Some(scheduling) = &object.scheduling {
        class_scheduling(scheduling, &Path::new("scheduling"), errors);
    }
}

fn class_scheduling(given: &Scheduling, path: &Path<'_>, errors: &mut Errors) {
    meta::labels(&given.node_selector, &path.child("nodeSelector"), errors);
    let list = path.child("tolerations");
    // Upstream names the list twice.
    scheduling::tolerations(&given.tolerations, &list.child("tolerations"), errors);
    for (index, toleration) in given.tolerations.iter().enumerate() {
        let same = given.tolerations.iter().take(index).any(|other| {
            (&other.key, &other.operator, &other.value, &other.effect)
                == (&toleration.key, &toleration.operator, &toleration.value, &toleration.effect)
        });
        if same {
            errors.duplicate(&list.index(index), Json(toleration));
        }
    }
}

pub(super) fn priority_class(object: &PriorityClass, errors: &mut Errors) {
    const HIGHEST: i32 = 1_000_000_000;
    const SYSTEM: [(&str, i32); 2] =
        [("system-node-critical", 2_000_001_000), ("system-cluster-critical", 2_000_000_000)];
    meta::cluster(&object.metadata, names::dns_subdomain, errors);
    let name = &object.metadata.name;
    if name.starts_with("system-") {
        let own = SYSTEM.iter().find(|(known, _)| known == name);
        let problem = match own {
            None => Some("only a system class may have this name".to_owned()),
            Some((known, value)) if *value != object.value => {
                Some(format!("value of {known} PriorityClass must be {value}"))
            }
            Some((known, _)) if object.global_default => {
                Some(format!("globalDefault of {known} PriorityClass must be false"))
            }
            Some(_) => None,
        };
        if let Some(problem) = problem {
            let detail = format!(
                "priority class names with 'system-' prefix are reserved for system use only. error: {problem}"
            );
            errors.forbidden(&Path::new("metadata").child("name"), &detail);
        }
    } else if object.value > HIGHEST {
        let detail = format!("maximum allowed value of a user defined priority is {HIGHEST}");
        errors.forbidden(&Path::new("value"), &detail);
    }
    let path = Path::new("preemptionPolicy");
    match &object.preemption_policy {
        None | Some(PreemptionPolicy::Never | PreemptionPolicy::PreemptLowerPriority) => {}
        Some(PreemptionPolicy::Unset) => errors.required(&path, ""),
        Some(other) => {
            errors.not_supported(&path, other.as_str(), &["PreemptLowerPriority", "Never"]);
        }
    }
}

pub(super) fn lease(object: &Lease, errors: &mut Errors) {
    meta::object_meta(&object.metadata, &Path::new("metadata"), errors);
    lease_itself(object, errors);
}

/// What is checked of a lease at its creation and at each update.
pub(super) fn lease_itself(object: &Lease, errors: &mut Errors) {
    let path = Path::new("spec");
    if let Some(seconds) = object.spec.lease_duration_seconds.filter(|seconds| *seconds <= 0) {
        errors.invalid(&path.child("leaseDurationSeconds"), seconds, "must be greater than 0");
    }
    if let Some(count) = object.spec.lease_transitions.filter(|count| *count < 0) {
        errors.invalid(&path.child("leaseTransitions"), count, "must be greater than or equal to 0");
    }
}
